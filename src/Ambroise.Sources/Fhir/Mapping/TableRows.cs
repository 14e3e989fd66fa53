using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>Rows of one table as they are made: values are put by column, the rest of a row is null.</summary>
sealed class TableRows(CdmTable table)
{
    public Batch Batch { get; } = new(table);

    /// <summary>Number of the resource behind each row, within its chunk.</summary>
    public Int32Column Tags { get; } = new();

    /// <param name="column">Ordinal; below 0 where the table has no such column.</param>
    public void Put(int column, int value)
    {
        if (column >= 0 && value != Null.Int32) ((Int32Column)Batch.Columns[column]).Append(value);
    }

    public void Put(int column, long value)
    {
        if (column >= 0 && value != Null.Int64) ((Int64Column)Batch.Columns[column]).Append(value);
    }

    public void Put(int column, double value)
    {
        if (column >= 0 && !double.IsNaN(value)) ((Float64Column)Batch.Columns[column]).Append(value);
    }

    public void Put(int column, ReadOnlySpan<byte> text)
    {
        if (column >= 0 && text.Length > 0) ((TextColumn)Batch.Columns[column]).Append(text);
    }

    public void Put(string column, int value) => Put(table[column].Ordinal, value);
    public void Put(string column, long value) => Put(table[column].Ordinal, value);
    public void Put(string column, double value) => Put(table[column].Ordinal, value);
    public void Put(string column, ReadOnlySpan<byte> text) => Put(table[column].Ordinal, text);

    /// <summary>Ends the row.</summary>
    public void End(int tag)
    {
        Tags.Append(tag);
        foreach (var column in Batch.Columns)
            if (column.Count < Tags.Count) column.AppendNulls(Tags.Count - column.Count);
    }
}
