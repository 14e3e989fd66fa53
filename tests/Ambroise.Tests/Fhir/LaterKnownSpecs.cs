using Ambroise.Lake.Releases;

namespace Ambroise.Tests.Fhir;

/// <summary>What a later load makes known moves the rows of earlier ones to where a single load would have put them.</summary>
public sealed class LaterKnownSpecs
{
    const string Patient = """{"resourceType":"Patient","id":"p1","gender":"female","birthDate":"1961-04-02"}""";

    static string Encounter(string id, int version = 1, string more = "") =>
        $$"""{"resourceType":"Encounter","id":"{{id}}","meta":{"versionId":"{{version}}"},"status":"finished","class":{"code":"IMP"},"subject":{"reference":"Patient/p1"}{{more}},"period":{"start":"2020-05-0{{id.Length}}"} }""";

    static string PartOf(string id) => $$""","partOf":{"reference":"Encounter/{{id}}"}""";

    static string Deleted(string url, int month) => $$"""{"resourceType":"Bundle","type":"transaction","timestamp":"2024-{{month:D2}}-01T00:00:00Z","entry":[{"request":{"method":"DELETE","url":"{{url}}"} }]}""";

    /// <summary>The lines in one load, and each split of them in two, one way round and the other; then the first of them again.</summary>
    static void Expect(string query, string[] expected, params string[] lines)
    {
        using var hospital = new FhirHospital { VerifiesEachLoad = false };
        var whole = hospital.Load(LoadMode.Replace, [Patient, .. lines]);
        Assert.Equal(expected, hospital.Query(query));
        for (var split = 1; split < 1 << lines.Length; split++)
        {
            hospital.Load(LoadMode.Replace, [Patient, .. lines.Where((_, n) => (split >> n & 1) == 0)]);
            Assert.Equal(whole, hospital.Load(LoadMode.Merge, [Patient, .. lines.Where((_, n) => (split >> n & 1) != 0)]));
        }
        Assert.Equal(whole, hospital.Load(LoadMode.Merge, lines[..1]));
        hospital.Verify();
    }

    /// <summary>Their shard is written anew for somebody else.</summary>
    [Fact]
    public void Stays_of_whom_a_load_says_nothing_new_lie_in_one_another_as_they_did()
    {
        static string Other(int version) => $$"""{"resourceType":"Patient","id":"p2","meta":{"versionId":"{{version}}"},"gender":"male","birthDate":"195{{version}}-04-02"}""";
        const string diagnosis = """{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p1"},"encounter":{"reference":"Encounter/bed"},"code":{"coding":[{"system":"urn:x","code":"C"}]},"onsetDateTime":"2020-05-06"}""";
        string[] stays = [Encounter("first"), Encounter("ward", 1, PartOf("first")), Encounter("bed", 1, PartOf("ward"))];
        using var hospital = new FhirHospital();
        var whole = hospital.Load(LoadMode.Replace, [Patient, Other(2), .. stays, diagnosis]);
        hospital.Load(LoadMode.Replace, [Patient, Other(1), .. stays, diagnosis]);
        Assert.Equal(whole, hospital.Load(LoadMode.Merge, Other(2), stays[2]));
        Assert.Equal(["2020-05-05"], hospital.Query("select strftime(visit_start_date, '%Y-%m-%d') from condition_occurrence join visit_occurrence using (visit_occurrence_id)"));
    }

    [Fact]
    public void A_cost_is_of_the_outermost_stay_of_its_encounter_whichever_that_comes_to_be()
    {
        const string claim = """{"resourceType":"Claim","id":"k","status":"active","patient":{"reference":"Patient/p1"},"item":[{"encounter":[{"reference":"Encounter/bed"}]}],"total":{"value":120}}""";
        Expect("select cast(visit_start_date as date) || ' ' || total_charge from cost join visit_occurrence on cost_event_id = visit_occurrence_id", ["2020-05-06 120.0"],
            Encounter("first"), Encounter("second"), Encounter("bed", 1, PartOf("ward")), Encounter("ward", 1, PartOf("first")), Encounter("ward", 2, PartOf("second")), claim);
    }

