using Ambroise.Governance.Datasets;
using Ambroise.Tests.Vault;
using Ambroise.Vault;

namespace Ambroise.Tests.Governance.Datasets;

/// <summary>A sealed file is opened whole, in its order and under its own name, or not at all.</summary>
public sealed class SealedStreamSpecs : IDisposable
{
    const int SealedChunk = 4 + SealedStream.NonceBytes + SealedStream.ChunkBytes + SealedStream.TagBytes;

    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ambroise-sealed-");
    readonly KeyRing keys;
    readonly ProjectKeys own;
    readonly string path;
    readonly byte[] content = new byte[2 * SealedStream.ChunkBytes + 5];

    public SealedStreamSpecs()
    {
        keys = KeyRing.Create(Path.Combine(folder.FullName, "keys"), "chu", new Passphrase("a passphrase"), KeyFolderFixture.Cheap).OrThrow();
        own = ProjectKeys.Make(keys, "cardio");
        path = Path.Combine(folder.FullName, "file");
        for (var i = 0; i < content.Length; i++) content[i] = (byte)(i / SealedStream.ChunkBytes + i);
        using var stream = new SealedStream(path, "csv/person.csv", own);
        stream.Write(content);
    }

    public void Dispose()
    {
        keys.Dispose();
        folder.Delete(recursive: true);
    }

    byte[]? Opened(string name = "csv/person.csv", ProjectKeys? with = null)
    {
        using var to = new MemoryStream();
        try
        {
            SealedStream.Open(path, name, with ?? own, to);
            return to.ToArray();
        }
        catch (FailureException e)
        {
            Assert.Equal("dataset.tampered", e.Failure.Code);
            return null;
        }
    }

    void Rewrite(Func<byte[], byte[]> change) => File.WriteAllBytes(path, change(File.ReadAllBytes(path)));

    [Fact]
    public void What_was_sealed_is_opened() => Assert.Equal(content, Opened());

    [Fact]
    public void It_does_not_open_as_another_file_or_for_another_project()
    {
        Assert.Null(Opened("csv/visit.csv"));
        Assert.Null(Opened(with: ProjectKeys.Make(keys, "other")));
    }

    [Fact]
    public void Chunks_swapped_repeated_cut_off_or_added_are_noticed()
    {
        var whole = File.ReadAllBytes(path);
        Rewrite(b => [.. b[SealedChunk..(2 * SealedChunk)], .. b[..SealedChunk], .. b[(2 * SealedChunk)..]]);
        Assert.Null(Opened());
        File.WriteAllBytes(path, [.. whole[..SealedChunk], .. whole]);
        Assert.Null(Opened());
        File.WriteAllBytes(path, whole[..(2 * SealedChunk)]);
        Assert.Null(Opened());
        File.WriteAllBytes(path, [.. whole, 0]);
        Assert.Null(Opened());
        File.WriteAllBytes(path, whole);
        Rewrite(b => { b[^1] ^= 1; return b; });
        Assert.Null(Opened());
    }
}
