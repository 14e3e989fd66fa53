using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>Rows of one table as they are made: values are put by column, the rest of a row is null.</summary>
/// <remarks>A column is brought to its row when a value comes for it, and to the last row by <see cref="Finish"/>: most columns of most rows have none.</remarks>
sealed class TableRows(CdmTable table)
{
    int rows;

    /// <summary>Whole once <see cref="Finish"/> was called.</summary>
    public Batch Batch { get; } = new(table);

    /// <summary>Number of the resource behind each row, within its chunk.</summary>
    public Int32Column Tags { get; } = new();

    /// <param name="column">Ordinal; below 0 where the table has no such column.</param>
    public void Put(int column, int value)
    {
        if (column >= 0 && value != Null.Int32) At<Int32Column>(column).Append(value);
    }

    public void Put(int column, long value)
    {
        if (column >= 0 && value != Null.Int64) At<Int64Column>(column).Append(value);
    }

    public void Put(int column, double value)
    {
        if (column >= 0 && !double.IsNaN(value)) At<Float64Column>(column).Append(value);
    }

    public void Put(int column, ReadOnlySpan<byte> text)
    {
        if (column >= 0 && text.Length > 0) At<TextColumn>(column).Append(text);
    }

    public void Put(string column, int value) => Put(table[column].Ordinal, value);
    public void Put(string column, long value) => Put(table[column].Ordinal, value);
    public void Put(string column, double value) => Put(table[column].Ordinal, value);
    public void Put(string column, ReadOnlySpan<byte> text) => Put(table[column].Ordinal, text);

    /// <summary>Puts a text that is there and has no letter: not null.</summary>
    public void PutEmpty(string column) => At<TextColumn>(table[column].Ordinal).Append([]);

    /// <summary>Ends the row.</summary>
    public void End(int tag)
    {
        Tags.Append(tag);
        rows++;
    }

    /// <summary>Ends the rows: every column is as long as all others.</summary>
    public void Finish()
    {
        foreach (var column in Batch.Columns)
            if (column.Count < rows) column.AppendNulls(rows - column.Count);
    }

    /// <summary>Forgets the rows and keeps their memory for others.</summary>
    public void Clear()
    {
        Batch.Clear();
        Tags.Clear();
        rows = 0;
    }

    T At<T>(int ordinal) where T : Column
    {
        var column = (T)Batch.Columns[ordinal];
        if (column.Count < rows) column.AppendNulls(rows - column.Count);
        return column;
    }
}
