using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Lake;
using Ambroise.Cli.Tenants;
using Ambroise.Cohorts.Engine;
using Spectre.Console;

namespace Ambroise.Cli.Cohorts;

/// <summary><c>ambroise cohort count</c>: how many, rule by rule, and how fast.</summary>
static class CountCohort
{
    sealed record Shown(int Release, long Patients, long Records, long Entered, IReadOnlyList<RuleCount> Rules, IReadOnlyList<CriterionCount> Criteria, double ElapsedMs);

    public static Command Command(CommandFrame frame)
    {
        var file = new Argument<FileInfo>("DEF.json") { Description = frame.Say("A definition, as ATLAS exports it", "Une définition, telle qu'ATLAS l'exporte") };
        var tenant = TenantArgument.MakeOption(frame);
        var release = LakeOptions.Release(frame);
        var memory = LakeOptions.Memory(frame);
        var disclosed = new Option<bool>("--disclosed") { Description = frame.Say("As shown without a permit: small counts withheld, others with noise and rounded", "Comme sans permis : petits effectifs retenus, les autres bruités et arrondis") };
        var by = new Option<string[]>("--by") { HelpName = "sex|age", AllowMultipleArgumentsPerToken = true, Description = frame.Say("With --disclosed: breaks the count down by one or two", "Avec --disclosed : ventile l'effectif par un ou deux") };
        by.AcceptOnlyFromAmong("sex", "age");
        return frame.Runs(new Command("count", frame.Say("Counts the patients of a definition, with the attrition of its rules", "Compte les patients d'une définition, avec l'attrition de ses règles")) { file, tenant, release, memory, disclosed, by },
            (session, parse, cancel) => Task.FromResult(parse.GetValue(disclosed) || session.SeesDisclosed(parse.GetRequiredValue(tenant))
                ? CountDisclosed.Run(session, parse.GetRequiredValue(file), parse.GetRequiredValue(tenant), parse.GetValue(release), [.. (parse.GetValue(by) ?? []).Distinct()], parse.GetValue(memory) ?? MemoryBound.Usual, cancel)
                : Run(session, parse.GetRequiredValue(file), parse.GetRequiredValue(tenant), parse.GetValue(release), parse.GetValue(memory) ?? MemoryBound.Usual, cancel)),
            new Example("ambroise cohort count diabetes.json --tenant chu", frame.Say("patients, records, attrition", "patients, séjours, attrition")),
            new Example("ambroise cohort count diabetes.json --tenant chu --disclosed --by sex age", frame.Say("the count that anyone of the house may see, by sex and age", "l'effectif que chacun de la maison peut voir, par sexe et âge")));
    }

    static Result<Answer> Run(Session session, FileInfo file, string id, int? release, long memory, CancellationToken cancel)
    {
        if (DefinitionFile.Parse(file).Failed(out var failure, out var definition)) return failure;
        if (CohortRoom.Open(session, id, release, "cohort.count", memory).Failed(out failure, out var room)) return failure;
        using (room)
        {
            var result = room.Count(definition, cancel);
            var shown = new Shown(room.Release, result.Patients, result.Records, result.Entered, result.Rules, result.Criteria, Math.Round(result.Elapsed.TotalMilliseconds, 3));
            return new Answer(shown, console => Show(session, console, shown));
        }
    }

    static void Show(Session session, IAnsiConsole console, Shown shown)
    {
        console.MarkupLine(session.Say($"[bold]{shown.Patients:patient|patients}[/], {shown.Records:record|records}, release {shown.Release}, {shown.ElapsedMs:F1} ms",
            $"[bold]{shown.Patients:patient|patients}[/], {shown.Records:séjour|séjours}, version {shown.Release}, {shown.ElapsedMs:F1} ms"));
        if (shown.Rules.Count == 0) return;
        var most = Math.Max(1, shown.Entered);
        var table = new Table().Border(TableBorder.Simple).AddColumns(session.Say("Rule", "Règle"), "").AddColumn(new TableColumn(session.Say("Left after it", "Restent après")).RightAligned())
            .AddColumn(new TableColumn(session.Say("Pass it", "La passent")).RightAligned()).AddColumn(new TableColumn(session.Say("Gained without", "Gagnés sans elle")).RightAligned());
        table.AddRow(new Text(session.Say("(entry)", "(entrée)")), new Text(new string('█', 20)), new Text(session.Say($"{shown.Entered:N0}")), new Text(""), new Text(""));
        foreach (var rule in shown.Rules)
            table.AddRow(new Text(rule.Name), new Text(new string('█', (int)(20 * rule.Remaining / most))), new Text(session.Say($"{rule.Remaining:N0}")), new Text(session.Say($"{rule.Satisfied:N0}")), new Text(session.Say($"{rule.Gained:N0}")));
        console.Write(table);
    }
}
