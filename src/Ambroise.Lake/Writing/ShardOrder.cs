using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;

namespace Ambroise.Lake.Writing;

/// <summary>The stored order of a shard's rows: (concept, patient, start date, key), and what the order shows about them.</summary>
/// <param name="Rows">Row numbers in stored order.</param>
/// <param name="Runs">One per concept; empty where the table sorts by patient alone.</param>
/// <param name="First">First start date in days, <see cref="Null.Int32"/> if none.</param>
sealed record ShardOrder(ReadOnlyMemory<int> Rows, ConceptRun[] Runs, int Patients, int First, int Last)
{
    /// <param name="shelf">Lends the memory; <see cref="Release"/> gives back what the order itself holds.</param>
    public static ShardOrder Of(Pieces rows, ArrayShelf shelf)
    {
        var table = rows.Table;
        var shared = rows.All.Count == 0 || rows.All[0].Ordinals.Count == 0;
        int[][]? concepts = table.Concept < 0 ? null : rows.Int32(table.Concept), starts = table.Start < 0 ? null : rows.Int32(table.Start), ordinals = shared ? null : rows.Ordinals();
        var (leastConcept, greatestConcept) = Extremes(rows, concepts);
        var (leastStart, greatestStart) = Extremes(rows, starts);
        int startBits = RowOrder.Width((ulong)((long)greatestStart - leastStart)), patientBits = shared ? 0 : 16,
            conceptBits = RowOrder.Width((ulong)((long)greatestConcept - leastConcept));

        var (keys, numbers) = (shelf.Take<ulong>(rows.Rows), shelf.Take<int>(rows.Rows));
        var at = 0;
        // Dates centuries apart and concepts across all of 32 bits together overflow 64 bits: then dates are left to the tie-break.
        var startsInKey = conceptBits + patientBits + startBits <= 64;
        if (!startsInKey) startBits = 0;
        for (var p = 0; p < rows.All.Count; p++)
        {
            var count = rows.All[p].Rows.Rows;
            for (var i = 0; i < count; i++)
            {
                ulong key = 0;
                if (concepts is not null) key = (ulong)((long)concepts[p][i] - leastConcept);
                if (ordinals is not null) key = key << 16 | (uint)ordinals[p][i];
                if (starts is not null && startsInKey) key = key << startBits | (ulong)((long)starts[p][i] - leastStart);
                (keys[at], numbers[at++]) = (key, p << Pieces.PieceBits | i);
            }
        }
        var order = RowOrder.Sort(keys, rows.Rows, shelf, rows: numbers);
        BreakTies(rows, keys.AsSpan(0, rows.Rows), order, starts is null || startsInKey);
        shelf.Give(keys);
        return new(order.AsMemory(0, rows.Rows), FindRuns(order.AsSpan(0, rows.Rows), concepts), Distinct(ordinals, rows), starts is null || rows.Rows == 0 ? Null.Int32 : FirstStart(rows, starts), greatestStart);
    }

    /// <summary>Gives the memory back: the order must not be used afterwards.</summary>
    public void Release(ArrayShelf shelf)
    {
        if (System.Runtime.InteropServices.MemoryMarshal.TryGetArray(Rows, out var rows)) shelf.Give(rows.Array!);
    }

    static (int Least, int Greatest) Extremes(Pieces rows, int[][]? values)
    {
        if (values is null || rows.Rows == 0) return (0, 0);
        int least = int.MaxValue, greatest = int.MinValue;
        for (var p = 0; p < values.Length; p++)
            foreach (var value in values[p].AsSpan(0, rows.All[p].Rows.Rows))
            {
                least = Math.Min(least, value);
                greatest = Math.Max(greatest, value);
            }
        return (least, greatest);
    }

    static int FirstStart(Pieces rows, int[][] starts)
    {
        var first = int.MaxValue;
        for (var p = 0; p < starts.Length; p++)
            foreach (var value in starts[p].AsSpan(0, rows.All[p].Rows.Rows))
                if (value != Null.Int32 && value < first) first = value;
        return first == int.MaxValue ? Null.Int32 : first;
    }

