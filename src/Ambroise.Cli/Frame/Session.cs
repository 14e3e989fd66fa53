using System.Runtime.CompilerServices;
using Ambroise.Governance;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Control;
using Ambroise.Governance.SignIn;
using Ambroise.Governance.Tenants;
using Ambroise.Vault;
using Spectre.Console;

namespace Ambroise.Cli.Frame;

/// <summary>What a running command has at hand.</summary>
sealed class Session(Home home, Terminal terminal, Language language, FileInfo? passphraseFile, Caller caller, TimeProvider clock) : IDisposable
{
    ControlPlane? controlPlane;

    public Home Home => home;

    public Terminal Terminal => terminal;

    public TimeProvider Clock => clock;

    public Caller Caller => caller;

    /// <summary>The same terminal and language, in another home.</summary>
    public Session In(Home other) => new(other, terminal, language, passphraseFile, caller, clock);

    public string Say(string english, string french) => language.Say(english, french);

    public string Say([InterpolatedStringHandlerArgument("")] Sentence english, [InterpolatedStringHandlerArgument("")] Sentence french) => language.Say(english, french);

    public string Say([InterpolatedStringHandlerArgument("")] Sentence either) => language.Say(either);

    public Language Language => language;

    public bool IsFrench => language.IsFrench;

    /// <exception cref="FailureException"><c>home.missing</c>, <c>home.newer</c>, <c>home.unreadable</c>.</exception>
    public ControlPlane ControlPlane => controlPlane ??= home.OpenControlPlane(clock).OrThrow();

    /// <summary>The library that speaks to hardware tokens, from <c>AMBROISE_PKCS11_MODULE</c>; null where it is not set.</summary>
    public static string? Pkcs11Module => Environment.GetEnvironmentVariable("AMBROISE_PKCS11_MODULE");

    /// <summary>The tenant's passphrase, or its token's PIN.</summary>
    public PassphraseSource PassphraseFor(string custodian) => new(passphraseFile, custodian == "pkcs11" ? "AMBROISE_PIN" : "AMBROISE_PASSPHRASE", terminal);

    /// <summary>The password of who acts, where it is asked for.</summary>
    public PassphraseSource Password => new(null, "AMBROISE_PASSWORD", terminal);

    /// <summary>What a person is shown and types: no secret for longer than it serves.</summary>
    /// <returns>The text; or <c>cli.code-missing</c>.</returns>
    public Result<string> Typed(string? option, string variable, string question)
    {
        if ((option ?? Environment.GetEnvironmentVariable(variable)) is { Length: > 0 } given) return given;
        var missing = new Failure(FailureKind.Invalid, "cli.code-missing", $"Give the code: on the command line, in {variable}, or at a terminal.");
        if (Console.IsInputRedirected || Console.IsErrorRedirected) return missing;
        terminal.Aside.Markup(Markup.Escape(question) + " ");
        return Console.ReadLine()?.Trim() is { Length: > 0 } typed ? typed : missing;
    }

    /// <returns>Null where the caller is signed in to the tenant; else <c>access.not-signed-in</c>, not yet in the audit.</returns>
    public Failure? NotSignedIn(TenantId tenant, SignIns signIns) => signIns.Verify(caller.Actor, new SessionFile(home, tenant, caller.Actor).Token);

    /// <summary>Opens a tenant for the length of the command: asks whether the caller may, asks for its passphrase, unseals its keys, and writes to the audit before anything is done.</summary>
    /// <param name="project">The project acted for; null for work under a role.</param>
    /// <returns>The tenant, to be disposed of; or <c>access.denied</c>, <c>tenant.id-invalid</c>, <c>tenant.unknown</c>, <c>tenant.sealed</c>, <c>tenant.destroyed</c>, <c>cli.passphrase-…</c>, <c>vault.…</c>, <c>access.not-signed-in</c>,
    /// <c>audit.unavailable</c>.</returns>
    public Result<OpenTenant> OpenTenant(string id, Capability capability, string? project = null)
    {
        if (FindTenant(id).Failed(out var failure, out var tenant)) return failure;
        if (Ask(tenant, capability, project) is { } denied) return denied;
        if (tenant.State == TenantState.Sealed) return Deny(tenant, capability, project, new(FailureKind.Forbidden, "tenant.sealed", $"Tenant '{id}' is sealed: open it with 'ambroise tenant unseal {id}'."));
        return Unseal(tenant, capability, project);
    }

