using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Sources.Fhir.Json;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir.Resources;

/// <summary>Encounter: a VISIT_OCCURRENCE, or a VISIT_DETAIL where it is part of another; and a VISIT_DETAIL for each of several places.</summary>
static class EncounterMap
{
    /// <summary>Both tables have the same columns under names of their own.</summary>
    sealed class Columns(CdmTable table, string prefix)
    {
        public CdmTable Table { get; } = table;
        public int Concept { get; } = table[$"{prefix}_concept_id"].Ordinal;
        public int Source { get; } = table[$"{prefix}_source_value"].Ordinal;
        public int SourceConcept { get; } = table[$"{prefix}_source_concept_id"].Ordinal;
        public int Start { get; } = table[$"{prefix}_start_date"].Ordinal;
        public int StartTime { get; } = table[$"{prefix}_start_datetime"].Ordinal;
        public int End { get; } = table[$"{prefix}_end_date"].Ordinal;
        public int EndTime { get; } = table[$"{prefix}_end_datetime"].Ordinal;
        public int Type { get; } = table[$"{prefix}_type_concept_id"].Ordinal;
    }

    static readonly Columns Visit = new(Cdm54.VisitOccurrence, "visit"), Detail = new(Cdm54.VisitDetail, "visit_detail");

    public static Fate Map(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TrySubject(r["subject"u8], "subject") is { } nobody) return nobody;
        var status = r["status"u8];
        if (status.Is("planned"u8) || status.Is("cancelled"u8) || status.Is("entered-in-error"u8)) return Fate.Aside("status", status);
        if (m.TryTime(out var start, [r["period"u8]["start"u8], r["period"u8]["end"u8]], "period.start") is { } fate) return fate;
        if (m.TryEnd(out var end, start, r["period"u8]["end"u8], "period.end") is { } unended) return unended;
        if (end.Day < start.Day) end = FhirTime.None; // counted: a stay is too much to lose for it
        // A stay still open ends, for the CDM, on the last day that is known of it; one that is over and does not say when, on the day it began.
        if (!end.Exists && IsOpen(status) && m.OptionalTime(r["meta"u8]["lastUpdated"u8], "lastUpdated") is { Exists: true } seen && seen.Day > start.Day) end = seen with { Micros = Null.Int64 };
        if (!end.Exists) end = start with { Micros = Null.Int64 };

        m.NameEncounter();
        var parent = m.Visit(r["partOf"u8]);
        var at = parent == Null.Int64 ? Visit : Detail;
        if (parent != Null.Int64) m.Connect(FactKind.PartOf, m.Key.Key, m.Definition = parent);

