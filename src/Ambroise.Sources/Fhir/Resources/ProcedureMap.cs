using Ambroise.Lake.Columns;
using Ambroise.Sources.Fhir.Codes;
using Ambroise.Sources.Fhir.Json;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir.Resources;

/// <summary>What was done to a patient or used on them: Procedure, ImagingStudy, SupplyDelivery, DeviceUseStatement.</summary>
static class ProcedureMap
{
    public static Fate Procedure(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TrySubject(r["subject"u8], "subject") is { } nobody) return nobody;
        var status = r["status"u8];
        if (!status.Is("completed"u8) && !status.Is("in-progress"u8) && !status.Is("unknown"u8) && status.Exists) return Fate.Aside("status", status);
        if (ResourceMapper.TryFlag(r["notDone"u8], "notDone", out var isNot) is { } unclear) return unclear; // STU3's
        if (isNot) return Fate.Aside("status-not-done");
        if (m.TryTime(out var start, [r["performedDateTime"u8], r["performedPeriod"u8]["start"u8], r["performedPeriod"u8]["end"u8]], "performed", IsOfAnotherTime(r) ? default : r["encounter"u8]) is { } undated) return undated;
        if (m.TryEnd(out var end, start, r["performedPeriod"u8]["end"u8], "performedPeriod.end") is { } unended) return unended;
        var e = new ClinicalEvent
        {
            Person = m.Person,
            Start = start,
            End = end,
            Code = m.Code(r["code"u8]),
            Default = Domain.Procedure,
            Type = m.IsTo(r["asserter"u8], "Patient") ? TypeConcepts.SelfReport : TypeConcepts.Ehr,
            Visit = m.Visit(r["encounter"u8]),
            Provider = m.Provider(r["performer"u8]["actor"u8]),
        };
        var fate = TextOnly.Write(m, e, r["code"u8]);
        if (fate.Kind == FateKind.Used) Used(m, e with { End = FhirTime.None, Default = Domain.Device });
        return fate;
    }

    /// <summary>What was used for it or implanted, where the procedure itself says what that is. Another resource that says so may come later, or change: counted, as what was taken out is.</summary>
    static void Used(ResourceMapper m, ClinicalEvent of)
    {
        var (seen, inside) = (new List<string>(), new List<Coded>());
        foreach (var focal in m.Resource["focalDevice"u8].Items)
            if (!focal["action"u8].Exists || ResourceMapper.Has(focal["action"u8], "implanted"u8)) Inside(focal["manipulated"u8], "focalDevice");
            else
            {
                m.Chunk.Count("Procedure.focalDevice", "left-out");
                seen.Add(focal["manipulated"u8]["reference"u8].ToString());
            }
        foreach (var reference in m.Resource["usedReference"u8].Items) Inside(reference, "usedReference");
        foreach (var concept in m.Resource["usedCode"u8].Items)
            if (m.Code(concept) is var code && (code is null || !inside.Exists(i => i.Meaning == code.Meaning))) Write(code, "usedCode"); // else it says what that is

        void Inside(JsonNode reference, string element)
        {
            var name = reference["reference"u8].ToString();
            if (name.Length > 0 && seen.Contains(name)) return;
            seen.Add(name);
            var thing = name.StartsWith('#') ? m.Contained(reference["reference"u8].Text) : default;
            var code = !thing.Exists ? null : thing["resourceType"u8].Is("Medication"u8) ? Product.Of(m, thing) : Product.OfDevice(m, thing);
            if (code is not null) inside.Add(code);
            Write(code, element);
        }

        void Write(Coded? thing, string element)
        {
            if (thing is { Absence: Absence.None, IsWords: false }) m.Write(of with { Code = thing });
            else m.Chunk.Count($"Procedure.{element}", "left-out");
        }
    }

    /// <summary>An age or words are no day, and say that it was not done during the stay in which somebody told of it.</summary>
    static bool IsOfAnotherTime(JsonNode procedure) => procedure.Choice("performed"u8, out _).Exists;

    public static Fate Imaging(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TrySubject(r["subject"u8], "subject") is { } nobody) return nobody;
        if (r["status"u8].Is("cancelled"u8) || r["status"u8].Is("entered-in-error"u8) || r["status"u8].Is("registered"u8)) return Fate.Aside("status", r["status"u8]);
        if (m.TryTime(out var start, [r["started"u8], r["series"u8]["started"u8]], "started", r["encounter"u8]) is { } fate) return fate;
        var codes = Imaged(m, r);
        if (codes.Count == 0) return Fate.Refused("procedureCode", "code-missing");
        codes.RemoveAll(c => c.Absence == Absence.Unknown);
        if (codes.Count == 0) return Fate.Aside("no-information");
        long visit = m.Visit(r["encounter"u8]), provider = m.Provider(r["interpreter"u8].First);
        foreach (var code in codes) m.Write(new() { Person = m.Person, Start = start, Code = code, Default = Domain.Procedure, Type = TypeConcepts.Ehr, Visit = visit, Provider = provider });
        return Fate.Used;
    }

    /// <summary>Reports, presentation states, selections and documents (DICOM PS3.3, C.7.3.1.1.1) are about images, and none.</summary>
    static bool IsAbout(JsonNode modality) => modality.Is("SR"u8) || modality.Is("PR"u8) || modality.Is("KO"u8) || modality.Is("DOC"u8);

    /// <summary>What was done: its procedures; where none is named by code each kind of image that was made, as the study or else its series say.</summary>
    static List<Coded> Imaged(ResourceMapper m, JsonNode study)
    {
        var codes = new List<Coded>();
        foreach (var procedure in study["procedureCode"u8].Items) Add(m.Code(procedure));
        if (codes.Count > 0) return codes;
        foreach (var modality in study["modality"u8].Items)
            if (!IsAbout(modality["code"u8])) Add(m.Coding(modality));
        if (codes.Count > 0) return codes;
        foreach (var series in study["series"u8].Items)
            if (!IsAbout(series["modality"u8]["code"u8])) Add(m.Coding(series["modality"u8]));
        if (codes.Count == 0 && (ResourceMapper.Words(study["procedureCode"u8].First) ?? study["description"u8].TextOrNull) is { } words) codes.Add(Coded.Of(words));
        return codes;

        void Add(Coded? code)
        {
            if (code is not null && !codes.Exists(c => (c.Meaning.Vocabulary, c.Meaning.Code) == (code.Meaning.Vocabulary, code.Meaning.Code))) codes.Add(code);
        }
    }

    public static Fate Supply(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TrySubject(r["patient"u8], "patient") is { } nobody) return nobody;
        if (!r["status"u8].Is("completed"u8)) return Fate.Aside("status", r["status"u8]);
        if (m.TryTime(out var start, [r["occurrenceDateTime"u8], r["occurrencePeriod"u8]["start"u8], r["occurrencePeriod"u8]["end"u8], r["occurrenceTiming"u8]["event"u8].First, r["occurrenceTiming"u8]["repeat"u8]["boundsPeriod"u8]["start"u8]], "occurrence") is { } fate) return fate;
        var item = r["suppliedItem"u8];
        if (m.Code(item["itemCodeableConcept"u8]) is not { } code) return Fate.Refused("suppliedItem", "code-missing");
        if (code.Absence == Absence.Unknown) return Fate.Aside("no-information");
        m.Write(new() { Person = m.Person, Start = start, Code = code, Default = Domain.Device, Type = TypeConcepts.Ehr, Quantity = m.Amount(item["quantity"u8]) });
        return Fate.Used;
    }

    /// <summary>A device says by itself nothing of when it was used: the statement of its use does. Serial numbers and UDI stay out.</summary>
    public static Fate Device(ResourceMapper m)
    {
        if (Product.OfDevice(m, m.Resource) is not { } code) return Fate.Refused("type", "code-missing");
        m.Define(code);
        return Fate.Aside("definition-only");
    }

    public static Fate DeviceUse(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TrySubject(r["subject"u8], "subject") is { } nobody) return nobody;
        if (r["status"u8].Is("entered-in-error"u8) || r["status"u8].Is("intended"u8)) return Fate.Aside("status", r["status"u8]);
        if (m.TryTime(out var start, [r["timingDateTime"u8], r["timingPeriod"u8]["start"u8], r["timingPeriod"u8]["end"u8], r["timingTiming"u8]["event"u8].First, r["recordedOn"u8]], "timing") is { } fate) return fate;
        if (m.TryEnd(out var end, start, r["timingPeriod"u8]["end"u8], "timingPeriod.end") is { } unended) return unended;
        Coded? code;
        if (r["device"u8]["reference"u8].Text is [(byte)'#', ..] inside)
        {
            if (m.Contained(inside) is not { Exists: true } device) return Fate.Refused("device", "reference-unresolved");
            code = Product.OfDevice(m, device);
            if (code is null) return Fate.Refused("device", "code-missing");
        }
        else if (m.TryDefinition(r["device"u8], "Device", "device", out code) is { } missing) return missing;
        return TextOnly.Write(m, new() { Person = m.Person, Start = start, End = end, Code = code, Default = Domain.Device, Type = TypeConcepts.Ehr }, default);
    }
}
