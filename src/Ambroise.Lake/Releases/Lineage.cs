using System.Text.Json;
using System.Text.Json.Serialization;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Sealing;
using Ambroise.Lake.Writing;

namespace Ambroise.Lake.Releases;

/// <param name="Table">An OMOP table.</param>
/// <param name="Key">Its primary key; <c>person_id</c> where the CDM gives it none (DEATH).</param>
public readonly record struct RowName(CdmTable Table, long Key)
{
    /// <returns>From <c>table:key</c>; or <c>lineage.row-invalid</c>.</returns>
    public static Result<RowName> Parse(string text)
    {
        var at = text.LastIndexOf(':');
        return at > 0 && Cdm54.Find(text[..at]) is { } table && long.TryParse(text.AsSpan(at + 1), System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out var key)
            ? new RowName(table, key) : new Failure(FailureKind.Invalid, "lineage.row-invalid", $"'{text}' names no row: write the table and the row's key, such as condition_occurrence:1042.");
    }

    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Table.Name}:{Key}");
}

/// <summary>The source record that a row was made of.</summary>
/// <param name="Resource"><c>Type/id</c>.</param>
/// <param name="Line">From 1, within its file.</param>
/// <param name="Version">As the source names it; null where it gives none.</param>
/// <param name="Updated">When the source says it last changed.</param>
/// <param name="Precision"><c>year</c> or <c>month</c> where a date was known no better, <c>stay</c> where it is that of its stay; else null.</param>
/// <param name="Release">The first release, of those that are left, that held this version of it.</param>
public sealed record Origin(string Resource, string File, long Line, string? Version, DateTimeOffset? Updated, string? Precision, int Release)
{
    /// <summary>The release before it was dropped: that one, or others dropped before it, may have held it first.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool OrDropped { get; init; }

    /// <summary>The concepts of the resource that have several codings, each <c>system|code</c>, first the one that its row has.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string[][]? Codings { get; init; }
}

/// <param name="Origin">Null where it is not known: <paramref name="Because"/> says why.</param>
/// <param name="Because"><c>derived</c>, <c>shared</c> (a row about no patient), <c>no-records</c> (the release was loaded from tables), <c>row-unknown</c>; null where the origin is known.</param>
public sealed record TracedRow(string Row, Origin? Origin, string? Because);

/// <summary>Which line of which file a row came from.</summary>
public static class Lineage
{
    static readonly HashSet<CdmTable> Derived = [Cdm54.ObservationPeriod, Cdm54.ConditionEra, Cdm54.DrugEra, Cdm54.DoseEra];

    /// <summary>Key of a record's n-th row, from 0: the first has the record's own (SplitMix64's finaliser for the others).</summary>
    /// <returns>1 to 2^63 - 1.</returns>
    public static long RowKey(long record, int n)
    {
        if (n == 0) return record;
        var h = (ulong)record + (ulong)n * 0x9E3779B97F4A7C15;
        h = (h ^ h >> 30) * 0xBF58476D1CE4E5B9;
        h = (h ^ h >> 27) * 0x94D049BB133111EB;
        var cut = (long)((h ^ h >> 31) & long.MaxValue);
        return cut == 0 ? 1 : cut;
    }

    /// <summary>Follows rows back to the records they were made of, and these to the release that brought them.</summary>
    /// <param name="release">Null for the newest.</param>
    /// <returns>One for each row asked, in that order; or <c>lake.…</c>.</returns>
    public static Result<IReadOnlyList<TracedRow>> Of(TenantLake lake, int? release, IReadOnlyList<RowName> rows, CancellationToken cancel)
    {
        if (lake.Release(release).Failed(out var failure, out var manifest) || lake.Releases().Failed(out failure, out var all)) return failure;
        try
        {
            var wanted = rows.Where(r => !Derived.Contains(r.Table)).Select(r => r.Key).ToHashSet();
            var found = Find(lake, manifest, wanted, cancel, out var shards);
            // A key says its record, not its table: the row asked for must be there.
            var there = rows.Where(r => shards.TryGetValue(r.Key, out var shard) && Holds(lake, manifest, shard, r)).ToHashSet();
            // A merge carries records over: the release that brought one is the first of those that hold it just so.
            foreach (var earlier in all.Where(m => m.Release < manifest.Release).OrderByDescending(m => m.Release))
            {
                var open = found.Where(f => f.Value.Release == all.Where(m => m.Release > earlier.Release).Min(m => m.Release)).ToDictionary();
                if (open.Count == 0) break;
                foreach (var (key, before) in Find(lake, earlier, [.. open.Keys], cancel, out _))
                    if (before with { Release = open[key].Release, Codings = open[key].Codings } == open[key]) found[key] = before with { Codings = open[key].Codings }; // an earlier version of the program kept none
            }
            var dropped = DroppedRelease.Of(all).Select(d => d.Release).ToHashSet();
            foreach (var (key, origin) in found.ToList()) found[key] = origin with { OrDropped = dropped.Contains(origin.Release - 1) };
            var records = manifest.Files.Any(f => f.Table == Cdm54.SourceRecord.Name);
            return rows.Select(r => there.Contains(r) && found.TryGetValue(r.Key, out var origin) ? new TracedRow($"{r}", origin, null)
                : new TracedRow($"{r}", null, Derived.Contains(r.Table) ? "derived" : !records ? "no-records" : r.Table.Placement is Placement.Shared ? "shared" : "row-unknown")).ToList();
        }
        catch (FailureException e)
        {
            return e.Failure;
        }
    }

