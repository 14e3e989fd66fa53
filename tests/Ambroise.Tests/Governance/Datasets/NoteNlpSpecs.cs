using Ambroise.Lake.Cdm;

namespace Ambroise.Tests.Governance.Datasets;

/// <summary>What was read in notes names its patient through the note alone.</summary>
public sealed class NoteNlpSpecs : IDisposable
{
    const long BeforeFirst = 7_650_000_000_000_000;

    readonly DatasetHouse house = new(rows =>
    {
        for (var p = 1; p <= DatasetHouse.Patients; p++)
            rows.Add(Cdm54.NoteNlp, ("note_nlp_id", BeforeFirst + p), ("note_id", 7_600_000_000_000_000 + p), ("lexical_variant", DatasetHouse.Canary), ("snippet", DatasetHouse.Canary),
                ("note_nlp_concept_id", 201_820), ("nlp_date", new DateOnly(2015, 6, 1)), ("term_exists", "Y"));
    });

    public void Dispose() => house.Dispose();

    [Fact]
    public void It_is_given_for_permitted_patients_with_their_pseudonyms_and_their_shift_and_without_its_words()
    {
        var folder = house.Opened(DatasetHouse.Permit(data: [DatasetHouse.Category("note", "note_id", "note_date"), DatasetHouse.Category("note_nlp"), DatasetHouse.Category("visit_occurrence")]), null, DatasetHouse.Population(50));
        var (note, nlp) = ($"'{folder}/omop/note.parquet'", $"'{folder}/omop/note_nlp.parquet'");
        Assert.Equal(50, DatasetHouse.Count($"select count(*) from {nlp}"));

        // Each hangs on a note that is given, on the same shifted day.
        Assert.Equal(50, DatasetHouse.Count($"select count(*) from {nlp} join {note} using (note_id) where nlp_date = note_date"));
        Assert.True(DatasetHouse.Count($"select count(distinct nlp_date) from {nlp}") > 10);
        // None of the warehouse's own numbers: among wider ones, a pseudonym of 63 bits would fall by chance.
        Assert.Equal(0, DatasetHouse.Count($"select count(*) from {nlp} where note_nlp_id - {BeforeFirst} between 1 and {DatasetHouse.Patients}"));
        Assert.DoesNotContain(DatasetHouse.Query($"describe select * from {nlp}"), c => (string)c[0]! is "snippet" or "lexical_variant");
        Assert.DoesNotContain(DatasetHouse.Canary, File.ReadAllText(Path.Combine(folder, "csv", "note_nlp.csv")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("note_nlp", "snippet", "dataset.column-unavailable")]
    [InlineData("provider", "npi", "dataset.column-unavailable")]
    [InlineData("provider", "provider_name", "dataset.column-unavailable")]
    [InlineData("provider", "year_of_birth", "dataset.column-unavailable")]
    [InlineData("care_site", "care_site_name", "dataset.column-unavailable")]
    [InlineData("care_site", "location_id", "dataset.column-unavailable")]
    [InlineData("location", "city", "dataset.column-unavailable")]
    [InlineData("location", "latitude", "dataset.column-unavailable")]
    [InlineData("location", "county", "dataset.column-unavailable")]
    [InlineData("location_history", "location_id", "dataset.table-unavailable")]
    [InlineData("cdm_source", "cdm_holder", "dataset.table-unavailable")]
    public void What_cannot_be_protected_is_refused_before_anything_is_read(string table, string column, string code)
    {
        Assert.True(house.Plan(DatasetHouse.Permit(data: [DatasetHouse.Category(table, column)])).Failed(out var failure, out _));
        Assert.Equal(code, failure.Code);
    }
}