    /// <returns>Null where one of the caller's roles may; else <c>access.denied</c>, already in the audit.</returns>
    public Failure? Ask(Tenant tenant, Capability capability, string? project = null)
    {
        var roles = ControlPlane.Grants(tenant.Id).Of(caller.Actor, unreviewed: capability == Capability.RolesReview);
        if (roles.Any(r => Rights.Allow(r, capability))) return null;
        var able = string.Join(", ", Rights.Roles(capability).Select(Names.Of));
        return Deny(tenant, capability, project, new(FailureKind.Forbidden, "access.denied", $"'{caller.Actor}' may not do this in tenant '{tenant.Id}' ({Names.Of(capability)}): it takes the role {able}. See 'ambroise role list --tenant {tenant.Id}'."));
    }

    /// <returns>Whether the caller's counts are under disclosure control: they may count, but not exactly.</returns>
    public bool SeesDisclosed(string id) => !FindTenant(id).Failed(out _, out var tenant) && ControlPlane.Grants(tenant.Id).Of(caller.Actor) is var roles
        && roles.Any(static r => Rights.Allow(r, Capability.CohortDisclosed)) && !roles.Any(static r => Rights.Allow(r, Capability.CohortExact));

    Failure Deny(Tenant tenant, Capability capability, string? project, Failure because)
    {
        ControlPlane.Audit(tenant.Id).Write(new(caller.Actor, caller.Account, Names.Of(capability), Outcome.Denied, project, Detail: new Dictionary<string, string> { ["because"] = because.Code }), null);
        return because;
    }

    /// <returns>A tenant whose key still exists, sealed or not.</returns>
    public Result<Tenant> FindTenant(string id)
    {
        if (TenantId.Parse(id).Failed(out var failure, out var parsed) || ControlPlane.Find(parsed).Failed(out failure, out var tenant)) return failure;
        return tenant.State == TenantState.Destroyed
            ? new Failure(FailureKind.NotFound, "tenant.destroyed", $"Tenant '{id}' was destroyed: its data is unreadable for good.")
            : tenant;
    }

    /// <summary>Opens a tenant whatever its state says, for a caller who was found to have the right.</summary>
    public Result<OpenTenant> Unseal(Tenant tenant, Capability capability, string? project = null)
    {
        if (PassphraseFor(tenant.Custodian).Read(Say($"Passphrase of {tenant.Id}:", $"Phrase de passe de {tenant.Id} :")).Failed(out var failure, out var passphrase)) return failure;
        using (passphrase)
            if (KeyRing.Unseal(home.KeysFolder(tenant.Id), tenant.Id.Value, passphrase, Pkcs11Module).Failed(out failure, out var keys)) return Deny(tenant, capability, project, failure);
            else if (NotSignedIn(tenant, keys, capability) is { } refused)
            {
                keys.Dispose();
                return Deny(tenant, capability, project, refused);
            }
            else return Opened(tenant, keys, capability, project);
    }

    /// <summary>Signing in is open to whoever has a role, all else to whoever did, where the tenant asks for it.</summary>
    Failure? NotSignedIn(Tenant tenant, KeyRing keys, Capability capability) =>
        capability == Capability.PersonSignIn || !ControlPlane.TwoFactors(tenant.Id, keys).IsRequired ? null : NotSignedIn(tenant.Id, ControlPlane.SignIns(tenant.Id, keys));

    /// <summary>A tenant whose keys are open, once the audit holds what for.</summary>
    public OpenTenant Opened(Tenant tenant, KeyRing keys, Capability capability, string? project = null)
    {
        var open = new OpenTenant(tenant, home.TenantFolder(tenant.Id), keys, ControlPlane, caller, Names.Of(capability), project);
        try
        {
            open.Record(Outcome.Allowed);
            return open;
        }
        catch
        {
            open.Dispose();
            throw;
        }
    }

    public void Dispose() => controlPlane?.Dispose();
}
