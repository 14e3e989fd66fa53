using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Ambroise.Sources.Csv;
using Ambroise.Vault.Custody;
using Ambroise.Vault.Files;

namespace Ambroise.Sources.Fhir.Export;

/// <summary>A downloaded file at rest: what came over the line, sealed piece by piece. It holds patients' data, so nothing of it ever lies on the disk in clear.</summary>
/// <remarks>Pieces of 256 KiB: length (4 bytes, little-endian), then nonce, ciphertext and tag of AES-256-GCM, bound to the export, the file and the piece's place. That none is missing at the end is known by
/// the number of bytes, which the export's own record keeps sealed.</remarks>
sealed class SealedSpool : IDisposable
{
    const int PieceBytes = 256 << 10, MostSealed = PieceBytes + 64;

    readonly FileStream file;
    readonly ReadOnlyMemory<byte> key;
    readonly string name;
    readonly byte[] piece = new byte[PieceBytes];
    int held;
    long place;

    /// <param name="key">32 bytes.</param>
    /// <param name="name">Tells this file of this export from every other.</param>
    public SealedSpool(string path, ReadOnlyMemory<byte> key, string name)
    {
        (this.key, this.name) = (key, name);
        file = OnDisk(path, () => DurableFile.OpenOwnerOnly(path, FileMode.Create));
    }

    /// <summary>Bytes taken so far.</summary>
    public long Length { get; private set; }

    /// <exception cref="FailureException"><c>lake.disk</c>.</exception>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        while (bytes.Length > 0)
        {
            var take = Math.Min(bytes.Length, PieceBytes - held);
            bytes[..take].CopyTo(piece.AsSpan(held));
            held += take;
            bytes = bytes[take..];
            if (held == PieceBytes) SealPiece();
        }
    }

    /// <summary>Forgets what was taken: the file comes anew.</summary>
    public void Restart()
    {
        if (Length > 0) OnDisk(() => file.SetLength(0));
        (held, place, Length) = (0, 0, 0);
    }

    /// <summary>Makes it durable; nothing can be added afterwards.</summary>
    /// <exception cref="FailureException"><c>lake.disk</c>.</exception>
    public void Finish()
    {
        SealPiece();
        OnDisk(() => file.Flush(flushToDisk: true));
    }

    void SealPiece()
    {
        if (held == 0) return;
        var closed = Sealed.Seal(key.Span, piece.AsSpan(0, held), Context(name, place++));
        OnDisk(() =>
        {
            Span<byte> head = stackalloc byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(head, closed.Length);
            file.Write(head);
            file.Write(closed);
        });
        held = 0;
    }

    void OnDisk(Action write) => OnDisk(file.Name, () =>
    {
        write();
        return true;
    });

    /// <summary>A disk that refuses is told at once: what the line does is tried again.</summary>
    /// <exception cref="FailureException"><c>lake.disk</c>.</exception>
    static T OnDisk<T>(string path, Func<T> write)
    {
        try
        {
            return write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new Failure(FailureKind.Unavailable, "lake.disk", $"Writing to {Path.GetDirectoryName(path)} failed ({(e is UnauthorizedAccessException ? "not permitted" : "disk full or unreachable")}): nothing was loaded. Make room or give permission, then run the same command again: the files fetched before are kept.").AsException();
        }
    }

    static byte[] Context(string name, long place) => Encoding.UTF8.GetBytes($"ambroise export file\n{name}\n{place}");

    public void Dispose()
    {
        try
        {
            file.Dispose();
        }
        catch (IOException)
        {
            // What a disk refuses to the last was told when it did so first; of a finished file nothing is left to write.
        }
        CryptographicOperations.ZeroMemory(piece);
    }

    /// <param name="bytes">As many as it must hold.</param>
    public static Stream Open(string path, ReadOnlyMemory<byte> key, string name, long bytes) => new Reader(path, key, name, bytes);

    sealed class Reader(string path, ReadOnlyMemory<byte> key, string name, long bytes) : ForwardStream
    {
        readonly FileStream file = new(path, new FileStreamOptions { Options = FileOptions.SequentialScan });
        byte[] piece = [];
        int start;
        long place, left = bytes;

        /// <exception cref="FailureException"><c>export.tampered</c>.</exception>
        public override int Read(Span<byte> buffer)
        {
            if (start == piece.Length && !Next()) return 0;
            var given = Math.Min(buffer.Length, piece.Length - start);
            piece.AsSpan(start, given).CopyTo(buffer);
            start += given;
            return given;
        }

        bool Next()
        {
            Span<byte> head = stackalloc byte[4];
            var read = file.ReadAtLeast(head, 4, throwOnEndOfStream: false);
            if (read == 0 && left == 0) return false;
            if (read < 4 || BinaryPrimitives.ReadInt32LittleEndian(head) is var length && length is <= 0 or > MostSealed) throw Tampered();
            var closed = new byte[length];
            if (file.ReadAtLeast(closed, length, throwOnEndOfStream: false) < length) throw Tampered();
            CryptographicOperations.ZeroMemory(piece);
            piece = Sealed.Open(key.Span, closed, Context(name, place++)) ?? throw Tampered();
            (start, left) = (0, left - piece.Length);
            return left >= 0 && piece.Length > 0 ? true : throw Tampered();
        }

        FailureException Tampered() => new Failure(FailureKind.Tampered, "export.tampered", $"{Path.GetFileName(path)} of the export under way is not what was fetched: run the command with --anew.").AsException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) file.Dispose();
            CryptographicOperations.ZeroMemory(piece);
            base.Dispose(disposing);
        }
    }
}
