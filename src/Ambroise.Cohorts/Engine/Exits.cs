using System.Collections.Immutable;
using Ambroise.Cohorts.Definitions;
using Ambroise.Lake.Columns;

namespace Ambroise.Cohorts.Engine;

/// <summary>When each included event's patient leaves: the earliest of the ends that apply, on or after the event's start.</summary>
sealed class Exits(CohortDefinition definition, IndexEvents included, Func<BoundCriterion, EventList> events, CancellationToken cancel)
{
    /// <summary>None of the ends is on or after the start: the event gives no span.</summary>
    public const int Never = int.MaxValue;

    readonly int[] ends = new int[included.Count];

    /// <returns>By included event.</returns>
    public int[] Ends(BoundDefinition bound)
    {
        Array.Fill(ends, Never);
        switch (definition.EndStrategy)
        {
            case EndStrategy.DateOffset offset:
                for (var i = 0; i < ends.Length; i++)
                    if ((offset.FromEnd ? included.End[i] : included.Start[i]) is var day && day != Null.Int32) Take(i, Math.Min((long)day + offset.OffsetDays, included.PeriodEnd[i]));
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
        return ends;
    }

    void Take(int i, long end)
    {
        if (end >= included.Start[i] && end < ends[i]) ends[i] = (int)end;
    }

    void WithPeriods()
    {
        for (var i = 0; i < ends.Length; i++) Take(i, included.PeriodEnd[i]);
    }

    void Censor(EventList list)
    {
        cancel.ThrowIfCancellationRequested();
        for (int i = 0, from = 0; i < included.Count; i++)
        {
            from = list.Seek(from, included.Patient[i]);
            if (from == list.Count) return;
            if (list.Patient[from] != included.Patient[i]) continue;
            var to = list.Seek(from, included.Patient[i] + 1);
            var at = list.SeekStart(from, to, included.Start[i]);
            if (at < to && list.Start[at] <= included.PeriodEnd[i]) Take(i, list.Start[at]);
        }
    }

    /// <summary>Exposures by either concept, each with its gap and offset, joined where they meet.</summary>
    void Eras(EndStrategy.CustomEra era, ImmutableArray<EventList> drugs)
    {
        cancel.ThrowIfCancellationRequested();
        var exposures = new List<(int Start, long End)>();
        var at = new int[drugs.Length];
        for (int i = 0, next; i < included.Count; i = next)
        {
            var patient = included.Patient[i];
            for (next = i; next < included.Count && included.Patient[next] == patient; next++) { }
            exposures.Clear();
            for (var d = 0; d < drugs.Length; d++)
            {
                var list = drugs[d];
                for (at[d] = list.Seek(at[d], patient); at[d] < list.Count && list.Patient[at[d]] == patient; at[d]++)
                    exposures.Add((list.Start[at[d]], (era.DaysSupplyOverride is { } days ? (long)list.Start[at[d]] + days : list.End[at[d]]) + era.GapDays + era.OffsetDays));
            }
            exposures.Sort();
            for (var e = 0; e < exposures.Count;)
            {
                var (start, end) = exposures[e];
                for (e++; e < exposures.Count && exposures[e].Start <= end; e++) end = Math.Max(end, exposures[e].End);
                end -= era.GapDays;
                for (var k = i; k < next; k++)
                    if (included.Start[k] >= start && included.Start[k] <= end) Take(k, end);
            }
        }
    }
}
