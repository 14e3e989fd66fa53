using System.Text.Unicode;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;

namespace Ambroise.Sources.Csv;

/// <summary>A row or line at fault.</summary>
/// <param name="Field">Null for the whole line.</param>
readonly record struct Fault(string? Field, string Reason);

/// <summary>A stretch of whole records, and the rows read from it. Used again and again: one for each thread at work.</summary>
sealed class CsvBlock(CdmTable table)
{
    // Of a line that is not a row, enough for a person to see what it is.
    const int MaxKeptBytes = 1 << 16;

    readonly List<(int Start, int Length)> places = [];
    byte[] unescaped = new byte[256];
    int[] starts = [], lengths = [];

    public byte[] Text { get; set; } = [];
    public int Length { get; set; }

    /// <summary>The text is the beginning of a line too long to be held.</summary>
    public bool Cut { get; set; }

    /// <summary>Line of the source on which the text begins, from 1.</summary>
    public long FirstLine { get; set; }

    public Batch Rows { get; } = new(table);

    /// <summary>Rows of <see cref="Rows"/> that hold a value of the wrong type.</summary>
    public SortedDictionary<int, Fault> Faults { get; } = [];

    /// <summary>Lines that are no row.</summary>
    public List<(long Line, Fault Fault, ReadOnlyMemory<byte> Text)> Malformed { get; } = [];

    /// <summary>The row as the file holds it.</summary>
    public byte[] Raw(int row) => Text.AsSpan(places[row].Start, places[row].Length).ToArray();

    /// <summary>Reads the text's records into rows.</summary>
    /// <param name="columns">The CDM column of each field of the file, null where the CDM has none.</param>
    public void Parse(CsvHeader header, CdmColumn?[] columns)
    {
        var text = Text.AsSpan(0, Length);
        var known = Utf8.IsValid(text);
        Rows.Clear();
        Faults.Clear();
        Malformed.Clear();
        places.Clear();
        if (Cut)
        {
            Malformed.Add((FirstLine, new(null, "line-too-long"), text[..MaxKeptBytes].ToArray()));
            return;
        }
        if (starts.Length < columns.Length) (starts, lengths) = (new int[columns.Length], new int[columns.Length]);
        var marks = new CsvMarks(text, header.Delimiter, header.Quotes);
        var line = FirstLine;
        for (var at = 0; at < text.Length;)
        {
            var record = at;
            var recordLine = line;
            if (text[at] == '\n' || text[at] == '\r' && at + 1 < text.Length && text[at + 1] == '\n')
            {
                at = marks.Next() + 1;
                line++;
                continue;
            }
            var fields = Fields(text, header, ref marks, ref at, ref line, out var end);
            var whole = text[record..end];
            var why = fields < 0 ? "quote-open" : fields < columns.Length ? "line-short" : fields > columns.Length ? "line-long" : known || Utf8.IsValid(whole) ? null : "encoding-invalid";
            if (why is not null)
            {
                Malformed.Add((recordLine, new(null, why), whole[..Math.Min(whole.Length, MaxKeptBytes)].ToArray()));
                continue;
            }
            var row = places.Count;
            places.Add((record, end - record));
            Place(row, recordLine);
            for (var f = 0; f < columns.Length; f++)
                if (columns[f] is { } column && Append(text.Slice(starts[f], Math.Abs(lengths[f])), lengths[f] < 0, column) is { } reason) Faults.TryAdd(row, new(column.Name, reason));
        }
        foreach (var column in Rows.Columns)
            if (column.Count < places.Count) column.AppendNulls(places.Count - column.Count);
    }

