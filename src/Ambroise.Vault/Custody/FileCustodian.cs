using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ambroise.Vault.Keys;

namespace Ambroise.Vault.Custody;

/// <summary>The embedded custodian: the tenant key lies in the keystore file, sealed under a key derived from a passphrase.</summary>
sealed class FileCustodian : Custodian
{
    public const string Name = "file";

    readonly string tenant;
    readonly Argon2Cost cost;
    readonly byte[] salt;
    readonly SecretBytes passphraseKey;
    readonly SecretBytes tenantKey;
    readonly byte[] sealedTenantKey;

    FileCustodian(string tenant, Argon2Cost cost, byte[] salt, SecretBytes passphraseKey, SecretBytes tenantKey, byte[] sealedTenantKey) =>
        (this.tenant, this.cost, this.salt, this.passphraseKey, this.tenantKey, this.sealedTenantKey) =
            (tenant, cost, salt, passphraseKey, tenantKey, sealedTenantKey);

    public static FileCustodian Create(string tenant, int generation, Passphrase passphrase, Argon2Cost cost)
    {
        var salt = RandomNumberGenerator.GetBytes(Argon2Cost.SaltBytes);
        return Make(tenant, generation, cost, salt, cost.Derive(passphrase, salt));
    }

    public static Result<Custodian> Open(string tenant, int generation, IReadOnlyDictionary<string, string> parameters, Passphrase passphrase)
    {
        if (Argon2Cost.Parse(parameters.GetValueOrDefault("memoryKiB", ""), parameters.GetValueOrDefault("passes", "")) is not { } cost
            || !TryBase64(parameters.GetValueOrDefault("salt", ""), out var salt) || salt.Length != Argon2Cost.SaltBytes
            || !TryBase64(parameters.GetValueOrDefault("tenantKey", ""), out var sealedKey))
            return KeystoreFile.Tampered("has unreadable parameters");

        var passphraseKey = cost.Derive(passphrase, salt);
        if (Sealed.Open(passphraseKey.Span, sealedKey, Context(tenant, generation, cost, salt)) is { Length: KeyRing.KeyBytes } tenantKey)
            return new FileCustodian(tenant, cost, salt, passphraseKey, SecretBytes.Take(tenantKey), sealedKey);
        passphraseKey.Dispose();
        return PassphraseWrong();
    }

    public override string Kind => Name;

    public override SortedDictionary<string, string> Parameters => new(StringComparer.Ordinal)
    {
        ["memoryKiB"] = cost.MemoryKiB.ToString(CultureInfo.InvariantCulture),
        ["passes"] = cost.Passes.ToString(CultureInfo.InvariantCulture),
        ["salt"] = Convert.ToBase64String(salt),
        ["tenantKey"] = Convert.ToBase64String(sealedTenantKey),
    };

    public override byte[] Wrap(ReadOnlySpan<byte> dataKeys, ReadOnlySpan<byte> context) => Sealed.Seal(tenantKey.Span, dataKeys, context);

    public override byte[]? Unwrap(ReadOnlySpan<byte> wrapped, ReadOnlySpan<byte> context) => Sealed.Open(tenantKey.Span, wrapped, context);

    public override Result<Custodian> Next(int generation, Passphrase? passphrase)
    {
        if (passphrase is not null) return Create(tenant, generation, passphrase, cost);
        var sameKey = new SecretBytes(passphraseKey.Span.Length);
        passphraseKey.Span.CopyTo(sameKey.Span);
        return Make(tenant, generation, cost, salt, sameKey);
    }

    public override void ForgetOthers() { } // the keystore file was their only place, and it has been replaced

    public override void Forget() { } // shredding the keystore file does it

    public override void Dispose()
    {
        passphraseKey.Dispose();
        tenantKey.Dispose();
    }

    static FileCustodian Make(string tenant, int generation, Argon2Cost cost, byte[] salt, SecretBytes passphraseKey)
    {
        var tenantKey = SecretBytes.Random(KeyRing.KeyBytes);
        var sealedKey = Sealed.Seal(passphraseKey.Span, tenantKey.Span, Context(tenant, generation, cost, salt));
        return new(tenant, cost, salt, passphraseKey, tenantKey, sealedKey);
    }

    static byte[] Context(string tenant, int generation, Argon2Cost cost, byte[] salt) => Encoding.UTF8.GetBytes(
        $"ambroise/tenant-key/1\n{tenant}\n{generation}\n{cost.MemoryKiB}\n{cost.Passes}\n{Convert.ToBase64String(salt)}");

    static bool TryBase64(string? text, out byte[] bytes)
    {
        text ??= "";
        bytes = new byte[text.Length];
        var ok = Convert.TryFromBase64String(text, bytes, out var length);
        Array.Resize(ref bytes, length);
        return ok;
    }
}
