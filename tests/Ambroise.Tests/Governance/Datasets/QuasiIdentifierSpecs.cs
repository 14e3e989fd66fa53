using System.Text;
using Ambroise.Governance.Datasets;
using Ambroise.Governance.Projects;
using Ambroise.Lake.Cdm;
using Ambroise.Tests.Lake;

namespace Ambroise.Tests.Governance.Datasets;

/// <summary>Where a patient lives, and whether and when they died, is known to others as their age is: it counts for k and l.</summary>
public sealed class QuasiIdentifierSpecs : IDisposable
{
    const long Location = 7_900_000_000_000_000;

    /// <summary>Sixty more patients alike but for three who died in 2016 and seven who live in Lozère, one of them at 48 000 alone of its region.</summary>
    readonly DatasetHouse house = new(rows =>
    {
        for (var l = 0; l < 2; l++) rows.Add(Cdm54.Location, ("location_id", Location + l), ("zip", l == 0 ? "75011" : "48000"), ("region_concept_id", 0));
        for (var p = 1001; p <= 1060; p++)
        {
            rows.Add(Cdm54.Person, ("person_id", DatasetHouse.Id(p)), ("gender_concept_id", 8507), ("year_of_birth", 1980), ("race_concept_id", 0), ("ethnicity_concept_id", 0), ("location_id", Location + (p <= 1007 ? 1 : 0)));
            rows.Add(Cdm54.VisitOccurrence, ("visit_occurrence_id", 7_930_000_000_000_000 + p), ("person_id", DatasetHouse.Id(p)), ("visit_concept_id", 9201), ("visit_start_date", new DateOnly(2015, 1 + p % 12, 1)), ("visit_end_date", new DateOnly(2015, 1 + p % 12, 1)), ("visit_type_concept_id", 32817));
            if (p > 1057) rows.Add(Cdm54.Death, ("person_id", DatasetHouse.Id(p)), ("death_date", new DateOnly(2016, p - 1050, 1)));
        }
    });

    public void Dispose() => house.Dispose();

    AnonymityReport Report(int k, string[]? known, DatasetOptions? options, params string[] tables)
    {
        var permit = DatasetHouse.Permit("known", new(ShiftDates: false, K: k, L: 1, QuasiIdentifiers: known is null ? default : [.. known]), [.. tables.Select(t => DatasetHouse.Category(t))]);
        return house.Shelf.Plan(house.Release(), house.Plan(permit, options).OrThrow(), [.. Enumerable.Range(1001, 60).Select(p => new Permitted(DatasetHouse.Id(p), 16500, 16501))], [], TestContext.Current.CancellationToken).OrThrow().Anonymity;
    }

    [Fact]
    public void Where_patients_live_counts_as_the_dataset_gives_it()
    {
        var report = Report(11, null, null, "person", "location");
        Assert.Contains("location.zip", report.QuasiIdentifiers);
        Assert.DoesNotContain("location_id", report.QuasiIdentifiers);
        Assert.Equal((2, 7, 7), (report.Classes, report.Smallest, report.ToGo));
        Assert.Contains("48", report.Weakest[0].Values);
        // A place of fewer patients than make a code frequent is not given, and so is not known.
        Assert.Equal((2, 7), (Report(1, null, new(Rare: 8), "person", "location") is var rare ? (rare.Classes, rare.Smallest) : default));
        Assert.DoesNotContain("48", Report(11, null, new(Rare: 8), "person", "location").Weakest[0].Values);
        // Without the table its pseudonym alone is known.
        Assert.Contains("location_id", Report(11, null, null, "person").QuasiIdentifiers);
    }

    [Fact]
    public void Whether_and_in_which_year_someone_died_counts_where_the_dataset_says()
    {
        var report = Report(11, ["gender_concept_id", "death", "death.year"], null, "person", "death");
        Assert.Equal(["gender_concept_id", "death", "death.year"], report.QuasiIdentifiers);
        Assert.Equal((2, 3, 3), (report.Classes, report.Smallest, report.BelowK));
        Assert.Equal(["8507", "1", "2016"], report.Weakest[0].Values);
        Assert.Equal(1, Report(11, ["gender_concept_id", "death", "death.year"], null, "person").Classes);
        Assert.Contains("death.year", Report(11, null, null, "person", "death").QuasiIdentifiers);
    }

    [Fact]
    public void The_month_of_the_first_visit_counts_where_the_permit_asks_for_it()
    {
        Assert.DoesNotContain("visit.first_month", Report(11, null, null, "person", "visit_occurrence").QuasiIdentifiers);
        var report = Report(6, ["visit.first_month"], null, "person", "visit_occurrence");
        Assert.Equal((12, 5, 60), (report.Classes, report.Smallest, report.ToGo));
        Assert.Contains("201501", report.Weakest.SelectMany(w => w.Values));
    }

    [Fact]
    public void What_was_left_out_leaves_no_weak_class_in_what_is_given()
    {
        var permit = DatasetHouse.Permit("known", new(ShiftDates: false, K: 11, L: 1), DatasetHouse.Category("person"), DatasetHouse.Category("location"), DatasetHouse.Category("death"));
        var folder = house.Opened(permit, new(Remove: true), [.. Enumerable.Range(1001, 60).Select(p => new Permitted(DatasetHouse.Id(p), 16500, 16501))]);
        Assert.Equal(50, DatasetHouse.Count($"select count(*) from '{folder}/omop/person.parquet'"));
        Assert.Equal("75", DatasetHouse.Query($"select zip from '{folder}/omop/location.parquet'").Single()[0]);
        Assert.Equal(0, DatasetHouse.Count($"select count(*) from '{folder}/omop/death.parquet'"));
    }

    [Fact]
    public void A_request_that_declares_something_unknown_is_told_what_there_is()
    {
        const string request = """{"title":"t","summary":"s","investigator":"i","team":[],"purpose":"publicHealth","legalBasis":{"kind":"mr004","number":"F1"},"population":{},"data":[{"table":"person","justification":"w"}],"retainUntil":"2030-01-01","protection":{"quasiIdentifiers":["NAME"]}}""";
        Assert.True(ProjectRequest.Parse(Encoding.UTF8.GetBytes(request.Replace("NAME", "shoe_size", StringComparison.Ordinal))).Failed(out var failure, out _));
        Assert.Equal("project.request-invalid", failure.Code);
        Assert.Contains("death.year", failure.Detail, StringComparison.Ordinal);
        foreach (var name in new[] { "gender_concept_id", "location.zip", "death", "visit.first_month" })
        {
            var parsed = ProjectRequest.Parse(Encoding.UTF8.GetBytes(request.Replace("NAME", name, StringComparison.Ordinal))).OrThrow();
            Assert.Equal([name], ProjectRequest.Parse(Encoding.UTF8.GetBytes(parsed.ToJson())).OrThrow().Protection!.QuasiIdentifiers);
        }
    }
}
