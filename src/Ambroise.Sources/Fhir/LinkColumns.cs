using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;

namespace Ambroise.Sources.Fhir;

/// <summary>The columns of a table that name other rows: once the whole input is known, conditional references become the rows they mean, a merged patient the person,
/// and a visit that is part of another its outermost visit.</summary>
sealed class LinkColumns(CdmTable table)
{
    /// <summary>Encounters lie no deeper in one another.</summary>
    public const int MostHops = 64;

    readonly int[] named = [.. new[] { "provider_id", "care_site_id", "visit_occurrence_id", "parent_visit_detail_id" }.Select(n => table.Find(n)).Where(c => c is not null && c.Ordinal != table.Key).Select(c => c!.Ordinal)];

    /// <summary>Columns that name a practitioner, an organisation or an encounter, by ordinal.</summary>
    public IReadOnlyList<int> Named => named;

    readonly int visit = table.Key >= 0 && table.Columns[table.Key].Name == "visit_occurrence_id" ? -1 : table.Find("visit_occurrence_id")?.Ordinal ?? -1;
    readonly int detail = table.Find("visit_detail_id")?.Ordinal ?? -1;

    /// <summary>What a key means: itself, where it is no name.</summary>
    public static long Meaning(long key, Dictionary<long, long> aliases)
    {
        for (var hops = 0; hops < 2 && aliases.TryGetValue(key, out var to); hops++) key = to; // role → identifier → practitioner
        return key;
    }

    public void Follow(Batch rows, Dictionary<long, long> aliases, Dictionary<long, long> partOf)
    {
        if (aliases.Count > 0)
            foreach (var column in named.Append(table.Person).Where(c => c >= 0).Select(c => (Int64Column)rows.Columns[c]).Append(rows.Persons).Where(c => !c.IsAbsent))
                foreach (ref var value in column.Values) value = Meaning(value, aliases);
        if (table == Cdm54.SourceRecord && aliases.Count > 0 && !rows.Int64("definition_id").IsAbsent)
            foreach (ref var value in rows.Int64("definition_id").Values) value = Meaning(value, aliases); // the encounter of a claim
        if (table == Cdm54.Cost && partOf.Count + aliases.Count > 0)
            foreach (ref var value in rows.Int64("cost_event_id").Values) value = Outermost(Meaning(value, aliases), partOf);
        if (partOf.Count == 0 || visit < 0 || rows.Columns[visit].IsAbsent) return;
        var visits = ((Int64Column)rows.Columns[visit]).Array;
        var own = table == Cdm54.VisitDetail;
        var details = ((Int64Column)rows.Columns[own ? table["parent_visit_detail_id"].Ordinal : detail]).Array;
        for (var row = 0; row < rows.Rows; row++)
            if (partOf.ContainsKey(visits[row]))
            {
                details[row] = visits[row];
                visits[row] = Outermost(visits[row], partOf);
            }
    }

    /// <summary>Turns what a row of an earlier release says of its visit back into the encounter it referred to: its visit detail, where it has one.</summary>
    /// <param name="isEncounter">Whether a visit detail is known to come from an encounter.</param>
    /// <param name="of">Whose rows alone: of nobody else is it known what their stays are part of. Null for all.</param>
    public void Reset(Batch rows, Func<long, bool> isEncounter, IReadOnlySet<long>? of = null)
    {
        if (visit < 0 || rows.Columns[visit].IsAbsent) return;
        var inner = table == Cdm54.VisitDetail ? table["parent_visit_detail_id"].Ordinal : detail;
        if (inner < 0 || rows.Columns[inner].IsAbsent) return;
        var (visits, details) = (((Int64Column)rows.Columns[visit]).Array, ((Int64Column)rows.Columns[inner]).Array);
        var persons = of is null || table.Person < 0 ? null : ((Int64Column)rows.Columns[table.Person]).Array;
        for (var row = 0; row < rows.Rows; row++)
            if (details[row] != Null.Int64 && (persons is null || of!.Contains(persons[row])) && isEncounter(details[row])) (visits[row], details[row]) = (details[row], Null.Int64);
    }

    static long Outermost(long visit, Dictionary<long, long> partOf)
    {
        for (var hops = 0; hops < MostHops && partOf.TryGetValue(visit, out var outer); hops++) visit = outer;
        return visit;
    }
}
