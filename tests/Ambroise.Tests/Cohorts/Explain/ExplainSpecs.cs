using System.Runtime.CompilerServices;
using Ambroise.Cohorts.Check;
using Ambroise.Cohorts.Definitions;
using Ambroise.Cohorts.Explain;

namespace Ambroise.Tests.Cohorts.Explain;

/// <summary>Definitions in words, as approved: read <c>Approved/*.md</c> after a change, then run with <c>AMBROISE_APPROVE=1</c>.</summary>
public sealed class ExplainSpecs
{
    static string Approved([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Approved");

    public static TheoryData<string> Names() => [.. Directory.EnumerateFiles(Approved(), "*.json").Select(f => Path.GetFileNameWithoutExtension(f)).Order()];

    [Theory, MemberData(nameof(Names))]
    public void A_definition_reads_as_approved(string name)
    {
        var definition = CohortDefinition.Parse(File.ReadAllBytes(Path.Combine(Approved(), $"{name}.json"))).OrThrow();
        foreach (var (language, words) in new[] { ("en", Wording.English), ("fr", Wording.French) })
        {
            var approved = Path.Combine(Approved(), $"{name}.{language}.md");
            var said = ExplainCohort.ToMarkdown(definition, words);
            if (Environment.GetEnvironmentVariable("AMBROISE_APPROVE") == "1") File.WriteAllText(approved, said);
            Assert.Equal(File.ReadAllText(approved), said);
        }
    }

    [Theory]
    [InlineData("definitions")]
    [InlineData("matrix")]
    public void Every_definition_of_the_libraries_is_said_and_checked(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(Conformance.Path($"cohorts/{folder}"), "*.json"))
        {
            var definition = CohortDefinition.Parse(File.ReadAllBytes(file)).OrThrow();
            foreach (var words in new[] { Wording.English, Wording.French })
            {
                Assert.Contains("## ", ExplainCohort.ToMarkdown(definition, words));
                Assert.DoesNotContain(CheckCohort.Findings(definition, words), f => f.Message.Length == 0 || !f.Path.StartsWith("$."));
            }
        }
    }

    /// <summary>Every attribute that the libraries use has a name of its own: none comes out as its JSON member.</summary>
    [Fact]
    public void No_member_name_shows_through()
    {
        foreach (var file in Directory.EnumerateFiles(Conformance.Path("cohorts/matrix"), "*.json"))
        {
            var definition = CohortDefinition.Parse(File.ReadAllBytes(file)).OrThrow();
            var said = ExplainCohort.ToMarkdown(definition, Wording.French);
            Assert.DoesNotMatch("\\b(Concept|Occurrence|Gender|Age|Value|Range|Unit|Type)[A-Z]\\w+", said);
        }
    }
}
