using System.Security.Cryptography;

namespace Ambroise.Governance.Audit;

/// <summary>Hashes of RFC 6962 (Certificate Transparency), section 2.1: SHA-256, leaves and nodes told apart by their first byte. A hash is 32 bytes.</summary>
public static class MerkleTree
{
    public const int HashBytes = 32;

    public static byte[] Leaf(ReadOnlySpan<byte> entry) => SHA256.HashData([0, .. entry]);

    public static byte[] Node(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => SHA256.HashData([1, .. left, .. right]);

    /// <returns>The root over leaves, that of no leaf being the hash of nothing.</returns>
    public static byte[] Root(ReadOnlySpan<byte[]> leaves) => leaves.Length switch
    {
        0 => SHA256.HashData([]),
        1 => leaves[0],
        _ => Node(Root(leaves[..Split(leaves.Length)]), Root(leaves[Split(leaves.Length)..])),
    };

    /// <returns>The hashes that lead from a leaf to the root, lowest first (section 2.1.1).</returns>
    public static List<byte[]> Path(int leaf, ReadOnlySpan<byte[]> leaves)
    {
        if (leaves.Length <= 1) return [];
        var k = Split(leaves.Length);
        if (leaf < k) return [.. Path(leaf, leaves[..k]), Root(leaves[k..])];
        return [.. Path(leaf - k, leaves[k..]), Root(leaves[..k])];
    }

    /// <returns>The root that a leaf and its path lead to, or null where the path is of another length than the tree's.</returns>
    public static byte[]? RootOf(byte[] leaf, long index, long size, IReadOnlyList<byte[]> path)
    {
        if (index < 0 || index >= size) return null;
        var (node, last) = (index, size - 1);
        var hash = leaf;
        foreach (var other in path)
        {
            if (last == 0) return null;
            if ((node & 1) == 1 || node == last)
            {
                hash = Node(other, hash);
                for (; (node & 1) == 0 && node != 0; last >>= 1) node >>= 1;
            }
            else
            {
                hash = Node(hash, other);
            }
            node >>= 1;
            last >>= 1;
        }
        return last == 0 ? hash : null;
    }

    /// <summary>The largest power of two below <paramref name="size"/>.</summary>
    static int Split(int size) => 1 << (int)Math.Floor(Math.Log2(size - 1));
}

/// <summary>A tree that only grows: it holds the roots of its full subtrees, at most 64, and can tell its root after each leaf.</summary>
public sealed class GrowingTree
{
    readonly List<byte[]> peaks = []; // of falling size

    public GrowingTree()
    {
    }

    /// <param name="peaks">As <see cref="Peaks"/> gave them at that size.</param>
    public GrowingTree(long size, IEnumerable<byte[]> peaks) => (Size, this.peaks) = (size, [.. peaks]);

    public long Size { get; private set; }

    public IReadOnlyList<byte[]> Peaks => peaks;

    /// <summary>The root of the leaves added so far.</summary>
    public byte[] Root
    {
        get
        {
            if (peaks.Count == 0) return SHA256.HashData([]);
            var root = peaks[^1];
            for (var p = peaks.Count - 2; p >= 0; p--) root = MerkleTree.Node(peaks[p], root);
            return root;
        }
    }

    public void Add(byte[] leaf)
    {
        var hash = leaf;
        for (var size = Size; (size & 1) == 1; size >>= 1)
        {
            hash = MerkleTree.Node(peaks[^1], hash);
            peaks.RemoveAt(peaks.Count - 1);
        }
        peaks.Add(hash);
        Size++;
    }
}
