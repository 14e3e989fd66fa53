using System.Text;
using System.Text.Json.Nodes;
using Ambroise.Cli.Disclosure;
using Ambroise.Cohorts.Definitions;

namespace Ambroise.Tests.Cli;

/// <summary>Without a permit a definition has no date finer than the month and no identifier, wherever it stands.</summary>
public sealed class OpenCriteriaSpecs
{
    const string Asked = """{ "PrimaryCriteria": { "CriteriaList": [{ "ConditionOccurrence": {} }] } }""";

    [Theory]
    [InlineData("2020-03-01", null)]
    [InlineData("2020-03-31", null)]
    [InlineData("2020-02-29", null)]
    [InlineData("2020-03-14", "disclosure.day-grain")]
    [InlineData("2020-3-14", "disclosure.day-grain")]
    [InlineData("2020-03-30", "disclosure.day-grain")]
    public void A_date_is_the_first_or_last_day_of_a_month(string day, string? refused)
    {
        foreach (var (kind, attribute) in new[] { ("ConditionOccurrence", $$"""{ "OccurrenceStartDate": { "Value": "{{day}}", "Op": "gte" } }"""), ("ConditionOccurrence", $$"""{ "OccurrenceEndDate": { "Value": "2020-01-01", "Extent": "{{day}}", "Op": "bt" } }"""),
            ("ObservationPeriod", $$"""{ "UserDefinedPeriod": { "StartDate": "2019-01-01", "EndDate": "{{day}}" } }""") })
            foreach (var definition in Everywhere(kind, attribute))
                Assert.Equal(refused, OpenCriteria.Check(definition)?.Code);
        Assert.Equal(refused, OpenCriteria.Check(Read(Asked[..^1] + $$""", "CensorWindow": { "EndDate": "{{day}}" } }"""))?.Code);
        Assert.Equal(refused, OpenCriteria.Check(Read(Asked[..^1] + $$""", "AdditionalCriteria": { "Type": "ALL", "DemographicCriteriaList": [{ "OccurrenceStartDate": { "Value": "{{day}}", "Op": "lt" } }] } }"""))?.Code);
    }

    [Theory]
    [InlineData("DeviceExposure", "UniqueDeviceId")]
    [InlineData("Specimen", "SourceId")]
    [InlineData("DrugExposure", "LotNumber")]
    public void No_number_that_one_patient_bears_is_asked(string kind, string attribute)
    {
        foreach (var definition in Everywhere(kind, $$"""{ "{{attribute}}": { "Text": "1", "Op": "contains" } }"""))
        {
            var refused = OpenCriteria.Check(definition);
            Assert.Equal("disclosure.identifier", refused?.Code);
            Assert.Contains($".{kind}.{attribute}:", refused!.Detail);
        }
    }

    /// <summary>The criterion as entry, as censoring, in a restriction, in a rule's nested group, and nested in a criterion.</summary>
    static IEnumerable<CohortDefinition> Everywhere(string kind, string attributes)
    {
        var criterion = $$"""{ "{{kind}}": {{attributes}} }""";
        var correlated = $$"""{ "Criteria": {{criterion}}, "Occurrence": { "Type": 2, "Count": 1 } }""";
        var group = $$"""{ "Type": "ALL", "CriteriaList": [{{correlated}}] }""";
        yield return Read($$"""{ "PrimaryCriteria": { "CriteriaList": [{{criterion}}] } }""");
        yield return Read(Asked[..^1] + $$""", "CensoringCriteria": [{{criterion}}] }""");
        yield return Read(Asked[..^1] + $$""", "AdditionalCriteria": {{group}} }""");
        yield return Read(Asked[..^1] + $$""", "InclusionRules": [{ "name": "r", "expression": { "Type": "ANY", "Groups": [{{group}}] } }] }""");
        yield return Read($$"""{ "PrimaryCriteria": { "CriteriaList": [{ "Measurement": { "CorrelatedCriteria": {{group}} } }] } }""");
    }

    static CohortDefinition Read(string json) => CohortDefinition.Parse(Encoding.UTF8.GetBytes(JsonNode.Parse(json)!.ToJsonString())).OrThrow();
}