        var said = r["class"u8]["coding"u8].Exists ? r["class"u8]["coding"u8].First : r["class"u8].First; // R5 has a concept there
        var kind = m.Coding(said);
        var concept = kind is null ? 0 : Setting(m, kind, said, at.Table, start.Day);
        var row = Begin(m, at, (concept, kind?.Code), start, end);
        row.Put("provider_id", m.Provider(Participant(r)));
        var site = m.CareSite(r["serviceProvider"u8]);
        row.Put("care_site_id", site == Null.Int64 ? m.CareSite(Place(m, r["location"u8]), "Location") : site);
        var stay = r["hospitalization"u8];
        if (m.Code(stay["admitSource"u8]) is { } from)
        {
            row.Put("admitted_from_concept_id", m.Standard(from, at.Table, start.Day));
            row.Put("admitted_from_source_value", from.Code);
        }
        if (m.Code(stay["dischargeDisposition"u8]) is { } to)
        {
            row.Put("discharged_to_concept_id", m.Standard(to, at.Table, start.Day));
            row.Put("discharged_to_source_value", to.Code);
        }
        if (parent != Null.Int64) row.Put("visit_occurrence_id", parent); // made the outermost visit once all are known
        m.End(row);
        Moves(m, r["location"u8], start, end, r["period"u8]["end"u8].Exists, (concept, kind?.Code));
        return Fate.Used;
    }

    /// <summary>Starts a row of either table: whose it is, of what kind, from when to when.</summary>
    static TableRows Begin(ResourceMapper m, Columns at, (int Concept, byte[]? Source) kind, FhirTime start, FhirTime end)
    {
        var row = m.Row(at.Table);
        row.Put("person_id", m.Person);
        row.Put(at.Concept, kind.Concept);
        row.Put(at.Source, kind.Source);
        row.Put(at.SourceConcept, 0);
        row.Put(at.Start, start.Day);
        row.Put(at.StartTime, start.Micros);
        row.Put(at.End, end.Day);
        row.Put(at.EndTime, end.Micros);
        row.Put(at.Type, TypeConcepts.Encounter);
        return row;
    }

    /// <summary>Where the patient was first, of the places that say when; else the first that is named.</summary>
    static JsonNode Place(ResourceMapper m, JsonNode places)
    {
        var (first, day, time) = (default(JsonNode), int.MaxValue, long.MaxValue);
        foreach (var place in places.Items)
        {
            if (!WasThere(place)) continue;
            if (!FhirTime.TryParse(place["period"u8]["start"u8].Text, m.Options.Zone, out var came)) came = new(int.MaxValue, long.MaxValue, Precision.None);
            if (!first.Exists || (came.Day, came.Micros).CompareTo((day, time)) < 0) (first, day, time) = (place["location"u8], came.Day, came.Micros);
        }
        return first;
    }

    /// <summary>Not where it is only kept for them.</summary>
    static bool WasThere(JsonNode place) => !place["status"u8].Is("planned"u8) && !place["status"u8].Is("reserved"u8);

    /// <summary>A VISIT_DETAIL for each of several places in which the patient was from a day that is said on. A room or a bed is none: it lies in one of them; where only the place itself says that it is one, its row is left out once all are known.</summary>
    static void Moves(ResourceMapper m, JsonNode places, FhirTime start, FhirTime end, bool isOver, (int Concept, byte[]? Source) kind)
    {
        var count = 0;
        foreach (var place in places.Items)
            if (IsUnit(place)) count++;
        if (count < 2) return;
        var moves = new List<(long Site, FhirTime Came, FhirTime Went)>(count);
        foreach (var place in places.Items)
        {
            if (!IsUnit(place)) continue;
            var site = m.Direct(place["location"u8], "Location");
            if (site == Null.Int64) m.Chunk.Count("Encounter.location", "left-out"); // whom a number or words mean may change
            else if (Time(m, place["period"u8], out var came, out var went))
            {
                if (!moves.Contains((site, came, went))) moves.Add((site, came, went));
            }
            else m.Chunk.Count("Encounter.location", "date-missing");
        }
        foreach (var (site, came, went) in moves)
        {
            if (came.Day < start.Day || isOver && (came.Day > end.Day || went.Exists && went.Day > end.Day)) m.Chunk.Count("Encounter.location.period", "outside-stay"); // kept as it was said
            var left = went;
            if (!left.Exists)
            {
                // As nobody is in two places, the next one ends it.
                var next = FhirTime.None;
                foreach (var other in moves)
                    if (Order(other.Came).CompareTo(Order(came)) > 0 && (!next.Exists || Order(other.Came).CompareTo(Order(next)) < 0)) next = other.Came;
                left = next.Exists && !(isOver && next.Day > end.Day) ? next : end;
            }
            if (left.Day < came.Day) left = came with { Micros = Null.Int64 };
            else if (left.Day == came.Day && left.Micros != Null.Int64 && came.Micros != Null.Int64 && left.Micros < came.Micros) left = left with { Micros = Null.Int64 };
            var row = Begin(m, Detail, kind, came, left);
            row.Put("care_site_id", site);
            row.Put("visit_occurrence_id", m.Key.Key);
            m.End(row);
        }

        static (int, long) Order(FhirTime time) => (time.Day, time.Micros);
    }

    /// <summary>From when, and until when where that is said; of a period with an end alone that day.</summary>
    static bool Time(ResourceMapper m, JsonNode period, out FhirTime came, out FhirTime went)
    {
        came = m.OptionalTime(period["start"u8], "location.period.start");
        if (m.TryEnd(out went, came, period["end"u8], "location.period.end") is not null)
        {
            m.Chunk.Count("Encounter.location.period.end", "date-invalid");
            went = FhirTime.None;
        }
        if (!came.Exists) came = went;
        else if (went.Day < came.Day) went = FhirTime.None; // counted
        return came.Exists;
    }

    static bool IsUnit(JsonNode place) => WasThere(place) && place["location"u8].Exists && !PlaceMap.IsRoom(place["physicalType"u8]);

    static bool IsOpen(JsonNode status) => status.Is("arrived"u8) || status.Is("triaged"u8) || status.Is("in-progress"u8) || status.Is("onleave"u8);

    /// <summary>The one who performed or attended, else the first.</summary>
    static JsonNode Participant(JsonNode encounter)
    {
        foreach (var participant in encounter["participant"u8].Items)
            if (participant["type"u8]["coding"u8]["code"u8] is var role && (role.Is("PPRF"u8) || role.Is("ATND"u8))) return participant["individual"u8];
        return encounter["participant"u8]["individual"u8];
    }

    /// <summary>What the site itself says its kind of stay is, else HL7 v3 ActEncounterCode as OMOP's Visit concepts. Any other is told among the unmapped.</summary>
    static int Setting(ResourceMapper m, Coded coded, JsonNode kind, CdmTable table, int day)
    {
        if (m.On(coded, day) is { IsMapped: true } meaning) return meaning.Standard;
        var system = kind["system"u8].Text;
        var isHl7 = system.Length == 0 || system.IndexOf("v3-Act"u8) >= 0 || system.IndexOf("v3/Act"u8) >= 0 || system.EndsWith("2.16.840.1.113883.5.4"u8);
        var code = kind["code"u8];
        var known = !isHl7 ? 0 : code.Is("AMB"u8) ? 9202 : code.Is("EMER"u8) ? 9203 : code.Is("IMP"u8) || code.Is("ACUTE"u8) || code.Is("NONAC"u8) ? 9201 : code.Is("OBSENC"u8) ? 581385
            : code.Is("HH"u8) ? 581476 : code.Is("VR"u8) ? 5083 : code.Is("SS"u8) ? 9202 : 0;
        if (known == 0) m.Unmapped(coded, table);
        return known;
    }
}
