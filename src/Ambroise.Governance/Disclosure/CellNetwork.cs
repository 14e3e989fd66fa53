namespace Ambroise.Governance.Disclosure;

/// <summary>A table of counts with its totals as a network: one node for each row and column, one for the row totals and one for the column totals. A cell is an arc from its row to its
/// column, a total an arc that closes the way, so that "the cells of a row add up to its total" says that what flows into a node flows out.</summary>
/// <remarks>What may be known of a withheld cell from the shown ones is then how far a flow can be pushed round it: exact, where adding up bounds is not
/// (Cox, "Network models for complementary cell suppression", J. Am. Stat. Assoc. 1995;90:1453-1462).</remarks>
sealed class CellNetwork
{
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

    /// <returns>The arcs that lead from one end of an arc to its other end at the least cost, in either direction, without it.</returns>
    public IEnumerable<int> CheapestWayRound(int arc, Func<int, long> cost)
    {
        var best = new Dictionary<int, (long Cost, int Via)> { [Arcs[arc].From] = (0, -1) };
        for (var changed = true; changed;)
        {
            changed = false;
            for (var a = 0; a < Arcs.Length; a++)
                foreach (var (here, there) in new[] { (Arcs[a].From, Arcs[a].To), (Arcs[a].To, Arcs[a].From) })
                    if (a != arc && best.TryGetValue(here, out var at) && (!best.TryGetValue(there, out var known) || known.Cost > at.Cost + cost(a)))
                    {
                        best[there] = (at.Cost + cost(a), a);
                        changed = true;
                    }
        }
        for (var node = Arcs[arc].To; best[node].Via is >= 0 and var via; node = Arcs[via].From == node ? Arcs[via].To : Arcs[via].From) yield return via;
    }

    /// <returns>The cells that an arc adds up.</returns>
    public IEnumerable<(int Row, int Column)> CellsOf(int arc) =>
        from r in Enumerable.Range(0, rows)
        from c in Enumerable.Range(0, columns)
        where arc == Cell(r, c) || arc == RowTotal(r) || arc == ColumnTotal(c) || arc == Total
        select (r, c);

    /// <returns>True where the withheld arc may be anything from 0 to one below the threshold, for all that the shown ones tell.</returns>
    /// <param name="small">Arcs known to be below the threshold.</param>
    public bool Covers(int arc, bool[] withheld, bool[] small, int threshold)
    {
        // A count that the noise withheld although it is not small has nothing to hide below its value: its own range is what must stay open.
        var value = Math.Min(Arcs[arc].Value, threshold - 1);
        return Push(arc, forward: true, threshold - 1 - value, withheld, small, threshold) && Push(arc, forward: false, value, withheld, small, threshold);
    }

    /// <summary>Can so much be added to an arc (or taken from it), the other withheld ones making up for it?</summary>
    bool Push(int arc, bool forward, long wanted, bool[] withheld, bool[] small, int threshold)
    {
        var change = new long[Arcs.Length];
        var (from, to) = forward ? (Arcs[arc].To, Arcs[arc].From) : (Arcs[arc].From, Arcs[arc].To);
        long Room(int a, bool along)
        {
            var now = Arcs[a].Value + change[a];
            return !withheld[a] || a == arc ? 0 : !along ? now : small[a] ? Math.Max(0, Math.Max(threshold - 1, Arcs[a].Value) - now) : long.MaxValue;
        }
        while (wanted > 0)
        {
            // The way with the fewest arcs, and as much on it as fits.
            var via = new Dictionary<int, (int Arc, bool Along)> { [from] = (-1, true) };
            var ahead = new Queue<int>([from]);
            while (ahead.TryDequeue(out var node) && !via.ContainsKey(to))
                for (var a = 0; a < Arcs.Length; a++)
                {
                    if (Arcs[a].From == node && Room(a, true) > 0 && via.TryAdd(Arcs[a].To, (a, true))) ahead.Enqueue(Arcs[a].To);
                    if (Arcs[a].To == node && Room(a, false) > 0 && via.TryAdd(Arcs[a].From, (a, false))) ahead.Enqueue(Arcs[a].From);
                }
            if (!via.ContainsKey(to)) return false;
            var way = new List<(int Arc, bool Along)>();
            for (var node = to; node != from; node = way[^1].Along ? Arcs[way[^1].Arc].From : Arcs[way[^1].Arc].To) way.Add(via[node]);
            var fits = Math.Min(wanted, way.Min(w => Room(w.Arc, w.Along)));
            foreach (var (a, along) in way) change[a] += along ? fits : -fits;
            wanted -= fits;
        }
        return true;
    }
}
