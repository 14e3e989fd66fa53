using System.Collections.Concurrent;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Sealing;

namespace Ambroise.Lake.Writing;

/// <summary>When a merge writes a shard anew that it could leave as it is.</summary>
/// <param name="LeastPatients">A shard with fewer is always written anew: it is done at once.</param>
/// <param name="MostSmall">So many may be less than half full: with more, the smallest become one.</param>
/// <param name="MostDeparted">Of all patients stored in a shard, the share that may have departed: with more, those who stay are fewer than the rows kept for nothing.</param>
/// <remarks>The work of a load follows what it brings, not what is there: who stays is written anew only where shards would else become many or hollow, some two times in all on the way to a full shard.</remarks>
public readonly record struct KeepShards(int LeastPatients, int MostSmall, double MostDeparted)
{
    public static readonly KeepShards Default = new(1 << 8, 32, 0.5);

    const int HalfFull = PersonIndex.ShardPatients / 2;

    /// <summary>Which of some shards stay as they are.</summary>
    /// <param name="touched">Patients a load writes anyway. As many more are written to be rid of what shards keep of patients departed, long before it is too much: else all shards would come to that at once.</param>
    internal List<MergePlan.Shard> Of(IEnumerable<MergePlan.Shard> shards, long touched)
    {
        var (kept, spare) = (new List<MergePlan.Shard>(), touched);
        foreach (var shard in shards.OrderByDescending(s => s.Hollow).ThenBy(s => s.Number))
            if (shard.Living < Math.Max(1, LeastPatients) || shard.Hollow > MostDeparted || shard.Hollow > MostDeparted / 2 && shard.Living <= spare) spare -= shard.Living;
            else kept.Add(shard);
        var small = kept.Where(s => s.Living < HalfFull).OrderBy(s => s.Living).ThenBy(s => s.Number).ToList();
        if (small.Count > MostSmall)
        {
            long together = 0;
            kept.RemoveAll(small.Take((small.Count + 1) / 2).TakeWhile((shard, at) => (together += shard.Living) <= PersonIndex.ShardPatients || at < 2).ToHashSet().Contains);
        }
        return [.. kept.OrderBy(s => s.Number)];
    }
}

/// <summary>What a merge takes over from the release before: shards as they are, and the rows of patients who are written anew.</summary>
/// <remarks>The patients a load says something new about depart from their shard, whole, into one of the shards it writes: so the work of a load follows what it brings, not what is there.</remarks>
sealed class MergePlan
{
    /// <param name="Stored">Patients whose rows are in it.</param>
    /// <param name="Places">Of those of them who departed, or do now.</param>
    /// <param name="Leaving">Who departs now.</param>
    internal sealed record Shard(int Number, int Stored, int[] Places, HashSet<long> Leaving)
    {
        public int Living => Stored - Places.Length;

        /// <summary>The share of what is stored that nobody reads any more.</summary>
        public double Hollow => (double)Places.Length / Stored;
    }

    readonly TenantLake lake;
    readonly Manifest? before;
    readonly int threads;
    readonly LongTexts? apart;
    readonly List<Shard> kept = [];
    readonly ConcurrentDictionary<(int Shard, string Table), long> left = [];
    readonly ConcurrentDictionary<(int Shard, string Table), HashSet<long>> leftKeys = [];

    /// <param name="before">Null for a load that takes nothing over.</param>
    /// <param name="touched">Patients whose rows the load may change, some of whom may be new; null where it is not known.</param>
    /// <param name="threads">Shards read at once.</param>
    /// <param name="apart">Where long texts go; null to hold them.</param>
    public MergePlan(TenantLake lake, Manifest? before, IReadOnlySet<long>? touched, KeepShards keep, int threads, LongTexts? apart = null)
    {
        (this.lake, this.before, this.threads, this.apart) = (lake, before, threads, apart);
        if (before is null || touched is null) return;
        var departed = lake.DepartedOf(before);
        var shards = new List<Shard>();
        for (var number = 0; number < before.Shards; number++)
        {
            var ids = StoredRows.Keys(lake, before, number, Cdm54.Person);
            var gone = departed.Persons(lake, before, number);
            var places = Enumerable.Range(0, ids.Length).Where(p => touched.Contains(ids[p]) || gone.Contains(ids[p])).ToArray();
            shards.Add(new(number, ids.Length, places, [.. places.Select(p => ids[p]).Where(id => !gone.Contains(id))]));
        }
        kept = keep.Of(shards, touched.Count);
        Patients = kept.Sum(s => (long)s.Living);
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
                foreach (var batch in StoredRows.Read(lake, before, number, table, apart)) yield return batch;
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
        foreach (var some in StoredRows.Read(lake, before!, shard.Number, table, column, of.Contains, apart: apart))
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
        foreach (var (to, shard) in kept.Index())
            foreach (var file in before!.Files.Where(f => f.Shard == shard.Number))
            {
                if (!left.TryGetValue((shard.Number, file.Table), out var rows) && shard.Leaving.Count > 0) rows = Leaving(shard, Cdm54.Find(file.Table)!).Sum(b => (long)b.Rows);
                yield return file with { Shard = to, Departed = file.Departed + rows };
            }
    }

    /// <summary>Who departed from the shards kept, then and now.</summary>
    public Departed Departed => new(kept.Index().Where(s => s.Item.Places.Length > 0).ToDictionary(s => s.Index, s => s.Item.Places));
}
