namespace Ambroise.Tests.Fhir;

/// <summary>docs/mapping/fhir-requirements.md against the guide's list and the tests there are.</summary>
public sealed class RequirementTableSpecs
{
    static readonly string[] Statuses = ["followed", "in part", "differs", "not ours"];

    static IEnumerable<string[]> Rows() => File.ReadLines(Path.Combine(Checkout.Root, "docs", "mapping", "fhir-requirements.md")).Where(l => l.StartsWith("| f2o-", StringComparison.Ordinal)).Select(l => l.Split('|', StringSplitOptions.TrimEntries)[1..^1]);

    [Fact]
    public void Each_requirement_has_one_row_with_a_status_and_tests_that_exist()
    {
        var tests = Directory.EnumerateFiles(Path.Combine(Checkout.Root, "tests"), "*Specs.cs", SearchOption.AllDirectories).Select(Path.GetFileNameWithoutExtension).ToHashSet();
        foreach (var row in Rows())
        {
            Assert.True(row.Length == 4 && row[1].Length > 0 && Statuses.Contains(row[2]), row[0]);
            foreach (var test in row[3].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)) Assert.True(tests.Contains(test), $"{row[0]}: no {test}");
            Assert.True(row[2] is "not ours" or "differs" || row[3].Length > 0 || row[0] is "f2o-004" or "f2o-080", $"{row[0]} is said to be followed by no test");
        }
        Assert.Equal(Rows().Count(), Rows().Select(r => r[0]).Distinct().Count());
    }

    [Fact]
    public void The_rows_are_the_guides_requirements() =>
        Assert.Equal(File.ReadLines(Conformance.Path("fhir/fhir-omop-requirements.tsv")).Select(l => l.Split('\t')[0]).Where(n => n.StartsWith("f2o-", StringComparison.Ordinal)).Order(StringComparer.Ordinal), Rows().Select(r => r[0]).Order(StringComparer.Ordinal));
}
