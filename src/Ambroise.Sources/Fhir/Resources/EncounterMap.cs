using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Sources.Fhir.Json;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir.Resources;

/// <summary>Encounter: a VISIT_OCCURRENCE, or a VISIT_DETAIL where it is part of another.</summary>
static class EncounterMap
{
    public static Fate Map(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TrySubject(r["subject"u8], "subject") is { } nobody) return nobody;
        var status = r["status"u8];
        if (status.Is("planned"u8) || status.Is("cancelled"u8) || status.Is("entered-in-error"u8)) return Fate.Aside($"status-{status}");
        if (m.TryTime(out var start, [r["period"u8]["start"u8], r["period"u8]["end"u8]], "period.start") is { } fate) return fate;
        var end = m.OptionalTime(r["period"u8]["end"u8]);
        if (!end.Exists) end = start with { Micros = Null.Int64 }; // a visit still open ends, for the CDM, the day it began
        if (end.Day < start.Day) return Fate.Refused("period.end", "end-before-start");

        var parent = m.Reference(r["partOf"u8], "Encounter");
        var (table, prefix) = parent == Null.Int64 ? (Cdm54.VisitOccurrence, "visit") : (Cdm54.VisitDetail, "visit_detail");
        if (parent != Null.Int64) m.Chunk.PartOf[m.Key.Key] = parent;

        var row = m.Row(table);
        row.Put("person_id", m.Person);
        row.Put($"{prefix}_concept_id", Setting(r["class"u8]["code"u8]));
        row.Put($"{prefix}_source_value", r["class"u8]["code"u8].Text);
        row.Put($"{prefix}_source_concept_id", 0);
        row.Put($"{prefix}_start_date", start.Day);
        row.Put($"{prefix}_start_datetime", start.Micros);
        row.Put($"{prefix}_end_date", end.Day);
        row.Put($"{prefix}_end_datetime", end.Micros);
        row.Put($"{prefix}_type_concept_id", TypeConcepts.Encounter);
        row.Put("provider_id", m.Reference(Participant(r), "Practitioner", "PractitionerRole"));
        row.Put("care_site_id", m.Reference(r["serviceProvider"u8], "Organization"));
        var stay = r["hospitalization"u8];
        if (m.Code(stay["admitSource"u8]) is { } from)
        {
            row.Put("admitted_from_concept_id", from.Meaning.Standard);
            row.Put("admitted_from_source_value", from.Code);
        }
        if (m.Code(stay["dischargeDisposition"u8]) is { } to)
        {
            row.Put("discharged_to_concept_id", to.Meaning.Standard);
            row.Put("discharged_to_source_value", to.Code);
        }
        if (parent != Null.Int64) row.Put("visit_occurrence_id", parent); // made the outermost visit once all are known
        m.End(row);
        return Fate.Used;
    }

    /// <summary>The one who performed or attended, else the first.</summary>
    static JsonNode Participant(JsonNode encounter)
    {
        foreach (var participant in encounter["participant"u8].Items)
            if (participant["type"u8]["coding"u8]["code"u8] is var role && (role.Is("PPRF"u8) || role.Is("ATND"u8))) return participant["individual"u8];
        return encounter["participant"u8]["individual"u8];
    }

    /// <summary>HL7 v3 ActEncounterCode as OMOP's Visit concepts.</summary>
    static int Setting(JsonNode code) =>
        code.Is("AMB"u8) ? 9202 : code.Is("EMER"u8) ? 9203 : code.Is("IMP"u8) || code.Is("ACUTE"u8) || code.Is("NONAC"u8) ? 9201 : code.Is("OBSENC"u8) ? 581385
        : code.Is("HH"u8) ? 581476 : code.Is("VR"u8) ? 5083 : code.Is("SS"u8) ? 9202 : 0;
}
