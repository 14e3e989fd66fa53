using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Sealing;
using Ambroise.Vault.Custody;

namespace Ambroise.Lake.Kept;

/// <summary>JSON lines in one sealed file beside a release, written and read a piece at a time: however many they are, some megabytes of them are in memory.</summary>
/// <remarks>Pieces: length (4 bytes, little-endian), then nonce, cipher text and tag of AES-256-GCM under the release's <c>quarantine</c> key over Brotli-compressed JSON lines; path, place and whether
/// it is the last are the additional data. Layout: docs/formats/lake.md. Call from one thread.</remarks>
sealed class SealedPieces : IDisposable
{
    const int PieceBytes = 1 << 20, LengthBytes = 4, NonceAndTag = 28, FastestQuality = 1, WindowBits = 22;

    readonly string full, path, keys;
    readonly ReadOnlyMemory<byte> key;

    /// <summary>With room for a text of a megabyte, in base64, after a piece that was nearly full: a buffer that grows leaves what it held behind.</summary>
    readonly ArrayBufferWriter<byte> plain = new(3 * PieceBytes);

    readonly Utf8JsonWriter json;
    readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    FileStream? file;
    long rows, place, bytes;

    /// <param name="keys">The release's key group.</param>
    /// <param name="ending">Of the file, which is made with the first line.</param>
    public SealedPieces(TenantLake lake, int release, string keys, string ending)
    {
        path = $"quarantine/r{release}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}.{ending}";
        (full, this.keys, key) = (Path.Combine(lake.Folder, path), keys, lake.Keys.Get(keys, "quarantine"));
        json = new(plain);
    }

    /// <summary>Adds a line: the JSON object that <paramref name="put"/> makes of what it is given.</summary>
    public void Add<T>(T of, Action<Utf8JsonWriter, T> put)
    {
        if (file is null)
        {
            PrivateFile.CreateFolder(Path.GetDirectoryName(full)!);
            file = PrivateFile.Create(full);
        }
        // Only now is it known that the piece before is not the last.
        if (plain.WrittenCount >= PieceBytes) Seal(last: false);
        json.Reset();
        put(json, of);
        json.Flush();
        plain.Write("\n"u8);
        rows++;
    }

    /// <summary>Seals the last piece, makes the file durable and closes it. Call once.</summary>
    /// <returns>The file, or null where there was no line.</returns>
    public LakeFile? Finish(string table, FilePart part)
    {
        if (file is null) return null;
        Seal(last: true);
        file.Flush(flushToDisk: true);
        file.Dispose();
        var sha = Convert.ToHexStringLower(hash.GetHashAndReset());
        return new(path, table, -1, part, keys, rows, 0, bytes, sha, sha, "", null, null);
    }

    void Seal(bool last)
    {
        // Compressed at once: line by line took twice as long.
        var packed = new byte[BrotliEncoder.GetMaxCompressedLength(plain.WrittenCount)];
        if (!BrotliEncoder.TryCompress(plain.WrittenSpan, packed, out var length, FastestQuality, WindowBits)) throw new InvalidOperationException("A piece did not fit the room that Brotli asked for.");
        plain.Clear();
        var piece = Sealed.Seal(key.Span, packed.AsSpan(0, length), Place(path, place++, last));
        CryptographicOperations.ZeroMemory(packed);
        var head = new byte[LengthBytes];
        BinaryPrimitives.WriteInt32LittleEndian(head, piece.Length);
        foreach (var part in new[] { head, piece })
        {
            file!.Write(part);
            hash.AppendData(part);
            bytes += part.Length;
        }
    }

    /// <summary>Closes the file; what was not finished stays there until <see cref="TenantLake.Clean"/>.</summary>
    public void Dispose()
    {
        json.Dispose();
        plain.Clear(); // patients' bytes do not wait for the collector
        hash.Dispose();
        file?.Dispose();
    }

    /// <summary>The lines of a file, in the order they were added, each to be used before the next is asked for.</summary>
    /// <exception cref="FailureException"><c>lake.file-missing</c>; <c>lake.file-changed</c>, where it shows in the file as a whole, which may be after the last line; <c>lake.file-damaged</c>.</exception>
    public static IEnumerable<JsonElement> Read(TenantLake lake, LakeFile of)
    {
        var full = Path.Combine(lake.Folder, of.Path);
        if (!File.Exists(full)) throw lake.Missing(of).AsException();
        var key = lake.Keys.Get(of.Keys, "quarantine");
        using var file = new FileStream(full, new FileStreamOptions { Options = FileOptions.SequentialScan });
        var left = file.Length;
        if (left != of.Bytes) throw Changed(of);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var head = new byte[LengthBytes];
        for (long place = 0; left > 0; place++)
        {
            if (left < LengthBytes) throw Damaged(of);
            file.ReadExactly(head);
            var length = BinaryPrimitives.ReadInt32LittleEndian(head);
            if (length < NonceAndTag || length > left - LengthBytes) throw Damaged(of);
            var piece = new byte[length];
            file.ReadExactly(piece);
            left -= LengthBytes + length;
            hash.AppendData(head);
            hash.AppendData(piece);
            foreach (var line in Lines(Sealed.Open(key.Span, piece, Place(of.Path, place, last: left == 0)) ?? throw Damaged(of))) yield return line;
        }
        if (Convert.ToHexStringLower(hash.GetHashAndReset()) != of.Sha256) throw Changed(of);
    }

    /// <summary>JSON lines under Brotli, each to be used before the next is asked for.</summary>
    public static IEnumerable<JsonElement> Lines(byte[] packed)
    {
        using var lines = new StreamReader(new BrotliStream(new MemoryStream(packed), CompressionMode.Decompress));
        while (lines.ReadLine() is { } line)
        {
            using var json = JsonDocument.Parse(line);
            yield return json.RootElement;
        }
    }

    static byte[] Place(string path, long place, bool last) => Encoding.UTF8.GetBytes($"{path}\n{place}\n{(last ? "last" : "more")}");

    public static FailureException Changed(LakeFile of) => new Failure(FailureKind.Tampered, "lake.file-changed", $"{of.Path} is not the file its release recorded.").AsException();

    public static FailureException Damaged(LakeFile of) => new Failure(FailureKind.Tampered, "lake.file-damaged", $"{of.Path} cannot be decrypted or decoded.").AsException();
}