    /// <summary>Rows that the sort could not tell apart are put in order of start and key, or of every value where the table has no key: the same rows always end in the same order.</summary>
    /// <param name="startsInKey">The sort has seen to the start dates.</param>
    static void BreakTies(Pieces rows, ReadOnlySpan<ulong> keys, int[] order, bool startsInKey)
    {
        var compare = new RowComparer(rows);
        long[][]? unique = startsInKey && rows.Table.Key >= 0 && rows.Table.Columns[rows.Table.Key].Type == ColumnType.Int64 ? rows.Int64(rows.Table.Key) : null;
        long[] tied = [];
        for (var from = 0; from < keys.Length;)
        {
            var to = from + 1;
            while (to < keys.Length && keys[to] == keys[from]) to++;
            var some = order.AsSpan(from, to - from);
            from = to;
            if (some.Length == 1) continue;
            if (unique is not null)
            {
                // Sorting numbers takes a tenth of what asking a comparer does.
                if (tied.Length < some.Length) tied = new long[2 * some.Length];
                var by = tied.AsSpan(0, some.Length);
                for (var i = 0; i < by.Length; i++) by[i] = unique[some[i] >> Pieces.PieceBits][some[i] & Pieces.PieceMask];
                by.Sort(some);
                if (!HasEqual(by)) continue;
            }
            some.Sort(compare);
        }
    }

    static bool HasEqual(ReadOnlySpan<long> sorted)
    {
        for (var i = 1; i < sorted.Length; i++)
            if (sorted[i] == sorted[i - 1]) return true;
        return false;
    }

    static ConceptRun[] FindRuns(ReadOnlySpan<int> order, int[][]? concepts)
    {
        if (concepts is null) return [];
        var runs = new List<ConceptRun>();
        for (var from = 0; from < order.Length;)
        {
            var concept = concepts[order[from] >> Pieces.PieceBits][order[from] & Pieces.PieceMask];
            var to = from + 1;
            while (to < order.Length && concepts[order[to] >> Pieces.PieceBits][order[to] & Pieces.PieceMask] == concept) to++;
            runs.Add(new(concept, from, to));
            from = to;
        }
        return [.. runs];
    }

    static int Distinct(int[][]? ordinals, Pieces rows)
    {
        if (ordinals is null) return 0;
        var seen = new ulong[PersonIndex.ShardPatients / 64];
        for (var p = 0; p < ordinals.Length; p++)
            foreach (var ordinal in ordinals[p].AsSpan(0, rows.All[p].Rows.Rows)) seen[ordinal >> 6] |= 1UL << (ordinal & 63);
        return seen.Sum(w => System.Numerics.BitOperations.PopCount(w));
    }

    sealed class RowComparer(Pieces rows) : IComparer<int>
    {
        readonly long[][]? keys = rows.Table.Key < 0 || rows.Table.Columns[rows.Table.Key].Type != ColumnType.Int64 ? null : rows.Int64(rows.Table.Key);
        readonly int[][]? starts = rows.Table.Start < 0 ? null : rows.Int32(rows.Table.Start);

        public int Compare(int x, int y)
        {
            int xp = x >> Pieces.PieceBits, xi = x & Pieces.PieceMask, yp = y >> Pieces.PieceBits, yi = y & Pieces.PieceMask;
            if (starts is not null && starts[xp][xi].CompareTo(starts[yp][yi]) is var byStart and not 0) return byStart;
            if (keys is not null && keys[xp][xi].CompareTo(keys[yp][yi]) is var byKey and not 0) return byKey;
            for (var c = 0; c < rows.Table.Columns.Length; c++)
            {
                Column xc = rows.All[xp].Rows.Columns[c], yc = rows.All[yp].Rows.Columns[c];
                var by = (xc, yc) switch
                {
                    (Int32Column a, Int32Column b) => a.Array[xi].CompareTo(b.Array[yi]),
                    (Int64Column a, Int64Column b) => a.Array[xi].CompareTo(b.Array[yi]),
                    (Float64Column a, Float64Column b) => a.Array[xi].CompareTo(b.Array[yi]),
                    (TextColumn a, TextColumn b) => a.IsNull(xi) || b.IsNull(yi) ? b.IsNull(yi).CompareTo(a.IsNull(xi)) : Text(a, xi).SequenceCompareTo(b[yi]),
                    _ => 0,
                };
                if (by != 0) return by;
            }
            return 0;
        }

        /// <summary>A text that stays while another of its column is fetched.</summary>
        static ReadOnlySpan<byte> Text(TextColumn column, int row) => TextColumn.IsApart(column.RangeAt(row)) ? column[row].ToArray() : column[row];
    }
}
