using Ambroise.Lake.Releases;
using Ambroise.Sources.Fhir.Codes;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Tests.Fhir;

/// <summary>What comes again as it was changes nothing and is not written again; what would be mapped otherwise by now is.</summary>
public sealed class SentAgainSpecs
{
    static readonly string[] Patients = [.. Enumerable.Range(1, 40).SelectMany(Of)];

    static IEnumerable<string> Of(int n) =>
    [
        $$"""{"resourceType":"Patient","id":"p{{n}}","gender":"female","birthDate":"1961-04-02"}""",
        $$"""{"resourceType":"Encounter","id":"e{{n}}","status":"finished","class":{"code":"IMP"},"subject":{"reference":"Patient/p{{n}}"},"period":{"start":"2020-05-01"} }""",
        Condition(n, "2020-05-02"),
        $$"""{"resourceType":"Claim","id":"k{{n}}","status":"active","patient":{"reference":"Patient/p{{n}}"},"item":[{"encounter":[{"reference":"Encounter/e{{n}}"}]}],"total":{"value":120} }""",
    ];

    static string Condition(int n, string day) => $$"""{"resourceType":"Condition","id":"c{{n}}","subject":{"reference":"Patient/p{{n}}"},"code":{"coding":[{"system":"urn:drugs","code":"M6"}]},"onsetDateTime":"{{day}}"}""";

    /// <summary>Of each file with rows of patients, the load that wrote it.</summary>
    static IEnumerable<string> Writers(FhirHospital hospital) => hospital.Lake.Release(null).OrThrow().Files.Where(f => f.Shard >= 0).Select(f => f.Keys).Distinct().Order();

    [Fact]
    public void What_comes_again_as_it_was_is_not_written_again()
    {
        using var hospital = new FhirHospital { Keep = new(1, 32, 0.5) };
        var first = hospital.Load(LoadMode.Replace, Patients);
        Assert.Equal(first, hospital.Load(LoadMode.Merge, [.. Patients.Reverse()]));
        Assert.Equal(["r1"], Writers(hospital));
        Assert.Equal([40, 40, 40, 40], new[] { "Patient", "Encounter", "Condition", "Claim" }.Select(t => hospital.Fate(t, "set-aside", "unchanged")));
        Assert.Equal(Patients.Length, hospital.Report.Fates.Sum(f => f.Count));
        Assert.Equal([.. Enumerable.Range(1, 160).Select(n => $"{n}").Order(StringComparer.Ordinal)], hospital.Rows("source_record", "source_line").Order(StringComparer.Ordinal)); // where the rows came from
    }

    [Fact]
    public void Beside_it_what_changed_is()
    {
        using var hospital = new FhirHospital { Keep = new(1, 32, 0.5) };
        string[] changed = [.. Patients.Where(p => p != Condition(7, "2020-05-02")), Condition(7, "2020-06-03")];
        var whole = hospital.Load(LoadMode.Replace, changed);
        hospital.Load(LoadMode.Replace, Patients);
        hospital.Load(LoadMode.Merge, changed);
        Assert.Equal(["r2", "r3"], Writers(hospital));
        Assert.Equal((39, 1), (hospital.Fate("Condition", "set-aside", "unchanged"), hospital.Fate("Condition", "used", "used")));
        Assert.Equal(40, hospital.Rows("condition_occurrence", "condition_occurrence_id").Count);
        Assert.Equal(["1"], hospital.Query("select count(*) from condition_occurrence where condition_start_date = '2020-06-03'"));
        hospital.Load(LoadMode.Merge, changed);
        Assert.Equal(whole, hospital.Load(LoadMode.Replace, changed));
    }

    [Fact]
    public void What_the_site_maps_otherwise_by_now_is_mapped_again()
    {
        using var hospital = new FhirHospital { Keep = new(1, 32, 0.5) };
        hospital.Load(LoadMode.Replace, Patients);
        Assert.Equal(["0"], hospital.Query("select distinct condition_concept_id from condition_occurrence"));
        hospital.Codes = SentHospital.Codes;
        hospital.Load(LoadMode.Merge, Patients);
        Assert.Equal(40, hospital.Fate("Condition", "used", "used"));
        Assert.Equal(["40"], hospital.Query("select count(*) from procedure_occurrence")); // the domain of what the code means now
    }

    [Fact]
    public void So_is_what_the_sites_options_say_otherwise()
    {
        const string plan = """{"resourceType":"MedicationRequest","id":"m","status":"active","intent":"plan","subject":{"reference":"Patient/p1"},"medicationCodeableConcept":{"coding":[{"system":"urn:drugs","code":"M1"}]},"authoredOn":"2020-01-03"}""";
        using var hospital = new FhirHospital { Codes = SentHospital.Codes };
        hospital.Load(LoadMode.Replace, [.. Patients, plan]);
        var before = hospital.Rows("drug_exposure", "drug_exposure_id").Count;
        hospital.LoadFiles(LoadMode.Merge, new() { ["all.ndjson"] = System.Text.Encoding.UTF8.GetBytes(string.Join('\n', [.. Patients, plan])) }, FhirOptions.Default with { Intents = ["plan"] });
        Assert.Equal(before + 1, hospital.Rows("drug_exposure", "drug_exposure_id").Count);
    }

