using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Ambroise.Lake.Sealing;

/// <summary>Texts too long to be carried about with their rows: each lies on disk, sealed under a key of this process alone, and its row has the place. A year's letters of a hospital are larger than its memory, and a row is copied and sorted several times on its way.
/// The file is made when the first comes and goes with the process. Safe for several threads.</summary>
public sealed class LongTexts : IDisposable
{
    /// <summary>Length of a text's place, in bytes.</summary>
    public const int PlaceBytes = 12;

    const int TagBytes = 16, NonceBytes = 12;

    /// <summary>Bounds of what is long: a shorter text is no longer than its place by much, and of 65,536 rows that are read together this is 1 GiB.</summary>
    const int Shortest = 512, Longest = 1 << 14;

    /// <summary>Rows of a shard that are in memory together, whatever is done.</summary>
    const int RowsHeld = 1 << 17;

    readonly string folder;
    readonly byte[] key = RandomNumberGenerator.GetBytes(32);
    readonly ThreadLocal<AesGcm> gcm;
    readonly ThreadLocal<byte[]> room = new(() => []);
    readonly Lock gate = new();
    FileStream? file;
    long end;

    /// <param name="folder">Made if need be.</param>
    /// <param name="memoryBytes">What rows may take in memory: a fourth of it is for texts.</param>
    public LongTexts(string folder, long memoryBytes = 1L << 30) =>
        (this.folder, gcm, Least) = (folder, new(() => new AesGcm(key, TagBytes), trackAllValues: true), (int)Math.Clamp(memoryBytes / 4 / RowsHeld, Shortest, Longest));

    /// <summary>A text of more bytes than this lies here.</summary>
    public int Least { get; }

    /// <exception cref="FailureException"><c>lake.disk</c>.</exception>
    /// <param name="place">Becomes where the text is, <see cref="PlaceBytes"/> long.</param>
    public void Put(ReadOnlySpan<byte> text, Span<byte> place)
    {
        var cipher = Room(text.Length + TagBytes);
        long at;
        try
        {
            lock (gate)
            {
                file ??= Create();
                at = end;
                end += cipher.Length;
            }
            gcm.Value!.Encrypt(Nonce(at, stackalloc byte[NonceBytes]), text, cipher[..text.Length], cipher[text.Length..]);
            RandomAccess.Write(file.SafeFileHandle, cipher, at);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException) // the last where a file may not be so long
        {
            throw new Failure(FailureKind.Unavailable, "lake.disk", $"Writing to {folder} failed (disk full, not permitted, or larger than a file may be there): nothing was changed. Make room or give permission, then try again.").AsException();
        }
        BinaryPrimitives.WriteInt64LittleEndian(place, at);
        BinaryPrimitives.WriteInt32LittleEndian(place[sizeof(long)..], text.Length);
    }

    /// <returns>How long the text is.</returns>
    public static int Length(ReadOnlySpan<byte> place) => BinaryPrimitives.ReadInt32LittleEndian(place[sizeof(long)..]);

    /// <param name="text">As long as the text.</param>
    public void Get(ReadOnlySpan<byte> place, Span<byte> text)
    {
        var at = BinaryPrimitives.ReadInt64LittleEndian(place);
        var cipher = Room(text.Length + TagBytes);
        for (var read = 0; read < cipher.Length;)
            read += RandomAccess.Read(file!.SafeFileHandle, cipher[read..], at + read) is var some and > 0 ? some : throw new EndOfStreamException();
        gcm.Value!.Decrypt(Nonce(at, stackalloc byte[NonceBytes]), cipher[..text.Length], cipher[text.Length..], text);
    }

    /// <summary>Forgets all texts: nobody has a place of one any more. Places do not come again, for they are nonces: the file begins with a hole then.</summary>
    public void Clear() => file?.SetLength(0);

    FileStream Create()
    {
        PrivateFile.CreateFolder(folder);
        return PrivateFile.Create(Path.Combine(folder, $"texts-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}.run"), FileOptions.DeleteOnClose);
    }

    /// <summary>A place is used once: it serves as the nonce.</summary>
    static Span<byte> Nonce(long at, Span<byte> nonce)
    {
        nonce.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(nonce, at);
        return nonce;
    }

    Span<byte> Room(int needed)
    {
        if (room.Value!.Length < needed) room.Value = GC.AllocateUninitializedArray<byte>((int)Math.Min(Array.MaxLength, Math.Max(needed, 2L * room.Value.Length)));
        return room.Value.AsSpan(0, needed);
    }

    public void Dispose()
    {
        file?.Dispose();
        foreach (var one in gcm.Values) one.Dispose();
        gcm.Dispose();
        room.Dispose();
        CryptographicOperations.ZeroMemory(key);
    }
}
