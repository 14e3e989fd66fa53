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
        var main = manifest.Files.FirstOrDefault(f => f.Shard == shard && f.Table == table.Name && f.Part == FilePart.Analytic);
        if (main is null) yield break;
        var identity = manifest.Files.FirstOrDefault(f => f.Shard == shard && f.Table == table.Name && f.Part == FilePart.Identity);
        var trace = manifest.Files.FirstOrDefault(f => f.Shard == shard && f.Table == table.Name && f.Part == FilePart.Trace);
        using var reader = lake.OpenFile(main);
        using var identities = identity is null ? null : lake.OpenFile(identity);
        using var traces = trace is null ? null : lake.OpenFile(trace);
        for (var block = 0; block < reader.Blocks; block++)
        {
            var batch = new Batch(table);
            var rows = reader.BlockRows(block);
            foreach (var column in table.Columns)
            {
                var to = batch.Columns[column.Ordinal];
                if (reader.Has(column)) reader.AppendTo(to, column, block);
                else if (identities?.Has(column) == true) identities.AppendTo(to, column, block);
                else if (traces?.Has(column) == true) traces.AppendTo(to, column, block);
                else to.AppendNulls(rows);
            }
            yield return batch;
        }
    }

    /// <returns>Every shard that holds the table, the shared part included.</returns>
    public static IEnumerable<int> Shards(Manifest manifest, CdmTable table) =>
        manifest.Files.Where(f => f.Table == table.Name && f.Part == FilePart.Analytic).Select(f => f.Shard).Order();
}
