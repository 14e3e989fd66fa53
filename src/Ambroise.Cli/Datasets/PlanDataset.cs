using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Datasets;
using Spectre.Console;

namespace Ambroise.Cli.Datasets;

/// <summary><c>ambroise dataset plan</c>: what a build would give, and whether anyone would stand out in it.</summary>
static class PlanDataset
{
    sealed record TableShown(string Table, IReadOnlyList<string> Columns);

    sealed record Shown(string Project, int Release, int Patients, bool DatesShifted, IReadOnlyList<TableShown> Tables, AnonymityReport Anonymity, bool Blocked);

    public static Command Command(CommandFrame frame)
    {
        var options = new DatasetOptionsOf(frame);
        return frame.Runs(options.On(new Command("plan", frame.Say("Says what a build would give and who would stand out; writes nothing", "Dit ce qu'une construction donnerait et qui s'y distinguerait ; n'écrit rien"))),
            (session, parse, cancel) => Task.FromResult(Run(session, options, parse, cancel)),
            new Example("ambroise dataset plan --project cardio --tenant chu", frame.Say("patients, tables, columns, k and l", "patients, tables, colonnes, k et l")),
            new Example("ambroise dataset plan --project cardio --tenant chu --birth-band 10", frame.Say("with years of birth by ten", "avec les années de naissance par dix")));
    }

    static Result<Answer> Run(Session session, DatasetOptionsOf options, ParseResult parse, CancellationToken cancel) =>
        options.In(session, parse, room =>
        {
            if (room.Shelf.Plan(room.Release, room.Plan, room.Population, room.Sensitive, cancel).Failed(out var failure, out var planned)) return failure;
            room.Tenant.Record(Outcome.Done, room.Plan.Permit.Release, planned.Patients, ("step", "plan"));
            var shown = new Shown(room.Plan.Permit.Project, room.Plan.Permit.Release, planned.Patients, room.Plan.Shifts, [.. room.Plan.Contents.Select(c => new TableShown(c.Table, c.Columns))], planned.Anonymity, planned.Blocked is not null);
            return new Answer(shown, console => Show(session, console, shown));
        }, cancel);

    static void Show(Session session, IAnsiConsole console, Shown shown)
    {
        console.WriteLine(session.Say($"{shown.Patients:patient|patients} of release {shown.Release} for project {shown.Project}.", $"{shown.Patients:patient|patients} de la version {shown.Release} pour le projet {shown.Project}."));
        foreach (var table in shown.Tables) console.WriteLine($"  {table.Table}: {string.Join(", ", table.Columns)}");
        Report(session, console, shown.Anonymity);
        console.WriteLine(shown.Blocked
            ? session.Say("Blocked: choose a coarser band, or --remove to leave them out.", "Bloqué : choisir des classes plus larges, ou --remove pour les écarter.")
            : session.Say("It may be built.", "La construction est possible."));
    }

    static void Report(Session session, IAnsiConsole console, AnonymityReport report)
    {
        console.WriteLine(session.Say($"k = {report.K}, l = {report.L} on {string.Join(", ", report.QuasiIdentifiers)}: {report.Classes:class|classes}, the smallest of {report.Smallest:N0}; {report.ToGo:patient|patients} would have to go.",
            $"k = {report.K}, l = {report.L} sur {string.Join(", ", report.QuasiIdentifiers)} : {report.Classes:classe|classes}, la plus petite de {report.Smallest:N0} ; {report.ToGo:patient devrait|patients devraient} partir."));
        if (!report.Bands.IsEmpty)
            console.WriteLine(session.Say("Years of birth by ", "Années de naissance par ") + string.Join(", ", report.Bands.Select(b => session.Say($"{b.BirthBand}: {b.Patients:N0}", $"{b.BirthBand} : {b.Patients:N0}"))) + ".");
        foreach (var weak in report.Weakest.Take(10))
        {
            var known = string.Join(", ", weak.Values.Select((value, i) => $"{report.QuasiIdentifiers[i]} {value}"));
            console.WriteLine(session.Say($"  {known}: {weak.Patients:patient|patients}, too few {(weak.Why == "k" ? "patients" : "sensitive diagnoses")} ({weak.Why})", $"  {known} : {weak.Patients:patient|patients}, trop peu de {(weak.Why == "k" ? "patients" : "diagnostics sensibles")} ({weak.Why})"));
        }
    }
}
