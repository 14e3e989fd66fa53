using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Ambroise.Cohorts.Definitions;
using Ambroise.Lake.Reading;

namespace Ambroise.Cohorts.Engine;

/// <summary>Answers cohort definitions over shards, each on its own, several at a time. Keeps what it picked for the next count, in bounded memory. Safe for use from several threads.</summary>
/// <param name="cacheBytes">Memory that picked events may take.</param>
public sealed class CohortEngine(long cacheBytes = 256L << 20)
{
    readonly EventCache cache = new(cacheBytes);
    readonly ConditionalWeakTable<IShard, ShardIndex> indexes = [];

    /// <summary>Patients, records and attrition, without the rows.</summary>
    /// <param name="threads">Shards answered at a time; 0 for one a core.</param>
    /// <exception cref="OperationCanceledException">Within 100 ms of cancelling.</exception>
    /// <exception cref="FailureException">A shard cannot be read.</exception>
    public CohortResult Count(BoundDefinition definition, IEnumerable<IShard> shards, int threads = 0, CancellationToken cancel = default) => Answer(definition, shards, false, threads, cancel);

    /// <summary>The same with every row, ascending.</summary>
    public CohortResult Run(BoundDefinition definition, IEnumerable<IShard> shards, int threads = 0, CancellationToken cancel = default) => Answer(definition, shards, true, threads, cancel);

    CohortResult Answer(BoundDefinition definition, IEnumerable<IShard> shards, bool withRows, int threads, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        var all = shards.ToArray();
        var answers = new ShardAnswer[all.Length];
        ShardAnswer One(IShard shard) => ShardRun.Answer(definition, indexes.GetValue(shard, static s => new(s)), cache, withRows, cancel);
        var cores = threads > 0 ? threads : Environment.ProcessorCount;
        if (cores == 1 || all.Length == 1)
        {
            for (var s = 0; s < all.Length; s++) answers[s] = One(all[s]);
        }
        else if (all.Any(s => !indexes.TryGetValue(s, out var known) || !known.HasRead(definition)))
        {
            Side(Math.Min(all.Length, cores * Waiting), all.Length, s => answers[s] = One(all[s]));
        }
        else
        {
            try
            {
                Parallel.For(0, all.Length, new() { MaxDegreeOfParallelism = cores, CancellationToken = cancel }, s => answers[s] = One(all[s]));
            }
            catch (AggregateException several) when (several.InnerExceptions.Count > 0)
            {
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(several.InnerExceptions[0]);
            }
        }
        return Merged(definition, answers, Stopwatch.GetElapsedTime(started), withRows);
    }

    /// <summary>Threads for each core where files are read for the first time: most of them wait for the disk.</summary>
    const int Waiting = 4;

    /// <summary>On threads of their own: the pool's are as many as the cores, and those that wait hold up the others.</summary>
    static void Side(int threads, int count, Action<int> act)
    {
        var next = -1;
        Exception? failed = null;
        void Work()
        {
            try
            {
                while (Volatile.Read(ref failed) is null && Interlocked.Increment(ref next) is var at && at < count) act(at);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref failed, e, null);
            }
        }
        var others = Enumerable.Range(1, threads - 1).Select(_ => new Thread(Work) { IsBackground = true }).ToList();
        foreach (var other in others) other.Start();
        Work();
        foreach (var other in others) other.Join();
        if (failed is not null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failed);
    }

    static CohortResult Merged(BoundDefinition bound, ShardAnswer[] answers, TimeSpan elapsed, bool withRows)
    {
        var rows = new List<CohortRow>(withRows ? answers.Sum(a => a.Rows.Count) : 0);
        foreach (var answer in answers) rows.AddRange(answer.Rows);
        if (answers.Length > 1) rows.Sort(static (a, b) => (a.Subject, a.Start, a.End).CompareTo((b.Subject, b.Start, b.End)));
        var events = Added(answers.Select(a => a.EventMasks));
        var best = Added(answers.Select(a => a.BestMasks));
        var every = (1UL << bound.Rules.Length) - 1;
        var rules = bound.Definition.InclusionRules.Select((rule, r) => new RuleCount(rule.Name ?? "",
            best.Where(m => (m.Mask >> r & 1) != 0).Sum(m => m.Count), best.Where(m => m.Mask == (every & ~(1UL << r))).Sum(m => m.Count), answers.Sum(a => (long)a.Remaining[r])));
        return new(answers.Sum(a => (long)a.Patients), answers.Sum(a => (long)a.Records), answers.Sum(a => (long)a.Entered), [.. rules],
            [.. bound.Criteria.Select(c => new CriterionCount(c.Path, answers.Sum(a => (long)a.CriterionPatients[c.Ordinal])))], events, best, rows, elapsed);
    }

    static ImmutableArray<MaskCount> Added(IEnumerable<Dictionary<ulong, long>> shards) =>
        [.. shards.SelectMany(s => s).GroupBy(m => m.Key, (mask, counts) => new MaskCount(mask, counts.Sum(c => c.Value))).OrderBy(m => m.Mask)];
}
