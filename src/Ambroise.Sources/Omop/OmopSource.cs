using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Quarantine;
using Ambroise.Lake.Writing;
using Ambroise.Sources.DuckDb;
using DuckDB.NET.Data;

namespace Ambroise.Sources.Omop;

/// <summary>Reads the files of an <see cref="OmopFolder"/> into batches of typed rows; what cannot be typed, lacks its key, person or date, or ends before it starts is rejected with its place.</summary>
public sealed class OmopSource : ICdmSource, IDisposable
{
    const int BatchRows = 1 << 16;

    // The CDM defines these ends as the end of what started: none can be before its start. Conditions, procedures and devices are recorded too loosely for that.
    static readonly CdmTable[] EndAfterStart =
        [Cdm54.ObservationPeriod, Cdm54.VisitOccurrence, Cdm54.VisitDetail, Cdm54.DrugExposure, Cdm54.PayerPlanPeriod, Cdm54.ConditionEra, Cdm54.DrugEra, Cdm54.DoseEra, Cdm54.Cohort];

    readonly OmopFolder folder;
    readonly DuckDBConnection connection;
    readonly List<string> notes = [];

    /// <param name="memoryBytes">What DuckDB may use to read.</param>
    public OmopSource(OmopFolder folder, long memoryBytes, int threads) => (this.folder, connection) = (folder, DuckDb.DuckDb.Open(memoryBytes, threads));

    public string Description => $"omop {Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder.Path)))}";

    public IReadOnlyCollection<CdmTable> Tables => folder.Tables;

    /// <summary>What the reader left out or found missing: file and column names, no values.</summary>
    public IReadOnlyList<string> Notes => notes;

    public IEnumerable<Batch> Read(CdmTable table, Action<Rejected> reject, CancellationToken cancel) =>
        folder.Files.Where(f => f.Table == table).SelectMany(file => Read(file, reject, cancel));

    IEnumerable<Batch> Read(SourceFile file, Action<Rejected> reject, CancellationToken cancel)
    {
        var unreadable = new Failure(FailureKind.Invalid, "source.file-unreadable", $"{file.Name} cannot be read as {(file.Kind == FileKind.Parquet ? "Parquet" : "CSV")}: check that it is whole and has a header of OMOP columns.");
        TableScan plan;
        ChunkScan scan;
        try
        {
            plan = TableScan.Plan(connection, file);
            scan = new(connection, plan.Sql);
        }
        catch (SourceException)
        {
            throw unreadable.AsException();
        }
        if (plan.Extra.Count > 0) notes.Add($"{file.Name}: not in the CDM, left out: {string.Join(", ", plan.Extra)}");
        if (plan.Missing.Where(c => c.Required).Select(c => c.Name).ToList() is { Count: > 0 } missing) notes.Add($"{file.Name}: required by the CDM, absent: {string.Join(", ", missing)}");

        using (scan)
        {
            var batch = new Batch(file.Table) { SourceFile = file.Name };
            var faults = new Int64Column();
            var raw = new TextColumn();
            Column[] columns = plan.Marked ? [.. batch.Columns, faults, raw] : [.. batch.Columns];
            long line = file.Kind == FileKind.Parquet ? 1 : 2;
            while (true)
            {
                cancel.ThrowIfCancellationRequested();
                batch.Clear();
                faults.Clear();
                raw.Clear();
                int read;
                try
                {
                    do read = scan.Next(columns); while (read > 0 && batch.Rows < BatchRows && batch.Bytes < 1 << 28);
                }
                catch (SourceException)
                {
                    throw unreadable.AsException();
                }
                if (batch.Rows == 0) break;
                batch.FirstLine = line;
                line += batch.Rows;
                yield return RowChecks.Accepted(batch, faults, raw, EndAfterStart.Contains(file.Table), reject);
                if (read == 0) break;
            }
        }
        if (file.Kind == FileKind.Csv) Malformed(file, reject);
    }

    /// <summary>The lines that DuckDB could not cut into columns.</summary>
    void Malformed(SourceFile file, Action<Rejected> reject)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "select e.line, coalesce(e.csv_line, ''), cast(e.error_type as varchar) from reject_errors e order by e.line";
        using (var reader = command.ExecuteReader())
            while (reader.Read())
            {
                var reason = reader.GetString(2) switch
                {
                    "MISSING COLUMNS" => "line-short",
                    "TOO MANY COLUMNS" => "line-long",
                    "UNQUOTED VALUE" => "quote-open",
                    "INVALID ENCODING" or "INVALID UNICODE" => "encoding-invalid",
                    "LINE SIZE OVER MAXIMUM" => "line-too-long",
                    _ => "line-malformed",
                };
                reject(new(file.Table.Name, file.Name, Convert.ToInt64(reader.GetValue(0)), null, reason, null, System.Text.Encoding.UTF8.GetBytes(reader.GetString(1))));
            }
        foreach (var table in new[] { "reject_errors", "reject_scans" })
        {
            using var drop = connection.CreateCommand();
            drop.CommandText = $"drop table if exists {table}";
            drop.ExecuteNonQuery();
        }
    }

    public void Dispose() => connection.Dispose();
}
