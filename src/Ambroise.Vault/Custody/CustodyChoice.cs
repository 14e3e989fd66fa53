namespace Ambroise.Vault.Custody;

/// <summary>Where a tenant's key is to be kept.</summary>
public abstract record CustodyChoice
{
    private CustodyChoice() { } // closed: every case is below

    /// <summary>In a keystore file under a passphrase: the embedded default.</summary>
    public sealed record Keystore : CustodyChoice;

    internal sealed record KeystoreOfCost(Argon2Cost Cost) : CustodyChoice;
}
