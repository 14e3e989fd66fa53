using Ambroise.Governance.Disclosure;
using Ambroise.Tests.Cohorts.Generated;

namespace Ambroise.Tests.Governance.Disclosure;

/// <summary>Tables of counts: no withheld small cell may be worked out from what is shown, even were that exact.</summary>
public sealed class BreakdownSpecs
{
    const int Threshold = 4;

    /// <summary>Solves the system: every table of whole numbers that agrees with the shown cells and totals, tried one by one.</summary>
    [Fact]
    public void Every_small_cell_may_still_be_anything_below_the_threshold()
    {
        var dice = new Dice(11);
        var complementary = 0;
        for (var round = 0; round < 45; round++)
        {
            var (rows, columns) = dice.Chance(50) ? (2, 2) : dice.Chance(50) ? (1, 4) : (2, 3);
            var table = new CellNetwork(rows, columns);
            var cells = Enumerable.Range(0, rows * columns).Select(_ => dice.Chance(50) ? dice.Of(0, 3) : dice.Of(4, 8)).ToArray();
            for (var arc = 0; arc < table.Arcs.Length; arc++) table.Arcs[arc].Value = table.CellsOf(arc).Sum(c => cells[c.Row * columns + c.Column]);
            int?[] shown = [.. table.Arcs.Select(a => a.Value < Threshold ? null : (int?)a.Value)];
            var withheld = Breakdown.Withheld(table, shown, Threshold);

            var possible = Enumerable.Range(0, cells.Length).Select(_ => new HashSet<int>()).ToArray();
            foreach (var other in Tables(cells.Length, Enumerable.Range(0, cells.Length).Select(c => withheld[c] ? shown[c] is null ? Threshold - 1 : 12 : -cells[c]).ToArray()))
            {
                var agrees = Enumerable.Range(0, table.Arcs.Length).All(arc =>
                {
                    var sum = table.CellsOf(arc).Sum(c => other[c.Row * columns + c.Column]);
                    return withheld[arc] ? shown[arc] is not null || sum < Threshold : sum == table.Arcs[arc].Value;
                });
                if (agrees) for (var c = 0; c < cells.Length; c++) possible[c].Add(other[c]);
            }
            for (var c = 0; c < cells.Length; c++)
            {
                if (shown[c] is null) Assert.True(Enumerable.Range(0, Threshold).All(possible[c].Contains) || withheld.All(w => w), $"round {round}, cell {c}: {string.Join(' ', possible[c].Order())}");
                if (withheld[c] && shown[c] is not null) complementary++;
            }
        }
        Assert.True(complementary > 10);
    }

    /// <param name="most">For each cell the largest value to try, or minus its value where that is known.</param>
    static IEnumerable<int[]> Tables(int cells, int[] most)
    {
        var values = new int[cells];
        for (var c = 0; c < cells; c++) values[c] = most[c] < 0 ? -most[c] : 0;
        while (true)
        {
            yield return values;
            var at = 0;
            while (at < cells && (most[at] < 0 || values[at] == most[at]))
            {
                if (most[at] >= 0) values[at] = 0;
                at++;
            }
            if (at == cells) yield break;
            values[at]++;
        }
    }

    [Fact]
    public void A_lone_small_cell_takes_a_second_one_with_it_in_its_row_and_its_column()
    {
        using var house = new CountingHouse();
        using var counts = house.Fresh();
        int[][] sizes = [[3, 200, 300], [150, 250, 350], [160, 260, 360]];
        long next = 0;
        var cells = sizes.Select(row => row.Select(n => Enumerable.Range(0, n).Select(_ => next++).ToList()).ToList()).ToList();
        var table = Breakdown.Show(counts, cells).OrThrow();
        Assert.Equal("<10", table.Cells[0][0].Text);
        Assert.Contains(table.Cells[0].Skip(1), c => c.Hidden);
        Assert.Contains(table.Cells.Skip(1), row => row[0].Hidden);
        Assert.InRange(table.Cells.Sum(row => row.Count(c => c.Count is null)), 4, 5);
        Assert.InRange(table.Total.Count!.Value, next - 7, next + 7);
    }

    [Fact]
    public void A_table_without_small_cells_is_shown_whole()
    {
        using var house = new CountingHouse();
        using var counts = house.Fresh();
        long next = 0;
        var cells = new[] { 50, 90, 140 }.Select(n => Enumerable.Range(0, n).Select(_ => next++).ToList()).ToList();
        var table = Breakdown.Show(counts, [cells]).OrThrow();
        Assert.All(table.Cells[0], c => Assert.NotNull(c.Count));
        Assert.NotNull(table.Total.Count);
    }
}
