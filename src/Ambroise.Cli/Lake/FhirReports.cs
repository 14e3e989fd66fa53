using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Lake.Kept;
using Ambroise.Lake.Writing;
using Ambroise.Sources.Fhir;
using Spectre.Console;

namespace Ambroise.Cli.Lake;

/// <summary><c>ambroise load report</c>: what became of every resource a load of FHIR read.</summary>
static class FhirReports
{
    /// <returns>The report of a release's load; or <c>load.report-none</c> where it was no load of FHIR.</returns>
    public static Result<FhirReport> Of(OpenTenant tenant, TimeProvider clock, int? release)
    {
        var lake = tenant.Lake(clock);
        if (lake.Release(release).Failed(out var failure, out var manifest) || SealedReport.Read(lake, manifest).Failed(out failure, out var found)) return failure;
        return found.Json is { } json && FhirReport.Parse(json) is { } report ? report : new Failure(FailureKind.NotFound, "load.report-none", $"Release {manifest.Release} is no load of FHIR: it has no report.");
    }

    public static Command Command(CommandFrame frame)
    {
        var (tenant, release) = (TenantArgument.MakeOption(frame), LakeOptions.Release(frame));
        var decisions = new Option<bool>("--decisions") { Description = frame.Say("Lists instead who became one person and who came apart, by keys", "Liste plutôt qui est devenu une seule personne et qui ne l'est plus, par clés") };
        return frame.Runs(new Command("report", frame.Say("Tells what became of every resource a load of FHIR read", "Dit ce qu'est devenue chaque ressource lue d'un chargement FHIR")) { tenant, release, decisions },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.QuarantineRead).OrThrow();
                if (Of(open, session.Clock, parse.GetValue(release)).Failed(out var failure, out var report)) return failure;
                if (parse.GetValue(decisions))
                {
                    if (Decided(open, session.Clock, parse.GetValue(release)).Failed(out failure, out var decided)) return failure;
                    return new Answer(decided, console => Show(session, console, decided));
                }
                return new Answer(report, console => Show(session, console, report));
            },
            new Example("ambroise load report --tenant chu", frame.Say("resources read = used + set aside + quarantined", "ressources lues = utilisées + écartées + en quarantaine")));
    }

    static Result<IReadOnlyList<PersonDecision>> Decided(OpenTenant tenant, TimeProvider clock, int? release)
    {
        var lake = tenant.Lake(clock);
        if (lake.Release(release).Failed(out var failure, out var manifest)) return failure;
        return SealedRecords.Read(lake, manifest, SealedRecords.Decisions).Select(PersonDecision.Of).ToList();
    }

    static void Show(Session session, IAnsiConsole console, IReadOnlyList<PersonDecision> decisions)
    {
        if (decisions.Count == 0)
        {
            console.WriteLine(session.Say("This load joined nobody and split nobody.", "Ce chargement n'a réuni ni séparé personne."));
            return;
        }
        var table = new Table().Border(TableBorder.Simple).AddColumns(session.Say("Decision", "Décision"), "Patient", session.Say("Was", "Était"), session.Say("Is", "Est"), session.Say("Because of", "À cause de"));
        foreach (var d in decisions) table.AddRow(new Text(d.What), new Text($"{d.Patient}"), new Text($"{d.Before}"), new Text($"{d.Person}"), new Text(d.Because));
        console.Write(table);
    }

    static void Show(Session session, IAnsiConsole console, FhirReport report)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("Type", session.Say("Fate", "Sort"), session.Say("Reason", "Raison")).AddColumn(new TableColumn(session.Say("Resources", "Ressources")).RightAligned());
        foreach (var f in report.Fates) table.AddRow(new Text(f.Type), new Text(f.Kind, f.Kind == "quarantined" ? new Style(Color.Yellow) : Style.Plain), new Text(f.Reason), new Text(session.Say($"{f.Count:N0}")));
        console.Write(table);
        var rows = new Table().Border(TableBorder.Simple).AddColumns("Type", "Table").AddColumn(new TableColumn(session.Say("Rows", "Lignes")).RightAligned());
        foreach (var r in report.Rows) rows.AddRow(new Text(r.Type), new Text(r.Table), new Text(session.Say($"{r.Rows:N0}")));
        console.Write(rows);
        foreach (var note in report.Notes) console.WriteLine(session.Say($"{note.Type}: {note.Reason} ({note.Count:N0})", $"{note.Type} : {note.Reason} ({note.Count:N0})"));
        if (report.Unmapped.Count > 0)
            console.WriteLine(session.Say($"{report.Unmapped.Count:code|codes} without a standard concept, in {report.Unmapped.Sum(u => u.Count):row|rows}: ambroise mappings list", $"{report.Unmapped.Count:code|codes} sans concept standard, dans {report.Unmapped.Sum(u => u.Count):ligne|lignes} : ambroise mappings list"));
    }
}
