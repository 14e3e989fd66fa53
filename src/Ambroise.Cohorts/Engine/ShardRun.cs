using System.Collections.Immutable;
using System.Numerics;
using Ambroise.Cohorts.Definitions;
using Ambroise.Lake.Columns;

namespace Ambroise.Cohorts.Engine;

/// <summary>A definition answered on one shard: primary events, additional conditions, inclusion rules, exits, spans. Depends on nothing but its arguments.</summary>
sealed class ShardRun
{
    readonly BoundDefinition bound;
    readonly CohortDefinition definition;
    readonly ShardIndex index;
    readonly EventCache cache;
    readonly CancellationToken cancel;
    readonly GroupEvaluation groups;
    readonly int[] criterionPatients;

    ShardRun(BoundDefinition bound, ShardIndex index, EventCache cache, CancellationToken cancel)
    {
        (this.bound, this.index, this.cache, this.cancel, definition) = (bound, index, cache, cancel, bound.Definition);
        groups = new(index, Events, cancel);
        criterionPatients = new int[bound.Criteria.Length];
    }

    public static ShardAnswer Answer(BoundDefinition bound, ShardIndex index, EventCache cache, bool withRows, CancellationToken cancel) => new ShardRun(bound, index, cache, cancel).Answer(withRows);

    ShardAnswer Answer(bool withRows)
    {
        var qualified = Qualified();
        var masks = Masks(qualified);
        var statistics = new RuleStatistics(bound.Rules.Length);
        statistics.Add(qualified, masks);
        var everyRule = (1UL << bound.Rules.Length) - 1;
        var included = Limited(qualified, definition.ExpressionLimit, i => masks[i] == everyRule);
        var ends = new Exits(definition, included, Events, cancel).Ends(bound);
        var rows = new List<CohortRow>();
        var (records, patients) = new Spans(definition).Collapse(included, ends, withRows ? rows : null, index.Shard.PersonIds.Span);
        foreach (var group in bound.Rules) Touch(group);
        return new(rows, records, patients, statistics.Patients, statistics.EventMasks, statistics.BestMasks, statistics.Remaining, criterionPatients);
    }

    /// <summary>Criteria that no event came to ask are counted all the same.</summary>
    void Touch(BoundGroup group)
    {
        foreach (var c in group.Criteria) Events(c.Criterion);
        foreach (var g in group.Groups) Touch(g);
    }

    /// <returns>The criterion's events, correlated conditions applied.</returns>
    EventList Events(BoundCriterion criterion)
    {
        cancel.ThrowIfCancellationRequested();
        var list = cache.Find(index.Shard, criterion.Key);
        if (list is null)
        {
            list = CriterionScan.Run(criterion, index, cancel);
            if (criterion.Correlated is { } group && list.Count > 0) list = Correlated(list, group);
            cache.Add(index.Shard, criterion.Key, list);
        }
        criterionPatients[criterion.Ordinal] = list.Patients;
        return list;
    }

    /// <summary>Each event is asked inside the observation period that holds its start; outside one it never passes.</summary>
    EventList Correlated(EventList list, BoundGroup group)
    {
        var periods = index.Periods;
        var size = list.Count;
        var (row, period, keys) = (new List<int>(size), new List<int>(size), new int[size]);
        var (key, keyOfRow) = (-1, new List<int>(size));
        for (var i = 0; i < size; i++)
        {
            var patient = list.Patient[i];
            var same = i > 0 && list.Patient[i - 1] == patient && list.Id[i - 1] == list.Id[i] && keys[i - 1] >= 0;
            keys[i] = -1;
            for (var p = periods.From[patient]; p < periods.From[patient + 1]; p++)
            {
                if (periods.Start[p] > list.Start[i] || periods.End[p] < list.Start[i]) continue;
                if (keys[i] < 0) keys[i] = same ? keys[i - 1] : ++key;
                row.Add(i);
                period.Add(p);
                keyOfRow.Add(keys[i]);
            }
            // An event outside every period still passes with another row of its own id.
            if (keys[i] < 0 && i > 0 && list.Patient[i - 1] == patient && list.Id[i - 1] == list.Id[i]) keys[i] = keys[i - 1];
        }
        var of = new IndexEvents([.. row.Select(i => list.Patient[i])], [.. row.Select(i => list.Start[i])], [.. row.Select(i => list.End[i])],
            list.Visit.Length == 0 ? [] : [.. row.Select(i => list.Visit[i])], [.. period.Select(p => periods.Start[p])], [.. period.Select(p => periods.End[p])], [.. keyOfRow], key + 1);
        var passed = groups.Passing(group, of);
        var kept = new List<int>();
        for (var i = 0; i < size; i++)
            if (keys[i] >= 0 && passed[keys[i]]) kept.Add(i);
        T[] Kept<T>(T[] values) => values.Length == 0 ? values : [.. kept.Select(i => values[i])];
        var start = Kept(list.Start);
        return kept.Count == size ? list : new(Kept(list.Patient), start, Kept(list.End), ReferenceEquals(list.Sort, list.Start) ? start : Kept(list.Sort), Kept(list.Id), Kept(list.Visit), Kept(list.Counted));
    }

