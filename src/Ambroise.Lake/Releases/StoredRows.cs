using System.Collections.Immutable;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Sealing;

namespace Ambroise.Lake.Releases;

/// <summary>Whole rows of a release, identities put back: for what the lake itself must do with them (merge, erasure, reversibility).</summary>
static class StoredRows
{
    /// <returns>The rows of one shard of a table in stored order, a block at a time; without those of patients who departed from it.</returns>
    /// <param name="columns">Names of those needed, the others are left null; none for all.</param>
    /// <exception cref="FailureException">A file is missing or damaged.</exception>
    public static IEnumerable<Batch> Read(TenantLake lake, Manifest manifest, int shard, CdmTable table, params string[] columns) => Read(lake, manifest, shard, table, static (_, _) => true, columns);

    /// <summary>As above, of some blocks alone.</summary>
    /// <param name="isWanted">By the file and the number of the block.</param>
    public static IEnumerable<Batch> Read(TenantLake lake, Manifest manifest, int shard, CdmTable table, Func<TableFileReader, int, bool> isWanted, params string[] columns)
    {
        if (Open(lake, manifest, shard, table) is not { } files) yield break;
        var wanted = columns.Length == 0 ? table.Columns : [.. columns.Select(c => table[c])];
        using (files)
        {
            int[]? departed = null;
            for (int block = 0, first = 0; block < files.Main.Blocks; first += files.Main.BlockRows(block), block++)
            {
                if (!isWanted(files.Main, block)) continue;
                departed ??= lake.DepartedOf(manifest).Rows(lake, manifest, shard, table);
                var batch = files.Block(table, wanted, block);
                var from = first;
                yield return departed.Length == 0 ? batch : batch.Where(row => Array.BinarySearch(departed, from + row) < 0);
            }
        }
    }

    /// <returns>A table's primary keys as one shard stores them, those of departed patients included.</returns>
    /// <exception cref="FailureException">A file is missing or damaged.</exception>
    public static long[] Keys(TenantLake lake, Manifest manifest, int shard, CdmTable table) => [.. Column(lake, manifest, shard, table, table.Key)];

    /// <summary>An <c>Int64</c> column as one shard stores it, rows of departed patients included.</summary>
    public static IEnumerable<long> Column(TenantLake lake, Manifest manifest, int shard, CdmTable table, int column)
    {
        if (Open(lake, manifest, shard, table) is not { } files) yield break;
        using (files)
            for (var block = 0; block < files.Main.Blocks; block++)
                foreach (var value in files.Main.Int64(table.Columns[column], block))
                    yield return value;
    }

    /// <returns>One block of a shard of a table that the release holds, as it is stored.</returns>
    /// <exception cref="FailureException">A file is missing or damaged.</exception>
    public static Batch Block(TenantLake lake, Manifest manifest, int shard, CdmTable table, int block)
    {
        using var files = Open(lake, manifest, shard, table)!;
        return files.Block(table, table.Columns, block);
    }

    static Parts? Open(TenantLake lake, Manifest manifest, int shard, CdmTable table)
    {
        TableFileReader? Part(FilePart part) => manifest.Files.FirstOrDefault(f => f.Shard == shard && f.Table == table.Name && f.Part == part) is { } file ? lake.OpenFile(file) : null;
        return Part(FilePart.Analytic) is not { } main ? null : new(main, Part(FilePart.Identity), Part(FilePart.Trace));
    }

    /// <summary>The files that hold one table of one shard.</summary>
    sealed record Parts(TableFileReader Main, TableFileReader? Identities, TableFileReader? Traces) : IDisposable
    {
        public Batch Block(CdmTable table, ImmutableArray<CdmColumn> columns, int block)
        {
            var batch = new Batch(table);
            var rows = Main.BlockRows(block);
            foreach (var column in columns)
            {
                var to = batch.Columns[column.Ordinal];
                if (Main.Has(column)) Main.AppendTo(to, column, block);
                else if (Identities?.Has(column) == true) Identities.AppendTo(to, column, block);
                else if (Traces?.Has(column) == true) Traces.AppendTo(to, column, block);
            }
            foreach (var column in batch.Columns) column.AppendNulls(rows - column.Count);
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
