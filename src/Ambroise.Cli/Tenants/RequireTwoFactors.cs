using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;

namespace Ambroise.Cli.Tenants;

/// <summary><c>ambroise tenant require-two-factors</c>: from then on every act in the tenant is one of a person who is signed in.</summary>
static class RequireTwoFactors
{
    public static Command Command(CommandFrame frame)
    {
        var id = TenantArgument.Make(frame);
        var state = new Argument<string>("on|off");
        state.AcceptOnlyFromAmong("on", "off");
        return frame.Runs(
            new Command("require-two-factors", frame.Say("Asks everyone who acts in the tenant to be signed in, or no longer", "Demande à quiconque agit d'être connecté, ou ne le demande plus")) { id, state },
            (session, parse) => Set(session, parse.GetRequiredValue(id), parse.GetRequiredValue(state) == "on"),
            new Example("ambroise tenant require-two-factors chu on", frame.Say("by an administrator who is signed in already", "par un administrateur déjà connecté")));
    }

    static Result<Answer> Set(Session session, string id, bool on)
    {
        using var open = session.OpenTenant(id, Capability.TenantRequireTwoFactors).OrThrow();
        // Else nobody could switch it off again.
        if (session.NotSignedIn(open.Id, open.SignIns) is { } refused)
        {
            open.Record(Outcome.Denied, null, null, ("because", refused.Code));
            return refused;
        }
        if (open.Ledger.TwoFactors(open.Id, open.Keys).Set(on, session.Caller.Actor).Failed(out var failure, out var entry)) return failure;
        open.Record(Outcome.Done, null, null, ("entry", $"{entry.Number}"), ("two-factors", on ? "on" : "off"));
        return Answer.Sentence(new { tenant = id, twoFactors = on }, on
            ? session.Say($"From now on every act in {id} asks for a person who is signed in.", $"Désormais tout acte dans {id} demande une personne connectée.")
            : session.Say($"Acts in {id} no longer ask for a person who is signed in.", $"Les actes dans {id} ne demandent plus une personne connectée."));
    }
}
