using System.Text;
using Ambroise.Lake.Releases;
using Ambroise.Sources.Fhir.Codes;
using Ambroise.Sources.Fhir.Reading;
using static Ambroise.Tests.Fhir.OnePatient;

namespace Ambroise.Tests.Fhir;

/// <summary>What is said in words, or as a bound, and days that stand where few look for them: nothing of it is lost without a word.</summary>
public sealed class WordsAndBoundsSpecs
{
    static string Seen(string id, string value, string kind = "laboratory") =>
        $$"""{"resourceType":"Observation","id":"{{id}}","status":"final",{{Of}},"category":[{"coding":[{"code":"{{kind}}"}]}],{{Code.Replace("q", id, StringComparison.Ordinal)}},"effectiveDateTime":"2020-01-01",{{value}} }""";

    static string Answered(string id, string value) => $$"""{"resourceType":"QuestionnaireResponse","id":"{{id}}","status":"completed",{{Of}},"authored":"2020-01-01","item":[{"linkId":"{{id}}","answer":[{ {{value}} }] }] }""";

    static string Amount(string value, string comparator, string unit = "mg") => $$"""{"value":{{value}},"comparator":"{{comparator}}"{{(unit.Length > 0 ? $",\"unit\":\"{unit}\"" : "")}} }""";

    [Fact]
    public void A_text_cut_within_a_letter_keeps_all_others()
    {
        using var hospital = Loaded(
            $$"""{"resourceType":"DiagnosticReport","id":"r","status":"final",{{Of}},"code":{"text":"x"},"effectiveDateTime":"2022-01-01","conclusion":"lésion \ud83d"}""",
            Seen("o", """ "valueString":"\ud83d\ude00 \ude00\ud83d\ud83d\ude00\\ud83d" """, "survey"), Answered("q", """ "valueString":"oui \ud83d." """),
            $$"""{"resourceType":"MedicationRequest","id":"m","status":"active","intent":"order",{{Of}},{{Drug}},"authoredOn":"2022-01-01","dosageInstruction":[{"text":"\ud83d 1 cp"}] }""",
            """{"resourceType":"Patient","id":"p\udc00","gender":"male","birthDate":"1960-01-01"}""");
        Assert.Equal(["lésion \uFFFD"], hospital.Rows("note", "note_text"));
        Assert.Equal(["oui \uFFFD.", "😀 \uFFFD\uFFFD😀\\ud83d"], hospital.Rows("observation", "value_as_string").Order(StringComparer.Ordinal));
        Assert.Equal(["\uFFFD 1 cp"], hospital.Rows("drug_exposure", "sig"));
        Assert.Equal("id-missing", Assert.Single(hospital.Rejected).Reason); // one of two such ids would be the other
    }

    [Fact]
    public void A_bound_is_no_number_where_nothing_can_say_that_it_is_one()
    {
        static string Ratio(string over, string under) => $$""" "valueRatio":{"numerator":{{over}},"denominator":{{under}} }""";
        using var hospital = Loaded(
            Seen("a", Ratio(Amount("10", "<"), """{"value":1,"unit":"mL"}""")), Seen("b", Ratio("""{"value":10,"unit":"mg"}""", Amount("2", "<", "mL"))), Seen("c", Ratio(Amount("1", ">", ""), """{"value":128}""")),
            Seen("d", $"\"valueQuantity\":{Amount("5", "<")}"), Seen("e", $"\"valueQuantity\":{Amount("5", "≤")}"), Seen("f", $"\"valueQuantity\":{Amount("5", "=>")}"), Seen("g", $"\"valueQuantity\":{Amount("5", "")}"),
            Seen("h", """ "valueRange":{"low":{"value":3,"comparator":">"},"high":{"value":5} }"""),
            $$"""{"resourceType":"Observation","id":"w","status":"final",{{Of}},"code":{"text":"Taux"},"effectiveDateTime":"2020-01-01","valueQuantity":{{Amount("5", "<")}} }""",
            Seen("x", """ "component":[{"code":{"text":"Ferritine"},"valueString":"< 7"}]"""),
            Answered("y", $"\"valueQuantity\":{Amount("5", "<")}"), Answered("z", $"\"valueQuantity\":{Amount("5", ">=", "")}"), Answered("n", """ "valueQuantity":{"value":5,"unit":"mg"}"""));
        Assert.Equal(["a|10.0|4171756|<10:1|mg/mL", "b|||10:<2|", "c||4172704|>1:128|", "d|5.0|4171756||mg", "e|5.0|4171754||mg", "f|5.0|4171755||mg", "g|5.0|||mg", "h|||>3 - 5|"], hospital.Rows("measurement", "measurement_source_value", "value_as_number", "operator_concept_id", "value_source_value", "unit_source_value"));
        Assert.Equal(["n|5.0||mg", "y||<5 mg|mg", "z||>=5|", "||Ferritine: < 7|", "||Taux: <5 mg|mg"], hospital.Rows("observation", "observation_source_value", "value_as_number", "value_as_string", "unit_source_value"));
    }

