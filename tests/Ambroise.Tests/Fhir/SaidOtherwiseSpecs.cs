using System.Text;
using Ambroise.Lake.Releases;

namespace Ambroise.Tests.Fhir;

/// <summary>What is said in another way than most say it: a no where others are silent, a span where others name a day, a unit, a number in groups.</summary>
public sealed class SaidOtherwiseSpecs
{
    const string Patient = """{"resourceType":"Patient","id":"p1","gender":"female","birthDate":"1980-05-06"}""";
    const string Of = "\"subject\":{\"reference\":\"Patient/p1\"}";
    const string Flu = """ "code":{"coding":[{"system":"http://snomed.info/sct","code":"flu"}]}""";

    static void Loaded(Action<FhirHospital> test, params string[] lines) => StrictReadingSpecs.WithWords(hospital =>
    {
        hospital.Load(LoadMode.Replace, [Patient, .. lines]);
        Assert.Equal(lines.Length + 1, hospital.Report.Fates.Sum(f => f.Count));
        test(hospital);
    });

    static string Observed(string id, string more) => $$"""{"resourceType":"Observation","id":"{{id}}","status":"final",{{Of}},{{Flu}},"effectiveDateTime":"2020-01-02",{{more}} }""";

    [Fact]
    public void A_condition_that_was_looked_for_and_not_found_is_none() => Loaded(hospital =>
        {
            Assert.Equal(["2020-01-02"], hospital.Rows("condition_occurrence", "condition_start_date"));
            Assert.Equal(["0.0|||", "|0|K|", "|0|NEG|NEG", "|4188540|false|", "||asked-unknown|"], hospital.Rows("observation", "value_as_number", "value_as_concept_id", "value_source_value", "qualifier_source_value").Order(StringComparer.Ordinal));
            Assert.All(hospital.Rows("observation", "observation_concept_id"), c => Assert.Equal("101", c));
        },
        Observed("o1", """ "valueBoolean":false"""), Observed("o2", """ "valueCodeableConcept":{"coding":[{"system":"urn:none","code":"K"}]}"""), Observed("o3", """ "valueInteger":0"""),
        Observed("o4", """ "interpretation":[{"coding":[{"code":"NEG"}]}]"""), Observed("o5", """ "dataAbsentReason":{"coding":[{"code":"asked-unknown"}]}"""), Observed("o6", """ "valueBoolean":true"""));

    [Fact]
    public void What_somebody_is_allergic_to_was_not_used_on_them_and_a_mapping_holds_on_its_days_for_values_too() => Loaded(hospital =>
        {
            Assert.Empty(hospital.Rows("device_exposure", "device_concept_id").Concat(hospital.Rows("drug_exposure", "drug_concept_id")));
            Assert.Equal(["4166257|102", "4166257|104"], hospital.Rows("observation", "observation_concept_id", "value_as_concept_id").Where(o => o.StartsWith("4166257", StringComparison.Ordinal)));
            Assert.Equal(["2019-01-01|0", "2020-06-01|101"], hospital.Rows("observation", "observation_date", "value_as_concept_id").Where(o => o.EndsWith("|0", StringComparison.Ordinal) || o.EndsWith("|101", StringComparison.Ordinal)).Order());
        },
        [
        """{"resourceType":"AllergyIntolerance","id":"a1","patient":{"reference":"Patient/p1"},"code":{"coding":[{"system":"http://snomed.info/sct","code":"mask"}]},"recordedDate":"2020-01-01"}""",
        """{"resourceType":"AllergyIntolerance","id":"a2","patient":{"reference":"Patient/p1"},"code":{"coding":[{"system":"urn:x","code":"F"}]},"recordedDate":"2020-06-01"}""",
        .. new[] { "2019-01-01", "2020-06-01" }.Select((day, i) => $$"""{"resourceType":"Observation","id":"v{{i}}","status":"final",{{Of}},"code":{"coding":[{"system":"urn:none","code":"q"}]},"effectiveDateTime":"{{day}}","valueCodeableConcept":{"coding":[{"system":"urn:x","code":"E"}]} }"""),
        ]);

