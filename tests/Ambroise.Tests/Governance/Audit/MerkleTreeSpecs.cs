using System.Text;
using Ambroise.Governance.Audit;

namespace Ambroise.Tests.Governance.Audit;

public sealed class MerkleTreeSpecs
{
    static readonly string[] Inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    /// <summary>Roots of Certificate Transparency's own test data over the first n inputs.</summary>
    static readonly string[] Roots =
    [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    [Fact]
    public void Roots_are_those_of_certificate_transparency()
    {
        var leaves = Inputs.Select(i => MerkleTree.Leaf(Convert.FromHexString(i))).ToArray();
        var growing = new GrowingTree();
        for (var n = 1; n <= leaves.Length; n++)
        {
            growing.Add(leaves[n - 1]);
            Assert.Equal(Roots[n - 1], Convert.ToHexStringLower(MerkleTree.Root(leaves.AsSpan(0, n))));
            Assert.Equal(Roots[n - 1], Convert.ToHexStringLower(growing.Root));
            growing = new(growing.Size, growing.Peaks); // as if read again from where it is kept
        }
    }

    [Fact]
    public void Every_leaf_of_every_size_is_proved_and_nothing_else()
    {
        var leaves = Enumerable.Range(0, 40).Select(i => MerkleTree.Leaf(Encoding.UTF8.GetBytes($"entry {i}"))).ToArray();
        for (var size = 1; size <= leaves.Length; size++)
        {
            var root = MerkleTree.Root(leaves.AsSpan(0, size));
            for (var leaf = 0; leaf < size; leaf++)
            {
                var path = MerkleTree.Path(leaf, leaves.AsSpan(0, size));
                Assert.Equal(root, MerkleTree.RootOf(leaves[leaf], leaf, size, path));
                if (size == 1) continue;
                Assert.NotEqual(root, MerkleTree.RootOf(leaves[(leaf + 1) % size], leaf, size, path));
                Assert.NotEqual(root, MerkleTree.RootOf(leaves[leaf], (leaf + 1) % size, size, path));
                Assert.NotEqual(root, MerkleTree.RootOf(leaves[leaf], leaf, size, path[..^1]));
            }
        }
    }
}