    /// <summary>Cuts one record. A field whose length is negative holds doubled quotes.</summary>
    /// <param name="at">In: where the record begins. Out: where the next one does.</param>
    /// <param name="line">Out: the next record's line.</param>
    /// <param name="end">Where the record ends, its line end left out.</param>
    /// <returns>The number of fields, or -1 where a quote does not close as it must.</returns>
    int Fields(ReadOnlySpan<byte> text, CsvHeader header, ref CsvMarks marks, ref int at, ref long line, out int end)
    {
        var record = at;
        var newlines = 0;
        for (var fields = 0; ; fields++)
        {
            int start = at, length, mark;
            if (header.Quotes && at < text.Length && text[at] == '"')
            {
                if (CsvCut.Close(text, at, header.Delimiter, final: true, out var close) != QuoteEnd.Closed)
                {
                    var newline = text[record..].IndexOf((byte)'\n');
                    end = newline < 0 ? text.Length : record + newline;
                    at = end + 1;
                    line++;
                    marks.SkipTo(at);
                    return -1;
                }
                marks.SkipTo(close);
                mark = marks.Next();
                start++;
                length = close - 1 - start;
                var inside = text.Slice(start, length);
                newlines += inside.Count((byte)'\n');
                if (inside.Contains((byte)'"')) length = -length;
            }
            else
            {
                do mark = marks.Next(); while (mark < text.Length && text[mark] == '"' && header.Quotes);
                length = mark - start;
                if (length > 0 && text[mark - 1] == '\r' && (mark == text.Length || text[mark] == '\n')) length--;
            }
            if (fields < starts.Length) (starts[fields], lengths[fields]) = (start, length);
            at = mark + 1;
            if (mark < text.Length && text[mark] != '\n') continue;
            end = mark > record && text[mark - 1] == '\r' ? mark - 1 : mark;
            line += newlines + 1;
            return fields + 1;
        }
    }

    /// <summary>Keeps the lines one by one from the first row that does not follow the one before.</summary>
    void Place(int row, long line)
    {
        if (row == 0) Rows.FirstLine = line;
        if (Rows.Lines.Count == 0)
        {
            if (line == Rows.FirstLine + row) return;
            for (var before = 0; before < row; before++) Rows.Lines.Append(Rows.FirstLine + before);
        }
        Rows.Lines.Append(line);
    }

    /// <returns>The reason why the field cannot be taken, or null. Something is appended either way. Empty is null, quoted or not.</returns>
    string? Append(ReadOnlySpan<byte> field, bool doubled, CdmColumn column)
    {
        var to = Rows.Columns[column.Ordinal];
        if (field.IsEmpty)
        {
            to.AppendNull();
            return null;
        }
        if (doubled) field = Unescape(field);
        Typed how;
        switch (column.Type)
        {
            case ColumnType.Int32:
                how = FieldText.Integer(field, -int.MaxValue, int.MaxValue, out var integer);
                if (how == Typed.Value) ((Int32Column)to).Append((int)integer);
                break;
            case ColumnType.Int64:
                how = FieldText.Integer(field, -long.MaxValue, long.MaxValue, out var wide);
                if (how == Typed.Value) ((Int64Column)to).Append(wide);
                break;
            case ColumnType.Float64:
                how = FieldText.Number(field, out var number);
                if (how == Typed.Value) ((Float64Column)to).Append(number);
                break;
            case ColumnType.Date:
                how = FieldText.Date(field, out var days);
                if (how == Typed.Value) ((Int32Column)to).Append(days);
                break;
            case ColumnType.Timestamp:
                how = FieldText.Timestamp(field, out var micros);
                if (how == Typed.Value) ((Int64Column)to).Append(micros);
                break;
            default:
                ((TextColumn)to).Append(field);
                return null;
        }
        if (how == Typed.Value) return null;
        to.AppendNull();
        return how switch { Typed.Unparseable => "value-unparseable", Typed.OutOfRange => "value-out-of-range", _ => null };
    }

    ReadOnlySpan<byte> Unescape(ReadOnlySpan<byte> field)
    {
        if (unescaped.Length < field.Length) unescaped = new byte[field.Length * 2];
        var length = 0;
        for (var i = 0; i < field.Length; i++)
        {
            unescaped[length++] = field[i];
            if (field[i] == '"') i++;
        }
        return unescaped.AsSpan(0, length);
    }
}
