using Ambroise.Lake.Releases;
using Ambroise.Sources.Fhir.Codes;
using static Ambroise.Tests.Fhir.OnePatient;

namespace Ambroise.Tests.Fhir;

/// <summary>What servers send that a guide would not: elements of another type, ends that are none, numbers in words, amounts in the items alone.</summary>
public sealed class AsServersWriteItSpecs
{
    const string Ucum = "\"system\":\"http://unitsofmeasure.org\"";

    [Theory]
    [InlineData("MedicationRequest", $$""" "status":"active","intent":"order",{{Of}},{{Drug}},"authoredOn":"2020-01-01","doNotPerform":[true]""", "doNotPerform")]
    [InlineData("MedicationRequest", $$""" "status":"active","intent":"order",{{Of}},{{Drug}},"authoredOn":"2020-01-01","doNotPerform":1""", "doNotPerform")]
    [InlineData("MedicationRequest", $$""" "status":"active","intent":"order",{{Of}},{{Drug}},"authoredOn":"2020-01-01","dosageInstruction":5""", "dosageInstruction")]
    [InlineData("Encounter", $$""" "status":"finished",{{Of}},"period":{"start":"2020-01-01"},"partOf":"Encounter/e1" """, "partOf")]
    [InlineData("Condition", $$""" {{Of}},{{Code}},"recordedDate":"2020-01-01","encounter":"Encounter/e1" """, "encounter")]
    [InlineData("Condition", $$""" {{Of}},"code":"E11","recordedDate":"2020-01-01" """, "code")]
    [InlineData("Condition", """ "subject":"Patient/p1","code":{"text":"x"},"recordedDate":"2020-01-01" """, "subject")]
    [InlineData("Observation", $$""" "status":"final",{{Of}},{{Code}},"effectiveDateTime":"2020-01-01","category":["laboratory"],"valueString":"x" """, "category")]
    [InlineData("Consent", $$""" "status":"active",{{By}},"scope":{"coding":[{"code":"research"}]},"provision":5""", "provision")]
    public void An_element_of_another_type_than_its_own_is_not_read_as_nothing(string type, string says, string field)
    {
        using var hospital = Loaded($$"""{"resourceType":"{{type}}","id":"x",{{says}} }""");
        Assert.Equal(1, hospital.Fate(type, "quarantined", $"{field}: value-unparseable"));
        Assert.Equal(field, Assert.Single(hospital.Rejected).Field);
    }

    [Theory]
    [InlineData("AllergyIntolerance", $$""" {{By}},{{Code}},"recordedDate":"2020-01-01","type":"allergy","category":["food"],"criticality":"high" """)]
    [InlineData("Condition", $$""" {{Of}},{{Code}},"recordedDate":"2020-01-01","category":{"coding":[{"code":"problem-list-item"}]},"encounter":null""")]
    [InlineData("MedicationRequest", $$""" "status":"active","intent":"order",{{Of}},{{Drug}},"authoredOn":"2020-01-01","doNotPerform":"false" """)]
    public void Brackets_forgotten_codes_and_booleans_in_words_are_read(string type, string says)
    {
        using var hospital = Loaded($$"""{"resourceType":"{{type}}","id":"x",{{says}} }""");
        Assert.Equal(1, hospital.Fate(type, "used", "used"));
    }

    [Theory]
    [InlineData("DENY")]
    [InlineData("Deny")]
    [InlineData("refuse")]
    public void A_consent_whose_rule_nobody_understands_lifts_no_opposition(string type)
    {
        static string Consent(int version, string rule) => $$"""{"resourceType":"Consent","id":"c","meta":{"versionId":"{{version}}"},"status":"active",{{By}},"scope":{"coding":[{"code":"research"}]},"provision":{{rule}} }""";
        using var hospital = Loaded(Consent(1, """{"type":"deny"}"""));
        Assert.Equal(["all"], Assert.Single(hospital.Consents).Denied);
        hospital.Load(LoadMode.Merge, Consent(2, $$"""{"type":"{{type}}"}"""), Consent(3, $$"""{"type":"permit","provision":[{"type":"{{type}}"}]}"""));
        Assert.Empty(hospital.Consents); // says nothing that the register would follow
        Assert.Equal(2, hospital.Fate("Consent", "quarantined", "provision: code-unknown"));
        Assert.Equal(["deny"], hospital.Rows("consent_record", "decision"));
    }

