using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Sealing;

namespace Ambroise.Lake.Columns;

/// <summary>Rows of one table on their way into a release: one column per <see cref="CdmTable.Columns"/>, all of the same length.</summary>
/// <param name="textBytes">By ordinal, bytes of texts that a column is expected to hold; null for no idea.</param>
/// <param name="apart">Where long texts go; null to hold them.</param>
public sealed class Batch(CdmTable table, int capacity = 0, ArrayShelf? shelf = null, int[]? textBytes = null, LongTexts? apart = null)
{
    public CdmTable Table { get; } = table;

    public ImmutableArray<Column> Columns { get; } = [.. table.Columns.Select(c => Column.Of(c.Type, capacity, shelf, textBytes?[c.Ordinal] ?? 0, apart))];

    /// <summary>person_id of whom each row is about, null where nobody knows, of a table placed with its records; else empty.</summary>
    public Int64Column Persons { get; } = new(capacity: 0, shelf);

    /// <summary>Whom the rows are about, by a column or beside them; null where neither tells.</summary>
    public Int64Column? About => Table.Person >= 0 ? (Int64Column)Columns[Table.Person] : Persons.Count > 0 ? Persons : null;

    /// <summary>Name of the source file all the rows come from, without its folder; empty for rows of an earlier release.</summary>
    public string SourceFile { get; set; } = "";

    /// <summary>Line of each row in its source (see <see cref="Quarantine.Rejected.Line"/>), or empty where rows follow one another from <see cref="FirstLine"/>.</summary>
    public Int64Column Lines { get; } = new();

    public long FirstLine { get; set; }

    /// <summary>Nobody looks at the rows any more once they were handed on: whoever gets them may keep their memory.</summary>
    public bool IsHandedOver { get; set; }

    public long Line(int row) => Lines.Count > 0 ? Lines.Values[row] : FirstLine + row;

    public int Rows => Columns[0].Count;

    public long Bytes
    {
        get
        {
            long bytes = 0;
            foreach (var column in Columns) bytes += column.Bytes;
            return bytes + Persons.Bytes;
        }
    }

    public Int32Column Int32(string column) => (Int32Column)Columns[Table[column].Ordinal];
    public Int64Column Int64(string column) => (Int64Column)Columns[Table[column].Ordinal];
    public Float64Column Float64(string column) => (Float64Column)Columns[Table[column].Ordinal];
    public TextColumn Text(string column) => (TextColumn)Columns[Table[column].Ordinal];

    /// <returns>The rows that a test keeps, in a batch of their own unless they are all.</returns>
    public Batch Where(Func<int, bool> keep)
    {
        var rows = new List<int>(Rows);
        for (var row = 0; row < Rows; row++)
            if (keep(row)) rows.Add(row);
        if (rows.Count == Rows) return this;
        var kept = new Batch(Table) { SourceFile = SourceFile };
        for (var c = 0; c < Columns.Length; c++) kept.Columns[c].AppendFrom(Columns[c], CollectionsMarshal.AsSpan(rows));
        if (Persons.Count > 0) kept.Persons.AppendFrom(Persons, CollectionsMarshal.AsSpan(rows));
        return kept;
    }

    public void Clear()
    {
        foreach (var column in Columns) column.Clear();
        Persons.Clear();
        Lines.Clear();
    }

    /// <summary>Clears the batch and puts its arrays back where they came from.</summary>
    public void Release()
    {
        foreach (var column in Columns) column.Release();
        Persons.Release();
        Lines.Clear();
    }
}
