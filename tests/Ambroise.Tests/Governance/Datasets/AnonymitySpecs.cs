using System.Text.Json;
using Ambroise.Governance.Datasets;
using Ambroise.Governance.Projects;

namespace Ambroise.Tests.Governance.Datasets;

/// <summary>A dataset in which somebody stands out is not built, and the report says who would have to go.</summary>
public sealed class AnonymitySpecs : IDisposable
{
    readonly DatasetHouse house = new();

    public void Dispose() => house.Dispose();

    PlannedDataset Plan(Permit permit, DatasetOptions options, int[][]? sensitive = null) =>
        house.Shelf.Plan(house.Release(), house.Plan(permit, options).OrThrow(), DatasetHouse.Population(), sensitive ?? [], TestContext.Current.CancellationToken).OrThrow();

    static Permit Strict(int k, int l = 1, bool shift = false) => DatasetHouse.Permit("strict", new(ShiftDates: shift, K: k, L: l));

    [Fact]
    public void Too_small_a_class_blocks_the_build_and_coarser_bands_are_counted()
    {
        // 60 years of birth, of one sex each: classes of two.
        var planned = Plan(Strict(k: 11), new(BirthBand: 1));
        Assert.Equal("dataset.not-anonymous", planned.Blocked?.Code);
        Assert.Equal((120, 60, 2, 120), (planned.Anonymity.Patients, planned.Anonymity.Classes, planned.Anonymity.Smallest, planned.Anonymity.ToGo));
        Assert.Equal([120, 120, 120, 40], planned.Anonymity.Bands.Select(b => b.Patients));
        Assert.Equal("k", planned.Anonymity.Weakest[0].Why);
        Assert.True(house.Shelf.Build(house.Release(), house.Plan(Strict(k: 11), new(BirthBand: 1)).OrThrow(), DatasetHouse.Population(), [], 1 << 26, null, TestContext.Current.CancellationToken).Failed(out var failure, out _));
        Assert.Equal("dataset.not-anonymous", failure!.Code);
        Assert.Empty(house.Shelf.List("strict").OrThrow());
        Assert.Null(Plan(Strict(k: 10), new(BirthBand: 10)).Blocked);
    }

    [Fact]
    public void Those_in_weak_classes_can_be_left_out_and_no_weak_class_remains()
    {
        var options = new DatasetOptions(BirthBand: 1, Remove: true);
        var permit = Strict(k: 3);
        var more = new DatasetHouse(rows =>
        {
            for (var p = 121; p <= 130; p++) rows.Add(Ambroise.Lake.Cdm.Cdm54.Person, ("person_id", DatasetHouse.Id(p)), ("gender_concept_id", 8507), ("year_of_birth", 1990), ("race_concept_id", 0), ("ethnicity_concept_id", 0));
        });
        using (more)
        {
            var folder = more.Opened(permit, options, DatasetHouse.Population(130));
            Assert.Equal(10, DatasetHouse.Count($"select count(*) from '{folder}/omop/person.parquet'"));
            Assert.Equal(0, DatasetHouse.Count($"select count(*) from (select 1 from '{folder}/omop/person.parquet' group by gender_concept_id, year_of_birth having count(*) < 3)"));
            Assert.Equal(0, DatasetHouse.Count($"select count(*) from '{folder}/omop/visit_occurrence.parquet'"));
            using var report = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "anonymity.json")));
            Assert.Equal(120, report.RootElement.GetProperty("removed").GetInt32());
        }
    }

    [Fact]
    public void A_class_whose_members_share_one_sensitive_diagnosis_blocks_and_one_where_nobody_has_it_does_not()
    {
        Assert.Equal("l", Plan(Strict(k: 2, l: 2), new(BirthBand: 20), [[201_820]]).Anonymity.Weakest[0].Why);
        Assert.Null(Plan(Strict(k: 2, l: 2), new(BirthBand: 20), [[123]]).Blocked);
        Assert.Null(Plan(Strict(k: 2, l: 2), new(BirthBand: 20), [[999_001]]).Blocked);
    }
}
