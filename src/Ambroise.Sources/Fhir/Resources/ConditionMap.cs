using Ambroise.Lake.Columns;
using Ambroise.Sources.Fhir.Codes;
using Ambroise.Sources.Fhir.Json;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir.Resources;

/// <summary>What a patient has or had: Condition, AllergyIntolerance, and apart from both the history of the family.</summary>
static class ConditionMap
{
    public static Fate Condition(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TrySubject(r["subject"u8], "subject") is { } nobody) return nobody;
        if (IsNone(r["verificationStatus"u8], out var certainty) is { } none) return none;
        if (m.TryTime(out var start, [r["onsetDateTime"u8], r["onsetPeriod"u8]["start"u8], r["onsetPeriod"u8]["end"u8], r["recordedDate"u8]], "onset", r["encounter"u8]) is { } fate) return fate;
        if (m.TryEnd(out var end, start, r["abatementDateTime"u8].Exists ? r["abatementDateTime"u8] : r["abatementPeriod"u8]["end"u8], "abatement") is { } unended) return unended;
        Undated(m, r.Choice("onset"u8, out var onset), onset, "onset");
        Undated(m, r.Choice("abatement"u8, out var abatement), abatement, "abatement");
        var e = new ClinicalEvent
        {
            Person = m.Person,
            Start = start,
            End = end,
            Code = m.Code(r["code"u8]),
            Default = Domain.Condition,
            Type = m.IsTo(r["asserter"u8], "Patient") ? TypeConcepts.SelfReport : Category(r),
            Visit = m.Visit(r["encounter"u8]),
            Provider = m.Provider(r["asserter"u8].Exists ? r["asserter"u8] : r["recorder"u8]),
            // Confirmed and preliminary diagnosis (Condition Status).
            Status = certainty.Is("confirmed"u8) ? 32893 : certainty.Is("provisional"u8) || certainty.Is("differential"u8) || certainty.Is("unconfirmed"u8) ? 32899 : Null.Int32,
            StatusSource = ResourceMapper.Copy(certainty),
        };
        return TextOnly.Write(m, e, r["code"u8]);
    }

    /// <summary>An age, a range or words are no day: counted, and the day it was recorded stands.</summary>
    static void Undated(ResourceMapper m, JsonNode said, ReadOnlySpan<byte> type, string field)
    {
        if (said.Exists && !type.SequenceEqual("DateTime"u8) && !type.SequenceEqual("Period"u8)) m.Chunk.Count($"{m.Type}.{field}", "type-unused");
    }

    /// <returns>Null and how sure it is, nothing where that is not said; or the fate of what is not so, or may not be.</returns>
    static Fate? IsNone(JsonNode status, out JsonNode certainty)
    {
        certainty = Certainty(status);
        if (status.Exists && !certainty.Exists) return Fate.Refused("verificationStatus", "code-unknown");
        return certainty.Is("refuted"u8) || certainty.Is("entered-in-error"u8) ? Fate.Aside($"verification-{certainty}") : null;
    }

    /// <summary>What FHIR's own codes say, whatever a hospital's stand before them: a doubt about the whole first. Nothing where there is none of these: it may be a no.</summary>
    static JsonNode Certainty(JsonNode status)
    {
        JsonNode said = default;
        foreach (var coding in status["coding"u8].Items)
        {
            var code = coding["code"u8];
            if (code.Is("refuted"u8) || code.Is("entered-in-error"u8)) return code;
            if (code.Is("confirmed"u8) || code.Is("provisional"u8) || code.Is("differential"u8) || code.Is("unconfirmed"u8)) said = code;
        }
        return said;
    }

    static int Category(JsonNode condition)
    {
        foreach (var category in condition["category"u8].Items)
            foreach (var coding in category["coding"u8].Items)
                if (coding["code"u8].Is("problem-list-item"u8)) return TypeConcepts.ProblemList;
                else if (coding["code"u8].Is("encounter-diagnosis"u8)) return TypeConcepts.Encounter;
        return TypeConcepts.Ehr;
    }

    public static Fate Allergy(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TrySubject(r["patient"u8], "patient") is { } nobody) return nobody;
        if (IsNone(r["verificationStatus"u8], out _) is { } none) return none;
        if (m.TryTime(out var start, [r["onsetDateTime"u8], r["onsetPeriod"u8]["start"u8], r["onsetPeriod"u8]["end"u8], r["recordedDate"u8], r["lastOccurrence"u8], r["meta"u8]["lastUpdated"u8]], "onset") is { } fate) return fate;
        Undated(m, r.Choice("onset"u8, out var onset), onset, "onset");
        // OBSERVATION has no end: that it is over is counted, and the allergy was.
        if (ResourceMapper.Has(r["clinicalStatus"u8], "resolved"u8) || ResourceMapper.Has(r["clinicalStatus"u8], "inactive"u8)) m.Chunk.Count("AllergyIntolerance.clinicalStatus", "left-out");
        var concept = Of(r);
        var code = m.Code(concept);
        var e = new ClinicalEvent
        {
            Person = m.Person,
            Start = start,
            Code = code,
            Default = Domain.Observation,
            Type = m.IsTo(r["asserter"u8], "Patient") ? TypeConcepts.SelfReport : TypeConcepts.Ehr,
            Visit = m.Visit(r["encounter"u8]),
            Provider = m.Provider(r["recorder"u8]),
            Qualifier = ResourceMapper.Copy(r["criticality"u8]),
        };
        if (code is not null && m.On(code, start.Day).Targets is [{ Domain: not (Domain.Condition or Domain.Observation) } or { IsThing: true }, ..] and var substances)
        {
            // A substance is what the allergy is to, not something taken: "allergy to substance" with the substance as its value.
            e.Code = new(To(m, r["type"u8]), "");
            (e.Fixed, e.ValueConcept, e.ValueSource) = (true, substances[0].Concept, code.Code);
        }
        return TextOnly.Write(m, e, concept);
    }

    /// <summary>What it is an allergy of or to: where that is not said, the substance of one of its reactions.</summary>
    static JsonNode Of(JsonNode allergy)
    {
        if (allergy["code"u8].Exists) return allergy["code"u8];
        foreach (var reaction in allergy["reaction"u8].Items)
            if (reaction["substance"u8] is { Exists: true } substance) return substance;
        return default;
    }

    /// <summary>"Intolerance to substance" where it is said to be one and the vocabulary knows it, else "allergy to substance".</summary>
    static CodeMeaning To(ResourceMapper m, JsonNode type) =>
        type.Is("intolerance"u8) && m.Codes.Find("http://snomed.info/sct", "782197009") is { IsMapped: true } intolerance ? intolerance : m.Codes.Find("http://snomed.info/sct", "419199007");

    /// <summary>One observation for each of the relative's conditions, "family history of" with the condition as its value: never a condition of the patient.</summary>
    public static Fate FamilyHistory(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TrySubject(r["patient"u8], "patient") is { } nobody) return nobody;
        if (r["status"u8].Is("entered-in-error"u8) || r["status"u8].Is("health-unknown"u8)) return Fate.Aside("status", r["status"u8]);
        if (m.TryTime(out var start, [r["date"u8], r["meta"u8]["lastUpdated"u8]], "date") is { } fate) return fate;
        var history = new Coded(m.Codes.Find("http://snomed.info/sct", "416471007"), "Family history of clinical finding");
        foreach (var condition in r["condition"u8].Items)
        {
            var (code, words) = (m.Code(condition["code"u8]), ResourceMapper.Copy(condition["code"u8]["text"u8]));
            if (code is { Absence: Absence.KnownAbsent }) continue; // there is none
            if (code is { Absence: Absence.Unknown }) code = null;
            if (code is null && words is null) continue;
            m.Write(new()
            {
                Person = m.Person,
                Start = start,
                Code = history,
                Default = Domain.Observation,
                Fixed = true,
                Type = TypeConcepts.Ehr,
                ValueConcept = code is null ? Null.Int32 : m.Standard(code, Lake.Cdm.Cdm54.Observation, start.Day),
                ValueSource = code?.Code,
                ValueText = code is null ? words : null,
                Qualifier = m.Code(r["relationship"u8])?.Code,
            });
        }
        return m.RowCount > 0 ? Fate.Used : Fate.Aside("no-condition");
    }
}
