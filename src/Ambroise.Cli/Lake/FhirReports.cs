using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Lake.Kept;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Writing;
using Ambroise.Sources.Fhir;
using Spectre.Console;

namespace Ambroise.Cli.Lake;

/// <summary><c>ambroise load report</c>: what became of every resource a load of FHIR read.</summary>
static class FhirReports
{
    /// <returns>The report of a release's load; or <c>load.report-none</c> where it was no load of FHIR.</returns>
    public static Result<FhirReport> Of(TenantLake lake, int? release) => Read(lake, release).Failed(out var failure, out var read) ? failure : read.Report;

    static Result<(int Release, FhirReport Report)> Read(TenantLake lake, int? release)
    {
        if (lake.Release(release).Failed(out var failure, out var manifest) || SealedReport.Read(lake, manifest).Failed(out failure, out var found)) return failure;
        return found.Content is { } json && FhirReport.Parse(json) is { } report ? (manifest.Release, report) : None(manifest);
    }

    /// <summary>Codes that the loads behind a release told of, from the last that put everything anew.</summary>
    /// <param name="Loads">Those whose report is there, ascending.</param>
    /// <param name="Unmapped">Summed over them, the most frequent first: a resource that came in several versions counts with each.</param>
    /// <param name="IsWhole">Whether no release was dropped that may have brought more.</param>
    public sealed record Behind(IReadOnlyList<int> Loads, IReadOnlyList<UnmappedCount> Unmapped, bool IsWhole);

    /// <returns>These; or <c>load.report-none</c> where no load behind the release was one of FHIR.</returns>
    public static Result<Behind> UnmappedBehind(TenantLake lake, int? release)
    {
        if (lake.Release(release).Failed(out var failure, out var manifest) || lake.Releases().Failed(out failure, out var all)) return failure;
        var upTo = all.TakeWhile(m => m.Release < manifest.Release).Append(manifest).ToList();
        var begin = Math.Max(0, upTo.FindLastIndex(m => m.Mode == LoadMode.Replace));
        var first = upTo[begin].Mode == LoadMode.Replace ? upTo[begin].Release : 1;
        List<(int Release, FhirReport Report)> loads = [];
        var read = new HashSet<string>();
        foreach (var one in upTo.Skip(begin))
        {
            if (SealedReport.Read(lake, one).Failed(out failure, out var found)) return failure;
            if (found.Content is { } json && read.Add(found.File!.Path) && FhirReport.Parse(json) is { } report) loads.Add((one.Release, report));
        }
        if (loads.Count == 0) return None(manifest);
        var codes = loads.SelectMany(l => l.Report.Unmapped).GroupBy(u => (u.Vocabulary, u.Code, u.Table)).Select(g => g.Last() with { Count = g.Sum(u => u.Count), Display = g.Select(u => u.Display).LastOrDefault(d => d.Length > 0) ?? "" });
        return new Behind([.. loads.Select(l => l.Release)], [.. codes.OrderByDescending(u => u.Count).ThenBy(u => u.Vocabulary, StringComparer.Ordinal).ThenBy(u => u.Code, StringComparer.Ordinal)], upTo.Count - begin == manifest.Release - first + 1);
    }

    static Failure None(Manifest manifest) => new(FailureKind.NotFound, "load.report-none", $"Release {manifest.Release} is no load of FHIR: it has no report.");

    /// <summary>What became of the resources of one type, or of all: each that was read met one of three fates.</summary>
    public sealed record FatesShown(string Type, long Used, long SetAside, long Quarantined)
    {
        public long Read => Used + SetAside + Quarantined;

        /// <returns>The fates of each type, by name.</returns>
        public static IReadOnlyList<FatesShown> ByType(FhirReport report) => [.. report.Fates.GroupBy(f => f.Type).Select(g => Of(g.Key, g)).OrderBy(t => t.Type, StringComparer.Ordinal)];

        /// <returns>The fates of every resource that was read.</returns>
        public static FatesShown All(FhirReport report) => Of("", report.Fates);

        static FatesShown Of(string type, IEnumerable<FateCount> fates)
        {
            var counts = fates.GroupBy(f => f.Kind).ToDictionary(g => g.Key, g => g.Sum(f => f.Count));
            return new(type, counts.GetValueOrDefault("used"), counts.GetValueOrDefault("set-aside"), counts.GetValueOrDefault("quarantined"));
        }
    }

    /// <summary>The report as it is kept, with what its fates come to.</summary>
    sealed record Shown(int Release, int Format, string Software, string Cdm, string Guide, string Vocabulary, DateTimeOffset At, string Zone, IReadOnlyList<string> Intents, long Read, long Used, long SetAside, long Quarantined,
        IReadOnlyList<FatesShown> Types, IReadOnlyList<FateCount> Fates, IReadOnlyList<TypeRows> Rows, IReadOnlyList<UnmappedCount> Unmapped, IReadOnlyList<FateCount> Notes)
    {
        public static Shown Of(int release, FhirReport r)
        {
            var all = FatesShown.All(r);
            return new(release, r.Format, r.Software, r.Cdm, r.Guide, r.Vocabulary, r.At, r.Zone, r.Intents, all.Read, all.Used, all.SetAside, all.Quarantined, FatesShown.ByType(r), r.Fates, r.Rows, r.Unmapped, r.Notes);
        }
    }

