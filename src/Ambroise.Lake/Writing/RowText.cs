using System.Text;
using System.Text.Json;
using Ambroise.Lake.Columns;

namespace Ambroise.Lake.Writing;

/// <summary>A row as one JSON object of its present values, for the sealed quarantine alone.</summary>
public static class RowText
{
    public static byte[] Of(Batch batch, int row)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            foreach (var column in batch.Table.Columns)
                switch (batch.Columns[column.Ordinal])
                {
                    case var c when c.IsNull(row): break;
                    case Int32Column c when column.Type == Cdm.ColumnType.Date: json.WriteString(column.Name, DateOnly.FromDayNumber(Math.Clamp(Days.Epoch + c.Array[row], 0, DateOnly.MaxValue.DayNumber)).ToString("yyyy-MM-dd")); break;
                    case Int32Column c: json.WriteNumber(column.Name, c.Array[row]); break;
                    case Int64Column c: json.WriteNumber(column.Name, c.Array[row]); break;
                    case Float64Column c: json.WriteString(column.Name, c.Array[row].ToString("R")); break;
                    case TextColumn c: json.WriteString(column.Name, Encoding.UTF8.GetString(c[row])); break;
                }
            json.WriteEndObject();
        }
        return stream.ToArray();
    }
}
