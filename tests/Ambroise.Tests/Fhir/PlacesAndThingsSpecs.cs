using Ambroise.Lake.Releases;
using static Ambroise.Tests.Fhir.OnePatient;

namespace Ambroise.Tests.Fhir;

/// <summary>Where a patient was within a stay, what was used on them, what was looked at in several ways; and whose home a place is.</summary>
public sealed class PlacesAndThingsSpecs
{
    static string Place(string id, string name) => $$"""{"resourceType":"Location","id":"{{id}}","name":"{{name}}"}""";

    static string Stay(string id, string more) => $$"""{"resourceType":"Encounter","id":"{{id}}","status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"},{{Of}},"period":{"start":"2023-01-01T08:00:00Z","end":"2023-01-09"}{{more}} }""";

    static string At(string place, string period, string more = "") => $$"""{"location":{"reference":"Location/{{place}}"}{{(period.Length > 0 ? $",\"period\":{{{period}}}" : "")}}{{more}} }""";

    const string Moved = """
        select d.visit_detail_start_date || ' ' || d.visit_detail_end_date || ' ' || c.care_site_name || ' ' || d.visit_detail_concept_id || ' ' || case when d.parent_visit_detail_id is null then 'stay' else 'detail' end
        from visit_detail d join visit_occurrence v on v.visit_occurrence_id = d.visit_occurrence_id join care_site c on c.care_site_id = d.care_site_id order by 1
        """;

