using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Sealing;

namespace Ambroise.Lake.Quarantine;

/// <summary>The rejected rows of a load in one sealed file: JSON lines, compressed, AES-256-GCM under the release's <c>quarantine</c> key.</summary>
/// <remarks>Layout: 12 bytes nonce, 16 bytes tag, cipher text of the Brotli-compressed lines; the file's path is the additional data.</remarks>
public static class SealedQuarantine
{
    const int NonceBytes = 12, TagBytes = 16;

    internal static LakeFile Write(TenantLake lake, int release, IReadOnlyList<Rejected> rows)
    {
        var path = $"quarantine/r{release}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}.sealed";
        using var plain = new MemoryStream();
        using (var packed = new System.IO.Compression.BrotliStream(plain, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
            foreach (var row in rows)
            {
                using (var json = new Utf8JsonWriter(packed))
                {
                    json.WriteStartObject();
                    json.WriteString("table", row.Table);
                    json.WriteString("file", row.File);
                    json.WriteNumber("line", row.Line);
                    if (row.Field is not null) json.WriteString("field", row.Field);
                    json.WriteString("reason", row.Reason);
                    if (row.Person is { } person) json.WriteNumber("person", person);
                    json.WriteBase64String("row", row.Row.Span);
                    json.WriteEndObject();
                }
                packed.WriteByte((byte)'\n');
            }
        var group = $"r{release}";
        var bytes = new byte[NonceBytes + TagBytes + plain.Length];
        RandomNumberGenerator.Fill(bytes.AsSpan(0, NonceBytes));
        using (var gcm = new AesGcm(lake.Keys.Get(group, "quarantine").Span, TagBytes))
            gcm.Encrypt(bytes.AsSpan(0, NonceBytes), plain.GetBuffer().AsSpan(0, (int)plain.Length), bytes.AsSpan(NonceBytes + TagBytes), bytes.AsSpan(NonceBytes, TagBytes), Encoding.UTF8.GetBytes(path));
        CryptographicOperations.ZeroMemory(plain.GetBuffer());
        var full = Path.Combine(lake.Folder, path);
        PrivateFile.CreateFolder(Path.GetDirectoryName(full)!);
        PrivateFile.WriteDurably(full, bytes);
        var sha = Convert.ToHexStringLower(SHA256.HashData(bytes));
        return new(path, "quarantine", -1, FilePart.Quarantine, group, rows.Count, 0, bytes.Length, sha, sha, "", null, null);
    }

    /// <returns>The rejected rows of a release, none where it had none.</returns>
    public static Result<IReadOnlyList<Rejected>> Read(TenantLake lake, int? release)
    {
        if (lake.Release(release).Failed(out var failure, out var manifest)) return failure;
        var rows = new List<Rejected>();
        foreach (var file in manifest.Files.Where(f => f.Part == FilePart.Quarantine))
        {
            var path = Path.Combine(lake.Folder, file.Path);
            if (!File.Exists(path)) return lake.Missing(file);
            var bytes = File.ReadAllBytes(path);
            if (Convert.ToHexStringLower(SHA256.HashData(bytes)) != file.Sha256) return new Failure(FailureKind.Tampered, "lake.file-changed", $"{file.Path} is not the file its release recorded.");
            var plain = new byte[bytes.Length - NonceBytes - TagBytes];
            using (var gcm = new AesGcm(lake.Keys.Get(file.Keys, "quarantine").Span, TagBytes))
                gcm.Decrypt(bytes.AsSpan(0, NonceBytes), bytes.AsSpan(NonceBytes + TagBytes), bytes.AsSpan(NonceBytes, TagBytes), plain, Encoding.UTF8.GetBytes(file.Path));
            using var lines = new StreamReader(new System.IO.Compression.BrotliStream(new MemoryStream(plain), System.IO.Compression.CompressionMode.Decompress));
            while (lines.ReadLine() is { } line)
            {
                using var json = JsonDocument.Parse(line);
                var root = json.RootElement;
                rows.Add(new(root.GetProperty("table").GetString()!, root.GetProperty("file").GetString()!, root.GetProperty("line").GetInt64(),
                    root.TryGetProperty("field", out var field) ? field.GetString() : null, root.GetProperty("reason").GetString()!,
                    root.TryGetProperty("person", out var person) ? person.GetInt64() : null, root.GetProperty("row").GetBytesFromBase64()));
            }
        }
        return rows;
    }
}
