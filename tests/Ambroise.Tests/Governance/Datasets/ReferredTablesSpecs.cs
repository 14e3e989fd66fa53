using Ambroise.Governance.Datasets;
using Ambroise.Governance.Projects;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Reading;
using Ambroise.Tests.Lake;

namespace Ambroise.Tests.Governance.Datasets;

/// <summary>Places, sites and people of care: the rows that given rows refer to, without what names them.</summary>
public sealed class ReferredTablesSpecs : IDisposable
{
    const long Location = 7_900_000_000_000_000, Site = 7_910_000_000_000_000, Provider = 7_920_000_000_000_000;
    const int First = 1000;

    /// <summary>400 more patients: of every twenty, nineteen live in Paris or Créteil, the first of all alone in Lozère; cared for by 12 providers in 4 sites.</summary>
    readonly DatasetHouse house = new(Add);

    public void Dispose() => house.Dispose();

    static void Add(Rows rows)
    {
        for (var l = 0; l < 40; l++)
            rows.Add(Cdm54.Location, ("location_id", Location + l), ("address_1", $"{DatasetHouse.Canary} rue {l}"), ("city", DatasetHouse.Canary), ("county", DatasetHouse.Canary), ("location_source_value", DatasetHouse.Canary),
                ("zip", l == 39 ? "48123" : l % 2 == 0 ? $"75{l:000}" : $"94{l:000}"), ("state", "Île-de-France"), ("latitude", 48.85), ("longitude", 2.35), ("country_concept_id", 4330442));
        for (var s = 0; s < 4; s++)
            rows.Add(Cdm54.CareSite, ("care_site_id", Site + s), ("care_site_name", DatasetHouse.Canary), ("care_site_source_value", DatasetHouse.Canary), ("place_of_service_concept_id", 8717), ("place_of_service_source_value", DatasetHouse.Canary), ("location_id", Location + 39));
        for (var d = 0; d < 14; d++)
            rows.Add(Cdm54.Provider, ("provider_id", Provider + d), ("provider_name", DatasetHouse.Canary), ("npi", DatasetHouse.Canary), ("provider_source_value", DatasetHouse.Canary), ("year_of_birth", 1970), ("gender_concept_id", 8507),
                ("specialty_concept_id", d == 0 ? 38004459 : 38004446), ("care_site_id", d < 13 ? Site + d % 2 : Site + 3));
        for (var p = 0; p < 400; p++)
        {
            var person = DatasetHouse.Id(First + p);
            rows.Add(Cdm54.Person, ("person_id", person), ("gender_concept_id", 8507), ("year_of_birth", 1980), ("race_concept_id", 0), ("ethnicity_concept_id", 0), ("location_id", Location + (p == 0 ? 39 : p % 38)), ("care_site_id", Site + 2));
            rows.Add(Cdm54.VisitOccurrence, ("visit_occurrence_id", 7_930_000_000_000_000 + p), ("person_id", person), ("visit_concept_id", 9202), ("visit_start_date", new DateOnly(2015, 1 + p % 12, 1)), ("visit_end_date", new DateOnly(2015, 1 + p % 12, 1)),
                ("visit_type_concept_id", 32817), ("provider_id", Provider + (p < 300 ? p % 12 : 12)));
        }
    }

    static IReadOnlyList<Permitted> Population(int count = 300) => [.. Enumerable.Range(First, count).Select(p => new Permitted(DatasetHouse.Id(p), 16000, 16001))];

    static Permit Permit(string project = "places", params DataCategory[] more) => DatasetHouse.Permit(project, new(ShiftDates: false, K: 1, L: 1),
        [DatasetHouse.Category("person"), DatasetHouse.Category("visit_occurrence"), .. more.Length == 0 ? [DatasetHouse.Category("location"), DatasetHouse.Category("care_site"), DatasetHouse.Category("provider")] : more]);

    static string File(string folder, string table) => $"'{folder}/omop/{table}.parquet'";

