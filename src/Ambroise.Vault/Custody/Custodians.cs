using Ambroise.Vault.Keys;

namespace Ambroise.Vault.Custody;

/// <summary>The custodians there are: a new one joins these three lists.</summary>
static class Custodians
{
    public static Result<Custodian> Create(CustodyChoice choice, string tenant, Passphrase passphrase) => choice switch
    {
        CustodyChoice.Keystore keystore => FileCustodian.Create(tenant, 1, passphrase, keystore.Cost),
        _ => throw new System.Diagnostics.UnreachableException(choice.GetType().Name),
    };

    public static Result<Custodian> Open(KeystoreFile keystore, Passphrase passphrase) => keystore.Custodian switch
    {
        FileCustodian.Name => FileCustodian.Open(keystore.Tenant, keystore.Generation, keystore.Parameters, passphrase),
        _ => KeystoreFile.Tampered("names an unknown custodian"),
    };

    /// <summary>Destroys what a custodian keeps of a tenant outside the keystore file.</summary>
    /// <returns>Null when done.</returns>
    public static Failure? Forget(KeystoreFile keystore, Passphrase? passphrase)
    {
        if (keystore.Custodian == FileCustodian.Name) return null;
        if (passphrase is null) return new(FailureKind.Forbidden, "vault.passphrase-needed", "The tenant's key lies in a token: give its PIN to destroy it.");
        if (Open(keystore, passphrase).Failed(out var failure, out var custodian)) return failure;
        using (custodian) custodian.Forget();
        return null;
    }
}
