using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Sealing;
using Ambroise.Lake.Writing;

namespace Ambroise.Lake.Releases;

/// <summary>The release that a load is merged into; before a first load there is none, and nothing in it.</summary>
/// <remarks>Of columns not named the values may be left null; none named means all. Each batch is to be used before the next is asked for.</remarks>
public sealed class EarlierRelease
{
    readonly TenantLake lake;
    readonly Manifest? release;

    /// <param name="isMerge">Whether the load adds to what there is, and more is to come: null where it does if there is something.</param>
    readonly LongTexts? apart;

    /// <param name="apart">Where long texts of its rows go; null to hold them.</param>
    internal EarlierRelease(TenantLake lake, Manifest? release, bool? isMerge = null, LongTexts? apart = null) => (this.lake, this.release, this.apart, IsMerge) = (lake, release, apart, isMerge ?? release is not null);

    public bool Exists => release is not null;

    /// <summary>Whether the load is one of several that make a release together, be it the first.</summary>
    public bool IsMerge { get; }

    public IEnumerable<Batch> Rows(CdmTable table, params string[] columns) => release is null ? [] : StoredRows.Shards(release, table).SelectMany(shard => StoredRows.Read(lake, release, shard, table, apart, columns));

    /// <summary>Rows of some persons, and those of whom nobody knows whose they are.</summary>
    public IEnumerable<Batch> RowsOf(CdmTable table, IReadOnlySet<long> persons, params string[] columns) => release is null ? [] : StoredRows.Shards(release, table)
        .SelectMany(shard => shard == TableLoad.Shared ? StoredRows.Read(lake, release, shard, table, apart, columns) : StoredRows.Read(lake, release, shard, table, table.Person, persons.Contains, null, apart, columns));

    /// <returns>Whether it holds rows of a table that are in no patient's shard.</returns>
    public bool Shares(CdmTable table) => release is not null && StoredRows.Shards(release, table).Contains(TableLoad.Shared);

    /// <summary>Records with some keys.</summary>
    /// <param name="keys">Ascending.</param>
    public IEnumerable<Batch> Records(long[] keys, params string[] columns) => Find(keys).SelectMany(s => Records(s.Shard, s.Found, keys, columns));

    /// <summary>As <see cref="Records(long[], string[])"/>, and <see cref="Known"/> of others, departed ones too: the keys of all records are gone through once for both.</summary>
    /// <param name="others">Ascending.</param>
    /// <param name="known">Takes those of them that a record has.</param>
    public IEnumerable<Batch> Records(long[] keys, long[] others, HashSet<long> known, params string[] columns)
    {
        var found = Find(Ascending.Merged(keys, others));
        foreach (var (shard, there) in found)
            if (there is not null) known.UnionWith(there.Select(f => f.Key).Where(key => others.AsSpan().BinarySearch(key) >= 0));
            else
                foreach (var batch in Records(shard, null, others, ["source_record_id"])) known.UnionWith(batch.Int64("source_record_id").Values.ToArray());
        return found.SelectMany(s => Records(s.Shard, s.Found?.FindAll(f => keys.AsSpan().BinarySearch(f.Key) >= 0), keys, columns));
    }

    IEnumerable<Batch> Records(int shard, List<(long Key, int Block)>? found, long[] keys, string[] columns)
    {
        if (found is null) return StoredRows.Read(lake, release!, shard, Cdm54.SourceRecord, Cdm54.SourceRecord.Key, key => keys.AsSpan().BinarySearch(key) >= 0, null, apart, columns);
        // Each row of a block is looked for among the few that are in it: they stay near.
        var byBlock = found.GroupBy(f => f.Block, f => f.Key).ToDictionary(b => b.Key, b => b.ToHashSet());
        HashSet<long>? there = null;
        return StoredRows.Read(lake, release!, shard, Cdm54.SourceRecord, Cdm54.SourceRecord.Key, key => there!.Contains(key), (_, block) => byBlock.TryGetValue(block, out there), apart, columns);
    }

    /// <summary>Records of some persons.</summary>
    /// <param name="persons">Ascending.</param>
    public IEnumerable<Batch> RecordsOf(long[] persons, params string[] columns) => release is null || persons.Length == 0 ? [] : StoredRows.Shards(release, Cdm54.SourceRecord)
        .SelectMany(shard => StoredRows.Read(lake, release, shard, Cdm54.SourceRecord, Cdm54.SourceRecord.Person, person => persons.AsSpan().BinarySearch(person) >= 0,
            (file, block) => file.Range(Cdm54.SourceRecord["person_id"], block) is not { } range || RecordKeys.Between(persons, range).Length > 0, apart, columns));

    /// <summary>Records with some values in a column of keys.</summary>
    public IEnumerable<Batch> RecordsWith(string column, IReadOnlySet<long> values, params string[] columns) => release is null || values.Count == 0 ? [] : StoredRows.Shards(release, Cdm54.SourceRecord)
        .SelectMany(shard => StoredRows.Read(lake, release, shard, Cdm54.SourceRecord, Cdm54.SourceRecord[column].Ordinal, values.Contains, null, apart, columns));

    /// <summary>Which of some keys a record has.</summary>
    /// <param name="keys">Ascending.</param>
    /// <param name="departedToo">Those too whose person departed from a shard that holds them still: another shard has them, or none. It takes less to find out.</param>
    public HashSet<long> Known(long[] keys, bool departedToo = false)
    {
        var known = new HashSet<long>();
        foreach (var (shard, found) in Find(keys))
            // Whoever departed from a shard is in its index still.
            if (found is not null && (departedToo || lake.DepartedOf(release!).Places(shard).Length == 0)) known.UnionWith(found.Select(f => f.Key));
            else
                foreach (var batch in Records(shard, found, keys, ["source_record_id"])) known.UnionWith(batch.Int64("source_record_id").Values.ToArray());
        return known;
    }

    (int Shard, List<(long Key, int Block)>? Found)[] Find(long[] keys)
    {
        if (release is null || keys.Length == 0) return [];
        int[] shards = [.. StoredRows.Shards(release, Cdm54.SourceRecord)];
        var found = new (int, List<(long, int)>?)[shards.Length];
        SideBySide.Run(shards, (i, shard) => found[i] = (shard, RecordKeys.Find(lake, release, shard, keys)));
        return found;
    }
}
