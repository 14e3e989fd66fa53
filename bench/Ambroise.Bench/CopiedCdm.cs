using Ambroise.Lake.Cdm;
using Ambroise.Sources.Omop;
using DuckDB.NET.Data;

namespace Ambroise.Bench;

/// <summary>A CDM several times over: each copy with patients, visits and records of its own, shared places and concepts once.</summary>
static class CopiedCdm
{
    /// <param name="from">A folder of OMOP Parquet.</param>
    /// <param name="to">Made; vocabulary files are not copied.</param>
    public static void Write(string from, string to, int copies)
    {
        Directory.CreateDirectory(to);
        using var duck = new DuckDBConnection("DataSource=:memory:");
        duck.Open();
        foreach (var group in OmopFolder.Open(from).OrThrow().Files.GroupBy(f => f.Table))
        {
            using var command = duck.CreateCommand();
            var rows = $"read_parquet([{string.Join(", ", group.Select(f => $"'{f.Path}'"))}])";
            var own = group.Key.Placement is Placement.Shared or Placement.WithRecord ? [] : Columns(duck, rows).Where(c => IsOwn(group.Key, c)).ToList();
            // A step above every id keeps the copies apart.
            command.CommandText = own.Count == 0 ? $"copy (from {rows}) to '{to}/{group.Key.Name}.parquet'"
                : $"copy (select * exclude (copy) replace ({string.Join(", ", own.Select(c => $"{c} + copy * 10000000000 as {c}"))}) from {rows}, (select unnest(range({copies})) as copy)) to '{to}/{group.Key.Name}.parquet'";
            command.ExecuteNonQuery();
        }
    }

    static List<string> Columns(DuckDBConnection duck, string rows)
    {
        using var command = duck.CreateCommand();
        command.CommandText = $"describe from {rows}";
        using var reader = command.ExecuteReader();
        var names = new List<string>();
        while (reader.Read()) names.Add(reader.GetString(0));
        return names;
    }

    /// <summary>Keys of the table and of those its rows belong to; not of places and people that all share.</summary>
    static bool IsOwn(CdmTable table, string column) => table.Find(column) is { Type: ColumnType.Int64 } found && (found.Ordinal == table.Key || found.Ordinal == table.Person
        || column.EndsWith("visit_occurrence_id", StringComparison.Ordinal) || column.EndsWith("visit_detail_id", StringComparison.Ordinal) || column is "note_id" or "entity_id");
}
