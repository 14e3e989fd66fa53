using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Releases;

namespace Ambroise.Sources.Fhir;

/// <summary>Stays within stays: a detail of the outermost one of the same patient. One that is part of none of theirs is a visit of its own: a newborn's may be part of the mother's (FHIR R4, Encounter.partOf), another's outer one cancelled, or never sent.</summary>
/// <remarks>It follows from the stays of one patient alone, so that whoever has no news stays as they are; what a stay is part of is kept in its record, whichever table its row is in.</remarks>
public sealed partial class FhirSource
{
    /// <summary>Stays of the patients touched that are part of one which is none of their patient's, or of themselves by way of others.</summary>
    readonly HashSet<long> visitsOfTheirOwn = [];

    /// <summary>Stays of the earlier release that this load takes away: rows that name them are counted.</summary>
    readonly HashSet<long> staysTaken = [];

    /// <summary>Outer stays of this load's that make no visit, whatever record of them there is.</summary>
    readonly HashSet<long> nobodysStays = [];

    bool HasInnerStays => kept.HasInnerStays || facts.Exists(f => f.Kind == Mapping.FactKind.PartOf);

    /// <summary>Finds what each stay of the patients touched is part of, and which are visits of their own.</summary>
    void Nest(EarlierRelease earlier)
    {
        TakeInnerStays(earlier);
        if (partOf.Count > 0) SetApart(earlier);
        FindCosts(earlier);
    }

    /// <summary>Takes those that are visits of their own out of what is part of others.</summary>
    void SetApart(EarlierRelease earlier)
    {
        var whose = WhoseStays(earlier);
        var apart = partOf.Where(p => whose[p.Key].Person is var person && person != Null.Int64 && person != whose[p.Value].Person).ToList();
        CountStaysApart(earlier, apart.FindAll(p => whose[p.Key].IsTold), whose);
        foreach (var (_, outer) in apart.Where(p => !whose[p.Key].IsTold && staysTaken.Contains(p.Value))) CountMissing(outer, Cdm54.VisitDetail.Name, "visit_occurrence_id");
        foreach (var (inner, _) in apart) partOf.Remove(inner);
        var circles = partOf.Keys.Where(IsInCircle).ToList();
        Note("Encounter.partOf", "circle", circles.LongCount(c => whose[c].IsTold));
        foreach (var inner in circles) partOf.Remove(inner);
        visitsOfTheirOwn.UnionWith(apart.Select(p => p.Key).Concat(circles));
    }

    /// <summary>Takes what stays that earlier loads brought are part of, as their records tell; of those that an earlier version of the program loaded, their rows.</summary>
    void TakeInnerStays(EarlierRelease earlier)
    {
        foreach (var (id, _, outer) in EarlierDetails(earlier))
            if (!gone.Contains(id)) partOf[id] = LinkColumns.Meaning(outer, aliases);
        foreach (var batch in kept.HasInnerStays ? earlier.RecordsOf([.. touched.Order()], "source_record_id", "record_type", "definition_id") : [])
        {
            var (ids, types, outer) = (batch.Int64("source_record_id").Array, batch.Text("record_type"), batch.Int64("definition_id"));
            for (var row = 0; row < batch.Rows; row++)
                if (!outer.IsNull(row) && types[row].SequenceEqual("Encounter"u8) && !gone.Contains(ids[row])) partOf[ids[row]] = LinkColumns.Meaning(outer.Array[row], aliases);
        }
    }

    /// <summary>Whose the stays are that are part of others, and those others: <see cref="Null.Int64"/> of one that makes no visit, or is of a patient not touched; and whether this load tells of it.</summary>
    Dictionary<long, (long Person, bool IsTold)> WhoseStays(EarlierRelease earlier)
    {
        var whose = new Dictionary<long, (long, bool)>(partOf.Count * 3 / 2);
        foreach (var (inner, outer) in partOf) whose[inner] = whose[outer] = (Null.Int64, false);
        foreach (var (table, key, _) in Stays)
        {
            foreach (var batch in earlier.RowsOf(table, touched, key, "person_id"))
            {
                changes.Follow(batch, links);
                var (ids, about) = (batch.Int64(key).Array, batch.Int64("person_id").Array);
                for (var row = 0; row < batch.Rows; row++)
                    if (whose.ContainsKey(ids[row]) && !gone.Contains(ids[row])) whose[ids[row]] = (about[row], false);
            }
            foreach (var (rows, tags) in staged!.Look(table))
            {
                var (ids, about) = (rows.Int64(key).Array, rows.Int64("person_id").Array);
                for (var row = 0; row < rows.Rows; row++)
                    if (whose.ContainsKey(ids[row]) && !index.IsDead(tags.Array[row])) whose[ids[row]] = (PersonOf(about[row]), true);
            }
        }
        return whose;
    }