    [Theory]
    [InlineData("""{"value":4,"code":"wk","system":"http://unitsofmeasure.org"}""", "28", "2020-01-28")]
    [InlineData("""{"value":36,"unit":"h"}""", "2", "2020-01-02")]
    [InlineData("""{"value":3}""", "3", "2020-01-03")]
    [InlineData("""{"value":3,"unit":"boxes"}""", "", "2020-01-01")]
    [InlineData("""{"value":-3,"unit":"d"}""", "", "2020-01-01")]
    public void A_supply_lasts_as_long_as_its_unit_says(string supply, string days, string end) => Loaded(hospital =>
        {
            Assert.Equal([$"{days}|{end}", $"{days}|{end}"], hospital.Rows("drug_exposure", "days_supply", "drug_exposure_end_date"));
            Assert.Equal(days.Length > 0 ? 0 : 1, hospital.Noted("MedicationDispense.daysSupply", "unit-unknown") + hospital.Noted("MedicationDispense.daysSupply", "number-invalid"));
        },
        $$"""{"resourceType":"MedicationDispense","id":"d","status":"completed",{{Of}},"whenHandedOver":"2020-01-01","medicationCodeableConcept":{"coding":[{"system":"urn:x","code":"z"}]},"daysSupply":{{supply}} }""",
        $$"""{"resourceType":"MedicationRequest","id":"r","status":"active","intent":"order",{{Of}},"authoredOn":"2020-01-01","medicationCodeableConcept":{"coding":[{"system":"urn:x","code":"z"}]},"dispenseRequest":{"expectedSupplyDuration":{{supply}} } }""");

    [Fact]
    public void When_it_was_goes_before_when_it_was_written_down_however_it_is_said() => Loaded(hospital =>
        {
            Assert.Equal(["2020-01-05", "2020-01-06"], hospital.Rows("observation", "observation_date"));
            Assert.Equal(["2010-01-01", "2024-01-04"], hospital.Rows("condition_occurrence", "condition_start_date"));
            Assert.Equal(["2015-01-01|2015-01-01", "2020-02-01|2020-02-09", "2024-01-01|2024-01-01"], hospital.Rows("drug_exposure", "drug_exposure_start_date", "drug_exposure_end_date"));
            Assert.Equal((1, 1, 1), (hospital.Noted("Condition.onset", "type-unused"), hospital.Noted("Condition.abatement", "type-unused"), hospital.Noted("Immunization.occurrence", "type-unused")));
            Assert.DoesNotContain("32818", hospital.Rows("drug_exposure", "drug_type_concept_id"));
        },
        $$"""{"resourceType":"Observation","id":"o1","status":"final",{{Of}},"code":{"text":"x"},"effectivePeriod":{"end":"2020-01-05"},"issued":"2024-06-01T08:00:00Z","valueString":"a"}""",
        $$"""{"resourceType":"Observation","id":"o2","status":"final",{{Of}},"code":{"text":"x"},"effectiveTiming":{"event":["2020-01-06"]},"issued":"2024-06-01T08:00:00Z","valueString":"a"}""",
        $$"""{"resourceType":"Condition","id":"c1",{{Of}},{{Flu}},"onsetPeriod":{"end":"2010-01-01"},"recordedDate":"2024-01-04"}""",
        $$"""{"resourceType":"Condition","id":"c2",{{Of}},{{Flu}},"onsetAge":{"value":10,"code":"a"},"abatementString":"later","recordedDate":"2024-01-04"}""",
        """{"resourceType":"Immunization","id":"i","status":"completed","patient":{"reference":"Patient/p1"},"vaccineCode":{"coding":[{"system":"urn:x","code":"v"}]},"occurrenceString":"in childhood","recorded":"2024-01-01"}""",
        $$"""{"resourceType":"MedicationStatement","id":"s","status":"completed",{{Of}},"medicationCodeableConcept":{"coding":[{"system":"urn:x","code":"z"}]},"effectivePeriod":{"end":"2015-01-01"},"dateAsserted":"2022-01-01"}""",
        $$"""{"resourceType":"MedicationRequest","id":"r","status":"active","intent":"order",{{Of}},"medicationCodeableConcept":{"coding":[{"system":"urn:x","code":"z"}]},"dosageInstruction":[{"timing":{"repeat":{"boundsPeriod":{"start":"2020-02-01","end":"2020-02-09"} } } }]}""");

