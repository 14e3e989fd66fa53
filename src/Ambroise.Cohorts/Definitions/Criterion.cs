using System.Collections.Immutable;

namespace Ambroise.Cohorts.Definitions;

/// <summary>What sort of record a criterion is about.</summary>
public enum CriterionKind
{
    ConditionEra, ConditionOccurrence, Death, DeviceExposure, DoseEra, DrugEra, DrugExposure, LocationRegion, Measurement, Observation, ObservationPeriod, PayerPlanPeriod,
    ProcedureOccurrence, Specimen, VisitDetail, VisitOccurrence,
}

/// <summary>Records of one kind that share concepts and attributes.</summary>
/// <param name="ConceptSet">Number of the concept set; null for any concept.</param>
/// <param name="SourceConceptSet">The same for the concept as the source coded it.</param>
/// <param name="First">Only the patient's first record with these concepts, taken before the filters apply.</param>
/// <param name="UserDefined">For periods alone: must lie inside the period and replaces its dates.</param>
/// <param name="Filters">All must hold.</param>
/// <param name="Correlated">Conditions relative to each of these records; never empty.</param>
public sealed record Criterion(CriterionKind Kind, int? ConceptSet, int? SourceConceptSet, bool First, DateAdjustment? Adjustment, Period? UserDefined, ImmutableArray<Filter> Filters, CriteriaGroup? Correlated);

/// <summary>Other dates for an event: a recorded date plus days.</summary>
/// <param name="StartFromEnd">The new start counts from the recorded end.</param>
/// <param name="EndFromStart">The new end counts from the recorded start.</param>
public sealed record DateAdjustment(bool StartFromEnd, int StartOffsetDays, bool EndFromStart, int EndOffsetDays);

/// <summary>What a filter looks at.</summary>
public enum Subject
{
    Start, End, Length, AgeAtStart, AgeAtEnd, Gender, Race, Ethnicity, Type, Status, StopReason, ProviderSpecialty, VisitType, PlaceOfService, PlaceOfServiceRegion, OccurrenceCount, GapDays,
    Quantity, DaysSupply, Refills, Route, EffectiveDose, DoseUnit, LotNumber, UniqueDeviceId, Operator, ValueAsNumber, ValueAsConcept, ValueAsString, Unit, RangeLow, RangeHigh, RangeLowRatio,
    RangeHighRatio, Abnormal, Qualifier, Modifier, AnatomicSite, DiseaseStatus, SourceId, SpecimenSource, DoseValue, Payer, Plan, Sponsor, PeriodStopReason, PayerSource, PlanSource, SponsorSource,
    PeriodStopReasonSource, RegionStart, RegionEnd,
}

public enum Comparison { Less, LessOrEqual, Equal, NotEqual, Greater, GreaterOrEqual, Between, NotBetween }

public enum TextMatch { Equal, StartsWith, EndsWith, Contains }

/// <summary>A concept named by a definition.</summary>
/// <param name="Name">As the definition spells it; null where it does not.</param>
public readonly record struct ConceptReference(int Id, string? Name);

/// <summary>One attribute of a criterion. A comparison with an absent value never holds, negated or not.</summary>
/// <param name="Field">The attribute's JSON name, e.g. <c>OccurrenceStartDate</c>.</param>
public abstract record Filter(Subject Subject, string Field)
{
    /// <param name="Extent">The upper bound of <see cref="Comparison.Between"/> and <see cref="Comparison.NotBetween"/>.</param>
    public sealed record Date(Subject Subject, string Field, Comparison Comparison, DateOnly Value, DateOnly Extent) : Filter(Subject, Field);

    /// <summary>Whole-number attributes are compared with <see cref="Value"/> cut to a whole number, others with it rounded to 4 decimals.</summary>
    public sealed record Number(Subject Subject, string Field, Comparison Comparison, decimal Value, decimal Extent) : Filter(Subject, Field);

    /// <param name="Concepts">At least one.</param>
    public sealed record AnyOf(Subject Subject, string Field, ImmutableArray<ConceptReference> Concepts, bool Excluded) : Filter(Subject, Field);

    /// <param name="ConceptSet">Null asks whether a value is there at all (<paramref name="Excluded"/>: is absent).</param>
    public sealed record InSet(Subject Subject, string Field, int? ConceptSet, bool Excluded) : Filter(Subject, Field);

    /// <param name="Pattern">With SQL's wildcards % and _; letter case counts.</param>
    public sealed record Text(Subject Subject, string Field, TextMatch Match, bool Negated, string Pattern) : Filter(Subject, Field);

    /// <summary>The value lies outside its reference range, or the record says so.</summary>
    public sealed record IsAbnormal() : Filter(Subject.Abnormal, "Abnormal");
}
