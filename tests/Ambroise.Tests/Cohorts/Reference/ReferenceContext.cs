using System.Text.Json;

namespace Ambroise.Tests.Cohorts.Reference;

/// <summary>What every part of one definition looks things up in: the CDM, and the definition's concept sets resolved.</summary>
sealed class ReferenceContext(ReferenceCdm cdm, Dictionary<long, HashSet<long>> conceptSets)
{
    static readonly System.Runtime.CompilerServices.ConditionalWeakTable<ReferenceCdm, Dictionary<(string, long), Row>> Keyed = [];
    readonly Dictionary<(string, long), Row> keyed = Keyed.GetValue(cdm, Index);

    public ReferenceCdm Cdm => cdm;

    public Row Person(long person) => cdm.Of("person", person)[0];

    public List<Period> Periods(long person) =>
        [.. cdm.Of("observation_period", person).Select(r => new Period(r.Day("observation_period_start_date")!.Value, r.Day("observation_period_end_date")!.Value))];

    public bool In(long set, long? concept) => concept is { } c && conceptSets.TryGetValue(set, out var members) && members.Contains(c);

    /// <summary>A concept set chosen for an attribute. No set means "has a value" (or, excluded, "has none").</summary>
    public bool Selected(JsonElement selection, long? concept)
    {
        var excluded = selection.Flag("IsExclusion");
        if (selection.Whole("CodesetId") is not { } set) return concept is null == excluded;
        if (!excluded) return In(set, concept);
        // "Not in nothing" holds even for an absent value.
        return conceptSets.GetValueOrDefault(set) is not { Count: > 0 } members || (concept is { } c && !members.Contains(c));
    }

    /// <returns>The row of that id in a table looked up by key, or null.</returns>
    public Row? Shared(string table, long? id) => id is { } key ? keyed.GetValueOrDefault((table, key)) : null;

    public bool HasLocation(Row history) => Shared("location", history.Whole("location_id")) is not null;

    public long? Region(Row history) => Shared("location", history.Whole("location_id"))?.Whole("region_concept_id");

    /// <summary>The event's care site had an address in the region for the whole of the event.</summary>
    public bool CareSiteWasIn(Event e, long set) => e.Row.Whole("care_site_id") is { } site && Shared("care_site", site) is not null
        && cdm.All("location_history").Any(h => h.Text("domain_id") == "CARE_SITE" && h.Whole("entity_id") == site
            && e.Start >= h.Day("start_date") && e.End <= (h.Day("end_date") ?? Json.ParseDay("2099-12-31")) && In(set, Region(h)));

    static Dictionary<(string, long), Row> Index(ReferenceCdm cdm)
    {
        var index = new Dictionary<(string, long), Row>();
        foreach (var table in new[] { "visit_occurrence", "provider", "care_site", "location" })
            foreach (var row in cdm.All(table)) index[(table, row.Whole(table + "_id")!.Value)] = row;
        return index;
    }
}
