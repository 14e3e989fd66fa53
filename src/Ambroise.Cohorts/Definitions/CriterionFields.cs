using System.Collections.Frozen;

namespace Ambroise.Cohorts.Definitions;

/// <summary>How an attribute is written.</summary>
enum FieldShape { Date, Whole, Decimal, Concepts, Selection, Text, Flag, ConceptSetOnly }

readonly record struct CriterionField(Subject Subject, FieldShape Shape, string? ExcludeFlag = null);

/// <summary>Which attributes each kind of criterion may carry: the language's vocabulary, as OHDSI circe-be's classes list it.</summary>
static class CriterionFields
{
    static readonly (string Name, CriterionField Field)[] PersonAges = [("AgeAtStart", new(Subject.AgeAtStart, FieldShape.Whole)), ("AgeAtEnd", new(Subject.AgeAtEnd, FieldShape.Whole))];
    static readonly (string Name, CriterionField Field)[] Age = [("Age", new(Subject.AgeAtStart, FieldShape.Whole))];
    static readonly (string Name, CriterionField Field)[] Start = [("OccurrenceStartDate", new(Subject.Start, FieldShape.Date))];
    static readonly (string Name, CriterionField Field)[] StartEnd = [.. Start, ("OccurrenceEndDate", new(Subject.End, FieldShape.Date))];
    static readonly (string Name, CriterionField Field)[] Era = [("EraStartDate", new(Subject.Start, FieldShape.Date)), ("EraEndDate", new(Subject.End, FieldShape.Date)), ("EraLength", new(Subject.Length, FieldShape.Whole)), .. PersonAges, .. Pair("Gender", Subject.Gender)];
    static readonly (string Name, CriterionField Field)[] PersonVisit = [.. Age, .. Pair("Gender", Subject.Gender), .. Pair("ProviderSpecialty", Subject.ProviderSpecialty), .. Pair("VisitType", Subject.VisitType)];
    static readonly (string Name, CriterionField Field)[] Period = [("PeriodStartDate", new(Subject.Start, FieldShape.Date)), ("PeriodEndDate", new(Subject.End, FieldShape.Date)), ("PeriodLength", new(Subject.Length, FieldShape.Whole)), .. PersonAges];

    public static readonly FrozenDictionary<string, CriterionField> Demographic = Of(Age, Pair("Gender", Subject.Gender), Pair("Race", Subject.Race), Pair("Ethnicity", Subject.Ethnicity), StartEnd);

