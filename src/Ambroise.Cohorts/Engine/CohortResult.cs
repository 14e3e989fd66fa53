using System.Collections.Immutable;

namespace Ambroise.Cohorts.Engine;

/// <summary>A span of a patient in a cohort, both days included, as days since 1970-01-01.</summary>
public readonly record struct CohortRow(long Subject, int Start, int End);

/// <summary>How one inclusion rule acts.</summary>
/// <param name="Satisfied">Patients whose best event passes this rule.</param>
/// <param name="Gained">Patients who would enter were this rule dropped.</param>
/// <param name="Remaining">Patients with an event that passes this rule and every one before it.</param>
public sealed record RuleCount(string Name, long Satisfied, long Gained, long Remaining);

/// <summary>Patients with at least one event of a criterion, on its own.</summary>
/// <param name="Path">Where the criterion is in the definition.</param>
public sealed record CriterionCount(string Path, long Patients);

/// <param name="Mask">Which rules hold, bit r for rule r.</param>
public readonly record struct MaskCount(ulong Mask, long Count);

/// <summary>The answer to a definition.</summary>
/// <param name="Patients">Distinct patients in the cohort.</param>
/// <param name="Records">Spans in the cohort; a patient may have several.</param>
/// <param name="Entered">Patients with a qualified event, before the inclusion rules.</param>
/// <param name="EventMasks">Qualified events by the rules they pass, ascending.</param>
/// <param name="BestMasks">Patients by the rules their best event passes, ascending.</param>
/// <param name="Rows">Ascending; empty after a count.</param>
public sealed record CohortResult(long Patients, long Records, long Entered, ImmutableArray<RuleCount> Rules, ImmutableArray<CriterionCount> Criteria, ImmutableArray<MaskCount> EventMasks,
    ImmutableArray<MaskCount> BestMasks, IReadOnlyList<CohortRow> Rows, TimeSpan Elapsed);
