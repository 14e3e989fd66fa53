using System.Numerics;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Sources.Csv;
using Ambroise.Sources.DuckDb;
using DuckDB.NET.Data;

namespace Ambroise.Sources.Omop;

/// <summary>How one Parquet file is read: the query that types its columns and marks the values that cannot be typed.</summary>
/// <param name="Sql">Columns: one per CDM column, then <c>faults</c> (a bit per CDM column) and <c>raw</c> (the row as text, where a bit is set).</param>
/// <param name="Marked">The last two columns are there: a Parquet file whose types are the CDM's needs no marks.</param>
/// <param name="Ranged">The columns, a bit each, that hold numbers already: what cannot be typed in them is out of range.</param>
sealed record ParquetScan(string Sql, bool Marked, long Ranged, ColumnMatch Match)
{
    /// <exception cref="SourceException">The file's header or footer cannot be read.</exception>
    public static ParquetScan Plan(DuckDBConnection connection, SourceFile file)
    {
        // Text of older writers is not marked as text.
        var from = $"read_parquet({DuckDb.DuckDb.Literal(file.Path)}, binary_as_string = true, hive_partitioning = false)";
        var present = Describe(connection, from);
        var match = ColumnMatch.Of(file.Table, present.Select(p => p.Name));
        var ranged = 0L;
        var typed = new List<string>();
        var checks = new List<string>();
        foreach (var column in file.Table.Columns)
        {
            var wanted = Wanted(column.Type);
            var field = match.Fields[column.Ordinal];
            if (field < 0)
            {
                typed.Add($"cast(null as {wanted}) as t{column.Ordinal}");
                continue;
            }
            var found = present[field];
            var name = $"s.{DuckDb.DuckDb.Name(found.Name)}";
            if (Same(found.Type, column.Type)) typed.Add($"{name} as t{column.Ordinal}");
            else
            {
                var type = found.Type;
                // A day written as a number (20190331) is read as its text: there is no cast between the two.
                if (column.Type is ColumnType.Date or ColumnType.Timestamp && type != "DATE" && !type.StartsWith("TIMESTAMP", StringComparison.Ordinal)) (name, type) = ($"cast({name} as varchar)", "VARCHAR");
                typed.Add($"{Typed(name, type, column.Type)} as t{column.Ordinal}");
                if (column.Type is ColumnType.Int32 or ColumnType.Int64 && (type.EndsWith("INT", StringComparison.Ordinal) || type.EndsWith("INTEGER", StringComparison.Ordinal))) ranged |= 1L << column.Ordinal;
                if (column.Type != ColumnType.Text) checks.Add($"(case when {name} is not null and t{column.Ordinal} is null then {1L << column.Ordinal} else 0 end)");
            }
        }
        var outputs = string.Join(", ", file.Table.Columns.Select(c => $"t{c.Ordinal}"));
        if (checks.Count == 0) return new($"select {outputs} from (select {string.Join(", ", typed)} from {from} s)", false, ranged, match);
        var raw = string.Join(", ", match.Fields.Where(f => f >= 0).Select(f => present[f]).Select(c => $"cast(s.{DuckDb.DuckDb.Name(c.Name)} as varchar)"));
        return new($"""
            select {outputs}, faults, case when faults <> 0 then raw_text else null end as raw
            from (select {string.Join(", ", typed)}, cast({string.Join(" + ", checks)} as bigint) as faults, case when faults <> 0 then concat_ws(chr(31), {raw}) else null end as raw_text from {from} s)
            """, true, ranged, match);
    }

    /// <summary>The rows at fault: by the marks, a bit for each column, and by values that mean null in memory.</summary>
    public SortedDictionary<int, Fault> Faults(Int64Column marks, List<(int Column, int Row)> reserved)
    {
        var bad = new SortedDictionary<int, Fault>();
        if (!marks.IsAbsent)
            for (var row = 0; row < marks.Count; row++)
                if (marks.Array[row] is var bits and not 0 && BitOperations.TrailingZeroCount(bits) is var column)
                    bad[row] = new(Match.Table.Columns[column].Name, (Ranged >> column & 1) != 0 ? "value-out-of-range" : "value-unparseable");
        foreach (var (column, row) in reserved)
            if (column < Match.Fields.Length) bad.TryAdd(row, new(Match.Table.Columns[column].Name, "value-out-of-range"));
        return bad;
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

    static List<(string Name, string Type)> Describe(DuckDBConnection connection, string from)
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
}
