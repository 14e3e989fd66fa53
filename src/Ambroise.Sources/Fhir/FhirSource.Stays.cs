using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Releases;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir;

/// <summary>Records without a day of their own are of the day on which their stay began, whichever load brings it and whatever a later one says of it.</summary>
public sealed partial class FhirSource
{
    static readonly (CdmTable Table, string Key, string Start)[] Stays = [.. new[] { Cdm54.VisitOccurrence, Cdm54.VisitDetail }.Select(t => (t, t.Columns[t.Key].Name, t.Columns[t.Start].Name))];

    /// <summary>Records of earlier loads that were of a day on which their stay no longer begins.</summary>
    readonly HashSet<long> followers = [];

    /// <summary>Whose they are; ascending.</summary>
    long[] followersOf = [];

    /// <summary>Answers on which days stays began: as this load says, or the earlier release where it has a later version of one.</summary>
    void TellStays(EarlierRelease earlier)
    {
        var asked = definitions.Stays.Asked.ToHashSet();
        if (asked.Count == 0) return;
        var means = new Dictionary<long, long>();
        var told = stayNames ?? facts.Where(f => f.Kind == FactKind.Name && index.Type(f.Tag) == "Encounter").Select(f => (Seq: f.Tag, Name: f.One, Encounter: f.Other));
        var brought = told.Where(t => asked.Contains(t.Name) && !index.IsDead(t.Seq)).ToList();
        // What an older version bears, sent after the newer one, names nothing.
        var outdated = kept.Versions.Where(known => index.TryGet(known.Key, out _, out var version) && IsLater(known, version)).Select(known => known.Key).ToHashSet();
        foreach (var batch in earlier.Records([.. brought.Select(b => b.Encounter).Distinct().Order()], "source_record_id", "version_at", "version_name"))
            for (var row = 0; row < batch.Rows; row++)
                if (Stands(batch, row)) outdated.Add(batch.Int64("source_record_id").Array[row]);
        foreach (var (_, name, encounter) in brought)
            if (!outdated.Contains(encounter)) Name(means, name, encounter);
        foreach (var (name, encounter) in EarlierEncounters(earlier, asked.Where(namedEncounters.Contains).ToHashSet())) Name(means, name, encounter);
        var wanted = asked.Select(a => means.GetValueOrDefault(a, a)).ToHashSet();
        var days = DaysBrought(wanted);
        foreach (var late in outdated) days.Remove(late);
        var (persons, standing) = (new HashSet<long>(), new HashSet<long>());
        foreach (var batch in earlier.Records([.. wanted.Order()], "source_record_id", "person_id", "version_at", "version_name"))
            for (var row = 0; row < batch.Rows; row++)
            {
                var id = batch.Int64("source_record_id").Array[row];
                if (!Stands(batch, row)) continue;
                days.Remove(id);
                standing.Add(id);
                persons.Add(batch.Int64("person_id").Array[row]);
            }
        foreach (var (id, day) in DaysBefore(earlier, persons, standing.Contains)) days[id] = day;
        definitions.Stays.Tell(means, days);
    }

    /// <summary>Whether the earlier release's version of a record counts, which this load brings no later one of.</summary>
    bool Stands(Batch records, int row)
    {
        if (!index.TryGet(records.Int64("source_record_id").Array[row], out var seq, out var brought) || index.IsStanding(seq)) return true;
        var before = Recoding.Version(records, row);
        return (before.Updated, before.Number).CompareTo((brought.Updated, brought.Number)) > 0;
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

    /// <summary>Finds what earlier loads made of the day of a stay that this load lets begin another day, or takes away.</summary>
    void FindFollowers(EarlierRelease earlier)
    {
        if (!kept.DatesByStay) return;
        var stays = index.NewestOf(EncounterType, "deleted").Where(n => index.Type(n.Seq) == "Encounter").ToDictionary(n => n.Key, n => n.Version);
        var days = DaysBrought([.. stays.Keys]);
        var persons = new HashSet<long>();
        foreach (var batch in earlier.Records([.. stays.Keys.Order()], "source_record_id", "person_id", "version_at", "version_name"))
            for (var row = 0; row < batch.Rows; row++)
            {
                var (id, before) = (batch.Int64("source_record_id").Array[row], Recoding.Version(batch, row));
                if ((before.Updated, before.Number).CompareTo((stays[id].Updated, stays[id].Number)) > 0) stays.Remove(id);
                else persons.Add(batch.Int64("person_id").Array[row]);
            }
        followersOf = [.. persons.Order()];
        foreach (var batch in earlier.RecordsOf(followersOf, "source_record_id", "stay_id", "stay_day"))
        {
            var (of, on) = (batch.Int64("stay_id"), batch.Int32("stay_day"));
            for (var row = 0; row < batch.Rows && !of.IsAbsent; row++)
                if (!of.IsNull(row) && stays.ContainsKey(of.Array[row]) && days.GetValueOrDefault(of.Array[row], Null.Int32) != on.Array[row]) followers.Add(batch.Int64("source_record_id").Array[row]);
        }
        if (followers.Count == 0) followersOf = [];
    }

    /// <summary>What is to be mapped again, from the texts that the records keep; read anew each time, for they may be more than memory holds.</summary>
    IEnumerable<DeferredResource> Followers()
    {
        foreach (var batch in earlierRelease!.RecordsOf(followersOf, "source_record_id", "stay_id", "stay_text", "source_file", "source_line"))
        {
            var text = batch.Text("stay_text");
            for (var row = 0; row < batch.Rows && !text.IsAbsent; row++)
                if (followers.Contains(batch.Int64("source_record_id").Array[row]) && !text.IsNull(row))
                    yield return WaitingResources.Read(batch.Text("source_file").Text(row) ?? "", batch.Int64("source_line").Array[row], text[row]) with { Stay = batch.Int64("stay_id").Array[row] };
        }
    }

    static readonly HashSet<string> EncounterType = ["Encounter"];
}
