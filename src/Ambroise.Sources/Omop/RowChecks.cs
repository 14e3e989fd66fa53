using System.Numerics;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Quarantine;
using Ambroise.Lake.Writing;

namespace Ambroise.Sources.Omop;

/// <summary>What a row needs to be accepted, told from its own columns alone.</summary>
static class RowChecks
{
    // 0001-01-01 and 9999-12-31 in days since 1970-01-01; DuckDB reads wider, and knows infinities.
    const int FirstDay = -719162, LastDay = 2932896;
    const long FirstMicro = FirstDay * 86_400_000_000L, LastMicro = (LastDay + 1) * 86_400_000_000L - 1;

    /// <returns>The batch itself when every row is accepted, else a batch of those that are.</returns>
    public static Batch Accepted(Batch batch, Int64Column faults, TextColumn raw, bool endAfterStart, Action<Rejected> reject)
    {
        var bad = new SortedDictionary<int, (string Field, string Reason)>();
        var table = batch.Table;
        if (faults.Count > 0)
            for (var row = 0; row < batch.Rows; row++)
                if (faults.Array[row] is var bits and not 0) bad[row] = (table.Columns[BitOperations.TrailingZeroCount(bits)].Name, "value-unparseable");
        foreach (var column in table.Columns)
        {
            if (column.Type == ColumnType.Date) OutOfRange(((Int32Column)batch.Columns[column.Ordinal]).Values, FirstDay, LastDay, Null.Int32, column, bad);
            if (column.Type == ColumnType.Timestamp) OutOfRange(((Int64Column)batch.Columns[column.Ordinal]).Values, FirstMicro, LastMicro, Null.Int64, column, bad);
        }
        foreach (var needed in new[] { table.Key, table.Person, table.Start, table.Placement is Placement.WithParent(var parent, _) ? parent : -1 })
            if (needed >= 0 && table.Columns[needed].Required) Missing(batch.Columns[needed], table.Columns[needed], bad);
        if (endAfterStart && table is { Start: >= 0, End: >= 0 })
        {
            var starts = ((Int32Column)batch.Columns[table.Start]).Values;
            var ends = ((Int32Column)batch.Columns[table.End]).Values;
            for (var row = 0; row < starts.Length; row++)
                if (ends[row] < starts[row] && ends[row] != Null.Int32) bad.TryAdd(row, (table.Columns[table.End].Name, "end-before-start"));
        }
        if (bad.Count == 0) return batch;

        var kept = new Batch(table) { SourceFile = batch.SourceFile };
        var rows = new int[batch.Rows - bad.Count];
        for (int row = 0, at = 0; row < batch.Rows; row++)
        {
            if (!bad.TryGetValue(row, out var why))
            {
                kept.Lines.Append(batch.Line(row));
                rows[at++] = row;
                continue;
            }
            long? person = table.Person >= 0 && !batch.Columns[table.Person].IsNull(row) ? ((Int64Column)batch.Columns[table.Person]).Array[row] : null;
            var text = raw.Count > row && !raw.IsNull(row) ? raw[row].ToArray() : RowText.Of(batch, row);
            reject(new(table.Name, batch.SourceFile, batch.Line(row), why.Field, why.Reason, person, text));
        }
        foreach (var column in table.Columns) kept.Columns[column.Ordinal].AppendFrom(batch.Columns[column.Ordinal], rows);
        return kept;
    }

    static void Missing(Column values, CdmColumn column, SortedDictionary<int, (string, string)> bad)
    {
        if (values switch { Int32Column c => !c.Values.Contains(Null.Int32), Int64Column c => !c.Values.Contains(Null.Int64), _ => false }) return;
        for (var row = 0; row < values.Count; row++)
            if (values.IsNull(row)) bad.TryAdd(row, (column.Name, "value-missing"));
    }

    static void OutOfRange<T>(ReadOnlySpan<T> values, T first, T last, T absent, CdmColumn column, SortedDictionary<int, (string, string)> bad) where T : struct, INumber<T>
    {
        for (var row = 0; row < values.Length; row++)
            if ((values[row] < first || values[row] > last) && values[row] != absent) bad.TryAdd(row, (column.Name, "value-out-of-range"));
    }
}
