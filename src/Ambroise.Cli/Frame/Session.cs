using Ambroise.Governance;
using Ambroise.Governance.Control;
using Ambroise.Governance.Tenants;
using Ambroise.Vault;

namespace Ambroise.Cli.Frame;

/// <summary>What a running command has at hand.</summary>
sealed class Session(Home home, Terminal terminal, Language language, FileInfo? passphraseFile, TimeProvider clock) : IDisposable
{
    ControlPlane? controlPlane;

    public Home Home => home;

    public Terminal Terminal => terminal;

    public TimeProvider Clock => clock;

    /// <summary>The same terminal and language, in another home.</summary>
    public Session In(Home other) => new(other, terminal, language, passphraseFile, clock);

    public string Say(string english, string french) => language.Say(english, french);

    /// <exception cref="FailureException"><c>home.missing</c>, <c>home.newer</c>, <c>home.unreadable</c>.</exception>
    public ControlPlane ControlPlane => controlPlane ??= home.OpenControlPlane(clock).OrThrow();

    /// <summary>The library that speaks to hardware tokens, from <c>AMBROISE_PKCS11_MODULE</c>; null where it is not set.</summary>
    public static string? Pkcs11Module => Environment.GetEnvironmentVariable("AMBROISE_PKCS11_MODULE");

    /// <summary>The tenant's passphrase, or its token's PIN.</summary>
    public PassphraseSource PassphraseFor(string custodian) => new(passphraseFile, custodian == "pkcs11" ? "AMBROISE_PIN" : "AMBROISE_PASSPHRASE", terminal);

    /// <summary>Opens a tenant for the length of the command: asks for its passphrase, unseals its keys.</summary>
    /// <returns>The tenant, to be disposed of; or <c>tenant.id-invalid</c>, <c>tenant.unknown</c>, <c>tenant.sealed</c>, <c>tenant.destroyed</c>, <c>cli.passphrase-…</c>, <c>vault.…</c>.</returns>
    public Result<OpenTenant> OpenTenant(string id)
    {
        if (FindTenant(id).Failed(out var failure, out var tenant)) return failure;
        return tenant.State == TenantState.Sealed
            ? new Failure(FailureKind.Forbidden, "tenant.sealed", $"Tenant '{id}' is sealed: open it with 'ambroise tenant unseal {id}'.")
            : Unseal(tenant);
    }

    /// <returns>A tenant whose key still exists, sealed or not.</returns>
    public Result<Tenant> FindTenant(string id)
    {
        if (TenantId.Parse(id).Failed(out var failure, out var parsed) || ControlPlane.Find(parsed).Failed(out failure, out var tenant)) return failure;
        return tenant.State == TenantState.Destroyed
            ? new Failure(FailureKind.NotFound, "tenant.destroyed", $"Tenant '{id}' was destroyed: its data is unreadable for good.")
            : tenant;
    }

    /// <summary>Opens a tenant whatever its state says.</summary>
    public Result<OpenTenant> Unseal(Tenant tenant)
    {
        if (PassphraseFor(tenant.Custodian).Read(Say($"Passphrase of {tenant.Id}:", $"Phrase de passe de {tenant.Id} :")).Failed(out var failure, out var passphrase)) return failure;
        using (passphrase)
            return KeyRing.Unseal(home.KeysFolder(tenant.Id), tenant.Id.Value, passphrase, Pkcs11Module).Failed(out failure, out var keys)
                ? failure
                : new OpenTenant(tenant, home.TenantFolder(tenant.Id), keys, ControlPlane);
    }

    public void Dispose() => controlPlane?.Dispose();
}
