namespace Ambroise.Vault.Custody;

/// <summary>Where a tenant's key is to be kept.</summary>
public abstract record CustodyChoice
{
    private CustodyChoice() { } // closed: every case is below

    /// <summary>The custodian's name: <c>file</c> or <c>pkcs11</c>.</summary>
    public abstract string Custodian { get; }

    /// <summary>In a keystore file under a passphrase: the embedded default.</summary>
    public sealed record Keystore : CustodyChoice
    {
        public override string Custodian => FileCustodian.Name;

        internal Argon2Cost Cost { get; init; } = Argon2Cost.Default;
    }

    /// <summary>In a hardware token, or another PKCS#11 module, whose PIN stands for the passphrase.</summary>
    /// <param name="Module">The path of the module's library.</param>
    /// <param name="TokenLabel">The token's label.</param>
    public sealed record Token(string Module, string TokenLabel) : CustodyChoice
    {
        public override string Custodian => Pkcs11Custodian.Name;
    }
}