    IndexEvents Qualified()
    {
        var primary = new PrimaryEvents(definition.Primary, index.Periods, [.. bound.Primary.Select(Events)]).Merge(cancel);
        if (bound.Additional is { } group)
        {
            var passed = groups.Passing(group, primary);
            return Limited(primary, definition.QualifiedLimit, i => passed[i]);
        }
        // The limit acts only where additional criteria are written, even as an empty group.
        return definition.Additional is null ? primary : Limited(primary, definition.QualifiedLimit, _ => true);
    }

    ulong[] Masks(IndexEvents qualified)
    {
        var masks = new ulong[qualified.Count];
        for (var r = 0; r < bound.Rules.Length; r++)
        {
            var passed = groups.Passing(bound.Rules[r], qualified);
            for (var i = 0; i < passed.Length; i++)
                if (passed[i]) masks[i] |= 1UL << r;
        }
        return masks;
    }

    /// <summary>Events that hold, all or each patient's first or last by start; of several on one day the one that came first.</summary>
    static IndexEvents Limited(IndexEvents events, Limit limit, Func<int, bool> holds)
    {
        var kept = new List<int>(events.Count);
        for (var i = 0; i < events.Count; i++)
        {
            if (!holds(i)) continue;
            if (limit == Limit.All || kept.Count == 0 || events.Patient[kept[^1]] != events.Patient[i]) kept.Add(i);
            else if (limit == Limit.First ? events.Start[i] < events.Start[kept[^1]] : events.Start[i] > events.Start[kept[^1]]) kept[^1] = i;
        }
        return events.Only(kept);
    }
}

/// <summary>Counts events and patients by the rules they pass.</summary>
sealed class RuleStatistics(int rules)
{
    public Dictionary<ulong, long> EventMasks { get; } = [];
    public Dictionary<ulong, long> BestMasks { get; } = [];
    public int[] Remaining { get; } = new int[rules];
    public int Patients { get; private set; }

    public void Add(IndexEvents events, ulong[] masks)
    {
        for (int i = 0, next; i < events.Count; i = next)
        {
            Patients++;
            var best = i;
            var passed = 0;
            for (next = i; next < events.Count && events.Patient[next] == events.Patient[i]; next++)
            {
                if (rules == 0) continue;
                EventMasks[masks[next]] = EventMasks.GetValueOrDefault(masks[next]) + 1;
                if (Better(events, masks, next, best)) best = next;
                passed = Math.Max(passed, Math.Min(rules, BitOperations.TrailingZeroCount(~masks[next])));
            }
            if (rules > 0) BestMasks[masks[best]] = BestMasks.GetValueOrDefault(masks[best]) + 1;
            for (var r = 0; r < passed; r++) Remaining[r]++;
        }
    }

    static bool Better(IndexEvents events, ulong[] masks, int a, int b)
    {
        var (countA, countB) = (BitOperations.PopCount(masks[a]), BitOperations.PopCount(masks[b]));
        if (countA != countB) return countA > countB;
        var (firstA, firstB) = (masks[a] == 0 ? 0 : BitOperations.TrailingZeroCount(masks[a]), masks[b] == 0 ? 0 : BitOperations.TrailingZeroCount(masks[b]));
        if (firstA != firstB) return firstA < firstB;
        return events.Start[a] < events.Start[b];
    }
}
