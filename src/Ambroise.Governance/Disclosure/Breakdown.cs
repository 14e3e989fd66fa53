using System.Collections.Immutable;

namespace Ambroise.Governance.Disclosure;

/// <summary>A cell as it is shown. <c>Hidden</c>: large enough, and withheld so that it does not give another away.</summary>
public readonly record struct ShownCell(int? Count, string Text, bool Hidden);

/// <summary>A table of counts as it is shown: cells, totals by row and by column, and the whole. A breakdown by one thing has one row.</summary>
public sealed record ShownTable(ImmutableArray<ImmutableArray<ShownCell>> Cells, ImmutableArray<ShownCell> RowTotals, ImmutableArray<ShownCell> ColumnTotals, ShownCell Total);

/// <summary>Breakdowns by one or two things, each cell and total answered as a count of its own, then withheld further until no sum gives a small cell away.</summary>
public static class Breakdown
{
    /// <summary>What a withheld cell shows when it is not small itself.</summary>
    public const string Hidden = "…";

    /// <param name="cells">Distinct patients by row and column; no patient is in two cells.</param>
    /// <returns>The table, or the failure of a count.</returns>
    public static Result<ShownTable> Show(SafeCounts counts, IReadOnlyList<IReadOnlyList<IReadOnlyCollection<long>>> cells)
    {
        int rows = cells.Count, columns = cells[0].Count;
        var table = new CellNetwork(rows, columns);
        var shown = new ShownCount[table.Arcs.Length];
        for (var arc = 0; arc < shown.Length; arc++)
        {
            var patients = table.CellsOf(arc).SelectMany(c => cells[c.Row][c.Column]).ToList();
            table.Arcs[arc].Value = patients.Count;
            if (counts.Show(patients).Failed(out var failure, out shown[arc])) return failure;
        }
        var withheld = Withheld(table, [.. shown.Select(s => s.Count)], counts.Rules.Threshold);
        ShownCell Cell(int arc) => withheld[arc] && shown[arc].Count is not null ? new(null, Hidden, true) : new(shown[arc].Count, shown[arc].Text, false);
        return new ShownTable([.. Enumerable.Range(0, rows).Select(r => Enumerable.Range(0, columns).Select(c => Cell(table.Cell(r, c))).ToImmutableArray())],
            [.. Enumerable.Range(0, rows).Select(r => Cell(table.RowTotal(r)))], [.. Enumerable.Range(0, columns).Select(c => Cell(table.ColumnTotal(c)))], Cell(table.Total));
    }

    /// <summary>Withholds what is small, then for any small cell that the rest would pin down the cells least missed, until none is. Supposes the worst: that what is shown were exact.</summary>
    /// <param name="shown">By arc; null where the count is small. The choice rests on these alone, so that it tells nothing they do not.</param>
    internal static bool[] Withheld(CellNetwork table, IReadOnlyList<int?> shown, int threshold)
    {
        var small = shown.Select(s => s is null).ToArray();
        var withheld = small.ToArray();
        for (var arc = 0; arc < small.Length; arc++)
        {
            // Cells cost what they show, totals more than any cell: what is missed least goes first.
            long Cost(int a) => 1 + (shown[a] ?? 0) + ((long)table.Rank(a) << 30);
            while (small[arc] && table.Missing(arc, withheld, small, threshold, Cost) is { Count: > 0 } missing)
                foreach (var a in missing) withheld[a] = true;
        }
        return withheld;
    }
}