    [Fact]
    public void A_bound_that_nobody_understands_is_quarantined()
    {
        string[] signs = ["LT", "ad", "~", "<>"];
        using var hospital = Loaded([.. signs.Select(s => Seen($"o{(int)s[0]}", $"\"valueQuantity\":{Amount("5", s)}")), Seen("c", $$""" "component":[{ {{Code}},"valueQuantity":{{Amount("5", "LT")}} }]"""),
            Seen("r", $$""" "valueRatio":{"numerator":{"value":1},"denominator":{{Amount("5", "LT")}} }"""), Answered("q", $"\"valueQuantity\":{Amount("5", "LT")}"),
            $$"""{"resourceType":"MedicationRequest","id":"m","status":"active","intent":"order",{{Of}},{{Drug}},"authoredOn":"2022-01-01","dispenseRequest":{"quantity":{"value":30,"comparator":"<"},"expectedSupplyDuration":{"value":30,"comparator":"<","code":"d"} } }"""]);
        Assert.Equal((5L, 1L, 1L), (hospital.Fate("Observation", "quarantined", "value: value-unparseable"), hospital.Fate("Observation", "quarantined", "component.value: value-unparseable"), hospital.Fate("QuestionnaireResponse", "quarantined", "item.answer.value: value-unparseable")));
        Assert.Equal(["|"], hospital.Rows("drug_exposure", "quantity", "days_supply"));
        Assert.Equal((1L, 1L), (hospital.Noted("MedicationRequest.quantity", "not-exact"), hospital.Noted("MedicationRequest.daysSupply", "not-exact")));
    }

    [Fact]
    public void A_coded_result_with_a_display_alone_is_its_words()
    {
        const string value = """ "valueCodeableConcept":{"coding":[{"display":"Positif"}]}""";
        using var hospital = Loaded(Seen("a", value), Seen("b", $$""" "component":[{ {{Code}},{{value}} }]"""), Seen("c", """ "valueCodeableConcept":{"coding":[{"system":"urn:oid:1.2.250.1.213.1.4.8","code":"150017500000001","display":"DUPONT"}]}"""));
        Assert.Equal(["a|Positif", "q|Positif"], hospital.Rows("observation", "observation_source_value", "value_as_string"));
    }

