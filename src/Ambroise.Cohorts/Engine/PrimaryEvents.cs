using Ambroise.Cohorts.Definitions;
using Ambroise.Lake.Columns;

namespace Ambroise.Cohorts.Engine;

/// <summary>The events that may let patients in: those of every primary criterion, inside an observation period long enough, in order of (patient, day, id), limited.</summary>
sealed class PrimaryEvents(PrimaryCriteria primary, Periods periods, EventList[] lists)
{
    readonly List<Candidate> candidates = [];
    readonly List<ushort> patient = [];
    readonly List<Candidate> chosen = [];

    readonly record struct Candidate(int Start, int End, int Sort, long Id, long Visit, int Period, int Order);

    public IndexEvents Merge(CancellationToken cancel)
    {
        // One criterion, its events already in order of (patient, start, id): no candidate has to be compared with another.
        if (lists is [var only] && ReferenceEquals(only.Sort, only.Start) && primary.Limit is Limit.All or Limit.First) return Straight(only, primary.Limit == Limit.First, cancel);
        var at = new int[lists.Length];
        for (var round = 0; ; round++)
        {
            if ((round & 0xFFF) == 0) cancel.ThrowIfCancellationRequested();
            var next = int.MaxValue;
            for (var l = 0; l < lists.Length; l++)
                if (at[l] < lists[l].Count) next = Math.Min(next, lists[l].Patient[at[l]]);
            if (next == int.MaxValue) break;
            candidates.Clear();
            for (var l = 0; l < lists.Length; l++)
                for (; at[l] < lists[l].Count && lists[l].Patient[at[l]] == next; at[l]++) Consider(lists[l], at[l]);
            Choose((ushort)next);
        }
        return new([.. patient], [.. chosen.Select(c => c.Start)], [.. chosen.Select(c => c.End)], [.. chosen.Select(c => c.Visit)], [.. chosen.Select(c => periods.Start[c.Period])],
            [.. chosen.Select(c => periods.End[c.Period])], null, chosen.Count);
    }

    IndexEvents Straight(EventList list, bool first, CancellationToken cancel)
    {
        var room = list.Count;
        var (who, start, end, from, to) = (new ushort[room], new int[room], new int[room], new int[room], new int[room]);
        var visit = new long[room];
        var count = 0;
        void Fit(int rows)
        {
            Array.Resize(ref who, rows);
            Array.Resize(ref start, rows);
            Array.Resize(ref end, rows);
            Array.Resize(ref from, rows);
            Array.Resize(ref to, rows);
            Array.Resize(ref visit, rows);
        }
        for (var e = 0; e < list.Count; e++)
        {
            if ((e & 0x3FFF) == 0) cancel.ThrowIfCancellationRequested();
            var (patientNow, day) = (list.Patient[e], list.Start[e]);
            if (first && count > 0 && who[count - 1] == patientNow) continue;
            for (var p = periods.From[patientNow]; p < periods.From[patientNow + 1]; p++)
            {
                var (opens, closes) = (periods.Start[p], periods.End[p]);
                if (opens > day || day > closes || opens + (long)primary.PriorDays > day || day + (long)primary.PostDays > closes) continue;
                if (count == room) Fit(room = 2 * room + 8); // an event in two overlapping periods
                (who[count], start[count], end[count], from[count], to[count]) = (patientNow, day, list.End[e], opens, closes);
                visit[count++] = list.Visit.Length == 0 ? Null.Int64 : list.Visit[e];
                if (first) break;
            }
        }
        Fit(count);
        return new(who, start, end, visit, from, to, null, count);
    }

    void Consider(EventList list, int e)
    {
        int who = list.Patient[e], start = list.Start[e];
        for (var p = periods.From[who]; p < periods.From[who + 1]; p++)
            if (periods.Start[p] <= start && start <= periods.End[p] && periods.Start[p] + (long)primary.PriorDays <= start && start + (long)primary.PostDays <= periods.End[p])
                candidates.Add(new(start, list.End[e], list.Sort[e], list.Id[e], list.Visit.Length == 0 ? Null.Int64 : list.Visit[e], p, candidates.Count));
    }

    void Choose(ushort who)
    {
        if (candidates.Count == 0) return;
        var last = primary.Limit == Limit.Last;
        if (primary.Limit == Limit.All)
        {
            var sorted = true;
            for (var i = 1; i < candidates.Count && sorted; i++) sorted = Compare(candidates[i - 1], candidates[i], false) <= 0;
            if (!sorted) candidates.Sort((a, b) => Compare(a, b, false));
            foreach (var candidate in candidates)
            {
                patient.Add(who);
                chosen.Add(candidate);
            }
            return;
        }
        var best = candidates[0];
        foreach (var candidate in candidates)
            if (Compare(candidate, best, last) < 0) best = candidate;
        patient.Add(who);
        chosen.Add(best);
    }

    /// <summary>By day, then ascending id, then as the criteria are written.</summary>
    static int Compare(in Candidate a, in Candidate b, bool last)
    {
        if (a.Sort != b.Sort) return last ? b.Sort.CompareTo(a.Sort) : a.Sort.CompareTo(b.Sort);
        return a.Id != b.Id ? a.Id.CompareTo(b.Id) : a.Order.CompareTo(b.Order);
    }
}
