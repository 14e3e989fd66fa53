using System.Security.Cryptography;
using Ambroise.Lake.Columns;

namespace Ambroise.Lake.Sealing;

/// <summary>Writes to a file and hashes what passes; <see cref="Finish"/> makes it durable.</summary>
/// <param name="shelf">Lends the buffer.</param>
sealed class HashingStream(FileStream file, ArrayShelf shelf) : Stream
{
    readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    byte[] buffer = shelf.Take<byte>(1 << 20);
    int held;
    long length;

    /// <summary>Lower-case hexadecimal, once finished.</summary>
    public string Sha256 { get; private set; } = "";

    public void Finish()
    {
        Flush();
        Sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
        file.Flush(flushToDisk: true);
        file.Dispose();
    }

    public override void Write(ReadOnlySpan<byte> bytes)
    {
        length += bytes.Length;
        while (bytes.Length > 0)
        {
            var take = Math.Min(bytes.Length, buffer.Length - held);
            bytes[..take].CopyTo(buffer.AsSpan(held));
            held += take;
            bytes = bytes[take..];
            if (held == buffer.Length) Flush();
        }
    }

    public override void Write(byte[] bytes, int offset, int count) => Write(bytes.AsSpan(offset, count));

    public override void Flush()
    {
        if (held == 0) return;
        hash.AppendData(buffer, 0, held);
        file.Write(buffer, 0, held);
        held = 0;
    }

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => length;
    public override long Position { get => length; set => throw new NotSupportedException(); }
    public override int Read(byte[] bytes, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            hash.Dispose();
            file.Dispose();
            if (buffer.Length > 0) shelf.Give(buffer);
            buffer = [];
        }
        base.Dispose(disposing);
    }
}
