using System.Text;
using System.Text.Unicode;

namespace Ambroise.Sources.Csv;

/// <summary>How a delimited file is cut: its delimiter, whether quotes quote, and the names on its first line.</summary>
/// <param name="Quotes">Comma and semicolon files follow RFC 4180. Tab files have no quoting: a quote in them is a character like another.</param>
/// <param name="Length">Bytes of the header line, its line end and a byte order mark included.</param>
sealed record CsvHeader(byte Delimiter, bool Quotes, IReadOnlyList<string> Names, int Length)
{
    const int MaxHeaderBytes = 1 << 16;

    /// <param name="start">The beginning of the file, as much as there is up to one block.</param>
    /// <returns>Null where the first line is not a header: too long, not UTF-8, a nameless or repeated column.</returns>
    public static CsvHeader? Read(ReadOnlySpan<byte> start)
    {
        var mark = start.StartsWith("\uFEFF"u8) ? 3 : 0;
        var end = start.IndexOf((byte)'\n');
        var line = start[mark..(end < 0 ? start.Length : Math.Max(mark, end))];
        if (line.Length is 0 or > MaxHeaderBytes || !Utf8.IsValid(line)) return null;
        var text = Encoding.UTF8.GetString(line).TrimEnd('\r');
        var delimiter = text.Contains('\t') ? '\t' : text.Contains(';') && !text.Contains(',') ? ';' : ',';
        var names = text.Split(delimiter).Select(n => n.Trim().Trim('"').Trim()).ToList();
        if (names.Exists(n => n.Length == 0 || n.Any(char.IsControl)) || names.Distinct(StringComparer.OrdinalIgnoreCase).Count() != names.Count) return null;
        return new((byte)delimiter, delimiter != '\t', names, end < 0 ? start.Length : end + 1);
    }
}
