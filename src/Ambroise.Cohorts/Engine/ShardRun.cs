using System.Numerics;
using System.Runtime.InteropServices;
using Ambroise.Cohorts.Definitions;

namespace Ambroise.Cohorts.Engine;

/// <summary>A definition answered on one shard: primary events, additional conditions, inclusion rules, exits, spans. Depends on nothing but its arguments.</summary>
sealed class ShardRun
{
    readonly BoundDefinition bound;
    readonly CohortDefinition definition;
    readonly ShardIndex index;
    readonly EventCache cache;
    readonly Scratch scratch;
    readonly CancellationToken cancel;
    readonly GroupEvaluation groups;
    readonly Dictionary<UInt128, EventList> picked = [];
    readonly int[] criterionPatients;
    readonly bool[] touched;

    ShardRun(BoundDefinition bound, ShardIndex index, EventCache cache, Scratch scratch, CancellationToken cancel)
    {
        (this.bound, this.index, this.cache, this.scratch, this.cancel, definition) = (bound, index, cache, scratch, cancel, bound.Definition);
        groups = new(index, Events, scratch, cancel);
        criterionPatients = new int[bound.Criteria.Length];
        touched = new bool[bound.Criteria.Length];
    }

    public static ShardAnswer Answer(BoundDefinition bound, ShardIndex index, EventCache cache, bool withRows, CancellationToken cancel)
    {
        using var scratch = new Scratch();
        return new ShardRun(bound, index, cache, scratch, cancel).Answer(withRows);
    }

    ShardAnswer Answer(bool withRows)
    {
        if (!withRows && bound.CountsFirsts)
        {
            var firsts = Inside() ?? new PrimaryEvents(bound, index, scratch, cancel).Patients([.. bound.Primary.Select(Events)]);
            foreach (var criterion in bound.Primary) Touch(criterion);
            return new([], firsts, firsts, firsts, [], [], [], criterionPatients);
        }
        var qualified = cache.Find<IndexEvents>(index.Shard, bound.EntryKey);
        if (qualified is null)
        {
            qualified = Qualified();
            // Where no rule asks them anything, to keep them costs as much as to find them.
            if (!bound.Rules.IsEmpty && cache.Keeps(qualified.Bytes)) cache.Add(index.Shard, bound.EntryKey, qualified.Kept(scratch), qualified.Bytes);
        }
        var statistics = new RuleStatistics(bound.Rules.Length);
        var included = bound.Rules.IsEmpty ? Entered(qualified, statistics) : bound.Rules.Length <= 8 ? Held<byte>(qualified, statistics, withRows) : Held<ulong>(qualified, statistics, withRows);
        var rows = new List<CohortRow>();
        var (records, patients) = included is null ? (statistics.PassAll, statistics.PassAll)
            : new Spans(definition).Collapse(included, new Exits(definition, included, Events, scratch, cancel).Ends(bound), withRows ? rows : null, index.Shard.PersonIds.Span);
        foreach (var criterion in bound.Primary) Touch(criterion);
        if (bound.Additional is { } additional) Touch(additional);
        foreach (var group in bound.Rules) Touch(group);
        foreach (var criterion in bound.Censoring) Touch(criterion);
        return new(rows, records, patients, statistics.Patients, statistics.EventMasks.Counts, statistics.BestMasks.Counts, statistics.Remaining, criterionPatients);
    }

    /// <returns>How many patients have an entry event, where every event is one; null where its day decides.</returns>
    int? Inside()
    {
        if (definition.Primary is not { PriorDays: <= 0, PostDays: <= 0 }) return null;
        var lists = new PatientList[bound.Primary.Length];
        for (var c = 0; c < lists.Length; c++)
        {
            var criterion = bound.Primary[c];
            if (CriterionScan.Patients(criterion, index, scratch, cancel) is not { } list) return null;
            lists[c] = list;
            criterionPatients[criterion.Ordinal] = list.Count();
            touched[criterion.Ordinal] = true;
        }
        return lists is [_] ? criterionPatients[bound.Primary[0].Ordinal] : PatientList.Count(lists);
    }

