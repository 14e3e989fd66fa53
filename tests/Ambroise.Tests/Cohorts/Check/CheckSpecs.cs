using System.Text;
using System.Text.Json.Nodes;
using Ambroise.Cohorts.Check;
using Ambroise.Cohorts.Definitions;
using Ambroise.Cohorts.Explain;

namespace Ambroise.Tests.Cohorts.Check;

/// <summary>Each slip is found at its place, and a sound definition has none.</summary>
public sealed class CheckSpecs
{
    const string Sound = """
        {
          "ConceptSets": [{ "id": 1, "name": "A", "expression": { "items": [{ "concept": { "CONCEPT_ID": 10 } }] } }],
          "PrimaryCriteria": { "CriteriaList": [{ "ConditionOccurrence": { "CodesetId": 1, "Age": { "Value": 18, "Op": "gte" } } }], "ObservationWindow": { "PriorDays": 0, "PostDays": 0 }, "PrimaryCriteriaLimit": { "Type": "All" } },
          "InclusionRules": [
            { "name": "one", "expression": { "Type": "ALL", "CriteriaList": [{ "Criteria": { "ConditionOccurrence": { "CodesetId": 1 } },
              "StartWindow": { "Start": { "Days": 30, "Coeff": -1 }, "End": { "Days": 1, "Coeff": -1 } }, "Occurrence": { "Type": 2, "Count": 1, "IsDistinct": false } }], "DemographicCriteriaList": [], "Groups": [] } }
          ],
          "EndStrategy": { "DateOffset": { "DateField": "StartDate", "Offset": 30 } },
          "CollapseSettings": { "CollapseType": "ERA", "EraPad": 0 }
        }
        """;

    [Fact]
    public void A_sound_definition_has_no_finding() => Assert.Empty(Found(JsonNode.Parse(Sound)!));

    [Theory]
    [InlineData("concept-set-empty", "ConceptSets.0.expression.items", "[]")]
    [InlineData("concept-set-all-excluded", "ConceptSets.0.expression.items.0.isExcluded", "true")]
    [InlineData("concept-set-unused", "ConceptSets.0.id", "7")]
    [InlineData("concept-set-undefined", "PrimaryCriteria.CriteriaList.0.ConditionOccurrence.CodesetId", "7")]
    [InlineData("observation-negative", "PrimaryCriteria.ObservationWindow.PriorDays", "-1")]
    [InlineData("age-impossible", "PrimaryCriteria.CriteriaList.0.ConditionOccurrence.Age.Value", "400")]
    [InlineData("age-doubtful", "PrimaryCriteria.CriteriaList.0.ConditionOccurrence.Age.Value", "-1")]
    [InlineData("range-contradictory", "PrimaryCriteria.CriteriaList.0.ConditionOccurrence.Age", """{ "Value": 60, "Op": "bt", "Extent": 18 }""")]
    [InlineData("range-contradictory", "PrimaryCriteria.CriteriaList.0.ConditionOccurrence.OccurrenceStartDate", """{ "Value": "2020-01-01", "Op": "bt", "Extent": "2019-01-01" }""")]
    [InlineData("window-impossible", "InclusionRules.0.expression.CriteriaList.0.StartWindow.Start", """{ "Days": 1, "Coeff": 1 }""")]
    [InlineData("window-open-side", "InclusionRules.0.expression.CriteriaList.0.StartWindow.Start", """{ "Coeff": 1 }""")]
    [InlineData("occurrence-always-true", "InclusionRules.0.expression.CriteriaList.0.Occurrence.Count", "0")]
    [InlineData("occurrence-zero-distinct", "InclusionRules.0.expression.CriteriaList.0.Occurrence", """{ "Type": 0, "Count": 0, "IsDistinct": true }""")]
    [InlineData("after-death", "InclusionRules.0.expression.CriteriaList.0.Criteria", """{ "Death": {} }""")]
    [InlineData("criterion-any-concept", "InclusionRules.0.expression.CriteriaList.0.Criteria", """{ "Measurement": {} }""")]
    [InlineData("group-empty", "InclusionRules.0.expression.CriteriaList", "[]")]
    [InlineData("group-count-too-high", "InclusionRules.0.expression", """{ "Type": "AT_LEAST", "Count": 3, "DemographicCriteriaList": [{}] }""")]
    [InlineData("group-always-true", "InclusionRules.0.expression", """{ "Type": "AT_MOST", "Count": 1, "DemographicCriteriaList": [{}] }""")]
    [InlineData("exit-at-end-of-observation", "EndStrategy", "null")]
    [InlineData("exit-before-entry", "EndStrategy.DateOffset.Offset", "-1")]
    [InlineData("exit-gap-negative", "EndStrategy", """{ "CustomEra": { "DrugCodesetId": 1, "GapDays": -1 } }""")]
    [InlineData("collapse-negative", "CollapseSettings.EraPad", "-1")]
    [InlineData("censor-window-impossible", "CensorWindow", """{ "StartDate": "2020-01-02", "EndDate": "2020-01-01" }""")]
    public void A_slip_is_found(string code, string place, string value) => Assert.Contains(code, Found(Changed(place, value)));

