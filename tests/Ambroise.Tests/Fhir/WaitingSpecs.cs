using System.Text;
using Ambroise.Lake.Releases;

namespace Ambroise.Tests.Fhir;

/// <summary>What comes before the patient or the medication it is about.</summary>
public sealed class WaitingSpecs
{
    const string Patient = """{"resourceType":"Patient","id":"p1","gender":"female","birthDate":"1961-04-02"}""", Late = """{"resourceType":"Patient","id":"late","identifier":[{"system":"urn:ipp","value":"77"}],"gender":"male","birthDate":"1971-04-02"}""";
    const string Medication = """{"resourceType":"Medication","id":"m","code":{"coding":[{"system":"urn:drugs","code":"M1"}]}}""";

    static string Condition(string id, int version = 1, string onset = "2020-05-01", string subject = "Patient/late", string state = "confirmed") =>
        $$"""{"resourceType":"Condition","id":"{{id}}","meta":{"versionId":"{{version}}"},"subject":{"reference":"{{subject}}"},"verificationStatus":{"coding":[{"code":"{{state}}"}]},"code":{"coding":[{"system":"urn:x","code":"E11"}],"text":"CANARI7Q"},"onsetDateTime":"{{onset}}"}""";

    static string Request(string id, string subject = "p1") =>
        $$"""{"resourceType":"MedicationRequest","id":"{{id}}","status":"active","intent":"order","subject":{"reference":"Patient/{{subject}}"},"medicationReference":{"reference":"Medication/m"},"authoredOn":"2020-05-01"}""";

    [Fact]
    public void A_record_waits_for_its_patient_and_is_then_taken_up_as_if_it_came_with_them()
    {
        using var hospital = new FhirHospital();
        var whole = hospital.Load(LoadMode.Replace, Patient, Late, Condition("c1"), Condition("c2", subject: "Patient?identifier=urn:ipp|77"));
        hospital.Load(LoadMode.Replace, Patient, Condition("c1"), Condition("c2", subject: "Patient?identifier=urn:ipp|77"));
        Assert.Empty(hospital.Rows("condition_occurrence", "condition_source_value"));
        Assert.Equal((2L, 3L), (hospital.Fate("Condition", "set-aside", "waiting-patient"), hospital.Report.Fates.Sum(f => f.Count)));
        Assert.Empty(hospital.Rejected);
        Assert.All(hospital.FilesAtRest(), bytes => Assert.Equal(-1, bytes.AsSpan().IndexOf("CANARI7Q"u8)));

        hospital.Load(LoadMode.Merge, Patient); // brings nothing they lack
        Assert.Equal(1, hospital.Report.Fates.Sum(f => f.Count));
        Assert.Equal(2, hospital.Report.Notes.Single(n => n is { Type: "Condition.waiting", Reason: "still-waiting" }).Count);
        Assert.Equal(whole, hospital.Load(LoadMode.Merge, Late));
        Assert.Equal(2, hospital.Report.Notes.Single(n => n is { Type: "Condition.waiting", Reason: "taken-up" }).Count);
        Assert.Equal((2L, 3L), (hospital.Fate("Condition", "used", "used"), hospital.Report.Fates.Sum(f => f.Count)));
        Assert.Equal(["all.ndjson|2", "all.ndjson|3"], hospital.Rows("source_record", "source_file", "source_line", "record_type").Where(r => r.EndsWith("|Condition", StringComparison.Ordinal)).Select(r => r[..^10]));
        hospital.Load(LoadMode.Merge, Patient);
        Assert.DoesNotContain(hospital.Report.Notes, n => n.Type.EndsWith(".waiting", StringComparison.Ordinal));
    }

    [Fact]
    public void A_later_version_or_a_delete_takes_the_place_of_what_waits()
    {
        using var hospital = new FhirHospital();
        const string gone = """{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Condition/c3"}}]}""";
        hospital.Load(LoadMode.Replace, Patient, Condition("c1"), Condition("c2"), Condition("c3"), Condition("c4", version: 2, onset: "2022-01-01"));
        hospital.Load(LoadMode.Merge, Condition("c1", version: 2, onset: "2021-01-01"), Condition("c2", version: 2, state: "entered-in-error"), gone, Condition("c4"));
        Assert.Equal(1, hospital.Fate("Condition", "set-aside", "waiting-patient") - 1); // c1 and c2 in their new versions; c4 waits as it did
        hospital.Load(LoadMode.Merge, Late);
        Assert.Equal(["2021-01-01", "2022-01-01"], hospital.Rows("condition_occurrence", "condition_start_date"));
    }