    /// <summary>The details of visits of the patients touched, and what they are part of.</summary>
    IEnumerable<(long Id, long Visit, long Outer)> EarlierDetails(EarlierRelease earlier)
    {
        foreach (var batch in earlier.RowsOf(Cdm54.VisitDetail, touched, "visit_detail_id", "parent_visit_detail_id", "visit_occurrence_id"))
        {
            var (ids, parents, visits) = (batch.Int64("visit_detail_id"), batch.Int64("parent_visit_detail_id"), batch.Int64("visit_occurrence_id"));
            for (var row = 0; row < batch.Rows; row++) yield return (ids.Array[row], visits.Array[row], parents.IsNull(row) ? visits.Array[row] : parents.Array[row]);
        }
    }

    /// <summary>Counts the stays of this load that are part of somebody else's, and those that are part of one nobody sent.</summary>
    void CountStaysApart(EarlierRelease earlier, List<KeyValuePair<long, long>> apart, Dictionary<long, (long Person, bool IsTold)> whose)
    {
        var unseen = apart.Select(p => p.Value).Where(o => whose[o].Person == Null.Int64).ToHashSet();
        var elsewhere = new HashSet<long>();
        foreach (var batch in earlier.Records([.. unseen.Order()], "source_record_id", "outcome"))
            for (var row = 0; row < batch.Rows; row++)
                if (batch.Text("outcome")[row].SequenceEqual("used"u8) && !gone.Contains(batch.Int64("source_record_id").Array[row])) elsewhere.Add(batch.Int64("source_record_id").Array[row]);
        var nobodys = apart.FindAll(p => unseen.Contains(p.Value) && !elsewhere.Contains(p.Value));
        Note("Encounter.partOf", "subject-differs", apart.Count - nobodys.Count);
        foreach (var (_, outer) in nobodys) CountMissing(outer, "Encounter", "visit_occurrence_id");
        nobodysStays.UnionWith(nobodys.Select(p => p.Value));
    }

    /// <summary>Takes of whose stay costs of theirs are whose visit is another one now, as their records tell.</summary>
    void FindCosts(EarlierRelease earlier)
    {
        var unsure = EarlierDetails(earlier).Where(d => visitsOfTheirOwn.Contains(d.Id) || gone.Contains(d.Id) && partOf.GetValueOrDefault(d.Id) != d.Outer).Select(d => d.Visit).ToHashSet();
        if (unsure.Count == 0) return;
        var costs = earlier.RowsOf(Cdm54.Cost, touched, "cost_id", "cost_event_id").SelectMany(b => Enumerable.Range(0, b.Rows).Where(r => unsure.Contains(b.Int64("cost_event_id").Array[r])).Select(r => b.Int64("cost_id").Array[r]));
        foreach (var batch in earlier.Records([.. costs.Order()], "source_record_id", "definition_id"))
            for (var row = 0; row < batch.Rows; row++)
                if (!batch.Int64("definition_id").IsNull(row)) costsOf[batch.Int64("source_record_id").Array[row]] = batch.Int64("definition_id").Array[row];
    }

    /// <summary>Locations that are a room or a bed, as they say themselves.</summary>
    readonly HashSet<long> rooms = [];

    /// <summary>Whether a detail is a room or a bed within a stay, rather than a stay of its own.</summary>
    bool IsRoom(Batch details, int row, long id) => rooms.Count > 0 && rooms.Contains(details.Int64("care_site_id").Array[row]) && !index.TryFind(id, out _);

