using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ambroise.Lake.Kept;
using Ambroise.Lake.Releases;

namespace Ambroise.Lake.Quarantine;

/// <summary>The rejected rows of a release, read from its sealed file: one in pieces, as <see cref="RejectedRows"/> writes it, or one sealed as a whole by an earlier version of the program.</summary>
public static class SealedQuarantine
{
    const string WholeEnding = ".sealed";
    const int NonceBytes = 12, TagBytes = 16;

    /// <summary>The rejected rows of a release in the order they were met, none where it had none; each to be used before the next is asked for.</summary>
    /// <exception cref="FailureException"><c>lake.file-missing</c>; <c>lake.file-changed</c>, where it shows in the file as a whole, which may be after the last row; <c>lake.file-damaged</c>.</exception>
    public static IEnumerable<Rejected> Read(TenantLake lake, Manifest manifest) => manifest.Files.Where(f => f.Part == FilePart.Quarantine).SelectMany(f => Read(lake, f));

    /// <summary>The rows of a file, as above.</summary>
    internal static IEnumerable<Rejected> Read(TenantLake lake, LakeFile of) => (of.Path.EndsWith(WholeEnding, StringComparison.Ordinal) ? Whole(lake, of) : SealedPieces.Read(lake, of)).Select(Row);

    /// <summary>12 bytes nonce, 16 bytes tag, cipher text of the compressed lines; the file's path is the additional data.</summary>
    static IEnumerable<JsonElement> Whole(TenantLake lake, LakeFile of)
    {
        var full = Path.Combine(lake.Folder, of.Path);
        if (!File.Exists(full)) throw lake.Missing(of).AsException();
        var bytes = File.ReadAllBytes(full);
        if (Convert.ToHexStringLower(SHA256.HashData(bytes)) != of.Sha256) throw SealedPieces.Changed(of);
        var packed = new byte[bytes.Length - NonceBytes - TagBytes];
        try
        {
            using var gcm = new AesGcm(lake.Keys.Get(of.Keys, "quarantine").Span, TagBytes);
            gcm.Decrypt(bytes.AsSpan(0, NonceBytes), bytes.AsSpan(NonceBytes + TagBytes), bytes.AsSpan(NonceBytes, TagBytes), packed, Encoding.UTF8.GetBytes(of.Path));
        }
        catch (AuthenticationTagMismatchException)
        {
            throw SealedPieces.Damaged(of);
        }
        foreach (var line in SealedPieces.Lines(packed)) yield return line;
    }

    static Rejected Row(JsonElement of) => new(of.GetProperty("table").GetString()!, of.GetProperty("file").GetString()!, of.GetProperty("line").GetInt64(),
        of.TryGetProperty("field", out var field) ? field.GetString() : null, of.GetProperty("reason").GetString()!,
        of.TryGetProperty("person", out var person) ? person.GetInt64() : null, of.GetProperty("row").GetBytesFromBase64());
}
