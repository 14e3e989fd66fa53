using System.Text;
using System.Text.Json.Nodes;
using Ambroise.Cohorts.Definitions;
using Ambroise.Cohorts.Engine;
using Ambroise.Cohorts.Vocabulary;

namespace Ambroise.Tests.Cohorts.Engine;

/// <summary>What an engine kept from other questions never shows in an answer: each equals that of an engine which keeps nothing.</summary>
public sealed class ReuseSpecs
{
    static readonly Lazy<IReadOnlyList<MemoryShard>> Shards = new(() => MemoryShard.Read(Conformance.Path("cohorts/cdm"), patients: 1500));
    static readonly Lazy<ConceptGraph> Vocabulary = new(() => ConceptGraph.Load(Conformance.Path("cohorts/cdm")).OrThrow());

    [Fact]
    public void A_definition_changed_step_by_step_gives_what_it_would_give_asked_anew()
    {
        var keeps = new CohortEngine();
        var asked = 0;
        foreach (var file in Directory.EnumerateFiles(Conformance.Path("cohorts/definitions"), "*.json").Order(StringComparer.Ordinal).Where((_, i) => i % 4 == 0))
        {
            foreach (var json in Steps(JsonNode.Parse(File.ReadAllBytes(file))!.AsObject()))
            {
                if (CohortDefinition.Parse(Encoding.UTF8.GetBytes(json)).Failed(out _, out var definition)) continue;
                var bound = BoundDefinition.Bind(definition, Vocabulary.Value);
                var anew = new CohortEngine(0).Run(bound, Shards.Value, 1, TestContext.Current.CancellationToken);
                // The second time everything was kept, the first time what the step before shares with it.
                for (var time = 0; time < 2; time++) Same(anew, keeps.Run(bound, Shards.Value, 1, TestContext.Current.CancellationToken), Path.GetFileName(file));
                asked++;
            }
        }
        Assert.True(asked > 500, $"Only {asked} questions were asked.");
    }

    [Fact]
    public void A_small_memory_gives_the_same_answers()
    {
        var forgets = new CohortEngine(200_000);
        foreach (var file in Directory.EnumerateFiles(Conformance.Path("cohorts/definitions"), "*.json").Order(StringComparer.Ordinal).Where((_, i) => i % 20 == 7))
        {
            var bound = BoundDefinition.Bind(CohortDefinition.Parse(File.ReadAllBytes(file)).OrThrow(), Vocabulary.Value);
            var anew = new CohortEngine(0).Run(bound, Shards.Value, 1, TestContext.Current.CancellationToken);
            for (var time = 0; time < 2; time++) Same(anew, forgets.Run(bound, Shards.Value, 1, TestContext.Current.CancellationToken), Path.GetFileName(file));
        }
    }

    /// <summary>A definition as a person would change it: each step differs from the last in one thing.</summary>
    static IEnumerable<string> Steps(JsonObject definition)
    {
        yield return definition.ToJsonString();
        if (definition["PrimaryCriteria"]?["ObservationWindow"] is JsonObject window)
        {
            window["PriorDays"] = (window["PriorDays"]?.GetValue<int>() ?? 0) + 30;
            yield return definition.ToJsonString();
        }
        if (definition["InclusionRules"] is JsonArray { Count: > 0 } rules)
        {
            if (rules[^1]?["expression"]?["CriteriaList"] is JsonArray { Count: > 0 } criteria && criteria[0]?["StartWindow"]?["End"] is JsonObject end)
            {
                end["Days"] = 17;
                end["Coeff"] = 1;
                yield return definition.ToJsonString();
                criteria[0]!["Occurrence"]!["Count"] = 2;
                yield return definition.ToJsonString();
            }
            rules.RemoveAt(rules.Count - 1);
            yield return definition.ToJsonString();
        }
    }

    static void Same(CohortResult expected, CohortResult given, string name)
    {
        Assert.True(expected.Rows.SequenceEqual(given.Rows), $"{name}: rows differ");
        Assert.Equal((expected.Patients, expected.Records, expected.Entered), (given.Patients, given.Records, given.Entered));
        Assert.Equal(expected.Rules, given.Rules);
        Assert.Equal(expected.Criteria, given.Criteria);
        Assert.Equal(expected.EventMasks, given.EventMasks);
        Assert.Equal(expected.BestMasks, given.BestMasks);
    }
}