    [Fact]
    public void Repeated_rules_and_criteria_are_found()
    {
        var definition = JsonNode.Parse(Sound)!;
        foreach (var list in new[] { definition["InclusionRules"]!, definition["PrimaryCriteria"]!["CriteriaList"]! }) list.AsArray().Add(list[0]!.DeepClone());
        Assert.Equal(["criterion-repeated", "rule-repeated", "rule-name-repeated"], Found(definition));
    }

    [Theory]
    [InlineData("PrimaryCriteria.CriteriaList", "[]", "$.PrimaryCriteria.CriteriaList")]
    [InlineData("EndStrategy", """{ "CustomEra": {} }""", "$.EndStrategy.CustomEra.DrugCodesetId")]
    [InlineData("PrimaryCriteria.CriteriaList.0.ConditionOccurrence.Agee", "1", "$.PrimaryCriteria.CriteriaList[0].ConditionOccurrence.Agee")]
    public void What_the_engine_refuses_is_found_at_its_place(string place, string value, string path)
    {
        Assert.True(CohortDefinition.Parse(Encoding.UTF8.GetBytes(Changed(place, value).ToJsonString())).Failed(out var because, out _));
        var finding = CheckCohort.Refused(because, Wording.English);
        Assert.Equal((Gravity.Error, path, "definition-invalid"), (finding.Gravity, finding.Path, finding.Code));
    }

    /// <summary>Every place that a finding names can be followed in the document.</summary>
    [Fact]
    public void Every_place_found_is_in_the_document()
    {
        foreach (var file in Directory.EnumerateFiles(Conformance.Path("cohorts/definitions"), "*.json").Concat(Directory.EnumerateFiles(Conformance.Path("cohorts/matrix"), "*.json")))
        {
            var document = JsonNode.Parse(File.ReadAllBytes(file))!;
            foreach (var finding in CheckCohort.Findings(CohortDefinition.Parse(File.ReadAllBytes(file)).OrThrow(), Wording.English))
            {
                var steps = finding.Path.Replace("[", ".", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Split('.')[1..];
                var at = document;
                foreach (var step in finding.Code == "exit-at-end-of-observation" ? [] : steps) // this one names what is absent
                {
                    at = int.TryParse(step, out var i) ? at!.AsArray()[i] : at!.AsObject().TryGetPropertyValue(step, out var next) ? next : throw new InvalidDataException($"{Path.GetFileName(file)}: {finding.Path} stops at {step}");
                }
            }
        }
    }

    static JsonNode Changed(string place, string value)
    {
        var definition = JsonNode.Parse(Sound)!;
        var steps = place.Split('.');
        var at = definition;
        foreach (var step in steps[..^1]) at = int.TryParse(step, out var i) ? at![i] : at![step];
        at![steps[^1]] = JsonNode.Parse(value);
        return definition;
    }

    static IEnumerable<string> Found(JsonNode definition) => CheckCohort.Findings(CohortDefinition.Parse(Encoding.UTF8.GetBytes(definition.ToJsonString())).OrThrow(), Wording.French).Select(f => f.Code);
}
