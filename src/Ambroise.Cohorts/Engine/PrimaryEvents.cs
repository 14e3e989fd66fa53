using System.Numerics;
using Ambroise.Cohorts.Definitions;
using Ambroise.Lake.Columns;

namespace Ambroise.Cohorts.Engine;

/// <summary>The events that may let patients in: those of every primary criterion, inside an observation period long enough, in order of (patient, day, id), limited.</summary>
sealed class PrimaryEvents(BoundDefinition bound, ShardIndex index, Scratch scratch, CancellationToken cancel)
{
    readonly Periods periods = index.Periods;
    readonly long prior = Math.Max(0, bound.Definition.Primary.PriorDays), post = Math.Max(0, bound.Definition.Primary.PostDays);

    public IndexEvents Of(EventList[] lists)
    {
        var all = lists is [var only] ? only : Together(lists);
        // Of few events a sort costs less than a pass over every patient.
        if (all.Count * 16L < index.Shard.Patients) all = all.InOrder(index.Shard.Patients, scratch);
        var places = scratch.Rent<int>(Room(all.Patient.Span));
        var within = scratch.Rent<int>(places.Length);
        var count = bound.EntryLimit switch
        {
            Limit.First => all.Ordered ? Firsts(all, places.Span, within.Span) : FirstsOfAnyOrder(all, places.Span, within.Span),
            Limit.Last => Lasts(all, places.Span, within.Span),
            _ => Every(all, places.Span, within.Span),
        };
        // Most often all are inside a period.
        if (count == all.Count && all.Ordered && !periods.Overlap)
            return new(all.Patient, all.Start, Asked(Needs.End) ? all.End : default, Asked(Needs.Visit) ? Visits(all) : default, within[..count], periods, default, count);
        var chosen = places.Span[..count];
        return new(scratch.Pick(all.Patient, chosen), scratch.Pick(all.Start, chosen), Asked(Needs.End) ? scratch.Pick(all.End, chosen) : default,
            Asked(Needs.Visit) ? scratch.Pick(Visits(all), chosen) : default, within[..count], periods, default, count);
    }

    bool Asked(Needs need) => bound.EntryNeeds.HasFlag(need);

    /// <summary>Rows at most: an event in two overlapping periods gives two.</summary>
    int Room(ReadOnlySpan<ushort> patients)
    {
        if (!periods.Overlap) return patients.Length + 1;
        var room = 1;
        foreach (var patient in patients) room += periods.From[patient + 1] - periods.From[patient];
        return room;
    }

    /// <summary>An event stays where a period holds it with the days asked for before and after.</summary>
    bool Holds(int period, int day) => periods.Start[period] + prior <= day && day + post <= periods.End[period];

    int Every(EventList list, Span<int> places, Span<int> within)
    {
        var patients = list.Patient.Span;
        var starts = list.Start.Span;
        var from = periods.From;
        var opens = periods.Start;
        var closes = periods.End;
        var count = 0;
        for (var e = 0; e < patients.Length; e++)
        {
            if ((e & 0xFFFF) == 0) cancel.ThrowIfCancellationRequested();
            var day = starts[e];
            for (int p = from[patients[e]], last = from[patients[e] + 1]; p < last; p++)
            {
                (places[count], within[count]) = (e, p);
                if (opens[p] + prior <= day && day + post <= closes[p]) count++;
            }
        }
        return count;
    }

    int Firsts(EventList list, Span<int> places, Span<int> within)
    {
        var patients = list.Patient.Span;
        var starts = list.Start.Span;
        var count = 0;
        for (var e = 0; e < patients.Length;)
        {
            if ((count & 0xFFFF) == 0) cancel.ThrowIfCancellationRequested();
            var patient = patients[e];
            var found = false;
            for (; e < patients.Length && patients[e] == patient; e++)
            {
                if (found) continue;
                for (int p = periods.From[patient], last = periods.From[patient + 1]; p < last && !found; p++)
                {
                    if (!Holds(p, starts[e])) continue;
                    (places[count], within[count]) = (e, p);
                    count++;
                    found = true;
                }
            }
        }
        return count;
    }

