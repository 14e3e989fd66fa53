using System.Security.Cryptography;

namespace Ambroise.Vault.Custody;

/// <summary>AES-256-GCM with a random 96-bit nonce: <c>nonce (12) ‖ ciphertext ‖ tag (16)</c>. A key seals at most some millions of messages in its life,
/// far below the 2^32 that NIST SP 800-38D §8.3 allows for random nonces.</summary>
public static class Sealed
{
    const int NonceBytes = 12;
    const int TagBytes = 16;

    public static byte[] Seal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> content, ReadOnlySpan<byte> context)
    {
        var message = new byte[NonceBytes + content.Length + TagBytes];
        var nonce = message.AsSpan(0, NonceBytes);
        var rest = message.AsSpan(NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(key, TagBytes);
        aes.Encrypt(nonce, content, rest[..content.Length], rest[content.Length..], context);
        return message;
    }

    /// <returns>The content, or null where key, message or context is not the one it was sealed with.</returns>
    public static byte[]? Open(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> context)
    {
        if (message.Length < NonceBytes + TagBytes) return null;
        var content = new byte[message.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(key, TagBytes);
        try
        {
            aes.Decrypt(message[..NonceBytes], message[NonceBytes..^TagBytes], message[^TagBytes..], content, context);
            return content;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }
}
