using System.Collections.Immutable;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;
using Ambroise.Lake.Sealing;

namespace Ambroise.Lake.Releases;

/// <summary>Whole rows of a release, identities put back: for what the lake itself must do with them (merge, erasure, reversibility).</summary>
static class StoredRows
{
    /// <returns>The rows of one shard of a table in stored order, a block at a time; without those of patients who departed from it.</returns>
    /// <param name="apart">Where long texts go; null to hold them: a block of letters is larger than memory.</param>
    /// <param name="columns">Names of those needed, the others are left null; none for all.</param>
    /// <exception cref="FailureException">A file is missing or damaged.</exception>
    public static IEnumerable<Batch> Read(TenantLake lake, Manifest manifest, int shard, CdmTable table, LongTexts? apart = null, params string[] columns)
    {
        if (Open(lake, manifest, shard, table) is not { } files) yield break;
        var wanted = columns.Length == 0 ? table.Columns : [.. columns.Select(c => table[c])];
        using (files)
        {
            var departed = lake.DepartedOf(manifest).Rows(lake, manifest, shard, table);
            for (int block = 0, first = 0; block < files.Main.Blocks; first += files.Main.BlockRows(block), block++)
            {
                var batch = files.Block(table, wanted, block, apart);
                var from = first;
                yield return departed.Length == 0 ? batch : batch.Where(row => Array.BinarySearch(departed, from + row) < 0);
            }
        }
    }

    /// <summary>Rows with some values in a column of keys: blocks without one are left unread but for that column, and of other rows nothing is copied. Without those of patients who departed, where a row or its file names its patient.</summary>
    /// <param name="column">Ordinal; -1 to look for persons whom no column names, but the file (<see cref="PatientRuns"/>).</param>
    /// <param name="isWanted">By the file and the number of the block; null for every block.</param>
    /// <param name="apart">Where long texts go; null to hold them.</param>
    /// <exception cref="FailureException">A file is missing or damaged.</exception>
    public static IEnumerable<Batch> Read(TenantLake lake, Manifest manifest, int shard, CdmTable table, int column, Func<long, bool> has, Func<TableFileReader, int, bool>? isWanted = null, LongTexts? apart = null, params string[] columns)
    {
        if (Open(lake, manifest, shard, table) is not { } files) yield break;
        var searched = column < 0 ? null : files.That(table.Columns[column]);
        if (searched is null && (column >= 0 || files.Whose is null)) // of an earlier version of the program
        {
            files.Dispose();
            yield break;
        }
        var wanted = columns.Length == 0 ? table.Columns : [.. columns.Select(c => table[c])];
        var departed = table.Person < 0 && column >= 0 ? [] : lake.DepartedOf(manifest).Persons(lake, manifest, shard);
        var (values, rows) = (new long[IShardTable.BlockRows], new List<int>());
        using (files)
            for (var block = 0; block < files.Main.Blocks; block++)
            {
                if (isWanted?.Invoke(files.Main, block) == false) continue;
                var count = column < 0 ? files.Whose!.Block(block, values) : searched!.Int64(table.Columns[column], block, values);
                rows.Clear();
                for (var row = 0; row < count; row++)
                    if (row > 0 && values[row] == values[row - 1] ? rows.Count > 0 && rows[^1] == row - 1 : has(values[row])) rows.Add(row);
                if (rows.Count > 0 && departed.Count > 0)
                {
                    if (column >= 0) files.Main.Int64(table.Columns[table.Person], block, values);
                    rows.RemoveAll(row => departed.Contains(values[row]));
                }
                if (rows.Count > 0) yield return files.Block(table, wanted, block, apart, [.. rows]);
            }
    }

    /// <returns>A table's primary keys as one shard stores them, those of departed patients included.</returns>
    /// <exception cref="FailureException">A file is missing or damaged.</exception>
    public static long[] Keys(TenantLake lake, Manifest manifest, int shard, CdmTable table) => [.. Column(lake, manifest, shard, table, table.Key)];

    /// <summary>An <c>Int64</c> column as one shard stores it, rows of departed patients included.</summary>
    /// <param name="column">Ordinal; -1 for the persons whom no column names, but the file.</param>
    public static IEnumerable<long> Column(TenantLake lake, Manifest manifest, int shard, CdmTable table, int column)
    {
        if (Open(lake, manifest, shard, table) is not { } files) yield break;
        using (files)
            for (var block = 0; block < files.Main.Blocks; block++)
                foreach (var value in column < 0 ? files.Whose?.Block(block) ?? [] : files.Main.Int64(table.Columns[column], block))
                    yield return value;
    }

    /// <returns>Some columns of one block of a shard of a table that the release holds, as it is stored.</returns>
    /// <exception cref="FailureException">A file is missing or damaged.</exception>
    public static Batch Block(TenantLake lake, Manifest manifest, int shard, CdmTable table, int block, params string[] columns)
    {
        using var files = Open(lake, manifest, shard, table)!;
        return files.Block(table, [.. columns.Select(c => table[c])], block);
    }

    static Parts? Open(TenantLake lake, Manifest manifest, int shard, CdmTable table)
    {
        TableFileReader? Part(FilePart part) => manifest.Files.FirstOrDefault(f => f.Shard == shard && f.Table == table.Name && f.Part == part) is { } file ? lake.OpenFile(file) : null;
        return Part(FilePart.Analytic) is not { } main ? null : new(main, Part(FilePart.Identity), Part(FilePart.Trace), table.Placement is Placement.WithRecord ? PatientRuns.Of(main) : null);
    }

    /// <summary>The files that hold one table of one shard.</summary>
    /// <param name="Whose">The rows are, where the file tells and no column.</param>
    sealed record Parts(TableFileReader Main, TableFileReader? Identities, TableFileReader? Traces, PatientRuns? Whose) : IDisposable
    {
        /// <returns>The file that holds a column, or null.</returns>
        public TableFileReader? That(CdmColumn column) => Main.Has(column) ? Main : Identities?.Has(column) == true ? Identities : Traces?.Has(column) == true ? Traces : null;

        /// <param name="some">Rows of the block, ascending; null for all.</param>
        public Batch Block(CdmTable table, ImmutableArray<CdmColumn> columns, int block, LongTexts? apart = null, int[]? some = null)
        {
            var batch = new Batch(table, apart: apart);
            var rows = some?.Length ?? Main.BlockRows(block);
            foreach (var column in columns) That(column)?.AppendTo(batch.Columns[column.Ordinal], column, block, some);
            foreach (var column in batch.Columns) column.AppendNulls(rows - column.Count);
            if (Whose?.Block(block) is not { } persons) return batch;
            var to = batch.Persons.AppendSpan(rows);
            for (var row = 0; row < rows; row++) to[row] = persons[some?[row] ?? row];
            return batch;
        }

        public void Dispose()
        {
            Main.Dispose();
            Identities?.Dispose();
            Traces?.Dispose();
        }
    }

    /// <returns>Every shard that holds the table, the shared part included.</returns>
    public static IEnumerable<int> Shards(Manifest manifest, CdmTable table) =>
        manifest.Files.Where(f => f.Table == table.Name && f.Part == FilePart.Analytic).Select(f => f.Shard).Order();
}