    static readonly string Moves = $",\"location\":[{At("u", "\"start\":\"2023-01-01T08:00:00Z\",\"end\":\"2023-01-02T03:00:00Z\"")},{At("r", "\"start\":\"2023-01-02T03:00:00Z\",\"end\":\"2023-01-05\"", ",\"status\":\"completed\"")},{At("c", "\"start\":\"2023-01-05\"", ",\"status\":\"active\"")},"
        + $"{At("b", "\"start\":\"2023-01-05\"", ",\"physicalType\":{\"coding\":[{\"code\":\"bd\"}]}")},{At("p", "\"start\":\"2023-01-08\"", ",\"status\":\"planned\"")},{At("n", "")}]";

    static readonly string[] Places = [Place("u", "Urgences"), Place("r", "Réanimation"), Place("c", "Cardiologie"), Place("b", "Lit 12"), Place("p", "SSR"), Place("n", "Bloc")];

    [Fact]
    public void Each_of_several_places_is_a_detail_of_the_stay_and_no_room_or_bed_and_none_kept_for_later()
    {
        using var hospital = Loaded([.. Places, Stay("e", Moves)]);
        Assert.Equal(["2023-01-01 2023-01-02 Urgences 9201 stay", "2023-01-02 2023-01-05 Réanimation 9201 stay", "2023-01-05 2023-01-09 Cardiologie 9201 stay"], hospital.Query(Moved));
        Assert.Equal(1, hospital.Noted("Encounter.location", "date-missing"));
        Assert.Equal(["Urgences"], hospital.Query("select c.care_site_name from visit_occurrence v join care_site c using (care_site_id)"));
    }

    [Fact]
    public void They_are_the_same_however_the_stay_is_sent_and_go_with_it()
    {
        string Inner(int version, string more = "") => Stay("e", $",\"meta\":{{\"versionId\":\"{version}\"}},\"partOf\":{{\"reference\":\"Encounter/o\"}}{Moves}{more}");
        var seen = $$"""{"resourceType":"Condition","id":"d",{{Of}},{{Code}},"encounter":{"reference":"Encounter/e"} }""";
        using var whole = Loaded([.. Places, Inner(1), Stay("o", ""), seen]);
        Assert.Equal(["2023-01-01 2023-01-02 Urgences 9201 detail", "2023-01-02 2023-01-05 Réanimation 9201 detail", "2023-01-05 2023-01-09 Cardiologie 9201 detail"], whole.Query(Moved).Where(d => d.EndsWith("detail", StringComparison.Ordinal)));
        Assert.Equal(4, whole.Rows("visit_detail", "visit_detail_id").Count);
        Assert.Equal(["3"], whole.Query("select count(*) from visit_detail d join visit_detail e on d.parent_visit_detail_id = e.visit_detail_id"));

        using var pieces = new FhirHospital();
        var once = pieces.Load(LoadMode.Replace, [Patient, .. Places, Inner(1), Stay("o", ""), seen]);
        pieces.Forget();
        pieces.Load(LoadMode.Replace, Patient, seen);
        pieces.Load(LoadMode.Merge, Inner(1));
        pieces.Load(LoadMode.Merge, Places);
        Assert.Equal(once, pieces.Load(LoadMode.Merge, Stay("o", "")));
        Assert.Equal(once, pieces.Load(LoadMode.Merge, Patient, Inner(1), seen));
        pieces.Load(LoadMode.Merge, Stay("e", ",\"meta\":{\"versionId\":\"2\"},\"partOf\":{\"reference\":\"Encounter/o\"}"));
        Assert.Single(pieces.Rows("visit_detail", "visit_detail_id"));
    }

    [Fact]
    public void A_place_without_an_end_is_left_for_the_next_and_the_first_is_where_the_stay_began()
    {
        using var hospital = Loaded([.. Places, Stay("e", $",\"location\":[{At("c", "\"start\":\"2023-01-05T15:00:00Z\"")},{At("u", "\"start\":\"2023-01-01T09:00:00Z\",\"end\":\"2022-12-31\"", ",\"status\":\"completed\"")},{At("r", "\"start\":\"2023-01-02\"")},{At("n", "\"end\":\"2023-01-03\"")}]"),
            Stay("f", $",\"location\":[{At("u", "\"start\":\"2023-01-09T20:00:00Z\"")},{{\"location\":{{\"identifier\":{{\"value\":\"7\"}}}},\"period\":{{\"start\":\"2023-01-02\"}}}},{{\"location\":{{\"display\":\"Chez Mme Dupont\"}},\"period\":{{\"start\":\"2023-01-02\"}}}}]")]);
        Assert.Equal(["2023-01-01 2023-01-02 Urgences 9201 stay", "2023-01-02 2023-01-03 Réanimation 9201 stay", "2023-01-03 2023-01-03 Bloc 9201 stay", "2023-01-05 2023-01-09 Cardiologie 9201 stay", "2023-01-09 2023-01-09 Urgences 9201 stay"], hospital.Query(Moved));
        Assert.Equal((2L, 1L), (hospital.Noted("Encounter.location", "left-out"), hospital.Noted("Encounter.location.period.end", "end-before-start")));
        Assert.Contains("Urgences", hospital.Query("select c.care_site_name from visit_occurrence v join care_site c using (care_site_id)"));
        Assert.Empty(hospital.Query("select 1 from visit_detail where visit_detail_end_datetime < visit_detail_start_datetime"));
    }

    /// <summary>FHIR R4: Encounter.location.physicalType only repeats what the Location says.</summary>
    [Fact]
    public void A_room_is_none_where_it_says_so_itself_whichever_comes_first()
    {
        var ward = Place("u", "Urgences");
        string[] rooms = [.. new[] { ("r", "ro"), ("c", "bd") }.Select(p => Place(p.Item1, p.Item1).Replace("\"name\"", $"\"physicalType\":{{\"coding\":[{{\"code\":\"{p.Item2}\"}}]}},\"name\"", StringComparison.Ordinal))];
        string[] stays = [Stay("e", Moves), Stay("i", $",\"partOf\":{{\"reference\":\"Encounter/e\"}},\"location\":[{At("r", "\"start\":\"2023-01-02\"")}]")];
        using var hospital = new FhirHospital();
        string[] expected = ["2023-01-01 2023-01-02 Urgences 9201 stay", "2023-01-01 2023-01-09 r 9201 stay"];
        var once = hospital.Load(LoadMode.Replace, [Patient, ward, .. rooms, .. stays]);
        Assert.Equal(expected, hospital.Query(Moved));
        hospital.Forget();
        hospital.Load(LoadMode.Replace, [Patient, ward, .. stays]);
        Assert.Equal(once, hospital.Load(LoadMode.Merge, rooms));
        hospital.Forget();
        hospital.Load(LoadMode.Replace, [Patient, .. rooms]);
        hospital.Load(LoadMode.Merge, ward);
        Assert.Equal(once, hospital.Load(LoadMode.Merge, stays));
        Assert.Equal(once, hospital.Load(LoadMode.Merge, [Patient, ward, .. rooms, .. stays]));
    }

    /// <summary>What a server says of a place is kept; what we conclude stays within the stay.</summary>
    [Fact]
    public void A_place_outside_of_its_stay_is_counted_and_ends_no_other_one_later_than_the_stay()
    {
        using var hospital = Loaded([.. Places, Stay("e", $",\"location\":[{At("u", "\"start\":\"2023-01-01\"")},{At("r", "\"start\":\"2023-02-03\"")},{At("c", "\"start\":\"2023-01-05\",\"end\":\"2023-01-06\"")}]"), Stay("f", $",\"location\":[{At("u", "\"start\":\"2023-01-08\"")},{At("c", "\"start\":\"2023-03-05\"")}]")]);
        Assert.Equal(["2023-01-01 2023-01-05 Urgences 9201 stay", "2023-01-05 2023-01-06 Cardiologie 9201 stay", "2023-01-08 2023-01-09 Urgences 9201 stay", "2023-02-03 2023-02-03 Réanimation 9201 stay", "2023-03-05 2023-03-05 Cardiologie 9201 stay"], hospital.Query(Moved));
        Assert.Equal(2, hospital.Noted("Encounter.location.period", "outside-stay"));
    }

    /// <summary>A number that another organization bears later is the stay's, not its places'.</summary>
    [Fact]
    public void An_organization_that_takes_a_number_over_is_no_place_of_the_stay()
    {
        static string Unit(string id, int version, string number) => $$"""{"resourceType":"Organization","id":"{{id}}","meta":{"versionId":"{{version}}"},"name":"{{id}}","identifier":[{"system":"urn:uf","value":"{{number}}"}]}""";
        using var hospital = Loaded([.. Places, Unit("first", 1, "7"), Stay("e", $",\"serviceProvider\":{{\"identifier\":{{\"system\":\"urn:uf\",\"value\":\"7\"}}}}{Moves}")]);
        hospital.Load(LoadMode.Merge, Unit("first", 2, "8"), Unit("second", 1, "7"));
        Assert.Equal(["second"], hospital.Query("select c.care_site_name from visit_occurrence v join care_site c using (care_site_id)"));
        Assert.Equal(["Cardiologie", "Réanimation", "Urgences"], hospital.Query("select c.care_site_name from visit_detail d join care_site c using (care_site_id) order by 1"));
    }

    [Fact]
    public void Somebody_s_home_is_not_called_after_them()
    {
        static string Home(string id, string kind) => $$"""{"resourceType":"Location","id":"{{id}}","name":"Domicile DUPONT Marie",{{kind}},"address":{"line":["3 rue des Lilas"],"city":"Petiville","postalCode":"76330"} }""";
        using var hospital = Loaded(Home("a", "\"physicalType\":{\"coding\":[{\"code\":\"ho\"}]}"), Home("b", "\"type\":[{\"coding\":[{\"code\":\"X\"}]},{\"coding\":[{\"code\":\"PTRES\"}]}]"), Home("d", "\"mode\":\"instance\"").Replace("\"line\"", "\"use\":\"home\",\"line\"", StringComparison.Ordinal), Home("c", "\"mode\":\"instance\"").Replace("Domicile DUPONT Marie", "Cabinet", StringComparison.Ordinal));
        Assert.Equal(["", "", "", "Cabinet"], hospital.Rows("care_site", "care_site_name").Order());
        Assert.Equal(["3 rue des Lilas|Petiville|76330", "||76330", "||76330", "||76330"], hospital.Rows("location", "address_1", "city", "zip").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_was_used_or_implanted_is_of_the_day_of_the_procedure()
    {
        using var hospital = Loaded($$"""
            {"resourceType":"Procedure","id":"i","status":"completed",{{Of}},{{Code}},"performedPeriod":{"start":"2023-01-02","end":"2023-01-03"},
            "contained":[{"resourceType":"Device","id":"o","type":{"coding":[{"system":"urn:x","code":"old stent"}]} },{"resourceType":"Device","id":"s","type":{"coding":[{"system":"urn:x","code":"stent"}]} },{"resourceType":"Medication","id":"h","code":{"coding":[{"system":"urn:x","code":"heparin"}]} }],
            "usedCode":[{"coding":[{"system":"urn:x","code":"wire"}]},{"text":"une pince"}],"usedReference":[{"reference":"#h"},{"reference":"Device/x"},{"reference":"#s"},{"reference":"#o"}],"focalDevice":[{"action":{"coding":[{"code":"implanted"}]},"manipulated":{"reference":"#s"} },{"manipulated":{"reference":"Device/y"} },{"action":{"coding":[{"code":"explanted"}]},"manipulated":{"reference":"#o"} }] }
            """.ReplaceLineEndings(""),
            $$"""{"resourceType":"Procedure","id":"n","status":"not-done",{{Of}},{{Code}},"performedDateTime":"2023-01-02","usedCode":[{"coding":[{"system":"urn:x","code":"not"}]}] }""");
        Assert.Equal(["heparin|2023-01-02|", "stent|2023-01-02|", "wire|2023-01-02|"], hospital.Rows("device_exposure", "device_source_value", "device_exposure_start_date", "device_exposure_end_date"));
        Assert.Equal((1L, 1L, 2L), (hospital.Noted("Procedure.usedCode", "left-out"), hospital.Noted("Procedure.usedReference", "left-out"), hospital.Noted("Procedure.focalDevice", "left-out")));
        Assert.Equal(["q"], hospital.Rows("procedure_occurrence", "procedure_source_value"));
    }

    [Fact]
    public void A_study_is_each_of_its_procedures_or_each_kind_of_its_images()
    {
        static string Study(string id, string more) => $$"""{"resourceType":"ImagingStudy","id":"{{id}}","status":"available",{{Of}},"started":"2023-01-02",{{more}} }""";
        using var hospital = Loaded(Study("a", """ "procedureCode":[{"coding":[{"system":"urn:x","code":"pet"}]},{"coding":[{"system":"urn:x","code":"ct"}]},{"coding":[{"system":"urn:x","code":"pet"}]}],"modality":[{"code":"MR"}]"""),
            Study("b", """ "modality":[{"code":"PT"},{"code":"CT"}]"""), Study("c", """ "series":[{"modality":{"code":"US"} },{"modality":{"code":"US"} },{"modality":{"code":"SR"} },{"modality":{"code":"XA"} }]"""), Study("d", """ "description":"Écho du foie" """));
        Assert.Equal(["CT", "PT", "US", "XA", "ct", "pet"], hospital.Rows("procedure_occurrence", "procedure_source_value").Order(StringComparer.Ordinal));
        Assert.Equal(["Écho du foie"], hospital.Rows("observation", "value_as_string"));
    }

    [Fact]
    public void A_payer_that_a_cover_does_not_name_and_a_history_without_a_date_are_told_of()
    {
        using var hospital = Loaded($$"""{"resourceType":"FamilyMemberHistory","id":"f","meta":{"lastUpdated":"2023-02-03T10:00:00Z"},"status":"completed",{{By}},"condition":[{{{Code}} }] }""",
            $$"""{"resourceType":"Coverage","id":"c","status":"active","beneficiary":{"reference":"Patient/p1"},"period":{"start":"2023-01-01"},"payor":[{"reference":"Organization/o"}] }""",
            $$"""{"resourceType":"Coverage","id":"d","status":"active","beneficiary":{"reference":"Patient/p1"},"period":{"start":"2023-01-01"},"payor":[{"reference":"Organization/o","display":"MGEN"}] }""");
        Assert.Equal(["2023-02-03|q"], hospital.Rows("observation", "observation_date", "value_source_value"));
        Assert.Equal(["", "MGEN"], hospital.Rows("payer_plan_period", "payer_source_value").Order());
        Assert.Equal(1, hospital.Noted("Coverage.payor", "left-out"));
    }

    [Fact]
    public void What_a_claim_declares_is_of_the_day_it_was_done_and_not_of_the_day_it_was_billed()
    {
        static string Claim(string id, string more) => $$"""{"resourceType":"Claim","id":"{{id}}","status":"active","use":"claim",{{By}},"created":"2023-02-15","diagnosis":[{"sequence":1,"diagnosisCodeableConcept":{"coding":[{"system":"urn:x","code":"{{id}}"}]},"type":[{"text":"principal"},{"coding":[{"code":"secondary"}]}]}]{{more}} }""";
        using var hospital = Loaded(Claim("a", ""), Claim("b", """ ,"item":[{"sequence":1,"servicedDate":"2023-01-04"},{"sequence":2,"servicedPeriod":{"start":"2023-01-02"} }]"""), Claim("c", """ ,"billablePeriod":{"start":"2023-01-01"},"item":[{"sequence":1,"servicedDate":"2023-01-04"}]"""), Claim("d", """ ,"item":[{"sequence":1,"servicedDate":"2023-02-31"}]"""));
        Assert.Equal(["a|2023-02-15|32908", "b|2023-01-02|32908", "c|2023-01-01|32908"], hospital.Rows("condition_occurrence", "condition_source_value", "condition_start_date", "condition_status_concept_id"));
        Assert.Equal("date-invalid", Assert.Single(hospital.Rejected).Reason);
    }

    [Fact]
    public void What_was_seen_of_somebody_named_in_it_or_in_words_is_not_the_patient_s()
    {
        static string Seen(string id, string focus) => $$"""{"resourceType":"Observation","id":"{{id}}","status":"final",{{Of}},{{Code}},"effectiveDateTime":"2023-01-02","valueInteger":1,"contained":[{"resourceType":"RelatedPerson","id":"f"},{"resourceType":"Specimen","id":"s"}],"focus":[{{focus}}] }""";
        using var hospital = Loaded(Seen("a", """{"reference":"#f"}"""), Seen("b", """{"display":"fœtus A"}"""), Seen("c", """{"identifier":{"value":"9"} }"""), Seen("d", """{"reference":"#s"}"""), Seen("e", """{"reference":"Device/x"}"""), Seen("g", """{"reference":"Patient/p1"}"""));
        Assert.Equal(3, hospital.Fate("Observation", "set-aside", "focus-other"));
        Assert.Equal(3, hospital.Rows("observation", "observation_id").Count);
    }

    [Fact]
    public void A_text_is_in_the_language_that_it_says_itself()
    {
        using var hospital = Loaded($$"""{"resourceType":"DocumentReference","id":"d","status":"current","language":"en",{{Of}},"date":"2023-01-02T10:00:00Z","content":[{"attachment":{"contentType":"text/plain","language":"fr-FR","data":"Qm9uam91cg=="} },{"attachment":{"contentType":"text/plain","data":"SGVsbG8="} }] }""");
        Assert.Equal(["Bonjour|4180190", "Hello|4180186"], hospital.Rows("note", "note_text", "language_concept_id"));
    }

    /// <summary>Readers of JSON differ in which of two counts, and one says that it was an error.</summary>
    [Fact]
    public void An_element_that_is_there_twice_is_quarantined()
    {
        using var hospital = Loaded($$"""{"resourceType":"Observation","id":"a","status":"final",{{Of}},{{Code}},"effectiveDateTime":"2023-01-02","valueInteger":1,"status":"entered-in-error"}""",
            $$"""{"resourceType":"Observation","id":"b","status":"final",{{Of}},{{Code}},"effectiveDateTime":"2023-01-02","valueInteger":1,"DUPONT":1,"DUPONT":2}""");
        Assert.Equal(["element element-twice", "status element-twice"], hospital.Rejected.Select(r => $"{r.Field} {r.Reason}").Order());
        Assert.Empty(hospital.Rows("observation", "observation_id"));
    }

    [Fact]
    public void What_is_taken_on_some_days_ends_on_the_last_of_them()
    {
        using var hospital = Loaded($$"""{"resourceType":"MedicationRequest","id":"m","status":"active","intent":"order",{{Of}},{{Drug}},"authoredOn":"2023-01-01","dosageInstruction":[{"timing":{"event":["2023-01-02","2023-01-08","2023-01-05"]} }] }""");
        Assert.Equal(["2023-01-01|2023-01-08"], hospital.Rows("drug_exposure", "drug_exposure_start_date", "drug_exposure_end_date"));
    }

    [Fact]
    public void One_implant_told_twice_is_one()
    {
        using var hospital = Loaded($$"""{"resourceType":"Procedure","id":"p","status":"completed",{{Of}},{{Code}},"performedDateTime":"2023-01-01","contained":[{"resourceType":"Device","id":"d","serialNumber":"SN1","type":{"coding":[{"system":"urn:x","code":"hip"}]} }],"focalDevice":[{"manipulated":{"reference":"#d"} }],"usedCode":[{"coding":[{"system":"urn:x","code":"hip"}]},{"coding":[{"system":"urn:x","code":"screw"}]}]}""");
        Assert.Equal(["hip", "screw"], hospital.Rows("device_exposure", "device_source_value").Order());
    }

    /// <summary>As bills of many sessions are.</summary>
    [Fact]
    public void What_a_claim_of_several_stays_codes_is_of_the_stay_whose_items_refer_to_it()
    {
        static string Item(int n, string stay, string day, string refers) => $$"""{"sequence":{{n}},"encounter":[{{string.Join(',', stay.Split(' ').Select(s => $$"""{"reference":"Encounter/{{s}}"}"""))}}],"servicedDate":"{{day}}",{{refers}},"net":{"value":{{n}},"currency":"EUR"} }""";
        var diagnoses = string.Join(',', new[] { 1, 2, 3, 4 }.Select(n => $$"""{"sequence":{{n}},"diagnosisCodeableConcept":{"coding":[{"system":"urn:x","code":"D{{n}}"}]} }"""));
        var items = string.Join(',', Item(1, "e", "2023-01-02", "\"diagnosisSequence\":[1]"), Item(2, "f", "2023-01-08", "\"diagnosisSequence\":[2,3]"), Item(3, "e", "2023-01-03", "\"diagnosisSequence\":[3]"), Item(4, "e f", "2023-01-03", "\"diagnosisSequence\":[4]"));
        using var hospital = Loaded(Stay("e", ""), Stay("f", ""), $$"""{"resourceType":"Claim","id":"k","status":"active","use":"claim",{{By}},"created":"2023-02-01","item":[{{items}}],"diagnosis":[{{diagnoses}}]}""");
        var stays = hospital.Query("select c.cost_event_id from cost c");
        Assert.Equal(["D1 2023-01-02 first", "D2 2023-01-08 other", "D3 2023-01-02 none", "D4 2023-01-02 none"], hospital.Query($"select condition_source_value || ' ' || condition_start_date || ' ' || case when visit_occurrence_id is null then 'none' when visit_occurrence_id = {stays.Single()} then 'first' else 'other' end from condition_occurrence order by 1"));
        Assert.Equal(1, hospital.Noted("Claim.item.encounter", "several-stays"));
    }

    [Fact]
    public void The_cost_of_a_stay_that_nobody_sent_is_counted()
    {
        static string Claim(string id, string stay) => $$"""{"resourceType":"Claim","id":"{{id}}","status":"active","use":"claim",{{By}},"created":"2023-02-01","total":{"value":1,"currency":"EUR"},"item":[{"sequence":1,"encounter":[{"reference":"Encounter/{{stay}}"}]}]}""";
        using var hospital = Loaded(Stay("e", ""), Stay("x", "").Replace("finished", "cancelled", StringComparison.Ordinal), Claim("a", "e"), Claim("b", "nope"), Claim("c", "x"));
        Assert.Equal(2, hospital.Noted("Claim.cost_event_id", "reference-unresolved"));
    }

    /// <summary>OMOP CDM 5.4, COST: what was paid by the patient is copay, coinsurance and deductible; what was paid in all is by payer and patient.</summary>
    [Fact]
    public void What_the_patient_paid_is_copay_and_deductible_and_what_was_paid_in_all_both_s()
    {
        static string Total(string category, int value) => $$"""{"category":{"coding":[{"code":"{{category}}"}]},"amount":{"value":{{value}},"currency":"EUR"} }""";
        using var hospital = Loaded(Stay("e", ""), $$"""{"resourceType":"ExplanationOfBenefit","id":"k","status":"active","use":"claim","outcome":"complete",{{By}},"created":"2023-02-01","item":[{"sequence":1,"encounter":[{"reference":"Encounter/e"}]}],"total":[{{Total("benefit", 80)}},{{Total("copay", 10)}},{{Total("deductible", 5)}}]}""");
        Assert.Equal(["80.0|15.0|95.0|10.0|5.0"], hospital.Rows("cost", "paid_by_payer", "paid_by_patient", "total_paid", "paid_patient_copay", "paid_patient_deductible"));
    }

    /// <summary>Times in all, each so long after the one before.</summary>
    [Theory]
    [InlineData("\"count\":6,\"frequency\":1,\"period\":21,\"periodUnit\":\"d\"", "106|2023-04-17")]
    [InlineData("\"count\":10,\"frequency\":3,\"period\":1,\"periodUnit\":\"d\"", "4|2023-01-05")]
    [InlineData("\"count\":4,\"period\":8,\"periodUnit\":\"h\"", "2|2023-01-03")]
    [InlineData("\"count\":4", "|2023-01-02")]
    [InlineData("\"count\":4,\"period\":1", "|2023-01-02")]
    [InlineData("\"count\":30,\"period\":1,\"periodUnit\":\"d\",\"boundsPeriod\":{\"start\":\"2023-01-02\"}", "30|2023-01-31")]
    [InlineData("\"count\":4,\"frequency\":1,\"period\":1,\"periodUnit\":\"wk\",\"boundsDuration\":{\"value\":3,\"code\":\"d\"}", "3|2023-01-04")]
    public void A_drug_given_so_many_times_lasts_from_the_first_to_the_last(string repeat, string lasts)
    {
        using var hospital = Loaded($$"""{"resourceType":"MedicationRequest","id":"r","status":"active","intent":"order",{{Of}},"authoredOn":"2023-01-02",{{Drug}},"dosageInstruction":[{"timing":{"repeat":{ {{repeat}} } } }]}""");
        Assert.Equal([lasts], hospital.Rows("drug_exposure", "days_supply", "drug_exposure_end_date"));
    }
}
