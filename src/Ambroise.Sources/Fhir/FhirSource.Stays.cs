using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Releases;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir;

/// <summary>Records without a day of their own are of the day on which their stay began, whichever load brings it and whatever a later one says of it.</summary>
public sealed partial class FhirSource
{
    static readonly (CdmTable Table, string Key, string Start)[] Stays = [.. new[] { Cdm54.VisitOccurrence, Cdm54.VisitDetail }.Select(t => (t, t.Columns[t.Key].Name, t.Columns[t.Start].Name))];

    /// <summary>Stays of the earlier release on which such rows depend and which begin another day by now; and those rows, by key.</summary>
    readonly Dictionary<long, int> begins = [];
    readonly HashSet<long> ofStay = [];

    /// <summary>Answers on which days stays began: as this load says, or the earlier release where it has a later version of one.</summary>
    void TellStays(EarlierRelease earlier)
    {
        var asked = definitions.Stays.Asked.ToHashSet();
        if (asked.Count == 0) return;
        var means = new Dictionary<long, long>();
        var told = stayNames ?? facts.Where(f => f.Kind == FactKind.Name && index.Type(f.Tag) == "Encounter").Select(f => (Seq: f.Tag, Name: f.One, Encounter: f.Other));
        foreach (var (seq, name, encounter) in told)
            if (asked.Contains(name) && !index.IsDead(seq)) Name(means, name, encounter);
        foreach (var (name, encounter) in EarlierEncounters(earlier, asked.Where(namedEncounters.Contains).ToHashSet())) Name(means, name, encounter);
        var wanted = asked.Select(a => means.GetValueOrDefault(a, a)).ToHashSet();
        var days = DaysBrought(wanted);
        var (persons, standing) = (new HashSet<long>(), new HashSet<long>());
        foreach (var batch in earlier.Records([.. wanted.Order()], "source_record_id", "person_id", "version_at", "version_name"))
            for (var row = 0; row < batch.Rows; row++)
            {
                var id = batch.Int64("source_record_id").Array[row];
                if (index.TryGet(id, out _, out var brought) && Recoding.Version(batch, row) is var before && (before.Updated, before.Number).CompareTo((brought.Updated, brought.Number)) <= 0) continue;
                days.Remove(id);
                standing.Add(id);
                persons.Add(batch.Int64("person_id").Array[row]);
            }
        foreach (var (id, day) in DaysBefore(earlier, persons, standing.Contains)) days[id] = day;
        definitions.Stays.Tell(asked.Where(a => days.ContainsKey(means.GetValueOrDefault(a, a))).ToDictionary(a => a, a => days[means.GetValueOrDefault(a, a)]));
    }

    /// <summary>The days on which stays began that this load brought.</summary>
    Dictionary<long, int> DaysBrought(HashSet<long> wanted)
    {
        var days = new Dictionary<long, int>();
        foreach (var (table, key, start) in Stays)
            foreach (var (rows, tags) in staged!.Look(table))
            {
                var (ids, starts) = (rows.Int64(key).Array, rows.Int32(start).Array);
                for (var row = 0; row < rows.Rows; row++)
                    if (wanted.Contains(ids[row]) && !index.IsDead(tags.Array[row])) days[ids[row]] = starts[row];
            }
        return days;
    }

    static IEnumerable<(long Stay, int Day)> DaysBefore(EarlierRelease earlier, HashSet<long> persons, Func<long, bool> isWanted)
    {
        foreach (var (table, key, start) in persons.Count == 0 ? [] : Stays)
            foreach (var batch in earlier.RowsOf(table, persons, key, start))
                for (var row = 0; row < batch.Rows; row++)
                    if (isWanted(batch.Int64(key).Array[row])) yield return (batch.Int64(key).Array[row], batch.Int32(start).Array[row]);
    }

    /// <summary>Finds the earlier rows that are of the day of a stay which begins another day by now.</summary>
    void FindMovedStays(EarlierRelease earlier)
    {
        if (!kept.DatesByStay) return;
        var before = DaysBefore(earlier, touched, gone.Contains).ToDictionary(s => s.Stay, s => s.Day);
        foreach (var (stay, day) in DaysBrought(before.Keys.ToHashSet()))
            if (before[stay] != day) begins[stay] = day;
        foreach (var batch in begins.Count == 0 ? [] : earlier.RowsOf(Cdm54.SourceRecord, touched, "source_record_id", "row_count", "date_precision"))
            for (var row = 0; row < batch.Rows; row++)
                if (batch.Text("date_precision")[row].SequenceEqual(StayDays.Precision) && batch.Int64("source_record_id").Array[row] is var id && !gone.Contains(id))
                    for (var n = 0; n < batch.Int32("row_count").Array[row]; n++) ofStay.Add(Lineage.RowKey(id, n));
    }

    /// <summary>Has earlier rows that are of the day of their stay follow it. Before their stay is made the outermost one.</summary>
    void FollowStays(Batch earlier)
    {
        var table = earlier.Table;
        if (begins.Count == 0 || table.Key < 0 || table.Start < 0 || table.Find("visit_occurrence_id") is not { } visit || visit.Ordinal == table.Key) return;
        var (keys, visits, starts) = (((Int64Column)earlier.Columns[table.Key]).Array, ((Int64Column)earlier.Columns[visit.Ordinal]).Array, ((Int32Column)earlier.Columns[table.Start]).Array);
        var ends = table.End < 0 || earlier.Columns[table.End].IsAbsent ? null : ((Int32Column)earlier.Columns[table.End]).Array;
        for (var row = 0; row < earlier.Rows; row++)
        {
            if (!ofStay.Contains(keys[row]) || !begins.TryGetValue(visits[row], out var day)) continue;
            var moved = day - starts[row];
            starts[row] = day;
            if (ends is null || ends[row] == Null.Int32) continue;
            // A drug's end is counted from its start where its source gave none.
            if (table == Cdm54.DrugExposure && earlier.Int32("verbatim_end_date").IsNull(row)) ends[row] += moved;
            else if (ends[row] < day) ends[row] = table == Cdm54.DrugExposure ? day : Null.Int32;
        }
    }
}
