using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Ambroise.Cohorts.Definitions;
using Ambroise.Lake.Columns;

namespace Ambroise.Cohorts.Engine;

/// <summary>The days in which a correlated criterion's events must lie, relative to index events.</summary>
sealed class Windows
{
    readonly CorrelatedCriterion criterion;
    readonly EventList events;
    readonly IndexEvents of;
    readonly Edges first;
    readonly Edges? second;
    readonly bool byStartInFirst, byStartInSecond;

    public Windows(CorrelatedCriterion criterion, EventList events, IndexEvents of)
    {
        (this.criterion, this.events, this.of) = (criterion, events, of);
        first = new(criterion.StartWindow, criterion.IgnoreObservationPeriod);
        if (criterion.EndWindow is { } window) second = new(window, criterion.IgnoreObservationPeriod);
        (byStartInFirst, byStartInSecond) = (!(criterion.StartWindow.UseEventEnd ?? false), !(criterion.EndWindow?.UseEventEnd ?? true));
    }

    /// <summary>Nothing but the events' starts matters.</summary>
    public bool OfStarts => byStartInFirst && (second is null || byStartInSecond) && !criterion.RestrictVisit;

    /// <summary>Where a window's edges are: a number of days from the index event, or a bound of its observation period, or nowhere.</summary>
    readonly struct Edges(Window window, bool ignorePeriod)
    {
        public readonly bool FromEnd = window.UseIndexEnd ?? false, CountsDays = window.Start.Days is not null || window.End.Days is not null;
        public readonly Edge Low = new(window.Start, ignorePeriod, Far.Before), High = new(window.End, ignorePeriod, Far.After);
    }

    /// <summary>Days outside the calendar: before and after every event.</summary>
    static class Far
    {
        public const int Before = int.MinValue, After = int.MaxValue;

        /// <summary>More days than the calendar has, few enough to be added to any of its days.</summary>
        public const int Many = 1 << 28;
    }

    /// <summary>One edge as a sum in which all but one of the terms are masked out: found without a branch, several at a time.</summary>
    readonly struct Edge
    {
        readonly int index, opens, closes, days;

        public Edge(WindowBound bound, bool ignorePeriod, int open)
        {
            if (bound.Days is { } count) (index, days) = (-1, (int)Math.Clamp((long)bound.Coefficient * count, -Far.Many, Far.Many));
            else if (ignorePeriod) days = open;
            else if (bound.Coefficient == -1) opens = -1;
            else closes = -1;
        }

        public int At(int indexDay, int open, int close) => (indexDay & index) + (open & opens) + (close & closes) + days;

        public Vector<int> At(Vector<int> indexDay, Vector<int> open, Vector<int> close) =>
            (indexDay & new Vector<int>(index)) + (open & new Vector<int>(opens)) + (close & new Vector<int>(closes)) + new Vector<int>(days);
    }

    /// <summary>Whether enough events, or few enough, start in the window of each index event.</summary>
    /// <param name="offsets">Where each patient's events begin; empty where events are few: then only patients who have some are looked at.</param>
    /// <param name="begins">Where each patient's index events begin.</param>
    public void Hold(Occurrence occurrence, ReadOnlySpan<int> offsets, ReadOnlySpan<int> begins, Scratch scratch, Span<bool> holds)
    {
        var inside = new WindowCounts(new(occurrence), scratch);
        if (offsets.IsEmpty) HoldOfFew(inside, holds);
        else HoldOfMany(inside, offsets, begins, holds);
    }

