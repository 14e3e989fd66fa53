using Ambroise.Lake.Releases;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Tests.Fhir;

/// <summary>Which patients are one person, what is decided about it, and that it is undone.</summary>
public sealed class PersonDecisionSpecs
{
    const string Vali = """ "extension":[{"url":"https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability","extension":[{"url":"identityStatus","valueCoding":{"code":"VALI"}}]}], """;

    static string Patient(string id, int born, string more = "", int version = 1) => $$"""{"resourceType":"Patient","id":"{{id}}","meta":{"versionId":"{{version}}"},{{more}}"gender":"female","birthDate":"{{born}}-04-02","address":[{"state":"{{id}}"}]}""";

    static string Condition(string id, string patient) =>
        $$"""{"resourceType":"Condition","id":"{{id}}","subject":{"reference":"Patient/{{patient}}"},"code":{"coding":[{"system":"urn:x","code":"{{id}}"}]},"onsetDateTime":"2020-05-01"}""";

    static string Link(string other) => $$""" "link":[{"type":"replaces","other":{"reference":"Patient/{{other}}"} }],""";

    static string Number(string system, string value) => $$""" "identifier":[{"system":"{{system}}","value":"{{value}}"}],""";

    /// <summary>Each condition with the birth year and the place of the person it is about.</summary>
    static List<string> Conditions(FhirHospital hospital) => hospital.Query("select condition_source_value || ' ' || year_of_birth || ' ' || state from condition_occurrence join person using (person_id) join location using (location_id) order by 1");

    [Fact]
    public void A_link_that_a_later_version_lacks_is_undone_whoever_told_of_it()
    {
        foreach (var (first, second) in new[] { ("a", "b"), ("b", "a") })
        {
            using var hospital = new FhirHospital();
            hospital.Load(LoadMode.Replace, Patient("a", 1950), Patient("b", 1960), Condition("ca", "a"), Condition("cb", "b"));
            string[] apart = ["ca 1950 a", "cb 1960 b"];
            Assert.Equal(apart, Conditions(hospital));

            hospital.Load(LoadMode.Merge, Patient(first, first == "a" ? 1950 : 1960, Link(second), 2));
            Assert.Single(hospital.Rows("person", "person_id"));
            Assert.Single(Conditions(hospital).Select(c => c[3..]).Distinct());
            var merged = Assert.Single(hospital.Decisions);
            Assert.Equal(("merged", "link", merged.Patient), (merged.What, merged.Because, merged.Before));
            Assert.Equal(1, hospital.Report.Notes.Single(n => n is { Type: "Patient.person", Reason: "merged: link" }).Count);

            hospital.Load(LoadMode.Merge, Patient(first, first == "a" ? 1950 : 1960, version: 3));
            Assert.Equal(apart, Conditions(hospital));
            var split = Assert.Single(hospital.Decisions);
            Assert.Equal(("split", "link", merged.Patient, merged.Person), (split.What, split.Because, split.Patient, split.Before));
            Assert.Empty(hospital.Rows("merged_patient", "person_id"));
        }
    }

    /// <summary>An identity is of one sex and one day of birth: people must look.</summary>
    [Theory]
    [InlineData(1950, "female", 0)]
    [InlineData(1960, "female", 1)]
    [InlineData(1950, "male", 1)]
    [InlineData(1950, "unknown", 0)]
    public void Patients_who_become_one_and_contradict_one_another_are_counted_whichever_load_brings_them(int year, string sex, long differ)
    {
        var (a, b) = (Patient("a", 1950, Link("b")), Patient("b", year).Replace("female", sex, StringComparison.Ordinal));
        using var hospital = new FhirHospital();
        foreach (var loads in new string[][][] { [[a, b]], [[a], [b]], [[b], [a]] })
        {
            for (var i = 0; i < loads.Length; i++) hospital.Load(i == 0 ? LoadMode.Replace : LoadMode.Merge, loads[i]);
            Assert.Equal(1, hospital.Noted("Patient.person", "merged: link"));
            Assert.Equal(differ, hospital.Noted("Patient.person", "traits-differ"));
        }
        hospital.Load(LoadMode.Merge, Condition("c", "b"));
        Assert.Equal(0, hospital.Noted("Patient.person", "traits-differ")); // told once
    }

    [Fact]
    public void A_national_identity_that_is_qualified_no_more_makes_nobody_one()
    {
        using var hospital = new FhirHospital();
        var ins = Number("urn:oid:1.2.250.1.213.1.4.10", "150017500000001");
        hospital.Load(LoadMode.Replace, Patient("a", 1950, Vali + ins), Patient("b", 1960, Vali + ins), Condition("ca", "a"), Condition("cb", "b"));
        Assert.Single(hospital.Rows("person", "person_id"));
        hospital.Load(LoadMode.Merge, Condition("late", "b"), Patient("a", 1951, ins, 2));
        Assert.Equal(["ca 1951 a", "cb 1960 b", "late 1960 b"], Conditions(hospital));
        Assert.Equal(("split", "ins"), (hospital.Decisions.Single().What, hospital.Decisions.Single().Because));
    }

