using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Sealing;

namespace Ambroise.Lake.Writing;

/// <summary>A load's own report, and what it keeps for the loads merged into it, each in one sealed file beside the release: AES-256-GCM under the release's <c>report</c> key.</summary>
/// <remarks>Layout: 12 bytes nonce, 16 bytes tag, cipher text of the Brotli-compressed JSON, or of the bytes as they are; the file's path is the additional data.</remarks>
public static class SealedReport
{
    /// <summary>What a load keeps for those merged into it: keys in the main, which do not compress.</summary>
    internal const string Known = "known";

    /// <summary>The same, as earlier versions of the program wrote it: compressed JSON.</summary>
    internal const string Links = "links";

    const int NonceBytes = 12, TagBytes = 16;

    internal static LakeFile Write(TenantLake lake, int release, byte[] content, string kind = "report")
    {
        var path = $"quarantine/r{release}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}.{kind}";
        ReadOnlySpan<byte> plain = kind == Known ? content : Packed(content);
        var bytes = new byte[NonceBytes + TagBytes + plain.Length];
        RandomNumberGenerator.Fill(bytes.AsSpan(0, NonceBytes));
        using (var gcm = new AesGcm(lake.Keys.Get($"r{release}", "report").Span, TagBytes))
            gcm.Encrypt(bytes.AsSpan(0, NonceBytes), plain, bytes.AsSpan(NonceBytes + TagBytes), bytes.AsSpan(NonceBytes, TagBytes), Encoding.UTF8.GetBytes(path));
        var full = Path.Combine(lake.Folder, path);
        PrivateFile.CreateFolder(Path.GetDirectoryName(full)!);
        PrivateFile.WriteDurably(full, bytes);
        var sha = Convert.ToHexStringLower(SHA256.HashData(bytes));
        return new(path, kind, -1, FilePart.Report, $"r{release}", 1, 0, bytes.Length, sha, sha, "", null, null);
    }

    static ReadOnlySpan<byte> Packed(byte[] json)
    {
        using var packed = new MemoryStream();
        using (var brotli = new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true)) brotli.Write(json);
        return packed.GetBuffer().AsSpan(0, (int)packed.Length);
    }

    /// <returns>What <see cref="Write"/> was given, or null where the load of a release made none.</returns>
    public static Result<(byte[]? Content, LakeFile? File)> Read(TenantLake lake, Manifest manifest, string kind = "report")
    {
        if (manifest.Files.FirstOrDefault(f => f.Part == FilePart.Report && f.Table == kind) is not { } file) return (null, null);
        var full = Path.Combine(lake.Folder, file.Path);
        if (!File.Exists(full)) return lake.Missing(file);
        var bytes = File.ReadAllBytes(full);
        if (Convert.ToHexStringLower(SHA256.HashData(bytes)) != file.Sha256) return new Failure(FailureKind.Tampered, "lake.file-changed", $"{file.Path} is not the file its release recorded.");
        var plain = new byte[bytes.Length - NonceBytes - TagBytes];
        using (var gcm = new AesGcm(lake.Keys.Get(file.Keys, "report").Span, TagBytes))
            gcm.Decrypt(bytes.AsSpan(0, NonceBytes), bytes.AsSpan(NonceBytes + TagBytes), bytes.AsSpan(NonceBytes, TagBytes), plain, Encoding.UTF8.GetBytes(file.Path));
        if (kind == Known) return (plain, file);
        using var json = new MemoryStream();
        using (var brotli = new BrotliStream(new MemoryStream(plain), CompressionMode.Decompress)) brotli.CopyTo(json);
        return (json.ToArray(), file);
    }
}