    /// <summary>Criteria that no event came to ask, or whose answer was kept, are counted all the same.</summary>
    void Touch(BoundGroup group)
    {
        foreach (var c in group.Criteria) Touch(c.Criterion);
        foreach (var g in group.Groups) Touch(g);
    }

    void Touch(BoundCriterion criterion)
    {
        if (!touched[criterion.Ordinal]) Events(criterion);
        if (criterion.Correlated is { } group) Touch(group);
    }

    /// <returns>The criterion's events, correlated conditions applied.</returns>
    EventList Events(BoundCriterion criterion)
    {
        cancel.ThrowIfCancellationRequested();
        if (!picked.TryGetValue(criterion.Key, out var list))
        {
            list = cache.Find<EventList>(index.Shard, criterion.Key);
            if (list is null)
            {
                list = CriterionScan.Run(criterion, index, scratch, cancel);
                if (criterion.Correlated is { } group && list.Count > 0) list = Correlated(list, group, criterion.Kind.Table.Key < 0);
                if (list.Bytes(index.Shard.Patients) is var size && cache.Keeps(size)) cache.Add(index.Shard, criterion.Key, list.Kept(index.Shard.Patients, scratch), size);
            }
            picked[criterion.Key] = list;
        }
        touched[criterion.Ordinal] = true;
        criterionPatients[criterion.Ordinal] = list.Patients;
        return list;
    }

    /// <summary>Each event is asked inside the observation period that holds its start; outside one it never passes.</summary>
    /// <param name="keyless">Records of one patient are rows of one event: nothing tells them apart.</param>
    EventList Correlated(EventList list, BoundGroup group, bool keyless)
    {
        var periods = index.Periods;
        var patients = list.Patient.Span;
        var starts = list.Start.Span;
        var room = 0;
        foreach (var patient in patients) room += periods.From[patient + 1] - periods.From[patient];
        var (row, opens, closes, keyOfRow) = (scratch.Rent<int>(room), scratch.Rent<int>(room), scratch.Rent<int>(room), scratch.Rent<int>(room));
        var keys = scratch.Rent<int>(patients.Length).Span;
        var (key, count) = (-1, 0);
        for (var i = 0; i < patients.Length; i++)
        {
            var again = keyless && i > 0 && patients[i - 1] == patients[i];
            keys[i] = -1;
            for (var p = periods.From[patients[i]]; p < periods.From[patients[i] + 1]; p++)
            {
                if (periods.Start[p] > starts[i] || periods.End[p] < starts[i]) continue;
                if (keys[i] < 0) keys[i] = again && keys[i - 1] >= 0 ? keys[i - 1] : ++key;
                (row.Span[count], opens.Span[count], closes.Span[count], keyOfRow.Span[count]) = (i, periods.Start[p], periods.End[p], keys[i]);
                count++;
            }
            // An event outside every period still passes with another row of its own.
            if (keys[i] < 0 && again) keys[i] = keys[i - 1];
        }
        var places = row.Span[..count];
        var asked = new IndexEvents(scratch.Pick(list.Patient, places), scratch.Pick(list.Start, places), scratch.Pick(list.End, places), scratch.Pick(list.Visit, places), opens[..count], closes[..count],
            keyless || periods.Overlap ? keyOfRow[..count] : default, key + 1, Ascending: list.Sort.IsEmpty);
        var passed = groups.Passing(group, asked);
        var kept = scratch.Rent<int>(patients.Length).Span;
        var at = 0;
        for (var i = 0; i < keys.Length; i++)
            if (keys[i] >= 0 && passed[keys[i]]) kept[at++] = i;
        return at == list.Count ? list : list.At(kept[..at], scratch);
    }

    IndexEvents Qualified()
    {
        var primary = new PrimaryEvents(bound, index, scratch, cancel).Of([.. bound.Primary.Select(Events)]);
        if (bound.Additional is { } group) return Limited(primary, definition.QualifiedLimit, Places.Equal(MemoryMarshal.AsBytes(groups.Passing(group, primary)), (byte)1, scratch));
        // The limit acts only where additional criteria are written, even as an empty group.
        return definition.Additional is null ? primary : Limited(primary, definition.QualifiedLimit);
    }

    /// <summary>Of all events.</summary>
    IndexEvents Limited(IndexEvents events, Limit limit) => limit == Limit.All ? events : Limited(events, limit, Places.All(events.Count, scratch));

