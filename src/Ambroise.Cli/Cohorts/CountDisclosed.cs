using System.Collections.Immutable;
using Ambroise.Cli.Disclosure;
using Ambroise.Cli.Frame;
using Ambroise.Cohorts.Definitions;
using Ambroise.Cohorts.Engine;
using Ambroise.Governance.Access;
using Ambroise.Governance.Disclosure;
using Spectre.Console;

namespace Ambroise.Cli.Cohorts;

/// <summary><c>ambroise cohort count --disclosed</c>: the count, and breakdowns of it, as a person without a permit may see them. Never beside the exact number.</summary>
static class CountDisclosed
{
    sealed record CellShown(string? Row, string? Column, string Patients, bool Hidden);

    sealed record Shown(int Release, string Patients, int? Count, string Withheld, IReadOnlyList<string> By, IReadOnlyList<CellShown> Cells);

    /// <param name="by">Up to two of <c>sex</c>, <c>age</c>.</param>
    public static Result<Answer> Run(Session session, FileInfo file, string id, int? release, IReadOnlyList<string> by, long memory, CancellationToken cancel)
    {
        if (DefinitionFile.Parse(file).Failed(out var failure, out var definition)) return failure;
        if (OpenCriteria.Check(definition) is { } refused) return refused;
        if (CohortRoom.Open(session, id, release, "cohort.count-disclosed", memory, Capability.CohortDisclosed).Failed(out failure, out var room)) return failure;
        using (room)
        {
            var first = First(room.RunToDisclose(definition, cancel).Rows);
            if (room.SafeCounts().Failed(out failure, out var counts)) return failure;
            using (counts)
            {
                if (counts.Show(first.Keys).Failed(out failure, out var whole)) return failure;
                var cells = new List<CellShown>();
                if (by.Count > 0 && Cells(counts, room, first, by, cells) is { } because) return because;
                room.RecordShown(whole.Count);
                var shown = new Shown(room.Release, whole.Text, whole.Count, counts.Rules.Withheld, by, cells);
                return new Answer(shown, console => Show(session, console, shown));
            }
        }
    }

    /// <summary>Each patient with the first day in the cohort.</summary>
    static Dictionary<long, int> First(IReadOnlyList<CohortRow> rows)
    {
        var first = new Dictionary<long, int>();
        foreach (var row in rows) first.TryAdd(row.Subject, row.Start); // rows ascend by patient and start
        return first;
    }

    static Failure? Cells(SafeCounts counts, CohortRoom room, Dictionary<long, int> first, IReadOnlyList<string> by, List<CellShown> cells)
    {
        var placed = room.Persons().Where(p => first.ContainsKey(p.Id))
            .Select(p => (p.Id, Row: by.Count == 2 ? Category(by[0], p, first[p.Id]) : "", Column: Category(by[^1], p, first[p.Id]))).ToList();
        // Every category there can be, found or not: that one is absent would tell too.
        var (rows, columns) = (by.Count == 2 ? All(by[0]) : [""], All(by[^1]));
        var members = placed.ToLookup(p => (p.Row, p.Column), p => p.Id);
        if (Breakdown.Show(counts, [.. rows.Select(r => columns.Select(c => members[(r, c)].ToList()).ToList())]).Failed(out var failure, out var table)) return failure;
        string? Row(int r) => by.Count == 2 ? rows[r] : null;
        for (var r = 0; r < rows.Length; r++)
            for (var c = 0; c < columns.Length; c++) cells.Add(new(Row(r), columns[c], table.Cells[r][c].Text, table.Cells[r][c].Hidden));
        if (by.Count == 2)
        {
            cells.AddRange(rows.Select((r, i) => new CellShown(r, null, table.RowTotals[i].Text, table.RowTotals[i].Hidden)));
            cells.AddRange(columns.Select((c, i) => new CellShown(null, c, table.ColumnTotals[i].Text, table.ColumnTotals[i].Hidden)));
        }
        return null;
    }

    static ImmutableArray<string> All(string by) => by == "sex" ? ["F", "M", "other"] : [.. Enumerable.Range(0, 9).Select(Band), "90+"];

    static string Band(int decade) => $"{10 * decade}-{10 * decade + 9}";

    static string Category(string by, (long Id, int Gender, int BirthYear) person, int day)
    {
        if (by == "sex") return person.Gender switch { 8532 => "F", 8507 => "M", _ => "other" };
        var age = Math.Max(0, Ambroise.Lake.Columns.Days.Date(day).Year - person.BirthYear);
        return age >= 90 ? "90+" : Band(age / 10);
    }

    static void Show(Session session, IAnsiConsole console, Shown shown)
    {
        console.MarkupLineInterpolated($"[bold]{shown.Patients}[/] {session.Say($"patients, release {shown.Release}", $"patients, version {shown.Release}")}");
        if (shown.Cells.Count > 0)
        {
            var columns = shown.Cells.Where(c => c.Column is not null).Select(c => c.Column!).Distinct().ToList();
            var table = new Table().Border(TableBorder.Simple).AddColumn(string.Join(" / ", shown.By));
            foreach (var column in columns) table.AddColumn(new TableColumn(new Text(column)).RightAligned());
            if (shown.By.Count == 2) table.AddColumn(new TableColumn(session.Say("total", "total")).RightAligned());
            foreach (var row in shown.Cells.GroupBy(c => c.Row).OrderBy(g => g.Key is null && shown.By.Count == 2 ? 1 : 0))
                table.AddRow([new Text(row.Key ?? session.Say("total", "total")), .. row.Select(c => new Text(c.Patients))]);
            console.Write(table);
        }
        console.MarkupLineInterpolated($"[grey]{session.Say($"Approximate on purpose: see 'ambroise disclosure show'. {shown.Withheld}: few or nearly; {Breakdown.Hidden}: withheld so that no other can be worked out.", $"Approché à dessein : voir « ambroise disclosure show ». {shown.Withheld} : peu, ou presque ; {Breakdown.Hidden} : retenu pour qu'aucun autre ne s'en déduise.")}[/]");
    }
}