    [Fact]
    public void A_request_waits_for_its_medication_and_keeps_what_its_bundle_said()
    {
        using var hospital = new FhirHospital();
        const string bundle = """{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:11","resource":{"resourceType":"Patient","id":"inside","gender":"male","birthDate":"1950-01-01"}},{"fullUrl":"urn:uuid:22","resource":{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"IMP"},"subject":{"reference":"urn:uuid:11"},"period":{"start":"2020-05-01"}}},{"fullUrl":"urn:uuid:33","resource":{"resourceType":"MedicationRequest","status":"active","intent":"order","subject":{"reference":"urn:uuid:11"},"encounter":{"reference":"urn:uuid:22"},"medicationReference":{"reference":"Medication/m"},"authoredOn":"2020-05-01"}}]}""";
        var whole = hospital.LoadFiles(LoadMode.Replace, new() { ["b.json"] = Encoding.UTF8.GetBytes(bundle), ["m.ndjson"] = Encoding.UTF8.GetBytes($"{Medication}\n{Patient}\n{Request("r")}\n") });
        hospital.LoadFiles(LoadMode.Replace, new() { ["b.json"] = Encoding.UTF8.GetBytes(bundle), ["m.ndjson"] = Encoding.UTF8.GetBytes($"{Patient}\n{Request("r")}\n") });
        Assert.Equal(2, hospital.Fate("MedicationRequest", "set-aside", "waiting-medication"));
        Assert.Equal(whole, hospital.Load(LoadMode.Merge, Medication));
        Assert.Equal(["M1", "M1"], hospital.Rows("drug_exposure", "drug_source_value"));
    }