    [Theory]
    [InlineData(""" "provision":[{"type":"permit"},{"type":"deny"}]""", "all")]
    [InlineData(""" "decision":"deny" """, "all")]
    [InlineData(""" "decision":"permit" """, "")]
    [InlineData(""" "policyRule":"http://example.org/opt-out" """, null)]
    [InlineData(""" "provision":{"type":"deny","purpose":[{"coding":[{"code":"HRESCH"}]}]}""", null)]
    [InlineData(""" "provision":{"type":"deny","purpose":[{"display":"Research"}]}""", null)]
    [InlineData(""" "except":[{"type":"deny"}]""", null)]
    [InlineData(""" "decision":"permit","provision":[{"purpose":[{"code":"HRESCH"}]}]""", null)]
    public void A_consent_in_another_fashion_is_understood_or_quarantined(string says, string? denied)
    {
        using var hospital = Loaded($$"""{"resourceType":"Consent","id":"c","status":"active",{{By}},"scope":{"coding":[{"code":"research"}]},{{says}} }""");
        Assert.Equal(denied, hospital.Consents is [var one] ? string.Join(',', one.Denied) : null);
        Assert.Equal(denied is null ? 1 : 0, hospital.Rejected.Count);
    }

    [Fact]
    public void What_denies_in_a_scope_of_words_is_about_everything()
    {
        using var hospital = Loaded($$"""{"resourceType":"Consent","id":"c","status":"active",{{By}},"scope":{"text":"Recherche"},"provision":{"type":"deny"} }""");
        Assert.Equal(["all"], Assert.Single(hospital.Consents).Denied);
    }

    [Theory]
    [InlineData("MedicationRequest", $$""" "status":"active","intent":"order",{{Of}},{{Drug}},"authoredOn":"2020-01-01","doNotPerform":{"value":true}""", "doNotPerform")]
    [InlineData("MedicationRequest", $$""" "status":"active","intent":"order",{{Of}},{{Drug}},"authoredOn":"2020-01-01","doNotPerform":[[true]]""", "doNotPerform")]
    [InlineData("MedicationDispense", $$""" "status":"completed",{{Of}},{{Drug}},"whenHandedOver":"2020-01-01","daysSupply":30""", "daysSupply")]
    [InlineData("Condition", $$""" {{Of}},{{Code}},"recordedDate":"2020-01-01","encounter":{"reference":["Encounter/e1"]}""", "reference")]
    [InlineData("Observation", $$""" "status":"final",{{Of}},{{Code}},"effectiveDateTime":"2020-01-01","component":[{"code":"8302-2","valueQuantity":{"value":3} }]""", "code")]
    [InlineData("Claim", $$""" "status":"active","use":"claim",{{By}},"created":"2020-01-01","diagnosis":[{"diagnosisCodeableConcept":"I10"}]""", "code")]
    [InlineData("Claim", $$""" "status":"active","use":"claim",{{By}},"total":{"value":3},"item":[{"encounter":["Encounter/e1"]}]""", "reference")]
    public void Nor_is_one_beneath_it(string type, string says, string field)
    {
        using var hospital = Loaded($$"""{"resourceType":"{{type}}","id":"x",{{says}} }""");
        Assert.Equal(1, hospital.Fate(type, "quarantined", $"{field}: value-unparseable"));
    }

