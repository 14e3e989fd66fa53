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

/// <summary>What a source keeps with a release, each kind of record in one sealed file, written and read a piece at a time: however many they are, some megabytes of them are in memory.</summary>
/// <remarks>Pieces: length (4 bytes, little-endian), then nonce, cipher text and tag of AES-256-GCM under the release's <c>quarantine</c> key over Brotli-compressed JSON lines; path, place and whether
/// it is the last are the additional data. Layout: docs/formats/lake.md.</remarks>
public static class SealedRecords
{
    /// <summary>Kinds, as the file's ending and as the table that a manifest names.</summary>
    public const string Waiting = "waiting", Decisions = "decisions";

    const int PieceBytes = 1 << 20, NonceAndTag = 28;

    /// <param name="keys">The release's key group.</param>
    /// <returns>The file, or null where there is no record.</returns>
    internal static LakeFile? Write(TenantLake lake, int release, string keys, string kind, IEnumerable<KeptRecord> records)
    {
        using var each = records.GetEnumerator();
        if (!each.MoveNext()) return null;
        var path = $"quarantine/r{release}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}.{kind}";
        var full = Path.Combine(lake.Folder, path);
        PrivateFile.CreateFolder(Path.GetDirectoryName(full)!);
        var key = lake.Keys.Get(keys, "quarantine");
        long rows = 0, place = 0, bytes = 0;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var plain = new ArrayBufferWriter<byte>(2 * PieceBytes);
        using (var json = new Utf8JsonWriter(plain))
        using (var file = PrivateFile.Create(full))
        {
            for (var more = true; more;)
            {
                // Compressed at once: line by line took twice as long.
                plain.Clear();
                for (long held = 0; more && held < PieceBytes; rows++, more = each.MoveNext())
                {
                    json.Reset();
                    Put(json, each.Current);
                    json.Flush();
                    plain.Write("\n"u8);
                    held += each.Current.Text.Length + each.Current.Context.Length;
                }
                using var packed = new MemoryStream();
                using (var brotli = new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true)) brotli.Write(plain.WrittenSpan);
                var piece = Sealed.Seal(key.Span, packed.GetBuffer().AsSpan(0, (int)packed.Length), Place(path, place++, last: !more));
                CryptographicOperations.ZeroMemory(packed.GetBuffer());
                byte[] head = new byte[4];
                BinaryPrimitives.WriteInt32LittleEndian(head, piece.Length);
                foreach (var part in new[] { head, piece })
                {
                    file.Write(part);
                    hash.AppendData(part);
                    bytes += part.Length;
                }
            }
            file.Flush(flushToDisk: true);
        }
        plain.Clear(); // patients' bytes do not wait for the collector
        var sha = Convert.ToHexStringLower(hash.GetHashAndReset());
        return new(path, kind, -1, FilePart.Report, keys, rows, 0, bytes, sha, sha, "", null, null);
    }

    static void Put(Utf8JsonWriter json, KeptRecord record)
    {
        json.WriteStartObject();
        json.WriteString("type", record.Type);
        json.WriteString("file", record.File);
        json.WriteNumber("line", record.Line);
        json.WriteNumber("person", record.Person);
        if (record.Other != 0) json.WriteNumber("other", record.Other);
        if (record.Context.Length > 0) json.WriteBase64String("context", record.Context.Span);
        json.WriteBase64String("text", record.Text.Span);
        json.WriteEndObject();
    }

    /// <returns>The release's file of a kind, or null.</returns>
    internal static LakeFile? Of(Manifest manifest, string kind) => manifest.Files.FirstOrDefault(f => f.Part == FilePart.Report && f.Table == kind);

    /// <summary>A release's records of a kind, in the order they were written, each to be used before the next is asked for.</summary>
    /// <exception cref="FailureException"><c>lake.file-missing</c>, <c>lake.file-damaged</c>.</exception>
    public static IEnumerable<KeptRecord> Read(TenantLake lake, Manifest manifest, string kind) => Of(manifest, kind) is { } file ? Read(lake, file) : [];

    /// <summary>The records of a file, in the order they were written, each to be used before the next is asked for.</summary>
    /// <exception cref="FailureException"><c>lake.file-missing</c>, <c>lake.file-damaged</c>.</exception>
    internal static IEnumerable<KeptRecord> Read(TenantLake lake, LakeFile of)
    {
        var full = Path.Combine(lake.Folder, of.Path);
        if (!File.Exists(full)) throw lake.Missing(of).AsException();
        var key = lake.Keys.Get(of.Keys, "quarantine");
        using var file = new FileStream(full, new FileStreamOptions { Options = FileOptions.SequentialScan });
        var left = file.Length;
        for (long place = 0; left > 0; place++)
        {
            var head = new byte[4];
            if (left < 4 || file.ReadAtLeast(head, 4, throwOnEndOfStream: false) < 4) throw Damaged(of);
            var length = BinaryPrimitives.ReadInt32LittleEndian(head);
            if (length < NonceAndTag || length > left - 4) throw Damaged(of);
            var piece = new byte[length];
            file.ReadExactly(piece);
            left -= 4 + length;
            var plain = Sealed.Open(key.Span, piece, Place(of.Path, place, last: left == 0)) ?? throw Damaged(of);
            using var lines = new StreamReader(new BrotliStream(new MemoryStream(plain), CompressionMode.Decompress));
            while (lines.ReadLine() is { } line)
            {
                using var json = JsonDocument.Parse(line);
                var root = json.RootElement;
                yield return new(root.GetProperty("type").GetString()!, root.GetProperty("file").GetString()!, root.GetProperty("line").GetInt64(), root.GetProperty("person").GetInt64(),
                    root.TryGetProperty("context", out var context) ? context.GetBytesFromBase64() : default, root.GetProperty("text").GetBytesFromBase64())
                {
                    Other = root.TryGetProperty("other", out var other) ? other.GetInt64() : 0,
                };
            }
        }
    }

    static byte[] Place(string path, long place, bool last) => Encoding.UTF8.GetBytes($"{path}\n{place}\n{(last ? "last" : "more")}");

    static FailureException Damaged(LakeFile of) => new Failure(FailureKind.Tampered, "lake.file-damaged", $"{of.Path} cannot be decrypted or decoded.").AsException();
}
