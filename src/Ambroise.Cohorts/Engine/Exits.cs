using System.Collections.Immutable;
using Ambroise.Cohorts.Definitions;
using Ambroise.Lake.Columns;

namespace Ambroise.Cohorts.Engine;

/// <summary>When each included event's patient leaves: the earliest of the ends that apply, on or after the event's start.</summary>
sealed class Exits(CohortDefinition definition, IndexEvents included, Func<BoundCriterion, EventList> events, Scratch scratch, CancellationToken cancel)
{
    /// <summary>None of the ends is on or after the start: the event gives no span.</summary>
    public const int Never = int.MaxValue;

    readonly Memory<int> ends = scratch.Rent<int>(included.Count);

    /// <returns>By included event.</returns>
    public ReadOnlySpan<int> Ends(BoundDefinition bound)
    {
        ends.Span.Fill(Never);
        switch (definition.EndStrategy)
        {
            case EndStrategy.DateOffset offset:
                var from = (offset.FromEnd ? included.End : included.Start).Span;
                var closes = included.Closes.Span;
                for (var i = 0; i < from.Length; i++)
                    if (from[i] != Null.Int32) Take(i, Math.Min((long)from[i] + offset.OffsetDays, closes[i]));
                break;
            case EndStrategy.CustomEra era:
                WithPeriods();
                Eras(era, [.. bound.EraDrugs.Select(events)]);
                break;
            default:
                WithPeriods();
                break;
        }
        foreach (var criterion in bound.Censoring) Censor(events(criterion));
        return ends.Span;
    }

    void Take(int i, long end)
    {
        ref var mine = ref ends.Span[i];
        if (end >= included.Start.Span[i] && end < mine) mine = (int)end;
    }

    void WithPeriods()
    {
        var to = ends.Span;
        var starts = included.Start.Span;
        var closes = included.Closes.Span;
        for (var i = 0; i < to.Length; i++)
            if (closes[i] >= starts[i]) to[i] = closes[i];
    }

    void Censor(EventList list)
    {
        cancel.ThrowIfCancellationRequested();
        var mine = included.Patient.Span;
        var starts = included.Start.Span;
        var closes = included.Closes.Span;
        var patients = list.Patient.Span;
        var days = list.Start.Span;
        for (int i = 0, from = 0; i < mine.Length; i++)
        {
            from = EventList.Seek(patients, from, mine[i]);
            if (from == patients.Length) return;
            if (patients[from] != mine[i]) continue;
            var to = EventList.Ends(patients, from);
            var at = EventList.SeekStart(days, from, to, starts[i]);
            if (at < to && days[at] <= closes[i]) Take(i, days[at]);
        }
    }

    /// <summary>Exposures by either concept, each with its gap and offset, joined where they meet.</summary>
    void Eras(EndStrategy.CustomEra era, ImmutableArray<EventList> drugs)
    {
        cancel.ThrowIfCancellationRequested();
        var exposures = new List<(int Start, long End)>();
        var at = new int[drugs.Length];
        var mine = included.Patient.Span;
        var starts = included.Start.Span;
        for (int i = 0, next; i < mine.Length; i = next)
        {
            next = EventList.Ends(mine, i);
            exposures.Clear();
            for (var d = 0; d < drugs.Length; d++)
            {
                var patients = drugs[d].Patient.Span;
                var from = drugs[d].Start.Span;
                var until = drugs[d].End.Span;
                for (at[d] = EventList.Seek(patients, at[d], mine[i]); at[d] < patients.Length && patients[at[d]] == mine[i]; at[d]++)
                    exposures.Add((from[at[d]], (era.DaysSupplyOverride is { } days ? (long)from[at[d]] + days : until[at[d]]) + era.GapDays + era.OffsetDays));
            }
            exposures.Sort();
            for (var e = 0; e < exposures.Count;)
            {
                var (start, end) = exposures[e];
                for (e++; e < exposures.Count && exposures[e].Start <= end; e++) end = Math.Max(end, exposures[e].End);
                end -= era.GapDays;
                for (var k = i; k < next; k++)
                    if (starts[k] >= start && starts[k] <= end) Take(k, end);
            }
        }
    }
}
