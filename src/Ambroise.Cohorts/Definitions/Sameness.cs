using System.Collections.Immutable;

namespace Ambroise.Cohorts.Definitions;

/// <summary>Whether two parts of definitions say the same: lists are compared item by item, which a record's own equality does not do.</summary>
static class Sameness
{
    public static bool Same(CriteriaGroup? a, CriteriaGroup? b) => a is null || b is null ? a is null && b is null
        : (a.Rule, a.Count) == (b.Rule, b.Count) && Same(a.Criteria, b.Criteria, Same) && Same(a.Demographics, b.Demographics, (x, y) => Same(x.Filters, y.Filters, Same)) && Same(a.Groups, b.Groups, Same);

    public static bool Same(CorrelatedCriterion a, CorrelatedCriterion b) => a with { Criterion = b.Criterion } == b && Same(a.Criterion, b.Criterion);

    public static bool Same(Criterion a, Criterion b) => a with { Filters = b.Filters, Correlated = b.Correlated } == b && Same(a.Filters, b.Filters, Same) && Same(a.Correlated, b.Correlated);

    static bool Same(Filter a, Filter b) => a is Filter.AnyOf one && b is Filter.AnyOf other ? one with { Concepts = other.Concepts } == other && one.Concepts.SequenceEqual(other.Concepts) : a == b;

    static bool Same<T>(ImmutableArray<T> a, ImmutableArray<T> b, Func<T, T, bool> same) => a.Length == b.Length && a.Zip(b).All(p => same(p.First, p.Second));
}
