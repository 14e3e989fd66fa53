using System.Runtime.ExceptionServices;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;

namespace Ambroise.Lake.Releases;

/// <summary>The release that a load is merged into; before a first load there is none, and nothing in it.</summary>
/// <remarks>Of columns not named the values may be left null; none named means all. Each batch is to be used before the next is asked for.</remarks>
public sealed class EarlierRelease
{
    readonly TenantLake lake;
    readonly Manifest? release;

    internal EarlierRelease(TenantLake lake, Manifest? release) => (this.lake, this.release) = (lake, release);

    public IEnumerable<Batch> Rows(CdmTable table, params string[] columns) => release is null ? [] : StoredRows.Shards(release, table).SelectMany(shard => StoredRows.Read(lake, release, shard, table, columns));

    /// <summary>Records with some keys, and others that lie in the same blocks.</summary>
    /// <param name="keys">Ascending.</param>
    public IEnumerable<Batch> Records(long[] keys, params string[] columns) => Shards(keys).SelectMany(s => s.Found is null ? StoredRows.Read(lake, release!, s.Shard, Cdm54.SourceRecord, columns)
        : s.Found.Select(f => f.Block).ToHashSet() is var blocks ? StoredRows.Read(lake, release!, s.Shard, Cdm54.SourceRecord, (_, block) => blocks.Contains(block), columns) : []);

    /// <summary>Records of some persons, and of others that lie in the same blocks.</summary>
    /// <param name="persons">Ascending.</param>
    public IEnumerable<Batch> RecordsOf(long[] persons, params string[] columns) => release is null || persons.Length == 0 ? [] : StoredRows.Shards(release, Cdm54.SourceRecord)
        .SelectMany(shard => StoredRows.Read(lake, release, shard, Cdm54.SourceRecord, (file, block) => file.Range(Cdm54.SourceRecord["person_id"], block) is not { } range || RecordKeys.Between(persons, range).Length > 0, columns));

    /// <summary>Which of some keys a record has.</summary>
    /// <param name="keys">Ascending.</param>
    /// <param name="departedToo">Those too whose person departed from a shard that holds them still: another shard has them, or none. It takes less to find out.</param>
    public HashSet<long> Known(long[] keys, bool departedToo = false)
    {
        var known = new HashSet<long>();
        foreach (var (shard, found) in Shards(keys))
            // Whoever departed from a shard is in its index still.
            if (found is not null && (departedToo || lake.DepartedOf(release!).Places(shard).Length == 0)) known.UnionWith(found.Select(f => f.Key));
            else
            {
                var blocks = found?.Select(f => f.Block).ToHashSet();
                foreach (var batch in StoredRows.Read(lake, release!, shard, Cdm54.SourceRecord, (_, block) => blocks?.Contains(block) != false, "source_record_id"))
                    foreach (var id in batch.Int64("source_record_id").Values)
                        if (keys.AsSpan().BinarySearch(id) >= 0) known.Add(id);
            }
        return known;
    }

    (int Shard, List<(long Key, int Block)>? Found)[] Shards(long[] keys)
    {
        if (release is null || keys.Length == 0) return [];
        var found = StoredRows.Shards(release, Cdm54.SourceRecord).Select(shard => (Shard: shard, Found: (List<(long, int)>?)null)).ToArray();
        try
        {
            Parallel.For(0, found.Length, s => found[s].Found = RecordKeys.Find(lake, release, found[s].Shard, keys));
        }
        catch (AggregateException e) when (e.InnerException is FailureException)
        {
            ExceptionDispatchInfo.Throw(e.InnerException);
        }
        return found;
    }
}