    /// <param name="shard">That of the record: a row of it may be shared all the same, in a release of an earlier version of the program.</param>
    static bool Holds(TenantLake lake, Manifest manifest, int shard, RowName row)
    {
        var column = row.Table.Key >= 0 ? row.Table.Key : row.Table.Person;
        if (column < 0 || row.Table.Columns[column].Type != ColumnType.Int64) return false;
        return manifest.Files.Where(f => (f.Shard == shard || f.Shard == TableLoad.Shared) && f.Table == row.Table.Name && f.Part == FilePart.Analytic).Any(file =>
        {
            using var reader = lake.OpenFile(file);
            return Enumerable.Range(0, reader.Blocks).Any(block => reader.Int64(row.Table.Columns[column], block).Contains(row.Key));
        });
    }

    /// <param name="shards">Where each record was found.</param>
    static Dictionary<long, Origin> Find(TenantLake lake, Manifest manifest, HashSet<long> wanted, CancellationToken cancel, out Dictionary<long, int> shards)
    {
        var (found, places) = (new Dictionary<long, Origin>(), new Dictionary<long, int>());
        SideBySide.Run([.. StoredRows.Shards(manifest, Cdm54.SourceRecord)], (_, shard) =>
        {
            TableFileReader? Open(FilePart part) => manifest.Files.FirstOrDefault(f => f.Shard == shard && f.Table == Cdm54.SourceRecord.Name && f.Part == part) is { } file ? lake.OpenFile(file) : null;
            using var records = Open(FilePart.Analytic)!;
            var departed = lake.DepartedOf(manifest).Rows(lake, manifest, shard, Cdm54.SourceRecord);
            for (int block = 0, first = 0; block < records.Blocks; first += records.BlockRows(block), block++)
            {
                var (ids, counts) = (records.Int64(Cdm54.SourceRecord["source_record_id"], block), records.Int32(Cdm54.SourceRecord["row_count"], block));
                Batch? whole = null;
                for (var row = 0; row < ids.Length; row++)
                    for (var n = 0; n < Math.Max(1, counts[row]); n++)
                    {
                        var key = RowKey(ids[row], n);
                        if (!wanted.Contains(key) || Array.BinarySearch(departed, first + row) >= 0) continue;
                        whole ??= StoredRows.Block(lake, manifest, shard, Cdm54.SourceRecord, block, "record_name", "record_type", "source_file", "source_line", "version_name", "version_at", "date_precision", "codings");
                        var origin = Read(whole, row, manifest.Release);
                        lock (found) (found[key], places[key]) = (origin, shard);
                    }
            }
        }, cancel);
        shards = places;
        return found;
    }

    static Origin Read(Batch records, int row, int release)
    {
        string? Text(string column) => records.Text(column).Text(row);
        var updated = records.Int64("version_at").Array[row];
        return new(Text("record_name") ?? Text("record_type")!, Text("source_file") ?? "", records.Int64("source_line").Array[row], Text("version_name"),
            updated == Null.Int64 ? null : DateTimeOffset.UnixEpoch.AddMicroseconds(updated), Text("date_precision"), release)
        {
            Codings = Text("codings") is { } codings ? JsonSerializer.Deserialize(codings, LineageJson.Default.StringArrayArray) : null,
        };
    }
}

[JsonSerializable(typeof(string[][]))]
sealed partial class LineageJson : JsonSerializerContext;
