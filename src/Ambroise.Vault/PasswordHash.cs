using System.Security.Cryptography;
using Ambroise.Vault.Custody;

namespace Ambroise.Vault;

/// <summary>A password as it is kept: Argon2id at the keystore's cost, with a salt of its own.</summary>
/// <param name="Salt">Base64, 16 bytes.</param>
/// <param name="Hash">Base64, 32 bytes.</param>
public sealed record PasswordHash(string Salt, int MemoryKiB, int Passes, string Hash)
{
    public static PasswordHash Of(Passphrase password)
    {
        var (salt, cost) = (RandomNumberGenerator.GetBytes(Argon2Cost.SaltBytes), Argon2Cost.Default);
        using var hash = cost.Derive(password, salt);
        return new(Convert.ToBase64String(salt), cost.MemoryKiB, cost.Passes, Convert.ToBase64String(hash.Span));
    }

    /// <returns>True for the password; as slow for any other.</returns>
    public bool IsOf(Passphrase password)
    {
        using var hash = new Argon2Cost(MemoryKiB, Passes).Derive(password, Convert.FromBase64String(Salt));
        return CryptographicOperations.FixedTimeEquals(hash.Span, Convert.FromBase64String(Hash));
    }
}