    [Fact]
    public void An_erasure_takes_what_waits_in_every_release()
    {
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, Patient, Late.Replace("late", "other", StringComparison.Ordinal), Request("r"), Request("s", "other"), Condition("c1"));
        hospital.Load(LoadMode.Merge, Patient);
        var person = long.Parse(hospital.Query("select person_id from person where year_of_birth = 1961")[0], System.Globalization.CultureInfo.InvariantCulture);
        var done = Erasure.Run(hospital.Lake, [person], null, TestContext.Current.CancellationToken).OrThrow();
        Assert.Equal(2, done.Removed.Count(p => p.EndsWith(".waiting", StringComparison.Ordinal)));
        hospital.Load(LoadMode.Merge, Medication, Patient);
        Assert.Equal(["1971"], hospital.Query("select year_of_birth from drug_exposure join person using (person_id)"));
        Assert.Equal(1, hospital.Report.Notes.Single(n => n is { Type: "Condition.waiting", Reason: "still-waiting" }).Count);
    }

    [Fact]
    public void What_waits_for_a_patient_who_is_deleted_goes_with_them()
    {
        using var hospital = new FhirHospital();
        const string gone = """{"resourceType":"Bundle","type":"transaction","timestamp":"2024-01-01T00:00:00Z","entry":[{"request":{"method":"DELETE","url":"Patient/late"}}]}""";
        hospital.Load(LoadMode.Replace, Patient, Condition("c1"));
        hospital.Load(LoadMode.Merge, gone);
        Assert.Equal(1, hospital.Fate("Condition", "quarantined", "subject: patient-deleted"));
        hospital.Load(LoadMode.Merge, Condition("c2"));
        Assert.Equal(1, hospital.Fate("Condition", "quarantined", "subject: patient-deleted"));
        Assert.DoesNotContain(hospital.Report.Notes, n => n.Type.EndsWith(".waiting", StringComparison.Ordinal));
    }

    [Fact]
    public void However_many_wait_none_is_lost_and_a_changed_byte_is_found()
    {
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, [Patient, .. Enumerable.Range(0, 9000).Select(i => Condition($"c{i}"))]);
        var file = hospital.Lake.Release(null).OrThrow().Files.Single(f => f.Path.EndsWith(".waiting", StringComparison.Ordinal));
        Assert.Equal(9000, file.Rows);
        hospital.Load(LoadMode.Merge, Late);
        Assert.Equal(9000, hospital.Rows("condition_occurrence", "condition_start_date").Count);

        hospital.Load(LoadMode.Replace, Patient, Condition("c1"));
        var path = Path.Combine(hospital.Lake.Folder, hospital.Lake.Release(null).OrThrow().Files.Single(f => f.Path.EndsWith(".waiting", StringComparison.Ordinal)).Path);
        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        Assert.Equal("lake.file-changed", Verification.Run(hospital.Lake, null, TestContext.Current.CancellationToken).Fault?.Code);
        Assert.Equal("lake.file-damaged", Assert.Throws<FailureException>(() => hospital.Load(LoadMode.Merge, Late)).Failure.Code);
    }

    [Fact]
    public void A_medication_that_changes_its_code_changes_the_requests_of_every_load()
    {
        static string Version(int version, string code) => Medication.Replace("\"m\",", $"\"m\",\"meta\":{{\"versionId\":\"{version}\"}},", StringComparison.Ordinal).Replace("M1", code, StringComparison.Ordinal);
        const string visit = """{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"IMP"},"subject":{"reference":"Patient/p1"},"period":{"start":"2020-05-01"}}""",
            inner = """{"resourceType":"Encounter","id":"f","status":"finished","class":{"code":"ACUTE"},"subject":{"reference":"Patient/p1"},"partOf":{"reference":"Encounter/e"},"period":{"start":"2020-05-01"}}""";
        var request = Request("r").Replace("\"intent\"", "\"encounter\":{\"reference\":\"Encounter/f\"},\"dosageInstruction\":[{\"text\":\"one a day\"}],\"dispenseRequest\":{\"quantity\":{\"value\":28},\"expectedSupplyDuration\":{\"value\":28,\"unit\":\"days\"}},\"intent\"", StringComparison.Ordinal);
        using var hospital = new FhirHospital();
        var whole = hospital.Load(LoadMode.Replace, Version(1, "M1"), Patient, visit, inner, request, Version(2, "M2"));
        Assert.Equal(["M2"], hospital.Rows("drug_exposure", "drug_source_value"));
        Assert.Equal(whole, hospital.Load(LoadMode.Replace, Version(2, "M2"), Version(1, "M1"), Patient, visit, inner, request));
        hospital.Load(LoadMode.Replace, Version(1, "M1"), Patient, visit, inner, request);
        Assert.Equal(["M1"], hospital.Rows("drug_exposure", "drug_source_value"));
        Assert.Equal(whole, hospital.Load(LoadMode.Merge, Version(2, "M2")));
        Assert.Equal(1, hospital.Report.Notes.Single(n => n is { Type: "MedicationRequest.code", Reason: "recoded" }).Count);
        Assert.Equal(1, hospital.Report.Fates.Sum(f => f.Count));
        Assert.Equal(whole, hospital.Load(LoadMode.Merge, Version(1, "M1")));
    }

    [Fact]
    public void A_medication_that_changes_its_code_changes_a_request_that_comes_in_an_older_version_beside_it()
    {
        static string Version(int version, string line) => line.Replace("\"status\"", $"\"meta\":{{\"versionId\":\"{version}\"}},\"status\"", StringComparison.Ordinal).Replace("\"code\":{", $"\"meta\":{{\"versionId\":\"{version}\"}},\"code\":{{", StringComparison.Ordinal);
        var (first, second) = (Version(1, Medication), Version(2, Medication.Replace("M1", "M2", StringComparison.Ordinal)));
        using var hospital = new FhirHospital();
        var whole = hospital.Load(LoadMode.Replace, Patient, second, Version(2, Request("r")));
        hospital.Load(LoadMode.Replace, Patient, first, Version(2, Request("r")));
        Assert.Equal(whole, hospital.Load(LoadMode.Merge, second, Version(1, Request("r"))));
        Assert.Equal((1L, 2L), (hospital.Fate("MedicationRequest", "set-aside", "older-than-loaded"), hospital.Report.Fates.Sum(f => f.Count)));
    }

    [Fact]
    public void A_medication_whose_code_a_later_version_lacks_keeps_it_in_whatever_order_they_come()
    {
        static string Version(int version, string code) => $$"""{"resourceType":"Medication","id":"m","meta":{"versionId":"{{version}}"},"code":{{code}}}""";
        var (coded, bare) = (Version(1, """{"coding":[{"system":"urn:drugs","code":"M1"}]}"""), Version(2, "{}"));
        using var hospital = new FhirHospital();
        var whole = hospital.Load(LoadMode.Replace, Patient, coded, Request("r"));
        Assert.Equal(whole, hospital.Load(LoadMode.Replace, Patient, bare, Request("r"), coded));
        Assert.Equal(1, hospital.Fate("Medication", "quarantined", "code: code-missing"));
        hospital.Load(LoadMode.Replace, Patient, coded, Request("r"));
        Assert.Equal(whole, hospital.Load(LoadMode.Merge, bare));
        hospital.Load(LoadMode.Replace, Patient, bare, Request("r"));
        Assert.Equal(1, hospital.Fate("MedicationRequest", "set-aside", "waiting-medication"));
        Assert.Equal(whole, hospital.Load(LoadMode.Merge, coded));
    }

    [Fact]
    public void The_first_of_several_loads_may_bring_nobody()
    {
        using var hospital = new FhirHospital();
        const string Doctor = """{"resourceType":"Practitioner","id":"d","name":[{"family":"X"}]}""", Ill = """{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p1"},"code":{"coding":[{"system":"urn:c","code":"C"}]},"onsetDateTime":"2020-01-02","asserter":{"reference":"Practitioner/d"} }""";
        var whole = hospital.Load(LoadMode.Replace, Patient, Doctor, Ill);
        hospital.Forget();
        hospital.Load(LoadMode.Merge, Doctor);
        Assert.Empty(hospital.Rows("person", "*"));
        Assert.Single(hospital.Rows("provider", "*"));
        hospital.Load(LoadMode.Merge, Ill);
        Assert.Equal(1, hospital.Fate("Condition", "set-aside", "waiting-patient"));
        Assert.Equal(whole, hospital.Load(LoadMode.Merge, Patient));
        Assert.Equal("load.no-person", Assert.Throws<FailureException>(() => hospital.Load(LoadMode.Replace, Doctor, Ill)).Failure.Code);
        Assert.Equal(["2020-01-02"], hospital.Rows("condition_occurrence", "condition_start_date"));
    }
}