    [Fact]
    public void A_hospital_number_makes_one_person_where_its_system_is_named_and_the_next_loads_know_it()
    {
        using var hospital = new FhirHospital();
        string[] lines = [Patient("a", 1950, Number("urn:ipp", "7")), Patient("b", 1960, Number("urn:ipp", "7")), Condition("ca", "a"), Condition("cb", "b")];
        hospital.Load(LoadMode.Replace, lines);
        Assert.Equal(2, hospital.Rows("person", "person_id").Count);
        hospital.LoadFiles(LoadMode.Merge, new() { ["x.ndjson"] = System.Text.Encoding.UTF8.GetBytes(Patient("c", 1970, Number("urn:ipp", "8"))) }, FhirOptions.Default with { NumberSystems = ["urn:ipp"] });
        Assert.Equal(2, hospital.Rows("person", "person_id").Count);
        Assert.Equal("number", hospital.Decisions.Single().Because);
        hospital.Load(LoadMode.Merge, Patient("d", 1980, Number("urn:ipp", "8")));
        Assert.Equal(2, hospital.Rows("person", "person_id").Count);
        hospital.Load(LoadMode.Merge, Patient("b", 1960, Number("urn:ipp", "9"), 2));
        Assert.Equal(["ca 1950 a", "cb 1960 b"], Conditions(hospital));
    }

    [Fact]
    public void Who_is_deleted_leaves_the_other_and_takes_their_own_records_along()
    {
        foreach (var deleted in new[] { "a", "b" })
        {
            using var hospital = new FhirHospital();
            hospital.Load(LoadMode.Replace, Patient("a", 1950, Link("b")), Patient("b", 1960), Condition("ca", "a"), Condition("cb", "b"));
            hospital.Load(LoadMode.Merge, $$"""{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Patient/{{deleted}}"} }]}""");
            Assert.Equal([deleted == "a" ? "cb 1960 b" : "ca 1950 a"], Conditions(hospital));
        }
    }

    [Fact]
    public void An_older_version_about_somebody_else_of_what_went_with_a_deleted_patient_does_not_come_back()
    {
        static string Moved(string patient, int version) => Condition("c", patient).Replace("\"id\":\"c\"", $$""" "id":"c","meta":{"versionId":"{{version}}","lastUpdated":"2024-01-0{{version}}T10:00:00Z"} """, StringComparison.Ordinal);
        const string Deleted = """{"resourceType":"Bundle","type":"history","entry":[{"request":{"method":"DELETE","url":"Patient/b"},"response":{"lastModified":"2024-01-05T10:00:00Z"} }]}""";
        foreach (var increments in new string[][][] { [[Moved("b", 2)], [Deleted], [Moved("a", 1)]], [[Moved("b", 2), Deleted], [Moved("a", 1)]], [[Deleted], [Moved("b", 2)], [Moved("a", 1)]], [[Moved("b", 2)], [Deleted], [Moved("b", 2)], [Moved("b", 2), Moved("a", 1)], [Moved("a", 1)]] })
        {
            using var hospital = new FhirHospital();
            hospital.Load(LoadMode.Replace, Patient("a", 1950), Patient("b", 1960));
            foreach (var lines in increments) hospital.Load(LoadMode.Merge, lines);
            Assert.Empty(Conditions(hospital));
            Assert.Equal(1, hospital.Fate("Condition", "set-aside", "older-than-loaded"));
            hospital.Load(LoadMode.Merge, Moved("a", 3));
            Assert.Equal(["c 1950 a"], Conditions(hospital));
            hospital.Load(LoadMode.Merge, Moved("b", 2));
            Assert.Equal(["c 1950 a"], Conditions(hospital));
        }
    }

    [Fact]
    public void Who_comes_back_has_what_is_sent_again()
    {
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, Patient("a", 1950), Patient("b", 1960), Condition("cb", "b"));
        hospital.Load(LoadMode.Merge, """{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Patient/b"} }]}""");
        Assert.Empty(Conditions(hospital));
        hospital.Load(LoadMode.Merge, Patient("b", 1960, version: 2), Condition("cb", "b"));
        Assert.Equal(["cb 1960 b"], Conditions(hospital));
    }

    [Fact]
    public void A_patient_who_is_not_there_makes_nobody_one_until_they_come_and_when_they_are_deleted()
    {
        foreach (var (absent, one, other) in new[] { ("a", "b", "c"), ("b", "a", "c"), ("c", "a", "b") })
        {
            using var hospital = new FhirHospital();
            var (first, second) = (Patient(one, 1950, Link(absent)), Patient(other, 1960, Link(absent)));
            string[] apart = [$"c{one} 1950 {one}", $"c{other} 1960 {other}"];
            hospital.Load(LoadMode.Replace, first, second, Condition($"c{one}", one), Condition($"c{other}", other));
            Assert.Equal(apart, Conditions(hospital));
            hospital.Load(LoadMode.Merge, Patient(absent, 1970));
            Assert.Single(hospital.Rows("person", "person_id"));
            Assert.Equal(2, hospital.Decisions.Count(d => d.What == "merged"));
            hospital.Load(LoadMode.Merge, $$"""{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Patient/{{absent}}"} }]}""");
            Assert.Equal(apart, Conditions(hospital));
            Assert.Contains(hospital.Decisions, d => d.What == "split");
            hospital.Load(LoadMode.Merge, first);
            Assert.Equal(apart, Conditions(hospital));
        }
    }

    [Fact]
    public void An_erasure_takes_what_was_decided_about_the_person()
    {
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, Patient("a", 1950, Link("b")), Patient("b", 1960), Patient("c", 1970));
        var person = hospital.Decisions.Single().Person;
        var done = Erasure.Run(hospital.Lake, [person], null, TestContext.Current.CancellationToken).OrThrow();
        Assert.Contains(done.Removed, p => p.EndsWith(".decisions", StringComparison.Ordinal));
        Assert.DoesNotContain(hospital.Lake.Release(null).OrThrow().Files, f => f.Path.EndsWith(".decisions", StringComparison.Ordinal) || f.Table == "merged_patient");
    }
}
