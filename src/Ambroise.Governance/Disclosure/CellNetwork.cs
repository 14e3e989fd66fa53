namespace Ambroise.Governance.Disclosure;

/// <summary>A table of counts with its totals as a network: one node for each row and column, one for the row totals and one for the column totals. A cell is an arc from its row to its
/// column, a total an arc that closes the way, so that "the cells of a row add up to its total" says that what flows into a node flows out.</summary>
/// <remarks>What may be known of a withheld cell from the shown ones is then how far a flow can be pushed round it: exact, where adding up bounds is not
/// (Cox, "Network models for complementary cell suppression", J. Am. Stat. Assoc. 1995;90:1453-1462).</remarks>
sealed class CellNetwork
{
    static readonly bool[] Both = [true, false];
    readonly int rows, columns;

    public CellNetwork(int rows, int columns)
    {
        (this.rows, this.columns) = (rows, columns);
        int byColumn = rows + columns, byRow = byColumn + 1;
        Arcs = new Arc[rows * columns + rows + columns + 1];
        for (var r = 0; r < rows; r++)
            for (var c = 0; c < columns; c++) Arcs[Cell(r, c)] = new(r, rows + c);
        for (var r = 0; r < rows; r++) Arcs[RowTotal(r)] = new(byRow, r);
        for (var c = 0; c < columns; c++) Arcs[ColumnTotal(c)] = new(rows + c, byColumn);
        Arcs[Total] = new(byColumn, byRow);
    }

    public sealed record Arc(int From, int To)
    {
        /// <summary>Patients, as they are.</summary>
        public long Value { get; set; }
    }

    public Arc[] Arcs { get; }

    public int Cell(int row, int column) => row * columns + column;
    public int RowTotal(int row) => rows * columns + row;
    public int ColumnTotal(int column) => rows * columns + rows + column;
    public int Total => Arcs.Length - 1;

    /// <summary>0 for a cell, 1 for a total of a row or column, 2 for the whole.</summary>
    public int Rank(int arc) => arc < rows * columns ? 0 : arc < Total ? 1 : 2;

    /// <returns>The cells that an arc adds up.</returns>
    public IEnumerable<(int Row, int Column)> CellsOf(int arc) =>
        from r in Enumerable.Range(0, rows)
        from c in Enumerable.Range(0, columns)
        where arc == Cell(r, c) || arc == RowTotal(r) || arc == ColumnTotal(c) || arc == Total
        select (r, c);

    /// <returns>What more must be withheld, at the least cost, so that the withheld arc may be anything from 0 to one below the threshold for all that the shown ones tell. Empty where it may
    /// already; null where nothing more can be.</returns>
    /// <param name="small">Arcs known to be below the threshold.</param>
    /// <param name="cost">Of withholding a shown arc, above 0.</param>
    public IReadOnlyList<int>? Missing(int arc, bool[] withheld, bool[] small, int threshold, Func<int, long> cost)
    {
        // A count that the noise withheld although it is not small has nothing to hide below its value: its own range is what must stay open.
        var value = Math.Min(Arcs[arc].Value, threshold - 1);
        var up = Push(arc, forward: true, threshold - 1 - value);
        return up is { Count: 0 } ? Push(arc, forward: false, value) : up;

        // Adds so much to the arc (or takes it away), the other withheld ones making up for it.
        IReadOnlyList<int>? Push(int arc, bool forward, long wanted)
        {
            var change = new long[Arcs.Length];
            var (from, to) = forward ? (Arcs[arc].To, Arcs[arc].From) : (Arcs[arc].From, Arcs[arc].To);
            long Room(int a, bool along)
            {
                var now = Arcs[a].Value + change[a];
                return a == arc ? 0 : !along ? now : small[a] ? Math.Max(0, Math.Max(threshold - 1, Arcs[a].Value) - now) : long.MaxValue;
            }
            while (wanted > 0)
            {
                if (Cheapest(from, to, Room, a => withheld[a] ? 0 : cost(a)) is not { } way) return null;
                var more = way.Select(w => w.Arc).Where(a => !withheld[a]).ToList();
                if (more.Count > 0) return more;
                var fits = Math.Min(wanted, way.Min(w => Room(w.Arc, w.Along)));
                foreach (var (a, along) in way) change[a] += along ? fits : -fits;
                wanted -= fits;
            }
            return [];
        }
    }

    /// <returns>The cheapest way that has room (Bellman and Ford), or null where there is none.</returns>
    List<(int Arc, bool Along)>? Cheapest(int from, int to, Func<int, bool, long> room, Func<int, long> cost)
    {
        var best = new Dictionary<int, (long Cost, int Arc, bool Along)> { [from] = (0, -1, true) };
        for (var changed = true; changed;)
        {
            changed = false;
            for (var a = 0; a < Arcs.Length; a++)
                foreach (var along in Both)
                {
                    var (here, there) = along ? (Arcs[a].From, Arcs[a].To) : (Arcs[a].To, Arcs[a].From);
                    if (there == from || !best.TryGetValue(here, out var at) || room(a, along) <= 0) continue;
                    var reached = at.Cost + cost(a) * 1000 + 1; // of equally cheap ways the one with the fewest arcs
                    if (best.TryGetValue(there, out var known) && known.Cost <= reached) continue;
                    best[there] = (reached, a, along);
                    changed = true;
                }
        }
        if (!best.ContainsKey(to)) return null;
        var way = new List<(int Arc, bool Along)>();
        for (var node = to; node != from; node = way[^1].Along ? Arcs[way[^1].Arc].From : Arcs[way[^1].Arc].To) way.Add((best[node].Arc, best[node].Along));
        return way;
    }
}
