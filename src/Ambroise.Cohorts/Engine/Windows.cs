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

    /// <summary>Days far outside the calendar, which may still be added to.</summary>
    static class Far
    {
        public const long Before = long.MinValue / 4, After = long.MaxValue / 4;
    }

    /// <summary>One edge as a sum in which all but one of the terms are masked out: found without a branch.</summary>
    readonly struct Edge
    {
        readonly long index, opens, closes, days;

        public Edge(WindowBound bound, bool ignorePeriod, long open)
        {
            if (bound.Days is { } count) (index, days) = (-1, (long)bound.Coefficient * count);
            else if (ignorePeriod) days = open;
            else if (bound.Coefficient == -1) opens = -1;
            else closes = -1;
        }

        public long At(int indexDay, int open, int close) => (indexDay & index) + (open & opens) + (close & closes) + days;
    }

    /// <summary>Whether enough events, or few enough, start in the window of each index event. Passes over both lists once, side by side.</summary>
    public void Hold(Occurrence occurrence, Span<bool> holds)
    {
        var n = occurrence.Count;
        holds.Fill(Answer(occurrence.Rule, n <= 0, n + 1 <= 0));
        var mine = of.Patient.Span;
        var patients = events.Patient.Span;
        var starts = events.Start.Span;
        var periods = of.Period.Span;
        var index = (first.FromEnd ? of.End : of.Start).Span;
        var (allOpens, allCloses, ignore) = (of.Periods.Start, of.Periods.End, criterion.IgnoreObservationPeriod);
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
            var patient = mine[i];
            var at = from;
            var before = long.MinValue;
            for (; i < mine.Length && mine[i] == patient; i++)
            {
                var opens = allOpens[periods[i]];
                var closes = allCloses[periods[i]];
                var (low, high) = (first.Low.At(index[i], opens, closes), first.High.At(index[i], opens, closes));
                if (second is not null) (low, high) = Narrowed(i, low, high, opens, closes);
                if (!ignore) (low, high) = (Math.Max(low, opens), Math.Min(high, closes));
                if (index[i] == Null.Int32 && CountsFromNothing(i)) (low, high) = (Far.After, Far.Before); // no event lies there
                if (low < before) at = from;
                before = low;
                while (at < to && starts[at] < low) at++;
                holds[i] = Answer(occurrence.Rule, n <= 0 || (at + n - 1 < to && starts[at + n - 1] <= high), n + 1 <= 0 || (at + n < to && starts[at + n] <= high));
            }
        }
    }

    (long Low, long High) Narrowed(int row, long low, long high, int opens, int closes)
    {
        var also = second!.Value;
        var index = (also.FromEnd ? of.End : of.Start).Span[row];
        if (index == Null.Int32 && also.CountsDays) return (Far.After, Far.Before);
        return (Math.Max(low, also.Low.At(index, opens, closes)), Math.Min(high, also.High.At(index, opens, closes)));
    }

    bool CountsFromNothing(int row) => first.CountsDays && (first.FromEnd ? of.End : of.Start).Span[row] == Null.Int32;

    /// <param name="n">At least as many as asked.</param>
    /// <param name="more">At least one more.</param>
    static bool Answer(OccurrenceRule rule, bool n, bool more) => rule switch
    {
        OccurrenceRule.Exactly => n && !more,
        OccurrenceRule.AtMost => !more,
        _ => n,
    };

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
        var period = of.Period.Span[row];
        var (opens, closes) = (of.Periods.Start[period], of.Periods.End[period]);
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
    bool Window(in Edges edges, int row, int opens, int closes, out long low, out long high)
    {
        var index = edges.FromEnd ? of.End.Span[row] : of.Start.Span[row];
        (low, high) = (edges.Low.At(index, opens, closes), edges.High.At(index, opens, closes));
        return index != Null.Int32 || !edges.CountsDays;
    }
}
