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
        var (allOpens, allCloses) = (periods.Opens, periods.Closes);
        var count = 0;
        for (var e = 0; e < patients.Length; e++)
        {
            if ((e & 0xFFFF) == 0) cancel.ThrowIfCancellationRequested();
            var (open, close, day) = (allOpens[patients[e]], allCloses[patients[e]], starts[e]);
            (places[count], opens[count], closes[count]) = (e, open, close);
            count += open + prior <= day & day + post <= close ? 1 : 0;
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
        var (allOpens, allCloses) = (periods.Opens, periods.Closes);
        for (var e = 0; e < patients.Length; e++)
        {
            if ((e & 0xFFFF) == 0) cancel.ThrowIfCancellationRequested();
            var (patient, day) = (patients[e], starts[e]);
            var within = allOpens[patient] + prior <= day & day + post <= allCloses[patient];
            if (!within && periods.Several) within = Period(patient, day) >= 0;
            first[patient] = Math.Min(first[patient], within ? day : int.MaxValue);
        }
        var found = 0;
        foreach (var day in first) found += day != int.MaxValue ? 1 : 0;
        var (who, when, opens, closes) = (scratch.Rent<ushort>(found + 1), scratch.Rent<int>(found + 1), scratch.Rent<int>(found + 1), scratch.Rent<int>(found + 1));
        var toWho = who.Span;
        var toWhen = when.Span;
        var toOpens = opens.Span;
        var toCloses = closes.Span;
        for (int patient = 0, at = 0; patient < first.Length; patient++)
        {
            (toWho[at], toWhen[at], toOpens[at], toCloses[at]) = ((ushort)patient, first[patient], allOpens[patient], allCloses[patient]);
            if (first[patient] == int.MaxValue) continue;
            if (periods.Several && Period((ushort)patient, first[patient]) is var p) (toOpens[at], toCloses[at]) = (periods.Start[p], periods.End[p]);
            at++;
        }
        return new(who[..found], when[..found], default, default, opens[..found], closes[..found], default, found, true);
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
