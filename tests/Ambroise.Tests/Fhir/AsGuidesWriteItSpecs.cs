using Ambroise.Lake.Releases;
using Ambroise.Sources.Fhir;

namespace Ambroise.Tests.Fhir;

/// <summary>What national and specialty guides let systems write, and what must come of it.</summary>
public sealed class AsGuidesWriteItSpecs
{
    const string Patient = """{"resourceType":"Patient","id":"p1","gender":"female","birthDate":"1980-05-06"}""";
    const string Of = "\"subject\":{\"reference\":\"Patient/p1\"}";
    const string Mg = "\"system\":\"http://unitsofmeasure.org\",\"code\":\"mg\"";

    static void Loaded(Action<FhirHospital> test, params string[] lines) => StrictReadingSpecs.WithWords(hospital =>
    {
        hospital.Load(LoadMode.Replace, [Patient, .. lines]);
        Assert.Equal(lines.Length + 1, hospital.Report.Fates.Sum(f => f.Count));
        test(hospital);
    });

    static string Concept(string system, string code, string more = "") => $$"""{"coding":[{"system":"{{system}}","code":"{{code}}"}]{{more}} }""";

    static readonly string Flu = Concept("http://snomed.info/sct", "flu"), Paracetamol = Concept("http://www.nlm.nih.gov/research/umls/rxnorm", "161"), Unknown = Concept("urn:none", "z");

    static string Person(string id, params string[] statuses) => $$"""
        {"resourceType":"Patient","id":"{{id}}","gender":"female","birthDate":"1980","identifier":[{"system":"urn:oid:1.2.250.1.213.1.4.10","value":"284027512345678"}],"extension":[{{string.Join(',',
            statuses.Select(s => $$"""{"url":"https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability","extension":[{"url":"identityStatus","valueCoding":{"code":"{{s}}"} }]}"""))}}]}
        """;

