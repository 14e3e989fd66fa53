using System.IO.Compression;
using System.Text;
using Ambroise.Lake.Cdm;
using Ambroise.Sources.DuckDb;
using DuckDB.NET.Data;

namespace Ambroise.Sources.Omop;

/// <summary>How one file is read: the query that types its columns and marks the values that cannot be typed.</summary>
/// <param name="Sql">Columns: one per CDM column, then <c>faults</c> (a bit per CDM column) and <c>raw</c> (the row as text, where a bit is set).</param>
/// <param name="Marked">The last two columns are there: a Parquet file whose types are the CDM's needs no marks.</param>
/// <param name="Missing">CDM columns the file lacks.</param>
/// <param name="Extra">Columns of the file that the CDM does not have: reported and left out.</param>
sealed record TableScan(string Sql, bool Marked, IReadOnlyList<CdmColumn> Missing, IReadOnlyList<string> Extra)
{
    /// <exception cref="SourceException">The file's header or footer cannot be read.</exception>
    public static TableScan Plan(DuckDBConnection connection, SourceFile file)
    {
        var from = file.Kind == FileKind.Parquet ? $"read_parquet({DuckDb.DuckDb.Literal(file.Path)})" : Csv(file);
        var present = file.Kind == FileKind.Parquet ? Describe(connection, from) : Header(file).Names.Select(n => (n, "VARCHAR")).ToList();
        var byColumn = new Dictionary<CdmColumn, (string Name, string Type)>();
        var extra = new List<string>();
        foreach (var column in present)
            if (file.Table.Find(column.Item1) is not { } known || !byColumn.TryAdd(known, column)) extra.Add(column.Item1);
        if (byColumn.Count == 0) throw new SourceException();

        var typed = new List<string>();
        var checks = new List<string>();
        foreach (var column in file.Table.Columns)
        {
            var wanted = Wanted(column.Type);
            if (!byColumn.TryGetValue(column, out var found))
            {
                typed.Add($"cast(null as {wanted}) as t{column.Ordinal}");
                continue;
            }
            var name = $"s.{DuckDb.DuckDb.Name(found.Name)}";
            if (Same(found.Type, column.Type)) typed.Add($"{name} as t{column.Ordinal}");
            else
            {
                typed.Add($"{Typed(name, found.Type, column.Type)} as t{column.Ordinal}");
                if (column.Type != ColumnType.Text) checks.Add($"(case when {name} is not null and t{column.Ordinal} is null then {1L << column.Ordinal} else 0 end)");
            }
        }
        var outputs = string.Join(", ", file.Table.Columns.Select(c => $"t{c.Ordinal}"));
        var missing = file.Table.Columns.Where(c => !byColumn.ContainsKey(c)).ToList();
        if (checks.Count == 0) return new($"select {outputs} from (select {string.Join(", ", typed)} from {from} s)", false, missing, extra);
        var raw = string.Join(", ", byColumn.Values.Select(c => $"cast(s.{DuckDb.DuckDb.Name(c.Name)} as varchar)"));
        return new($"""
            select {outputs}, faults, case when faults <> 0 then raw_text else null end as raw
            from (select {string.Join(", ", typed)}, cast({string.Join(" + ", checks)} as bigint) as faults, case when faults <> 0 then concat_ws(chr(31), {raw}) else null end as raw_text from {from} s)
            """, true, missing, extra);
    }

    static string Wanted(ColumnType type) => type switch
    {
        ColumnType.Int32 => "integer",
        ColumnType.Int64 => "bigint",
        ColumnType.Float64 => "double",
        ColumnType.Date => "date",
        ColumnType.Timestamp => "timestamp",
        _ => "varchar",
    };

    static bool Same(string found, ColumnType type) => (found, type) switch
    {
        ("INTEGER", ColumnType.Int32) or ("BIGINT", ColumnType.Int64) or ("DOUBLE", ColumnType.Float64) or ("DATE", ColumnType.Date) or ("TIMESTAMP", ColumnType.Timestamp)
            or ("VARCHAR", ColumnType.Text) => true,
        _ => false,
    };

    /// <summary>A whole number written with a fraction (12.0) is taken, one with a part (12.5) is not; days may come as 2019-03-31, 20190331 or with a time.</summary>
    static string Typed(string name, string found, ColumnType type) => (type, found == "VARCHAR") switch
    {
        (ColumnType.Int32 or ColumnType.Int64, _) when found is "DOUBLE" or "FLOAT" or "VARCHAR" || found.StartsWith("DECIMAL", StringComparison.Ordinal) =>
            $"case when try_cast({name} as {Wanted(type)}) = try_cast({name} as double) then try_cast({name} as {Wanted(type)}) else null end",
        (ColumnType.Date, true) => $"coalesce(try_cast({name} as date), cast(try_strptime({name}, '%Y%m%d') as date), try_cast(try_cast({name} as timestamp) as date))",
        (ColumnType.Timestamp, true) => $"coalesce(try_cast({name} as timestamp), try_strptime({name}, '%Y%m%d'))",
        (ColumnType.Date, _) when found.StartsWith("TIMESTAMP WITH", StringComparison.Ordinal) => $"try_cast(try_cast({name} as timestamp) as date)",
        _ => $"try_cast({name} as {Wanted(type)})",
    };

    static List<(string, string)> Describe(DuckDBConnection connection, string from)
    {
        try
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"describe select * from {from}";
            using var reader = command.ExecuteReader();
            var columns = new List<(string, string)>();
            while (reader.Read()) columns.Add((reader.GetString(0), reader.GetString(1)));
            return columns;
        }
        catch (Exception e) when (e is DuckDBException or InvalidCastException)
        {
            throw new SourceException();
        }
    }

    static string Csv(SourceFile file)
    {
        var (names, delimiter) = Header(file);
        var columns = string.Join(", ", names.Select(n => $"{DuckDb.DuckDb.Literal(n)}: 'VARCHAR'"));
        // Athena's tab-separated files hold bare quotes; comma files follow RFC 4180.
        var quote = delimiter == '\t' ? "quote = '', escape = ''" : "quote = '\"', escape = '\"'";
        return $"read_csv({DuckDb.DuckDb.Literal(file.Path)}, auto_detect = false, header = true, delim = {DuckDb.DuckDb.Literal(delimiter.ToString())}, {quote}, columns = {{{columns}}}, " +
            "ignore_errors = true, store_rejects = true, rejects_limit = 0, max_line_size = 33554432, null_padding = false, strict_mode = true)";
    }

    /// <summary>The header line: its names, and the delimiter it shows (tab, semicolon or comma).</summary>
    static (List<string> Names, char Delimiter) Header(SourceFile file)
    {
        try
        {
            using var stream = File.OpenRead(file.Path);
            using Stream plain = file.Path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(stream, CompressionMode.Decompress) : stream;
            using var reader = new StreamReader(plain, new UTF8Encoding(false, true));
            var line = new StringBuilder();
            for (int c; (c = reader.Read()) >= 0 && c != '\n' && line.Length < 1 << 16;)
                if (c != '\r') line.Append((char)c);
            var text = line.ToString();
            var delimiter = text.Contains('\t') ? '\t' : text.Contains(';') && !text.Contains(',') ? ';' : ',';
            var names = text.Split(delimiter).Select(n => n.Trim().Trim('"')).ToList();
            if (names.Any(n => n.Length == 0 || n.Any(char.IsControl)) || names.Distinct(StringComparer.OrdinalIgnoreCase).Count() != names.Count) throw new SourceException();
            return (names, delimiter);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or DecoderFallbackException)
        {
            throw new SourceException();
        }
    }
}