    /// <summary>STU3's names, and days in directions: not the day of the stay.</summary>
    [Theory]
    [InlineData("Immunization", $$""" "status":"completed",{{By}},"encounter":{"reference":"Encounter/e"},"vaccineCode":{"coding":[{"system":"urn:x","code":"v"}]},"date":"2020-02-02" """, "drug_exposure", "drug_exposure_start_date")]
    [InlineData("DocumentReference", $$""" "status":"current",{{Of}},"context":{"encounter":[{"reference":"Encounter/e"}]},"indexed":"2020-02-02T10:00:00Z","content":[{"attachment":{"contentType":"text/plain","data":"Qm9uam91cg=="} }]""", "note", "note_date")]
    [InlineData("MedicationRequest", $$""" "status":"active","intent":"order",{{Of}},{{Drug}},"encounter":{"reference":"Encounter/e"},"dosageInstruction":[{"timing":{"event":["2020-02-02"]} }]""", "drug_exposure", "drug_exposure_start_date")]
    [InlineData("Observation", $$""" "status":"final",{{Of}},{{Code}},"category":[{"coding":[{"code":"laboratory"}]}],"encounter":{"reference":"Encounter/e"},"effectiveTiming":{"repeat":{"boundsPeriod":{"start":"2020-02-02"} } },"valueQuantity":{"value":3}""", "measurement", "measurement_date")]
    public void A_day_is_found_wherever_it_stands(string type, string says, string table, string column)
    {
        using var hospital = Loaded($$"""{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"IMP"},{{Of}},"period":{"start":"2020-01-01"} }""", $$"""{"resourceType":"{{type}}","id":"x",{{says}} }""");
        Assert.Equal(["2020-02-02"], hospital.Rows(table, column));
    }

    [Theory]
    [InlineData("Condition", $$""" {{Of}},{{Code}},"recordedDate":"2020-01-01","asserter":{"reference":"Patient/p1"},"category":[{"coding":[{"code":"problem-list-item"}]}]""", "condition_occurrence", "condition_type_concept_id")]
    [InlineData("Procedure", $$""" "status":"completed",{{Of}},{{Code}},"performedDateTime":"2020-01-01","asserter":{"reference":"Patient/p1"}""", "procedure_occurrence", "procedure_type_concept_id")]
    [InlineData("AllergyIntolerance", $$""" {{By}},{{Code}},"recordedDate":"2020-01-01","asserter":{"reference":"Patient/p1"}""", "observation", "observation_type_concept_id")]
    [InlineData("Immunization", $$""" "status":"completed",{{By}},"vaccineCode":{"coding":[{"system":"urn:x","code":"v"}]},"occurrenceDateTime":"2020-01-01","primarySource":false,"reportOrigin":{"coding":[{"code":"recall"}]}""", "drug_exposure", "drug_type_concept_id")]
    public void What_the_patient_told_is_a_self_report(string type, string says, string table, string column)
    {
        using var hospital = Loaded($$"""{"resourceType":"{{type}}","id":"x",{{says}} }""");
        Assert.Equal(["32865"], hospital.Rows(table, column));
    }

    [Theory]
    [InlineData("in-progress", "", "2024-01-05")]
    [InlineData("arrived", "", "2024-01-05")]
    [InlineData("finished", "", "2023-01-01")]
    [InlineData("in-progress", ",\"end\":\"2023-01-09\"", "2023-01-09")]
    public void A_stay_that_goes_on_ends_on_the_last_day_known_of_it(string status, string end, string expected)
    {
        using var hospital = Loaded($$"""{"resourceType":"Encounter","id":"e","meta":{"lastUpdated":"2024-01-05T10:00:00Z"},"status":"{{status}}","class":{"code":"IMP"},{{Of}},"period":{"start":"2023-01-01"{{end}} } }""");
        Assert.Equal([expected], hospital.Rows("visit_occurrence", "visit_end_date"));
    }

    [Fact]
    public void A_stay_without_a_provider_is_where_its_ward_is()
    {
        using var hospital = Loaded("""{"resourceType":"Location","id":"w","name":"Cardiologie"}""", $$"""{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"IMP"},{{Of}},"period":{"start":"2023-01-01"},"location":[{"location":{"reference":"Location/w"} }] }""");
        Assert.Equal(["Cardiologie"], hospital.Query("select care_site_name from visit_occurrence join care_site using (care_site_id)"));
        Assert.DoesNotContain(hospital.Report.Notes, n => n.Reason == "reference-unresolved");
    }