    [Theory]
    [InlineData(true, "VALI")]
    [InlineData(true, "QUAL")]
    [InlineData(true, "RECD", "QUAL")]
    [InlineData(false, "PROV")]
    [InlineData(false, "RECUP")]
    [InlineData(false, "VALI", "DOUT")]
    [InlineData(false, "FICT", "QUAL")]
    public void A_national_identity_is_the_patients_where_it_is_qualified_by_the_words_of_either_guide(bool isQualified, params string[] statuses)
    {
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, Person("a", statuses), Person("b", statuses));
        Assert.Equal(isQualified ? 1 : 2, hospital.Rows("person", "person_id").Count);
        Assert.Equal(isQualified ? 0 : 2, hospital.Noted("Patient.identifier", "ins-not-qualified"));
    }

    [Fact]
    public void What_fr_core_adds_to_an_address_and_a_practitioner_is_kept_and_a_role_with_a_place_goes_before_it()
    {
        const string core = "https://hl7.fr/ig/fhir/core/StructureDefinition", communes = "https://mos.esante.gouv.fr/NOS/TRE_R13-Commune/FHIR/TRE-R13-Commune";
        const string practitioner = $$"""{"resourceType":"Practitioner","id":"d","extension":[{"url":"{{core}}/fr-core-practitioner-specialty","valueCoding":{"system":"urn:r38","code":"SM54"} }]}""";
        const string role = """{"resourceType":"PractitionerRole","id":"r","practitioner":{"reference":"Practitioner/d"},"organization":{"reference":"Organization/o"},"specialty":[{"coding":[{"system":"urn:r38","code":"SM99"}]}]}""", site = """{"resourceType":"Organization","id":"o","name":"Un"}""";
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, practitioner, site, $$"""{"resourceType":"Patient","id":"p1","gender":"female","birthDate":"1980","address":[{"city":"Lyon","extension":[{"url":"{{core}}/fr-core-address-insee-code","valueCoding":{"system":"{{communes}}","code":"69382"} }] }]}""");
        Assert.Equal(["Lyon|", $"69382|{communes}"], hospital.Rows("person_identity", "value", "system").OrderDescending());
        Assert.Equal(["SM54|"], hospital.Rows("provider", "specialty_source_value", "care_site_id"));
        hospital.Load(LoadMode.Merge, role);
        Assert.Equal(["SM99"], hospital.Query("select specialty_source_value from provider join care_site using (care_site_id)"));
        hospital.Load(LoadMode.Merge, """{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"DELETE","url":"PractitionerRole/r"}}]}""");
        Assert.Equal(["SM54|"], hospital.Rows("provider", "specialty_source_value", "care_site_id"));
    }

    static string Ordered(string dosage, string dispense) =>
        $$"""{"resourceType":"MedicationRequest","id":"r","status":"active","intent":"order",{{Of}},"authoredOn":"2020-01-01","medicationCodeableConcept":{{Paracetamol}},"dosageInstruction":[{{dosage}}],"dispenseRequest":{{dispense}} }""";

    static string Bounds(string bounds) => $$"""{"timing":{"repeat":{ {{bounds}} } } }""";

    public static TheoryData<string, string, string> Lengths => new()
    {
        { "{}", """{"validityPeriod":{"start":"2020-01-01","end":"2021-01-01"},"expectedSupplyDuration":{"value":10,"code":"d"} }""", "2020-01-10||10" },
        { Bounds(""" "boundsPeriod":{"start":"2020-01-01","end":"2020-01-04"}"""), """{"validityPeriod":{"end":"2021-01-01"} }""", "2020-01-04|2020-01-04|" },
        { Bounds(""" "boundsDuration":{"value":10,"unit":"jour","code":"d"}"""), "{}", "2020-01-10||10" },
        { $"{Bounds(""" "boundsPeriod":{"end":"2020-01-03"}""")},{Bounds(""" "boundsPeriod":{"start":"2020-01-04","end":"2020-01-20"}""")},{Bounds(""" "boundsPeriod":{"end":"2020-01-05"}""")}", "{}", "2020-01-20|2020-01-20|" },
        { Bounds(""" "boundsPeriod":{"end":"9999-12-31T23:59:59Z"}"""), "{}", "2020-01-01||" },
        { Bounds(""" "boundsRange":{"low":{"value":1,"code":"wk"},"high":{"value":2,"code":"wk"} }"""), "{}", "2020-01-14||14" },
        { $"{Bounds(""" "boundsDuration":{"value":3,"code":"d"}""")},{Bounds(""" "boundsDuration":{"value":1,"code":"wk"}""")}", "{}", "2020-01-07||7" },
        { Bounds(""" "boundsDuration":{"value":10,"code":"d"}"""), """{"expectedSupplyDuration":{"value":5,"code":"d"} }""", "2020-01-10|2020-01-10|5" },
    };

    [Theory]
    [MemberData(nameof(Lengths))]
    public void A_drug_is_taken_for_as_long_as_its_directions_say_and_not_while_its_prescription_may_be_dispensed(string dosage, string dispense, string expected) => Loaded(hospital =>
        {
            Assert.Equal([expected], hospital.Rows("drug_exposure", "drug_exposure_end_date", "verbatim_end_date", "days_supply"));
        },
        Ordered(dosage, dispense));

    static string Medication(int version, string rest) => $$"""{"resourceType":"Medication","id":"m","meta":{"versionId":"{{version}}"},{{rest}} }""";

    static readonly string Given = $$"""{"resourceType":"MedicationAdministration","id":"a","status":"completed",{{Of}},"effectiveDateTime":"2020-01-01","medicationReference":{"reference":"Medication/m"},"dosage":{"dose":{"value":500,"unit":"mL"} } }""";

    static readonly string Infusion = $$""" "code":{"text":"G5 500 mL + NaCl"},"ingredient":[{"itemCodeableConcept":{{Paracetamol}},"isActive":true},{"itemReference":{"display":"NaCl\n9 g/L"} },{"itemCodeableConcept":{{Unknown}},"isActive":false}]""";

    [Fact]
    public void A_preparation_without_a_code_is_what_it_is_made_of_and_else_what_it_is_called()
    {
        Loaded(hospital =>
        {
            Assert.Equal(["102|500.0|mL"], hospital.Rows("drug_exposure", "drug_concept_id", "quantity", "dose_unit_source_value"));
            Assert.Equal(["NaCl\n9 g/L"], hospital.Rows("observation", "value_as_string"));
        }, Medication(1, Infusion), Given);
        Loaded(hospital => Assert.Equal(["0|G5 500 mL"], hospital.Rows("observation", "observation_concept_id", "value_as_string")), Medication(1, """ "code":{"text":"G5 500 mL"}"""), Given);
        Loaded(hospital => Assert.Equal(["102"], hospital.Rows("drug_exposure", "drug_concept_id")), $$"""
            {"resourceType":"MedicationRequest","id":"r","status":"active","intent":"order",{{Of}},"authoredOn":"2020-01-01","medicationReference":{"reference":"#c"},"contained":[{"resourceType":"Medication","id":"c","ingredient":[{"itemReference":{"reference":"#s"} }]},{"resourceType":"Substance","id":"s","code":{{Paracetamol}} }]}
            """.Trim());
        Loaded(hospital => Assert.Equal(1, hospital.Fate("Medication", "quarantined", "code: code-missing")), Medication(1, """ "status":"active" """));
        Loaded(hospital =>
        {
            Assert.Equal(["NaCl + ?"], hospital.Rows("observation", "value_as_string"));
            Assert.Equal(1, hospital.Noted("Medication.ingredient", "reference-unresolved"));
        }, Medication(1, """ "ingredient":[{"itemReference":{"reference":"Substance/s","display":"NaCl"} },{"itemReference":{"reference":"Medication/other"} }]"""), Given);
        Loaded(hospital => Assert.Equal(["scanner portable"], hospital.Rows("observation", "value_as_string")),
            """{"resourceType":"Device","id":"d","type":{"text":"scanner portable"} }""", $$"""{"resourceType":"DeviceUseStatement","id":"u","status":"active",{{Of}},"device":{"reference":"Device/d"},"timingDateTime":"2020-01-01"}""");
    }

    [Fact]
    public void What_a_preparation_is_may_be_learnt_later_and_in_any_order() => StrictReadingSpecs.WithWords(hospital =>
    {
        string[] ways = [Infusion, """ "code":{"text":"G5 500 mL"}""", $"\"code\":{Paracetamol}", Infusion.Replace("NaCl", "KCl", StringComparison.Ordinal), $"\"code\":{Flu}"];
        string[] whole = [.. ways.Select(w => hospital.Load(LoadMode.Replace, Patient, Medication(1, w), Given))];
        hospital.Load(LoadMode.Replace, Patient, Medication(1, ways[0]), Given);
        for (var n = 1; n < ways.Length; n++) Assert.Equal(whole[n], hospital.Load(LoadMode.Merge, Medication(n + 1, ways[n])));
        Assert.Equal(whole[0], hospital.Load(LoadMode.Merge, Medication(9, ways[0])));
        hospital.Load(LoadMode.Replace, Patient, Given);
        Assert.Equal(whole[0], hospital.Load(LoadMode.Merge, Medication(1, ways[0])));
    });

    [Fact]
    public void That_there_is_none_is_no_event_and_that_nobody_knows_is_nothing()
    {
        const string Ips = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips";
        var nullFlavor = Concept("http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "UNK");
        Loaded(hospital =>
        {
            foreach (var table in new[] { "drug_exposure", "procedure_occurrence", "device_exposure" }) Assert.Empty(hospital.Rows(table, "*"));
            Assert.Equal(["101"], hospital.Rows("condition_occurrence", "condition_concept_id"));
            Assert.Equal(["0|160245001|", "0|no-known-devices|", "0|no-known-immunizations|", "0|no-known-medications|", "0|no-known-problems|", "0|no-known-procedures|", "0||Grippe ?"],
                hospital.Rows("observation", "observation_concept_id", "observation_source_value", "value_as_string").Order(StringComparer.Ordinal));
            Assert.Equal(3, hospital.Report.Fates.Where(f => f.Reason == "no-information").Sum(f => f.Count));
            Assert.Equal(1, hospital.Fate("FamilyMemberHistory", "set-aside", "no-condition"));
        },
            $$"""{"resourceType":"MedicationStatement","id":"a1","status":"unknown",{{Of}},"effectiveDateTime":"2020-01-01","medicationCodeableConcept":{{Concept(Ips, "no-known-medications")}} }""",
            $$"""{"resourceType":"MedicationStatement","id":"a2","status":"unknown",{{Of}},"effectiveDateTime":"2020-01-01","medicationCodeableConcept":{{Concept(Ips, "no-medication-info")}} }""",
            $$"""{"resourceType":"Condition","id":"a3",{{Of}},"code":{{Concept(Ips, "no-known-problems")}},"onsetDateTime":"2020-01-01"}""",
            $$"""{"resourceType":"Condition","id":"a4",{{Of}},"code":{{Concept("http://snomed.info/sct", "160245001")}},"onsetDateTime":"2020-01-01"}""",
            $$"""{"resourceType":"Condition","id":"a5",{{Of}},"code":{{nullFlavor}},"onsetDateTime":"2020-01-01"}""",
            $$"""{"resourceType":"Condition","id":"a6",{{Of}},"code":{{Concept("http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "UNK", ""","text":"Grippe ?" """)}},"onsetDateTime":"2020-01-01"}""",
            $$"""{"resourceType":"Condition","id":"a7",{{Of}},"code":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-NullFlavor","code":"UNK"},{"system":"http://snomed.info/sct","code":"flu"}]},"onsetDateTime":"2020-01-01"}""",
            $$"""{"resourceType":"Specimen","id":"s1",{{Of}},"type":{{nullFlavor}},"receivedTime":"2020-01-01"}""",
            $$"""{"resourceType":"FamilyMemberHistory","id":"f1","status":"completed","patient":{"reference":"Patient/p1"},"date":"2020-01-01","condition":[{"code":{{nullFlavor}} }]}""",
            $$"""{"resourceType":"Procedure","id":"a8","status":"completed",{{Of}},"code":{{Concept(Ips, "no-known-procedures")}},"performedDateTime":"2020-01-01"}""",
            $$"""{"resourceType":"Immunization","id":"a9","status":"completed","patient":{"reference":"Patient/p1"},"occurrenceDateTime":"2020-01-01","vaccineCode":{{Concept(Ips, "no-known-immunizations")}} }""",
            $$"""{"resourceType":"Device","id":"d","type":{{Concept(Ips, "no-known-devices")}} }""", $$"""{"resourceType":"DeviceUseStatement","id":"b1","status":"active",{{Of}},"device":{"reference":"Device/d"},"timingDateTime":"2020-01-01"}""");
    }

    [Fact]
    public void What_is_said_not_to_be_so_in_an_earlier_fashion_is_not_so() => Loaded(hospital =>
        {
            foreach (var table in new[] { "condition_occurrence", "drug_exposure", "procedure_occurrence", "measurement", "observation" }) Assert.Empty(hospital.Rows(table, "*"));
            Assert.Equal(4, hospital.Report.Fates.Where(f => f.Reason == "verificationStatus: code-unknown").Sum(f => f.Count));
            Assert.Equal(4, hospital.Report.Fates.Where(f => f.Reason == "status: code-unknown").Sum(f => f.Count));
            Assert.Equal((2, 2), (hospital.Fate("MedicationAdministration", "set-aside", "status-not-done") + hospital.Fate("Procedure", "set-aside", "status-not-done"), hospital.Fate("MedicationStatement", "set-aside", "status-not-taken")));
        },
        [
        .. new[] { "\"refuted\"", "{\"text\":\"refuted\"}", Concept("http://terminology.hl7.org/CodeSystem/condition-ver-status", "Refuted") }.Select((v, n) => $$"""{"resourceType":"Condition","id":"c{{n}}",{{Of}},"code":{{Flu}},"onsetDateTime":"2020-01-01","verificationStatus":{{v}} }"""),
        $$"""{"resourceType":"AllergyIntolerance","id":"l","patient":{"reference":"Patient/p1"},"code":{{Paracetamol}},"recordedDate":"2020-01-01","verificationStatus":"refuted"}""",
        .. new[] { "n", "unk" }.Select(t => $$"""{"resourceType":"MedicationStatement","id":"t{{t}}","status":"active","taken":"{{t}}",{{Of}},"effectiveDateTime":"2020-01-01","medicationCodeableConcept":{{Paracetamol}} }"""),
        $$"""{"resourceType":"Procedure","id":"n1","status":"completed","notDone":true,{{Of}},"code":{{Unknown}},"performedDateTime":"2020-01-01"}""",
        $$"""{"resourceType":"MedicationAdministration","id":"n2","status":"completed","notGiven":true,{{Of}},"effectiveDateTime":"2020-01-01","medicationCodeableConcept":{{Paracetamol}} }""",
        .. new[] { "not-done", "final" }.Select(s => $$"""{"resourceType":"MedicationStatement","id":"s{{s}}","status":"{{s}}",{{Of}},"effectiveDateTime":"2020-01-01","medicationCodeableConcept":{{Paracetamol}} }"""),
        $$"""{"resourceType":"Observation","id":"o","status":"completed",{{Of}},"code":{{Unknown}},"effectiveDateTime":"2020-01-01","valueString":"x"}""",
        $$"""{"resourceType":"Procedure","id":"n3","status":"final",{{Of}},"code":{{Unknown}},"performedDateTime":"2020-01-01"}""",
        ]);

    static string Seen(string id, string more, string value = """ "valueQuantity":{"value":13}""") => $$"""{"resourceType":"Observation","id":"{{id}}","status":"final",{{Of}},"category":[{"coding":[{"code":"laboratory"}]}],"code":{{Unknown}},"effectiveDateTime":"2020-01-02",{{value}}{{more}} }""";

    [Fact]
    public void What_was_seen_of_somebody_else_is_not_the_patients() => Loaded(hospital =>
        {
            Assert.Equal(2, hospital.Fate("Observation", "set-aside", "focus-other"));
            Assert.Equal(2, hospital.Rows("measurement", "*").Count);
        },
        Seen("o1", ""","focus":[{"reference":"Patient/mother"}]"""), Seen("o2", ""","focus":[{"reference":"RelatedPerson/donor"}]"""), Seen("o3", ""","focus":[{"reference":"Condition/tumour"}]"""), Seen("o4", ""","focus":[{"reference":"Patient/p1"}]"""));

    [Theory]
    [InlineData("""{"low":{"value":4},"high":{"value":8} }""", "4.0|8.0", 0)]
    [InlineData("""{"type":{"coding":[{"code":"treatment"}]},"high":{"value":500} },{"type":{"coding":[{"code":"normal"}]},"low":{"value":45},"high":{"value":90} }""", "45.0|90.0", 0)]
    [InlineData("""{"high":{"value":8},"text":"severe"},{"low":{"value":9},"high":{"value":12} },{"low":{"value":13} }""", "|", 1)]
    [InlineData("""{"low":{"value":45,"code":"umol/L"},"high":{"value":90,"code":"umol/L"} }""", "|", 0)]
    [InlineData("""{"text":"négatif"}""", "|", 0)]
    [InlineData("""{"low":{"value":4,"unit":"MG"},"type":{"text":"critical"} },{"low":{"value":5,"unit":"mg"} },{"low":{"value":5,"unit":"mg"} }""", "5.0|", 0)]
    public void What_is_normal_is_one_range_in_the_unit_of_the_value(string ranges, string expected, int unclear) => Loaded(hospital =>
        {
            Assert.Equal([expected], hospital.Rows("measurement", "range_low", "range_high"));
            Assert.Equal(unclear, hospital.Noted("Observation.referenceRange", "range-unclear"));
        },
        Seen("o", $$""","referenceRange":[{{ranges}}]""", $$""" "valueQuantity":{"value":13,{{Mg}} }"""));

    [Theory]
    [InlineData(""" "unit":"mg" """, "105|mg")]
    [InlineData(""" "system":"http://snomed.info/sct","code":"258684004","unit":"mg" """, "105|mg")]
    [InlineData(""" "system":"http://snomed.info/sct","code":"258684004","unit":"milligrammes" """, "0|258684004")]
    public void A_unit_is_what_is_printed_where_its_code_says_nothing(string unit, string expected) => Loaded(hospital =>
        Assert.Equal([expected], hospital.Rows("measurement", "unit_concept_id", "unit_source_value")), Seen("o", "", $$""" "valueQuantity":{"value":13,{{unit}} }"""));

    [Theory]
    [InlineData("µmol/L", "umol/L")]
    [InlineData("mmol/l", "mmol/L")]
    [InlineData("ml", "mL")]
    [InlineData("mm Hg", "mm[Hg]")]
    [InlineData("G/L", "10*9/L")]
    [InlineData("UI/l", "[iU]/L")]
    [InlineData("µUI/mL", "u[iU]/mL")]
    [InlineData("U/l", "[U]/L")]
    [InlineData("mOsm/kg", "mosm/kg")]
    [InlineData("kcal", null)]
    [InlineData("mL/min/{1.73_m2}", "mL/min/(173.10*-2.m2)")]
    [InlineData("mg", null)]
    [InlineData("mol", null)]
    public void A_laboratorys_unit_is_known_by_the_name_that_UCUM_has_for_it(string printed, string? ucum) => Assert.Equal(ucum, Sources.Fhir.Codes.Units.Ucum(printed));

    [Fact]
    public void What_nobody_looked_for_was_not_measured() => Loaded(hospital =>
        {
            Assert.Equal(["120.0"], hospital.Rows("measurement", "value_as_number"));
            Assert.Equal(1, hospital.Fate("Observation", "set-aside", "not-done"));
        },
        Seen("o1", "", """ "dataAbsentReason":{"coding":[{"code":"not-performed"}]}"""),
        Seen("o2", "", $$""" "component":[{"code":{{Unknown}},"valueQuantity":{"value":120} },{"code":{{Unknown}},"dataAbsentReason":{"coding":[{"code":"not-performed"}]} }]"""));

    [Fact]
    public void A_titre_has_no_unit_and_a_question_may_be_a_path() => Loaded(hospital =>
        {
            Assert.Equal(["||1:128"], hospital.Rows("measurement", "value_as_number", "unit_source_value", "value_source_value"));
            Assert.Equal(["93043-8"], hospital.Rows("observation", "observation_source_value"));
        },
        Seen("o", "", """ "valueRatio":{"numerator":{"value":1,"code":"1"},"denominator":{"value":128,"code":"1"} }"""),
        $$"""{"resourceType":"QuestionnaireResponse","id":"q","status":"completed",{{Of}},"authored":"2020-01-01","item":[{"linkId":"/56051-6/93043-8","answer":[{"valueBoolean":true}]}]}""");

    [Fact]
    public void Diagnoses_and_acts_that_a_claim_codes_are_events_of_the_claim() => Loaded(hospital =>
        {
            Assert.Equal(["101|2023-11-14|32810|32902|DP", "101|2023-11-14|32810|32908|da"], hospital.Rows("condition_occurrence", "condition_concept_id", "condition_start_date", "condition_type_concept_id", "condition_status_concept_id", "condition_status_source_value").Order());
            Assert.Equal(["NZFA010|2023-11-15|32810"], hospital.Rows("procedure_occurrence", "procedure_source_value", "procedure_date", "procedure_type_concept_id"));
            Assert.Single(hospital.Query("select 1 from condition_occurrence join visit_occurrence using (visit_occurrence_id) where condition_status_source_value = 'DP'"));
            Assert.Equal(["10.0"], hospital.Rows("cost", "total_charge"));
            Assert.Equal(1, hospital.Fate("Claim", "set-aside", "no-amount"));
            Assert.Equal(1, hospital.Fate("ExplanationOfBenefit", "set-aside", "outcome-error"));
            Assert.Equal(["2021-01-01|2021-01-01"], hospital.Rows("payer_plan_period", "payer_plan_period_start_date", "payer_plan_period_end_date"));
            hospital.Load(LoadMode.Merge, """{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Claim/c"} }]}""");
            Assert.Empty(hospital.Rows("condition_occurrence", "*").Concat(hospital.Rows("procedure_occurrence", "*")));
        },
        $$"""{"resourceType":"Encounter","id":"e","status":"finished",{{Of}},"period":{"start":"2023-11-14"} }""",
        $$"""
        {"resourceType":"Claim","id":"c","status":"active","use":"claim","patient":{"reference":"Patient/p1"},"created":"2023-12-01","billablePeriod":{"start":"2023-11-14"},"item":[{"encounter":[{"reference":"Encounter/e"}]}],"diagnosis":[{"diagnosisCodeableConcept":{{Flu}},"type":[{"coding":[{"system":"urn:pmsi","code":"DP"}]}]},{"diagnosisCodeableConcept":{{Flu}},"type":[{"coding":[{"system":"urn:pmsi","code":"da"}]}]}],"procedure":[{"date":"2023-11-15","procedureCodeableConcept":{{Concept("https://smt.esante.gouv.fr/terminologie-ccam", "NZFA010")}} }]}
        """.Trim(),
        """{"resourceType":"Claim","id":"d","status":"active","use":"claim","patient":{"reference":"Patient/p1"},"created":"2023-12-01","item":[{"encounter":[{"reference":"Encounter/e"}]}],"total":{"value":10} }""",
        """{"resourceType":"Claim","id":"n","status":"active","use":"claim","patient":{"reference":"Patient/p1"},"created":"2023-12-01","diagnosis":[{"diagnosisReference":{"reference":"Condition/x"} }]}""",
        """{"resourceType":"ExplanationOfBenefit","id":"x","status":"active","use":"claim","outcome":"error","patient":{"reference":"Patient/p1"},"created":"2023-12-01","item":[{"encounter":[{"reference":"Encounter/e"}]}]}""",
        """{"resourceType":"Coverage","id":"k","status":"active","beneficiary":{"reference":"Patient/p1"},"period":{"end":"2021-01-01"} }""");

    [Fact]
    public void An_allergy_without_a_date_was_one_by_the_day_of_its_version() => Loaded(hospital =>
        {
            Assert.Equal(["2021-03-04"], hospital.Rows("observation", "observation_date"));
            Assert.Equal(1, hospital.Noted("AllergyIntolerance.clinicalStatus", "left-out"));
        },
        $$"""{"resourceType":"AllergyIntolerance","id":"l","meta":{"lastUpdated":"2021-03-04T05:06:07Z"},"clinicalStatus":{{Concept("http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "resolved")}},"patient":{"reference":"Patient/p1"},"code":{{Unknown}} }""");

    [Fact]
    public void A_statement_or_a_dispense_lasts_as_its_directions_say_too() => Loaded(hospital =>
            Assert.Equal(["2020-01-04", "2020-01-08"], hospital.Rows("drug_exposure", "drug_exposure_end_date")),
        $$"""{"resourceType":"MedicationStatement","id":"s","status":"active",{{Of}},"effectiveDateTime":"2020-01-01","medicationCodeableConcept":{{Paracetamol}},"dosage":[{{Bounds(""" "boundsPeriod":{"end":"2020-01-04"}""")}}]}""",
        $$"""{"resourceType":"MedicationDispense","id":"d","status":"completed",{{Of}},"whenHandedOver":"2020-01-01","medicationCodeableConcept":{{Paracetamol}},"dosageInstruction":[{{Bounds(""" "boundsPeriod":{"end":"2020-01-08"}""")}}]}""");

    [Fact]
    public void A_claim_in_words_is_told_and_one_without_a_day_keeps_its_cost() => Loaded(hospital =>
        {
            Assert.Equal(["Grippe"], hospital.Rows("observation", "value_as_string"));
            Assert.Equal(["10.0"], hospital.Rows("cost", "total_charge"));
            Assert.Equal(1, hospital.Noted("Claim.diagnosis", "date-missing"));
        },
        $$"""{"resourceType":"Encounter","id":"e","status":"finished",{{Of}},"period":{"start":"2023-11-14"} }""",
        """{"resourceType":"Claim","id":"c","status":"active","use":"claim","patient":{"reference":"Patient/p1"},"created":"2023-12-01","diagnosis":[{"diagnosisReference":{"reference":"Condition/x"} },{"diagnosisCodeableConcept":{"text":"Grippe"} }]}""",
        $$"""{"resourceType":"Claim","id":"d","status":"active","use":"claim","patient":{"reference":"Patient/p1"},"item":[{"encounter":[{"reference":"Encounter/e"}]}],"total":{"value":10},"diagnosis":[{"diagnosisCodeableConcept":{{Flu}} }]}""");

    [Theory]
    [InlineData("9999-12-31T23:59:59Z")]
    [InlineData("2099-12-31T23:59:59Z")]
    public void An_end_that_never_comes_does_not_come_in_another_zone(string end)
    {
        using var hospital = new FhirHospital();
        hospital.LoadFiles(LoadMode.Replace, new() { ["a.ndjson"] = System.Text.Encoding.UTF8.GetBytes($$"""
            {{Patient}}
            {"resourceType":"Encounter","id":"e","status":"in-progress",{{Of}},"period":{"start":"2020-01-02T10:00:00Z","end":"{{end}}"} }
            """) }, Sources.Fhir.Mapping.FhirOptions.Default with { Zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Paris") });
        Assert.Equal(["2020-01-02"], hospital.Rows("visit_occurrence", "visit_end_date"));
    }

    [Fact]
    public void A_policy_to_opt_out_is_a_no_in_the_record_as_in_the_register() => Loaded(hospital => Assert.Equal(["deny", "permit"], hospital.Rows("consent_record", "decision")),
        """{"resourceType":"Consent","id":"k1","status":"active","scope":{"coding":[{"code":"research"}]},"patient":{"reference":"Patient/p1"},"dateTime":"2020-01-01","policyRule":{"coding":[{"code":"OPTOUT"}]} }""",
        """{"resourceType":"Consent","id":"k2","status":"active","scope":{"coding":[{"code":"research"}]},"patient":{"reference":"Patient/p1"},"dateTime":"2020-01-01","policyRule":{"coding":[{"code":"OPTIN"}]} }""");
}
