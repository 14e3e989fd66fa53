using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ambroise.Cohorts.Definitions;
using Ambroise.Lake.Columns;

namespace Ambroise.Cohorts.Engine;

/// <summary>The events that may let patients in: those of every primary criterion, inside an observation period long enough, in order of (patient, day, id), limited.</summary>
sealed class PrimaryEvents(BoundDefinition bound, ShardIndex index, Scratch scratch, CancellationToken cancel)
{
    readonly Periods periods = index.Periods;
    readonly long prior = Math.Max(0, bound.Definition.Primary.PriorDays), post = Math.Max(0, bound.Definition.Primary.PostDays);

    /// <returns>How many patients have an entry event: of events in any order, none of which is picked.</returns>
    public int Patients(EventList[] lists)
    {
        Span<ulong> entered = stackalloc ulong[Stretches.Words];
        entered.Clear();
        foreach (var list in lists)
        {
            cancel.ThrowIfCancellationRequested();
            Enter(Stretches.Ascending(list.Patient.Span, list.Start.Span, scratch).Span, list.Patient.Span, list.Start.Span, Math.Min(prior, Far), Math.Min(post, Far), entered);
        }
        return Stretches.Marked(entered);
    }

    /// <summary>Marks who has a start that a period allows.</summary>
    void Enter(ReadOnlySpan<int> begins, ReadOnlySpan<ushort> patients, ReadOnlySpan<int> starts, long before, long after, Span<ulong> entered)
    {
        var (opens, closes) = (periods.Opens, periods.Closes);
        for (var s = 0; s < begins.Length - 1; s++)
        {
            var last = begins[s + 1] - 1;
            int patient = patients[last], day = starts[last];
            var enters = day >= opens[patient] + before & day <= closes[patient] - after;
            // Most often a stretch's last day decides. Who has no period, or several, has none that closes late enough.
            if (!enters & day > closes[patient] - after)
                for (var e = begins[s]; e <= last && !enters; e++) enters = Period((ushort)patient, starts[e]) >= 0;
            entered[patient >> 6] |= (enters ? 1UL : 0) << patient;
        }
    }

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
            return new(all.Patient, all.Start, Asked(Needs.End) ? all.End : default, Asked(Needs.Visit) ? Visits(all) : default, opens[..count], closes[..count], default, count, Ascends(all));
        var chosen = places.Span[..count];
        return new(scratch.Pick(all.Patient, chosen), scratch.Pick(all.Start, chosen), Asked(Needs.End) ? scratch.Pick(all.End, chosen) : default,
            Asked(Needs.Visit) ? scratch.Pick(Visits(all), chosen) : default, opens[..count], closes[..count], default, count, Ascends(all));
    }

    static bool Ascends(EventList list) => list.Order == EventOrder.Full && list.Sort.IsEmpty;

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

    /// <summary>The same where no patient has more than one period. Places are written down only where not all stay.</summary>
    int EveryInOnly(EventList list, Span<int> places, Span<int> opens, Span<int> closes)
    {
        var patients = list.Patient.Span;
        var starts = list.Start.Span;
        var (allOpens, allCloses, before, after) = (periods.Opens, periods.Closes, prior, post);
        if (EveryOne(patients, starts, periods, before, after, opens, closes)) return patients.Length;
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

    /// <returns>Whether all stay, as most often they do.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    static bool EveryOne(ReadOnlySpan<ushort> patients, ReadOnlySpan<int> starts, Periods periods, long before, long after, Span<int> opens, Span<int> closes)
    {
        var (allOpens, allCloses) = (periods.Opens, periods.Closes);
        starts = starts[..patients.Length];
        opens = opens[..patients.Length];
        closes = closes[..patients.Length];
        var inside = true;
        for (var e = 0; e < patients.Length; e++)
        {
            var (open, close, day) = (allOpens[patients[e]], allCloses[patients[e]], starts[e]);
            (opens[e], closes[e]) = (open, close);
            inside &= open + before <= day & day + after <= close;
        }
        return inside;
    }

    /// <summary>Each patient's first start that a period holds, from events in any order: nothing else of an event is asked for.</summary>
    IndexEvents FirstStarts(EventList list)
    {
        if (IsFew(list))
        {
            var sorted = list.In(EventOrder.Full, index.Shard.Patients, scratch);
            var (few, from, until) = (scratch.Rent<int>(sorted.Count + 1), scratch.Rent<int>(sorted.Count + 1), scratch.Rent<int>(sorted.Count + 1));
            var kept = Firsts(sorted, few.Span, from.Span, until.Span);
            return new(scratch.Pick(sorted.Patient, few.Span[..kept]), scratch.Pick(sorted.Start, few.Span[..kept]), default, default, from[..kept], until[..kept], default, kept, true);
        }
        var first = Earliest(list);
        var found = first.Length - first.Count(int.MaxValue);
        var (who, when, opens, closes) = (scratch.Rent<ushort>(found), scratch.Rent<int>(found), scratch.Rent<int>(found), scratch.Rent<int>(found));
        Gather(first, periods, who.Span, when.Span, opens.Span, closes.Span);
        for (var i = 0; periods.Several && i < found; i++)
            if (opens.Span[i] == int.MaxValue && Period(who.Span[i], when.Span[i]) is var p) (opens.Span[i], closes.Span[i]) = (periods.Start[p], periods.End[p]);
        return new(who, when, default, default, opens, closes, default, found, true);
    }

    /// <summary>Of few events a sort costs less than a pass over every patient.</summary>
    bool IsFew(EventList list) => list.Count * 16L < index.Shard.Patients;

    /// <returns>Each patient's first start that a period holds; int.MaxValue where there is none.</returns>
    Span<int> Earliest(EventList list)
    {
        var first = scratch.Rent<int>(index.Shard.Patients).Span;
        first.Fill(int.MaxValue);
        var begins = Stretches.Ascending(list.Patient.Span, list.Start.Span, scratch).Span;
        if (periods.Several) Earliest(begins, list.Patient.Span, list.Start.Span, first);
        else Earliest(begins, list.Patient.Span, list.Start.Span, periods, (int)Math.Min(prior, Far), (int)Math.Min(post, Far), first);
        return first;
    }

    /// <summary>Those who have a first start, with their only period.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    static void Gather(ReadOnlySpan<int> first, Periods periods, Span<ushort> who, Span<int> when, Span<int> opens, Span<int> closes)
    {
        var allOpens = periods.Opens.AsSpan(0, first.Length);
        var allCloses = periods.Closes.AsSpan(0, first.Length);
        var at = 0;
        for (var group = 0; group < first.Length; group += Vector256<int>.Count)
        {
            for (var some = Entered(first, group); some != 0; some &= some - 1)
            {
                var patient = group + BitOperations.TrailingZeroCount(some);
                (who[at], when[at], opens[at], closes[at]) = ((ushort)patient, first[patient], allOpens[patient], allCloses[patient]);
                at++;
            }
        }
    }

    /// <summary>More days than the calendar has, few enough to be added to any of its days.</summary>
    const int Far = 1 << 28;

    /// <summary>Of patients who have one period or none: in each stretch the first day that the period allows, if it allows any.</summary>
    // By itself: inlined into more, it lacks registers.
    [MethodImpl(MethodImplOptions.NoInlining)]
    static void Earliest(ReadOnlySpan<int> begins, ReadOnlySpan<ushort> patients, ReadOnlySpan<int> starts, Periods periods, int before, int after, Span<int> first)
    {
        var opens = periods.Opens.AsSpan(0, first.Length);
        var closes = periods.Closes.AsSpan(0, first.Length);
        for (var s = 0; s < begins.Length - 1; s++)
        {
            int e = begins[s], patient = patients[e];
            var low = opens[patient];
            // Who has no period opens after every day.
            if (low == int.MaxValue) continue;
            low += before;
            while (starts[e] < low && e + 1 < begins[s + 1]) e++;
            var day = starts[e];
            // Without a branch: which of a patient's stretches begins first is a guess, and a wrong one waits for memory.
            var outside = ((day - low) | (closes[patient] - after - day)) >> 31;
            first[patient] = Vector128.Min(Vector128.CreateScalarUnsafe((day & ~outside) | (outside & int.MaxValue)), Vector128.CreateScalarUnsafe(first[patient])).ToScalar();
        }
    }

    void Earliest(ReadOnlySpan<int> begins, ReadOnlySpan<ushort> patients, ReadOnlySpan<int> starts, Span<int> first)
    {
        for (var s = 0; s < begins.Length - 1; s++)
        {
            if ((s & 0xFFF) == 0) cancel.ThrowIfCancellationRequested();
            var patient = patients[begins[s]];
            for (var e = begins[s]; e < begins[s + 1]; e++)
            {
                if (Period(patient, starts[e]) < 0) continue;
                first[patient] = Math.Min(first[patient], starts[e]);
                break;
            }
        }
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
            Asked(Needs.Id) ? Joined(Ids) : default, Asked(Needs.Visit) ? Joined(Visits) : default, default, EventOrder.None);
        return all.In(bound.EntryNeeds.Order(), index.Shard.Patients, scratch);
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