    [Fact]
    public void An_identifier_of_a_practitioner_who_was_deleted_means_them_still()
    {
        const string doctor = """{"resourceType":"Practitioner","id":"d","meta":{"lastUpdated":"2024-01-01T00:00:00Z"},"identifier":[{"system":"urn:rpps","value":"R1"}]}""";
        const string other = """{"resourceType":"Practitioner","id":"d","meta":{"lastUpdated":"2024-02-01T00:00:00Z"},"identifier":[{"system":"urn:rpps","value":"R2"}]}""";
        const string by = ""","participant":[{"individual":{"reference":"Practitioner?identifier=urn:rpps|R1"}}] """;
        Expect("select count(*) from visit_occurrence", ["1"], doctor, other, Deleted("Practitioner/d", 6), Encounter("e", 1, by));
    }

    /// <param name="band">The number of a wristband that this version bears; null for none.</param>
    static string Wearer(string id, int month, string? band) =>
        $$"""{"resourceType":"Patient","id":"{{id}}","meta":{"lastUpdated":"2024-{{month:D2}}-01T00:00:00Z"},"gender":"male","birthDate":"1970-01-0{{month}}"{{(band is null ? "" : $",\"identifier\":[{{\"system\":\"urn:band\",\"value\":\"{band}\"}}]")}}}""";

    const string OfWearer = """{"resourceType":"Encounter","id":"w","status":"finished","class":{"code":"IMP"},"subject":{"reference":"Patient?identifier=urn:band|B1"},"period":{"start":"2020-05-05"} }""";

    [Fact]
    public void An_identifier_of_two_patients_means_the_one_of_the_least_key() =>
        Expect("select count(*) from visit_occurrence where person_id = (select min(person_id) from person where person_source_value in ('q', 'r'))", ["1"],
            Wearer("q", 1, "B1"), Wearer("r", 1, "B1"), OfWearer);

    [Fact]
    public void An_identifier_means_its_patient_still_who_bears_it_no_more() =>
        Expect("select person_source_value from visit_occurrence join person using (person_id)", ["q"], Wearer("q", 1, "B1"), Wearer("q", 2, null), Wearer("r", 1, "B2"), OfWearer);

    [Fact]
    public void An_identifier_that_passes_to_another_patient_means_that_one_whoever_comes_first() =>
        Expect("select person_source_value from visit_occurrence join person using (person_id)", ["r"], Wearer("q", 1, "B1") + "\n" + Wearer("r", 1, "B3"), Wearer("q", 2, "B2"), Wearer("r", 2, "B1"), OfWearer);

    [Fact]
    public void What_names_a_patient_by_an_identifier_is_another_bearers_once_they_are_deleted() =>
        Expect("select count(*) || ' ' || min(person_source_value) from visit_occurrence join person using (person_id)", ["1 r"], Wearer("q", 1, "B1"), Wearer("r", 1, "B1"), Deleted("Patient/q", 6), OfWearer);

