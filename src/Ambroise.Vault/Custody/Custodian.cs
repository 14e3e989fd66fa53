namespace Ambroise.Vault.Custody;

/// <summary>Holds a tenant key, which never leaves it, and wraps data keys under it. Disposing of it drops whatever it holds in memory.</summary>
abstract class Custodian : IDisposable
{
    /// <summary>Its name in the keystore file.</summary>
    public abstract string Kind { get; }

    /// <summary>What the keystore file says of this tenant key, enough to open it again with the passphrase or PIN; holds no secret in clear.</summary>
    public abstract SortedDictionary<string, string> Parameters { get; }

    /// <param name="dataKeys">One or more data keys, end to end.</param>
    /// <param name="context">What the keys are for; authenticated, not kept: <see cref="Unwrap"/> needs the same bytes again.</param>
    public abstract byte[] Wrap(ReadOnlySpan<byte> dataKeys, ReadOnlySpan<byte> context);

    /// <returns>The data keys, or null where the wrapped bytes, the context or the tenant key is not the one of <see cref="Wrap"/>.</returns>
    public abstract byte[]? Unwrap(ReadOnlySpan<byte> wrapped, ReadOnlySpan<byte> context);

    /// <summary>Makes a new tenant key beside this one.</summary>
    /// <param name="generation">The new key's number, one above this one's.</param>
    /// <param name="passphrase">The new passphrase; null keeps the present one.</param>
    public abstract Result<Custodian> Next(int generation, Passphrase? passphrase);

    /// <summary>Destroys, where the custodian keeps them elsewhere than in the keystore file, the tenant's other keys: what a rotation leaves behind.</summary>
    public abstract void ForgetOthers();

    /// <summary>Destroys this tenant key where the custodian keeps it elsewhere than in the keystore file.</summary>
    public abstract void Forget();

    public abstract void Dispose();

    /// <summary>The passphrase, or the token's PIN, does not open it.</summary>
    public static Failure PassphraseWrong() => new(FailureKind.Forbidden, "vault.passphrase-wrong", "The passphrase is not the tenant's.");
}
