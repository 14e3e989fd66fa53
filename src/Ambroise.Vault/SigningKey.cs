using NSec.Cryptography;

namespace Ambroise.Vault;

/// <summary>A tenant's signature: Ed25519 (RFC 8032) from a 32-byte key of its ring. Disposing of it forgets the key.</summary>
public sealed class SigningKey : IDisposable
{
    public const int SignatureBytes = 64, PublicKeyBytes = 32;

    readonly Key key;

    SigningKey(Key key) => this.key = key;

    /// <summary>Opens a signing key of the ring, made on first use.</summary>
    public static SigningKey Of(KeyRing keys, string group, string name) => new(Key.Import(SignatureAlgorithm.Ed25519, keys.GetOrCreate(group, name).Span, KeyBlobFormat.RawPrivateKey));

    /// <summary>32 bytes, for whoever checks signatures.</summary>
    public byte[] PublicKey => key.PublicKey.Export(KeyBlobFormat.RawPublicKey);

    /// <returns>64 bytes.</returns>
    public byte[] Sign(ReadOnlySpan<byte> message) => SignatureAlgorithm.Ed25519.Sign(key, message);

    /// <returns>False as well where the key is no key.</returns>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        Imported(publicKey) is { } known && SignatureAlgorithm.Ed25519.Verify(known, message, signature);

    static PublicKey? Imported(ReadOnlySpan<byte> raw) =>
        NSec.Cryptography.PublicKey.TryImport(SignatureAlgorithm.Ed25519, raw, KeyBlobFormat.RawPublicKey, out var imported) ? imported : null;

    public void Dispose() => key.Dispose();
}