    /// <summary>Takes away the details of earlier loads' stays whose place turns out to be a room or a bed.</summary>
    void LeaveRooms(EarlierRelease earlier)
    {
        var found = rooms.Except(kept.Rooms).ToHashSet();
        if (found.Count == 0) return;
        var details = new Dictionary<long, long>();
        foreach (var batch in earlier.Rows(Cdm54.VisitDetail, "visit_detail_id", "person_id", "care_site_id"))
        {
            var (ids, persons, sites) = (batch.Int64("visit_detail_id").Array, batch.Int64("person_id").Array, batch.Int64("care_site_id"));
            for (var row = 0; row < batch.Rows && !sites.IsAbsent; row++)
                if (found.Contains(sites.Array[row])) details[ids[row]] = persons[row];
        }
        var stays = earlier.Known([.. details.Keys.Order()]);
        foreach (var (id, person) in details)
        {
            if (stays.Contains(id)) continue;
            gone.Add(id);
            touched.Add(person);
        }
    }

    /// <summary>Whether a stay is, by way of others, part of itself.</summary>
    bool IsInCircle(long encounter)
    {
        var at = encounter;
        for (var hops = 0; hops < LinkColumns.MostHops && partOf.TryGetValue(at, out at); hops++)
            if (at == encounter) return true;
        return false;
    }

    /// <summary>Whether a stay of the earlier release has its row in the other table from now on.</summary>
    bool ChangesTable(CdmTable from, long stay) => from == Cdm54.VisitDetail ? visitsOfTheirOwn.Contains(stay) : from == Cdm54.VisitOccurrence && partOf.ContainsKey(stay);

    /// <summary>Rows of the earlier release that come from the other table.</summary>
    IEnumerable<Batch> EarlierStays(CdmTable to)
    {
        if (to != Cdm54.VisitOccurrence && to != Cdm54.VisitDetail || (to == Cdm54.VisitDetail ? partOf.Count : visitsOfTheirOwn.Count) == 0) yield break;
        var from = to == Cdm54.VisitDetail ? Cdm54.VisitOccurrence : Cdm54.VisitDetail;
        foreach (var batch in earlierRelease!.RowsOf(from, touched))
        {
            var ids = ((Int64Column)batch.Columns[from.Key]).Array;
            int[] chosen = [.. Enumerable.Range(0, batch.Rows).Where(row => ChangesTable(from, ids[row]) && !gone.Contains(ids[row]))];
            if (chosen.Length == 0) continue;
            var rows = As(to, batch, chosen);
            if (to == Cdm54.VisitDetail)
                foreach (var row in chosen) rows.Int64("visit_occurrence_id").Append(partOf[ids[row]]);
            Follow(rows);
            yield return rows;
        }
    }

    /// <summary>This load's stays that are visits of their own, which were mapped as details.</summary>
    IEnumerable<(Batch Rows, Int32Column Tags)> Raised()
    {
        foreach (var (rows, tags) in visitsOfTheirOwn.Count == 0 ? [] : staged!.Look(Cdm54.VisitDetail))
        {
            var ids = rows.Int64("visit_detail_id").Array;
            int[] chosen = [.. Enumerable.Range(0, rows.Rows).Where(row => visitsOfTheirOwn.Contains(ids[row]))];
            if (chosen.Length == 0) continue;
            var of = new Int32Column();
            of.AppendFrom(tags, chosen);
            yield return (As(Cdm54.VisitOccurrence, rows, chosen), of);
        }
    }

    /// <summary>Copies rows of stays into the other table's columns, which are the same under names of their own. What a detail is part of is left to the caller.</summary>
    static Batch As(CdmTable table, Batch from, int[] chosen)
    {
        var rows = new Batch(table);
        foreach (var column in table.Columns)
            if (from.Table.Columns.FirstOrDefault(c => SameName(c, from.Table) == SameName(column, table)) is { } same) rows.Columns[column.Ordinal].AppendFrom(from.Columns[same.Ordinal], chosen);
            else if (column.Name != "visit_occurrence_id") rows.Columns[column.Ordinal].AppendNulls(chosen.Length);
        return rows;

        static string SameName(CdmColumn column, CdmTable table) => column.Name == "visit_occurrence_id" && table == Cdm54.VisitDetail ? "" : column.Name.Replace("visit_occurrence", "visit", StringComparison.Ordinal).Replace("visit_detail", "visit", StringComparison.Ordinal);
    }
}
