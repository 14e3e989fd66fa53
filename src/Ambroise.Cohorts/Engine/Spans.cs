using Ambroise.Cohorts.Definitions;
using Ambroise.Lake.Columns;

namespace Ambroise.Cohorts.Engine;

/// <summary>Spans of patients in the cohort: those that meet within the gap become one, then all are cut to the census window.</summary>
sealed class Spans(CohortDefinition definition)
{
    readonly List<(int Start, long End)> mine = [];
    readonly long low = definition.CensorWindow?.Start is { } start ? Days.Of(start) : long.MinValue, high = definition.CensorWindow?.End is { } end ? Days.Of(end) : long.MaxValue;

    /// <param name="rows">Takes the rows; null counts alone.</param>
    public (int Records, int Patients) Collapse(IndexEvents included, int[] ends, List<CohortRow>? rows, ReadOnlySpan<long> persons)
    {
        var (records, patients) = (0, 0);
        var gap = definition.CollapseGapDays;
        for (int i = 0, next; i < included.Count; i = next)
        {
            mine.Clear();
            for (next = i; next < included.Count && included.Patient[next] == included.Patient[i]; next++)
                if (ends[next] != Exits.Never) mine.Add((included.Start[next], (long)ends[next] + gap));
            if (mine.Count > 1) mine.Sort();
            var before = records;
            for (var s = 0; s < mine.Count;)
            {
                var (start, end) = mine[s];
                for (s++; s < mine.Count && mine[s].Start <= end; s++) end = Math.Max(end, mine[s].End);
                var (from, to) = (Math.Max(start, low), Math.Min(end - gap, high));
                if (from > to && definition.CensorWindow is not (null or { Start: null, End: null })) continue;
                records++;
                rows?.Add(new(persons[included.Patient[i]], (int)from, (int)to));
            }
            if (records > before) patients++;
        }
        return (records, patients);
    }
}
