using System.Globalization;
using System.Text;
using Ambroise.Cohorts.Definitions;
using Ambroise.Cohorts.Engine;
using Ambroise.Tests.Cohorts.Generated;

namespace Ambroise.Tests.Cohorts.Engine;

/// <summary>Runs that reach over blocks of rows are counted as their rows are.</summary>
public sealed class BlockSpecs : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("ambroise-blocks-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_count_over_several_blocks_is_that_of_the_rows()
    {
        const int persons = 3000, events = 200_000;
        var dice = new Dice(7);
        string Day() => new DateOnly(2000, 1, 1).AddDays(dice.Of(0, 6000)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        File.WriteAllLines(Path.Combine(folder, "person.csv"), [.. Enumerable.Range(1, persons).Select(p => $"{p},{(p % 2 == 0 ? 8507 : 8532)},{1940 + p % 50},0,0").Prepend("person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id")]);
        File.WriteAllLines(Path.Combine(folder, "observation_period.csv"), [.. Enumerable.Range(1, persons).Select(p => $"{p},{p},1999-01-01,2020-12-31,0").Prepend("observation_period_id,person_id,observation_period_start_date,observation_period_end_date,period_type_concept_id")]);
        // One patient in ten has none of the first concept.
        File.WriteAllLines(Path.Combine(folder, "condition_occurrence.csv"),
            [.. Enumerable.Range(1, events).Select(e => $"{e},{(e % 4 == 0 ? dice.Of(1, persons / 30) : dice.Of(1, persons * 9 / 10))},{(e % 5 == 0 ? 4 : 1)},{Day()},0").Prepend("condition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_type_concept_id")]);
        var shards = MemoryShard.Read(folder);
        foreach (var (set, attributes) in new[] { ("1", ""), ("4", ""), ("1,4", ""), ("1", ""","Gender":[{"CONCEPT_ID":8532}]"""), ("1,4", ""","Gender":[{"CONCEPT_ID":8532}],"Age":{"Value":60,"Op":"gte"}"""), ("1", ""","Age":{"Value":20,"Op":"lt"}"""), ("1", ""","First":true""") })
        {
            foreach (var prior in new[] { 0, 3000 })
            {
                var bound = BoundDefinition.Bind(CohortDefinition.Parse(Encoding.UTF8.GetBytes($$"""
                    {"ConceptSets":[{"id":0,"name":"set","expression":{"items":[{{string.Join(',', set.Split(',').Select(c => $$"""{"concept":{"CONCEPT_ID":{{c}} } }"""))}}]} }],
                    "PrimaryCriteria":{"CriteriaList":[{"ConditionOccurrence":{"CodesetId":0{{attributes}} } }],"ObservationWindow":{"PriorDays":{{prior}},"PostDays":0},"PrimaryCriteriaLimit":{"Type":"All"} },
                    "QualifiedLimit":{"Type":"All"},"ExpressionLimit":{"Type":"First"},"InclusionRules":[],"CensoringCriteria":[],"CollapseSettings":{"CollapseType":"ERA","EraPad":0},"CensorWindow":{} }
                    """)).OrThrow(), new SmallVocabulary());
                var listed = new CohortEngine(0).Run(bound, shards, 1, TestContext.Current.CancellationToken);
                var counted = new CohortEngine(0).Count(bound, shards, 1, TestContext.Current.CancellationToken);
                Assert.Equal((listed.Patients, listed.Records, listed.Entered), (counted.Patients, counted.Records, counted.Entered));
                Assert.Equal(listed.Criteria, counted.Criteria);
                Assert.InRange(counted.Patients, prior == 0 ? 10 : 0, 2900); // a first event has no years before it
            }
        }
    }
}
