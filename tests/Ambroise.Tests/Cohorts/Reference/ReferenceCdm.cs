using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using DuckDB.NET.Data;

namespace Ambroise.Tests.Cohorts.Reference;

/// <summary>One row of a CDM table, read by column name. Absent columns and absent values are both null.</summary>
sealed class Row(Dictionary<string, int> columns, object?[] values)
{
    object? At(string column) => columns.TryGetValue(column, out var at) ? values[at] : null;

    public long? Whole(string column) => At(column) switch
    {
        null => null,
        long l => l,
        var other => Convert.ToInt64(other),
    };

    /// <returns>Days since 1970-01-01.</returns>
    public int? Day(string column) => At(column) switch
    {
        null => null,
        int days => days,
        DateOnly date => date.DayNumber - Epoch,
        DateTime time => DateOnly.FromDateTime(time).DayNumber - Epoch,
        var other => throw new InvalidCastException($"{column}: {other.GetType()}"),
    };

    public double? Number(string column) => At(column) is { } value ? Convert.ToDouble(value) : null;

    public string? Text(string column) => (string?)At(column);

    public bool Has(string column) => columns.ContainsKey(column);

    public static readonly int Epoch = new DateOnly(1970, 1, 1).DayNumber;
}

/// <summary>A whole CDM in memory as lists of rows, by table and by person.</summary>
sealed class ReferenceCdm
{
    static readonly List<Row> None = [];
    readonly Dictionary<string, List<Row>> tables = new(StringComparer.Ordinal);
    readonly Dictionary<(string Table, long Person), List<Row>> byPerson = [];

    public IReadOnlyList<long> Persons { get; private set; } = [];

    public IReadOnlyList<Row> All(string table) => tables.GetValueOrDefault(table, None);

    public IReadOnlyList<Row> Of(string table, long person) => byPerson.GetValueOrDefault((table, person), None);

    public static ReferenceCdm FromParquet(string folder)
    {
        using var duck = new DuckDBConnection("DataSource=:memory:");
        duck.Open();
        var cdm = new ReferenceCdm();
        foreach (var file in Directory.EnumerateFiles(folder, "*.parquet"))
            cdm.tables[Path.GetFileNameWithoutExtension(file)] = Read(duck, file);
        return cdm.Indexed();
    }

    public static List<Row> Read(DuckDBConnection duck, string parquet)
    {
        using var command = duck.CreateCommand();
        command.CommandText = $"select * from read_parquet('{parquet.Replace("'", "''")}')";
        using var reader = command.ExecuteReader();
        var columns = Enumerable.Range(0, reader.FieldCount).ToDictionary(reader.GetName, i => i, StringComparer.OrdinalIgnoreCase);
        var rows = new List<Row>();
        while (reader.Read())
        {
            var values = new object?[reader.FieldCount];
            for (var i = 0; i < values.Length; i++) values[i] = reader.IsDBNull(i) ? null : reader.GetValue(i);
            rows.Add(new(columns, values));
        }
        return rows;
    }

    public static ReferenceCdm FromBatches(IEnumerable<Batch> batches)
    {
        var cdm = new ReferenceCdm();
        foreach (var batch in batches)
        {
            var columns = batch.Table.Columns.ToDictionary(c => c.Name, c => c.Ordinal, StringComparer.OrdinalIgnoreCase);
            var rows = cdm.tables.TryGetValue(batch.Table.Name, out var earlier) ? earlier : cdm.tables[batch.Table.Name] = [];
            for (var row = 0; row < batch.Rows; row++)
                rows.Add(new(columns, [.. batch.Columns.Select(c => c.IsNull(row) ? null : Value(c, row))]));
        }
        return cdm.Indexed();
    }

    static object? Value(Column column, int row) => column switch
    {
        Int32Column c => c.Values[row],
        Int64Column c => c.Values[row],
        Float64Column c => c.Values[row],
        TextColumn c => c.Text(row),
        _ => throw new InvalidOperationException(column.GetType().Name),
    };

    ReferenceCdm Indexed()
    {
        foreach (var (table, rows) in tables)
            foreach (var row in rows)
            {
                var person = table == "location_history" ? (row.Text("domain_id") is "PERSON" ? row.Whole("entity_id") : null) : row.Whole("person_id");
                if (person is not { } id) continue;
                if (!byPerson.TryGetValue((table, id), out var mine)) byPerson[(table, id)] = mine = [];
                mine.Add(row);
            }
        Persons = [.. All("person").Select(p => p.Whole("person_id")!.Value).Order()];
        return this;
    }
}
