using System.Numerics;
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

        /// <summary>The days from the index event; null where the edge does not count from it.</summary>
        public int? FromIndex => index != 0 ? days : null;

        public bool IsOpens => opens != 0;
        public bool IsCloses => closes != 0;

        public int At(int indexDay, int open, int close) => (indexDay & index) + (open & opens) + (close & closes) + days;

        public Vector<int> At(Vector<int> indexDay, Vector<int> open, Vector<int> close) =>
            (indexDay & new Vector<int>(index)) + (open & new Vector<int>(opens)) + (close & new Vector<int>(closes)) + new Vector<int>(days);
    }

    /// <summary>Whether enough events, or few enough, start in the window of each index event.</summary>
    /// <param name="where">Where each patient's events are; empty where events are few: then only patients who have some are looked at.</param>
    /// <param name="begins">Where each patient's index events begin.</param>
    /// <param name="onePeriod">A patient's index events all lie in one observation period.</param>
    /// <param name="holds">One or zero by index event, and room for <see cref="WindowCounts.Lanes"/> more.</param>
    public void Hold(WindowCounts inside, Extents where, ReadOnlySpan<int> begins, bool onePeriod, Span<byte> holds)
    {
        var plain = onePeriod && !first.FromEnd && second is not { FromEnd: true };
        if (where.IsEmpty) HoldOfFew(inside, begins, plain, holds);
        else HoldOfMany(inside, where, begins, plain, holds);
    }

    void HoldOfMany(WindowCounts inside, Extents where, ReadOnlySpan<int> begins, bool plain, Span<byte> holds)
    {
        var starts = events.Start.Span;
        var mine = of.Patient.Span;
        var from = where.From.Span;
        var to = where.To.Span;
        var opens = of.Opens.Span;
        var closes = of.Closes.Span;
        var around = Around();
        for (var p = 0; p < begins.Length - 1; p++)
        {
            var (begin, end) = (begins[p], begins[p + 1]);
            var patient = mine[begin];
            var days = starts[from[patient]..to[patient]];
            if (days.IsEmpty) inside.HoldNone(end - begin, holds[begin..]);
            else if (plain) inside.Hold(days, around.Of(begin, opens[begin], closes[begin]), end - begin, holds[begin..]);
            else HoldListed(inside, days, begin, end, holds);
        }
    }

    /// <summary>Passes over both lists once, side by side.</summary>
    void HoldOfFew(WindowCounts inside, ReadOnlySpan<int> begins, bool plain, Span<byte> holds)
    {
        holds.Fill(inside.OfNone ? (byte)1 : (byte)0);
        var mine = of.Patient.Span;
        var patients = events.Patient.Span;
        var around = Around();
        for (int p = 0, from = 0, to; p < begins.Length - 1; from = to)
        {
            var patient = mine[begins[p]];
            to = from = EventList.Seek(patients, from, patient);
            if (from == patients.Length) return;
            if (patients[from] != patient)
            {
                for (var wanted = patients[from]; p < begins.Length - 1 && mine[begins[p]] < wanted;) p++;
                continue;
            }
            to = EventList.Ends(patients, from);
            var (begin, end) = (begins[p], begins[++p]);
            // What is written past the patient's windows is the next one's, who may have no events and not be written over.
            var next = BitConverter.ToUInt64(holds[end..]);
            var days = events.Start.Span[from..to];
            if (plain) inside.Hold(days, around.Of(begin, of.Opens.Span[begin], of.Closes.Span[begin]), end - begin, holds[begin..]);
            else HoldListed(inside, days, begin, end, holds);
            BitConverter.TryWriteBytes(holds[end..], next);
        }
    }

    /// <summary>Of one patient whose windows lie in several periods or count from the end of an index event.</summary>
    void HoldListed(WindowCounts inside, ReadOnlySpan<int> days, int begin, int end, Span<byte> holds)
    {
        const int chunk = 512;
        Span<int> low = stackalloc int[chunk + WindowCounts.Lanes], high = stackalloc int[chunk + WindowCounts.Lanes];
        for (int from = begin, to; from < end; from = to)
        {
            to = Math.Min(from + chunk, end);
            Edged(from, low[..(to - from)], high[..(to - from)]);
            inside.Hold(days, new ListedWindows(low, high), to - from, holds[from..]);
        }
    }

    /// <summary>Windows by the index event's start alone.</summary>
    DayWindows Around()
    {
        var also = second ?? first;
        var inPeriod = !criterion.IgnoreObservationPeriod;
        return new(of.Start.Span, Larger(first.Low.FromIndex, also.Low.FromIndex), Smaller(first.High.FromIndex, also.High.FromIndex))
        {
            LowOpens = inPeriod || first.Low.IsOpens || also.Low.IsOpens,
            LowCloses = first.Low.IsCloses || also.Low.IsCloses,
            HighOpens = first.High.IsOpens || also.High.IsOpens,
            HighCloses = inPeriod || first.High.IsCloses || also.High.IsCloses,
        };
    }

    static int? Larger(int? a, int? b) => a > b || b is null ? a : b;

    static int? Smaller(int? a, int? b) => a < b || b is null ? a : b;

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
