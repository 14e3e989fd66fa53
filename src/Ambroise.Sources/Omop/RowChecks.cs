using System.Numerics;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Quarantine;
using Ambroise.Lake.Writing;
using Ambroise.Sources.Csv;

namespace Ambroise.Sources.Omop;

/// <summary>What a row needs to be accepted, told from its own columns alone.</summary>
static class RowChecks
{
    // 0001-01-01 and 9999-12-31 in days since 1970-01-01; DuckDB reads wider, and knows infinities.
    const int FirstDay = -Days.Epoch, LastDay = 2932896;
    const long FirstMicro = FirstDay * 86_400_000_000L, LastMicro = (LastDay + 1) * 86_400_000_000L - 1;

    // The CDM defines these ends as the end of what started: docs/clarifications.md says why not the others.
    static readonly CdmTable[] EndAfterStart =
        [Cdm54.ObservationPeriod, Cdm54.VisitOccurrence, Cdm54.VisitDetail, Cdm54.DrugExposure, Cdm54.PayerPlanPeriod, Cdm54.ConditionEra, Cdm54.DrugEra, Cdm54.DoseEra, Cdm54.Cohort];

    /// <summary>Ordinals of the columns without which a row has no place: its key, its person or parent, its date.</summary>
    public static IEnumerable<int> Needed(CdmTable table) =>
        new[] { table.Key, table.Person, table.Start, table.Placement is Placement.WithParent(var parent, _) ? parent : -1 }.Where(c => c >= 0 && table.Columns[c].Required);

    /// <returns>How many values are null.</returns>
    public static int Absent(Column column) => column switch
    {
        { IsAbsent: true } => column.Count,
        Int32Column c => c.Values.Count(Null.Int32),
        Int64Column c => c.Values.Count(Null.Int64),
        _ => Enumerable.Range(0, column.Count).Count(column.IsNull),
    };

    /// <param name="bad">Rows found at fault while they were read; those found here are added.</param>
    /// <param name="raw">A row as its source holds it, or null where the source is not text.</param>
    /// <returns>The batch itself when every row is accepted, else a batch of those that are.</returns>
    public static Batch Accepted(Batch batch, SortedDictionary<int, Fault> bad, Func<int, byte[]>? raw, Action<Rejected> reject)
    {
        var table = batch.Table;
        foreach (var column in table.Columns)
        {
            if (batch.Columns[column.Ordinal].IsAbsent) continue;
            if (column.Type == ColumnType.Date) OutOfRange(((Int32Column)batch.Columns[column.Ordinal]).Values, FirstDay, LastDay, Null.Int32, column, bad);
            if (column.Type == ColumnType.Timestamp) OutOfRange(((Int64Column)batch.Columns[column.Ordinal]).Values, FirstMicro, LastMicro, Null.Int64, column, bad);
        }
        foreach (var needed in Needed(table))
            Missing(batch.Columns[needed], table.Columns[needed], bad);
        if (EndAfterStart.Contains(table) && !batch.Columns[table.End].IsAbsent)
        {
            var starts = ((Int32Column)batch.Columns[table.Start]).Values;
            var ends = ((Int32Column)batch.Columns[table.End]).Values;
            for (var row = 0; row < starts.Length; row++)
                if (ends[row] < starts[row] && ends[row] != Null.Int32) bad.TryAdd(row, new(table.Columns[table.End].Name, "end-before-start"));
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
            reject(new(table.Name, batch.SourceFile, batch.Line(row), why.Field, why.Reason, person, raw?.Invoke(row) ?? RowText.Of(batch, row)));
        }
        foreach (var column in table.Columns) kept.Columns[column.Ordinal].AppendFrom(batch.Columns[column.Ordinal], rows);
        return kept;
    }

    static void Missing(Column values, CdmColumn column, SortedDictionary<int, Fault> bad)
    {
        if (Absent(values) == 0) return;
        for (var row = 0; row < values.Count; row++)
            if (values.IsNull(row)) bad.TryAdd(row, new(column.Name, "value-missing"));
    }

    static void OutOfRange<T>(ReadOnlySpan<T> values, T first, T last, T absent, CdmColumn column, SortedDictionary<int, Fault> bad) where T : struct, INumber<T>
    {
        var none = Vector<T>.Zero;
        var whole = values.Length - values.Length % Vector<T>.Count;
        for (var at = 0; at < whole; at += Vector<T>.Count)
        {
            var some = new Vector<T>(values[at..]);
            none |= Vector.AndNot(Vector.LessThan(some, new Vector<T>(first)) | Vector.GreaterThan(some, new Vector<T>(last)), Vector.Equals(some, new Vector<T>(absent)));
        }
        if (none == Vector<T>.Zero) values = values[whole..];
        else whole = 0;
        for (var row = 0; row < values.Length; row++)
            if ((values[row] < first || values[row] > last) && values[row] != absent) bad.TryAdd(whole + row, new(column.Name, "value-out-of-range"));
    }
}
