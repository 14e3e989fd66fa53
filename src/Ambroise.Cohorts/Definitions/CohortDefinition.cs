using System.Collections.Immutable;
using Ambroise.Cohorts.Vocabulary;

namespace Ambroise.Cohorts.Definitions;

/// <summary>A question about patients as OHDSI ATLAS exports it: who enters a cohort, when, under which rules, and until when.</summary>
/// <remarks>The fields are those of OHDSI circe-be's cohort expression. Fields left out and fields that are null mean the same.</remarks>
public sealed record CohortDefinition
{
    public string? Title { get; init; }
    public string? CdmVersionRange { get; init; }
    public ImmutableArray<ConceptSet> ConceptSets { get; init; } = [];
    public required PrimaryCriteria Primary { get; init; }

    /// <summary>Null where the definition has none: then <see cref="QualifiedLimit"/> has no effect. An empty group passes everyone but lets the limit act.</summary>
    public CriteriaGroup? Additional { get; init; }

    public Limit QualifiedLimit { get; init; }
    public Limit ExpressionLimit { get; init; }
    public ImmutableArray<InclusionRule> InclusionRules { get; init; } = [];

    /// <summary>Null: the cohort ends with the observation period.</summary>
    public EndStrategy? EndStrategy { get; init; }

    public ImmutableArray<Criterion> CensoringCriteria { get; init; } = [];

    /// <summary>Spans of a patient that are at most this many days apart become one.</summary>
    public int CollapseGapDays { get; init; }

    /// <summary>Spans are cut to these days, both included. Null bounds are open.</summary>
    public Period? CensorWindow { get; init; }

    /// <summary>Reads an ATLAS export.</summary>
    /// <returns>The definition, or <c>cohort.invalid</c> naming the JSON path and the reason.</returns>
    public static Result<CohortDefinition> Parse(ReadOnlyMemory<byte> utf8) => DefinitionReader.Read(utf8);

    /// <returns>The concept set of that number, or null where the definition lacks it: such a set is empty.</returns>
    public ConceptSet? ConceptSet(int id) => ConceptSets.FirstOrDefault(s => s.Id == id);
}

/// <param name="Items">Lines as listed; the vocabulary resolves them.</param>
public sealed record ConceptSet(int Id, string Name, ImmutableArray<ConceptSetItem> Items);

/// <summary>The events that may let a patient in.</summary>
/// <param name="PriorDays">Days of observation required before the event.</param>
/// <param name="PostDays">Days of observation required after the event's start.</param>
public sealed record PrimaryCriteria(ImmutableArray<Criterion> Criteria, int PriorDays, int PostDays, Limit Limit);

/// <summary>Which events of a patient are kept.</summary>
public enum Limit { First, Last, All }

public sealed record InclusionRule(string? Name, string? Description, CriteriaGroup Expression);

/// <summary>Days as written, both included; null is open.</summary>
public sealed record Period(DateOnly? Start, DateOnly? End);

/// <summary>When a patient leaves the cohort.</summary>
public abstract record EndStrategy
{
    private EndStrategy() { }

    /// <summary>A number of days from the event's start or end, not past the observation period's end.</summary>
    public sealed record DateOffset(bool FromEnd, int OffsetDays) : EndStrategy;

    /// <summary>The end of continuous exposure to a drug.</summary>
    /// <param name="GapDays">Exposures at most this many days apart are continuous.</param>
    /// <param name="OffsetDays">Added to the end of each exposure.</param>
    /// <param name="DaysSupplyOverride">Length of every exposure in days, instead of the recorded one.</param>
    public sealed record CustomEra(int DrugConceptSet, int GapDays, int OffsetDays, int? DaysSupplyOverride) : EndStrategy;
}