    int FirstsOfAnyOrder(EventList list, Span<int> places, Span<int> within)
    {
        var patients = list.Patient.Span;
        var starts = list.Start.Span;
        var best = scratch.Rent<int>(index.Shard.Patients).Span;
        Span<ulong> seen = stackalloc ulong[1024];
        seen.Clear();
        for (var e = 0; e < patients.Length; e++)
        {
            if ((e & 0xFFFF) == 0) cancel.ThrowIfCancellationRequested();
            var patient = patients[e];
            var bit = 1UL << patient;
            var known = (seen[patient >> 6] & bit) != 0;
            if (known && starts[e] >= starts[best[patient]]) continue;
            for (int p = periods.From[patient], last = periods.From[patient + 1]; p < last; p++)
            {
                if (!Holds(p, starts[e])) continue;
                seen[patient >> 6] |= bit;
                best[patient] = e;
                break;
            }
        }
        var count = 0;
        for (var word = 0; word < seen.Length; word++)
        {
            for (var bits = seen[word]; bits != 0; bits &= bits - 1)
            {
                var patient = (word << 6) + BitOperations.TrailingZeroCount(bits);
                var p = periods.From[patient];
                while (!Holds(p, starts[best[patient]])) p++;
                (places[count], within[count]) = (best[patient], p);
                count++;
            }
        }
        return count;
    }

    /// <summary>Each patient's latest day, and of several events on it the one that comes first.</summary>
    int Lasts(EventList list, Span<int> places, Span<int> within)
    {
        var patients = list.Patient.Span;
        var starts = list.Start.Span;
        var sort = (list.Sort.IsEmpty ? list.Start : list.Sort).Span;
        var count = 0;
        for (int e = 0, next; e < patients.Length; e = next)
        {
            if ((count & 0xFFFF) == 0) cancel.ThrowIfCancellationRequested();
            next = EventList.Ends(patients, e);
            var best = -1;
            for (var i = e; i < next; i++)
            {
                if (best >= 0 && sort[i] <= sort[best]) continue;
                for (int p = periods.From[patients[e]], last = periods.From[patients[e] + 1]; p < last; p++)
                {
                    if (!Holds(p, starts[i])) continue;
                    (places[count], within[count]) = (best = i, p);
                    break;
                }
            }
            if (best >= 0) count++;
        }
        return count;
    }

    ReadOnlyMemory<long> Visits(EventList list)
    {
        if (!list.Visit.IsEmpty) return list.Visit;
        var absent = scratch.Rent<long>(list.Count);
        absent.Span.Fill(Null.Int64);
        return absent;
    }

    /// <summary>Events of several criteria in one order; of equals, those of the criterion written first.</summary>
    EventList Together(EventList[] lists)
    {
        ReadOnlyMemory<T> Joined<T>(Func<EventList, ReadOnlyMemory<T>> column)
        {
            var joined = scratch.Rent<T>(lists.Sum(l => l.Count));
            var to = joined.Span;
            foreach (var list in lists)
            {
                var values = column(list).Span;
                values.CopyTo(to);
                to = to[list.Count..];
            }
            return joined;
        }
        var sorted = lists.Any(static l => !l.Sort.IsEmpty);
        var all = new EventList(Joined(l => l.Patient), Joined(l => l.Start), Asked(Needs.End) ? Joined(l => l.End) : default, sorted ? Joined(l => l.Sort.IsEmpty ? l.Start : l.Sort) : default,
            Asked(Needs.Id) ? Joined(Ids) : default, Asked(Needs.Visit) ? Joined(Visits) : default, default, Ordered: false);
        return Asked(Needs.Order) ? all.InOrder(index.Shard.Patients, scratch) : all;
    }

    /// <summary>Records of a table without a key go by their patient.</summary>
    ReadOnlyMemory<long> Ids(EventList list)
    {
        if (!list.Id.IsEmpty) return list.Id;
        var ids = scratch.Rent<long>(list.Count);
        for (var i = 0; i < list.Count; i++) ids.Span[i] = list.Patient.Span[i];
        return ids;
    }
}
