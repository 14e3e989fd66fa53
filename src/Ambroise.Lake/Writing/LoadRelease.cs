using System.Text.Json;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Kept;
using Ambroise.Lake.Quarantine;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Sealing;

namespace Ambroise.Lake.Writing;

/// <param name="MemoryBytes">Bound on the rows held in memory.</param>
/// <param name="Threads">Shards written at once.</param>
/// <param name="MaxRejects">More rejected rows than this stop the load; null for no limit.</param>
public sealed record LoadOptions(LoadMode Mode, long MemoryBytes, int Threads, long? MaxRejects)
{
    /// <summary>Called once everything is written and before the report and the commit: what must be true before anyone sees the release. What it throws stops the load.</summary>
    public Action? Committing { get; init; }

    public KeepShards Keep { get; init; } = KeepShards.Default;
}

/// <param name="Table">The table being read.</param>
/// <param name="Rows">Rows accepted so far in the whole load.</param>
public readonly record struct LoadProgress(string Table, long Rows, int TablesDone, int Tables);

/// <param name="Rejects">Rows rejected, by table, field and reason.</param>
public sealed record LoadReport(Manifest Manifest, IReadOnlyDictionary<string, long> Rows, IReadOnlyDictionary<(string Table, string Field, string Reason), long> Rejects);

/// <summary>Loads a source as a new release: all of it, or nothing.</summary>
public static class LoadRelease
{
    public static async Task<Result<LoadReport>> RunAsync(TenantLake lake, ICdmSource source, LoadOptions options, IProgress<LoadProgress>? progress, CancellationToken cancel)
    {
        if (lake.Lock().Failed(out var busy, out var held)) return busy;
        using (held)
        {
            try
            {
                if (lake.Clean().Failed(out var failure, out _) || lake.Releases().Failed(out failure, out var earlier)) return failure;
                var number = earlier.Count == 0 ? 1 : earlier[^1].Release + 1;
                var before = options.Mode == LoadMode.Merge && earlier.Count > 0 ? earlier[^1] : null;
                if (source.Tables.Count == 0) return new Failure(FailureKind.Invalid, "load.nothing", $"{source.Description} holds no OMOP table.");
                if (before is null && !source.Tables.Contains(Cdm54.Person)) return new Failure(FailureKind.Invalid, "load.no-person", $"{source.Description} has no PERSON table: a first load needs one.");
                try
                {
                    var result = await WriteAsync(lake, source, options, earlier, before, number, progress, cancel);
                    if (result.Failed(out _, out _)) lake.Clean();
                    return result;
                }
                catch
                {
                    lake.Clean();
                    throw;
                }
            }
            catch (FailureException e)
            {
                return e.Failure;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ParquetSharp.ParquetException)
            {
                // Neither message is passed on: a native one may quote what it was writing.
                return new Failure(FailureKind.Unavailable, "lake.disk", $"Writing to {lake.Folder} failed ({(e is UnauthorizedAccessException ? "not permitted" : "disk full or unreachable")}): the previous release is intact. Make room or give permission, then load again.");
            }
        }
    }