    [Fact]
    public void An_end_before_its_start_is_told() => Loaded(hospital =>
        {
            Assert.Equal(["2020-01-01|2020-01-01|", "2020-01-01||"], hospital.Rows("condition_occurrence", "condition_start_date", "condition_end_date", "condition_end_datetime"));
            Assert.Equal(["2020-01-01|"], hospital.Rows("visit_occurrence", "visit_end_date", "visit_end_datetime"));
            Assert.Equal(2, hospital.Noted("Condition.abatement", "end-before-start"));
            Assert.Equal(1, hospital.Noted("Encounter.period.end", "end-before-start"));
        },
        $$"""{"resourceType":"Condition","id":"c1",{{Of}},{{Flu}},"onsetDateTime":"2020-01-01T10:00:00Z","abatementDateTime":"2020-01-01T09:00:00Z"}""",
        $$"""{"resourceType":"Condition","id":"c2",{{Of}},{{Flu}},"onsetDateTime":"2020-01-01","abatementDateTime":"2019-12-31"}""",
        $$"""{"resourceType":"Encounter","id":"e","status":"finished",{{Of}},"class":{"code":"AMB"},"period":{"start":"2020-01-01T10:00:00Z","end":"2020-01-01T09:00:00Z"} }""");

    [Fact]
    public void A_ratio_has_the_unit_of_both_and_a_titre_is_no_fraction() => Loaded(hospital => Assert.Equal(["2.5|mg/mL|5:2", "||1:128"], hospital.Rows("measurement", "value_as_number", "unit_source_value", "value_source_value")),
        Result("o1", """ "valueRatio":{"numerator":{"value":5,"unit":"milligram","code":"mg"},"denominator":{"value":2,"unit":"mL"} }"""), Result("o2", """ "valueRatio":{"numerator":{"value":1},"denominator":{"value":128} }"""));

    static string Result(string id, string value) => $$"""{"resourceType":"Observation","id":"{{id}}","status":"final",{{Of}},"category":[{"coding":[{"code":"laboratory"}]}],"code":{"coding":[{"system":"urn:none","code":"q"}]},"effectiveDateTime":"2020-01-02",{{value}} }""";

    [Fact]
    public void Units_are_mapped_as_codes_are_and_those_that_are_not_are_listed() => Loaded(hospital =>
        {
            Assert.Equal(["105|cpm", "105|mg", "105|mg", "0|{score}"], hospital.Rows("measurement", "unit_concept_id", "unit_source_value").OrderBy(r => r.Split('|')[1], StringComparer.Ordinal));
            Assert.Equal([("UCUM", "{score}", 1L)], hospital.Report.Unmapped.Where(u => u.Vocabulary == "UCUM").Select(u => (u.Vocabulary, u.Code, u.Count)));
        },
        Result("o1", """ "valueQuantity":{"value":1,"code":"mg","system":"http://unitsofmeasure.org"}"""), Result("o2", """ "valueQuantity":{"value":1,"code":"mg","system":"urn:oid:2.16.840.1.113883.6.8"}"""),
        Result("o3", """ "valueQuantity":{"value":1,"code":"cpm","system":"http://local/u"}"""), Result("o4", """ "valueQuantity":{"value":1,"code":"{score}","system":"http://unitsofmeasure.org"}"""));

    [Fact]
    public void Code_systems_go_by_their_object_identifiers_too_and_typed_zeros_are_kept() => Loaded(hospital =>
        {
            Assert.Equal(["101"], hospital.Rows("condition_occurrence", "condition_concept_id"));
            Assert.Equal(["|0012"], hospital.Rows("observation", "value_as_number", "value_as_string"));
        },
        $$"""{"resourceType":"Condition","id":"c1",{{Of}},"code":{"coding":[{"system":"urn:oid:2.16.840.1.113883.6.96","code":"flu"}]},"onsetDateTime":"2020-01-01"}""", Result("o1", """ "valueString":"0012" """));

