using System.Text;
using Ambroise.Cohorts.Definitions;
using Ambroise.Cohorts.Engine;
using Ambroise.Cohorts.Vocabulary;

namespace Ambroise.Tests.Cohorts.Engine;

/// <summary>Large definitions are answered like small ones, and a count can be stopped.</summary>
public sealed class LimitSpecs
{
    static readonly Lazy<IReadOnlyList<MemoryShard>> Shards = new(() => MemoryShard.Read(Conformance.Path("cohorts/cdm"), patients: 2000));
    static readonly Lazy<ConceptGraph> Vocabulary = new(() => ConceptGraph.Load(Conformance.Path("cohorts/cdm")).OrThrow());

    static BoundDefinition Bind(string items, string rules) => BoundDefinition.Bind(CohortDefinition.Parse(Encoding.UTF8.GetBytes($$"""
        {"ConceptSets":[{"id":0,"name":"set","expression":{"items":[{{items}}]} }],
        "PrimaryCriteria":{"CriteriaList":[{"ConditionOccurrence":{"CodesetId":0} }],"ObservationWindow":{"PriorDays":0,"PostDays":0},"PrimaryCriteriaLimit":{"Type":"All"} },
        "QualifiedLimit":{"Type":"All"},"ExpressionLimit":{"Type":"All"},"InclusionRules":[{{rules}}],"CensoringCriteria":[],"CollapseSettings":{"CollapseType":"ERA","EraPad":0},"CensorWindow":{} }
        """)).OrThrow(), Vocabulary.Value);

    static string Item(int concept, bool descendants) => $$"""{"concept":{"CONCEPT_ID":{{concept}} },"includeDescendants":{{(descendants ? "true" : "false")}} }""";

    static string Rule(int number) => $$"""
        {"name":"rule {{number}}","expression":{"Type":"ALL","CriteriaList":[{"Criteria":{"ConditionOccurrence":{"CodesetId":0} },"StartWindow":{"Start":{"Coeff":-1},"End":{"Days":{{number}},"Coeff":1},"UseEventEnd":false},
        "Occurrence":{"Type":2,"Count":1,"IsDistinct":false} }],"DemographicCriteriaList":[],"Groups":[]} }
        """;

    [Fact]
    public void A_set_of_twenty_thousand_concepts_counts_as_its_few_that_occur()
    {
        var few = new[] { 201826, 316866, 193518, 443904 };
        var many = Enumerable.Range(1, 20_000).Select(i => 1_990_000_000 + i).Concat(few);
        var engine = new CohortEngine();
        var expected = engine.Run(Bind(string.Join(',', few.Select(c => Item(c, false))), ""), Shards.Value, 0, TestContext.Current.CancellationToken).Rows;
        Assert.Equal(expected, engine.Run(Bind(string.Join(',', many.Select(c => Item(c, false))), ""), Shards.Value, 0, TestContext.Current.CancellationToken).Rows);
        Assert.NotEmpty(expected);
    }

    [Fact]
    public void Thirty_rules_that_every_event_passes_leave_every_event()
    {
        var engine = new CohortEngine();
        var without = engine.Count(Bind(Item(316866, true), ""), Shards.Value, 0, TestContext.Current.CancellationToken);
        var with = engine.Count(Bind(Item(316866, true), string.Join(',', Enumerable.Range(0, 30).Select(Rule))), Shards.Value, 0, TestContext.Current.CancellationToken);
        Assert.Equal((without.Patients, without.Records), (with.Patients, with.Records));
        Assert.Equal(30, with.Rules.Length);
        Assert.All(with.Rules, r => Assert.Equal(without.Patients, r.Satisfied));
    }

    [Fact]
    public void A_count_that_is_cancelled_stops()
    {
        using var cancel = new CancellationTokenSource();
        cancel.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => new CohortEngine().Count(Bind(Item(316866, true), Rule(1)), Shards.Value, 0, cancel.Token));
    }
}