    [Fact]
    public void A_request_follows_its_medication_though_it_comes_again_as_it_was()
    {
        static string Medication(int version, string code) => $$"""{"resourceType":"Medication","id":"m","meta":{"versionId":"{{version}}"},"code":{"coding":[{"system":"urn:drugs","code":"{{code}}"}]} }""";
        const string request = """{"resourceType":"MedicationRequest","id":"r","status":"active","intent":"order","subject":{"reference":"Patient/p1"},"medicationReference":{"reference":"Medication/m"},"authoredOn":"2020-01-03"}""";
        using var hospital = new FhirHospital { Codes = SentHospital.Codes };
        var whole = hospital.Load(LoadMode.Replace, [.. Patients, Medication(2, "M2"), request]);
        hospital.Load(LoadMode.Replace, [.. Patients, Medication(1, "M4"), request]);
        Assert.Equal(whole, hospital.Load(LoadMode.Merge, Medication(2, "M2"), request)); // both at once
        hospital.Load(LoadMode.Replace, [.. Patients, Medication(1, "M4"), request]);
        hospital.Load(LoadMode.Merge, Medication(2, "M2"));
        Assert.Equal(whole, hospital.Load(LoadMode.Merge, request));
        Assert.Equal(1, hospital.Fate("MedicationRequest", "used", "used")); // its rows were those of another code when it came
        Assert.Equal(whole, hospital.Load(LoadMode.Merge, request));
        Assert.Equal(1, hospital.Fate("MedicationRequest", "set-aside", "unchanged"));
    }

    /// <summary>The same bytes mean another patient in another bundle.</summary>
    [Fact]
    public void An_entry_of_a_bundle_is_read_with_its_bundle()
    {
        const string condition = """{"resourceType":"Condition","id":"b","subject":{"reference":"urn:uuid:00000000-0000-4000-8000-000000000001"},"code":{"coding":[{"system":"urn:drugs","code":"M1"}]},"onsetDateTime":"2020-05-02"}""";
        static string Bundle(int patient) =>
            $$"""{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000001","resource":{"resourceType":"Patient","id":"p{{patient}}","gender":"female","birthDate":"1961-04-02"} },{"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000002","resource":{{condition}} }]}""";
        const string whose = "select person_source_value from condition_occurrence join person using (person_id) where condition_start_date = '2020-05-02' and condition_occurrence_id not in (select condition_occurrence_id from condition_occurrence where condition_end_date is not null)";
        using var hospital = new FhirHospital();
        string[] nobody = [.. Enumerable.Range(1, 3).SelectMany(n => Of(n).Take(1)), """{"resourceType":"Patient","id":"00000000-0000-4000-8000-000000000001","gender":"male","birthDate":"1950-01-01"}"""];
        hospital.Load(LoadMode.Replace, nobody);
        foreach (var patient in new[] { 1, 2, 2, 3 })
        {
            hospital.Load(LoadMode.Merge, Bundle(patient));
            Assert.Equal([$"p{patient}"], hospital.Query(whose));
        }
        hospital.Load(LoadMode.Merge, condition);
        Assert.Equal(["00000000-0000-4000-8000-000000000001"], hospital.Query(whose));
        hospital.Load(LoadMode.Merge, Bundle(1));
        Assert.Equal(["p1"], hospital.Query(whose));
    }

    [Fact]
    public void A_fingerprint_follows_from_all_that_a_mapping_reads()
    {
        var definitions = new Definitions();
        definitions.Add(5, new(CodeBook.Empty.Find("urn:drugs", "M1"), ""), default);
        var options = FhirOptions.Default;
        long[] all =
        [
            new Fingerprints(CodeBook.Empty, options, definitions).Of(1, 4), new Fingerprints(CodeBook.Empty, options, definitions).Of(2, 4), new Fingerprints(CodeBook.Empty, options, definitions).Of(1, 5),
            new Fingerprints(SentHospital.Codes, options, definitions).Of(1, 4), new Fingerprints(CodeBook.Empty, options with { Intents = ["plan"] }, definitions).Of(1, 4),
            new Fingerprints(CodeBook.Empty, options with { Zone = TimeZoneInfo.Utc }, definitions).Of(1, 4), new Fingerprints(CodeBook.Empty, options with { NumberSystems = ["urn:ipp"] }, definitions).Of(1, 4),
        ];
        Assert.Equal(all.Length, all.Distinct().Count());
        Assert.Equal(all[0], new Fingerprints(CodeBook.Empty, options with { Intents = [.. options.Intents] }, new()).Of(1, 5));
    }
}
