using System.Text;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Sealing;
using Ambroise.Lake.Writing;

namespace Ambroise.Lake.Releases;

public enum ExportFormat { Parquet, Csv }

/// <summary>The whole CDM back, identities included, as files any program reads: what a hospital takes with it when it leaves. The files are not sealed.</summary>
public static class Reversibility
{
    /// <summary>Writes one file per table that the release holds; each appears under its name only once whole.</summary>
    /// <returns>Rows written, by table.</returns>
    public static Result<IReadOnlyDictionary<string, long>> Export(TenantLake lake, int? release, string folder, ExportFormat format, IProgress<(string Table, int Done, int Of)>? progress, CancellationToken cancel)
    {
        if (lake.Release(release).Failed(out var failure, out var manifest)) return failure;
        var written = new Dictionary<string, long>();
        var tables = Cdm54.All.Where(t => StoredRows.Shards(manifest, t).Any()).ToList();
        try
        {
            Directory.CreateDirectory(folder);
            foreach (var table in tables)
            {
                progress?.Report((table.Name, written.Count, tables.Count));
                var path = Path.Combine(folder, $"{table.Name}.{(format == ExportFormat.Csv ? "csv" : "parquet")}");
                File.Delete(path + ".partial");
                try
                {
                    using (var file = PrivateFile.Create(path + ".partial"))
                        written[table.Name] = format == ExportFormat.Csv ? Csv(lake, manifest, table, file, cancel) : Parquet(lake, manifest, table, file, cancel);
                    File.Move(path + ".partial", path, overwrite: true);
                }
                catch
                {
                    File.Delete(path + ".partial"); // half a table of patients, in the clear
                    throw;
                }
            }
            return written;
        }
        catch (FailureException e)
        {
            return e.Failure;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ParquetSharp.ParquetException)
        {
            return new Failure(FailureKind.Unavailable, "export.disk", $"Writing to {folder} failed: make room or give permission, then export again.");
        }
    }

    static long Parquet(TenantLake lake, Manifest manifest, CdmTable table, Stream to, CancellationToken cancel)
    {
        using var buffered = new BufferedStream(to, 1 << 20);
        using var writer = new TableFileWriter(buffered, table);
        using var apart = new LongTexts(lake.Runs);
        long rows = 0;
        foreach (var shard in StoredRows.Shards(manifest, table))
            foreach (var batch in StoredRows.Read(lake, manifest, shard, table, apart))
            {
                cancel.ThrowIfCancellationRequested();
                var pieces = new Pieces(table);
                var order = Enumerable.Range(0, batch.Rows).ToArray();
                pieces.Append(batch, order, []);
                foreach (var group in Groups(batch)) writer.Append(pieces, order.AsSpan(group));
                rows += batch.Rows;
                apart.Clear();
            }
        writer.Finish();
        return rows;
    }

    /// <summary>Cuts a batch where its texts are many megabytes: a reader takes a row group whole.</summary>
    static IEnumerable<Range> Groups(Batch batch)
    {
        var texts = batch.Columns.OfType<TextColumn>().Where(t => !t.IsAbsent).ToList();
        var (from, bytes) = (0, 0L);
        for (var row = 0; row < batch.Rows; row++)
        {
            var some = texts.Sum(t => t.IsNull(row) ? 0L : t.Length(t.RangeAt(row)));
            if (bytes > 0 && bytes + some > MostText)
            {
                yield return from..row;
                (from, bytes) = (row, 0);
            }
            bytes += some;
        }
        yield return from..batch.Rows;
    }

    const long MostText = 32 << 20;

    static long Csv(TenantLake lake, Manifest manifest, CdmTable table, Stream to, CancellationToken cancel)
    {
        using var writer = new StreamWriter(to, new UTF8Encoding(false), 1 << 20) { NewLine = "\n" };
        CsvRows.Header(writer, table);
        using var apart = new LongTexts(lake.Runs);
        long rows = 0;
        foreach (var shard in StoredRows.Shards(manifest, table))
            foreach (var batch in StoredRows.Read(lake, manifest, shard, table, apart))
            {
                cancel.ThrowIfCancellationRequested();
                CsvRows.Append(writer, batch);
                rows += batch.Rows;
                apart.Clear();
            }
        return rows;
    }
}
