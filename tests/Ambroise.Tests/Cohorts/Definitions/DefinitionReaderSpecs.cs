using System.Text;
using Ambroise.Cohorts.Definitions;

namespace Ambroise.Tests.Cohorts.Definitions;

public sealed class DefinitionReaderSpecs
{
    [Theory, InlineData("definitions"), InlineData("matrix")]
    public void Every_conformance_definition_is_understood(string folder)
    {
        var refused = Directory.EnumerateFiles(Conformance.Path($"cohorts/{folder}"), "*.json")
            .Select(f => (File: Path.GetFileName(f), Because: CohortDefinition.Parse(File.ReadAllBytes(f)).Failed(out var because, out _) ? because.Detail : null))
            .Where(r => r.Because is not null).Select(r => $"{r.File}: {r.Because}").ToList();
        Assert.True(refused.Count == 0, string.Join('\n', refused.Take(40)));
    }

    [Theory]
    [InlineData("""{"PrimaryCriteria":{"CriteriaList":[{"Death":{"First":true}}]}}""", "$.PrimaryCriteria.CriteriaList[0].Death.First: is not a field of the language here.")]
    [InlineData("""{"PrimaryCriteria":{"CriteriaList":[{"Note":{}}]}}""", "$.PrimaryCriteria.CriteriaList[0].Note: is not a kind of criterion.")]
    [InlineData("""{"PrimaryCriteria":{"CriteriaList":[{"Death":{"Age":{"Value":3,"Op":"around"}}}]}}""", "$.PrimaryCriteria.CriteriaList[0].Death.Age.Op: 'around' is not lt, lte, eq, !eq, gt, gte, bt or !bt.")]
    [InlineData("""{"PrimaryCriteria":{"CriteriaList":[{"Death":{"OccurrenceStartDate":{"Value":"2020-02-30","Op":"lt"}}}]}}""", "$.PrimaryCriteria.CriteriaList[0].Death.OccurrenceStartDate.Value: '2020-02-30' is not a day (YYYY-MM-DD).")]
    [InlineData("""{"PrimaryCriteria":{"CriteriaList":[{"Death":{"CodesetId":"7"}}]}}""", "$.PrimaryCriteria.CriteriaList[0].Death.CodesetId: a whole number is expected, not text.")]
    [InlineData("""{}""", "$.PrimaryCriteria: is required: it says which events let a patient in.")]
    [InlineData("""[]""", "$: an object is expected, not a list.")]
    public void What_is_wrong_is_named_with_its_place(string json, string expected)
    {
        Assert.True(CohortDefinition.Parse(Encoding.UTF8.GetBytes(json)).Failed(out var because, out _));
        Assert.Equal(("cohort.invalid", expected), (because.Code, because.Detail));
    }

    [Fact]
    public void Text_that_is_not_json_is_refused_with_its_line()
    {
        Assert.True(CohortDefinition.Parse("{\n \"a\": }"u8.ToArray()).Failed(out var because, out _));
        Assert.Contains("line 2", because.Detail, StringComparison.Ordinal);
    }
}