    IndexEvents Entered(IndexEvents qualified, RuleStatistics statistics)
    {
        statistics.Patients = Stretches.Count(qualified.Patient.Span);
        return Limited(qualified, definition.ExpressionLimit);
    }

    /// <summary>Asks every rule of every event and counts what they pass.</summary>
    /// <returns>The events that pass all, limited; null where the statistics tell all that is asked for.</returns>
    IndexEvents? Held<T>(IndexEvents qualified, RuleStatistics statistics, bool withRows) where T : unmanaged, IBinaryInteger<T>, IUnsignedNumber<T>
    {
        var roomy = scratch.Rent<T>(qualified.Count + RuleStatistics.Room).Span;
        var masks = roomy[..qualified.Count];
        masks.Clear();
        for (var r = 0; r < bound.Rules.Length; r++) Mark(masks, MemoryMarshal.AsBytes(Passing(r, qualified)), r);
        statistics.Add<T>(qualified, roomy, scratch);
        if (!withRows && bound.CountsBest) return null;
        var all = T.CreateTruncating((1UL << bound.Rules.Length) - 1);
        return definition.ExpressionLimit == Limit.First && qualified.Ascending ? qualified.Only(Firsts(qualified.Begins(scratch), masks, all), scratch)
            : Limited(qualified, definition.ExpressionLimit, Places.Equal(masks, all, scratch));
    }

    /// <returns>Places of each patient's first event that passes all.</returns>
    ReadOnlySpan<int> Firsts<T>(ReadOnlySpan<int> begins, ReadOnlySpan<T> masks, T all) where T : unmanaged, IBinaryInteger<T>
    {
        var places = scratch.Rent<int>(begins.Length).Span;
        var count = 0;
        for (var p = 0; p < begins.Length - 1; p++)
        {
            var (i, end) = (begins[p], begins[p + 1]);
            while (i < end && masks[i] != all) i++;
            if (i < end) places[count++] = i;
        }
        return places[..count];
    }

    /// <param name="passed">One or zero by event.</param>
    static void Mark<T>(Span<T> masks, ReadOnlySpan<byte> passed, int rule) where T : unmanaged, IBinaryInteger<T>, IUnsignedNumber<T>
    {
        var i = 0;
        if (typeof(T) == typeof(byte))
        {
            var bytes = MemoryMarshal.AsBytes(masks);
            for (; i + Vector<byte>.Count <= passed.Length; i += Vector<byte>.Count)
                (new Vector<byte>(bytes[i..]) | Vector.AndNot(new Vector<byte>((byte)(1 << rule)), Vector.Equals(new Vector<byte>(passed[i..]), Vector<byte>.Zero))).CopyTo(bytes[i..]);
        }
        for (; i < masks.Length; i++) masks[i] |= T.CreateTruncating(passed[i]) << rule;
    }

    ReadOnlySpan<bool> Passing(int rule, IndexEvents qualified)
    {
        if (cache.Find<bool[]>(index.Shard, bound.RuleKeys[rule]) is { } kept) return kept;
        var passed = groups.Passing(bound.Rules[rule], qualified);
        if (cache.Keeps(passed.Length)) cache.Add(index.Shard, bound.RuleKeys[rule], passed.ToArray(), passed.Length + 100L);
        return passed;
    }

    /// <summary>All events, or each patient's first or last by start; of several on one day the one that came first.</summary>
    /// <param name="places">Those there are, ascending.</param>
    IndexEvents Limited(IndexEvents events, Limit limit, ReadOnlySpan<int> places)
    {
        if (limit == Limit.All) return events.Only(places, scratch);
        var kept = scratch.Rent<int>(places.Length).Span;
        var patients = events.Patient.Span;
        var starts = events.Start.Span;
        var count = 0;
        foreach (var i in places)
        {
            if (count == 0 || patients[kept[count - 1]] != patients[i]) kept[count++] = i;
            else if (limit == Limit.First ? starts[i] < starts[kept[count - 1]] : starts[i] > starts[kept[count - 1]]) kept[count - 1] = i;
        }
        return events.Only(kept[..count], scratch);
    }
}