    void HoldOfMany(WindowCounts inside, ReadOnlySpan<int> offsets, ReadOnlySpan<int> begins, Span<bool> holds)
    {
        const int room = WindowCounts.Chunk + WindowCounts.Lanes;
        Span<int> low = stackalloc int[room], high = stackalloc int[room];
        Span<byte> held = stackalloc byte[room];
        var starts = events.Start.Span;
        var mine = of.Patient.Span;
        // As many patients at a time as their events have room; of one who has more, so many of them.
        for (int p = 0, from = 0; p < begins.Length - 1;)
        {
            var last = p;
            while (last < begins.Length - 1 && begins[last + 1] - from <= WindowCounts.Chunk) last++;
            var end = last > p ? begins[last] : from + WindowCounts.Chunk;
            Edged(from, low[..(end - from)], high[..(end - from)]);
            for (var q = p; q < Math.Max(last, p + 1); q++)
            {
                var (first, next) = (Math.Max(begins[q], from), Math.Min(begins[q + 1], end));
                var patient = mine[first];
                inside.Hold(starts[offsets[patient]..offsets[patient + 1]], low[(first - from)..], high[(first - from)..], next - first, held[(first - from)..]);
            }
            held[..(end - from)].CopyTo(MemoryMarshal.AsBytes(holds)[from..]);
            (p, from) = (last, end);
        }
    }

    /// <summary>Passes over both lists once, side by side.</summary>
    void HoldOfFew(WindowCounts inside, Span<bool> holds)
    {
        const int room = WindowCounts.Chunk + WindowCounts.Lanes;
        holds.Fill(inside.OfNone);
        Span<int> low = stackalloc int[room], high = stackalloc int[room];
        Span<byte> held = stackalloc byte[room];
        var mine = of.Patient.Span;
        var patients = events.Patient.Span;
        for (int i = 0, from = 0, to; i < mine.Length; from = to)
        {
            from = EventList.Seek(patients, from, mine[i]);
            if (from == patients.Length) return;
            if (patients[from] != mine[i])
            {
                i = EventList.Seek(mine, i, patients[to = from]);
                continue;
            }
            to = EventList.Ends(patients, from);
            for (var next = EventList.Ends(mine, i); i < next;)
            {
                var count = Math.Min(WindowCounts.Chunk, next - i);
                Edged(i, low[..count], high[..count]);
                inside.Hold(events.Start.Span[from..to], low, high, count, held);
                held[..count].CopyTo(MemoryMarshal.AsBytes(holds)[i..]);
                i += count;
            }
        }
    }

    /// <summary>The first and last day on which an event may start, of index events from one on.</summary>
    void Edged(int from, Span<int> low, Span<int> high)
    {
        var opens = of.Opens.Span.Slice(from, low.Length);
        var closes = of.Closes.Span.Slice(from, low.Length);
        var index = (first.FromEnd ? of.End : of.Start).Span.Slice(from, low.Length);
        var also = second.GetValueOrDefault();
        var other = second is null ? index : (also.FromEnd ? of.End : of.Start).Span.Slice(from, low.Length);
        var i = 0;
        for (; i + Vector<int>.Count <= low.Length; i += Vector<int>.Count)
        {
            var (open, close, day) = (new Vector<int>(opens[i..]), new Vector<int>(closes[i..]), new Vector<int>(index[i..]));
            var (l, h) = (first.Low.At(day, open, close), first.High.At(day, open, close));
            var nowhere = first.CountsDays ? Vector.Equals(day, new(Null.Int32)) : Vector<int>.Zero;
            if (second is not null)
            {
                day = new Vector<int>(other[i..]);
                (l, h) = (Vector.Max(l, also.Low.At(day, open, close)), Vector.Min(h, also.High.At(day, open, close)));
                if (also.CountsDays) nowhere |= Vector.Equals(day, new(Null.Int32));
            }
            if (!criterion.IgnoreObservationPeriod) (l, h) = (Vector.Max(l, open), Vector.Min(h, close));
            Vector.ConditionalSelect(nowhere, new(Far.After), l).CopyTo(low[i..]);
            Vector.ConditionalSelect(nowhere, new(Far.Before), h).CopyTo(high[i..]);
        }
        for (; i < low.Length; i++)
        {
            var (l, h) = (first.Low.At(index[i], opens[i], closes[i]), first.High.At(index[i], opens[i], closes[i]));
            if (second is not null) (l, h) = (Math.Max(l, also.Low.At(other[i], opens[i], closes[i])), Math.Min(h, also.High.At(other[i], opens[i], closes[i])));
            if (!criterion.IgnoreObservationPeriod) (l, h) = (Math.Max(l, opens[i]), Math.Min(h, closes[i]));
            var nowhere = (first.CountsDays && index[i] == Null.Int32) || (also.CountsDays && other[i] == Null.Int32);
            (low[i], high[i]) = nowhere ? (Far.After, Far.Before) : (l, h);
        }
    }

