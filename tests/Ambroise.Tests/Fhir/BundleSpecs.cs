using System.Text;
using Ambroise.Lake.Quarantine;
using Ambroise.Lake.Releases;

namespace Ambroise.Tests.Fhir;

/// <summary>What the entries of a Bundle say besides their resources: what was deleted, what is only asked, under which id a resource is written.</summary>
public sealed class BundleSpecs
{
    static string Patient(string id) => $$"""{"resourceType":"Patient","id":"{{id}}","gender":"female","birthDate":"1980-05-06"}""";

    static string Condition(string id, string patient = "p1", string day = "2020-01-01") => $$"""{"resourceType":"Condition","id":"{{id}}","subject":{"reference":"Patient/{{patient}}"},"code":{"coding":[{"system":"urn:x","code":"ill"}]},"onsetDateTime":"{{day}}"}""";

    static string Bundle(string type, params string[] entries) => $$"""{"resourceType":"Bundle","type":"{{type}}","entry":[{{string.Join(',', entries)}}]}""";

    /// <summary>Two patients with an illness each, then a Bundle.</summary>
    static FhirHospital Merged(string bundle)
    {
        var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, Patient("p1"), Patient("p2"), Condition("c1"), Condition("c2", "p2"));
        hospital.Load(LoadMode.Merge, bundle);
        return hospital;
    }

    /// <summary>FHIR R4, http.html#history; HAPI writes the version into the url.</summary>
    [Theory]
    [InlineData(""" "request":{"method":"DELETE","url":"Patient/p2/_history/2"},"response":{"status":"204","lastModified":"2024-01-02T00:00:00Z"} """)]
    [InlineData(""" "request":{"method":"DELETE","url":"http://server/fhir/Patient/p2/_history/2"} """)]
    [InlineData(""" "request":{"method":"DELETE","url":"/Patient/p2/_history/"} """)]
    [InlineData(""" "request":{"method":"delete","url":"Patient/p2"} """)]
    [InlineData(""" "fullUrl":"http://server/fhir/Patient/p2","request":{"method":"DELETE"} """)]
    [InlineData(""" "fullUrl":"http://server/fhir/Patient/p2/_history/3","request":{"method":"DELETE","url":"Patient?identifier=x"} """)]
    public void A_deleted_patient_is_found_by_whatever_names_them(string entry)
    {
        using var hospital = Merged(Bundle("history", "{" + entry + "}"));
        Assert.Equal(["p1"], hospital.Rows("person", "person_source_value"));
        Assert.Single(hospital.Rows("condition_occurrence", "condition_start_date"));
        Assert.Equal(1, hospital.Fate("Patient", "set-aside", "deleted"));
    }

    [Theory]
    [InlineData("Patient?identifier=x", "Patient")]
    [InlineData("Condition/", "Condition")]
    [InlineData("Dupont/p2", "unknown")]
    [InlineData("", "unknown")]
    public void A_deletion_of_nobody_knows_what_has_its_place_in_the_quarantine(string url, string type)
    {
        using var hospital = Merged(Bundle("history", $$"""{"request":{"method":"DELETE","url":"{{url}}"} }"""));
        Assert.Equal(2, hospital.Rows("person", "person_source_value").Count);
        var refused = Assert.Single(SealedQuarantine.Read(hospital.Lake, hospital.Lake.Release(2).OrThrow()));
        Assert.Equal((type, "all.ndjson", 1, "request.url", "deletion-unresolved"), (refused.Table, refused.File, refused.Line, refused.Field, refused.Reason));
        Assert.Equal(1, hospital.Fate(type, "quarantined", "request.url: deletion-unresolved"));
        Assert.Equal(1, hospital.Report.Fates.Sum(f => f.Count));
    }

    [Theory]
    [InlineData("batch", ""","response":{"status":"409 Conflict"}""", "", "set-aside", "deletion-refused")]
    [InlineData("history", ""","response":{"status":"500"}""", "", "set-aside", "deletion-refused")]
    [InlineData("batch", ""","modifierExtension":[{"url":"urn:not","valueBoolean":true}]""", "", "quarantined", "modifierExtension: modifier-unknown")]
    [InlineData("batch", "", ""","implicitRules":"urn:own" """, "quarantined", "implicitRules: rules-unknown")]
    public void A_deletion_that_was_refused_or_may_mean_another_thing_deletes_nothing(string type, string more, string ofBundle, string kind, string reason)
    {
        using var hospital = Merged($$"""{"resourceType":"Bundle","type":"{{type}}"{{ofBundle}},"entry":[{"request":{"method":"DELETE","url":"Condition/c1"}{{more}}}]}""");
        Assert.Equal(2, hospital.Rows("condition_occurrence", "condition_start_date").Count);
        Assert.Equal(1, hospital.Fate("Condition", kind, reason));
        Assert.Equal(1, hospital.Report.Fates.Sum(f => f.Count));
    }

    /// <summary>FHIR R4, http.html#trules: a transaction deletes before it writes. A history tells the newest first.</summary>
    [Theory]
    [InlineData("transaction", true)]
    [InlineData("batch", true)]
    [InlineData("history", false)]
    public void What_a_transaction_deletes_and_writes_is_there(string type, bool stays)
    {
        var put = $$"""{"request":{"method":"PUT","url":"Condition/c1"},"resource":{{Condition("c1", day: "2021-02-03")}}}""";
        const string delete = """{"request":{"method":"DELETE","url":"Condition/c1/_history/2"}}""";
        foreach (var entries in new[] { new[] { delete, put }, [put, delete] })
        {
            using var hospital = Merged(Bundle(type, entries));
            Assert.Equal(stays ? ["2020-01-01", "2021-02-03"] : ["2020-01-01"], hospital.Rows("condition_occurrence", "condition_start_date"));
            Assert.Equal(stays ? 1 : 0, hospital.Fate("Condition", "set-aside", "deleted-then-written"));
            Assert.Equal(2, hospital.Report.Fates.Sum(f => f.Count));
        }
    }

    [Fact]
    public void An_entry_without_a_resource_is_counted_unless_it_only_asks()
    {
        using var hospital = Merged(Bundle("collection", """{"fullUrl":"urn:uuid:1"}""", "{}", """{"search":{"mode":"match"}}""", """{"response":{"status":"404"}}""", """{"request":{"method":"GET","url":"Patient/p1"}}""", """{"request":{"method":"head","url":"Patient/p1"}}""", """{"request":{"method":"POST","url":"Patient"}}"""));
        Assert.Equal(5, hospital.Fate("unknown", "set-aside", "entry-empty"));
        Assert.Equal(5, hospital.Report.Fates.Sum(f => f.Count));
    }

    [Theory]
    [InlineData(""" "fullUrl":"http://server/fhir/Patient/p1", """, "")]
    [InlineData(""" "fullUrl":"http://server/fhir/Patient/p1/_history/4", """, "")]
    [InlineData("", ""","request":{"method":"PUT","url":"Patient/p1"}""")]
    [InlineData(""" "fullUrl":"urn:uuid:0c0a", """, ""","request":{"method":"put","url":"Patient/p1"}""")]
    public void A_resource_that_its_entry_names_has_the_rows_of_one_that_names_itself(string before, string after)
    {
        var anonymous = Patient("p1").Replace("\"id\":\"p1\",", "", StringComparison.Ordinal);
        using var hospital = new FhirHospital();
        var expected = hospital.Load(LoadMode.Replace, Patient("p1"), Condition("c1"));
        Assert.Equal(expected, hospital.Load(LoadMode.Replace, Bundle("transaction", $$"""{ {{before}} "resource":{{anonymous}}{{after}}}"""), Condition("c1")));
        Assert.Equal(["p1"], hospital.Rows("person", "person_source_value"));
    }

    /// <summary>RFC 4122, 3: a uuid is the same in capitals.</summary>
    [Fact]
    public void A_uuid_is_compared_without_regard_to_case()
    {
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, Bundle("transaction", $$"""{"fullUrl":"urn:uuid:0C0A-4E","resource":{{Patient("p1")}} }""", $$"""{"fullUrl":"urn:uuid:11","resource":{{Condition("c1").Replace("Patient/p1", "URN:uuid:0c0a-4E", StringComparison.Ordinal)}} }"""));
        Assert.Single(hospital.Rows("condition_occurrence", "condition_start_date"));
    }

    [Fact]
    public void What_is_to_be_made_only_where_it_is_not_there_is_noted()
    {
        using var hospital = Merged(Bundle("transaction", $$"""{"fullUrl":"urn:uuid:11","resource":{{Patient("p3")}},"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=urn:h|N1"} }"""));
        Assert.Equal(3, hospital.Rows("person", "person_source_value").Count);
        Assert.Equal(1, hospital.Report.Notes.Single(n => n is { Type: "Patient.ifNoneExist", Reason: "conditional-create" }).Count);
    }

    [Fact]
    public void An_entry_of_a_file_of_many_lines_is_where_its_resource_begins()
    {
        const string bundle = """

            {
              "resourceType": "Bundle", "type": "batch",
              "entry": [
                { "resource": {"resourceType": "Patient", "id": "p", "gender": "male", "birthDate": "1950"} },
                { "resource":
                  {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p"},
                   "onsetDateTime": "2020-01-01", "code": {"text": "x"} }
                },
                { "resource": {"resourceType": "Condition", "id": "bad", "subject": {"reference": "Patient/p"}, "onsetDateTime": "2020-02-31", "code": {"text": "x"} } },
                { "resource": {"resourceType": "Medication", "id": "m", "code": {"text": "y"} } }
              ]
            }
            """;
        using var hospital = new FhirHospital();
        hospital.LoadFiles(LoadMode.Replace, new() { ["b.json"] = Encoding.UTF8.GetBytes(bundle.ReplaceLineEndings("\n")), ["l.ndjson"] = Encoding.UTF8.GetBytes($"\n{bundle.ReplaceLineEndings(" ").Replace("\"p\"", "\"q\"", StringComparison.Ordinal)}\n") });
        Assert.Equal(["Condition/c|7", "Patient/p|5", "Patient/q|2"], hospital.Rows("source_record", "record_name", "source_line").Order());
        Assert.Equal([("b.json", 10L), ("l.ndjson", 2L)], hospital.Rejected.Select(r => (r.File, r.Line)).Order());
    }
}
