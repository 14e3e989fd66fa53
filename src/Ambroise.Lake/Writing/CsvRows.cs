using System.Globalization;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;

namespace Ambroise.Lake.Writing;

/// <summary>Rows as comma-separated text, RFC 4180 with line feeds: dates and timestamps in ISO 8601, an absent value as nothing, an empty text as <c>""</c>.</summary>
public static class CsvRows
{
    public static void Header(TextWriter to, CdmTable table) => to.WriteLine(string.Join(',', table.Columns.Select(c => c.Name)));

    public static void Append(TextWriter to, Batch batch)
    {
        var columns = batch.Table.Columns;
        for (var row = 0; row < batch.Rows; row++)
        {
            for (var c = 0; c < columns.Length; c++)
            {
                if (c > 0) to.Write(',');
                Write(to, batch.Columns[c], columns[c].Type, row);
            }
            to.WriteLine();
        }
    }

    static void Write(TextWriter to, Column column, ColumnType type, int row)
    {
        if (column.IsNull(row)) return;
        switch (column)
        {
            case Int32Column c when type == ColumnType.Date: to.Write(Days.Date(c.Array[row]).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)); break;
            case Int32Column c: to.Write(c.Array[row]); break;
            case Int64Column c when type == ColumnType.Timestamp: to.Write(DateTime.UnixEpoch.AddTicks(c.Array[row] * 10).ToString("yyyy-MM-dd HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture)); break;
            case Int64Column c: to.Write(c.Array[row]); break;
            case Float64Column c: to.Write(c.Array[row].ToString("R", CultureInfo.InvariantCulture)); break;
            case TextColumn c: Quote(to, c.Text(row)!); break;
        }
    }

    /// <summary>Quoted where RFC 4180 asks, and when empty: an empty text is not an absent one.</summary>
    static void Quote(TextWriter to, string text)
    {
        if (text.Length > 0 && text.AsSpan().IndexOfAny(",\"\r\n") < 0 && !char.IsWhiteSpace(text[0]) && !char.IsWhiteSpace(text[^1])) to.Write(text);
        else
        {
            to.Write('"');
            to.Write(text.Replace("\"", "\"\"", StringComparison.Ordinal));
            to.Write('"');
        }
    }
}
