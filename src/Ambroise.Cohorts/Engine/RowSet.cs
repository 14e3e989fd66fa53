using Ambroise.Lake.Reading;

namespace Ambroise.Cohorts.Engine;

/// <summary>A test of one value, of a type the compiler knows: it is inlined where rows are passed over.</summary>
interface IHolds<T>
{
    bool Holds(T value);
}

/// <summary>Rows of a table still in play: whole runs at first, single rows once a test has chosen among them. Ascending.</summary>
/// <param name="runs">Not overlapping, ascending.</param>
sealed class RowSet(List<ConceptRun> runs, Scratch scratch, CancellationToken cancel)
{
    /// <summary>From a row to its block.</summary>
    public const int Shift = 16;

    const int Mask = IShardTable.BlockRows - 1;

    Memory<int> rows;
    bool chosen;

    public int Count { get; private set; } = Total(runs);

    static int Total(List<ConceptRun> runs)
    {
        var total = 0;
        foreach (var run in runs) total += run.End - run.Start;
        return total;
    }

    /// <summary>Single rows are in play, not whole runs.</summary>
    public bool IsChosen => chosen;

    /// <returns>The runs as they lie in blocks; none once single rows are in play.</returns>
    public IEnumerable<(int Block, int From, int Count)> Stretches()
    {
        foreach (var run in chosen ? [] : runs)
            for (int from = run.Start, end; from < run.End; from = end)
            {
                end = Math.Min(run.End, (from | Mask) + 1);
                yield return (from >> Shift, from & Mask, end - from);
            }
    }

    /// <summary>Keeps the rows whose value holds.</summary>
    /// <param name="block">A block of the column.</param>
    public void Keep<T, TTest>(Func<int, T[]> block, TTest test) where TTest : struct, IHolds<T>
    {
        cancel.ThrowIfCancellationRequested();
        var kept = 0;
        if (chosen)
        {
            var mine = rows.Span;
            for (int from = 0, to; from < mine.Length; from = to)
            {
                to = BlockEnd(mine, from);
                cancel.ThrowIfCancellationRequested(); // a block may have to be read and decoded first
                var values = block(mine[from] >> Shift);
                for (var i = from; i < to; i++)
                {
                    mine[kept] = mine[i];
                    if (test.Holds(values[mine[i] & Mask])) kept++;
                }
            }
        }
        else
        {
            rows = scratch.Rent<int>(Count + 1); // one more: a row is written before it is known to stay
            var to = rows.Span;
            foreach (var run in runs)
            {
                for (int from = run.Start, end; from < run.End; from = end)
                {
                    end = Math.Min(run.End, (from | Mask) + 1);
                    cancel.ThrowIfCancellationRequested();
                    var values = block(from >> Shift).AsSpan(from & Mask, end - from);
                    for (var i = 0; i < values.Length; i++)
                    {
                        to[kept] = from + i;
                        if (test.Holds(values[i])) kept++;
                    }
                }
            }
            chosen = true;
        }
        Narrow(kept);
    }

    /// <summary>Keeps the rows at some places, ascending.</summary>
    public void Keep(ReadOnlySpan<int> places)
    {
        if (!chosen) rows = scratch.Rent<int>(places.Length);
        var mine = rows.Span;
        if (chosen)
        {
            for (var i = 0; i < places.Length; i++) mine[i] = mine[places[i]];
        }
        else
        {
            // Only rows that stay are written down.
            int i = 0, before = 0;
            foreach (var run in runs)
            {
                for (var end = before + run.End - run.Start; i < places.Length && places[i] < end; i++) mine[i] = run.Start + places[i] - before;
                before += run.End - run.Start;
            }
            chosen = true;
        }
        Narrow(places.Length);
    }

    void Narrow(int count) => (rows, Count) = (rows[..count], count);

    /// <returns>A column's values for each row: the block's own memory where the rows are one stretch of it.</returns>
    public ReadOnlyMemory<T> Take<T>(Func<int, T[]> block)
    {
        cancel.ThrowIfCancellationRequested();
        if (Count == 0) return default;
        if (!chosen && runs is [var only] && only.Start >> Shift == (only.End - 1) >> Shift) return block(only.Start >> Shift).AsMemory(only.Start & Mask, Count);
        var taken = scratch.Rent<T>(Count);
        var to = taken.Span;
        if (chosen)
        {
            var mine = rows.Span;
            for (int from = 0, end; from < mine.Length; from = end)
            {
                cancel.ThrowIfCancellationRequested();
                end = BlockEnd(mine, from);
                var values = block(mine[from] >> Shift);
                for (var i = from; i < end; i++) to[i] = values[mine[i] & Mask];
            }
            return taken;
        }
        foreach (var run in runs)
        {
            for (int from = run.Start, end; from < run.End; from = end)
            {
                end = Math.Min(run.End, (from | Mask) + 1);
                cancel.ThrowIfCancellationRequested();
                block(from >> Shift).AsSpan(from & Mask, end - from).CopyTo(to);
                to = to[(end - from)..];
            }
        }
        return taken;
    }

    /// <returns>Where the rows that lie in the block of <c>rows[from]</c> end.</returns>
    static int BlockEnd(ReadOnlySpan<int> rows, int from)
    {
        var block = rows[from] >> Shift;
        if (rows[^1] >> Shift == block) return rows.Length;
        var to = from + 1;
        while (to < rows.Length && rows[to] >> Shift == block) to++;
        return to;
    }
}
