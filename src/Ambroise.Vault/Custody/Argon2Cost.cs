using System.Globalization;
using Ambroise.Vault.Keys;
using NSec.Cryptography;

namespace Ambroise.Vault.Custody;

/// <summary>What a guess at the passphrase costs.</summary>
/// <param name="MemoryKiB">8 to 1,048,576.</param>
/// <param name="Passes">1 to 100.</param>
/// <remarks>RFC 9106 §4, second recommended option: Argon2id with 64 MiB and 3 passes (one lane here: libsodium has no more).</remarks>
readonly record struct Argon2Cost(int MemoryKiB, int Passes)
{
    public const int SaltBytes = 16;

    public static Argon2Cost Default => new(64 * 1024, 3);

    /// <returns>Null where the texts are no cost in range: a keystore must not make us take all memory.</returns>
    public static Argon2Cost? Parse(string memoryKiB, string passes) =>
        int.TryParse(memoryKiB, NumberStyles.None, CultureInfo.InvariantCulture, out var memory) && memory is >= 8 and <= 1 << 20
        && int.TryParse(passes, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= 100
            ? new(memory, count)
            : null;

    /// <returns>The 32-byte key that seals the tenant key.</returns>
    public SecretBytes Derive(Passphrase passphrase, ReadOnlySpan<byte> salt)
    {
        var algorithm = PasswordBasedKeyDerivationAlgorithm.Argon2id(
            new Argon2Parameters { DegreeOfParallelism = 1, MemorySize = MemoryKiB, NumberOfPasses = Passes });
        var key = new SecretBytes(32);
        algorithm.DeriveBytes(passphrase.Utf8, salt, key.Span);
        return key;
    }
}
