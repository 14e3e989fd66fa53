using Ambroise.Lake.Columns;
using Ambroise.Sources.Fhir.Codes;
using Ambroise.Sources.Fhir.Json;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir.Resources;

/// <summary>What a patient took or was given: MedicationRequest, -Administration, -Dispense, -Statement, Immunization.</summary>
static class DrugMap
{
    /// <summary>A medication is what others refer to. A version that says nothing of itself is not understood, and leaves what an earlier one said: so it is in whatever order they come.</summary>
    public static Fate Medication(ResourceMapper m)
    {
        if (Product.Of(m, m.Resource) is not { } product) return Fate.Refused("code", "code-missing");
        m.Define(product);
        return Fate.Aside("definition-only");
    }

    public static Fate Request(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TrySubject(r["subject"u8], "subject") is { } nobody) return nobody;
        var status = r["status"u8];
        if (status.Is("cancelled"u8) || status.Is("entered-in-error"u8) || status.Is("draft"u8)) return Fate.Aside("status", status);
        if (ResourceMapper.TryFlag(r["doNotPerform"u8], "doNotPerform", out var isNever) is { } unclear) return unclear;
        if (isNever) return Fate.Aside("do-not-perform");
        if (!m.Takes(r["intent"u8])) return Fate.Aside("intent", r["intent"u8]);
        var (dispense, taken) = (r["dispenseRequest"u8], r["dosageInstruction"u8].First["timing"u8]);
        if (m.TryTime(out var start, [Later(m, r["authoredOn"u8], r["dosageInstruction"u8]), r["authoredOn"u8], dispense["validityPeriod"u8]["start"u8], taken["repeat"u8]["boundsPeriod"u8]["start"u8], taken["event"u8].First], "authoredOn", r["encounter"u8]) is { } fate) return fate;
        return Write(m, new()
        {
            Person = m.Person,
            Start = start,
            Type = m.IsTo(r["reportedReference"u8], "Patient") ? TypeConcepts.SelfReport : TypeConcepts.Prescription,
            Visit = m.Visit(r["encounter"u8]),
            Provider = m.Provider(r["requester"u8]),
            Days = Supply(m, dispense["expectedSupplyDuration"u8]),
            Quantity = m.Amount(dispense["quantity"u8]),
            DoseUnit = Unit(dispense["quantity"u8]),
            Refills = ResourceMapper.Whole(dispense["numberOfRepeatsAllowed"u8]),
            StopReason = m.Code(r["statusReason"u8])?.Code,
        }, r["dosageInstruction"u8]);
    }

    /// <summary>The first day of directions that begin after the prescription was written, where each of them says when it begins: nobody takes anything before.</summary>
    static JsonNode Later(ResourceMapper m, JsonNode written, JsonNode dosages)
    {
        var (first, day) = (default(JsonNode), int.MaxValue);
        foreach (var dosage in dosages.Items)
        {
            var bound = dosage["timing"u8]["repeat"u8]["boundsPeriod"u8]["start"u8];
            if (!FhirTime.TryParse(bound.Text, m.Options.Zone, out var begins))
            {
                if (bound.Exists) m.Chunk.Count("MedicationRequest.dosage.timing.repeat.boundsPeriod.start", "date-invalid");
                return default;
            }
            if (begins.Day < day) (first, day) = (bound, begins.Day);
        }
        return FhirTime.TryParse(written.Text, m.Options.Zone, out var at) && day > at.Day ? first : default;
    }

    public static Fate Administration(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TrySubject(r["subject"u8], "subject") is { } nobody) return nobody;
        var status = r["status"u8];
        if (!status.Is("completed"u8) && !status.Is("in-progress"u8) && !status.Is("stopped"u8)) return Fate.Aside("status", status);
        if (ResourceMapper.TryFlag(r["notGiven"u8], "notGiven", out var isNot) is { } unclear) return unclear; // STU3's
        if (isNot) return Fate.Aside("status-not-done");
        if (m.TryTime(out var start, [r["effectiveDateTime"u8], r["effectivePeriod"u8]["start"u8], r["effectivePeriod"u8]["end"u8]], "effective", r["context"u8]) is { } fate) return fate;
        if (m.TryEnd(out var end, start, r["effectivePeriod"u8]["end"u8], "effectivePeriod.end") is { } unended) return unended;
        var dosage = r["dosage"u8];
        return Write(m, new()
        {
            Person = m.Person,
            Start = start,
            End = end,
            Type = TypeConcepts.Administration,
            Visit = m.Visit(r["context"u8]),
            Provider = m.Provider(r["performer"u8]["actor"u8]),
            Quantity = m.Amount(dosage["dose"u8]),
            DoseUnit = Unit(dosage["dose"u8]),
        }, dosage);
    }

    public static Fate Dispense(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TrySubject(r["subject"u8], "subject") is { } nobody) return nobody;
        var status = r["status"u8];
        if (!status.Is("completed"u8) && !status.Is("in-progress"u8) && !status.Is("unknown"u8)) return Fate.Aside("status", status);
        if (m.TryTime(out var start, [r["whenHandedOver"u8], r["whenPrepared"u8]], "whenHandedOver", r["context"u8]) is { } fate) return fate;
        return Write(m, new()
        {
            Person = m.Person,
            Start = start,
            Type = TypeConcepts.Dispensing,
            Visit = m.Visit(r["context"u8]),
            Provider = m.Provider(r["performer"u8]["actor"u8]),
            Days = Supply(m, r["daysSupply"u8]),
            Quantity = m.Amount(r["quantity"u8]),
            DoseUnit = Unit(r["quantity"u8]),
        }, r["dosageInstruction"u8]);
    }

    public static Fate Statement(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TrySubject(r["subject"u8], "subject") is { } nobody) return nobody;
        var status = r["status"u8];
        if (status.Is("not-taken"u8) || status.Is("intended"u8) || status.Is("entered-in-error"u8)) return Fate.Aside("status", status);
        if (m.TryTime(out var start, [r["effectiveDateTime"u8], r["effectivePeriod"u8]["start"u8], r["effectivePeriod"u8]["end"u8], r["dateAsserted"u8]], "effective", r["context"u8]) is { } fate) return fate;
        if (r["taken"u8] is { Exists: true } taken && !taken.Is("y"u8)) return Fate.Aside("status-not-taken"); // STU3's
        if (m.TryEnd(out var end, start, r["effectivePeriod"u8]["end"u8], "effectivePeriod.end") is { } unended) return unended;
        return Write(m, new()
        {
            Person = m.Person,
            Start = start,
            End = end,
            Type = m.IsTo(r["informationSource"u8], "Patient") ? TypeConcepts.SelfReport : TypeConcepts.MedicationList,
            Visit = m.Visit(r["context"u8]),
        }, r["dosage"u8]);
    }

    public static Fate Immunization(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TrySubject(r["patient"u8], "patient") is { } nobody) return nobody;
        if (!r["status"u8].Is("completed"u8)) return Fate.Aside("status", r["status"u8]);
        if (m.TryTime(out var start, [r["occurrenceDateTime"u8], r["date"u8], r["recorded"u8]], "occurrenceDateTime", r["encounter"u8]) is { } fate) return fate;
        // "In childhood" is no day, and the day it was written down is none of an injection.
        var isUndated = !r["occurrenceDateTime"u8].Exists && !r["date"u8].Exists; // STU3 calls it date
        if (isUndated) m.Chunk.Count("Immunization.occurrence", "type-unused");
        if (ResourceMapper.IsTrue(r["isSubpotent"u8])) m.Chunk.Count("Immunization.isSubpotent", "left-out");
        var route = m.Code(r["route"u8]);
        return TextOnly.Write(m, new()
        {
            Person = m.Person,
            Start = start,
            Code = m.Code(r["vaccineCode"u8]),
            Default = Domain.Drug,
            Type = ResourceMapper.Has(r["reportOrigin"u8], "recall"u8) ? TypeConcepts.SelfReport : isUndated || r["primarySource"u8].IsFalse || r["primarySource"u8].Is("false"u8) ? TypeConcepts.Ehr : TypeConcepts.Administration,
            Visit = m.Visit(r["encounter"u8]),
            Provider = m.Provider(r["performer"u8]["actor"u8]),
            Quantity = m.Amount(r["doseQuantity"u8]),
            DoseUnit = Unit(r["doseQuantity"u8]),
            Lot = ResourceMapper.Copy(r["lotNumber"u8]),
            Route = route is null ? Null.Int32 : m.Standard(route, Lake.Cdm.Cdm54.DrugExposure, start.Day),
            RouteSource = route?.Code,
        }, r["vaccineCode"u8]);
    }

    static Fate Write(ResourceMapper m, ClinicalEvent e, JsonNode dosages)
    {
        var r = m.Resource;
        e.Default = Domain.Drug;
        e.Sig = Directions.Of(dosages);
        if (TryLast(m, ref e, dosages) is { } unended) return unended;
        if (m.Code(dosages.First["route"u8]) is { } route) (e.Route, e.RouteSource) = (m.Standard(route, Lake.Cdm.Cdm54.DrugExposure, e.Start.Day), route.Code);
        var inWords = r["medicationCodeableConcept"u8];
        if (inWords.Exists)
        {
            e.Code = m.Code(inWords);
            return TextOnly.Write(m, e, inWords);
        }
        var reference = r["medicationReference"u8];
        if (!reference.Exists) return Fate.Refused("medication", "code-missing");
        var text = reference["reference"u8].Text;
        if (text.Length > 1 && text[0] == '#')
        {
            if (m.Contained(text) is not { Exists: true } contained) return Fate.Refused("medicationReference", "reference-unresolved");
            e.Code = Product.Of(m, contained);
            return TextOnly.Write(m, e, default);
        }
        if (m.TryDefinition(reference, "Medication", "medicationReference", out var code) is { } missing) return missing;
        e.Code = code;
        return TextOnly.Write(m, e, default);
    }

    /// <summary>Until when it is taken: as it says itself; of what was handed over as long as that lasts; else as its directions bound it, of several the last; else as long as what is prescribed lasts. Until when it may be
    /// dispensed (<c>validityPeriod</c>) is of the prescription.</summary>
    /// <returns>Null, or the fate of a resource whose directions end on no day.</returns>
    static Fate? TryLast(ResourceMapper m, ref ClinicalEvent e, JsonNode dosages)
    {
        var (last, days) = (FhirTime.None, Null.Int32);
        foreach (var dosage in dosages.Items)
        {
            var repeat = dosage["timing"u8]["repeat"u8];
            if (m.TryEnd(out var end, e.Start, repeat["boundsPeriod"u8]["end"u8], "dosage.timing.repeat.boundsPeriod.end") is { } unended) return unended;
            if (end.Exists && end.Day >= e.Start.Day && !(last.Day > end.Day)) last = end;
            foreach (var occasion in dosage["timing"u8]["event"u8].Items)
                if (m.OptionalTime(occasion, "dosage.timing.event") is { Exists: true } at && at.Day >= e.Start.Day && !(last.Day > at.Day)) last = at;
            days = Math.Max(days, Supply(m, repeat["boundsDuration"u8].Exists ? repeat["boundsDuration"u8] : repeat["boundsRange"u8]["high"u8]));
            if (!repeat["boundsDuration"u8].Exists && !repeat["boundsRange"u8].Exists && !repeat["boundsPeriod"u8]["end"u8].Exists) days = Math.Max(days, Times(repeat));
        }
        var isSupplied = e.Days != Null.Int32;
        if (!isSupplied) e.Days = days;
        if (e.End.Exists && e.End.Day >= e.Start.Day || isSupplied && e.Type == TypeConcepts.Dispensing || days == Null.Int32 && !last.Exists) return null;
        if (days != Null.Int32 && !(last.Exists && last.Day - e.Start.Day >= days)) last = isSupplied && (long)e.Start.Day + days - 1 <= Days.Last ? new(e.Start.Day + Math.Max(days, 1) - 1, Null.Int64, Precision.Day) : FhirTime.None; // else its end follows from the days
        e.End = last;
        return null;
    }

    /// <summary>Nobody is given drugs for more than a hundred years, in days.</summary>
    const int MostSupply = 36_525;

    /// <summary>For how many days it lasts, rounded up; null where that is not said in a unit that is known.</summary>
    static int Supply(ResourceMapper m, JsonNode quantity)
    {
        if (!quantity["value"u8].TryNumber(out var number))
        {
            if (quantity.IsScalar || quantity["value"u8].Exists) m.Chunk.Count($"{m.Type}.daysSupply", "value-unparseable");
            return Null.Int32;
        }
        // A code of another system, SNOMED's say, is no word; what is printed beside it is.
        var isWord = quantity["code"u8].Text is { Length: > 0 and < 8 } && (quantity["system"u8].Text is var system && (system.Length == 0 || system.EndsWith("unitsofmeasure.org"u8)) || !quantity["unit"u8].Exists);
        var unit = (isWord ? quantity["code"u8] : quantity["unit"u8]).ToString().ToLowerInvariant();
        var days = number * DaysOf(unit);
        if (days is >= 0 and <= MostSupply && !Bound.Is(quantity)) return (int)Math.Ceiling(days);
        m.Chunk.Count($"{m.Type}.daysSupply", Bound.Is(quantity) ? "not-exact" : double.IsNaN(days) ? "unit-unknown" : "number-invalid");
        return Null.Int32;
    }

    /// <summary>From the first to the last of so many times (<c>count</c>), as often as it says: six every 21 days take 106 days. Null where it does not say both.</summary>
    static int Times(JsonNode repeat)
    {
        if (!repeat["count"u8].TryNumber(out var count) || !repeat["period"u8].TryNumber(out var period) || count < 1 || period <= 0 || !repeat["periodUnit"u8].Exists) return Null.Int32;
        if (!repeat["frequency"u8].TryNumber(out var often) || often < 1) often = 1;
        var days = Math.Floor((Math.Ceiling(count / often) - 1) * period * DaysOf(repeat["periodUnit"u8].ToString())) + 1;
        return days is >= 1 and <= MostSupply ? (int)days : Null.Int32;
    }

    static double DaysOf(string unit) => unit switch
    {
        "" or "d" or "day" or "days" or "j" or "jour" or "jours" => 1,
        "min" => 1.0 / 1440,
        "h" or "hour" or "hours" => 1.0 / 24,
        "wk" or "week" or "weeks" or "sem" or "semaine" or "semaines" => 7,
        "mo" or "month" or "months" or "mois" => 30,
        "a" or "year" or "years" or "an" or "ans" => 365,
        _ => double.NaN,
    };

    /// <summary>A quantity's unit, in text: DRUG_EXPOSURE has no concept for it.</summary>
    static byte[]? Unit(JsonNode quantity) => Ins.IsSystem(quantity["system"u8].Text) ? null : ResourceMapper.Copy(quantity["code"u8]) ?? ResourceMapper.Copy(quantity["unit"u8]);
}