    [Fact]
    public void An_erasure_takes_the_identifiers_that_its_patient_bore_once()
    {
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, Patient, Wearer("q", 1, "B1"));
        hospital.Load(LoadMode.Merge, Wearer("q", 2, null));
        Assert.Equal(["2"], hospital.Query("select count(*) from person_identity where kind = 'former'")); // with its system, and without
        var person = long.Parse(hospital.Query("select person_id from person where person_source_value = 'q'")[0], System.Globalization.CultureInfo.InvariantCulture);
        Erasure.Run(hospital.Lake, [person], null, TestContext.Current.CancellationToken).OrThrow();
        Assert.Equal(["0"], hospital.Query("select count(*) from person_identity where kind = 'former'"));
        Assert.Null(Verification.Run(hospital.Lake, null, TestContext.Current.CancellationToken).Fault);
        hospital.Load(LoadMode.Merge, OfWearer);
        Assert.Equal(1, hospital.Fate("Encounter", "set-aside", "waiting-patient"));
    }

    static string Doctor(string id, int month, string number) =>
        $$"""{"resourceType":"Practitioner","id":"{{id}}","meta":{"lastUpdated":"2024-{{month:D2}}-01T00:00:00Z"},"name":[{"family":"{{id}}"}],"identifier":[{"system":"urn:rpps","value":"{{number}}"}]}""";

    static string Role(int month, string practitioner, string more = "") => $$"""{"resourceType":"PractitionerRole","id":"head","meta":{"lastUpdated":"2024-{{month:D2}}-01T00:00:00Z"},"practitioner":{"reference":"{{practitioner}}"}{{more}} }""";

    static string Attended(string by) => Encounter("e", 1, $$""","participant":[{"individual":{"reference":"{{by}}"} }]""");

    const string Attending = "select provider_name from visit_occurrence join provider on visit_occurrence.provider_id = provider.provider_id";

    [Fact]
    public void An_identifier_that_passes_to_another_practitioner_means_that_one_in_rows_of_earlier_loads() =>
        Expect(Attending, ["e"], Doctor("d", 1, "R1"), Doctor("d", 2, "R2"), Doctor("e", 1, "R1"), Attended("Practitioner?identifier=urn:rpps|R1"));

    [Fact]
    public void A_role_that_passes_to_another_practitioner_does_so_in_rows_of_earlier_loads() =>
        Expect(Attending, ["e"], Doctor("d", 1, "R1") + "\n" + Doctor("e", 1, "R2"), Role(1, "Practitioner/d"), Role(2, "Practitioner/e"), Attended("PractitionerRole/head"));

    [Fact]
    public void A_role_whose_practitioner_is_named_by_an_identifier_passes_with_it() =>
        Expect(Attending, ["e"], Doctor("d", 1, "R1") + "\n" + Role(1, "Practitioner?identifier=urn:rpps|R1"), Doctor("d", 2, "R2"), Doctor("e", 1, "R1"), Attended("PractitionerRole/head"));

    [Fact]
    public void So_does_the_specialty_that_the_role_tells_of() =>
        Expect("select provider_name || ' ' || specialty_source_value from provider where specialty_source_value is not null", ["e SM54"], Doctor("d", 1, "R1"), Doctor("d", 2, "R2"), Doctor("e", 1, "R1"),
            Role(1, "Practitioner?identifier=urn:rpps|R1", ""","specialty":[{"coding":[{"system":"urn:specialties","code":"SM54"}]}]"""));

    [Fact]
    public void An_organization_that_is_given_anothers_identifier_is_where_it_all_was()
    {
        static string Site(string id, int month, string number) => $$"""{"resourceType":"Organization","id":"{{id}}","meta":{"lastUpdated":"2024-{{month:D2}}-01T00:00:00Z"},"name":"{{id}}","identifier":[{"system":"urn:finess","value":"{{number}}"}]}""";
        Expect("select care_site_name from visit_occurrence join care_site on visit_occurrence.care_site_id = care_site.care_site_id", ["b"],
            Site("a", 1, "F1"), Site("a", 2, "F2"), Site("b", 1, "F1"), Encounter("e", 1, ""","serviceProvider":{"reference":"Organization?identifier=urn:finess|F1"}"""));
    }

    [Fact]
    public void The_report_tells_how_many_records_follow_what_names_them()
    {
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, Patient, Wearer("q", 1, "B1"), Doctor("d", 1, "R1"), OfWearer, Attended("Practitioner?identifier=urn:rpps|R1"), OfWearer.Replace("\"w\"", "\"w2\"", StringComparison.Ordinal));
        hospital.Load(LoadMode.Merge, Wearer("q", 2, null), Wearer("r", 1, "B1"), Doctor("d", 2, "R2"), Doctor("e", 1, "R1"));
        Assert.Equal(["Encounter.patient 2", "Encounter.practitioner 1"], hospital.Report.Notes.Where(n => n.Reason == "follows-name").Select(n => $"{n.Type} {n.Count}").Order());
    }
}