    [Fact]
    public void A_kind_of_stay_is_hl7s_only_where_it_is_of_hl7s_system()
    {
        static string Stay(string id, string kind) => $$"""{"resourceType":"Encounter","id":"{{id}}","status":"finished","class":{{kind}},{{Of}},"period":{"start":"2023-01-01"} }""";
        using var hospital = Loaded(Stay("1", """{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"}"""), Stay("2", """{"code":"EMER"}"""), Stay("3", """{"system":"urn:site","code":"SS"}"""),
            Stay("4", """[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"}]}]"""), Stay("5", """{"system":"urn:oid:1.2.250.1.213.1.4.8","code":"150017500000001"}"""));
        Assert.Equal(["0|", "0|SS", "9201|IMP", "9202|AMB", "9203|EMER"], hospital.Rows("visit_occurrence", "visit_concept_id", "visit_source_value"));
        Assert.Equal("SS", Assert.Single(hospital.Report.Unmapped).Code);
    }

    [Theory]
    [InlineData("< 5", "5.0|4171756|< 5")]
    [InlineData(">=10", "10.0|4171755|>=10")]
    [InlineData("≤ 0,3", "0.3|4171754|≤ 0,3")]
    [InlineData("7,2", "7.2||7,2")]
    [InlineData("<0,012", "0.012|4171756|<0,012")]
    [InlineData("7.2", "7.2||")]
    public void A_number_in_words_is_a_number(string text, string expected)
    {
        using var hospital = Loaded($$"""{"resourceType":"Observation","id":"o","status":"final",{{Of}},{{Code}},"category":[{"coding":[{"code":"laboratory"}]}],"effectiveDateTime":"2020-01-01","valueString":"{{text}}"}""");
        Assert.Equal([expected], hospital.Rows("measurement", "value_as_number", "operator_concept_id", "value_source_value"));
    }

    [Theory]
    [InlineData("1,200")]
    [InlineData("5,")]
    [InlineData("0012")]
    [InlineData("<")]
    [InlineData("12/08")]
    [InlineData("1.2.3")]
    [InlineData("< 5 environ")]
    public void What_may_be_something_else_stays_as_it_was_written(string text)
    {
        using var hospital = Loaded($$"""{"resourceType":"Observation","id":"o","status":"final",{{Of}},{{Code}},"category":[{"coding":[{"code":"laboratory"}]}],"effectiveDateTime":"2020-01-01","valueString":"{{text}}"}""");
        Assert.Equal([$"{text}||"], hospital.Rows("observation", "value_as_string", "value_as_number", "value_source_value"));
    }

