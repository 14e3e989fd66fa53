using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Releases;

namespace Ambroise.Sources.Fhir;

/// <summary>A newborn's stay is said to be part of the mother's (FHIR R4, Encounter.partOf): it is a visit of its own, for none is of two patients.</summary>
public sealed partial class FhirSource
{
    readonly HashSet<long> ownStays = [];

    /// <summary>Takes those out of what is part of others. Of an outer stay that only a later load brings nobody knows yet whose it is.</summary>
    void FindOwnStays(EarlierRelease earlier)
    {
        if (partOf.Count == 0) return;
        bool Counts(int seq) => !index.IsDead(seq) || index.Outcome(seq) == ResourceIndex.Unchanged;
        var (outers, whose) = (partOf.Values.ToHashSet(), new Dictionary<long, long>());
        foreach (var (table, key, _) in Stays)
            foreach (var (rows, tags) in staged!.Look(table))
            {
                var (ids, about) = (rows.Int64(key).Array, rows.Int64("person_id").Array);
                for (var row = 0; row < rows.Rows; row++)
                    if (outers.Contains(ids[row]) && Counts(tags.Array[row])) whose[ids[row]] = PersonOf(about[row]);
            }
        foreach (var batch in earlier.Records([.. outers.Where(o => !whose.ContainsKey(o)).Order()], MovedColumns))
        {
            changes.Name(batch, links); // whose they are by now
            for (var row = 0; row < batch.Rows; row++)
                if (batch.Int64("source_record_id").Array[row] is var id && !gone.Contains(id)) whose[id] = batch.Int64("person_id").Array[row];
        }
        foreach (var (rows, tags) in staged!.Look(Cdm54.VisitDetail))
        {
            var (ids, about) = (rows.Int64("visit_detail_id").Array, rows.Int64("person_id").Array);
            for (var row = 0; row < rows.Rows; row++)
                if (partOf.TryGetValue(ids[row], out var outer) && whose.TryGetValue(outer, out var other) && Counts(tags.Array[row]) && PersonOf(about[row]) != other) ownStays.Add(ids[row]);
        }
        foreach (var stay in ownStays) partOf.Remove(stay);
        Note("Encounter.partOf", "subject-differs", ownStays.Count);
    }

    /// <summary>A table's rows as they were staged, with their tags; stays of their own among the visits, and no details.</summary>
    IEnumerable<(Batch Rows, Int32Column Tags)> Staged(CdmTable table)
    {
        if (table == Cdm54.VisitOccurrence && ownStays.Count > 0)
            foreach (var (rows, tags) in staged!.Look(Cdm54.VisitDetail))
            {
                int[] own = [.. Enumerable.Range(0, rows.Rows).Where(r => ownStays.Contains(rows.Int64("visit_detail_id").Array[r]))];
                if (own.Length == 0) continue;
                var (visits, of) = (new Batch(table), new Int32Column());
                foreach (var column in table.Columns)
                    if (Cdm54.VisitDetail.Find(DetailName(column.Name)) is { } same) visits.Columns[column.Ordinal].AppendFrom(rows.Columns[same.Ordinal], own);
                    else visits.Columns[column.Ordinal].AppendNulls(own.Length);
                of.AppendFrom(tags, own);
                yield return (visits, of);
            }
        foreach (var some in staged!.Take(table, shelf)) yield return some;
    }

    static string DetailName(string visitColumn) => visitColumn switch
    {
        "preceding_visit_occurrence_id" => "",
        "visit_occurrence_id" => "visit_detail_id",
        _ when visitColumn.StartsWith("visit_", StringComparison.Ordinal) => $"visit_detail_{visitColumn["visit_".Length..]}",
        _ => visitColumn,
    };
}
