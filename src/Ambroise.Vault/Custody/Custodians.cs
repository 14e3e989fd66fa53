using Ambroise.Vault.Keys;

namespace Ambroise.Vault.Custody;

/// <summary>The custodians there are: a new one joins these three lists.</summary>
static class Custodians
{
    public static Result<Custodian> Create(CustodyChoice choice, string tenant, Passphrase passphrase) => choice switch
    {
        CustodyChoice.Keystore keystore => FileCustodian.Create(tenant, 1, passphrase, keystore.Cost),
        CustodyChoice.Token(var module, var label) => Pkcs11Custodian.Create(tenant, module, label, passphrase),
        _ => throw new System.Diagnostics.UnreachableException(choice.GetType().Name),
    };

    public static Result<Custodian> Open(KeystoreFile keystore, Passphrase passphrase, string? pkcs11Module) => keystore.Custodian switch
    {
        FileCustodian.Name => FileCustodian.Open(keystore.Tenant, keystore.Generation, keystore.Parameters, passphrase),
        Pkcs11Custodian.Name => Pkcs11Custodian.Open(keystore, pkcs11Module, passphrase),
        _ => KeystoreFile.Tampered("names an unknown custodian"),
    };

    /// <summary>Destroys what a custodian keeps of a tenant outside the keystore file.</summary>
    /// <returns>Null when done.</returns>
    public static Failure? Forget(KeystoreFile keystore, Passphrase? passphrase, string? pkcs11Module)
    {
        if (keystore.Custodian == FileCustodian.Name) return null;
        if (passphrase is null) return new(FailureKind.Forbidden, "vault.passphrase-needed", "The tenant's key lies in a token: give its PIN to destroy it.");
        if (Open(keystore, passphrase, pkcs11Module).Failed(out var failure, out var custodian)) return failure.Code == "vault.pkcs11-key-missing" ? null : failure; // a destruction stopped midway
        using (custodian) custodian.Forget();
        return null;
    }
}
