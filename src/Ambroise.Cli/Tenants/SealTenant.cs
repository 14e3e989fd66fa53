using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Tenants;

namespace Ambroise.Cli.Tenants;

/// <summary><c>ambroise tenant seal</c> and <c>unseal</c>: a sealed tenant opens to nobody, whatever the passphrase.
/// Keys live only as long as a command, so sealing has nothing to drop from memory here: it forbids the next opening.</summary>
static class SealTenant
{
    public static Command Command(CommandFrame frame)
    {
        var id = TenantArgument.Make(frame);
        return frame.Runs(
            new Command("seal", frame.Say("Closes a tenant until it is unsealed; needs no passphrase", "Ferme un établissement jusqu'à sa réouverture ; sans phrase de passe")) { id },
            (session, parse) => Seal(session, parse.GetRequiredValue(id)),
            new Example("ambroise tenant seal chu", frame.Say("every command on chu is refused from now on", "toute commande sur chu est refusée désormais")));
    }

    public static Command UnsealCommand(CommandFrame frame)
    {
        var id = TenantArgument.Make(frame);
        return frame.Runs(
            new Command("unseal", frame.Say("Opens a sealed tenant again; needs its passphrase", "Rouvre un établissement scellé ; demande sa phrase de passe")) { id },
            (session, parse) => Unseal(session, parse.GetRequiredValue(id)),
            new Example("ambroise tenant unseal chu", frame.Say("also checks that keystore and passphrase fit", "vérifie aussi le coffre et la phrase de passe")));
    }

    static Result<Answer> Seal(Session session, string id)
    {
        if (session.FindTenant(id).Failed(out var failure, out var tenant)) return failure;
        // Whoever has the machine may close a tenant: it opens nothing.
        session.ControlPlane.Audit(tenant.Id).Write(new(session.Caller.Actor, session.Caller.Account, "tenant.seal", Outcome.Allowed), null);
        return Set(session, tenant, TenantState.Sealed, session.Say($"Tenant {id} is sealed.", $"L'établissement {id} est scellé."));
    }

    static Result<Answer> Unseal(Session session, string id)
    {
        if (session.FindTenant(id).Failed(out var failure, out var tenant)) return failure;
        if (session.Ask(tenant, Capability.TenantSeal) is { } denied) return denied;
        if (session.Unseal(tenant, Capability.TenantSeal).Failed(out failure, out var open)) return failure;
        open.Dispose();
        return Set(session, tenant, TenantState.Ready, session.Say($"Tenant {id} is open to whoever has its passphrase.", $"L'établissement {id} s'ouvre à qui a sa phrase de passe."));
    }

    static Answer Set(Session session, Tenant tenant, TenantState state, string sentence)
    {
        session.ControlPlane.SetState(tenant.Id, state);
        return Answer.Sentence(TenantShown.Of(tenant with { State = state }, session.ControlPlane), sentence);
    }
}
