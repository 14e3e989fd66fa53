using System.Buffers.Binary;
using System.Security.Cryptography;
using Ambroise.Lake.Columns;

namespace Ambroise.Lake.Sealing;

/// <summary>Bytes set aside on disk, sealed under a key that lives in this process alone: after a crash nobody can read them. The file goes with the process. For one thread at a time.</summary>
public sealed class ScratchFile : IDisposable
{
    const int TagBytes = 16;
    readonly FileStream file;
    readonly ArrayShelf shelf;
    readonly AesGcm gcm = new(RandomNumberGenerator.GetBytes(32), TagBytes);
    byte[] closed = [];
    ulong next;
    long end;

    /// <param name="folder">Made if need be.</param>
    /// <param name="name">What the file's name begins with.</param>
    /// <param name="shelf">Where its buffer comes from and goes back to.</param>
    public ScratchFile(string folder, string name, ArrayShelf shelf)
    {
        PrivateFile.CreateFolder(folder);
        (this.shelf, file) = (shelf, PrivateFile.Create(Path.Combine(folder, $"{name}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}.run"), FileOptions.DeleteOnClose));
    }

    /// <summary>Where a piece is.</summary>
    public readonly record struct Place(long At, int Length, ulong Number);

    public Place Write(ReadOnlySpan<byte> plain)
    {
        var sealedPiece = Room(plain.Length + TagBytes);
        gcm.Encrypt(Nonce(next), plain, sealedPiece[..plain.Length], sealedPiece[plain.Length..]);
        RandomAccess.Write(file.SafeFileHandle, sealedPiece, end);
        var place = new Place(end, plain.Length, next++);
        end += sealedPiece.Length;
        return place;
    }

    /// <param name="plain">As long as the piece.</param>
    public void Read(Place place, Span<byte> plain)
    {
        var sealedPiece = Room(place.Length + TagBytes);
        for (var read = 0; read < sealedPiece.Length;)
            read += RandomAccess.Read(file.SafeFileHandle, sealedPiece[read..], place.At + read) is var some and > 0 ? some : throw new EndOfStreamException();
        gcm.Decrypt(Nonce(place.Number), sealedPiece[..place.Length], sealedPiece[place.Length..], plain);
    }

    static byte[] Nonce(ulong number)
    {
        var bytes = new byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, number);
        return bytes;
    }

    Span<byte> Room(int needed)
    {
        if (needed > closed.Length)
        {
            if (closed.Length > 0) shelf.Give(closed);
            closed = shelf.Take<byte>((int)Math.Min(Array.MaxLength, Math.Max(needed, 2L * closed.Length)));
        }
        return closed.AsSpan(0, needed);
    }

    public void Dispose()
    {
        gcm.Dispose();
        file.Dispose();
        if (closed.Length > 0) shelf.Give(closed);
        closed = [];
    }
}
