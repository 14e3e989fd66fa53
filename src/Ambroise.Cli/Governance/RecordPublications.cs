using System.CommandLine;
using Ambroise.Cli.Datasets;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Projects;
using Spectre.Console;

namespace Ambroise.Cli.Governance;

/// <summary><c>ambroise publication</c>: what projects published, and what is due.</summary>
static class RecordPublications
{
    /// <param name="Due">Results are due by this day.</param>
    sealed record Shown(string Project, DateOnly Due, bool Late, IReadOnlyList<Publication> Publications);

    public static Command Add(CommandFrame frame)
    {
        var (project, tenant) = (DatasetOptionsOf.MakeProject(frame), TenantArgument.MakeOption(frame));
        var title = new Option<string>("--title") { Required = true, HelpName = "TEXT", Description = frame.Say("Its title", "Son titre") };
        var reference = new Option<string>("--reference") { Required = true, HelpName = "TEXT", Description = frame.Say("DOI, address or citation", "DOI, adresse ou citation") };
        var on = new Option<DateOnly?>("--on") { HelpName = "DATE", Description = frame.Say("The day it came out (else today)", "Le jour de parution (sinon aujourd'hui)") };
        return frame.Runs(new Command("add", frame.Say("Records a publication of a project's results", "Consigne une publication des résultats d'un projet")) { project, title, reference, on, tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.ProjectRequest, parse.GetRequiredValue(project)).OrThrow();
                if (open.Ledger.Projects(open.Id).Find(parse.GetRequiredValue(project)).Failed(out var failure, out var found)) return failure;
                var day = parse.GetValue(on) ?? DateOnly.FromDateTime(session.Clock.GetUtcNow().UtcDateTime);
                if (open.Ledger.Publications(open.Id, open.Keys).Add(found, parse.GetRequiredValue(title), parse.GetRequiredValue(reference), day, session.Caller.Actor).Failed(out failure, out var added)) return failure;
                open.Record(Outcome.Done, null, null, ("publication", $"{added.Number}"));
                return Answer.Sentence(added, session.Say($"Publication {added.Number} of {added.Project}: {added.Title}.", $"Publication {added.Number} de {added.Project} : {added.Title}."));
            },
            new Example("ambroise publication add --project statins --title \"Statins and falls\" --reference doi:10.1000/182 --tenant chu --as marie", frame.Say("it appears in the public register", "elle paraît au registre public")));
    }

    public static Command List(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        return frame.Runs(new Command("list", frame.Say("Lists each project's publications and when results are due", "Liste les publications de chaque projet et l'échéance des résultats")) { tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.ProjectRead).OrThrow();
                var (all, today) = (open.Ledger.Publications(open.Id, open.Keys).Entries, DateOnly.FromDateTime(session.Clock.GetUtcNow().UtcDateTime));
                var shown = open.Ledger.Projects(open.Id).List().Where(p => p.Permit is not null).Select(p =>
                {
                    var due = PublicationBook.Due(p.Permit!.Open(open.Signature).OrThrow().Until);
                    var own = all.Where(e => e.Project == p.Id).ToList();
                    return new Shown(p.Id, due, own.Count == 0 && today > due, own);
                }).ToList();
                return new Answer(shown, console =>
                {
                    foreach (var s in shown)
                    {
                        console.WriteLine($"{s.Project}: {session.Say("results due by", "résultats dus avant le")} {s.Due:yyyy-MM-dd}{(s.Late ? session.Say(", LATE", ", EN RETARD") : "")}");
                        foreach (var p in s.Publications) console.WriteLine($"  {p.On:yyyy-MM-dd}  {p.Title}  {p.Reference}");
                    }
                });
            },
            new Example("ambroise publication list --tenant chu", frame.Say("eighteen months after the permit's end", "dix-huit mois après la fin du permis")));
    }
}
