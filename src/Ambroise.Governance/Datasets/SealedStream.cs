using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Ambroise.Vault.Files;

namespace Ambroise.Governance.Datasets;

/// <summary>Writes a file sealed under a project's key, a chunk at a time, and hashes what passes. The same content under the same name gives the same bytes.</summary>
/// <remarks>AES-256-GCM over chunks of 1 MiB. A chunk's nonce is the HMAC-SHA-256 of its name, place and content cut to 96 bits, as in SIV (RFC 5297, section 3): two chunks share a nonce only
/// where they are the same. Name, place and "last" are authenticated with it, so chunks cannot be swapped, repeated or cut off. Layout: docs/formats/dataset.md.</remarks>
sealed class SealedStream : Stream
{
    public const int ChunkBytes = 1 << 20, NonceBytes = 12, TagBytes = 16;
    readonly FileStream file;
    readonly AesGcm cipher;
    readonly ReadOnlyMemory<byte> nonceKey;
    readonly string name;
    readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    readonly byte[] chunk = new byte[ChunkBytes];
    int held;
    long length, place;
    bool closed;

    public SealedStream(string path, string name, ProjectKeys keys)
    {
        (this.name, nonceKey) = (name, keys.Nonce);
        cipher = new AesGcm(keys.Seal.Span, TagBytes);
        file = DurableFile.OpenOwnerOnly(path, FileMode.CreateNew);
    }

    /// <summary>Lower-case hexadecimal, of the content, once closed.</summary>
    public string Sha256 { get; private set; } = "";

    public override void Write(ReadOnlySpan<byte> bytes)
    {
        hash.AppendData(bytes);
        length += bytes.Length;
        while (bytes.Length > 0)
        {
            if (held == ChunkBytes) Seal(last: false);
            var take = Math.Min(bytes.Length, ChunkBytes - held);
            bytes[..take].CopyTo(chunk.AsSpan(held));
            held += take;
            bytes = bytes[take..];
        }
    }

    void Seal(bool last)
    {
        var context = Context(name, place++, last);
        var content = chunk.AsSpan(0, held);
        Span<byte> code = stackalloc byte[32];
        HMACSHA256.HashData(nonceKey.Span, [.. context, .. content], code);
        var sealedChunk = new byte[4 + NonceBytes + held + TagBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(sealedChunk, (uint)held | (last ? 1u << 31 : 0));
        code[..NonceBytes].CopyTo(sealedChunk.AsSpan(4));
        cipher.Encrypt(code[..NonceBytes], content, sealedChunk.AsSpan(4 + NonceBytes, held), sealedChunk.AsSpan(4 + NonceBytes + held), context);
        file.Write(sealedChunk);
        held = 0;
    }

    static byte[] Context(string name, long place, bool last) => Encoding.UTF8.GetBytes($"{name}\n{place}\n{(last ? "last" : "more")}");

    /// <summary>Unseals a file into a stream.</summary>
    /// <exception cref="FailureException"><c>dataset.tampered</c>.</exception>
    public static void Open(string path, string name, ProjectKeys keys, Stream to)
    {
        var tampered = new Failure(FailureKind.Tampered, "dataset.tampered", $"{name} is not what the project's key sealed.");
        using var cipher = new AesGcm(keys.Seal.Span, TagBytes);
        using var from = File.OpenRead(path);
        var head = new byte[4 + NonceBytes];
        try
        {
            for (long place = 0; ; place++)
            {
                from.ReadExactly(head);
                var marked = BinaryPrimitives.ReadUInt32LittleEndian(head);
                var (size, last) = ((int)(marked & int.MaxValue), marked >> 31 == 1);
                if (size > ChunkBytes) throw tampered.AsException();
                var rest = new byte[size + TagBytes];
                from.ReadExactly(rest);
                var content = new byte[size];
                cipher.Decrypt(head.AsSpan(4), rest.AsSpan(0, size), rest.AsSpan(size), content, Context(name, place, last));
                to.Write(content);
                if (!last) continue;
                if (from.ReadByte() >= 0) throw tampered.AsException();
                return;
            }
        }
        catch (Exception e) when (e is AuthenticationTagMismatchException or EndOfStreamException)
        {
            throw tampered.AsException();
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !closed)
        {
            closed = true;
            Seal(last: true);
            Sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
            file.Flush(flushToDisk: true);
            file.Dispose();
            cipher.Dispose();
            hash.Dispose();
            CryptographicOperations.ZeroMemory(chunk);
        }
        base.Dispose(disposing);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
    public override void Flush() { }
    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => length;
    public override long Position { get => length; set => throw new NotSupportedException(); }
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
}
