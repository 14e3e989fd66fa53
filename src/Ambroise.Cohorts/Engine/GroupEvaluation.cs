using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;
using Ambroise.Cohorts.Definitions;

namespace Ambroise.Cohorts.Engine;

/// <summary>Asks groups of conditions of index events, all of a shard at once.</summary>
/// <param name="events">The events a criterion picks in this shard.</param>
sealed class GroupEvaluation(ShardIndex index, Func<BoundCriterion, EventList> events, Scratch scratch, CancellationToken cancel)
{
    /// <returns>For each event whether it passes.</returns>
    public Span<bool> Passing(BoundGroup group, IndexEvents of)
    {
        var passed = scratch.Rent<bool>(of.Keys).Span;
        if (group.IsEmpty)
        {
            passed.Fill(true);
            return passed;
        }
        if (of.Multiplicity is null && group.Rule is GroupRule.All or GroupRule.Any) Together(group, of, passed);
        else Counted(group, of, passed);
        return passed;
    }

    /// <summary>All of the members, or any of them.</summary>
    void Together(BoundGroup group, IndexEvents of, Span<bool> passed)
    {
        passed.Fill(group.Rule == GroupRule.All);
        var roomy = scratch.Rent<bool>(of.Keys + WindowCounts.Lanes).Span;
        var member = roomy[..of.Keys];
        foreach (var correlated in group.Criteria)
        {
            Correlated(correlated, of, roomy);
            Join(group.Rule, passed, member);
        }
        foreach (var demographic in group.Demographics)
        {
            Demographic(demographic, of, member);
            Join(group.Rule, passed, member);
        }
        foreach (var nested in group.Groups) Join(group.Rule, passed, Passing(nested, of));
    }

    static void Join(GroupRule rule, Span<bool> passed, ReadOnlySpan<bool> member)
    {
        var to = MemoryMarshal.AsBytes(passed);
        var with = MemoryMarshal.AsBytes(member);
        var i = 0;
        for (; i + Vector<byte>.Count <= to.Length; i += Vector<byte>.Count)
        {
            var (a, b) = (new Vector<byte>(to[i..]), new Vector<byte>(with[i..]));
            (rule == GroupRule.All ? a & b : a | b).CopyTo(to[i..]);
        }
        for (; i < to.Length; i++) to[i] = (byte)(rule == GroupRule.All ? to[i] & with[i] : to[i] | with[i]);
    }

    /// <summary>Counts the members that hold, once for each row of an event.</summary>
    void Counted(BoundGroup group, IndexEvents of, Span<bool> passed)
    {
        var held = scratch.Rent<int>(of.Keys).Span;
        held.Clear();
        var roomy = scratch.Rent<bool>(of.Keys + WindowCounts.Lanes).Span;
        var member = roomy[..of.Keys];
        foreach (var correlated in group.Criteria)
        {
            Correlated(correlated, of, roomy);
            for (var k = 0; k < held.Length; k++) held[k] += member[k] ? 1 : 0;
        }
        foreach (var demographic in group.Demographics)
        {
            Demographic(demographic, of, member);
            for (var k = 0; k < held.Length; k++) held[k] += member[k] ? 1 : 0;
        }
        foreach (var nested in group.Groups)
        {
            // A nested group without members holds once for each row of the event, any other once.
            var nestedPassed = Passing(nested, of);
            for (var k = 0; k < held.Length; k++)
                if (nestedPassed[k]) held[k] += nested.IsEmpty ? of.Multiplicity?[k] ?? 1 : 1;
        }
        var members = group.Criteria.Length + group.Demographics.Length + group.Groups.Length;
        for (var k = 0; k < passed.Length; k++)
        {
            var count = held[k] * (of.Multiplicity?[k] ?? 1);
            passed[k] = group.Rule switch
            {
                GroupRule.All => count == members,
                GroupRule.Any => count > 0,
                GroupRule.AtLeast => count >= group.Count,
                _ => count <= group.Count,
            };
        }
    }

    void Demographic(ImmutableArray<BoundFilter> filters, IndexEvents of, Span<bool> holds)
    {
        if (of.Key.IsEmpty)
        {
            PersonTest.All(filters, index, of, scratch, holds);
            return;
        }
        var byRow = scratch.Rent<bool>(of.Count).Span;
        var key = of.Key.Span;
        PersonTest.All(filters, index, of, scratch, byRow);
        holds.Clear();
        for (var i = 0; i < byRow.Length; i++) holds[key[i]] |= byRow[i];
    }

    /// <param name="holds">With <see cref="WindowCounts.Lanes"/> more than there are events.</param>
    void Correlated(BoundCorrelated bound, IndexEvents of, Span<bool> holds)
    {
        cancel.ThrowIfCancellationRequested();
        var (occurrence, list) = (bound.Correlated.Occurrence, events(bound.Criterion));
        var windows = new Windows(bound.Correlated, list, of);
        if (windows.OfStarts && of.Multiplicity is null && of.Key.IsEmpty && occurrence.DistinctBy is null)
        {
            windows.Hold(new(new(occurrence), scratch), list.Extents(index.Shard.Patients, scratch), of.Begins(scratch), !index.Periods.Several, MemoryMarshal.AsBytes(holds));
            return;
        }
        var counts = scratch.Rent<int>(of.Keys).Span;
        counts.Clear();
        if (list.Count > 0) Count(windows, list, of, occurrence.DistinctBy, counts);
        var outer = occurrence.DistinctBy is null && (occurrence.Rule == OccurrenceRule.AtMost || occurrence.Count == 0);
        for (var k = 0; k < counts.Length; k++)
        {
            var n = outer ? counts[k] * (of.Multiplicity?[k] ?? 1) : counts[k];
            holds[k] = occurrence.Rule switch
            {
                OccurrenceRule.Exactly => n == occurrence.Count,
                OccurrenceRule.AtMost => n <= occurrence.Count,
                _ => n >= occurrence.Count,
            };
        }
    }

    void Count(Windows windows, EventList list, IndexEvents of, CountColumn? distinctBy, Span<int> counts)
    {
        var distinct = new HashSet<long>();
        var mine = of.Patient.Span;
        var patients = list.Patient.Span;
        var key = of.Key.Span;
        for (int i = 0, next, from = 0; i < mine.Length && from < patients.Length; i = next)
        {
            if ((i & 0xFFF) == 0) cancel.ThrowIfCancellationRequested();
            from = EventList.Seek(patients, from, mine[i]);
            next = EventList.Ends(mine, i);
            if (from == patients.Length || patients[from] != mine[i]) continue;
            var to = EventList.Ends(patients, from);
            for (; i < next; i++)
            {
                var k = key.IsEmpty ? i : key[i];
                if (distinctBy is { } by)
                {
                    if (i == 0 || key.IsEmpty || k != key[i - 1]) distinct.Clear();
                    counts[k] = windows.Distinct(i, from, to, by, distinct);
                }
                else
                {
                    counts[k] += windows.Count(i, from, to);
                }
            }
            from = to;
        }
    }
}