    static async Task<Result<LoadReport>> WriteAsync(TenantLake lake, ICdmSource source, LoadOptions options, IReadOnlyList<Manifest> earlier, Manifest? before, int number,
        IProgress<LoadProgress>? progress, CancellationToken cancel)
    {
        var records = source as IRecordSource;
        byte[]? links = null;
        var linksFile = before?.Files.FirstOrDefault(f => f.Part == FilePart.Report && f.Table is SealedReport.Known or SealedReport.Links);
        if (records is not null && linksFile is not null)
        {
            if (SealedReport.Read(lake, before!, linksFile.Table).Failed(out var damaged, out var kept)) return damaged;
            links = kept.Content;
        }
        var waitingFile = before is null ? null : SealedRecords.Of(before, SealedRecords.Waiting);
        using var apart = new LongTexts(lake.Runs, options.MemoryBytes);
        records?.Begin(new(lake, before, options.Mode == LoadMode.Merge, apart), links, waitingFile is null ? [] : SealedRecords.Read(lake, waitingFile), lake.Runs, apart, cancel);
        var plan = new MergePlan(lake, before, records?.Touched, options.Keep, options.Threads, apart);
        var derived = records is null ? [] : DerivedTables.All.Except(source.Tables).ToList();
        var tables = Cdm54.All.Where(t => source.Tables.Contains(t) || before is not null && StoredRows.Shards(before, t).Any()).Except(derived)
            // The longest of a source of records goes first: the others are read, sorted and written beside it.
            .OrderBy(t => t == Cdm54.Person ? 0 : t == Cdm54.SourceRecord ? 1 : 2).Concat(derived).ToList();
        using var rejected = new RejectedRows(lake, number, ReleaseWriter.MakeKeys(lake, number));
        var persons = Persons(source, plan, rejected.Add, cancel);
        await using var writer = lake.Write(number, persons.Ids, plan.Kept, tables, rejected, new(options.MemoryBytes, options.Threads) { Apart = apart }, cancel);
        records?.Written(writer);

        long total = 0;
        for (var done = 0; done < tables.Count; done++)
        {
            var table = tables[done];
            cancel.ThrowIfCancellationRequested();
            // Records have one version that counts, and rows are named after them. Rows of an earlier release may be of the same record.
            writer.Begin(table, keysDiffer: records is not null && before is null);
            if (derived.Contains(table))
            {
                await writer.DrainAsync();
                foreach (var batch in DerivedTables.Of(table, lake, writer.Files, writer.Shards, records!.Ingredients)) await writer.AppendAsync(batch);
                await writer.EndAsync();
                continue;
            }
            var batches = table == Cdm54.Person ? Emptied(persons.Batches) : source.Tables.Contains(table) ? source.Read(table, writer.Reject, cancel) : [];
            var replaced = new HashSet<long>();
            foreach (var batch in batches)
            {
                cancel.ThrowIfCancellationRequested();
                if (before is not null && table is { Key: < 0, Person: >= 0 }) replaced.UnionWith(((Int64Column)batch.Columns[table.Person]).Values.ToArray());
                total += batch.Rows;
                await writer.AppendAsync(batch);
                progress?.Report(new(table.Name, total, done, tables.Count));
                if (rejected.Total > options.MaxRejects)
                    return new Failure(FailureKind.Invalid, "load.rejects", $"More than {options.MaxRejects} {(records is null ? $"rows were rejected while reading {table.Name}" : "resources were refused")}: nothing was loaded. The first: {rejected.First}. Correct the source, or raise --max-rejects.");
            }
            foreach (var batch in plan.Rows(table))
                if (Kept(batch, source, records, replaced) is { } kept) await writer.AppendAsync(kept, fromEarlierRelease: true);
            await writer.EndAsync();
        }
        // In one order, whoever wrote them: what holds the same has one content hash.
        var files = plan.Files().Concat(await writer.FinishAsync()).OrderBy(f => f.Shard).ThenBy(f => f.Table, StringComparer.Ordinal).ThenBy(f => f.Part).ToList();
        if (plan.Departed.Seal(lake, number) is { } departed) files.Add(departed);
        if (rejected.Total > options.MaxRejects)
            return new Failure(FailureKind.Invalid, "load.rejects", $"{rejected.Total} {(records is null ? "rows were rejected" : "resources were refused")}, more than {options.MaxRejects}: nothing was loaded. The first: {rejected.First}. Correct the source, or raise --max-rejects.");
        options.Committing?.Invoke();
        if (records is not null)
        {
            foreach (var (kind, all) in new[] { (SealedRecords.Waiting, records.Waiting(cancel)), (SealedRecords.Decisions, records.Decisions()) })
                if (SealedRecords.Write(lake, number, $"r{number}", kind, all) is { } sealedRecords) files.Add(sealedRecords);
            files.AddRange([SealedReport.Write(lake, number, records.Report()), SealedReport.Write(lake, number, records.Links(), SealedReport.Known)]);
        }
        else files.AddRange(new[] { linksFile, waitingFile }.OfType<LakeFile>()); // tables merged into records: these stay as they are
        if (rejected.Finish() is { } quarantine) files.Add(quarantine);
        cancel.ThrowIfCancellationRequested();
        var manifest = lake.Commit(earlier, number, options.Mode, source.Description, plan.Patients + writer.Patients, plan.Kept + writer.Shards.Count(), rejected.Total, files);
        return new LoadReport(manifest,
            files.Where(f => f.Part == FilePart.Analytic).GroupBy(f => f.Table).ToDictionary(g => g.Key, g => g.Sum(f => f.Living)),
            rejected.Counts);
    }

    /// <summary>Each batch in turn, let go once it is used.</summary>
    static IEnumerable<Batch> Emptied(Queue<Batch> batches)
    {
        while (batches.TryDequeue(out var batch)) yield return batch;
    }

    /// <summary>The rows of an earlier release that a merge keeps. Rows with a key are settled by key; in a table without one, the new rows of a person replace
    /// that person's old ones, and the CDM's own description replaces the old one whole.</summary>
    static Batch? Kept(Batch batch, ICdmSource source, IRecordSource? records, HashSet<long> replaced)
    {
        var table = batch.Table;
        if (records is not null)
        {
            var left = batch.Where(row => records.Keeps(batch, row));
            records.Follow(left);
            return left;
        }
        if (table.Key >= 0 || !source.Tables.Contains(table)) return batch;
        if (table.Person < 0) return null;
        var person = ((Int64Column)batch.Columns[table.Person]).Values;
        var persons = person.ToArray();
        return batch.Where(row => !replaced.Contains(persons[row]));
    }

    /// <summary>Reads every person to be written first: shards are cut by the rank of person_id. A few bytes a person stay in memory, and their rows.</summary>
    static (long[] Ids, Queue<Batch> Batches) Persons(ICdmSource source, MergePlan plan, Action<Rejected> reject, CancellationToken cancel)
    {
        var ids = new HashSet<long>();
        var batches = new Queue<Batch>();
        if (source.Tables.Contains(Cdm54.Person))
            foreach (var batch in source.Read(Cdm54.Person, reject, cancel))
            {
                var copy = new Batch(Cdm54.Person) { SourceFile = batch.SourceFile, FirstLine = batch.FirstLine };
                var rows = Enumerable.Range(0, batch.Rows).ToArray();
                foreach (var column in Cdm54.Person.Columns) copy.Columns[column.Ordinal].AppendFrom(batch.Columns[column.Ordinal], rows);
                if (batch.Lines.Count > 0) copy.Lines.AppendFrom(batch.Lines, rows);
                batches.Enqueue(copy);
                ids.UnionWith(copy.Int64("person_id").Values.ToArray());
            }
        foreach (var batch in plan.Rows(Cdm54.Person))
            ids.UnionWith((source is IRecordSource records ? batch.Where(row => records.Keeps(batch, row)) : batch).Int64("person_id").Values.ToArray());
        return ([.. ids], batches);
    }
}
