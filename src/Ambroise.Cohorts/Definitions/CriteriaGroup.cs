using System.Collections.Immutable;

namespace Ambroise.Cohorts.Definitions;

/// <summary>How many members of a group must hold.</summary>
public enum GroupRule { All, Any, AtLeast, AtMost }

/// <summary>Conditions on an event of a patient.</summary>
/// <param name="Count">For <see cref="GroupRule.AtLeast"/> and <see cref="GroupRule.AtMost"/>; 0 otherwise.</param>
public sealed record CriteriaGroup(GroupRule Rule, int Count, ImmutableArray<CorrelatedCriterion> Criteria, ImmutableArray<DemographicCriterion> Demographics, ImmutableArray<CriteriaGroup> Groups)
{
    public int Parts => Criteria.Length + Demographics.Length + Groups.Length;

    public bool IsEmpty => Parts == 0;
}

/// <summary>A number of events of a kind, placed in time relative to the index event.</summary>
/// <param name="RestrictVisit">In the index event's own visit.</param>
/// <param name="IgnoreObservationPeriod">May lie outside the index event's observation period.</param>
public sealed record CorrelatedCriterion(Criterion Criterion, Window StartWindow, Window? EndWindow, Occurrence Occurrence, bool RestrictVisit, bool IgnoreObservationPeriod);

/// <param name="UseIndexEnd">Days count from the index event's end instead of its start. Unset: from its start.</param>
/// <param name="UseEventEnd">The event's end must lie in the window instead of its start. Unset: its start for a start window, its end for an end window.</param>
public sealed record Window(WindowBound Start, WindowBound End, bool? UseIndexEnd, bool? UseEventEnd);

/// <param name="Days">Null: the observation period's bound, or no bound where observation periods are ignored.</param>
/// <param name="Coefficient">-1 before, 1 after.</param>
public sealed record WindowBound(int? Days, int Coefficient)
{
    /// <summary>Days after the anchor, negative before it; null is without bound.</summary>
    public long? SignedDays => (long?)Days * Coefficient;
}

public enum OccurrenceRule { Exactly, AtMost, AtLeast }

/// <param name="DistinctBy">Null: events are counted; otherwise the distinct values of a column are.</param>
public sealed record Occurrence(OccurrenceRule Rule, int Count, CountColumn? DistinctBy);

/// <summary>What a distinct count counts.</summary>
public enum CountColumn
{
    DaysSupply, DomainConcept, DomainSourceConcept, Duration, EndDate, EraOccurrences, GapDays, Quantity, RangeHigh, RangeLow, Refills, StartDate, Unit, ValueAsNumber, VisitId, VisitDetailId,
}

/// <summary>Conditions on the patient, all of which must hold.</summary>
public sealed record DemographicCriterion(ImmutableArray<Filter> Filters);