    static readonly FrozenDictionary<CriterionKind, FrozenDictionary<string, CriterionField>> ByKind = new Dictionary<CriterionKind, FrozenDictionary<string, CriterionField>>
    {
        [CriterionKind.ConditionEra] = Of(Era, [("OccurrenceCount", new(Subject.OccurrenceCount, FieldShape.Whole))]),
        [CriterionKind.DrugEra] = Of(Era, [("OccurrenceCount", new(Subject.OccurrenceCount, FieldShape.Whole)), ("GapDays", new(Subject.GapDays, FieldShape.Whole))]),
        [CriterionKind.DoseEra] = Of(Era, Pair("Unit", Subject.Unit), [("DoseValue", new(Subject.DoseValue, FieldShape.Decimal))]),
        [CriterionKind.ConditionOccurrence] = Of(StartEnd, Typed("ConditionType"), [("StopReason", new(Subject.StopReason, FieldShape.Text))], Pair("ConditionStatus", Subject.Status), PersonVisit),
        [CriterionKind.Death] = Of(Start, Typed("DeathType"), Age, Pair("Gender", Subject.Gender)),
        [CriterionKind.DeviceExposure] = Of(StartEnd, Typed("DeviceType"), [("UniqueDeviceId", new(Subject.UniqueDeviceId, FieldShape.Text)), ("Quantity", new(Subject.Quantity, FieldShape.Whole))], PersonVisit),
        [CriterionKind.DrugExposure] = Of(StartEnd, Typed("DrugType"), [("StopReason", new(Subject.StopReason, FieldShape.Text)), ("Refills", new(Subject.Refills, FieldShape.Whole)),
            ("Quantity", new(Subject.Quantity, FieldShape.Decimal)), ("DaysSupply", new(Subject.DaysSupply, FieldShape.Whole)), ("EffectiveDrugDose", new(Subject.EffectiveDose, FieldShape.Decimal)),
            ("LotNumber", new(Subject.LotNumber, FieldShape.Text))], Pair("RouteConcept", Subject.Route), Pair("DoseUnit", Subject.DoseUnit), PersonVisit),
        [CriterionKind.LocationRegion] = Of([("StartDate", new(Subject.RegionStart, FieldShape.Date)), ("EndDate", new(Subject.RegionEnd, FieldShape.Date))]),
        [CriterionKind.Measurement] = Of(Start, Typed("MeasurementType"), Pair("Operator", Subject.Operator), Pair("ValueAsConcept", Subject.ValueAsConcept), Pair("Unit", Subject.Unit),
            [("ValueAsNumber", new(Subject.ValueAsNumber, FieldShape.Decimal)), ("RangeLow", new(Subject.RangeLow, FieldShape.Decimal)), ("RangeHigh", new(Subject.RangeHigh, FieldShape.Decimal)),
            ("RangeLowRatio", new(Subject.RangeLowRatio, FieldShape.Decimal)), ("RangeHighRatio", new(Subject.RangeHighRatio, FieldShape.Decimal)), ("Abnormal", new(Subject.Abnormal, FieldShape.Flag))], PersonVisit),
        [CriterionKind.Observation] = Of(Start, Typed("ObservationType"), Pair("ValueAsConcept", Subject.ValueAsConcept), Pair("Qualifier", Subject.Qualifier), Pair("Unit", Subject.Unit),
            [("ValueAsNumber", new(Subject.ValueAsNumber, FieldShape.Decimal)), ("ValueAsString", new(Subject.ValueAsString, FieldShape.Text))], PersonVisit),
        [CriterionKind.ObservationPeriod] = Of(Period, Pair("PeriodType", Subject.Type)),
        [CriterionKind.PayerPlanPeriod] = Of(Period, Pair("Gender", Subject.Gender), [Set("PayerConcept", Subject.Payer), Set("PlanConcept", Subject.Plan), Set("SponsorConcept", Subject.Sponsor),
            Set("StopReasonConcept", Subject.PeriodStopReason), Set("PayerSourceConcept", Subject.PayerSource), Set("PlanSourceConcept", Subject.PlanSource), Set("SponsorSourceConcept", Subject.SponsorSource),
            Set("StopReasonSourceConcept", Subject.PeriodStopReasonSource)]),
        [CriterionKind.ProcedureOccurrence] = Of(Start, Typed("ProcedureType"), Pair("Modifier", Subject.Modifier), [("Quantity", new(Subject.Quantity, FieldShape.Whole))], PersonVisit),
        [CriterionKind.Specimen] = Of(Start, Typed("SpecimenType"), [("Quantity", new(Subject.Quantity, FieldShape.Decimal)), ("SourceId", new(Subject.SourceId, FieldShape.Text)),
            Set("SpecimenSourceConcept", Subject.SpecimenSource)], Pair("Unit", Subject.Unit), Pair("AnatomicSite", Subject.AnatomicSite), Pair("DiseaseStatus", Subject.DiseaseStatus), Age, Pair("Gender", Subject.Gender)),
        // Visit details take concept sets alone; the age is that at the end of the stay.
        [CriterionKind.VisitDetail] = Of([("VisitDetailStartDate", new(Subject.Start, FieldShape.Date)), ("VisitDetailEndDate", new(Subject.End, FieldShape.Date)), ("VisitDetailLength", new(Subject.Length, FieldShape.Whole)),
            ("Age", new(Subject.AgeAtEnd, FieldShape.Whole)), ("VisitDetailTypeCS", new(Subject.Type, FieldShape.Selection)), ("GenderCS", new(Subject.Gender, FieldShape.Selection)),
            ("ProviderSpecialtyCS", new(Subject.ProviderSpecialty, FieldShape.Selection)), ("PlaceOfServiceCS", new(Subject.PlaceOfService, FieldShape.Selection)), Set("PlaceOfServiceLocation", Subject.PlaceOfServiceRegion)]),
        [CriterionKind.VisitOccurrence] = Of(StartEnd, Typed("VisitType"), [("VisitLength", new(Subject.Length, FieldShape.Whole)), Set("PlaceOfServiceLocation", Subject.PlaceOfServiceRegion)], Age,
            Pair("Gender", Subject.Gender), Pair("ProviderSpecialty", Subject.ProviderSpecialty), Pair("PlaceOfService", Subject.PlaceOfService)),
    }.ToFrozenDictionary();

    public static FrozenDictionary<string, CriterionField> For(CriterionKind kind) => ByKind[kind];

    /// <returns>The field that names the source concept set, or null where the kind has none.</returns>
    public static string? SourceConcept(CriterionKind kind) => kind switch
    {
        CriterionKind.ConditionOccurrence => "ConditionSourceConcept",
        CriterionKind.Death => "DeathSourceConcept",
        CriterionKind.DeviceExposure => "DeviceSourceConcept",
        CriterionKind.DrugExposure => "DrugSourceConcept",
        CriterionKind.Measurement => "MeasurementSourceConcept",
        CriterionKind.Observation => "ObservationSourceConcept",
        CriterionKind.ProcedureOccurrence => "ProcedureSourceConcept",
        CriterionKind.VisitDetail => "VisitDetailSourceConcept",
        CriterionKind.VisitOccurrence => "VisitSourceConcept",
        _ => null,
    };

    public static bool HasFirst(CriterionKind kind) => kind is not (CriterionKind.Death or CriterionKind.LocationRegion);

    public static bool HasConceptSet(CriterionKind kind) => kind is not (CriterionKind.ObservationPeriod or CriterionKind.PayerPlanPeriod);

    public static bool HasUserDefinedPeriod(CriterionKind kind) => !HasConceptSet(kind);

    static (string, CriterionField) Set(string name, Subject subject) => (name, new(subject, FieldShape.ConceptSetOnly));

    static (string, CriterionField)[] Pair(string name, Subject subject) => [(name, new(subject, FieldShape.Concepts)), (name + "CS", new(subject, FieldShape.Selection))];

    static (string, CriterionField)[] Typed(string name) => [(name, new(Subject.Type, FieldShape.Concepts, name + "Exclude")), (name + "CS", new(Subject.Type, FieldShape.Selection))];

    static FrozenDictionary<string, CriterionField> Of(params (string Name, CriterionField Field)[][] parts) => parts.SelectMany(p => p).ToFrozenDictionary(p => p.Name, p => p.Field, StringComparer.Ordinal);
}
