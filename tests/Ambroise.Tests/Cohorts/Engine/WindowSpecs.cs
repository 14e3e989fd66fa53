using System.Numerics;
using System.Text;
using Ambroise.Cohorts.Definitions;
using Ambroise.Cohorts.Engine;
using Ambroise.Cohorts.Vocabulary;
using Ambroise.Tests.Cohorts.Generated;

namespace Ambroise.Tests.Cohorts.Engine;

/// <summary>Patients with any number of events, from none to hundreds, asked about windows of days: every event counted one by one gives the same masks of rules, by event and by patient.</summary>
public sealed class WindowSpecs : IDisposable
{
    static readonly DateOnly Opens = new(2010, 1, 1), Closes = new(2012, 12, 31);
    static readonly int[] Sizes = [0, 1, 2, 3, 7, 8, 9, 16, 17, 40, 300];

    readonly string folder = Directory.CreateTempSubdirectory("ambroise-windows-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <param name="Before">Null for the period's first day.</param>
    sealed record Window(int? Before, int After, int Type, int Count)
    {
        public string Rule => $$"""
            {"name":"r","expression":{"Type":"ALL","CriteriaList":[{"Criteria":{"DrugExposure":{"CodesetId":1} },"StartWindow":{"Start":{ {{(Before is { } days ? $"\"Days\":{days}," : "")}}"Coeff":-1},"End":{"Days":{{After}},"Coeff":1},"UseEventEnd":false},
            "Occurrence":{"Type":{{Type}},"Count":{{Count}},"IsDistinct":false} }],"DemographicCriteriaList":[],"Groups":[]} }
            """;

        public bool Holds(DateOnly index, List<DateOnly> events)
        {
            var found = events.Count(e => e >= Opens && e <= Closes && (Before is not { } days || e >= index.AddDays(-days)) && e <= index.AddDays(After));
            return Type switch { 0 => found == Count, 1 => found <= Count, _ => found >= Count };
        }
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(5), InlineData(9)]
    public void Windows_count_what_lies_in_them(int rules)
    {
        var dice = new Dice((ulong)rules);
        var patients = Sizes.SelectMany(i => Sizes.Select(e => (Index: Days(dice, i, 0), Events: Days(dice, e, 20)))).ToList();
        Write(patients);
        var windows = Enumerable.Range(0, rules).Select(_ => new Window(dice.Chance(30) ? null : dice.Of(0, 200), dice.Of(0, 200), dice.Of(0, 2), dice.Of(0, 3))).ToList();
        var masks = patients.Select(p => p.Index.Order().Select(i => (Day: i, Mask: windows.Select((w, r) => w.Holds(i, p.Events) ? 1UL << r : 0).Aggregate((a, b) => a | b))).ToList()).ToList();

        var answer = Ask(windows);

        Assert.Equal(Counts(masks.SelectMany(m => m.Select(e => e.Mask))), answer.EventMasks);
        Assert.Equal(Counts(masks.Where(m => m.Count > 0).Select(m => m.OrderByDescending(e => BitOperations.PopCount(e.Mask)).ThenBy(e => BitOperations.TrailingZeroCount(e.Mask)).ThenBy(e => e.Day).First().Mask)), answer.BestMasks);
        Assert.Equal(masks.Count(m => m.Any(e => e.Mask == (1UL << rules) - 1)), answer.Patients);
    }

    static MaskCount[] Counts(IEnumerable<ulong> masks) => [.. masks.GroupBy(m => m, (mask, all) => new MaskCount(mask, all.Count())).OrderBy(m => m.Mask)];

    /// <param name="outside">Days outside the period that may come too.</param>
    static List<DateOnly> Days(Dice dice, int count, int outside) => [.. Enumerable.Range(0, count).Select(_ => Opens.AddDays(dice.Of(-outside, Closes.DayNumber - Opens.DayNumber + outside)))];

    void Write(List<(List<DateOnly> Index, List<DateOnly> Events)> patients)
    {
        With("person", "person_id,gender_concept_id,year_of_birth", patients.Select((_, p) => $"{p + 1},0,1960"));
        With("observation_period", "observation_period_id,person_id,observation_period_start_date,observation_period_end_date,period_type_concept_id", patients.Select((_, p) => $"{p + 1},{p + 1},{Opens:yyyy-MM-dd},{Closes:yyyy-MM-dd},0"));
        // Of two concepts each, or their order would be the patient's already.
        With("condition_occurrence", "condition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_type_concept_id", patients.SelectMany((p, at) => p.Index.Select((d, i) => $"{at * 1000 + i + 1},{at + 1},{100 + i % 2},{d:yyyy-MM-dd},0")));
        With("drug_exposure", "drug_exposure_id,person_id,drug_concept_id,drug_exposure_start_date,drug_exposure_end_date,drug_type_concept_id", patients.SelectMany((p, at) => p.Events.Select((d, i) => $"{at * 1000 + i + 1},{at + 1},{200 + i % 2},{d:yyyy-MM-dd},{d:yyyy-MM-dd},0")));
    }

    void With(string table, string header, IEnumerable<string> rows) => File.WriteAllLines(Path.Combine(folder, table + ".csv"), [header, .. rows]);

    CohortResult Ask(List<Window> windows)
    {
        var json = $$"""
            {"ConceptSets":[{"id":0,"name":"s","expression":{"items":[{"concept":{"CONCEPT_ID":100} },{"concept":{"CONCEPT_ID":101} }]} },{"id":1,"name":"s","expression":{"items":[{"concept":{"CONCEPT_ID":200} },{"concept":{"CONCEPT_ID":201} }]} }],
            "PrimaryCriteria":{"CriteriaList":[{"ConditionOccurrence":{"CodesetId":0} }],"ObservationWindow":{"PriorDays":0,"PostDays":0},"PrimaryCriteriaLimit":{"Type":"All"} },
            "QualifiedLimit":{"Type":"All"},"ExpressionLimit":{"Type":"First"},"InclusionRules":[{{string.Join(',', windows.Select(w => w.Rule))}}],"CensoringCriteria":[],"CollapseSettings":{"CollapseType":"ERA","EraPad":0},"CensorWindow":{} }
            """;
        var bound = BoundDefinition.Bind(CohortDefinition.Parse(Encoding.UTF8.GetBytes(json)).OrThrow(), new Listed());
        return new CohortEngine().Count(bound, MemoryShard.Read(folder), 1, TestContext.Current.CancellationToken);
    }

    sealed class Listed : IVocabulary
    {
        public IReadOnlyList<int> Resolve(IReadOnlyList<ConceptSetItem> items) => [.. items.Select(i => i.Concept).Order()];

        public string? Name(int concept) => null;
    }
}
