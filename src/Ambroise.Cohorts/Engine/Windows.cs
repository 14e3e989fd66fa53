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
        public readonly bool FromEnd = window.UseIndexEnd ?? false;
        readonly Edge low = new(window.Start, ignorePeriod, long.MinValue), high = new(window.End, ignorePeriod, long.MaxValue);

        public bool CountsDays => low.CountsDays || high.CountsDays;

        public (long Low, long High) At(int index, int opens, int closes) => (low.At(index, opens, closes), high.At(index, opens, closes));

        readonly struct Edge(WindowBound bound, bool ignorePeriod, long open)
        {
            public readonly bool CountsDays = bound.Days is not null;
            readonly bool atPeriod = bound.Days is null && !ignorePeriod, atStart = bound.Coefficient == -1;
            readonly long days = (long)bound.Coefficient * (bound.Days ?? 0), open = open;

            public long At(int index, int opens, int closes) => CountsDays ? index + days : !atPeriod ? open : atStart ? opens : closes;
        }
    }

    /// <summary>Whether enough events, or few enough, start in the window of each index event. Passes over both lists once, side by side.</summary>
    public void Hold(Occurrence occurrence, Span<bool> holds)
    {
        var n = occurrence.Count;
        holds.Fill(Answer(occurrence.Rule, n <= 0, n + 1 <= 0));
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
            var (patient, at, before) = (mine[i], from, long.MinValue);
            for (; i < mine.Length && mine[i] == patient; i++)
            {
                Range(i, out var low, out var high);
                if (low < before) at = from;
                before = low;
                while (at < to && starts[at] < low) at++;
                holds[i] = Answer(occurrence.Rule, n <= 0 || (at + n - 1 < to && starts[at + n - 1] <= high), n + 1 <= 0 || (at + n < to && starts[at + n] <= high));
            }
        }
    }

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

    /// <summary>The days an event may start on, where nothing but starts matters.</summary>
    void Range(int row, out long low, out long high)
    {
        var period = of.Period.Span[row];
        var (opens, closes) = (of.Periods.Start[period], of.Periods.End[period]);
        var known = Window(first, row, opens, closes, out low, out high);
        if (second is { } also)
        {
            known &= Window(also, row, opens, closes, out var otherLow, out var otherHigh);
            (low, high) = (Math.Max(low, otherLow), Math.Min(high, otherHigh));
        }
        if (!criterion.IgnoreObservationPeriod) (low, high) = (Math.Max(low, opens), Math.Min(high, closes));
        if (!known) (low, high) = (long.MaxValue, long.MinValue); // no event lies there
    }

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
        else (endLow, endHigh, usesEnd) = (low, high, low != long.MinValue || high != long.MaxValue);
        if (second is { } also)
        {
            if (!Window(also, row, opens, closes, out low, out high)) return false;
            if (byStartInSecond) (startLow, startHigh) = (Math.Max(startLow, low), Math.Min(startHigh, high));
            else (endLow, endHigh, usesEnd) = (Math.Max(endLow, low), Math.Min(endHigh, high), usesEnd || low != long.MinValue || high != long.MaxValue);
        }
        bounds = new(startLow, startHigh, endLow, endHigh, usesEnd);
        return startLow <= startHigh;
    }

    /// <returns>False where the window counts from an end that is absent.</returns>
    bool Window(in Edges edges, int row, int opens, int closes, out long low, out long high)
    {
        var index = edges.FromEnd ? of.End.Span[row] : of.Start.Span[row];
        (low, high) = edges.At(index, opens, closes);
        return index != Null.Int32 || !edges.CountsDays;
    }
}
