using System.Text.Json;
using Ambroise.Cohorts.Describe;
using Ambroise.Cohorts.Engine;
using Ambroise.Cohorts.Explain;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;

namespace Ambroise.Tests.Cohorts.Describe;

/// <summary>Given four patients, the exact numbers; and shards merge to the same whatever the cut.</summary>
public sealed class DescribeSpecs
{
    static readonly DescribeOptions Options = new(DaysBefore: 10, DaysAfter: 5);
    static readonly CohortRow[] Rows = [new(1, 1000, 1100), new(1, 900, 950), new(2, 1000, 1000), new(3, 2000, 2030), new(99, 1, 2)];

    [Fact]
    public void The_numbers_are_those_of_the_first_stay_and_its_window()
    {
        var cohort = CohortDescription.From(DescribeShard.Of(new MemoryShard(Batches(1, 2, 3, 4)), Rows, Options, TestContext.Current.CancellationToken), Options, null);
        Assert.Equal((3, 4), (cohort.Patients, cohort.Rows));
        Assert.Equal([(8532, 2L), (8507, 1L)], cohort.Sexes.Select(s => (s.Concept, s.Patients)));
        Assert.Equal([(70, 2L, 0L), (75, 0L, 1L)], cohort.Ages.Select(a => (a.From, a.Women, a.Men)));
        Assert.Equal([(1972, 2L), (1973, 0L), (1974, 0L), (1975, 1L)], cohort.IndexYears.Select(y => (y.Year, y.Patients)));

        // Concept 50 is on the window's first day for patient 1 (index 900), one day too early for 2, on its last day for 3.
        Assert.Equal([(50, 2L, 0.6667)], cohort.Conditions.Select(c => (c.Concept, c.Patients, c.Prevalence)));
        var sodium = Assert.Single(cohort.Laboratory);
        Assert.Equal((60, 8753, 3L, 4L, 130, 142), (sodium.Concept, sodium.UnitConcept, sodium.Patients, sodium.Values, sodium.Quantiles.Minimum, sodium.Quantiles.Maximum));
        Assert.InRange(sodium.Quantiles.Median, 135 * 0.98, 138 * 1.02);
        Assert.Equal((0, 1100), (cohort.FollowUpDays!.Minimum, cohort.FollowUpDays.Maximum));
        Assert.Equal((0, 50), (cohort.CohortDays!.Minimum, cohort.CohortDays.Maximum));
    }

    [Fact]
    public void Shards_merge_to_the_same_description_whatever_the_cut()
    {
        ShardDescription Cut(params long[][] shards)
        {
            var all = new ShardDescription();
            foreach (var persons in shards) all.Merge(DescribeShard.Of(new MemoryShard(Batches(persons)), Rows, Options, TestContext.Current.CancellationToken));
            return all;
        }

        string Said(ShardDescription d) => JsonSerializer.Serialize(CohortDescription.From(d, Options, null));
        Assert.Equal(Said(Cut([1, 2, 3, 4])), Said(Cut([4, 2], [3], [1])));
    }

    [Fact]
    public void The_page_stands_alone_and_escapes_names()
    {
        var cohort = CohortDescription.From(DescribeShard.Of(new MemoryShard(Batches(1, 2, 3)), Rows, Options, TestContext.Current.CancellationToken), Options, null);
        foreach (var words in new[] { Wording.English, Wording.French })
        {
            var page = DescriptionPage.Html(cohort, "<script>&", words);
            Assert.Contains("&lt;script&gt;&amp;", page);
            Assert.DoesNotContain("<script", page);
            Assert.DoesNotContain("http", page);
            Assert.DoesNotContain("NaN", page);
            Assert.Equal(page.Split("<svg").Length, page.Split("<table").Length);
        }
        Assert.Contains("</html>", DescriptionPage.Html(CohortDescription.From(new ShardDescription(), Options, null), "", Wording.French));
    }

    [Fact]
    public void A_sketch_is_within_one_percent_and_merges()
    {
        var (whole, left, right) = (new QuantileSketch(), new QuantileSketch(), new QuantileSketch());
        var values = Enumerable.Range(0, 2001).Select(i => (i - 500) * 0.37).ToArray();
        for (var i = 0; i < values.Length; i++)
        {
            whole.Add(values[i]);
            (i % 3 == 0 ? left : right).Add(values[i]);
        }
        left.Merge(right);
        foreach (var share in new[] { 0, 0.05, 0.25, 0.5, 0.75, 0.95, 1 })
        {
            var exact = values[(int)Math.Floor(share * 2000)];
            Assert.InRange(whole.Quantile(share)!.Value, exact - 0.0101 * Math.Abs(exact) - 1e-9, exact + 0.0101 * Math.Abs(exact) + 1e-9);
            Assert.Equal(whole.Quantile(share), left.Quantile(share));
        }
    }

    static List<Batch> Batches(params long[] persons)
    {
        Batch person = new(Cdm54.Person), period = new(Cdm54.ObservationPeriod), condition = new(Cdm54.ConditionOccurrence), measurement = new(Cdm54.Measurement);
        foreach (var p in persons)
        {
            Add(person, ("person_id", p), ("gender_concept_id", p == 3 ? 8507L : 8532), ("year_of_birth", 1900), ("race_concept_id", 0), ("ethnicity_concept_id", 0));
            Add(period, ("observation_period_id", p), ("person_id", p), ("observation_period_start_date", 0), ("observation_period_end_date", p == 2 ? 1000 : 2000), ("period_type_concept_id", 0));
            var day = p switch { 1 => 890, 2 => 989, 3 => 2005, _ => 1000 };
            Add(condition, ("condition_occurrence_id", p), ("person_id", p), ("condition_concept_id", 50), ("condition_start_date", day), ("condition_type_concept_id", 0));
            Add(measurement, ("measurement_id", p), ("person_id", p), ("measurement_concept_id", 60), ("measurement_date", p switch { 1 => 900, 2 => 1000, _ => 2000 }), ("measurement_type_concept_id", 0), ("unit_concept_id", 8753), ("value_as_number", 128 + 4 * p + (p == 1 ? -2 : 0)));
            if (p == 2) Add(measurement, ("measurement_id", 50L), ("person_id", p), ("measurement_concept_id", 60), ("measurement_date", 1001), ("measurement_type_concept_id", 0), ("unit_concept_id", 8753), ("value_as_number", 142));
        }
        return [person, period, condition, measurement];
    }

    static void Add(Batch batch, params (string Column, long Value)[] given)
    {
        foreach (var column in batch.Table.Columns)
        {
            var at = Array.FindIndex(given, g => g.Column == column.Name);
            if (at < 0) batch.Columns[column.Ordinal].AppendNull();
            else if (batch.Columns[column.Ordinal] is Int32Column i) i.Append((int)given[at].Value);
            else if (batch.Columns[column.Ordinal] is Float64Column f) f.Append(given[at].Value);
            else ((Int64Column)batch.Columns[column.Ordinal]).Append(given[at].Value);
        }
    }
}