    [Fact]
    public void Of_the_type_of_a_document_nothing_names_a_file()
    {
        static string Document(int n, string type) => $$"""{"resourceType":"DocumentReference","id":"d{{n}}","status":"current",{{Of}},"date":"2020-01-01","type":{"text":"x"},"content":[{"attachment":{"contentType":"{{type}}","data":"YWJj"} }]}""";
        string[] types = ["application/pdf; name=\\\"DUPONT Jean.pdf\\\"", "text/plain;name=DUPONT;charset=\\\"iso-8859-1\\\"", "TEXT/PLAIN; Charset=utf-8", "text/plain; charset=DUPONT", "DUPONT Jean.pdf", "image/DUPONT Jean"];
        using var hospital = Loaded([.. types.Select((type, n) => Document(n, type))]);
        Assert.Equal([";base64", ";base64", "TEXT/PLAIN; charset=utf-8", "application/pdf;base64", "text/plain", "text/plain; charset=iso-8859-1"], hospital.Rows("note", "note_source_value").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_is_no_file_is_not_opened_and_files_of_other_kinds_are_counted()
    {
        var folder = Directory.CreateTempSubdirectory("ambroise-fhir-");
        try
        {
            string At(string name) => Path.Combine(folder.FullName, name);
            using (var made = System.Diagnostics.Process.Start("mkfifo", [At("pipe.ndjson")])) made.WaitForExit();
            File.CreateSymbolicLink(At("link.ndjson"), At("pipe.ndjson"));
            File.CreateSymbolicLink(At("device.json"), "/dev/zero");
            File.WriteAllText(At("empty.ndjson"), "");
            foreach (var name in new[] { "a.ndjson", "a.zip", "b.ZIP", "c.xml", "d.ndjson.zst", "DUPONT", "x.DUPONT", ".hidden.zip" }) File.WriteAllText(At(name), Patient);
            using var hospital = new FhirHospital();
            hospital.LoadFolder(LoadMode.Replace, FhirFolder.Open(folder.FullName).OrThrow());
            Assert.Equal(["device.json file-unreadable", "link.ndjson file-unreadable", "pipe.ndjson file-unreadable"], hospital.Rejected.Select(r => $"{r.File} {r.Reason}").Order(StringComparer.Ordinal));
            Assert.Equal(["file.other 2", "file.xml 1", "file.zip 2", "file.zst 1"], hospital.Report.Notes.Where(n => n.Reason == "not-read").Select(n => $"{n.Type} {n.Count}").Order(StringComparer.Ordinal));
            Assert.Single(hospital.Rows("person", "person_id"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_day_is_found_where_nothing_else_says_one()
    {
        const string item = """ "suppliedItem":{"itemCodeableConcept":{"coding":[{"system":"urn:x","code":"mask"}]} }""";
        static string Supplied(string id, string when) => $$"""{"resourceType":"SupplyDelivery","id":"{{id}}","status":"completed",{{By}},{{item}},{{when}} }""";
        using var hospital = Loaded(
            $$"""{"resourceType":"DocumentReference","id":"d","status":"current",{{Of}},"type":{"text":"x"},"content":[{"attachment":{"contentType":"text/plain","data":"YWJj"} },{"attachment":{"contentType":"text/plain","creation":"2022-12-12"} }]}""",
            Supplied("1", """ "occurrenceTiming":{"event":["2022-02-01"]}"""), Supplied("2", """ "occurrencePeriod":{"end":"2022-02-02"}"""), Supplied("3", """ "occurrenceTiming":{"repeat":{"boundsPeriod":{"start":"2022-02-03"} } }"""));
        Assert.Equal(["2022-12-12"], hospital.Rows("note", "note_date"));
        Assert.Equal(["2022-02-01", "2022-02-02", "2022-02-03"], hospital.Rows("device_exposure", "device_exposure_start_date"));
    }

    [Fact]
    public void A_plan_and_what_is_done_of_it_may_be_told_in_words()
    {
        static string Plan(string id, string says) => $$"""{"resourceType":"CarePlan","id":"{{id}}","status":"active","intent":"plan",{{Of}},"period":{"start":"2023-01-02"},{{says}} }""";
        using var hospital = Loaded(
            Plan("a", """ "category":[{"text":"Plan diabète"}],"activity":[{"detail":{"status":"completed","description":"soins des pieds"} },{"detail":{"status":"in-progress","code":{"text":"marche"},"description":"tous les jours"} },{"detail":{"status":"scheduled","description":"contrôle"} }]"""),
            Plan("b", """ "category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-NullFlavor","code":"OTH"}],"text":"Plan asthme"}]"""), Plan("c", """ "activity":[{"detail":{"status":"scheduled","description":"contrôle"} }]"""));
        Assert.Equal(["0|Plan asthme", "0|Plan diabète", "0|marche", "0|soins des pieds"], hospital.Rows("observation", "observation_concept_id", "value_as_string").Order(StringComparer.Ordinal));
        Assert.Equal(1, hospital.Fate("CarePlan", "set-aside", "no-activity"));
    }

    [Fact]
    public void A_device_without_a_type_is_its_name_and_what_is_only_named_is_that()
    {
        static string Used(string id, string device) => $$"""{"resourceType":"DeviceUseStatement","id":"{{id}}","status":"active",{{Of}},"timingDateTime":"2022-01-01","device":{{device}} }""";
        using var hospital = Loaded(
            """{"resourceType":"Device","id":"d","deviceName":[{"name":"PX-2","type":"model-name"},{"name":"Pacemaker","type":"user-friendly-name"}],"modelNumber":"7"}""", Used("1", """{"reference":"Device/d"}"""),
            """{"resourceType":"Device","id":"e","modelNumber":"8"}""", Used("2", """{"reference":"Device/e"}"""), Used("3", """{"display":"Attelle"}"""), Used("4", """{"reference":"Group/x","display":"Lit"}"""),
            $$"""{"resourceType":"DeviceUseStatement","id":"5","status":"active",{{Of}},"timingDateTime":"2022-01-01","contained":[{"resourceType":"Device","id":"c","deviceName":[{"name":"Canne","type":"other"}]}],"device":{"reference":"#c"} }""",
            $$"""{"resourceType":"MedicationRequest","id":"m","status":"active","intent":"order",{{Of}},"authoredOn":"2022-01-01","medicationReference":{"display":"Préparation"} }""");
        Assert.Equal(["Attelle", "Canne", "Pacemaker", "Préparation"], hospital.Rows("observation", "value_as_string").Order(StringComparer.Ordinal));
        Assert.Equal((1L, 1L, 1L), (hospital.Fate("Device", "quarantined", "type: code-missing"), hospital.Fate("DeviceUseStatement", "set-aside", "waiting-device"), hospital.Fate("DeviceUseStatement", "quarantined", "device: reference-unresolved")));
    }

    [Fact]
    public void Directions_that_begin_later_than_they_were_written_begin_then()
    {
        static string Ordered(string id, params string[] bounds) =>
            $$"""{"resourceType":"MedicationRequest","id":"{{id}}","status":"active","intent":"order",{{Of}},"medicationCodeableConcept":{"coding":[{"system":"urn:x","code":"{{id}}"}]},"authoredOn":"2023-02-01","dosageInstruction":[{{string.Join(',', bounds.Select(b => $$"""{"timing":{"repeat":{ {{b}} } } }"""))}}] }""";
        static string Bounds(string start, string end) => $$""" "boundsPeriod":{"start":"{{start}}","end":"{{end}}"}""";
        using var hospital = Loaded(Ordered("a", Bounds("2023-03-10", "2023-03-20")), Ordered("b", Bounds("2023-03-15", "2023-03-20"), Bounds("2023-03-12", "2023-03-13")), Ordered("c", Bounds("2023-03-15", "2023-03-20"), """ "boundsDuration":{"value":5,"code":"d"}"""),
            Ordered("d", Bounds("2023-01-15", "2023-03-20")), Ordered("e", Bounds("soon", "2023-03-20")), Ordered("f", Bounds("9999-12-31", "2023-03-20")), Ordered("g"));
        Assert.Equal(["a|2023-03-10|2023-03-20", "b|2023-03-12|2023-03-20", "c|2023-02-01|2023-03-20", "d|2023-02-01|2023-03-20", "e|2023-02-01|2023-03-20", "f|2023-02-01|2023-03-20", "g|2023-02-01|2023-02-01"],
            hospital.Rows("drug_exposure", "drug_source_value", "drug_exposure_start_date", "drug_exposure_end_date"));
        Assert.Equal(1, hospital.Noted("MedicationRequest.dosage.timing.repeat.boundsPeriod.start", "date-invalid"));
    }

    [Fact]
    public void A_policy_that_nobody_understands_is_no_permission_and_lifts_no_opposition()
    {
        static string Consent(string id, int version, string says, string scope = "research") => $$"""{"resourceType":"Consent","id":"{{id}}","meta":{"versionId":"{{version}}"},"status":"active",{{By}},"scope":{"coding":[{"code":"{{scope}}"}]},{{says}} }""";
        const string words = """ "policyRule":{"text":"opt out"}""";
        using var hospital = Loaded(Consent("a", 1, """ "provision":{"type":"deny"}"""), Consent("e", 1, $$"""{{words}},"provision":{"type":"permit"}"""), Consent("f", 1, """ "policyRule":{"coding":[{"code":"OPTIN"}]}"""), Consent("g", 1, words, "treatment"));
        Assert.Equal(["deny", "permit", "permit", "permit"], hospital.Rows("consent_record", "decision"));
        hospital.Load(LoadMode.Merge, Consent("a", 2, words), Consent("b", 1, """ "policy":[{"uri":"http://example.org/opt-out"}]"""), Consent("c", 1, """ "policyRule":{"coding":[{"system":"urn:local","code":"R9"}]}"""), Consent("d", 1, $$"""{{words}},"provision":{"period":{"end":"2030-01-01"} }""", "patient-privacy"),
            Consent("h", 1, $$"""{{words}},"provision":{"provision":[{"type":"permit","purpose":[{"code":"HQUALIMP"}]}]}"""), Consent("i", 1, """ "policyText":[{"display":"opt out"}]"""));
        Assert.Equal(6, hospital.Fate("Consent", "quarantined", "policyRule: code-unknown"));
        Assert.Empty(hospital.Consents);
        Assert.Equal(["deny", "permit", "permit", "permit"], hospital.Rows("consent_record", "decision"));
    }

    [Fact]
    public void A_wrong_end_costs_no_stay_and_a_death_before_birth_is_told()
    {
        static string Stay(string id, string status, string end) => $$"""{"resourceType":"Encounter","id":"{{id}}","meta":{"lastUpdated":"2023-03-01T10:00:00Z"},"status":"{{status}}","class":{"code":"{{id}}"},{{Of}},"period":{"start":"2023-01-05T10:00:00Z","end":"{{end}}"} }""";
        using var hospital = Loaded(Stay("a", "finished", "2023-01-01"), Stay("b", "in-progress", "2022"), Stay("c", "finished", "2023-01-09"),
            """{"resourceType":"Coverage","id":"k","meta":{"lastUpdated":"2023-03-01T10:00:00Z"},"status":"active","beneficiary":{"reference":"Patient/p1"},"period":{"start":"2023-01-05","end":"2023-01-01"} }""",
            """{"resourceType":"Patient","id":"p2","birthDate":"1980-05-06","deceasedDateTime":"1970-01-01"}""", """{"resourceType":"Patient","id":"p3","birthDate":"1980","deceasedDateTime":"1980-03"}""");
        Assert.Equal(["a|2023-01-05|", "b|2023-03-01|", "c|2023-01-09|"], hospital.Rows("visit_occurrence", "visit_source_value", "visit_end_date", "visit_end_datetime"));
        Assert.Equal(["2023-01-05|2023-01-05"], hospital.Rows("payer_plan_period", "payer_plan_period_start_date", "payer_plan_period_end_date"));
        Assert.Equal((2L, 1L, 1L), (hospital.Noted("Encounter.period.end", "end-before-start"), hospital.Noted("Coverage.period.end", "end-before-start"), hospital.Noted("Patient.deceased", "before-birth")));
        Assert.Equal(["1970-01-01", "1980-03-01"], hospital.Rows("death", "death_date"));
    }

    [Fact]
    public void What_nobody_looked_for_is_not_called_a_panel()
    {
        static string Absent(string reason) => $$""" "dataAbsentReason":{"coding":[{"code":"{{reason}}"}]}""";
        using var hospital = Loaded(Seen("a", Absent("not-performed")), Seen("b", $$""" "component":[{ {{Code}},{{Absent("not-asked")}} }]"""), Seen("c", """ "hasMember":[{"reference":"Observation/x"}]"""));
        Assert.Equal((2L, 1L), (hospital.Fate("Observation", "set-aside", "not-done"), hospital.Fate("Observation", "set-aside", "panel-without-value")));
    }

    [Fact]
    public void An_intolerance_is_no_allergy_and_a_reaction_says_to_what_it_was()
    {
        static string Allergy(string id, string type, string says) => $$"""{"resourceType":"AllergyIntolerance","id":"{{id}}","type":"{{type}}",{{By}},"recordedDate":"2020-01-01",{{says}} }""";
        static (LocalMapping, Target) To(string vocabulary, string code, int target, Domain domain) => (new(vocabulary, code, "", LocalMapping.FirstOwn + target), new(LocalMapping.FirstOwn + target, domain));
        const string substance = """{"coding":[{"system":"urn:x","code":"lait"}]}""", reactions = $$""" "reaction":[{"manifestation":[{"text":"toux"}]},{"substance":{{substance}},"manifestation":[{"text":"toux"}]}]""";
        var (lait, drug, known) = (CodeSystems.Vocabulary("urn:x"), To(CodeSystems.Vocabulary("urn:x"), "lait", 1, Domain.Drug), To("SNOMED", "782197009", 2, Domain.Observation));
        string[] lines = [Patient, Allergy("a", "intolerance", $"\"code\":{substance}"), Allergy("b", "allergy", reactions), Allergy("c", "allergy", """ "reaction":[{"substance":{"text":"fraise"} }]"""), Allergy("d", "allergy", """ "criticality":"low" """)];
        using var hospital = new FhirHospital { Codes = new(null, new() { [(lait, "lait")] = [drug], [("SNOMED", "782197009")] = [known] }, null) };
        hospital.Load(LoadMode.Replace, lines);
        Assert.Equal(["419199007|lait|", "782197009|lait|", "||fraise"], hospital.Rows("observation", "observation_source_value", "value_source_value", "value_as_string"));
        Assert.Equal(1, hospital.Fate("AllergyIntolerance", "quarantined", "code: code-missing"));
        hospital.Codes = new(null, new() { [(lait, "lait")] = [drug] }, null);
        hospital.Load(LoadMode.Replace, lines);
        Assert.Equal(["419199007|lait|", "419199007|lait|", "||fraise"], hospital.Rows("observation", "observation_source_value", "value_source_value", "value_as_string"));
    }

    [Fact]
    public void A_text_that_is_elsewhere_beside_one_that_is_here_is_counted()
    {
        const string here = """{"contentType":"text/plain","data":"YWJj"}""", elsewhere = """{"contentType":"text/plain","url":"Binary/b"}""";
        static string Document(string id, params string[] attachments) => $$"""{"resourceType":"DocumentReference","id":"{{id}}","status":"current",{{Of}},"date":"2020-01-01","type":{"text":"x"},"content":[{{string.Join(',', attachments.Select(a => $$"""{"attachment":{{a}} }"""))}}]}""";
        using var hospital = Loaded(Document("a", elsewhere, here), Document("b", elsewhere), Document("c", here), $$"""{"resourceType":"DiagnosticReport","id":"r","status":"final",{{Of}},"code":{"text":"x"},"effectiveDateTime":"2022-01-01","conclusion":"vu","presentedForm":[{{elsewhere}}]}""");
        Assert.Equal((1L, 1L), (hospital.Noted("DocumentReference.attachment", "no-inline-text"), hospital.Noted("DiagnosticReport.attachment", "no-inline-text")));
        Assert.Equal(1, hospital.Fate("DocumentReference", "set-aside", "no-inline-text"));
    }
}
