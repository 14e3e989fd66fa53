using System.Text;
using Ambroise.Lake.Columns;
using Ambroise.Sources.Fhir.Codes;
using Ambroise.Sources.Fhir.Json;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir.Resources;

/// <summary>Observation: a row for its value and one for each component; a panel without a value of its own makes none. Specimen beside it.</summary>
static class ObservationMap
{
    public static Fate Map(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TrySubject(r["subject"u8], "subject") is { } nobody) return nobody;
        var status = r["status"u8];
        if (LeavesNothing(status)) return Fate.Aside("status", status);
        if (IsOfAnother(m, r)) return Fate.Aside("focus-other");
        if (TryTime(m, r, "effective", r["encounter"u8], out var start) is { } fate) return fate;
        if (Rows(m, r, start, m.Visit(r["encounter"u8]), m.Provider(r["performer"u8].First)) is { } refused) return refused;
        return m.RowCount > 0 ? Fate.Used : Fate.Aside(WasNotDone(r) ? "not-done" : "panel-without-value");
    }

    /// <summary>Whether nobody looked for its value, or for one of its parts'.</summary>
    static bool WasNotDone(JsonNode r)
    {
        r.Choice("value"u8, out var kind);
        if (WasNotDone(r, kind)) return true;
        foreach (var component in r["component"u8].Items)
        {
            component.Choice("value"u8, out kind);
            if (WasNotDone(component, kind)) return true;
        }
        return false;
    }

    /// <summary>The results that a report contains, each as an observation of the report's: what it does not say of itself the report says.</summary>
    /// <returns>Null, or the fate of the report.</returns>
    public static Fate? Contained(ResourceMapper m, FhirTime reported, long visit, long provider)
    {
        foreach (var r in m.Resource["contained"u8].Items)
        {
            var status = r["status"u8];
            if (!r["resourceType"u8].Is("Observation"u8) || LeavesNothing(status)) continue;
            if (IsOfAnother(m, r))
            {
                m.Chunk.Count($"{m.Type}.contained", "focus-other");
                continue;
            }
            if (status.Exists && !ResourceTypes.Observation.HasStatus(status.Text)) return Fate.Refused("contained.status", "code-unknown");
            // One about somebody else, a newborn's in the mother's report say, is no result of this patient's.
            if (r["subject"u8] is { Exists: true } subject && m.Reference(subject, "Patient") != m.Person) return Fate.Refused("contained.subject", "subject-differs");
            if (TryTime(m, r, "contained.effective", default, out var start) is { } fate)
            {
                if (fate.Reason != "date-missing") return fate;
                start = reported;
            }
            var performer = r["performer"u8].First;
            if (Rows(m, r, start, r["encounter"u8].Exists ? m.Visit(r["encounter"u8]) : visit, performer.Exists ? m.Provider(performer) : provider) is { } refused) return refused;
        }
        return null;
    }

    /// <summary>Whether it was seen of somebody in the patient's record who is not the patient: the mother, the foetus, a donor.</summary>
    static bool IsOfAnother(ResourceMapper m, JsonNode r)
    {
        foreach (var focus in r["focus"u8].Items)
        {
            if (m.IsTo(focus, "RelatedPerson") || m.IsTo(focus, "Patient") && m.Reference(focus, "Patient") != m.Person) return true;
            if (focus["reference"u8].Text is [(byte)'#', ..] inside && m.Contained(inside)["resourceType"u8] is var type && (type.Is("RelatedPerson"u8) || type.Is("Patient"u8))) return true;
            if (!focus["reference"u8].Exists && !focus["type"u8].Exists && (focus["display"u8].Exists || focus["identifier"u8].Exists)) return true; // words, a number: it is there because it is not the patient
        }
        return false;
    }

    static bool LeavesNothing(JsonNode status) => status.Is("cancelled"u8) || status.Is("entered-in-error"u8) || status.Is("registered"u8);

    static Fate? TryTime(ResourceMapper m, JsonNode r, string field, JsonNode stay, out FhirTime time) =>
        m.TryTime(out time, [r["effectiveDateTime"u8], r["effectivePeriod"u8]["start"u8], r["effectivePeriod"u8]["end"u8], r["effectiveInstant"u8], r["effectiveTiming"u8]["event"u8].First, r["effectiveTiming"u8]["repeat"u8]["boundsPeriod"u8]["start"u8], r["issued"u8]], field, stay);

    /// <summary>The rows of an observation.</summary>
    /// <returns>Null, or the fate of its resource.</returns>
    static Fate? Rows(ResourceMapper m, JsonNode r, FhirTime start, long visit, long provider)
    {
        var (type, measured) = Category(r);
        if (m.IsTo(r["performer"u8].First, "Patient")) type = TypeConcepts.SelfReport;
        JsonNode components = r["component"u8], value = r.Choice("value"u8, out var kind), code = r["code"u8];
        if (!IsReadable(value, kind)) return Fate.Refused("value", "value-unparseable");
        if (kind.Length > 0 && !IsValue(kind)) m.Chunk.Count("Observation.value", "type-unused");
        if ((IsValue(kind) || !components.Exists && !r["hasMember"u8].Exists) && !WasNotDone(r, kind))
        {
            var own = Event(m, r, code, value, kind);
            if (LacksNumber(own, value, kind)) return Fate.Refused("value", "value-unparseable");
            if (TextOnly.Write(m, own, code) is { Kind: FateKind.Refused } refused) return refused;
        }
        foreach (var component in components.Items)
        {
            code = component["code"u8];
            value = component.Choice("value"u8, out kind);
            if (!IsReadable(value, kind)) return Fate.Refused("component.value", "value-unparseable");
            if (kind.Length > 0 && !IsValue(kind)) m.Chunk.Count("Observation.value", "type-unused");
            if (!code.Exists || WasNotDone(component, kind)) continue;
            var part = Event(m, component, code, value, kind);
            if (LacksNumber(part, value, kind)) return Fate.Refused("component.value", "value-unparseable");
            TextOnly.Write(m, part, code);
        }
        return null;

        ClinicalEvent Event(ResourceMapper mapper, JsonNode of, JsonNode code, JsonNode value, ReadOnlySpan<byte> kind)
        {
            var e = new ClinicalEvent
            {
                Person = mapper.Person,
                Start = start,
                Code = mapper.Code(code),
                Type = type,
                Visit = visit,
                Provider = provider,
                Default = measured || kind.SequenceEqual("Quantity"u8) ? Domain.Measurement : Domain.Observation,
            };
            Values(mapper, of, value, kind, ref e);
            return e;
        }
    }

    /// <summary>The type concept, and whether an observation of that category is a measurement where its code does not say.</summary>
    static (int Type, bool Measured) Category(JsonNode observation)
    {
        foreach (var category in observation["category"u8].Items)
            foreach (var coding in category["coding"u8].Items)
            {
                var code = coding["code"u8].Text;
                if (code.SequenceEqual("laboratory"u8)) return (TypeConcepts.Lab, true);
                if (code.SequenceEqual("vital-signs"u8) || code.SequenceEqual("exam"u8)) return (TypeConcepts.PhysicalExamination, true);
                if (code.SequenceEqual("survey"u8)) return (TypeConcepts.PatientFilledSurvey, false);
            }
        return (TypeConcepts.Ehr, false);
    }

    public static bool HasValue(JsonNode of)
    {
        of.Choice("value"u8, out var type);
        return IsValue(type);
    }

    /// <summary>Why there is no value: nobody looked for one.</summary>
    static bool WasNotDone(JsonNode of, ReadOnlySpan<byte> kind) =>
        kind.Length == 0 && of["dataAbsentReason"u8] is { Exists: true } reason && (ResourceMapper.Has(reason, "not-performed"u8) || ResourceMapper.Has(reason, "not-asked"u8) || ResourceMapper.Has(reason, "not-applicable"u8));

    static bool IsValue(ReadOnlySpan<byte> type) =>
        type.SequenceEqual("Quantity"u8) || type.SequenceEqual("CodeableConcept"u8) || type.SequenceEqual("String"u8) || type.SequenceEqual("Integer"u8) || type.SequenceEqual("Boolean"u8) || type.SequenceEqual("DateTime"u8)
        || type.SequenceEqual("Time"u8) || type.SequenceEqual("Period"u8) || type.SequenceEqual("Range"u8) || type.SequenceEqual("Ratio"u8)
        // A questionnaire's answers have a few more.
        || type.SequenceEqual("Coding"u8) || type.SequenceEqual("Decimal"u8) || type.SequenceEqual("Date"u8);

    /// <summary>Whether a value is of the kind that its element's name says.</summary>
    static bool IsReadable(JsonNode value, ReadOnlySpan<byte> kind)
    {
        if (kind.SequenceEqual("Quantity"u8)) return value.IsObject && Bound.IsKnown(value);
        if (kind.SequenceEqual("CodeableConcept"u8)) return value.IsObject;
        if (kind.SequenceEqual("Range"u8)) return value.IsObject && IsNumber(value["low"u8]) && IsNumber(value["high"u8]);
        if (kind.SequenceEqual("Ratio"u8)) return value.IsObject && IsNumber(value["numerator"u8]) && IsNumber(value["denominator"u8]);
        if (kind.SequenceEqual("Period"u8)) return value.IsObject && IsTime(value["start"u8]) && IsTime(value["end"u8]);
        if (kind.SequenceEqual("DateTime"u8)) return IsTime(value);
        if (kind.SequenceEqual("Boolean"u8)) return value.IsTrue || value.IsFalse || value.Is("true"u8) || value.Is("false"u8);
        if (kind.SequenceEqual("Integer"u8)) return value.TryNumber(out _);
        return !kind.SequenceEqual("String"u8) || !value.IsObject && !value.IsArray;
    }

    static bool IsNumber(JsonNode quantity) => (!quantity["value"u8].Exists || quantity["value"u8].TryNumber(out _)) && Bound.IsKnown(quantity);

    static bool IsTime(JsonNode node) => !node.Exists || FhirTime.TryParse(node.Text, null, out _);

    /// <summary>A range in words: one end alone is no difference.</summary>
    static string? Between(JsonNode low, JsonNode high) => (low["value"u8].Exists, high["value"u8].Exists) switch
    {
        (true, true) => $"{Bound.Printed(low)} - {Bound.Printed(high)}",
        (true, false) => Bound.Is(low) ? Bound.Printed(low) : $">= {low["value"u8]}",
        (false, true) => Bound.Is(high) ? Bound.Printed(high) : $"<= {high["value"u8]}",
        _ => null,
    };

    /// <summary>Whether a quantity says a value that is no number.</summary>
    static bool LacksNumber(in ClinicalEvent e, JsonNode value, ReadOnlySpan<byte> kind) => double.IsNaN(e.Number) && kind.SequenceEqual("Quantity"u8) && value["value"u8].Exists;

    public static void Values(ResourceMapper m, JsonNode of, ref ClinicalEvent e) => Values(m, of, of.Choice("value"u8, out var type), type, ref e);

    static void Values(ResourceMapper m, JsonNode of, JsonNode value, ReadOnlySpan<byte> type, ref ClinicalEvent e)
    {
        if (type.SequenceEqual("Quantity"u8)) Quantity(m, value, ref e);
        else if (type.SequenceEqual("CodeableConcept"u8))
        {
            var coded = m.Code(value);
            // What somebody wrote says more than that no code does.
            if (coded is { Absence: Absence.Unknown } && ResourceMapper.Words(value) is not null) coded = null;
            if (coded is not null) (e.ValueConcept, e.ValueSource) = (Interpretation.Concept(m, coded, e.Start.Day), coded.Code);
            else e.ValueText = ResourceMapper.Words(value) is { } words ? Encoding.UTF8.GetBytes(words) : null;
        }
        else if (type.SequenceEqual("Coding"u8))
        {
            if (m.Coding(value) is { } answer) (e.ValueConcept, e.ValueSource) = (m.Standard(answer, Lake.Cdm.Cdm54.Observation, e.Start.Day), answer.Code);
            else e.ValueText = ResourceMapper.Copy(value["display"u8]);
        }
        else if ((type.SequenceEqual("Integer"u8) || type.SequenceEqual("Decimal"u8)) && value.TryNumber(out var whole)) e.Number = whole;
        else if (type.SequenceEqual("Boolean"u8)) (e.ValueConcept, e.ValueSource) = (ResourceMapper.IsTrue(value) ? 4188539 : 4188540, ResourceMapper.Copy(value)); // Yes, No (LOINC/SNOMED answers)
        else if (type.SequenceEqual("String"u8))
        {
            // 0012 is a code that somebody typed.
            if (value.TryNumber(out var number) && value.Text is not [(byte)'0', >= (byte)'0' and <= (byte)'9', ..]) e.Number = number;
            else if (PrintedNumber.TryRead(value.Text, out var comparator, out number))
            {
                (e.Number, e.Operator, e.ValueSource) = (number, Bound.Operator(comparator), ResourceMapper.Copy(value));
                if (comparator.Length > 0) e.Bound = e.ValueSource;
            }
            else e.ValueText = ResourceMapper.Copy(value);
        }
        else if (type.SequenceEqual("DateTime"u8) || type.SequenceEqual("Date"u8) || type.SequenceEqual("Time"u8)) e.ValueText = ResourceMapper.Copy(value);
        else if (type.SequenceEqual("Period"u8)) e.ValueText = Encoding.UTF8.GetBytes($"{value["start"u8]}/{value["end"u8]}");
        else if (type.SequenceEqual("Range"u8))
        {
            // Not range_low and range_high: these say what is normal, and this what was found.
            (e.Unit, e.UnitSource) = m.Unit(value["low"u8].Exists ? value["low"u8] : value["high"u8], Lake.Cdm.Cdm54.Measurement, e.Start.Day);
            if (Between(value["low"u8], value["high"u8]) is { } range) e.ValueSource = Encoding.UTF8.GetBytes(range);
        }
        else if (type.SequenceEqual("Ratio"u8))
        {
            JsonNode numerator = value["numerator"u8], denominator = value["denominator"u8];
            var (printed, unit) = ($"{Bound.Printed(numerator)}:{Bound.Printed(denominator)}", RatioUnit(numerator, denominator));
            e.ValueSource = Encoding.UTF8.GetBytes(printed);
            if (Bound.Is(numerator) || Bound.Is(denominator)) e.Bound = Bound.Printed(printed, unit);
            // Over less than something is more than something, or less: no number says which.
            if (Bound.Is(denominator)) unit = [];
            else e.Operator = Bound.Operator(numerator["comparator"u8].Text);
            // A titre of 1:128 is no 0.0078.
            if (unit.Length > 0 && numerator["value"u8].TryNumber(out var over) && denominator["value"u8].TryNumber(out var under) && under != 0)
                (e.Number, (e.Unit, e.UnitSource)) = (over / under, m.Unit(unit, Lake.Cdm.Cdm54.Measurement, e.Start.Day));
        }
        else if (m.Coding(of["dataAbsentReason"u8]["coding"u8].First) is { } absent) e.ValueSource = absent.Code;

        if (of["referenceRange"u8].Exists) Normal(m, of["referenceRange"u8], value, ref e);
        if (Interpretation.Of(m, of["interpretation"u8]) is { } interpretation)
        {
            e.Qualifier = interpretation.Code;
            // Where it is all that is said it is the result: of an antibiogram, a serology.
            if (type.IsEmpty) (e.ValueConcept, e.ValueSource) = (Interpretation.Concept(m, interpretation, e.Start.Day), interpretation.Code);
        }
        else if (type.IsEmpty && ResourceMapper.Words(of["interpretation"u8].First) is { } said) e.ValueText = Encoding.UTF8.GetBytes(said);
        e.IsAnswer = IsValue(type) && !(type.SequenceEqual("Boolean"u8) && ResourceMapper.IsTrue(value)) || of["dataAbsentReason"u8].Exists || e.Qualifier is not (null or [(byte)'P', (byte)'O', (byte)'S']);
        // What somebody typed has its place in OBSERVATION, sealed as free text: a measurement in words goes there.
        if (e.ValueText is not null) (e.Default, e.Fixed) = (Domain.Observation, true);
    }

    /// <summary>What is normal, in the value's unit: the one range that is not of a therapy or a stage of illness. Of several, for men and for women say, none.</summary>
    static void Normal(ResourceMapper m, JsonNode ranges, JsonNode value, ref ClinicalEvent e)
    {
        JsonNode normal = default;
        var count = 0;
        foreach (var range in ranges.Items)
        {
            JsonNode from = range["low"u8], to = range["high"u8];
            if (!from.Exists && !to.Exists || !IsNormal(range["type"u8]) || count > 0 && IsSame(normal["low"u8], from) && IsSame(normal["high"u8], to)) continue;
            if (IsOtherUnit(from, value) || IsOtherUnit(to, value)) m.Chunk.Count($"{m.Type}.referenceRange", "unit-differs");
            else (normal, count) = (range, count + 1);
        }
        if (count > 1) m.Chunk.Count($"{m.Type}.referenceRange", "range-unclear");
        if (count != 1) return;
        if (normal["low"u8]["value"u8].TryNumber(out var low)) e.Low = low;
        if (normal["high"u8]["value"u8].TryNumber(out var high)) e.High = high;
    }

    /// <summary>A range of no type is a normal one (FHIR R4, Observation.referenceRange.type).</summary>
    static bool IsNormal(JsonNode type) => !type.Exists || ResourceMapper.Has(type, "normal"u8) || type["text"u8].ToString().StartsWith("normal", StringComparison.OrdinalIgnoreCase);

    static bool IsSame(JsonNode one, JsonNode other) => one["value"u8].Is(other["value"u8].Text);

    static bool IsOtherUnit(JsonNode bound, JsonNode value)
    {
        var inCode = bound["code"u8].Exists && value["code"u8].Exists;
        var (one, other) = inCode ? (bound["code"u8], value["code"u8]) : (Printed(bound), Printed(value));
        return one.Exists && other.Exists && !one.Is(other.Text) && Ucum(one) != Ucum(other);

        static JsonNode Printed(JsonNode quantity) => quantity["unit"u8].Exists ? quantity["unit"u8] : quantity["code"u8];

        static string Ucum(JsonNode unit) => Units.Ucum(unit.ToString()) ?? unit.ToString();
    }

    static void Quantity(ResourceMapper m, JsonNode quantity, ref ClinicalEvent e)
    {
        if (quantity["value"u8].TryNumber(out var number)) e.Number = number;
        e.Operator = Bound.Operator(quantity["comparator"u8].Text);
        (e.Unit, e.UnitSource) = m.Unit(quantity, Lake.Cdm.Cdm54.Measurement, e.Start.Day);
        if (Bound.Is(quantity) && !double.IsNaN(e.Number)) e.Bound = Bound.Printed(Bound.Printed(quantity), e.UnitSource);
    }

    /// <summary>UCUM's code of one unit in another; nothing where neither has one.</summary>
    static byte[] RatioUnit(JsonNode over, JsonNode under)
    {
        var (one, other) = (Of(over), Of(under));
        return other.Length > 0 ? [.. one, (byte)'/', .. other] : one;

        // UCUM's 1 is no unit: a titre is written with it too.
        static byte[] Of(JsonNode quantity) => ResourceMapper.Copy(quantity["code"u8].Exists ? quantity["code"u8] : quantity["unit"u8]) is { } unit and not [(byte)'1'] ? unit : [];
    }

    public static Fate Specimen(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TrySubject(r["subject"u8], "subject") is { } nobody) return nobody;
        if (r["status"u8].Is("entered-in-error"u8) || r["status"u8].Is("unavailable"u8)) return Fate.Aside("status", r["status"u8]);
        if (m.TryTime(out var start, [r["collection"u8]["collectedDateTime"u8], r["collection"u8]["collectedPeriod"u8]["start"u8], r["receivedTime"u8]], "collection") is { } fate) return fate;
        if (m.Code(r["type"u8]) is not { } code) return Fate.Refused("type", "code-missing");
        if (code.Absence == Absence.Unknown) return Fate.Aside("no-information");
        var row = m.Row(Lake.Cdm.Cdm54.Specimen);
        row.Put("person_id", m.Person);
        row.Put("specimen_concept_id", m.Standard(code, Lake.Cdm.Cdm54.Specimen, start.Day));
        row.Put("specimen_source_value", code.Code);
        row.Put("specimen_type_concept_id", TypeConcepts.Ehr);
        row.Put("specimen_date", start.Day);
        row.Put("specimen_datetime", start.Micros);
        if (m.Code(r["collection"u8]["bodySite"u8]) is { } site)
        {
            row.Put("anatomic_site_concept_id", m.Standard(site, Lake.Cdm.Cdm54.Specimen, start.Day));
            row.Put("anatomic_site_source_value", site.Code);
        }
        m.End(row);
        return Fate.Used;
    }
}
