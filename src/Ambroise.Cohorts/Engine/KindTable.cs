using System.Collections.Frozen;
using Ambroise.Cohorts.Definitions;
using Ambroise.Lake.Cdm;

namespace Ambroise.Cohorts.Engine;

/// <summary>How a record's end is known.</summary>
enum EndRule
{
    /// <summary>As recorded; absent where it is.</summary>
    Recorded,

    /// <summary>As recorded, else the day after the start.</summary>
    RecordedOrNextDay,

    /// <summary>The day after the start, whatever is recorded.</summary>
    NextDay,

    /// <summary>As recorded, else the start plus the days supplied, else the day after the start.</summary>
    DaysSupply,

    /// <summary>As recorded, else a day far ahead.</summary>
    RecordedOrOpen,
}

/// <summary>Where each kind of criterion finds its records and their attributes.</summary>
sealed class KindTable
{
    static readonly FrozenDictionary<CriterionKind, KindTable> ByKind = Enum.GetValues<CriterionKind>().ToFrozenDictionary(k => k, k => new KindTable(k));

    readonly FrozenDictionary<Subject, CdmColumn> columns;

    KindTable(CriterionKind kind)
    {
        (Table, Concept, SourceConcept, End) = kind switch
        {
            CriterionKind.ConditionEra => (Cdm54.ConditionEra, "condition_concept_id", null, EndRule.Recorded),
            CriterionKind.ConditionOccurrence => (Cdm54.ConditionOccurrence, "condition_concept_id", "condition_source_concept_id", EndRule.RecordedOrNextDay),
            CriterionKind.Death => (Cdm54.Death, "cause_concept_id", "cause_source_concept_id", EndRule.NextDay),
            CriterionKind.DeviceExposure => (Cdm54.DeviceExposure, "device_concept_id", "device_source_concept_id", EndRule.RecordedOrNextDay),
            CriterionKind.DoseEra => (Cdm54.DoseEra, "drug_concept_id", null, EndRule.Recorded),
            CriterionKind.DrugEra => (Cdm54.DrugEra, "drug_concept_id", null, EndRule.Recorded),
            CriterionKind.DrugExposure => (Cdm54.DrugExposure, "drug_concept_id", "drug_source_concept_id", EndRule.DaysSupply),
            CriterionKind.LocationRegion => (Cdm54.LocationHistory, null, null, EndRule.RecordedOrOpen),
            CriterionKind.Measurement => (Cdm54.Measurement, "measurement_concept_id", "measurement_source_concept_id", EndRule.NextDay),
            CriterionKind.Observation => (Cdm54.Observation, "observation_concept_id", "observation_source_concept_id", EndRule.NextDay),
            CriterionKind.ObservationPeriod => (Cdm54.ObservationPeriod, "period_type_concept_id", null, EndRule.Recorded),
            CriterionKind.PayerPlanPeriod => (Cdm54.PayerPlanPeriod, "payer_concept_id", null, EndRule.Recorded),
            CriterionKind.ProcedureOccurrence => (Cdm54.ProcedureOccurrence, "procedure_concept_id", "procedure_source_concept_id", EndRule.NextDay),
            CriterionKind.Specimen => (Cdm54.Specimen, "specimen_concept_id", (string?)null, EndRule.NextDay),
            CriterionKind.VisitDetail => (Cdm54.VisitDetail, "visit_detail_concept_id", "visit_detail_source_concept_id", EndRule.Recorded),
            _ => (Cdm54.VisitOccurrence, "visit_concept_id", "visit_source_concept_id", EndRule.Recorded),
        } is var (table, concept, source, end) ? (table, concept is null ? null : table[concept], source is null ? null : table[source], end) : default;
        HasVisit = kind is CriterionKind.ConditionOccurrence or CriterionKind.DeviceExposure or CriterionKind.DrugExposure or CriterionKind.Measurement or CriterionKind.Observation
            or CriterionKind.ProcedureOccurrence or CriterionKind.VisitDetail or CriterionKind.VisitOccurrence;
        columns = Columns(kind).Select(c => (c.Subject, Column: Table.Find(c.Column))).Where(c => c.Column is not null).ToFrozenDictionary(c => c.Subject, c => c.Column!);
    }

