using System.Globalization;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Writing;

namespace Ambroise.Tests.Lake.Writing;

/// <summary>Each value as the format says, whatever shortcut writes it.</summary>
public sealed class CsvRowsSpecs
{
    [Fact]
    public void Days_instants_numbers_and_texts_are_written_as_before_they_were_written_in_place()
    {
        var table = new CdmTable("t", [.. new[] { ColumnType.Int64, ColumnType.Int32, ColumnType.Date, ColumnType.Timestamp, ColumnType.Float64, ColumnType.Text }.Select((type, i) => new CdmColumn($"c{i}", type, false, Sensitivity.Analytic, null, i))],
            new Placement.Shared(), 0, -1, -1, -1);
        var rows = new Batch(table);
        Add(long.MaxValue, int.MinValue + 1, "0001-01-01", "0001-01-01 00:00:00", double.MaxValue, "");
        Add(-7, 0, "9999-12-31", "9999-12-31 23:59:59.999999", -0.1, "a,b");
        Add(0, -12, "2024-02-29", "2024-02-29 07:05:09", 1e-7, "un \"mot\"");
        Add(1, 12, "1969-12-31", "1969-12-31 23:59:59.5", 120, " à la ligne\n");
        rows.Columns[0].AppendNull();
        foreach (var column in rows.Columns.Skip(1)) column.AppendNull();

        using var text = new StringWriter { NewLine = "\n" };
        CsvRows.Header(text, table);
        CsvRows.Append(text, rows);
        Assert.Equal(""""
            c0,c1,c2,c3,c4,c5
            9223372036854775807,-2147483647,0001-01-01,0001-01-01 00:00:00,1.7976931348623157E+308,""
            -7,0,9999-12-31,9999-12-31 23:59:59.999999,-0.1,"a,b"
            0,-12,2024-02-29,2024-02-29 07:05:09,1E-07,"un ""mot"""
            1,12,1969-12-31,1969-12-31 23:59:59.5,120," à la ligne
            "
            ,,,,,

            """", text.ToString());

        void Add(long wide, int number, string day, string instant, double value, string word)
        {
            ((Int64Column)rows.Columns[0]).Append(wide);
            ((Int32Column)rows.Columns[1]).Append(number);
            ((Int32Column)rows.Columns[2]).Append(Days.Of(DateOnly.Parse(day, CultureInfo.InvariantCulture)));
            ((Int64Column)rows.Columns[3]).Append((DateTime.Parse(instant, CultureInfo.InvariantCulture) - DateTime.UnixEpoch).Ticks / 10);
            ((Float64Column)rows.Columns[4]).Append(value);
            ((TextColumn)rows.Columns[5]).Append(word);
        }
    }
}
