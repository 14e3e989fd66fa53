using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Lake;
using Ambroise.Cli.Tenants;
using Ambroise.Cohorts.Describe;
using Ambroise.Cohorts.Explain;
using Ambroise.Cohorts.Vocabulary;
using Ambroise.Governance.Access;
using Spectre.Console;

namespace Ambroise.Cli.Cohorts;

/// <summary><c>ambroise cohort describe</c>: who the patients of a cohort are, as numbers and as a page of charts.</summary>
static class DescribeRows
{
    const long CacheBytes = 256L << 20;

    public static Command Command(CommandFrame frame)
    {
        var rows = new Argument<FileInfo>("COHORT.csv") { Description = frame.Say("A cohort's rows, as 'cohort run --out' writes them", "Les lignes d'une cohorte, telles que « cohort run --out » les écrit") };
        var tenant = TenantArgument.MakeOption(frame);
        var release = LakeOptions.Release(frame);
        var page = new Option<FileInfo?>("--html") { HelpName = "F.html", Description = frame.Say("Writes a page of charts, self-contained", "Écrit une page de graphiques, autonome") };
        var before = new Option<int>("--before") { HelpName = "DAYS", DefaultValueFactory = _ => 365, Description = frame.Say("Days before the index in which records count", "Jours avant l'index où les enregistrements comptent") };
        var after = new Option<int>("--after") { HelpName = "DAYS", DefaultValueFactory = _ => 30, Description = frame.Say("Days after it", "Jours après l'index") };
        return frame.Runs(new Command("describe", frame.Say("Describes a cohort: ages, sex, years, frequent concepts, laboratory values, follow-up", "Décrit une cohorte : âges, sexe, années, concepts fréquents, laboratoire, suivi")) { rows, tenant, release, page, before, after },
            (session, parse, cancel) => Task.FromResult(Run(session, parse.GetRequiredValue(rows), parse.GetRequiredValue(tenant), parse.GetValue(release), parse.GetValue(page),
                new DescribeOptions(parse.GetValue(before), parse.GetValue(after)), cancel)),
            new Example("ambroise cohort describe diabetes.csv --tenant chu --html diabetes.html", frame.Say("numbers here, charts in the page", "les nombres ici, les graphiques dans la page")),
            new Example("ambroise cohort describe diabetes.csv --tenant chu --json", frame.Say("every number, for a program", "tous les nombres, pour un programme")));
    }

    static Result<Answer> Run(Session session, FileInfo file, string id, int? release, FileInfo? page, DescribeOptions options, CancellationToken cancel)
    {
        if (CohortRowsFile.Read(file).Failed(out var failure, out var rows)) return failure;
        using var tenant = session.OpenTenant(id, Capability.CohortExact).OrThrow();
        using var opened = tenant.OpenRelease(session.Clock, "cohort.describe", release, CacheBytes).OrThrow();

        var all = new ShardDescription();
        foreach (var shard in opened.Shards) all.Merge(DescribeShard.Of(shard, rows, options, cancel));
        var vocabulary = ConceptGraph.Load(session.Home.VocabularyFolder).Failed(out _, out var graph) ? null : graph;
        var cohort = CohortDescription.From(all, options, vocabulary);
        if (page is not null)
            File.WriteAllText(page.FullName, DescriptionPage.Html(cohort, Path.GetFileNameWithoutExtension(file.Name), session.Say("en", "fr") == "fr" ? Wording.French : Wording.English));
        return new Answer(cohort, console => Show(session, console, cohort));
    }

    static void Show(Session session, IAnsiConsole console, CohortDescription cohort)
    {
        console.WriteLine(session.Say($"{cohort.Patients:N0} patients, {cohort.Rows:N0} stays", $"{cohort.Patients:N0} patients, {cohort.Rows:N0} séjours"));
        foreach (var (title, concepts) in new[]
        {
            (session.Say("Conditions", "Diagnostics"), cohort.Conditions), (session.Say("Drugs", "Médicaments"), cohort.Drugs), (session.Say("Procedures", "Actes"), cohort.Procedures),
        })
        {
            var table = new Table().Border(TableBorder.Simple).AddColumn(title).AddColumn(new TableColumn("Patients").RightAligned()).AddColumn(new TableColumn("%").RightAligned());
            foreach (var c in concepts.Take(10)) table.AddRow(new Text(c.Name), new Text($"{c.Patients:N0}"), new Text($"{100 * c.Prevalence:F1}"));
            console.Write(table);
        }
        if (cohort.FollowUpDays is { } follow)
            console.WriteLine(session.Say($"Follow-up after index: median {follow.Median:N0} days ({follow.P25:N0} to {follow.P75:N0})", $"Suivi après l'index : médiane {follow.Median:N0} jours ({follow.P25:N0} à {follow.P75:N0})"));
    }
}
