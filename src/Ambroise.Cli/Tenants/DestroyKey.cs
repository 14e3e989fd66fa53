using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Tenants;
using Ambroise.Vault;
using Spectre.Console;

namespace Ambroise.Cli.Tenants;

/// <summary><c>ambroise tenant destroy-key</c>: makes everything of a tenant unreadable for good.</summary>
static class DestroyKey
{
    sealed record Shown(string Tenant, TenantState State, int KeyGroups);

    public static Command Command(CommandFrame frame)
    {
        var id = TenantArgument.Make(frame);
        var confirm = new Option<string?>("--confirm") { HelpName = "NAME", Description = frame.Say("The tenant's name, instead of a question", "Le nom de l'établissement, au lieu d'une question") };
        return frame.Runs(
            new Command("destroy-key", frame.Say("Destroys the tenant's key: its data is unreadable for good", "Détruit la clé : les données deviennent illisibles pour toujours")) { id, confirm },
            (session, parse) => Run(session, parse.GetRequiredValue(id), parse.GetValue(confirm)),
            new Example("ambroise tenant destroy-key chu", frame.Say("asks for the tenant's name", "demande le nom de l'établissement")),
            new Example("ambroise tenant destroy-key chu --confirm \"CHU de Sainte-Ambroise\"", frame.Say("for scripts", "pour un script")));
    }

    static Result<Answer> Run(Session session, string text, string? confirm)
    {
        if (TenantId.Parse(text).Failed(out var failure, out var id) || session.ControlPlane.Find(id).Failed(out failure, out var tenant)) return failure;
        if (session.Ask(tenant, Capability.TenantDestroyKey) is { } denied) return denied;
        if ((confirm ?? Ask(session, tenant)) != tenant.Name)
            return new Failure(FailureKind.Invalid, "tenant.not-confirmed", "The name given is not the tenant's: nothing was destroyed.");

        // Destroying takes no key, but who is signed in is known with the keys alone.
        if (session.ControlPlane.MayRequireTwoFactors(id))
        {
            if (session.Unseal(tenant, Capability.TenantDestroyKey).Failed(out failure, out var open)) return failure;
            open.Dispose();
        }
        session.ControlPlane.Audit(id).Write(new(session.Caller.Actor, session.Caller.Account, Names.Of(Capability.TenantDestroyKey), Outcome.Allowed), null);

        // A token's key is destroyed inside the token, which asks for its PIN; a keystore file goes without its passphrase.
        Passphrase? pin = null;
        if (tenant.Custodian != "file" && session.PassphraseFor(tenant.Custodian).Read("PIN:").Failed(out failure, out pin)) return failure;
        using (pin)
            if (KeyRing.Destroy(session.Home.KeysFolder(id), id.Value, pin, Session.Pkcs11Module).Failed(out failure, out var groups)) return failure;
            else
            {
                session.ControlPlane.SetState(id, TenantState.Destroyed);
                return Answer.Sentence(new Shown(id.Value, TenantState.Destroyed, groups), session.Say(
                    $"The key of {id} is destroyed. Destroy the backups of its keys folder too: they still open with the passphrase.",
                    $"La clé de {id} est détruite. Détruisez aussi les sauvegardes de son dossier keys : elles s'ouvrent encore avec la phrase de passe."));
            }
    }

    static string? Ask(Session session, Tenant tenant)
    {
        if (Console.IsInputRedirected) return null;
        session.Terminal.Aside.Markup(Markup.Escape(session.Say($"This cannot be undone. The name of tenant {tenant.Id}: ", $"C'est sans retour. Le nom de l'établissement {tenant.Id} : ")));
        return Console.ReadLine()?.Trim();
    }
}