    public static Command Command(CommandFrame frame)
    {
        var (tenant, release) = (TenantArgument.MakeOption(frame), LakeOptions.Release(frame));
        var decisions = new Option<bool>("--decisions") { Description = frame.Say("Lists instead who became one person and who came apart, by keys", "Liste plutôt qui est devenu une seule personne et qui ne l'est plus, par clés") };
        return frame.Runs(new Command("report", frame.Say("Tells what became of every resource a load of FHIR read", "Dit ce qu'est devenue chaque ressource lue d'un chargement FHIR")) { tenant, release, decisions },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.QuarantineRead).OrThrow();
                if (Read(open.Lake(session.Clock), parse.GetValue(release)).Failed(out var failure, out var read)) return failure;
                if (parse.GetValue(decisions))
                {
                    if (Decided(open.Lake(session.Clock), parse.GetValue(release)).Failed(out failure, out var decided)) return failure;
                    return new Answer(decided, console => Show(session, console, decided));
                }
                var shown = Shown.Of(read.Release, read.Report);
                return new Answer(shown, console => Show(session, console, shown));
            },
            new Example("ambroise load report --tenant chu", frame.Say("resources read = used + set aside + quarantined", "ressources lues = utilisées + écartées + en quarantaine")));
    }

    static Result<IReadOnlyList<PersonDecision>> Decided(TenantLake lake, int? release)
    {
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
        foreach (var d in decisions) table.AddRow(new Text(Decision(session, d.What)), new Text($"{d.Patient}"), new Text($"{d.Before}"), new Text($"{d.Person}"), new Text(d.Because));
        console.Write(table);
    }

    static void Show(Session session, IAnsiConsole console, Shown report)
    {
        Table Columns(params string[] names)
        {
            var table = new Table().Border(TableBorder.Simple);
            foreach (var name in names) table.AddColumn(name);
            return table;
        }
        Table Counting(Table table, params string[] names)
        {
            foreach (var name in names) table.AddColumn(new TableColumn(name).RightAligned());
            return table;
        }
        Text Number(long n) => new(session.Say($"{n:N0}"));

        var (zone, vocabulary) = (report.Zone == "as written" ? session.Say("as written", "telles qu'écrites") : report.Zone, report.Vocabulary is "" or "none" ? session.Say("none", "aucun") : report.Vocabulary);
        console.WriteLine(session.Say($"Release {report.Release}, loaded at {report.At:u} by Ambroise {report.Software}. Vocabulary: {vocabulary}. Times: {zone}.",
            $"Version {report.Release}, chargée le {report.At:u} par Ambroise {report.Software}. Vocabulaire : {vocabulary}. Heures : {zone}."));

        var types = Counting(Columns("Type"), session.Say("Read", "Lues"), session.Say("Used", "Utilisées"), session.Say("Set aside", "Écartées"), session.Say("Quarantined", "En quarantaine"));
        foreach (var t in report.Types) types.AddRow(new Text(t.Type), Number(t.Read), Number(t.Used), Number(t.SetAside), Number(t.Quarantined));
        types.AddRow(new Text(session.Say("All", "Toutes")), Number(report.Read), Number(report.Used), Number(report.SetAside), Number(report.Quarantined));
        console.Write(types);

        var fates = Counting(Columns("Type", session.Say("Fate", "Sort"), session.Say("Reason", "Raison")), session.Say("Resources", "Ressources"));
        foreach (var f in report.Fates) fates.AddRow(new Text(f.Type), new Text(Fate(session, f.Kind), f.Kind == "quarantined" ? new Style(Color.Yellow) : Style.Plain), new Text(f.Reason == f.Kind ? "" : f.Reason), Number(f.Count));
        console.Write(fates);

        var rows = Counting(Columns("Type", "Table"), session.Say("Rows", "Lignes"));
        foreach (var r in report.Rows) rows.AddRow(new Text(r.Type), new Text(r.Table), Number(r.Rows));
        console.Write(rows);
        foreach (var note in report.Notes) console.WriteLine(session.Say($"{note.Type}: {note.Reason} ({note.Count:N0})", $"{note.Type} : {note.Reason} ({note.Count:N0})"));
        if (report.Unmapped.Count > 0)
            console.WriteLine(session.Say($"{report.Unmapped.Count:code|codes} without a standard concept, in {report.Unmapped.Sum(u => u.Count):row|rows}: ambroise mappings list", $"{report.Unmapped.Count:code|codes} sans concept standard, dans {report.Unmapped.Sum(u => u.Count):ligne|lignes} : ambroise mappings list"));
    }

    static string Fate(Session session, string kind) => kind switch
    {
        "used" => session.Say("used", "utilisées"),
        "set-aside" => session.Say("set aside", "écartées"),
        "quarantined" => session.Say("quarantined", "en quarantaine"),
        _ => kind,
    };

    static string Decision(Session session, string what) => what switch
    {
        "merged" => session.Say("merged", "réuni"),
        "moved" => session.Say("moved", "déplacé"),
        "split" => session.Say("split", "séparé"),
        _ => what,
    };
}
