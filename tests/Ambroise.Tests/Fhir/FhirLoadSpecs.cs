using System.Text;
using Ambroise.Lake.Releases;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Tests.Fhir;

public sealed class FhirLoadSpecs
{
    const string Patient = """{"resourceType":"Patient","id":"p1","gender":"female","birthDate":"1961-04-02"}""";

    static string Condition(string id, string more = "", string onset = "2020-05-01", string subject = "Patient/p1") =>
        $$"""{"resourceType":"Condition","id":"{{id}}","subject":{"reference":"{{subject}}"},"code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"E11.9","display":"Diabetes"}]},"onsetDateTime":"{{onset}}"{{more}}}""";

    [Fact]
    public void A_resource_becomes_a_row_with_its_code_kept()
    {
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, Patient, Condition("c1"));
        Assert.Equal(["1961|8532"], hospital.Rows("person", "year_of_birth", "gender_concept_id"));
        Assert.Equal(["2020-05-01|0|E11.9"], hospital.Rows("condition_occurrence", "condition_start_date", "condition_concept_id", "condition_source_value"));
        Assert.Equal(["2020-05-01|2020-05-01"], hospital.Rows("observation_period", "observation_period_start_date", "observation_period_end_date"));
        Assert.Equal(("E11.9", 1L), (hospital.Report.Unmapped.Single(u => u.Code == "E11.9").Code, hospital.Report.Unmapped.Single(u => u.Code == "E11.9").Count));
    }

    [Fact]
    public void What_did_not_happen_leaves_nothing()
    {
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, Patient, Condition("c1"),
            Condition("refuted", ""","verificationStatus":{"coding":[{"code":"refuted"}]}"""), Condition("wrong", ""","verificationStatus":{"coding":[{"code":"entered-in-error"}]}"""),
            """{"resourceType":"Procedure","id":"no","status":"not-done","subject":{"reference":"Patient/p1"},"code":{"text":"x"},"performedDateTime":"2020-01-01"}""",
            """{"resourceType":"Observation","id":"err","status":"entered-in-error","subject":{"reference":"Patient/p1"},"code":{"text":"x"},"effectiveDateTime":"2020-01-01"}""",
            """{"resourceType":"MedicationRequest","id":"plan","status":"active","intent":"plan","subject":{"reference":"Patient/p1"},"medicationCodeableConcept":{"text":"x"},"authoredOn":"2020-01-01"}""",
            """{"resourceType":"MedicationRequest","id":"not","status":"active","intent":"order","doNotPerform":true,"subject":{"reference":"Patient/p1"},"medicationCodeableConcept":{"text":"x"},"authoredOn":"2020-01-01"}""",
            """{"resourceType":"Encounter","id":"off","status":"cancelled","class":{"code":"AMB"},"subject":{"reference":"Patient/p1"},"period":{"start":"2020-01-01","end":"2020-01-02"}}""");
        Assert.Single(hospital.Rows("condition_occurrence", "condition_start_date"));
        foreach (var table in new[] { "procedure_occurrence", "observation", "measurement", "drug_exposure", "visit_occurrence" }) Assert.Empty(hospital.Rows(table, "person_id"));
        Assert.Equal(9, hospital.Report.Fates.Sum(f => f.Count));
        Assert.Equal(2, hospital.Report.Fates.Where(f => f.Kind == "used").Sum(f => f.Count));
    }

    [Fact]
    public void A_later_version_takes_the_place_of_the_earlier_and_a_delete_removes_in_any_order()
    {
        var old = Condition("c1", ""","meta":{"lastUpdated":"2020-06-01T10:00:00Z","versionId":"1"}""");
        var later = Condition("c1", ""","meta":{"lastUpdated":"2020-07-01T10:00:00Z","versionId":"2"}""", "2020-05-09");
        var other = Condition("c2", ""","meta":{"lastUpdated":"2020-06-01T10:00:00Z"}""", "2019-01-01");
        var gone = """{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Condition/c2"},"response":{"status":"204","lastModified":"2020-08-01T00:00:00Z"}}]}""";

        using var whole = new FhirHospital();
        var atOnce = whole.Load(LoadMode.Replace, Patient, gone, later, other, old);
        Assert.Equal(["2020-05-09"], whole.Rows("condition_occurrence", "condition_start_date"));

        // The same in three increments, the later before the earlier; then everything once more.
        Assert.NotEqual(atOnce, whole.Load(LoadMode.Replace, Patient, other));
        whole.Load(LoadMode.Merge, later);
        Assert.Equal(["2019-01-01", "2020-05-09"], whole.Rows("condition_occurrence", "condition_start_date"));
        whole.Load(LoadMode.Merge, old, gone);
        Assert.Equal(["2020-05-09"], whole.Rows("condition_occurrence", "condition_start_date"));
        Assert.Equal(1, whole.Fate("Condition", "set-aside", "older-than-loaded"));
        var again = whole.Load(LoadMode.Merge, Patient, gone, later, other, old);
        Assert.Equal(again, whole.Load(LoadMode.Merge, Patient, gone, later, other, old));
        Assert.Equal(["2020-05-09"], whole.Rows("condition_occurrence", "condition_start_date"));
    }

    [Fact]
    public void A_delete_without_a_time_is_of_the_load_that_brings_it()
    {
        var first = Condition("c1", ""","meta":{"lastUpdated":"2020-06-01T10:00:00Z"}""");
        var untimed = Condition("c2", "", "2019-01-01");
        var anew = Condition("c1", ""","meta":{"lastUpdated":"2999-01-01T10:00:00Z"}""", "2021-02-03");
        static string Gone(string id) => $$"""{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Condition/{{id}}"} }]}""";

        using var hospital = new FhirHospital();
        var deleted = hospital.Load(LoadMode.Replace, Patient, first, untimed, Gone("c1"), Gone("c2"));
        Assert.Empty(hospital.Rows("condition_occurrence", "condition_start_date"));
        Assert.Equal(deleted, hospital.Load(LoadMode.Merge, first));
        using var other = new FhirHospital();
        other.Load(LoadMode.Replace, Patient, first);
        other.Load(LoadMode.Merge, Gone("c2"));
        other.Load(LoadMode.Merge, Gone("c1"));
        Assert.Empty(other.Rows("condition_occurrence", "condition_start_date"));
        // What was made anew at the source after that day is there again.
        hospital.Load(LoadMode.Merge, anew);
        Assert.Equal(["2021-02-03"], hospital.Rows("condition_occurrence", "condition_start_date"));
        // So is what a source sends again that tells no times.
        hospital.Load(LoadMode.Merge, untimed);
        Assert.Equal(["2019-01-01", "2021-02-03"], hospital.Rows("condition_occurrence", "condition_start_date"));
    }

    [Fact]
    public void A_reference_to_nothing_leaves_the_row_and_is_told_of()
    {
        static string Of(string id, string visit, string who) => Condition(id, $$""","encounter":{"reference":"Encounter/{{visit}}"},"recorder":{"reference":"Practitioner/{{who}}"}""");
        const string visit = """{"resourceType":"Encounter","id":"v1","status":"finished","class":{"code":"IMP"},"subject":{"reference":"Patient/p1"},"period":{"start":"2020-03-01"}}""", who = """{"resourceType":"Practitioner","id":"d1","name":[{"family":"X"}]}""";
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, Patient, visit, who, Of("c1", "v1", "d1"), Of("c2", "nowhere", "nobody"), Of("c3", "nowhere", "d1"));
        Assert.Equal(["Condition.provider_id reference-unresolved 1", "Condition.visit_occurrence_id reference-unresolved 2"], hospital.Report.Notes.Select(n => $"{n.Type} {n.Reason} {n.Count}"));
        Assert.Equal(3, hospital.Rows("condition_occurrence", "person_id").Count);
        hospital.Load(LoadMode.Merge, Of("c4", "v1", "d1"), Of("c5", "v1", "nobody"));
        Assert.Equal(["Condition.provider_id reference-unresolved 1"], hospital.Report.Notes.Select(n => $"{n.Type} {n.Reason} {n.Count}"));
    }

    [Fact]
    public void The_order_of_lines_and_files_changes_nothing()
    {
        string[] lines = [Patient, Condition("c1"), Condition("c2", onset: "2021-01-01"), Condition("c3", onset: "2018"), """{"resourceType":"Encounter","id":"e1","status":"finished","class":{"code":"IMP"},"subject":{"reference":"Patient/p1"},"period":{"start":"2020-04-30T22:30:00+02:00","end":"2020-05-03"}}"""];
        using var hospital = new FhirHospital();
        var forward = hospital.Load(LoadMode.Replace, lines);
        Assert.Equal(forward, hospital.Load(LoadMode.Replace, [.. lines.Reverse()]));
        Assert.Equal(forward, hospital.LoadFiles(LoadMode.Replace, new() { ["a.ndjson"] = Encoding.UTF8.GetBytes(string.Join('\n', lines[2..])), ["b.ndjson.gz"] = FhirHospital.Gzip(string.Join("\r\n", lines[..2])) }));
        var entries = string.Join(",", lines.Select(l => $$"""{"fullUrl":"urn:uuid:{{l.GetHashCode(StringComparison.Ordinal):x}}","resource":{{l}}}"""));
        Assert.Equal(forward, hospital.LoadFiles(LoadMode.Replace, new() { ["bundle.json"] = Encoding.UTF8.GetBytes($$"""{"resourceType":"Bundle","type":"collection","entry":[{{entries}}]}""") }));
    }

    [Fact]
    public void Days_do_not_move_with_zones_and_partial_dates_say_what_the_source_knew()
    {
        using var hospital = new FhirHospital();
        var visit = """{"resourceType":"Encounter","id":"e1","status":"finished","class":{"code":"IMP"},"subject":{"reference":"Patient/p1"},"period":{"start":"2020-04-30T23:30:00-05:00","end":"2020-05-01T00:30:00-05:00"}}""";
        hospital.Load(LoadMode.Replace, Patient, visit, Condition("c1", onset: "2018"), Condition("c2", onset: "2019-03"));
        Assert.Equal(["2020-04-30|2020-05-01|2020-04-30 23:30:00"], hospital.Rows("visit_occurrence", "visit_start_date", "visit_end_date", "visit_start_datetime"));
        Assert.Equal(["2018-01-01|", "2019-03-01|"], hospital.Rows("condition_occurrence", "condition_start_date", "condition_start_datetime"));
        Assert.Equal(["month", "year"], hospital.Rows("source_record", "date_precision").Where(p => p.Length > 0).Order());

        hospital.LoadFiles(LoadMode.Replace, new() { ["x.ndjson"] = Encoding.UTF8.GetBytes($"{Patient}\n{visit}\n") }, FhirOptions.Default with { Zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Paris") });
        Assert.Equal(["2020-05-01|2020-05-01"], hospital.Rows("visit_occurrence", "visit_start_date", "visit_end_date"));
    }

    [Fact]
    public void Identifiers_reach_no_analytic_column_and_no_file_in_clear()
    {
        const string canary = "CANARI7Q";
        var patient = $$"""{"resourceType":"Patient","id":"{{canary}}-id","identifier":[{"system":"urn:oid:1.2.250.1.213.1.4.10","value":"{{canary}}-ins"},{"system":"http://hospital/ipp","value":"{{canary}}-ipp"}],"name":[{"family":"{{canary}}-name","given":["{{canary}}-given"]}],"telecom":[{"value":"{{canary}}-phone"}],"address":[{"line":["{{canary}}-street"],"city":"{{canary}}-city"}],"gender":"male","birthDate":"1950-01-01"}""";
        var condition = Condition("c1", $$""","identifier":[{"value":"{{canary}}-number"}]""", subject: $"Patient/{canary}-id");
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, patient, condition);
        Assert.All(hospital.FilesAtRest(), bytes => Assert.Equal(-1, bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(canary))));
        // person_source_value is an identity: it lies in the identity file, under the identities' own key, and is the resource's own name, no business identifier.
        Assert.Equal([$"{canary}-id"], hospital.Rows("person", "person_source_value").Select(r => r.Replace("Patient/", "", StringComparison.Ordinal)));
        Assert.DoesNotContain(hospital.Rows("person", "* exclude (person_source_value)"), r => r.Contains(canary, StringComparison.Ordinal));
        Assert.DoesNotContain(hospital.Rows("condition_occurrence", "*"), r => r.Contains(canary, StringComparison.Ordinal));
        Assert.DoesNotContain(hospital.Rows("location", "*"), r => r.Contains(canary + "-street", StringComparison.Ordinal));
        Assert.DoesNotContain(canary, Encoding.UTF8.GetString(hospital.Report.ToJson()), StringComparison.Ordinal);
    }

    /// <summary>Whichever of the two keys is the lesser: of twenty links some go each way.</summary>
    [Fact]
    public void A_link_to_a_patient_nobody_sent_loses_nobody()
    {
        using var hospital = new FhirHospital();
        var linked = Enumerable.Range(0, 20).Select(i => Patient.Replace("\"p1\"", $"\"a{i}\",\"link\":[{{\"other\":{{\"reference\":\"Patient/absent{i}\"}},\"type\":\"seealso\"}}]", StringComparison.Ordinal));
        hospital.Load(LoadMode.Replace, [.. linked, .. Enumerable.Range(0, 20).Select(i => Condition($"c{i}", subject: $"Patient/a{i}"))]);
        Assert.Equal(20, hospital.Rows("person", "person_id").Distinct().Count());
        Assert.Equal(20, hospital.Rows("condition_occurrence", "person_id").Distinct().Count());
    }

    [Fact]
    public void Linked_patients_are_one_person_with_both_their_records()
    {
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, Patient, Patient.Replace("\"p1\"", "\"p2\",\"link\":[{\"other\":{\"reference\":\"Patient/p1\"},\"type\":\"replaces\"}]", StringComparison.Ordinal), Condition("c1"), Condition("c2", onset: "2021-01-01", subject: "Patient/p2"));
        Assert.Single(hospital.Rows("person", "person_id"));
        Assert.Single(hospital.Rows("condition_occurrence", "person_id").Distinct());
        Assert.Equal(2, hospital.Rows("condition_occurrence", "person_id").Count);
        Assert.Equal(2, hospital.Rows("source_record", "record_type").Count(t => t == "Patient"));
    }

    [Fact]
    public void Only_a_qualified_national_identity_becomes_the_patients()
    {
        static string With(string id, string value, string reliability) =>
            $$"""{"resourceType":"Patient","id":"{{id}}","extension":[{"url":"https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability","extension":[{"url":"identityStatus","valueCoding":{"code":"{{reliability}}"} }]}],"identifier":[{"type":{"coding":[{"code":"INS-NIR"}]},"system":"urn:oid:1.2.250.1.213.1.4.10","value":"{{value}}"}],"gender":"male","birthDate":"1950-01-01"}""";
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, With("a", "150017500000001", "VALI"), With("b", "150017500000002", "PROV"));
        Assert.Equal(["150017500000001"], hospital.Rows("person_identity", "kind", "value").Where(r => r.StartsWith("INS|", StringComparison.Ordinal)).Select(r => r[4..]));
    }

    [Theory]
    [InlineData("""{"resourceType":"Condition","id":"x","subject":{"reference":"Patient/p1"},"code":{"text":"x"},"onsetDateTime":"2023-02-31"}""", "Condition", "quarantined")]
    [InlineData("""{"resourceType":"Condition","id":"x","subject":{"reference":"Patient/nobody"},"code":{"text":"x"},"onsetDateTime":"2023-02-01"}""", "Condition", "set-aside")]
    [InlineData("""{"resourceType":"Condition","id":"x","subject":{"reference":"Patient/p1"},"code":{"text":"x"},"onsetDateTime":"2023""", "unknown", "quarantined")]
    [InlineData("""{"resourceType":"Condition","id":"x","modifierExtension":[{"url":"urn:not-really","valueBoolean":true}],"subject":{"reference":"Patient/p1"},"code":{"text":"x"},"onsetDateTime":"2023-02-01"}""", "Condition", "quarantined")]
    [InlineData("""{"resourceType":"Condition","id":"x","subject":17,"code":[[[]]],"onsetDateTime":{"a":1}}""", "Condition", "quarantined")]
    [InlineData("""{"resourceType":"Confusion","id":"x"}""", "unknown", "set-aside")]
    [InlineData("""{"id":"x"}""", "unknown", "quarantined")]
    [InlineData("not json at all", "unknown", "quarantined")]
    [InlineData("[1,2,3]", "unknown", "quarantined")]
    public void A_bad_line_is_told_of_and_the_load_goes_on(string line, string type, string kind)
    {
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, Patient, line, Condition("c1"));
        Assert.Single(hospital.Rows("condition_occurrence", "condition_start_date"));
        Assert.Equal(3, hospital.Report.Fates.Sum(f => f.Count));
        Assert.Equal(1, hospital.Report.Fates.Where(f => f.Type == type && f.Kind == kind).Sum(f => f.Count));
    }

    [Fact]
    public void Damage_of_every_kind_is_quarantined()
    {
        using var hospital = new FhirHospital();
        var good = Encoding.UTF8.GetBytes($"{Patient}\n{Condition("c1")}\n");
        var deep = string.Concat(Enumerable.Repeat("{\"a\":", 5000)) + "1" + new string('}', 5000);
        var truncated = FhirHospital.Gzip(string.Join('\n', Enumerable.Range(0, 2000).Select(i => Condition($"t{i}"))));
        hospital.LoadFiles(LoadMode.Replace, new()
        {
            ["good.ndjson"] = good,
            ["deep.ndjson"] = Encoding.UTF8.GetBytes(deep),
            ["latin.ndjson"] = [.. Encoding.UTF8.GetBytes("""{"resourceType":"Condition","id":"l","subject":{"reference":"Patient/p1"},"code":{"text":" """), 0xE9, 0xFF, .. Encoding.UTF8.GetBytes(""" "},"onsetDateTime":"2020-01-01"}""")],
            ["cut.ndjson.gz"] = truncated[..(truncated.Length / 2)],
            ["long.ndjson"] = Encoding.UTF8.GetBytes("{\"resourceType\":\"Condition\",\"id\":\"" + new string('x', 100_000_000) + "\"}\n" + Condition("after", onset: "2022-02-02") + "\n"),
            ["twice.ndjson"] = Encoding.UTF8.GetBytes($"{Condition("c1")}\n{Condition("c1")}\n"),
        });
        var starts = hospital.Rows("condition_occurrence", "condition_start_date");
        Assert.Contains("2022-02-02", starts);
        Assert.Contains(hospital.Report.Notes, n => n is { Type: "file", Reason: "file-truncated" });
        Assert.Equal(1, hospital.Fate("unknown", "quarantined", "line-too-long"));
        Assert.True(hospital.Report.Fates.Where(f => f.Kind == "quarantined").Sum(f => f.Count) >= 1);
    }
}