    [Fact]
    public void A_dispense_lasts_as_what_was_handed_over_and_no_end_before_the_start_shortens_anything()
    {
        static string Drugs(string type, string id, string rest, string bounds) => $$"""{"resourceType":"{{type}}","id":"{{id}}",{{Of}},{{Drug}},{{rest}},"dosageInstruction":[{{bounds}}]}""";
        static string Bounds(string says) => $$"""{"timing":{"repeat":{ {{says}} } } }""";
        using var hospital = Loaded(
            Drugs("MedicationDispense", "yearly", """ "status":"completed","whenHandedOver":"2023-01-01","daysSupply":{"value":30}""", Bounds(""" "boundsPeriod":{"start":"2023-01-01","end":"2023-12-31"}""")),
            Drugs("MedicationDispense", "late", """ "status":"completed","whenHandedOver":"2023-02-01","daysSupply":{"value":30}""", Bounds(""" "boundsPeriod":{"end":"2023-01-31"}""")),
            Drugs("MedicationRequest", "before", """ "status":"active","intent":"order","authoredOn":"2023-03-01","dispenseRequest":{"expectedSupplyDuration":{"value":30,"code":"d"} }""", Bounds(""" "boundsPeriod":{"end":"2023-01-31"}""")),
            Drugs("MedicationRequest", "both", """ "status":"active","intent":"order","authoredOn":"2023-04-01" """, $"{Bounds(""" "boundsPeriod":{"end":"2023-04-03"}""")},{Bounds(""" "boundsDuration":{"value":30,"unit":"days","system":"http://snomed.info/sct","code":"258703001"}""")}"));
        Assert.Equal(["2023-01-01|2023-01-30||30", "2023-02-01|2023-03-02||30", "2023-03-01|2023-03-30||30", "2023-04-01|2023-04-30||30"], hospital.Rows("drug_exposure", "drug_exposure_start_date", "drug_exposure_end_date", "verbatim_end_date", "days_supply"));
        Assert.Equal(1, hospital.Noted("MedicationDispense.dosage.timing.repeat.boundsPeriod.end", "end-before-start"));
    }

    /// <summary>Days of supply, period's end and bounds in days of a prescription of 1 March; then its last day, the one it gave, and its days.</summary>
    [Theory]
    [InlineData(5, "2023-03-11", 40, "2023-04-09|2023-04-09|5")]
    [InlineData(30, null, 7, "2023-03-07|2023-03-07|30")]
    [InlineData(5, null, 40, "2023-04-09|2023-04-09|5")]
    [InlineData(null, null, 40, "2023-04-09||40")]
    [InlineData(5, "2023-03-11", null, "2023-03-11|2023-03-11|5")]
    [InlineData(5, "2023-03-11", 3, "2023-03-11|2023-03-11|5")]
    [InlineData(5, null, null, "2023-03-05||5")]
    public void Directions_say_when_a_prescription_ends_before_its_supply_does(int? supply, string? period, int? bounds, string expected)
    {
        string[] dosages = [.. new[] { period is null ? null : $$""" "boundsPeriod":{"end":"{{period}}"}""", bounds is null ? null : $$""" "boundsDuration":{"value":{{bounds}},"code":"d"}""" }.Where(b => b is not null).Select(b => $$"""{"timing":{"repeat":{ {{b}} } } }""")];
        using var hospital = Loaded($$"""{"resourceType":"MedicationRequest","id":"r","status":"active","intent":"order",{{Of}},{{Drug}},"authoredOn":"2023-03-01","dosageInstruction":[{{string.Join(',', dosages)}}]{{(supply is null ? "" : $$""","dispenseRequest":{"expectedSupplyDuration":{"value":{{supply}},"code":"d"} }""")}} }""");
        Assert.Equal([expected], hospital.Rows("drug_exposure", "drug_exposure_end_date", "verbatim_end_date", "days_supply"));
    }

    [Fact]
    public void A_period_that_ends_before_it_began_leaves_the_end_to_the_directions()
    {
        using var hospital = Loaded($$"""{"resourceType":"MedicationStatement","id":"s","status":"active",{{Of}},{{Drug}},"effectivePeriod":{"start":"2023-03-01","end":"2023-02-27"},"dosage":[{"timing":{"repeat":{"boundsPeriod":{"end":"2023-03-11"} } } }] }""");
        Assert.Equal(["2023-03-11|2023-03-11"], hospital.Rows("drug_exposure", "drug_exposure_end_date", "verbatim_end_date"));
    }

    [Theory]
    [InlineData("2099-12-31")]
    [InlineData("2099-12-30T23:00:00Z")]
    [InlineData("2100-01-01T04:59:59Z")]
    [InlineData("2099-12")]
    [InlineData("9999-12-31T23:59:59Z")]
    public void The_last_day_of_all_is_no_end_in_whatever_zone_and_no_day_by_itself(string end)
    {
        using var hospital = Loaded($$"""{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"IMP"},{{Of}},"period":{"start":"2023-01-01","end":"{{end}}"} }""",
            $$"""{"resourceType":"Condition","id":"c",{{Of}},{{Code}},"onsetPeriod":{"end":"{{end}}"},"recordedDate":"2023-01-02"}""",
            $$"""{"resourceType":"Procedure","id":"a","status":"completed",{{Of}},{{Code}},"performedPeriod":{"end":"{{end}}"} }""");
        Assert.Equal(["2023-01-01"], hospital.Rows("visit_occurrence", "visit_end_date"));
        Assert.Equal(["2023-01-02"], hospital.Rows("condition_occurrence", "condition_start_date"));
        Assert.Equal(1, hospital.Noted("Encounter.period.end", "end-open"));
        Assert.Equal(1, hospital.Fate("Procedure", "quarantined", "performed: date-out-of-life"));
    }

    [Fact]
    public void Amounts_of_items_are_summed_where_there_is_no_total_and_none_is_no_cost()
    {
        static string Claim(string type, string id, string rest) => $$"""{"resourceType":"{{type}}","id":"{{id}}","status":"active","use":"claim",{{By}},{{rest}} }""";
        const string benefit = """ "adjudication":[{"category":{"coding":[{"code":"benefit"}]},"amount":{"value":80,"currency":"EUR"} }]""", stay = """ "encounter":[{"reference":"Encounter/e"}]""";
        using var hospital = Loaded($$"""{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"IMP"},{{Of}},"period":{"start":"2023-01-01"} }""",
            Claim("ExplanationOfBenefit", "1", $$""" "outcome":"complete","claim":{"reference":"Claim/x"},"item":[{ {{stay}},{{benefit}} },{ {{benefit}} }]"""),
            Claim("ExplanationOfBenefit", "2", $$""" "outcome":"complete","claim":{"reference":"Claim/x"},"item":[{ {{stay}} }]"""),
            Claim("Claim", "3", $$""" "item":[{ {{stay}},"net":{"value":30} },{"net":{"value":12.5} }]"""),
            Claim("Claim", "5", $$""" "item":[{ {{stay}},"net":{"value":30} },{"detail":[{"net":{"value":12.5} }] }]"""),
            Claim("Claim", "6", $$""" "item":[{ {{stay}},"net":{"value":30,"currency":"EUR"} },{"net":{"value":20,"currency":"USD"} }]"""),
            Claim("Claim", "4", """ "total":{"value":50},"created":"2023-01-01","diagnosis":[{"diagnosisCodeableConcept":{"coding":[{"system":"urn:x","code":"E11"}]} }]"""));
        Assert.Equal(["42.5|", "|160.0"], hospital.Rows("cost", "total_charge", "paid_by_payer").Order());
        Assert.Equal((1L, 1L), (hospital.Fate("ExplanationOfBenefit", "set-aside", "no-amount"), hospital.Noted("Claim.total", "no-event")));
        Assert.Equal((2L, 1L), (hospital.Fate("Claim", "set-aside", "no-amount"), hospital.Noted("Claim.total", "currency-differs")));
    }

    [Fact]
    public void A_sum_given_up_for_its_currencies_takes_no_other_with_it()
    {
        static string Part(string category, double value, string currency) => $$"""{"category":{"coding":[{"code":"{{category}}"}]},"amount":{"value":{{value}},"currency":"{{currency}}"} }""";
        using var hospital = Loaded($$"""{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"IMP"},{{Of}},"period":{"start":"2023-01-01"} }""",
            $$"""{"resourceType":"ExplanationOfBenefit","id":"x","status":"active","use":"claim","outcome":"complete","claim":{"reference":"Claim/x"},{{By}},"item":[{"encounter":[{"reference":"Encounter/e"}],"adjudication":[{{Part("benefit", 80, "USD")}},{{Part("copay", 5, "EUR")}}]},{"adjudication":[{{Part("benefit", 9, "EUR")}},{{Part("copay", 6, "EUR")}}]}]}""");
        Assert.Equal(["|11.0"], hospital.Rows("cost", "paid_by_payer", "paid_patient_copay"));
        Assert.Equal(1, hospital.Noted("ExplanationOfBenefit.total", "currency-differs"));
    }

    [Fact]
    public void A_number_of_the_national_identity_is_no_unit()
    {
        const string ins = """ "system":"urn:oid:1.2.250.1.213.1.4.8","code":"150017500000001" """;
        using var hospital = Loaded($$"""{"resourceType":"Observation","id":"o","status":"final",{{Of}},{{Code}},"effectiveDateTime":"2020-01-01","valueQuantity":{"value":1,{{ins}} } }""",
            $$"""{"resourceType":"MedicationDispense","id":"d","status":"completed",{{Of}},{{Drug}},"whenHandedOver":"2020-01-01","quantity":{"value":1,{{ins}} } }""");
        Assert.Equal(["1.0|"], hospital.Rows("measurement", "value_as_number", "unit_source_value"));
        Assert.Equal(["1.0|"], hospital.Rows("drug_exposure", "quantity", "dose_unit_source_value"));
        Assert.DoesNotContain(hospital.Report.Unmapped, u => u.Code.Contains("15001", StringComparison.Ordinal));
    }

    [Fact]
    public void A_family_without_an_illness_has_no_history_of_one()
    {
        using var hospital = Loaded($$"""{"resourceType":"FamilyMemberHistory","id":"f","status":"completed",{{By}},"date":"2020-01-01","relationship":{"text":"mère"},"condition":[{"code":{"coding":[{"system":"http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips","code":"no-known-problems"}]} }]}""");
        Assert.Equal(1, hospital.Fate("FamilyMemberHistory", "set-aside", "no-condition"));
    }

    /// <summary>A site changed what its unit means.</summary>
    [Theory]
    [InlineData($$""" {{Ucum}},"code":"U1" """, "http://unitsofmeasure.org")]
    [InlineData(""" "system":"urn:lab","code":"U1" """, "urn:lab")]
    public void A_unit_is_what_it_was_on_the_day_it_was_used(string unit, string system)
    {
        LocalMapping Mapped(int target, DateOnly from, DateOnly to) => new(CodeSystems.Vocabulary(system), "U1", "", target) { From = from, To = to };
        LocalMapping[] mappings = [Mapped(LocalMapping.FirstOwn + 1, new(1970, 1, 1), new(2022, 12, 31)), Mapped(LocalMapping.FirstOwn + 2, new(2023, 1, 1), new(2099, 12, 31))];
        using var hospital = new FhirHospital { Codes = new(null, new() { [(mappings[0].Vocabulary, "U1")] = [.. mappings.Select(m => (m, new Target(m.Target, Domain.Unit)))] }, null) };
        hospital.Load(LoadMode.Replace, [Patient, .. new[] { "2022-05-05", "2023-05-05" }.Select((day, n) => $$"""{"resourceType":"Observation","id":"o{{n}}","status":"final",{{Of}},{{Code}},"effectiveDateTime":"{{day}}","valueQuantity":{"value":1,{{unit}} } }""")]);
        Assert.Equal([$"2022-05-05|{LocalMapping.FirstOwn + 1}", $"2023-05-05|{LocalMapping.FirstOwn + 2}"], hospital.Rows("measurement", "measurement_date", "unit_concept_id"));
    }

    [Theory]
    [InlineData("uIU/mL", "u[iU]/mL")]
    [InlineData("mcg/dL", "ug/dL")]
    [InlineData("mEq/L", "meq/L")]
    [InlineData("x10E3/uL", "10*3/uL")]
    [InlineData("10^9/L", "10*9/L")]
    [InlineData("mL/min/1.73m2", "mL/min/(173.10*-2.m2)")]
    [InlineData("ml/mn", "mL/mn")]
    [InlineData("[IU]/L", "[iU]/L")]
    [InlineData("m[IU]/mL", "m[iU]/mL")]
    [InlineData("kg/m²", "kg/m2")]
    [InlineData("sec", "s")]
    [InlineData("bpm", "/min")]
    public void Units_are_read_as_laboratories_print_them(string printed, string ucum) => Assert.Equal(ucum, Units.Ucum(printed));
}
