using Ambroise.Lake.Cdm;
using Ambroise.Lake.Releases;
using Ambroise.Sources.Omop;
using Ambroise.Tests.Lake;
using DuckDB.NET.Data;

namespace Ambroise.Tests.Omop;

/// <summary>What a hospital loads it gets back: compared by DuckDB, file against file, as sets of rows.</summary>
public sealed class ReversibilitySpecs
{
    [Theory]
    [InlineData("omop/synthea27nj", ExportFormat.Parquet)]
    [InlineData("omop/synthea27nj", ExportFormat.Csv)]
    [InlineData("cohorts/cdm", ExportFormat.Parquet)]
    [InlineData("cohorts/cdm", ExportFormat.Csv)]
    public void An_export_equals_its_input_table_by_table(string dataset, ExportFormat format)
    {
        var folder = OmopFolder.Open(Conformance.Path(dataset)).OrThrow();
        using var test = new TestLake();
        using (var source = new OmopSource(folder, 1L << 30, 2))
        {
            var report = test.Load(source);
            Assert.Empty(report.Rejects);
        }
        var to = Path.Combine(test.Folder, "export");
        var written = Reversibility.Export(test.Lake, null, to, format, null, TestContext.Current.CancellationToken).OrThrow();
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        foreach (var file in folder.Files)
        {
            var input = Relation(file.Path, file.Kind == FileKind.Parquet);
            var rows = Scalar(connection, $"select count(*) from {input}");
            Assert.Equal(rows, written.GetValueOrDefault(file.Table.Name));
            if (rows == 0) continue;
            var output = Relation(Path.Combine(to, $"{file.Table.Name}.{(format == ExportFormat.Csv ? "csv" : "parquet")}"), format == ExportFormat.Parquet);
            var present = Columns(connection, input).Where(c => file.Table.Find(c) is not null).ToList();
            string Select(string relation, bool isInput) => "select " + string.Join(", ", present.Select(c => Canonical(isInput ? c : file.Table[c].Name, file.Table[c].Type))) + $" from {relation}";
            var differing = Scalar(connection, $"select count(*) from (({Select(input, true)} except all {Select(output, false)}) union all ({Select(output, false)} except all {Select(input, true)}))");
            Assert.True(differing == 0, $"{file.Table.Name}: {differing} rows differ");
        }
        Assert.Null(Verification.Run(test.Lake, null, TestContext.Current.CancellationToken).Fault);
    }

    static string Relation(string path, bool parquet) => parquet ? $"read_parquet('{path}')" : $"read_csv('{path}', all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"')";

    static string Canonical(string column, ColumnType type) => type switch
    {
        ColumnType.Int32 or ColumnType.Int64 => $"cast(\"{column}\" as bigint)",
        ColumnType.Float64 => $"cast(\"{column}\" as double)",
        ColumnType.Date => $"cast(cast(\"{column}\" as timestamp) as date)",
        ColumnType.Timestamp => $"cast(\"{column}\" as timestamp)",
        _ => $"coalesce(cast(\"{column}\" as varchar), '')",
    };

    static List<string> Columns(DuckDBConnection connection, string relation)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"describe select * from {relation}";
        using var reader = command.ExecuteReader();
        var names = new List<string>();
        while (reader.Read()) names.Add(reader.GetString(0));
        return names;
    }

    static long Scalar(DuckDBConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar());
    }
}
