using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Sealing;

namespace Ambroise.Lake.Releases;

/// <summary>Whole rows of a release, identities put back: for what the lake itself must do with them (merge, erasure, reversibility).</summary>
static class StoredRows
{
    /// <returns>The rows of one shard of a table in stored order, a block at a time.</returns>
    /// <exception cref="FailureException">A file is missing or damaged.</exception>
    public static IEnumerable<Batch> Read(TenantLake lake, Manifest manifest, int shard, CdmTable table)
    {
        if (Open(lake, manifest, shard, table) is not { } files) yield break;
        using (files)
            for (var block = 0; block < files.Main.Blocks; block++) yield return files.Block(table, block);
    }

    /// <returns>One block of a shard of a table that the release holds.</returns>
    /// <exception cref="FailureException">A file is missing or damaged.</exception>
    public static Batch Block(TenantLake lake, Manifest manifest, int shard, CdmTable table, int block)
    {
        using var files = Open(lake, manifest, shard, table)!;
        return files.Block(table, block);
    }

    static Parts? Open(TenantLake lake, Manifest manifest, int shard, CdmTable table)
    {
        TableFileReader? Part(FilePart part) => manifest.Files.FirstOrDefault(f => f.Shard == shard && f.Table == table.Name && f.Part == part) is { } file ? lake.OpenFile(file) : null;
        return Part(FilePart.Analytic) is not { } main ? null : new(main, Part(FilePart.Identity), Part(FilePart.Trace));
    }

    /// <summary>The files that hold one table of one shard.</summary>
    sealed record Parts(TableFileReader Main, TableFileReader? Identities, TableFileReader? Traces) : IDisposable
    {
        public Batch Block(CdmTable table, int block)
        {
            var batch = new Batch(table);
            var rows = Main.BlockRows(block);
            foreach (var column in table.Columns)
            {
                var to = batch.Columns[column.Ordinal];
                if (Main.Has(column)) Main.AppendTo(to, column, block);
                else if (Identities?.Has(column) == true) Identities.AppendTo(to, column, block);
                else if (Traces?.Has(column) == true) Traces.AppendTo(to, column, block);
                else to.AppendNulls(rows);
            }
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
