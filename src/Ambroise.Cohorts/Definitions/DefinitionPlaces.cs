namespace Ambroise.Cohorts.Definitions;

/// <summary>What a definition is made of, nested parts too, each with its place in the JSON it was read from. In no particular order.</summary>
public static class DefinitionPlaces
{
    /// <summary>Where a criterion's own members stand: under its kind.</summary>
    public static string Place(this Criterion criterion, string wrapper) => $"{wrapper}.{criterion.Kind}";

    public static IEnumerable<(string Path, Criterion Criterion)> Criteria(this CohortDefinition definition) =>
        definition.Outermost().Concat(definition.Groups().SelectMany(g => g.Group.Criteria.Select((c, i) => (c.Criterion.Place($"{g.Path}.CriteriaList[{i}].Criteria"), c.Criterion))));

    /// <returns>Every attribute that a criterion or a condition on the patient has.</returns>
    public static IEnumerable<(string Path, Filter Filter)> Filters(this CohortDefinition definition) =>
        definition.Criteria().SelectMany(c => c.Criterion.Filters.Select(f => ($"{c.Path}.{f.Field}", f)))
            .Concat(definition.Groups().SelectMany(g => g.Group.Demographics.SelectMany((d, i) => d.Filters.Select(f => ($"{g.Path}.DemographicCriteriaList[{i}].{f.Field}", f)))));

    static IEnumerable<(string Path, Criterion Criterion)> Outermost(this CohortDefinition definition) =>
        definition.Primary.Criteria.Select((c, i) => (c.Place($"$.PrimaryCriteria.CriteriaList[{i}]"), c)).Concat(definition.CensoringCriteria.Select((c, i) => (c.Place($"$.CensoringCriteria[{i}]"), c)));

    static IEnumerable<(string Path, CriteriaGroup Group)> Groups(this CohortDefinition definition)
    {
        var outermost = definition.Outermost().Select(c => ($"{c.Path}.CorrelatedCriteria", c.Criterion.Correlated)).Append(("$.AdditionalCriteria", definition.Additional))
            .Concat(definition.InclusionRules.Select((r, i) => ($"$.InclusionRules[{i}].expression", (CriteriaGroup?)r.Expression)));
        return outermost.SelectMany(o => Within(o.Item2, o.Item1));
    }

    static IEnumerable<(string Path, CriteriaGroup Group)> Within(CriteriaGroup? group, string path)
    {
        if (group is null) yield break;
        yield return (path, group);
        for (var i = 0; i < group.Criteria.Length; i++)
            foreach (var inner in Within(group.Criteria[i].Criterion.Correlated, $"{group.Criteria[i].Criterion.Place($"{path}.CriteriaList[{i}].Criteria")}.CorrelatedCriteria")) yield return inner;
        for (var i = 0; i < group.Groups.Length; i++)
            foreach (var inner in Within(group.Groups[i], $"{path}.Groups[{i}]")) yield return inner;
    }
}
