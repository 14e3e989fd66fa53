using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ambroise.Vault;

namespace Ambroise.Governance.Audit;

/// <summary>What a tenant's log was at a size, signed: whoever keeps one can show later that nothing before it changed.
/// The text is a tlog-checkpoint in a signed note (C2SP), which other tools read.</summary>
/// <param name="Origin">The log's name, <c>ambroise/TENANT</c>.</param>
/// <param name="Root">32 bytes.</param>
public sealed record Checkpoint(string Origin, long Size, byte[] Root)
{
    const byte Ed25519 = 1;

    public static string OriginOf(string tenant) => $"ambroise/{tenant}";

    string Body => string.Create(CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Convert.ToBase64String(Root)}\n");

    /// <returns>The signed note.</returns>
    public string Sign(SigningKey key) => $"{Body}\n— {Origin} {Convert.ToBase64String([.. KeyHash(Origin, key.PublicKey), .. key.Sign(Encoding.UTF8.GetBytes(Body))])}\n";

    /// <summary>The line that lets other tools check the notes: name, hash and key.</summary>
    public static string VerifierKey(string tenant, byte[] publicKey) =>
        $"{OriginOf(tenant)}+{Convert.ToHexStringLower(KeyHash(OriginOf(tenant), publicKey))}+{Convert.ToBase64String([Ed25519, .. publicKey])}";

    /// <returns>The checkpoint, or <c>audit.checkpoint-invalid</c> where it is none of this tenant's, or its signature is wrong.</returns>
    public static Result<Checkpoint> Open(string note, string tenant, byte[] publicKey)
    {
        var lines = note.ReplaceLineEndings("\n").Split('\n');
        if (lines.Length < 5 || lines[0] != OriginOf(tenant) || !long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size) || lines[3].Length > 0) return Invalid;
        var root = new byte[MerkleTree.HashBytes];
        if (!Convert.TryFromBase64String(lines[2], root, out var written) || written != root.Length) return Invalid;
        var checkpoint = new Checkpoint(lines[0], size, root);
        var hash = KeyHash(lines[0], publicKey);
        foreach (var line in lines.Skip(4))
        {
            if (line.Split(' ') is not ["—", var name, var text] || name != lines[0]) continue;
            var signature = new byte[hash.Length + SigningKey.SignatureBytes];
            if (!Convert.TryFromBase64String(text, signature, out written) || written != signature.Length || !signature.AsSpan(0, hash.Length).SequenceEqual(hash)) continue;
            if (SigningKey.Verify(publicKey, Encoding.UTF8.GetBytes(checkpoint.Body), signature.AsSpan(hash.Length))) return checkpoint;
        }
        return Invalid;
    }

    static byte[] KeyHash(string name, byte[] publicKey) => SHA256.HashData([.. Encoding.UTF8.GetBytes(name), (byte)'\n', Ed25519, .. publicKey])[..4];

    static Failure Invalid => new(FailureKind.Tampered, "audit.checkpoint-invalid", "This is no checkpoint of this tenant's log, or its signature is wrong.");
}