    [Fact]
    public void Only_rows_that_given_rows_refer_to_are_given_and_their_links_hold()
    {
        var folder = house.Opened(Permit(), null, Population());
        // The thirteenth provider cared for others alone, the fourteenth for nobody; its site neither.
        Assert.Equal(12, DatasetHouse.Count($"select count(*) from {File(folder, "provider")}"));
        Assert.Equal(3, DatasetHouse.Count($"select count(*) from {File(folder, "care_site")}"));
        Assert.Equal(39, DatasetHouse.Count($"select count(*) from {File(folder, "location")}"));
        Assert.Equal(0, DatasetHouse.Count($"select count(*) from {File(folder, "visit_occurrence")} anti join {File(folder, "provider")} using (provider_id)"));
        Assert.Equal(0, DatasetHouse.Count($"select count(*) from {File(folder, "provider")} anti join {File(folder, "care_site")} using (care_site_id)"));
        Assert.Equal(0, DatasetHouse.Count($"select count(*) from {File(folder, "person")} anti join {File(folder, "location")} using (location_id)"));
        // Of two categories one gives the provider, of January's visits: those of one of them.
        var january = house.Opened(DatasetHouse.Permit("january", new(ShiftDates: false, K: 1, L: 1), DatasetHouse.Category("person", "gender_concept_id"), DatasetHouse.Category("visit_occurrence", "visit_start_date"),
            new("visit_occurrence", "whose", ["provider_id"], null, new(2015, 1, 1), new(2015, 1, 31)), DatasetHouse.Category("provider")), null, Population());
        Assert.Equal(1, DatasetHouse.Count($"select count(*) from {File(january, "provider")}"));
        // Without the column that refers to them there is no way to them.
        var unlinked = house.Opened(Permit("unlinked", DatasetHouse.Category("location")) is var p ? p with { Request = p.Request with { Data = [DatasetHouse.Category("person", "gender_concept_id"), DatasetHouse.Category("location")] } } : null!, null, Population());
        Assert.Equal(0, DatasetHouse.Count($"select count(*) from {File(unlinked, "location")}"));
    }

    [Fact]
    public void No_name_address_or_whole_postcode_is_given_and_rare_places_and_specialties_are_not()
    {
        var folder = house.Opened(Permit(), null, Population());
        foreach (var csv in Directory.EnumerateFiles(Path.Combine(folder, "csv"))) Assert.DoesNotContain(DatasetHouse.Canary, System.IO.File.ReadAllText(csv), StringComparison.Ordinal);
        Assert.Equal(["75", "94"], DatasetHouse.Query($"select distinct zip from {File(folder, "location")} where zip is not null order by 1").Select(r => $"{r[0]}"));
        // Only one patient lives in Lozère.
        Assert.Equal(1, DatasetHouse.Count($"select count(*) from {File(folder, "location")} where zip is null"));
        // Twenty-five patients saw this specialist, who is one of a kind: a specialty of few providers names them.
        Assert.Equal(["0", "38004446"], DatasetHouse.Query($"select distinct specialty_concept_id from {File(folder, "provider")} order by 1").Select(r => $"{r[0]}"));
        Assert.Equal(["location_id", "state", "zip", "country_concept_id", "country_source_value", "region_concept_id"], DatasetHouse.Query($"describe select * from {File(folder, "location")}").Select(r => (string)r[0]!));
        Assert.Equal(["care_site_id", "place_of_service_concept_id"], DatasetHouse.Query($"describe select * from {File(folder, "care_site")}").Select(r => (string)r[0]!));
    }

    [Fact]
    public void Nothing_comes_through_the_patients_of_others_or_those_who_object()
    {
        // Patient 300 is the first of the thirteenth provider; with all of its patients objecting it is gone.
        using var release = Door.Open(house.Test.Lake, new("t", "ada", "places", "dataset.build", 1), (_, _) => { }, 64 << 20, [.. Enumerable.Range(First + 300, 100).Select(DatasetHouse.Id)]).OrThrow();
        BuiltDataset Build(OpenRelease from) => house.Shelf.Build(from, house.Plan(Permit()).OrThrow(), Population(400), [], 64 << 20, null, TestContext.Current.CancellationToken).OrThrow();
        long Providers(BuiltDataset built) => built.Contents.Files.Single(f => f.Name == "omop/provider.parquet").Rows!.Value;
        Assert.Equal((12, 13), (Providers(Build(release)), Providers(Build(house.Release()))));
    }

    [Fact]
    public void Two_projects_share_no_pseudonym_or_order_and_building_again_gives_the_same_bytes()
    {
        var (one, other) = (house.Opened(Permit("one"), null, Population()), house.Opened(Permit("other"), null, Population()));
        foreach (var table in new[] { "location", "care_site", "provider" })
            Assert.Equal(0, DatasetHouse.Count($"select count(*) from {File(one, table)} a join {File(other, table)} b using ({table}_id)"));
        // In ascending order of pseudonym, which is another in each project.
        Assert.Equal(0, DatasetHouse.Count($"select count(*) from (select location_id < lag(location_id) over (order by file_row_number) as back from read_parquet({File(one, "location")}, file_row_number = true)) where back"));
        Assert.Equal(house.Build(Permit("one"), null, Population()).Contents.Files.AsEnumerable(), house.Build(Permit("one"), null, Population(), 1 << 16).Contents.Files);
    }
}