    [Fact]
    public void A_stay_that_was_cancelled_is_none_that_others_are_of()
    {
        string Stay(string status) => $$"""{"resourceType":"Encounter","id":"e","meta":{"versionId":"{{(status == "finished" ? 1 : 2)}}"},"status":"{{status}}",{{Of}},"period":{"start":"2020-01-01"} }""";
        var seen = $$"""{"resourceType":"Condition","id":"c1",{{Of}},{{Flu}},"encounter":{"reference":"Encounter/e"},"onsetDateTime":"2020-01-01"}""";
        Loaded(hospital => Assert.Equal(1, hospital.Noted("Condition.visit_occurrence_id", "reference-unresolved")), Stay("cancelled"), seen);
        Loaded(hospital =>
        {
            Assert.Equal(0, hospital.Noted("Condition.visit_occurrence_id", "reference-unresolved"));
            hospital.Load(LoadMode.Merge, Stay("cancelled"), seen.Replace("c1", "c2", StringComparison.Ordinal));
            Assert.Equal(1, hospital.Noted("Condition.visit_occurrence_id", "reference-unresolved"));
        }, Stay("finished"), seen);
    }

    [Fact]
    public void Who_somebody_is_says_a_number_in_force_however_it_is_grouped_and_no_code()
    {
        static string Person(string id, string number, string use = "official") => $$"""{"resourceType":"Patient","id":"{{id}}","gender":"female","birthDate":"1980","address":[{"use":"old","postalCode":"11111"},{"use":"home","postalCode":"75013"}],"identifier":[{"use":"{{use}}","system":"urn:oid:1.2.250.1.213.1.4.10","value":"{{number}}"}],"extension":[{"url":"https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability","valueCoding":{"code":"VALI"} }]}""";
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, Person("a", "2 84 02 75 123 456 78"), Person("b", "284027512345678"), Person("c", "284027512345678", "old"));
        Assert.Equal(2, hospital.Rows("person", "person_id").Count);
        Assert.Equal(["75013", "75013"], hospital.Query("select zip from location join person using (location_id) order by 1"));
        hospital.Load(LoadMode.Merge, Person("d", "28402 75123 45678"));
        Assert.Equal(2, hospital.Rows("person", "person_id").Count);
        hospital.Load(LoadMode.Merge, """{"resourceType":"Observation","id":"o","status":"final","subject":{"reference":"Patient/a"},"code":{"text":"x"},"effectiveDateTime":"2020-01-01","valueCodeableConcept":{"coding":[{"system":"urn:oid:1.2.250.1.213.1.4.10","code":"284027512345678"}]} }""");
        Assert.Equal(1, hospital.Noted("Observation.coding", "identity-as-code"));
        Assert.DoesNotContain(hospital.Rows("observation", "*"), row => row.Contains("284027512345678", StringComparison.Ordinal));
    }

    /// <summary>A file that is one document has no whole line before its end: nothing of it is used, and it is told as other files cut short are.</summary>
    [Theory]
    [InlineData(3, "file", "file-truncated", 3)]
    [InlineData(0, "file", "file-truncated", 1)]
    [InlineData(-1, "unknown", "json-invalid", 1)]
    public void A_document_that_ends_early_is_told_of(int lines, string type, string reason, long line)
    {
        using var hospital = new FhirHospital();
        var ill = """{"resourceType":"Condition","id":"c1","subject":{"reference":"Patient/p1"},"code":{"text":"fièvre"},"onsetDateTime":"2020-01-01"}""";
        var bundle = lines switch
        {
            0 => $$"""{"resourceType":"Bundle","entry":[{"resource":{{ill[..^1]}}""",
            < 0 => $$"""{"resourceType":"Bundle","entry":[{"resource":{{ill}}, }] }""",
            _ => $$"""
                {"resourceType":"Bundle",
                "entry":[{"resource":{{ill}} },
                {"resource":{{ill[..(ill.IndexOf('è', StringComparison.Ordinal) + 1)]}}
                """,
        };
        var bytes = Encoding.UTF8.GetBytes(bundle);
        hospital.LoadFiles(LoadMode.Replace, new() { ["a.ndjson"] = Encoding.UTF8.GetBytes(Patient), ["b.json"] = lines > 0 ? bytes[..^1] : bytes });
        Assert.Equal([(type, "b.json", line, reason)], hospital.Rejected.Select(r => (r.Table, r.File, r.Line, r.Reason)));
        Assert.Equal(type == "file", hospital.Report.Notes.Any(n => n is { Type: "file", Reason: "file-truncated", Count: 1 }));
    }

    /// <summary>Packed and not called so: no line of it can be read, and it is not cut short.</summary>
    [Theory, InlineData("b.ndjson"), InlineData("b.json")]
    public void A_packed_file_whose_name_does_not_say_so_is_told_of(string name)
    {
        using var hospital = new FhirHospital();
        hospital.LoadFiles(LoadMode.Replace, new() { ["a.ndjson"] = Encoding.UTF8.GetBytes(Patient), [name] = FhirHospital.Gzip(Patient) });
        Assert.Equal([("file", name, 1L, "file-packed")], hospital.Rejected.Select(r => (r.Table, r.File, r.Line, r.Reason)));
    }

    /// <summary>A line of 64 MiB is read, whatever ends it; a longer one is left out.</summary>
    [Theory]
    [InlineData(0, "\n", true)]
    [InlineData(0, "\r\n", true)]
    [InlineData(0, "", true)]
    [InlineData(2, "\n", false)]
    public void The_longest_line_that_is_read_has_64_MiB(int more, string end, bool read)
    {
        var bytes = new byte[Ambroise.Sources.Fhir.Reading.ChunkReader.MaxLineBytes + more + end.Length];
        bytes.AsSpan().Fill((byte)'}');
        Encoding.UTF8.GetBytes(end).CopyTo(bytes.AsSpan(bytes.Length - end.Length));
        var file = new Ambroise.Sources.Fhir.Reading.FhirFile("", "a.ndjson", bytes.Length) { Opens = () => new MemoryStream(bytes) };
        using var buffers = new Ambroise.Sources.Fhir.Reading.InputBuffers();
        var (taken, refused) = (0L, new List<string>());
        foreach (var chunk in Ambroise.Sources.Fhir.Reading.ChunkReader.Read(file, buffers, r => refused.Add(r.Reason), TestContext.Current.CancellationToken))
        {
            taken += chunk.Length;
            chunk.Release();
        }
        Assert.Equal(read ? bytes.Length : 0, taken);
        Assert.Equal(read ? [] : ["line-too-long"], refused);
    }

    [Fact]
    public void A_file_that_ends_within_a_line_is_told_of_packed_or_not()
    {
        using var hospital = new FhirHospital();
        var cut = Encoding.UTF8.GetBytes(Patient + "\n" + """{"resourceType":"Condition","id":"c1","sub""");
        hospital.LoadFiles(LoadMode.Replace, new() { ["a.ndjson"] = cut, ["b.ndjson"] = Encoding.UTF8.GetBytes(Patient.Replace("p1", "p2", StringComparison.Ordinal)) });
        Assert.Equal([("file", "file-truncated", 1L)], hospital.Report.Notes.Where(n => n.Type == "file").Select(n => (n.Type, n.Reason, n.Count)));
        Assert.Equal(2, hospital.Rows("person", "person_id").Count);
        var place = Assert.Single(Ambroise.Lake.Quarantine.SealedQuarantine.Read(hospital.Lake, hospital.Lake.Release(1).OrThrow()));
        Assert.Equal(("a.ndjson", 2L), (place.File, place.Line));
    }

    [Theory]
    [InlineData("9999-12-31T23:59:59.9999999Z", "2020-01-02")]
    [InlineData("2999-12-31", "2020-01-02")]
    [InlineData("2099-12-31", "2020-01-02")]
    [InlineData("2190-03-01", "2190-03-01")] // a site may move its dates by a century to hide them
    public void An_end_that_never_comes_is_none_and_nobody_is_followed_until_then(string end, string last) => Loaded(hospital =>
        {
            Assert.Equal([last], hospital.Rows("visit_occurrence", "visit_end_date"));
            Assert.Equal([$"2020-01-02|{last}"], hospital.Rows("observation_period", "observation_period_start_date", "observation_period_end_date"));
            Assert.Equal([last == end ? end : ""], hospital.Rows("condition_occurrence", "condition_end_date"));
            Assert.Equal([last == end ? end : "2020-06-01"], hospital.Rows("payer_plan_period", "payer_plan_period_end_date"));
            Assert.Equal(last == end ? 0 : 3, hospital.Report.Notes.Where(n => n.Reason == "end-open").Sum(n => n.Count));
        },
        $$"""{"resourceType":"Encounter","id":"e","status":"in-progress",{{Of}},"period":{"start":"2020-01-02","end":"{{end}}"} }""",
        $$"""{"resourceType":"Condition","id":"c",{{Of}},{{Flu}},"onsetDateTime":"2020-01-02","abatementDateTime":"{{end}}"}""",
        $$"""{"resourceType":"Coverage","id":"k","meta":{"lastUpdated":"2020-06-01T00:00:00Z"},"status":"active","beneficiary":{"reference":"Patient/p1"},"period":{"start":"2020-01-02","end":"{{end}}"} }""");

    [Fact]
    public void A_day_of_nobodys_life_is_no_event_and_no_death() => Loaded(hospital =>
        {
            Assert.Equal(2, hospital.Fate("Condition", "quarantined", "onset: date-out-of-life"));
            Assert.Equal(1, hospital.Noted("Patient.deceasedDateTime", "date-out-of-life"));
            Assert.Empty(hospital.Rows("condition_occurrence", "*").Concat(hospital.Rows("death", "*")));
        },
        $$"""{"resourceType":"Condition","id":"c1",{{Of}},{{Flu}},"onsetDateTime":"9999-12-31"}""", $$"""{"resourceType":"Condition","id":"c2",{{Of}},{{Flu}},"onsetDateTime":"0001-01-01"}""",
        """{"resourceType":"Patient","id":"p2","gender":"female","birthDate":"1980-05-06","deceasedDateTime":"9999-12-31"}""");

    [Theory]
    [InlineData(""" {"text":"Un matin et soir","timing":{"repeat":{"frequency":2,"period":1,"periodUnit":"d"} } }""", "Un matin et soir")]
    [InlineData(""" {"text":"matin"},{"patientInstruction":"puis le soir"}""", "matin; puis le soir")]
    [InlineData(""" {"timing":{"repeat":{"frequency":1,"frequencyMax":2,"period":8,"periodUnit":"h","boundsDuration":{"value":7,"code":"d"} } },"asNeededBoolean":true,"doseAndRate":[{"doseQuantity":{"value":500,"unit":"milligrammes","code":"mg"} }]}""", "500 mg, 1-2/8 h, for 7 d, as needed")]
    [InlineData(""" {"timing":{"code":{"text":"BID"} },"doseAndRate":[{"doseRange":{"low":{"value":1},"high":{"value":2,"unit":"cp"} },"rateRatio":{"numerator":{"value":5,"code":"mL"},"denominator":{"value":1,"code":"h"} } }]}""", "1-2 cp, 5 mL/1 h, BID")]
    [InlineData(""" {"timing":{"repeat":{"frequency":1,"period":1.0,"periodUnit":"d","when":["MORN","HS"] } },"asNeededCodeableConcept":{"coding":[{"code":"25064002","display":"Headache"}]} }""", "1/d, MORN HS, as needed: Headache")]
    [InlineData(""" {"sequence":1}""", "")]
    public void Directions_without_words_are_told_from_their_numbers(string dosages, string sig) => Loaded(hospital =>
            Assert.Equal([$"{sig}|24.0|cp"], hospital.Rows("drug_exposure", "sig", "quantity", "dose_unit_source_value")),
        $$"""{"resourceType":"MedicationRequest","id":"r","status":"active","intent":"order",{{Of}},"authoredOn":"2020-01-01","medicationCodeableConcept":{"coding":[{"system":"urn:x","code":"z"}]},"dispenseRequest":{"quantity":{"value":24,"unit":"cp"} },"dosageInstruction":[{{dosages}}]}""");

    [Fact]
    public void Less_than_nothing_was_not_given_and_part_of_a_thing_is_no_whole_number_of_it() => Loaded(hospital =>
        {
            Assert.Equal([""], hospital.Rows("drug_exposure", "quantity"));
            Assert.Equal(["", "4"], hospital.Rows("device_exposure", "quantity").Order(StringComparer.Ordinal));
            Assert.Equal((1, 1), (hospital.Noted("MedicationAdministration.quantity", "number-invalid"), hospital.Noted("SupplyDelivery.quantity", "not-whole")));
        },
        [
        $$"""{"resourceType":"MedicationAdministration","id":"a","status":"completed",{{Of}},"effectiveDateTime":"2020-01-01","medicationCodeableConcept":{"coding":[{"system":"urn:x","code":"z"}]},"dosage":{"dose":{"value":-3} } }""",
        .. new[] { "0.4", "4.0" }.Select((n, i) => $$"""{"resourceType":"SupplyDelivery","id":"s{{i}}","status":"completed","patient":{"reference":"Patient/p1"},"occurrenceDateTime":"2020-01-01","suppliedItem":{"quantity":{"value":{{n}} },"itemCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"mask"}]} } }"""),
        ]);

    [Fact]
    public void Whatever_has_a_concept_is_mapped_by_the_site_where_it_is_or_listed() => Loaded(hospital =>
        {
            Assert.Equal(["2000000001|D", "9202|AMB", "0|HDJ"], hospital.Rows("visit_occurrence", "visit_concept_id", "visit_source_value").OrderBy(r => r[0] == '0').ThenBy(r => r, StringComparer.Ordinal));
            Assert.Equal(["CareSite|kind", "Cost|EUR", "PayerPlanPeriod|AMO", "Provider|SM05", "VisitOccurrence|HDJ"], hospital.Report.Unmapped.Select(u => $"{u.Table}|{u.Code}").Order(StringComparer.Ordinal).Select(u => string.Concat(u.Split('|')[0].Split('_').Select(w => char.ToUpperInvariant(w[0]) + w[1..])) + "|" + u.Split('|')[1]));
        },
        [
        .. new[] { ("urn:x", "D"), ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "AMB"), ("urn:fr", "HDJ") }.Select((c, i) => $$"""{"resourceType":"Encounter","id":"e{{i}}","status":"finished",{{Of}},"class":{"system":"{{c.Item1}}","code":"{{c.Item2}}"},"period":{"start":"2020-01-02"} }"""),
        """{"resourceType":"Coverage","id":"k","status":"active","beneficiary":{"reference":"Patient/p1"},"type":{"coding":[{"system":"urn:fr","code":"AMO"}]},"period":{"start":"2020-01-02"} }""",
        """{"resourceType":"Claim","id":"cl","status":"active","use":"claim","patient":{"reference":"Patient/p1"},"created":"2020-01-02","item":[{"encounter":[{"reference":"Encounter/e0"}]}],"total":{"value":10,"currency":"EUR"} }""",
        """{"resourceType":"Organization","id":"o","name":"CHU","type":[{"coding":[{"system":"urn:fr","code":"kind"}]}]}""",
        """{"resourceType":"Practitioner","id":"d","name":[{"family":"X"}]}""",
        """{"resourceType":"PractitionerRole","id":"dr","practitioner":{"reference":"Practitioner/d"},"specialty":[{"coding":[{"system":"urn:fr","code":"SM05"}]}]}""",
        ]);

    [Fact]
    public void A_national_identity_is_one_however_its_system_is_written()
    {
        using var hospital = new FhirHospital();
        static string Person(string id, string system) => $$"""{"resourceType":"Patient","id":"{{id}}","gender":"female","birthDate":"1980","identifier":[{"system":"{{system}}","value":"284027512345678"}],"extension":[{"url":"https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability","valueCoding":{"code":"VALI"} }]}""";
        hospital.Load(LoadMode.Replace, Person("a", "urn:oid:1.2.250.1.213.1.4.10"), Person("b", "1.2.250.1.213.1.4.10"));
        Assert.Single(hospital.Rows("person", "person_id"));
    }
}
