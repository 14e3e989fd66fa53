using Ambroise.Cohorts.Definitions;
using Ambroise.Lake.Columns;

namespace Ambroise.Cohorts.Engine;

/// <summary>Spans of patients in the cohort: those that meet within the gap become one, then all are cut to the census window.</summary>
sealed class Spans(CohortDefinition definition)
{
    readonly List<(int Start, long End)> mine = [];
    readonly int gap = definition.CollapseGapDays;
    readonly bool cut = definition.CensorWindow is not (null or { Start: null, End: null });
    readonly long low = definition.CensorWindow?.Start is { } start ? Days.Of(start) : long.MinValue, high = definition.CensorWindow?.End is { } end ? Days.Of(end) : long.MaxValue;
    List<CohortRow>? to;
    int records;

    /// <param name="rows">Takes the rows; null counts alone.</param>
    public (int Records, int Patients) Collapse(IndexEvents included, ReadOnlySpan<int> ends, List<CohortRow>? rows, ReadOnlySpan<long> persons)
    {
        (to, records) = (rows, 0);
        var patients = 0;
        var who = included.Patient.Span;
        var starts = included.Start.Span;
        if (rows is null && !cut && Stretches.Count(who) == who.Length)
        {
            var left = who.Length - ends[..who.Length].Count(Exits.Never);
            return (left, left);
        }
        for (int i = 0, next; i < who.Length; i = next)
        {
            next = EventList.Ends(who, i);
            var before = records;
            if (next - i == 1)
            {
                if (ends[i] != Exits.Never) Add(persons[who[i]], starts[i], ends[i]);
            }
            else
            {
                Several(persons[who[i]], starts[i..next], ends[i..next]);
            }
            if (records > before) patients++;
        }
        return (records, patients);
    }

    void Several(long person, ReadOnlySpan<int> starts, ReadOnlySpan<int> ends)
    {
        mine.Clear();
        var sorted = true;
        for (var i = 0; i < starts.Length; i++)
        {
            if (ends[i] == Exits.Never) continue;
            sorted &= mine.Count == 0 || mine[^1].Start <= starts[i];
            mine.Add((starts[i], (long)ends[i] + gap));
        }
        if (!sorted) mine.Sort();
        for (var s = 0; s < mine.Count;)
        {
            var (start, end) = mine[s];
            for (s++; s < mine.Count && mine[s].Start <= end; s++) end = Math.Max(end, mine[s].End);
            Add(person, start, end - gap);
        }
    }

    void Add(long person, int start, long end)
    {
        var (from, until) = (Math.Max(start, low), Math.Min(end, high));
        if (cut && from > until) return;
        records++;
        to?.Add(new(person, (int)from, (int)until));
    }
}
