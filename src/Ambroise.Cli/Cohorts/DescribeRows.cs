using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Lake;
using Ambroise.Cli.Tenants;
using Ambroise.Cohorts.Describe;
using Ambroise.Cohorts.Engine;
using Ambroise.Cohorts.Explain;
using Spectre.Console;

namespace Ambroise.Cli.Cohorts;

/// <summary><c>ambroise cohort describe</c>: who the patients of a cohort are, as numbers and as a page of charts.</summary>
static class DescribeRows
{
    public static Command Command(CommandFrame frame)
    {
        var rows = new Argument<FileInfo>("DEF.json|COHORT.csv") { Description = frame.Say("A definition, or a cohort's rows as 'cohort run --out' writes them", "Une définition, ou les lignes d'une cohorte telles que « cohort run --out » les écrit") };
        var tenant = TenantArgument.MakeOption(frame);
        var release = LakeOptions.Release(frame);
        var memory = LakeOptions.Memory(frame);
        var page = new Option<FileInfo?>("--html") { HelpName = "F.html", Description = frame.Say("Writes a page of charts, self-contained", "Écrit une page de graphiques, autonome") };
        var before = new Option<int>("--before") { HelpName = "DAYS", DefaultValueFactory = _ => 365, Description = frame.Say("Days before the index in which records count", "Jours avant l'index où les enregistrements comptent") };
        var after = new Option<int>("--after") { HelpName = "DAYS", DefaultValueFactory = _ => 30, Description = frame.Say("Days after it", "Jours après l'index") };
        return frame.Runs(new Command("describe", frame.Say("Describes a cohort: ages, sex, years, frequent concepts, laboratory values, follow-up", "Décrit une cohorte : âges, sexe, années, concepts fréquents, laboratoire, suivi")) { rows, tenant, release, memory, page, before, after },
            (session, parse, cancel) => Task.FromResult(Run(session, parse.GetRequiredValue(rows), parse.GetRequiredValue(tenant), parse.GetValue(release), parse.GetValue(memory) ?? MemoryBound.Usual, parse.GetValue(page),
                new DescribeOptions(parse.GetValue(before), parse.GetValue(after)), cancel)),
            new Example("ambroise cohort describe diabetes.json --tenant chu --html diabetes.html", frame.Say("numbers here, charts in the page", "les nombres ici, les graphiques dans la page")),
            new Example("ambroise cohort describe diabetes.csv --tenant chu --json", frame.Say("every number, for a program", "tous les nombres, pour un programme")));
    }

    static Result<Answer> Run(Session session, FileInfo file, string id, int? release, long memory, FileInfo? page, DescribeOptions options, CancellationToken cancel)
    {
        var isDefinition = file.Extension.Equals(".json", StringComparison.OrdinalIgnoreCase);
        Failure? failure;
        List<CohortRow>? read = null;
        if (!isDefinition && CohortRowsFile.Read(file).Failed(out failure, out read)) return failure;
        var asked = isDefinition ? DefinitionFile.Parse(file) : default;
        if (isDefinition && asked.Failed(out failure, out _)) return failure;
        if (CohortRoom.Open(session, id, release, "cohort.describe", memory).Failed(out failure, out var room)) return failure;
        using (room)
        {
            CohortRow[] rows = read is not null ? [.. read] : [.. room.Run(asked.OrThrow(), 0, cancel).Rows];
            var cohort = session.Terminal.Progress(session.Say("Describing", "Description"), report => room.Describe(rows, options, report, cancel));
            if (page is not null && Draw(session, page, Path.GetFileNameWithoutExtension(file.Name), cohort) is { } unwritable) return unwritable;
            return new Answer(cohort, console => Show(session, console, cohort));
        }
    }

    static Failure? Draw(Session session, FileInfo page, string title, CohortDescription cohort)
    {
        try
        {
            File.WriteAllText(page.FullName, DescriptionPage.Html(cohort, title, session.Language.Wording));
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Failure(FailureKind.Unavailable, "cohort.out-unwritable", $"{page.Name} cannot be written: make its folder, make room or give permission.");
        }
    }

    static void Show(Session session, IAnsiConsole console, CohortDescription cohort)
    {
        console.WriteLine(session.Say($"{cohort.Patients:patient|patients}, {cohort.Rows:stay|stays}", $"{cohort.Patients:patient|patients}, {cohort.Rows:séjour|séjours}"));
        foreach (var (title, concepts) in new[]
        {
            (session.Say("Conditions", "Diagnostics"), cohort.Conditions), (session.Say("Drugs", "Médicaments"), cohort.Drugs), (session.Say("Procedures", "Actes"), cohort.Procedures),
        })
        {
            var table = new Table().Border(TableBorder.Simple).AddColumn(title).AddColumn(new TableColumn("Patients").RightAligned()).AddColumn(new TableColumn("%").RightAligned());
            foreach (var c in concepts.Take(10)) table.AddRow(new Text(c.Name), new Text(session.Say($"{c.Patients:N0}")), new Text(session.Say($"{100 * c.Prevalence:F1}")));
            console.Write(table);
        }
        if (cohort.FollowUpDays is { } follow)
            console.WriteLine(session.Say($"Follow-up after index: median {follow.Median:day|days} ({follow.P25:N0} to {follow.P75:N0})", $"Suivi après l'index : médiane {follow.Median:jour|jours} ({follow.P25:N0} à {follow.P75:N0})"));
    }
}