    public int Count(int row, int from, int to)
    {
        if (!Bounds(row, out var bounds)) return 0;
        var starts = events.Start.Span;
        var found = 0;
        for (var e = First(from, to, bounds); e < to && !Past(starts[e], bounds); e++)
            if (Lies(e, row, bounds)) found++;
        return found;
    }

    public int Distinct(int row, int from, int to, CountColumn by, HashSet<long> seen)
    {
        if (!Bounds(row, out var bounds)) return seen.Count;
        var starts = events.Start.Span;
        for (var e = First(from, to, bounds); e < to && !Past(starts[e], bounds); e++)
        {
            if (!Lies(e, row, bounds)) continue;
            var value = by switch
            {
                CountColumn.StartDate => starts[e],
                CountColumn.EndDate => events.End.Span[e] == Null.Int32 ? Null.Int64 : events.End.Span[e],
                CountColumn.VisitId => events.Visit.IsEmpty ? Null.Int64 : events.Visit.Span[e],
                _ => events.Counted.Span[e],
            };
            if (value != Null.Int64) seen.Add(value);
        }
        return seen.Count;
    }

    int First(int from, int to, in Days bounds) => events.Order == EventOrder.Full ? EventList.SeekStart(events.Start.Span, from, to, bounds.StartLow) : from;

    /// <returns>Whether no event from this start on can lie in the window.</returns>
    bool Past(int start, in Days bounds) => events.Order == EventOrder.Full && start > bounds.StartHigh;

    bool Lies(int e, int row, in Days bounds)
    {
        if (events.Start.Span[e] is var start && (start < bounds.StartLow || start > bounds.StartHigh)) return false;
        if (bounds.UsesEnd && events.End.Span[e] is var end && (end == Null.Int32 || end < bounds.EndLow || end > bounds.EndHigh)) return false;
        return !criterion.RestrictVisit || (!events.Visit.IsEmpty && !of.Visit.IsEmpty && events.Visit.Span[e] is var visit && visit != Null.Int64 && visit == of.Visit.Span[row]);
    }

    readonly record struct Days(long StartLow, long StartHigh, long EndLow, long EndHigh, bool UsesEnd);

    bool Bounds(int row, out Days bounds)
    {
        bounds = default;
        long startLow = long.MinValue, startHigh = long.MaxValue, endLow = long.MinValue, endHigh = long.MaxValue;
        var (opens, closes) = (of.Opens.Span[row], of.Closes.Span[row]);
        var usesEnd = false;
        if (!criterion.IgnoreObservationPeriod) (startLow, startHigh) = (opens, closes);
        if (!Window(first, row, opens, closes, out var low, out var high)) return false;
        if (byStartInFirst) (startLow, startHigh) = (Math.Max(startLow, low), Math.Min(startHigh, high));
        else (endLow, endHigh, usesEnd) = (low, high, low != Far.Before || high != Far.After);
        if (second is { } also)
        {
            if (!Window(also, row, opens, closes, out low, out high)) return false;
            if (byStartInSecond) (startLow, startHigh) = (Math.Max(startLow, low), Math.Min(startHigh, high));
            else (endLow, endHigh, usesEnd) = (Math.Max(endLow, low), Math.Min(endHigh, high), usesEnd || low != Far.Before || high != Far.After);
        }
        bounds = new(startLow, startHigh, endLow, endHigh, usesEnd);
        return startLow <= startHigh;
    }

    /// <returns>False where the window counts from an end that is absent.</returns>
    bool Window(in Edges edges, int row, int opens, int closes, out int low, out int high)
    {
        var index = edges.FromEnd ? of.End.Span[row] : of.Start.Span[row];
        (low, high) = (edges.Low.At(index, opens, closes), edges.High.At(index, opens, closes));
        return index != Null.Int32 || !edges.CountsDays;
    }
}
