using System.Collections.Immutable;
using Ambroise.Cohorts.Definitions;
using Ambroise.Lake.Columns;

namespace Ambroise.Cohorts.Engine;

/// <summary>Asks groups of conditions of index events, all of a shard at once.</summary>
/// <param name="events">The events a criterion picks in this shard.</param>
sealed class GroupEvaluation(ShardIndex index, Func<BoundCriterion, EventList> events, CancellationToken cancel)
{
    readonly HashSet<long> distinct = [];

    /// <returns>For each event whether it passes.</returns>
    public bool[] Passing(BoundGroup group, IndexEvents of)
    {
        var passed = new bool[of.Keys];
        if (group.IsEmpty)
        {
            Array.Fill(passed, true);
            return passed;
        }
        var held = new int[of.Keys];
        var member = new bool[of.Keys];
        foreach (var correlated in group.Criteria)
        {
            cancel.ThrowIfCancellationRequested();
            Array.Clear(member);
            Correlated(correlated, of, member);
            for (var k = 0; k < member.Length; k++) held[k] += member[k] ? 1 : 0;
        }
        foreach (var demographic in group.Demographics)
        {
            Array.Clear(member);
            Demographic(demographic, of, member);
            for (var k = 0; k < member.Length; k++) held[k] += member[k] ? 1 : 0;
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
        return passed;
    }

    void Demographic(ImmutableArray<BoundFilter> filters, IndexEvents of, bool[] holds)
    {
        for (var i = 0; i < of.Count; i++)
            if (PersonTest.All(filters, index, of.Patient[i], of.Start[i], of.End[i])) holds[of.KeyOf(i)] = true;
    }

    void Correlated(BoundCorrelated bound, IndexEvents of, bool[] holds)
    {
        var (c, list) = (bound.Correlated, events(bound.Criterion));
        var occurrence = c.Occurrence;
        var counts = new int[of.Keys];
        // More matches than this change nothing, where each row is its own event.
        var enough = of.Multiplicity is null && occurrence.DistinctBy is null ? occurrence.Count + (occurrence.Rule == OccurrenceRule.AtLeast ? 0 : 1) : int.MaxValue;
        if (enough > 0 && list.Count > 0)
        {
            var windows = new Windows(c, list, of);
            for (int i = 0, from = 0; i < of.Count && from < list.Count;)
            {
                var patient = of.Patient[i];
                from = list.Seek(from, patient);
                var next = i + 1;
                while (next < of.Count && of.Patient[next] == patient) next++;
                if (from < list.Count && list.Patient[from] == patient)
                {
                    if ((i & 0xFFF) == 0) cancel.ThrowIfCancellationRequested();
                    var to = list.Seek(from, patient + 1);
                    for (; i < next; i++)
                    {
                        if (occurrence.DistinctBy is { } by)
                        {
                            if (i == 0 || of.KeyOf(i) != of.KeyOf(i - 1)) distinct.Clear();
                            counts[of.KeyOf(i)] = windows.Distinct(i, from, to, by, distinct);
                        }
                        else
                        {
                            counts[of.KeyOf(i)] += windows.Count(i, from, to, enough);
                        }
                    }
                    from = to;
                }
                i = next;
            }
        }
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
}

/// <summary>The days in which a correlated criterion's events must lie, relative to index events.</summary>
sealed class Windows(CorrelatedCriterion criterion, EventList events, IndexEvents of)
{
    readonly bool byStartInFirst = !(criterion.StartWindow.UseEventEnd ?? false), byStartInSecond = !(criterion.EndWindow?.UseEventEnd ?? true);

    public int Count(int row, int from, int to, int enough)
    {
        if (!Bounds(row, out var bounds)) return 0;
        var found = 0;
        for (var e = bounds.Sorted ? events.SeekStart(from, to, bounds.StartLow) : from; e < to && found < enough; e++)
        {
            if (events.Start[e] > bounds.StartHigh) break;
            if (Lies(e, row, bounds)) found++;
        }
        return found;
    }

    public int Distinct(int row, int from, int to, CountColumn by, HashSet<long> seen)
    {
        if (!Bounds(row, out var bounds)) return seen.Count;
        for (var e = events.SeekStart(from, to, bounds.StartLow); e < to; e++)
        {
            if (events.Start[e] > bounds.StartHigh) break;
            if (!Lies(e, row, bounds)) continue;
            var value = by switch
            {
                CountColumn.StartDate => events.Start[e],
                CountColumn.EndDate => events.End[e] == Null.Int32 ? Null.Int64 : events.End[e],
                CountColumn.VisitId => events.Visit.Length == 0 ? Null.Int64 : events.Visit[e],
                _ => events.Counted[e],
            };
            if (value != Null.Int64) seen.Add(value);
        }
        return seen.Count;
    }

    bool Lies(int e, int row, in Range bounds)
    {
        if (bounds.UsesEnd && (events.End[e] == Null.Int32 || events.End[e] < bounds.EndLow || events.End[e] > bounds.EndHigh)) return false;
        return !criterion.RestrictVisit || (events.Visit.Length > 0 && of.Visit.Length > 0 && events.Visit[e] != Null.Int64 && events.Visit[e] == of.Visit[row]);
    }

    readonly record struct Range(long StartLow, long StartHigh, long EndLow, long EndHigh, bool UsesEnd, bool Sorted);

    bool Bounds(int row, out Range bounds)
    {
        bounds = default;
        long startLow = long.MinValue, startHigh = long.MaxValue, endLow = long.MinValue, endHigh = long.MaxValue;
        var usesEnd = false;
        if (!criterion.IgnoreObservationPeriod) (startLow, startHigh) = (of.PeriodStart[row], of.PeriodEnd[row]);
        if (!Window(criterion.StartWindow, row, out var low, out var high)) return false;
        if (byStartInFirst) (startLow, startHigh) = (Math.Max(startLow, low), Math.Min(startHigh, high));
        else (endLow, endHigh, usesEnd) = (low, high, low != long.MinValue || high != long.MaxValue);
        if (criterion.EndWindow is { } second)
        {
            if (!Window(second, row, out low, out high)) return false;
            if (byStartInSecond) (startLow, startHigh) = (Math.Max(startLow, low), Math.Min(startHigh, high));
            else (endLow, endHigh, usesEnd) = (Math.Max(endLow, low), Math.Min(endHigh, high), usesEnd || low != long.MinValue || high != long.MaxValue);
        }
        bounds = new(startLow, startHigh, endLow, endHigh, usesEnd, true);
        return startLow <= startHigh;
    }

    /// <returns>False where the window counts from an end that is absent.</returns>
    bool Window(Window window, int row, out long low, out long high)
    {
        (low, high) = (long.MinValue, long.MaxValue);
        var index = window.UseIndexEnd ?? false ? of.End[row] : of.Start[row];
        if (index == Null.Int32 && (window.Start.Days is not null || window.End.Days is not null)) return false;
        if (Bound(window.Start, index, row) is { } from) low = from;
        if (Bound(window.End, index, row) is { } until) high = until;
        return true;
    }

    long? Bound(WindowBound bound, int index, int row) => bound.Days is { } days ? index + (long)bound.Coefficient * days
        : criterion.IgnoreObservationPeriod ? null
        : bound.Coefficient == -1 ? of.PeriodStart[row] : of.PeriodEnd[row];
}