    public CdmTable Table { get; }

    /// <summary>What a distinct count of domain concepts counts; where the table sorts by it, what its runs are found by.</summary>
    public CdmColumn? Concept { get; }

    public CdmColumn? SourceConcept { get; }
    public EndRule End { get; }

    /// <summary>Events know the visit they belong to.</summary>
    public bool HasVisit { get; }

    /// <summary>Lasts a day by convention: so does its duration.</summary>
    public bool IsDay => End == EndRule.NextDay;

    public bool SortsByConcept => Concept is { } concept && Table.Concept == concept.Ordinal;

    public static KindTable Of(CriterionKind kind) => ByKind[kind];

    /// <returns>The column an attribute is read from; null where it is not a column or the CDM has none.</returns>
    public CdmColumn? Column(Subject subject) => columns.GetValueOrDefault(subject);

    static IEnumerable<(Subject Subject, string Column)> Columns(CriterionKind kind)
    {
        var prefix = kind switch
        {
            CriterionKind.ConditionOccurrence => "condition",
            CriterionKind.Death => "death",
            CriterionKind.DeviceExposure => "device",
            CriterionKind.DrugExposure => "drug",
            CriterionKind.Measurement => "measurement",
            CriterionKind.Observation => "observation",
            CriterionKind.ObservationPeriod => "period",
            CriterionKind.ProcedureOccurrence => "procedure",
            CriterionKind.Specimen => "specimen",
            CriterionKind.VisitDetail => "visit_detail",
            CriterionKind.VisitOccurrence => "visit",
            _ => "-",
        };
        return
        [
            (Subject.Type, prefix + "_type_concept_id"), (Subject.Status, "condition_status_concept_id"), (Subject.StopReason, "stop_reason"), (Subject.ProviderSpecialty, "provider_id"),
            (Subject.VisitType, kind == CriterionKind.VisitOccurrence ? "visit_type_concept_id" : "visit_occurrence_id"), (Subject.PlaceOfService, "care_site_id"), (Subject.PlaceOfServiceRegion, "care_site_id"),
            (Subject.OccurrenceCount, kind == CriterionKind.ConditionEra ? "condition_occurrence_count" : "drug_exposure_count"), (Subject.GapDays, "gap_days"), (Subject.Quantity, "quantity"),
            (Subject.DaysSupply, "days_supply"), (Subject.Refills, "refills"), (Subject.Route, "route_concept_id"), (Subject.EffectiveDose, "effective_drug_dose"), (Subject.DoseUnit, "dose_unit_concept_id"),
            (Subject.LotNumber, "lot_number"), (Subject.UniqueDeviceId, "unique_device_id"), (Subject.Operator, "operator_concept_id"), (Subject.ValueAsNumber, "value_as_number"),
            (Subject.ValueAsConcept, "value_as_concept_id"), (Subject.ValueAsString, "value_as_string"), (Subject.Unit, "unit_concept_id"), (Subject.RangeLow, "range_low"), (Subject.RangeHigh, "range_high"),
            (Subject.RangeLowRatio, "range_low"), (Subject.RangeHighRatio, "range_high"), (Subject.Qualifier, "qualifier_concept_id"), (Subject.Modifier, "modifier_concept_id"),
            (Subject.AnatomicSite, "anatomic_site_concept_id"), (Subject.DiseaseStatus, "disease_status_concept_id"), (Subject.SourceId, "specimen_source_id"), (Subject.DoseValue, "dose_value"),
            (Subject.Payer, "payer_concept_id"), (Subject.Plan, "plan_concept_id"), (Subject.Sponsor, "sponsor_concept_id"), (Subject.PeriodStopReason, "stop_reason_concept_id"),
            (Subject.PayerSource, "payer_source_concept_id"), (Subject.PlanSource, "plan_source_concept_id"), (Subject.SponsorSource, "sponsor_source_concept_id"),
            (Subject.PeriodStopReasonSource, "stop_reason_source_concept_id"),
        ];
    }
}
