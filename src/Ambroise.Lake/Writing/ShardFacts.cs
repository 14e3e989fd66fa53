using System.Runtime.InteropServices;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;
using Ambroise.Lake.Sealing;

namespace Ambroise.Lake.Writing;

/// <summary>What must be known of all rows of a table in a shard before the first of them is written.</summary>
/// <param name="HasNull">By ordinal of the column: some row has no value.</param>
/// <param name="IsEmpty">No row has one, however the column came to be so: the content hash must not tell a null read from an absent one.</param>
/// <param name="Runs">One per concept; empty where the table sorts by patient alone.</param>
/// <param name="First">First start date in days, <see cref="Null.Int32"/> if none.</param>
sealed record ShardFacts(bool[] HasNull, bool[] IsEmpty, ConceptRun[] Runs, int Rows, int Patients, int First, int Last)
{
    /// <summary>Whose the rows are, where the table has no column for it; else null.</summary>
    public PatientRuns? Whose { get; init; }

    public static ShardFacts Of(Pieces rows, ShardOrder order)
    {
        var columns = rows.Table.Columns.Length;
        var whose = new Dictionary<long, int>();
        foreach (var piece in rows.All) Count(piece, whose);
        return new([.. Enumerable.Range(0, columns).Select(c => rows.All.Any(p => AnyNull(p.Rows.Columns[c])))], [.. Enumerable.Range(0, columns).Select(c => rows.All.All(p => NoValue(p.Rows.Columns[c])))],
            order.Runs, order.Rows.Length, order.Patients, order.First, order.Last)
        {
            Whose = PatientRuns.Of(whose),
        };
    }

    /// <summary>The same of rows that are seen a piece at a time.</summary>
    public static ShardFacts Of(CdmTable table, IEnumerable<Pieces.Piece> rows)
    {
        var (nulls, empty) = (new bool[table.Columns.Length], Enumerable.Repeat(true, table.Columns.Length).ToArray());
        var (concepts, whose) = (new SortedDictionary<int, int>(), new Dictionary<long, int>());
        var patients = new ulong[PersonIndex.ShardPatients / 64];
        var (count, first, last) = (0, int.MaxValue, int.MinValue);
        foreach (var piece in rows)
        {
            count += piece.Rows.Rows;
            for (var c = 0; c < nulls.Length; c++)
            {
                nulls[c] = nulls[c] || AnyNull(piece.Rows.Columns[c]);
                empty[c] = empty[c] && NoValue(piece.Rows.Columns[c]);
            }
            Count(piece, whose);
            foreach (var ordinal in piece.Ordinals.Values) patients[ordinal >> 6] |= 1UL << (ordinal & 63);
            if (table.Concept >= 0)
                foreach (var concept in ((Int32Column)piece.Rows.Columns[table.Concept]).Values) concepts[concept] = concepts.GetValueOrDefault(concept) + 1;
            if (table.Start < 0) continue;
            foreach (var start in ((Int32Column)piece.Rows.Columns[table.Start]).Values)
            {
                if (start != Null.Int32) first = Math.Min(first, start);
                last = Math.Max(last, start);
            }
        }
        var at = 0;
        return new(nulls, empty, [.. concepts.Select(c => new ConceptRun(c.Key, at, at += c.Value))], count, patients.Sum(System.Numerics.BitOperations.PopCount), first == int.MaxValue ? Null.Int32 : first, last)
        {
            Whose = PatientRuns.Of(whose),
        };
    }

    static void Count(Pieces.Piece piece, Dictionary<long, int> whose)
    {
        for (var row = 0; row < piece.Rows.Persons.Count; row++) CollectionsMarshal.GetValueRefOrAddDefault(whose, piece.Rows.Persons.Array[row], out _)++;
    }

    static bool AnyNull(Column column) => column switch
    {
        { IsAbsent: true, Count: > 0 } => true,
        Int32Column c => c.Values.Contains(Null.Int32),
        Int64Column c => c.Values.Contains(Null.Int64),
        Float64Column c => AnyNaN(c.Values),
        TextColumn c => AnyNull(c),
        _ => false,
    };

    static bool NoValue(Column values)
    {
        for (var row = 0; row < values.Count && !values.IsAbsent; row++)
            if (!values.IsNull(row)) return false;
        return true;
    }

    static bool AnyNaN(ReadOnlySpan<double> values)
    {
        foreach (var value in values)
            if (double.IsNaN(value)) return true;
        return false;
    }

    static bool AnyNull(TextColumn values)
    {
        for (var row = 0; row < values.Count; row++)
            if (values.IsNull(row)) return true;
        return false;
    }
}
