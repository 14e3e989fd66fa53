using System.Numerics;
using System.Runtime.Intrinsics;
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
        if (bound.EntryLimit == Limit.First && bound.EntryNeeds == Needs.Nothing) return FirstStarts(all);
        var (places, opens, closes) = (scratch.Rent<int>(Room(all.Patient.Span)), scratch.Rent<int>(Room(all.Patient.Span)), scratch.Rent<int>(Room(all.Patient.Span)));
        var count = bound.EntryLimit switch
        {
            Limit.First => Firsts(all, places.Span, opens.Span, closes.Span),
            Limit.Last => Lasts(all, places.Span, opens.Span, closes.Span),
            _ when periods.Several => Every(all, places.Span, opens.Span, closes.Span),
            _ => EveryInOnly(all, places.Span, opens.Span, closes.Span),
        };
        // Most often all are inside a period.
        if (count == all.Count && !periods.Overlap)
            return new(all.Patient, all.Start, Asked(Needs.End) ? all.End : default, Asked(Needs.Visit) ? Visits(all) : default, opens[..count], closes[..count], default, count, all.Sort.IsEmpty);
        var chosen = places.Span[..count];
        return new(scratch.Pick(all.Patient, chosen), scratch.Pick(all.Start, chosen), Asked(Needs.End) ? scratch.Pick(all.End, chosen) : default,
            Asked(Needs.Visit) ? scratch.Pick(Visits(all), chosen) : default, opens[..count], closes[..count], default, count, all.Sort.IsEmpty);
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
    int Every(EventList list, Span<int> places, Span<int> opens, Span<int> closes)
    {
        var patients = list.Patient.Span;
        var starts = list.Start.Span;
        var from = periods.From;
        var count = 0;
        for (var e = 0; e < patients.Length; e++)
        {
            if ((e & 0xFFFF) == 0) cancel.ThrowIfCancellationRequested();
            var day = starts[e];
            for (int p = from[patients[e]], last = from[patients[e] + 1]; p < last; p++)
            {
                (places[count], opens[count], closes[count]) = (e, periods.Start[p], periods.End[p]);
                if (periods.Start[p] + prior <= day && day + post <= periods.End[p]) count++;
            }
        }
        return count;
    }

    /// <summary>The same where no patient has more than one period.</summary>
    int EveryInOnly(EventList list, Span<int> places, Span<int> opens, Span<int> closes)
    {
        var patients = list.Patient.Span;
        var starts = list.Start.Span;
        var (allOpens, allCloses, before, after) = (periods.Opens, periods.Closes, prior, post);
        var count = 0;
        for (var e = 0; e < patients.Length; e++)
        {
            if ((e & 0xFFFF) == 0) cancel.ThrowIfCancellationRequested();
            var (open, close, day) = (allOpens[patients[e]], allCloses[patients[e]], starts[e]);
            (places[count], opens[count], closes[count]) = (e, open, close);
            count += open + before <= day & day + after <= close ? 1 : 0;
        }
        return count;
    }

    /// <summary>Each patient's first start that a period holds, from events in any order: nothing else of an event is asked for.</summary>
    IndexEvents FirstStarts(EventList list)
    {
        // Of few events a sort costs less than a pass over every patient.
        if (list.Count * 16L < index.Shard.Patients)
        {
            var sorted = list.InOrder(index.Shard.Patients, scratch);
            var (few, from, until) = (scratch.Rent<int>(sorted.Count + 1), scratch.Rent<int>(sorted.Count + 1), scratch.Rent<int>(sorted.Count + 1));
            var kept = Firsts(sorted, few.Span, from.Span, until.Span);
            return new(scratch.Pick(sorted.Patient, few.Span[..kept]), scratch.Pick(sorted.Start, few.Span[..kept]), default, default, from[..kept], until[..kept], default, kept, true);
        }
        var patients = list.Patient.Span;
        var starts = list.Start.Span;
        var first = scratch.Rent<int>(index.Shard.Patients).Span;
        first.Fill(int.MaxValue);
        // Locals: what a loop reads through a field is read again after each store.
        var (allOpens, allCloses, before, after, several) = (periods.Opens, periods.Closes, prior, post, periods.Several);
        for (var e = 0; e < patients.Length; e++)
        {
            if ((e & 0xFFFF) == 0) cancel.ThrowIfCancellationRequested();
            var patient = patients[e];
            var day = starts[e];
            var within = allOpens[patient] + before <= day & day + after <= allCloses[patient];
            if (!within & several && Period(patient, day) >= 0) within = true;
            ref var earliest = ref first[patient];
            earliest = Math.Min(earliest, within ? day : int.MaxValue);
        }
        var found = first.Length - first.Count(int.MaxValue);
        var (who, when, opens, closes) = (scratch.Rent<ushort>(found), scratch.Rent<int>(found), scratch.Rent<int>(found), scratch.Rent<int>(found));
        var toWho = who.Span;
        var toWhen = when.Span;
        var toOpens = opens.Span;
        var toCloses = closes.Span;
        var at = 0;
        for (var group = 0; group < first.Length; group += Vector256<int>.Count)
        {
            for (var some = Entered(first, group); some != 0; some &= some - 1)
            {
                var patient = group + BitOperations.TrailingZeroCount(some);
                (toWho[at], toWhen[at], toOpens[at], toCloses[at]) = ((ushort)patient, first[patient], allOpens[patient], allCloses[patient]);
                at++;
            }
        }
        for (var i = 0; several && i < found; i++)
            if (toOpens[i] == int.MaxValue && Period(toWho[i], toWhen[i]) is var p) (toOpens[i], toCloses[i]) = (periods.Start[p], periods.End[p]);
        return new(who[..found], when[..found], default, default, opens[..found], closes[..found], default, found, true);
    }

    /// <returns>Which of the eight patients from one on have a first start, a bit for each.</returns>
    static uint Entered(ReadOnlySpan<int> first, int from)
    {
        if (from + Vector256<int>.Count <= first.Length) return ~Vector256.Equals(Vector256.Create(first.Slice(from, Vector256<int>.Count)), Vector256.Create(int.MaxValue)).ExtractMostSignificantBits() & 0xFF;
        uint some = 0;
        for (var i = from; i < first.Length; i++) some |= first[i] != int.MaxValue ? 1u << (i - from) : 0;
        return some;
    }

    /// <returns>The patient's first period that holds a day with the days asked for around it, or -1.</returns>
    int Period(ushort patient, int day)
    {
        for (int p = periods.From[patient], last = periods.From[patient + 1]; p < last; p++)
            if (periods.Start[p] + prior <= day && day + post <= periods.End[p]) return p;
        return -1;
    }

    int Firsts(EventList list, Span<int> places, Span<int> opens, Span<int> closes)
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
                if (found || Period(patient, starts[e]) is not (>= 0 and var p)) continue;
                (places[count], opens[count], closes[count]) = (e, periods.Start[p], periods.End[p]);
                count++;
                found = true;
            }
        }
        return count;
    }

    /// <summary>Each patient's latest day, and of several events on it the one that comes first.</summary>
    int Lasts(EventList list, Span<int> places, Span<int> opens, Span<int> closes)
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
                if (Period(patients[i], starts[i]) is not (>= 0 and var p)) continue;
                (places[count], opens[count], closes[count]) = (best = i, periods.Start[p], periods.End[p]);
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
