using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Ambroise.Vault;

/// <summary>Keyed pseudonyms: stable for a key, unlinkable and irreversible without it. Safe for use from several threads.</summary>
/// <param name="key">A 32-byte key of the vault; must outlive this.</param>
/// <param name="domain">What is named, e.g. <c>person</c>: the same identifier in another domain has another pseudonym.</param>
/// <remarks>HMAC-SHA-256 (RFC 2104) cut to 63 bits. Among 67 million identifiers two share a pseudonym with a chance of about 1 in 4,000:
/// whoever numbers people checks for it.</remarks>
public sealed class Pseudonyms(ReadOnlyMemory<byte> key, string domain)
{
    readonly byte[] prefix = [.. Encoding.UTF8.GetBytes(domain), 0];

    /// <returns>1 to 2^63 − 1.</returns>
    public long Of(ReadOnlySpan<byte> identifier)
    {
        var length = prefix.Length + identifier.Length;
        var message = length <= 512 ? stackalloc byte[length] : new byte[length];
        prefix.CopyTo(message);
        identifier.CopyTo(message[prefix.Length..]);

        Span<byte> code = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key.Span, message, code);
        CryptographicOperations.ZeroMemory(message);
        var cut = BinaryPrimitives.ReadInt64BigEndian(code) & long.MaxValue;
        return cut == 0 ? 1 : cut;
    }

    /// <returns>1 to 2^63 − 1.</returns>
    public long Of(string identifier)
    {
        var length = Encoding.UTF8.GetMaxByteCount(identifier.Length);
        var utf8 = length <= 512 ? stackalloc byte[length] : new byte[length];
        utf8 = utf8[..Encoding.UTF8.GetBytes(identifier, utf8)];
        var pseudonym = Of(utf8);
        CryptographicOperations.ZeroMemory(utf8);
        return pseudonym;
    }
}
