using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Quarantine;
using Ambroise.Lake.Writing;
using Ambroise.Sources.Csv;
using Ambroise.Sources.DuckDb;
using DuckDB.NET.Data;

namespace Ambroise.Sources.Omop;

/// <summary>Reads the files of an <see cref="OmopFolder"/> into batches of typed rows; what cannot be typed, lacks its key, person or date, or ends before it starts is rejected with its place.</summary>
public sealed class OmopSource : ICdmSource, IDisposable
{
    readonly OmopFolder folder;
    readonly int threads;
    readonly Lazy<DuckDBConnection> connection;
    readonly List<string> notes = [];

    /// <param name="memoryBytes">What reading may use.</param>
    public OmopSource(OmopFolder folder, long memoryBytes, int threads)
    {
        this.folder = folder;
        // A block of a text file and its rows take some 16 MiB.
        this.threads = (int)Math.Clamp(memoryBytes >> 24, 1, threads);
        connection = new(() => DuckDb.DuckDb.Open(memoryBytes, threads, folder.Path));
    }

    public string Description => $"omop {Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder.Path)))}";

    public IReadOnlyCollection<CdmTable> Tables => folder.Tables;

    /// <summary>What the reader left out or found missing: names of files and columns, and counts. No values.</summary>
    public IReadOnlyList<string> Notes => notes;

    public IEnumerable<Batch> Read(CdmTable table, Action<Rejected> reject, CancellationToken cancel) =>
        folder.Files.Where(f => f.Table == table).SelectMany(file => Read(file, reject, cancel));

    IEnumerable<Batch> Read(SourceFile file, Action<Rejected> reject, CancellationToken cancel)
    {
        var absent = new long[file.Table.Columns.Length];
        var match = default(ColumnMatch);
        using var read = (file.Kind == FileKind.Parquet ? Parquet(file, Begin, cancel) : Csv(file, Begin, reject, cancel)).GetEnumerator();
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            Batch accepted;
            try
            {
                if (!read.MoveNext()) break;
                var (batch, faults, raw) = read.Current;
                accepted = RowChecks.Accepted(batch, faults, raw, reject);
            }
            catch (SourceException)
            {
                throw new Failure(FailureKind.Invalid, "source.file-unreadable",
                    $"{file.Name} cannot be read as {(file.Kind == FileKind.Parquet ? "Parquet" : "CSV")}: check that it is whole and has a header of OMOP columns.").AsException();
            }
            foreach (var column in file.Table.Columns)
                if (column.Required && match!.Fields[column.Ordinal] >= 0) absent[column.Ordinal] += RowChecks.Absent(accepted.Columns[column.Ordinal]);
            if (accepted.Rows > 0) yield return accepted;
        }
        foreach (var column in file.Table.Columns)
            if (absent[column.Ordinal] > 0) notes.Add($"{file.Name}: required by the CDM, empty in {absent[column.Ordinal]} accepted rows: {column.Name}");

        void Begin(ColumnMatch found)
        {
            match = found;
            var missing = file.Table.Columns.Where(c => c.Required && found.Fields[c.Ordinal] < 0).ToList();
            if (missing.Find(c => RowChecks.Needed(file.Table).Contains(c.Ordinal)) is { } needed)
                throw new Failure(FailureKind.Invalid, "source.column-missing", $"{file.Name} has no column {needed.Name}: no row of {file.Table.Name} can be placed without it.").AsException();
            if (found.Extra.Count > 0) notes.Add($"{file.Name}: not in the CDM, left out: {string.Join(", ", found.Extra)}");
            if (missing.Count > 0) notes.Add($"{file.Name}: required by the CDM, absent: {string.Join(", ", missing.Select(c => c.Name))}");
        }
    }

    IEnumerable<(Batch, SortedDictionary<int, Fault>, Func<int, byte[]>?)> Csv(SourceFile file, Action<ColumnMatch> begin, Action<Rejected> reject, CancellationToken cancel)
    {
        using var csv = new CsvFile(file.Path);
        var match = ColumnMatch.Of(file.Table, csv.Header.Names);
        begin(match);
        foreach (var block in csv.Blocks(file.Table, match.Columns, threads, cancel))
        {
            foreach (var (line, fault, text) in block.Malformed) reject(new(file.Table.Name, file.Name, line, fault.Field, fault.Reason, null, text));
            block.Rows.SourceFile = file.Name;
            yield return (block.Rows, block.Faults, block.Raw);
        }
    }

    IEnumerable<(Batch, SortedDictionary<int, Fault>, Func<int, byte[]>?)> Parquet(SourceFile file, Action<ColumnMatch> begin, CancellationToken cancel)
    {
        var plan = ParquetScan.Plan(connection.Value, file);
        begin(plan.Match);
        using var scan = new ChunkScan(connection.Value, plan.Sql);
        ParquetBatch current = new(file, plan), next = new(file, plan);
        long row = 1;
        Task<bool>? ahead = null;
        try
        {
            for (var more = current.Fill(scan, ref row); more; (current, next) = (next, current))
            {
                cancel.ThrowIfCancellationRequested();
                // The next batch is decoded while the caller is at work on this one.
                if (threads > 1) ahead = Task.Run(() => next.Fill(scan, ref row), CancellationToken.None);
                yield return (current.Rows, current.Faults, current.Raw);
                more = ahead?.GetAwaiter().GetResult() ?? next.Fill(scan, ref row);
            }
        }
        finally
        {
            if (ahead is not null) ((IAsyncResult)ahead).AsyncWaitHandle.WaitOne();
        }
    }

    public void Dispose()
    {
        if (connection.IsValueCreated) connection.Value.Dispose();
    }
}
