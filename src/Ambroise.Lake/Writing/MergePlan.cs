using System.Collections.Concurrent;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Releases;

namespace Ambroise.Lake.Writing;

/// <summary>When a merge leaves a shard as it is, though it may touch some of its patients.</summary>
/// <param name="LeastPatients">A shard with fewer is always written anew: it is done at once.</param>
/// <param name="MostDeparted">Of all patients stored in it, the share that may have departed: else it would be read for those who are elsewhere.</param>
/// <remarks>A shard not half full is written anew too where the patients that are written anyway are as many: so shards stay few, and a patient is written some five times in all on the way to a full one.</remarks>
public readonly record struct KeepShards(int LeastPatients, double MostDeparted)
{
    public static readonly KeepShards Default = new(1 << 10, 0.125);

    internal const int HalfFull = PersonIndex.ShardPatients / 2;
}

/// <summary>What a merge takes over from the release before: shards as they are, and the rows of patients who are written anew.</summary>
/// <remarks>The patients a load says something new about depart from their shard, whole, into one of the shards it writes: so the work of a load follows what it brings, not what is there.</remarks>
sealed class MergePlan
{
    sealed record Shard(int Number, int As, int[] Places, HashSet<long> Leaving);

    readonly TenantLake lake;
    readonly Manifest? before;
    readonly int threads;
    readonly List<Shard> kept = [];
    readonly ConcurrentDictionary<(int Shard, string Table), long> left = [];
    readonly ConcurrentDictionary<(int Shard, string Table), HashSet<long>> leftKeys = [];

    /// <param name="before">Null for a load that takes nothing over.</param>
    /// <param name="touched">Patients whose rows the load may change, some of whom may be new; null where it is not known.</param>
    /// <param name="threads">Shards read at once.</param>
    public MergePlan(TenantLake lake, Manifest? before, IReadOnlySet<long>? touched, KeepShards keep, int threads)
    {
        (this.lake, this.before, this.threads) = (lake, before, threads);
        if (before is null || touched is null) return;
        var departed = lake.DepartedOf(before);
        var candidates = new List<(int Number, int Living, int[] Places, HashSet<long> Leaving)>();
        for (var number = 0; number < before.Shards; number++)
        {
            var ids = StoredRows.Keys(lake, before, number, Cdm54.Person);
            var gone = departed.Persons(lake, before, number);
            var places = Enumerable.Range(0, ids.Length).Where(p => touched.Contains(ids[p]) || gone.Contains(ids[p])).ToArray();
            if (ids.Length - places.Length >= keep.LeastPatients && places.Length <= ids.Length * keep.MostDeparted)
                candidates.Add((number, ids.Length - places.Length, places, [.. places.Select(p => ids[p]).Where(id => !gone.Contains(id))]));
        }
        long written = touched.Count;
        foreach (var few in candidates.Where(c => c.Living < KeepShards.HalfFull).OrderBy(c => c.Living).ToList())
        {
            if (few.Living > written) break;
            written += few.Living;
            candidates.Remove(few);
        }
        foreach (var (number, living, places, leaving) in candidates)
        {
            kept.Add(new(number, kept.Count, places, leaving));
            Patients += living;
        }
    }

    /// <summary>Shards kept: their numbers come first.</summary>
    public int Kept => kept.Count;

    /// <summary>Patients who stay in them.</summary>
    public long Patients { get; }

    /// <summary>Rows of the release before that are written anew: of what is shared all, of patients those who leave the shards kept, and everybody in the others.</summary>
    public IEnumerable<Batch> Rows(CdmTable table)
    {
        if (before is null) yield break;
        var leaving = new List<IEnumerable<Batch>>();
        foreach (var number in StoredRows.Shards(before, table))
            if (kept.Find(s => s.Number == number) is not { } shard)
                foreach (var batch in StoredRows.Read(lake, before, number, table)) yield return batch;
            else if (shard.Leaving.Count > 0) leaving.Add(Leaving(shard, table));
        // Of these few rows are taken, and many are looked through: they wait in memory, whole shards do not.
        foreach (var batch in ReadAhead.Concat(leaving, threads)) yield return batch;
    }

    IEnumerable<Batch> Leaving(Shard shard, CdmTable table)
    {
        var (column, of) = table.Placement is Placement.WithParent(var child, var parent) ? (child, leftKeys.GetValueOrDefault((shard.Number, parent)) ?? []) : (table.Person, shard.Leaving);
        HashSet<long> keys = leftKeys[(shard.Number, table.Name)] = [];
        var isParent = Cdm54.All.Any(t => t.Placement is Placement.WithParent(_, var name) && name == table.Name);
        long rows = 0;
        foreach (var some in StoredRows.Read(lake, before!, shard.Number, table, column, of.Contains))
        {
            rows += some.Rows;
            if (isParent) keys.UnionWith(((Int64Column)some.Columns[table.Key]).Values.ToArray());
            yield return some;
        }
        left[(shard.Number, table.Name)] = rows;
    }

    /// <summary>The files kept, once the tables' <see cref="Rows"/> were read: those of tables nobody asked for are counted now.</summary>
    public IEnumerable<LakeFile> Files()
    {
        foreach (var shard in kept)
            foreach (var file in before!.Files.Where(f => f.Shard == shard.Number))
            {
                if (!left.TryGetValue((shard.Number, file.Table), out var rows) && shard.Leaving.Count > 0) rows = Leaving(shard, Cdm54.Find(file.Table)!).Sum(b => (long)b.Rows);
                yield return file with { Shard = shard.As, Departed = file.Departed + rows };
            }
    }

    /// <summary>Who departed from the shards kept, then and now.</summary>
    public Departed Departed => new(kept.Where(s => s.Places.Length > 0).ToDictionary(s => s.As, s => s.Places));
}
