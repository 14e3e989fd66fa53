using System.CommandLine;
using Ambroise.Cli.Datasets;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Spectre.Console;

namespace Ambroise.Cli.Governance;

/// <summary><c>ambroise opposition report</c>: what was done for one patient, to be told to them.</summary>
static class ReportOppositions
{
    sealed record Entry(long Number, string Reach, bool Withdraws, bool InForce, string Channel, DateOnly Received, DateTimeOffset Recorded);

    /// <param name="Withheld">Counts, cohorts and datasets of the project are made without the patient from now on.</param>
    sealed record ProjectShown(string Project, string State, bool Withheld, IReadOnlyList<DatasetHeld> Datasets);

    sealed record Shown(long Person, bool WithheldFromResearch, IReadOnlyList<Entry> Entries, IReadOnlyList<ProjectShown> Projects);

    public static Command Command(CommandFrame frame)
    {
        var person = new Argument<long>("PERSON") { Description = frame.Say("The patient's person_id", "Le person_id du patient") };
        var tenant = TenantArgument.MakeOption(frame);
        return frame.Runs(new Command("report", frame.Say("Says what was done for one patient: what is withheld, and which datasets still hold them", "Dit ce qui a été fait pour un patient : ce dont il est retiré, et quels jeux de données le contiennent encore")) { person, tenant },
            (session, parse) => Run(session, parse.GetValue(person), parse.GetRequiredValue(tenant)),
            new Example("ambroise opposition report 1042 --tenant chu --as dpo", frame.Say("to be told to the patient", "à dire au patient")));
    }

    static Result<Answer> Run(Session session, long person, string id)
    {
        using var open = session.OpenTenant(id, Capability.OppositionRead).OrThrow();
        var register = open.Ledger.Oppositions(open.Id, open.Keys);
        var inForce = register.InForce().Select(o => o.Number).ToHashSet();
        var entries = register.List().Where(o => o.Person == person).Select(o => new Entry(o.Number, o.Reach.ToString(), o.Withdraws, inForce.Contains(o.Number), o.Channel.ToString(), o.Received, o.Recorded)).ToList();
        var datasets = Objecting.Datasets(session, open, new HashSet<long> { person }).ToLookup(d => d.Project);
        var projects = open.Ledger.Projects(open.Id).List().Select(p => new ProjectShown(p.Id, p.State.ToString().ToLowerInvariant(), Objecting.To(open, p).Contains(person), [.. datasets[p.Id]])).ToList();
        open.Record(Outcome.Done, null, 1, ("report", "patient"));
        var shown = new Shown(person, register.Against().Contains(person), entries, projects);
        return new Answer(shown, console =>
        {
            if (entries.Count == 0) console.WriteLine(session.Say("Nothing was said by this patient.", "Ce patient n'a rien dit."));
            foreach (var e in entries)
                console.WriteLine($"{e.Recorded:yyyy-MM-dd HH:mm} {e.Reach} ({e.Channel}, {e.Received:yyyy-MM-dd}) {(e.Withdraws ? session.Say("withdrawn", "levée") : e.InForce ? session.Say("in force", "en vigueur") : session.Say("past", "passée"))}");
            if (projects.Count == 0) return;
            var table = new Table().Border(TableBorder.Simple).AddColumns(session.Say("Project", "Projet"), session.Say("State", "État"), session.Say("Withheld", "Retiré"), session.Say("Datasets that hold the patient still", "Jeux qui contiennent encore le patient"));
            foreach (var p in projects) table.AddRow(new Text(p.Project), new Text(RunProjects.Word(session, p.State)), new Text(p.Withheld ? "●" : ""), new Text(string.Join(", ", p.Datasets.Where(d => d.Holds).Select(d => d.Number))));
            console.Write(table);
        });
    }
}
