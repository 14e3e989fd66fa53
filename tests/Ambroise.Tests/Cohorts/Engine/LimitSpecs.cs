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

    /// <summary>Where nothing but a patient's first event counts, no event is picked to count them.</summary>
    [Theory]
    [InlineData("")]
    [InlineData(""","Gender":[{"CONCEPT_ID":8507}]""")]
    [InlineData(""","Gender":[{"CONCEPT_ID":8507},{"CONCEPT_ID":8532}]""")]
    [InlineData(""","Age":{"Value":40,"Op":"gt"},"Gender":[{"CONCEPT_ID":8532}]""")]
    [InlineData(""","OccurrenceStartDate":{"Value":"2010-01-01","Op":"gt"}""")]
    [InlineData(""","OccurrenceEndDate":{"Value":"2010-01-01","Op":"gt"}""")]
    [InlineData(""","First":true""")]
    [InlineData(""","DateAdjustment":{"StartWith":"START_DATE","StartOffset":400,"EndWith":"START_DATE","EndOffset":500}""")]
    public void A_count_of_first_events_is_that_of_their_rows(string attributes)
    {
        var some = 0L;
        foreach (var (prior, post) in new[] { (0, 0), (30, 0), (1000, 0), (0, 400), (700, 700) })
            foreach (var more in new[] { "", ""","DrugExposure":{"First":true}""", ""","VisitOccurrence":{}""" })
            {
                var bound = BoundDefinition.Bind(CohortDefinition.Parse(Encoding.UTF8.GetBytes($$"""
                {"ConceptSets":[{"id":0,"name":"set","expression":{"items":[{{Item(316866, true)}},{{Item(201826, true)}}]} }],
                "PrimaryCriteria":{"CriteriaList":[{"ConditionOccurrence":{"CodesetId":0{{attributes}} } }{{(more.Length == 0 ? "" : $",{{{more[1..]}}}")}}],"ObservationWindow":{"PriorDays":{{prior}},"PostDays":{{post}} },"PrimaryCriteriaLimit":{"Type":"All"} },
                "QualifiedLimit":{"Type":"All"},"ExpressionLimit":{"Type":"First"},"InclusionRules":[],"CensoringCriteria":[],"CollapseSettings":{"CollapseType":"ERA","EraPad":0},"CensorWindow":{} }
                """)).OrThrow(), Vocabulary.Value);
                var counted = new CohortEngine(0).Count(bound, Shards.Value, 1, TestContext.Current.CancellationToken);
                var listed = new CohortEngine(0).Run(bound, Shards.Value, 1, TestContext.Current.CancellationToken);
                Assert.Equal((listed.Patients, listed.Records, listed.Entered, listed.Rows.Count), (counted.Patients, counted.Records, counted.Entered, (int)counted.Records));
                Assert.Equal(listed.Criteria, counted.Criteria);
                some += counted.Patients;
            }
        Assert.NotEqual(0, some);
    }

    [Fact]
    public void A_count_that_is_cancelled_stops()
    {
        using var cancel = new CancellationTokenSource();
        cancel.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => new CohortEngine().Count(Bind(Item(316866, true), Rule(1)), Shards.Value, 0, cancel.Token));
    }
}
