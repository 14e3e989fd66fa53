using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Disclosure;

namespace Ambroise.Cli.Disclosure;

/// <summary><c>ambroise disclosure show</c> and <c>set</c>: how counts are shown to people without a permit.</summary>
static class ShowRules
{
    sealed record Shown(string Tenant, DisclosureRules Rules, int Answered);

    public static Command Command(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        return frame.Runs(new Command("show", frame.Say("Shows a tenant's rules for counts shown without a permit", "Montre les règles des effectifs montrés sans permis")) { tenant },
            (session, parse) => Show(session, parse.GetRequiredValue(tenant)),
            new Example("ambroise disclosure show --tenant chu", frame.Say("threshold, noise, rounding, snap, and how many answers are kept", "seuil, bruit, arrondi, rappel, et nombre de réponses gardées")));
    }

    public static Command SetCommand(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        var threshold = new Option<int?>("--threshold") { HelpName = "N", Description = frame.Say("Fewer patients are never shown", "En dessous, rien n'est montré") };
        var noise = new Option<double?>("--noise-sd") { HelpName = "X", Description = frame.Say("Standard deviation of the noise, in patients", "Écart-type du bruit, en patients") };
        var clamp = new Option<int?>("--noise-clamp") { HelpName = "N", Description = frame.Say("Largest noise, in patients", "Plus grand bruit, en patients") };
        var rounding = new Option<int?>("--rounding") { HelpName = "N", Description = frame.Say("Counts are multiples of it", "Les effectifs en sont des multiples") };
        var snap = new Option<int?>("--snap") { HelpName = "N", Description = frame.Say("Sets that differ by fewer patients get the same answer", "Deux ensembles qui diffèrent de moins ont la même réponse") };
        var fade = new Option<int?>("--snap-fade") { HelpName = "N", Description = frame.Say("Patients over which the snap fades", "Patients sur lesquels le rappel s'estompe") };
        var answers = new Option<int?>("--answers") { HelpName = "N", Description = frame.Say("Different counts the tenant answers in all", "Effectifs différents donnés en tout") };
        return frame.Runs(new Command("set", frame.Say("Changes the rules; answers already given stay", "Change les règles ; les réponses données restent")) { tenant, threshold, noise, clamp, rounding, snap, fade, answers },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.DisclosureChange).OrThrow();
                DisclosureRules rules;
                using (var counts = SafeCounts.Open(open.Folder, open.Keys).OrThrow()) rules = counts.Rules;
                var wanted = new DisclosureRules(parse.GetValue(threshold) ?? rules.Threshold, parse.GetValue(noise) ?? rules.NoiseSd, parse.GetValue(clamp) ?? rules.NoiseClamp,
                    parse.GetValue(rounding) ?? rules.Rounding, parse.GetValue(snap) ?? rules.SnapWithin, parse.GetValue(fade) ?? rules.SnapFade, parse.GetValue(answers) ?? rules.Answers);
                return SafeCounts.SetRules(open.Folder, open.Keys, wanted).Failed(out var failure, out _) ? failure : Show(session, open);
            },
            new Example("ambroise disclosure set --tenant chu --threshold 11", frame.Say("a site that withholds counts up to 10", "un site qui retient les effectifs jusqu'à 10")));
    }

    static Result<Answer> Show(Session session, string id)
    {
        using var open = session.OpenTenant(id, Capability.CohortDisclosed).OrThrow();
        return Show(session, open);
    }

    static Result<Answer> Show(Session session, OpenTenant open)
    {
        using var counts = SafeCounts.Open(open.Folder, open.Keys).OrThrow();
        var r = counts.Rules;
        return Answer.Sentence(new Shown(open.Id.Value, r, counts.Answered), session.Say(
            $"""
            Counts below {r.Threshold} are shown as {r.Withheld}, as are those too near to it to tell.
            Others carry a noise that follows from the set of patients (standard deviation {r.NoiseSd}, at most {r.NoiseClamp}) and are rounded to {r.Rounding}.
            A set that differs by fewer than {r.SnapWithin} patients from one already answered gets its answer; up to {r.SnapWithin + r.SnapFade}, ever less often.
            Kept: {counts.Answered:N0} of {r.Answers:answer|answers}, sealed, without any patient.
            """,
            $"""
            Les effectifs de moins de {r.Threshold} sont montrés comme {r.Withheld}, ainsi que ceux qui en sont trop proches.
            Les autres portent un bruit qui dépend de l'ensemble des patients (écart-type {r.NoiseSd}, au plus {r.NoiseClamp}) et sont arrondis à {r.Rounding}.
            Un ensemble qui diffère de moins de {r.SnapWithin} patients d'un ensemble déjà compté reçoit sa réponse ; jusqu'à {r.SnapWithin + r.SnapFade}, de moins en moins souvent.
            Conservées : {counts.Answered:réponse|réponses} sur {r.Answers:N0}, sous scellés, sans aucun patient.
            """));
    }
}
