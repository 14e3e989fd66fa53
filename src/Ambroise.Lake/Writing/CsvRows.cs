using System.Diagnostics;
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
        // Written in place: a text for each value took the collector longer than the rows themselves.
        Span<char> text = stackalloc char[40];
        switch (column)
        {
            case Int32Column c when type == ColumnType.Date: Write(to, text, Days.Date(c.Array[row]), "O"); break;
            case Int32Column c: Write(to, text, c.Array[row], default); break;
            case Int64Column c when type == ColumnType.Timestamp: Timestamp(to, text, DateTime.UnixEpoch.AddTicks(c.Array[row] * 10)); break;
            case Int64Column c: Write(to, text, c.Array[row], default); break;
            case Float64Column c: Write(to, text, c.Array[row], "R"); break;
            case TextColumn c: Quote(to, c.Text(row)!); break;
        }
    }

    static void Write<T>(TextWriter to, Span<char> text, T value, ReadOnlySpan<char> format) where T : ISpanFormattable
    {
        if (!value.TryFormat(text, out var length, format, CultureInfo.InvariantCulture)) throw new UnreachableException(typeof(T).Name);
        to.Write(text[..length]);
    }

    static void Timestamp(TextWriter to, Span<char> text, DateTime instant)
    {
        if (instant.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            Write(to, text, instant, "yyyy-MM-dd HH:mm:ss.FFFFFF");
            return;
        }
        // Whole seconds, as nearly all are: the sortable format is this one with a T, several times sooner.
        if (!instant.TryFormat(text, out var length, "s", CultureInfo.InvariantCulture)) throw new UnreachableException(nameof(DateTime));
        text[10] = ' ';
        to.Write(text[..length]);
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
