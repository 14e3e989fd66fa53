using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>Rows of one table as they are made: values are put by column, the rest of a row is null.</summary>
/// <remarks>A column is brought to its row when a value comes for it, and to the last row by <see cref="Finish"/>: most columns of most rows have none.</remarks>
sealed class TableRows
{
    // The columns by type, null where one is of another: to ask each time what a column is took longer than to put a value into it.
    readonly Int32Column[] int32;
    readonly Int64Column[] int64;
    readonly Float64Column[] float64;
    readonly TextColumn[] texts;
    int rows;

    public TableRows(CdmTable table)
    {
        (Table, Batch) = (table, new(table));
        int32 = [.. Batch.Columns.Select(c => (c as Int32Column)!)];
        int64 = [.. Batch.Columns.Select(c => (c as Int64Column)!)];
        float64 = [.. Batch.Columns.Select(c => (c as Float64Column)!)];
        texts = [.. Batch.Columns.Select(c => (c as TextColumn)!)];
    }

    public CdmTable Table { get; }

    /// <summary>Whole once <see cref="Finish"/> was called.</summary>
    public Batch Batch { get; }

    /// <summary>Number of the resource behind each row, within its chunk.</summary>
    public Int32Column Tags { get; } = new();

    /// <param name="column">Ordinal; below 0 where the table has no such column.</param>
    public void Put(int column, int value)
    {
        if (column < 0 || value == Null.Int32) return;
        Reach(int32[column]);
        int32[column].Append(value);
    }

    public void Put(int column, long value)
    {
        if (column < 0 || value == Null.Int64) return;
        Reach(int64[column]);
        int64[column].Append(value);
    }

    public void Put(int column, double value)
    {
        if (column < 0 || double.IsNaN(value)) return;
        Reach(float64[column]);
        float64[column].Append(value);
    }

    public void Put(int column, ReadOnlySpan<byte> text)
    {
        if (column < 0 || text.Length == 0) return;
        Reach(texts[column]);
        texts[column].Append(text);
    }

    public void Put(string column, int value) => Put(Table[column].Ordinal, value);
    public void Put(string column, long value) => Put(Table[column].Ordinal, value);
    public void Put(string column, double value) => Put(Table[column].Ordinal, value);
    public void Put(string column, ReadOnlySpan<byte> text) => Put(Table[column].Ordinal, text);

    /// <summary>Puts a text that is there and has no letter: not null.</summary>
    public void PutEmpty(string column)
    {
        var to = texts[Table[column].Ordinal];
        Reach(to);
        to.Append([]);
    }

    /// <summary>Ends the row.</summary>
    public void End(int tag)
    {
        Tags.Append(tag);
        rows++;
    }

    /// <summary>Ends the rows: every column is as long as all others.</summary>
    public void Finish()
    {
        foreach (var column in Batch.Columns) Reach(column);
    }

    /// <summary>Forgets the rows and keeps their memory for others.</summary>
    public void Clear()
    {
        Batch.Clear();
        Tags.Clear();
        rows = 0;
    }

    /// <summary>Brings a column to the row being made.</summary>
    void Reach(Column column)
    {
        if (column.Count < rows) column.AppendNulls(rows - column.Count);
    }
}
