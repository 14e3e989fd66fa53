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

    const int Chunk = 512;

    /// <summary>Whether enough events, or few enough, start in the window of each index event.</summary>
    /// <param name="offsets">Where each patient's events begin; empty where events are few: then only patients who have some are looked at.</param>
    /// <param name="begins">Where each patient's index events begin.</param>
    public void Hold(Occurrence occurrence, ReadOnlySpan<int> offsets, ReadOnlySpan<int> begins, Span<bool> holds)
    {
        if (offsets.IsEmpty) HoldOfFew(occurrence, holds);
        else HoldOfMany(occurrence, offsets, begins, holds);
    }

    void HoldOfMany(Occurrence occurrence, ReadOnlySpan<int> offsets, ReadOnlySpan<int> begins, Span<bool> holds)
    {
        Span<int> low = stackalloc int[Chunk], high = stackalloc int[Chunk];
        var enough = new Enough(occurrence);
        var starts = events.Start.Span;
        var mine = of.Patient.Span;
        // As many patients at a time as their events have room; of one who has more, so many of them.
        for (int p = 0, from = 0; p < begins.Length - 1;)
        {
            var last = p;
            while (last < begins.Length - 1 && begins[last + 1] - from <= Chunk) last++;
            var end = last > p ? begins[last] : from + Chunk;
            Edged(from, low[..(end - from)], high[..(end - from)]);
            for (var q = p; q < Math.Max(last, p + 1); q++)
            {
                var (first, next) = (Math.Max(begins[q], from), Math.Min(begins[q + 1], end));
                var patient = mine[first];
                Within(starts, offsets[patient], offsets[patient + 1], low[(first - from)..(next - from)], high[(first - from)..(next - from)], enough, holds[first..next]);
            }
            (p, from) = (last, end);
        }
    }

    /// <summary>Of one patient: their events are read once and compared with every window.</summary>
    /// <param name="from">Of the patient's events, the first.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    static void Within(ReadOnlySpan<int> starts, int from, int to, ReadOnlySpan<int> low, ReadOnlySpan<int> high, Enough enough, Span<bool> holds)
    {
        low = low[..holds.Length];
        high = high[..holds.Length];
        var count = to - from;
        if (count == 0)
        {
            holds.Fill(enough.Holds(0));
        }
        else if (count <= Vector512<int>.Count && from + Vector512<int>.Count <= starts.Length)
        {
            var day = Vector512.Create(starts.Slice(from, Vector512<int>.Count));
            var some = (1UL << count) - 1;
            for (var i = 0; i < holds.Length; i++) holds[i] = enough.Holds(BitOperations.PopCount(Inside(day, low[i], high[i]) & some));
        }
        else if (count <= 2 * Vector512<int>.Count && from + 2 * Vector512<int>.Count <= starts.Length)
        {
            var day = Vector512.Create(starts.Slice(from, Vector512<int>.Count));
            var more = Vector512.Create(starts.Slice(from + Vector512<int>.Count, Vector512<int>.Count));
            var some = (1UL << count) - 1;
            for (var i = 0; i < holds.Length; i++) holds[i] = enough.Holds(BitOperations.PopCount((Inside(day, low[i], high[i]) | Inside(more, low[i], high[i]) << Vector512<int>.Count) & some));
        }
        else
        {
            for (var i = 0; i < holds.Length; i++) holds[i] = enough.Holds(Within(starts, from, to, low[i], high[i]));
        }
    }

    static ulong Inside(Vector512<int> day, int low, int high) => (Vector512.GreaterThanOrEqual(day, Vector512.Create(low)) & Vector512.LessThanOrEqual(day, Vector512.Create(high))).ExtractMostSignificantBits();

    /// <summary>How many events are asked for, as one comparison.</summary>
    readonly struct Enough(Occurrence occurrence)
    {
        readonly int least = occurrence.Rule == OccurrenceRule.AtMost ? Math.Min(0, occurrence.Count) : occurrence.Count;
        readonly uint more = occurrence.Rule switch { OccurrenceRule.Exactly => 0, OccurrenceRule.AtMost => (uint)Math.Max(0, occurrence.Count), _ => (uint)(int.MaxValue - occurrence.Count) };

        public bool Holds(int found) => (uint)(found - least) <= more;
    }

    /// <summary>Passes over both lists once, side by side.</summary>
    void HoldOfFew(Occurrence occurrence, Span<bool> holds)
    {
        var enough = new Enough(occurrence);
        holds.Fill(enough.Holds(0));
        Span<int> low = stackalloc int[Chunk], high = stackalloc int[Chunk];
        var mine = of.Patient.Span;
        var patients = events.Patient.Span;
        var starts = events.Start.Span;
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
            var next = EventList.Ends(mine, i);
            while (i < next)
            {
                var count = Math.Min(Chunk, next - i);
                Edged(i, low[..count], high[..count]);
                for (var k = 0; k < count; k++) holds[i + k] = enough.Holds(Within(starts, from, to, low[k], high[k]));
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

    /// <returns>How many of the starts at [from, to), ascending, lie in [low, high]: few are all compared at once, which costs less than to look where they begin.</returns>
    static int Within(ReadOnlySpan<int> starts, int from, int to, int low, int high)
    {
        if (to - from > 32 * Vector256<int>.Count) return high < low ? 0 : EventList.SeekStart(starts, from, to, high + 1L) - EventList.SeekStart(starts, from, to, low);
        var count = 0;
        var (lows, highs) = (Vector256.Create(low), Vector256.Create(high));
        ref var first = ref MemoryMarshal.GetReference(starts);
        while (from + Vector256<int>.Count <= starts.Length)
        {
            var day = Vector256.LoadUnsafe(ref first, (nuint)from);
            var inside = (Vector256.GreaterThanOrEqual(day, lows) & Vector256.LessThanOrEqual(day, highs)).ExtractMostSignificantBits();
            var left = to - from;
            if (left <= Vector256<int>.Count) return count + BitOperations.PopCount(inside & ((1u << left) - 1));
            count += BitOperations.PopCount(inside);
            from += Vector256<int>.Count;
        }
        for (; from < to; from++)
            if (starts[from] >= low && starts[from] <= high) count++;
        return count;
    }

    public int Count(int row, int from, int to)
    {
        if (!Bounds(row, out var bounds)) return 0;
        var starts = events.Start.Span;
        var found = 0;
        for (var e = EventList.SeekStart(starts, from, to, bounds.StartLow); e < to && starts[e] <= bounds.StartHigh; e++)
            if (Lies(e, row, bounds)) found++;
        return found;
    }

    public int Distinct(int row, int from, int to, CountColumn by, HashSet<long> seen)
    {
        if (!Bounds(row, out var bounds)) return seen.Count;
        var starts = events.Start.Span;
        for (var e = EventList.SeekStart(starts, from, to, bounds.StartLow); e < to && starts[e] <= bounds.StartHigh; e++)
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

    bool Lies(int e, int row, in Days bounds)
    {
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
