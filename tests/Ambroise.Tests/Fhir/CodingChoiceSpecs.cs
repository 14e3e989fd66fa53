using Ambroise.Cohorts.Vocabulary;
using Ambroise.Lake.Releases;
using Ambroise.Sources.Fhir.Codes;

namespace Ambroise.Tests.Fhir;

/// <summary>Of several codings the most specific that the vocabulary maps.</summary>
public sealed class CodingChoiceSpecs : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ambroise-words-");

    /// <summary>Codes, a user's choice after a star; then the code that is taken.</summary>
    [Theory]
    [InlineData("parent child", "child")]
    [InlineData("child parent", "child")]
    [InlineData("parent* child", "child")]
    [InlineData("child parent*", "child")]
    [InlineData("grandparent child parent", "child")]
    [InlineData("parent other*", "other")]
    [InlineData("other parent", "other")]
    [InlineData("unknown parent", "parent")]
    [InlineData("unknown* child", "child")]
    [InlineData("parent", "parent")]
    public void A_child_goes_before_its_parent(string codings, string taken)
    {
        (string Code, int Concept)[] concepts = [("grandparent", 101), ("parent", 102), ("child", 103), ("other", 104)];
        using var hospital = new FhirHospital
        {
            Codes = Words([.. concepts.Select(c => $"{c.Concept},{c.Code},Condition,SNOMED,Disorder,S,{c.Code}")], [.. concepts.Select(c => $"{c.Concept},{c.Concept}")], "101,101,0,0", "101,102,1,1", "101,103,2,2", "102,102,0,0", "102,103,1,1", "103,103,0,0", "104,104,0,0"),
        };
        var all = string.Join(',', codings.Split(' ').Select(c => $$"""{"system":"http://snomed.info/sct","code":"{{c.TrimEnd('*')}}"{{(c.EndsWith('*') ? ",\"userSelected\":true" : "")}}}"""));
        hospital.Load(LoadMode.Replace, """{"resourceType":"Patient","id":"p","gender":"male","birthDate":"1950"}""", $$"""{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p"},"code":{"coding":[{{all}}]},"onsetDateTime":"2020-01-01"}""");
        Assert.Equal([$"{taken}|{concepts.Single(c => c.Code == taken).Concept}"], hospital.Rows("condition_occurrence", "condition_source_value", "condition_concept_id"));
    }

    /// <summary>Of every concept of a resource, once; of one with a single coding, nothing; an INS is none.</summary>
    [Fact]
    public void All_codings_are_kept_with_the_record_the_chosen_first()
    {
        static string Result(string id, string code, string value) => $$"""{"resourceType":"Observation","id":"{{id}}","status":"final","subject":{"reference":"Patient/p"},"effectiveDateTime":"2020-01-01","code":{{code}},"valueCodeableConcept":{{value}} }""";
        static string Concept(params string[] codings) => $$"""{"coding":[{{string.Join(',', codings.Select(c => c.Split('|') is [var system, var code] ? $$"""{"system":"{{system}}","code":"{{code}}"}""" : ""))}}]}""";
        using var hospital = new FhirHospital();
        var lines = new[]
        {
            """{"resourceType":"Patient","id":"p","gender":"male","birthDate":"1950"}""",
            Result("1", Concept("http://loinc.org|718-7", "urn:lab|HB"), Concept("urn:a|1", "urn:b|2", "urn:a|1")),
            Result("2", Concept("http://loinc.org|718-7"), Concept("urn:a|1", "urn:oid:1.2.250.1.213.1.4.8|150017500000001")),
            Result("3", Concept("http://loinc.org|718-7", "urn:lab|HB"), Concept("urn:a|1")),
        };
        var whole = hospital.Load(LoadMode.Replace, lines);
        Assert.Equal(["", "", """[["http://loinc.org|718-7","urn:lab|HB"],["urn:a|1","urn:b|2"]]""", """[["http://loinc.org|718-7","urn:lab|HB"]]"""], hospital.Rows("source_record", "codings").Order(StringComparer.Ordinal));
        hospital.Load(LoadMode.Replace, lines[0], lines[3]);
        Assert.Equal(whole, hospital.Load(LoadMode.Merge, lines));
    }

    /// <param name="ancestors">Of which concept which is one, and how far; none without the table.</param>
    CodeBook Words(string[] concepts, string[] maps, params string[] ancestors) => Words(null, concepts, maps, ancestors);

    /// <param name="own">The site's own mappings: source_code, source_vocabulary_id, target_concept_id, valid_start_date, valid_end_date.</param>
    CodeBook Words(string[]? own, string[] concepts, string[] maps, string[] ancestors)
    {
        var words = Directory.CreateDirectory(Path.Combine(folder.FullName, "words")).FullName;
        File.WriteAllLines(Path.Combine(words, "concept.csv"), ["concept_id,concept_name,domain_id,vocabulary_id,concept_class_id,standard_concept,concept_code,valid_start_date,valid_end_date,invalid_reason", .. concepts.Select(c => $"{c},1970-01-01,2099-12-31,")]);
        File.WriteAllLines(Path.Combine(words, "concept_relationship.csv"), ["concept_id_1,concept_id_2,relationship_id,valid_start_date,valid_end_date,invalid_reason", .. maps.Select(m => $"{m},Maps to,1970-01-01,2099-12-31,")]);
        if (ancestors.Length > 0) File.WriteAllLines(Path.Combine(words, "concept_ancestor.csv"), ["ancestor_concept_id,descendant_concept_id,min_levels_of_separation,max_levels_of_separation", .. ancestors]);
        var home = Path.Combine(folder.FullName, "vocabulary");
        VocabularyFolder.Load(words, home, static (_, _) => { }, TestContext.Current.CancellationToken).OrThrow();
        var site = Path.Combine(folder.FullName, "own.csv");
        if (own is not null) File.WriteAllLines(site, ["source_code,source_vocabulary_id,target_concept_id,valid_start_date,valid_end_date", .. own]);
        return VocabularyCodes.Read(home, own is null ? null : site, 1 << 28, 1).OrThrow();
    }

    const string Who = """{"resourceType":"Patient","id":"p","gender":"male","birthDate":"1950"}""";

    /// <summary>Bills write codes without it, and the French ICD-10 is WHO's with more.</summary>
    [Theory]
    [InlineData("http://hl7.org/fhir/sid/icd-10", "E11.9", "101")]
    [InlineData("http://hl7.org/fhir/sid/icd-10", "E119", "101")]
    [InlineData("https://smt.esante.gouv.fr/terminologie-cim-10", "E119", "101")]
    [InlineData("https://smt.esante.gouv.fr/terminologie-cim-10", "I10", "102")]
    [InlineData("https://smt.esante.gouv.fr/terminologie-cim-10", "E6601", "103")]
    [InlineData("http://hl7.org/fhir/sid/icd-10", "E6601", "0")]
    [InlineData("http://hl7.org/fhir/sid/icd-10", "E11.99", "0")]
    [InlineData("urn:oid:2.16.840.1.113883.6.103", "E119", "0")]
    [InlineData("http://hl7.org/fhir/sid/icd-10", "E1", "0")]
    public void A_code_of_the_ICD_is_known_without_its_dot_and_a_French_one_as_WHO_has_it(string system, string code, string concept)
    {
        using var hospital = new FhirHospital
        {
            Codes = Words(["101,diabetes,Condition,SNOMED,Disorder,S,44054006", "102,hypertension,Condition,SNOMED,Disorder,S,38341003", "103,obesity,Condition,SNOMED,Disorder,S,414916001", "201,d,Condition,ICD10,x,,E11.9", "202,h,Condition,ICD10,x,,I10", "203,o,Condition,CIM10,x,,E66.01"],
                ["201,101", "202,102", "203,103", "101,101", "102,102", "103,103"]),
        };
        hospital.Load(LoadMode.Replace, Who, $$"""{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p"},"code":{"coding":[{"system":"{{system}}","code":"{{code}}"}]},"onsetDateTime":"2020-01-01"}""");
        Assert.Equal([$"{code}|{concept}"], hospital.Rows("condition_occurrence", "condition_source_value", "condition_concept_id"));
    }

    /// <summary>A site's own mapping of a code of the ICD reaches it however it is written, and goes before the vocabulary.</summary>
    [Theory]
    [InlineData("http://hl7.org/fhir/sid/icd-10", "E11.9", "103")]
    [InlineData("http://hl7.org/fhir/sid/icd-10", "E119", "103")]
    [InlineData("https://smt.esante.gouv.fr/terminologie-cim-10", "E119", "103")]
    [InlineData("https://smt.esante.gouv.fr/terminologie-cim-10", "I10", "102")]
    [InlineData("http://hl7.org/fhir/sid/icd-10", "J45.9", "103")]
    public void A_site_s_own_mapping_reaches_every_way_to_write_a_code(string system, string code, string concept)
    {
        using var hospital = new FhirHospital
        {
            Codes = Words(["E11.9,ICD10,103,,", "I10,ICD10,103,,", "J459,ICD10,103,,"], ["101,diabetes,Condition,SNOMED,Disorder,S,44054006", "102,hypertension,Condition,SNOMED,Disorder,S,38341003", "103,ours,Condition,SNOMED,Disorder,S,1", "201,d,Condition,ICD10,x,,E11.9", "202,h,Condition,CIM10,x,,I10"],
                ["201,101", "202,102", "101,101", "102,102", "103,103"], []),
        };
        hospital.Load(LoadMode.Replace, Who, $$"""{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p"},"code":{"coding":[{"system":"{{system}}","code":"{{code}}"}]},"onsetDateTime":"2020-01-01"}""");
        Assert.Equal([$"{code}|{concept}"], hospital.Rows("condition_occurrence", "condition_source_value", "condition_concept_id"));
    }

    /// <summary>One that holds later, or held once, takes the place of no code that maps.</summary>
    [Theory]
    [InlineData("2030-01-01,", "44054006|101")]
    [InlineData(",2010-12-31", "44054006|101")]
    [InlineData(",", "G|103")]
    public void A_mapping_of_other_days_goes_after_a_code_that_always_maps(string days, string taken)
    {
        using var hospital = new FhirHospital { Codes = Words([$"G,urn:loc,103,{days}"], ["101,diabetes,Condition,SNOMED,Disorder,S,44054006", "103,ours,Condition,SNOMED,Disorder,S,1"], ["101,101", "103,103"], []) };
        hospital.Load(LoadMode.Replace, Who, """{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p"},"code":{"coding":[{"system":"urn:loc","code":"G"},{"system":"http://snomed.info/sct","code":"44054006"}]},"onsetDateTime":"2020-01-01"}""");
        Assert.Equal([taken], hospital.Rows("condition_occurrence", "condition_source_value", "condition_concept_id"));
    }

    /// <summary>French software writes ATC beside a product's code.</summary>
    [Theory]
    [InlineData("A10BA02 861007", "861007|502")]
    [InlineData("861007 A10BA02", "861007|502")]
    [InlineData("A10BA02 9", "A10BA02|501")]
    public void A_product_goes_before_its_ingredient(string codings, string taken)
    {
        using var hospital = new FhirHospital { Codes = Words(["501,metformin,Drug,RxNorm,Ingredient,S,6809", "502,metformin 500 mg,Drug,RxNorm,Clinical Drug,S,861007", "503,other,Drug,RxNorm,Clinical Drug,S,9", "601,metformin,Drug,ATC,ATC 5th,C,A10BA02"], ["501,501", "502,502", "503,503", "601,501"], "501,502,1,1") };
        var all = string.Join(',', codings.Split(' ').Select(c => $$"""{"system":"{{(c[0] == 'A' ? "http://www.whocc.no/atc" : "http://www.nlm.nih.gov/research/umls/rxnorm")}}","code":"{{c}}"}"""));
        hospital.Load(LoadMode.Replace, Who, $$"""{"resourceType":"MedicationRequest","id":"r","status":"active","intent":"order","subject":{"reference":"Patient/p"},"authoredOn":"2020-01-01","medicationCodeableConcept":{"coding":[{{all}}]} }""");
        Assert.Equal([taken], hospital.Rows("drug_exposure", "drug_source_value", "drug_concept_id"));
    }

    /// <summary>OMOP keeps SNOMED's substances among its observations.</summary>
    [Fact]
    public void An_allergy_to_a_substance_is_one_whatever_the_substance_s_domain()
    {
        using var hospital = new FhirHospital
        {
            Codes = Words(["701,Allergy to substance,Observation,SNOMED,Clinical Finding,S,419199007", "702,Latex,Observation,SNOMED,Substance,S,111088007", "703,Allergy to peanut,Observation,SNOMED,Clinical Finding,S,91935009", "704,Cat,Observation,SNOMED,Organism,S,448169003", "705,Penicillin,Drug,RxNorm,Ingredient,S,7984"],
                ["701,701", "702,702", "703,703", "704,704", "705,705"]),
        };
        static string To(string id, string code, string system = "http://snomed.info/sct") => $$"""{"resourceType":"AllergyIntolerance","id":"{{id}}","patient":{"reference":"Patient/p"},"recordedDate":"2020-01-01","code":{"coding":[{"system":"{{system}}","code":"{{code}}"}]} }""";
        hospital.Load(LoadMode.Replace, Who, To("a", "111088007"), To("b", "91935009"), To("c", "448169003"), To("d", "7984", "http://www.nlm.nih.gov/research/umls/rxnorm"));
        Assert.Equal(["701|702", "701|704", "701|705", "703|"], hospital.Rows("observation", "observation_concept_id", "value_as_concept_id").Order());
    }

    /// <summary>Whatever the domain of the kind of plan.</summary>
    [Fact]
    public void A_plan_is_nothing_that_was_done()
    {
        using var hospital = new FhirHospital { Codes = Words(["401,chemotherapy,Procedure,SNOMED,Procedure,S,367336001"], ["401,401"]) };
        hospital.Load(LoadMode.Replace, Who, """{"resourceType":"CarePlan","id":"c","status":"active","intent":"plan","subject":{"reference":"Patient/p"},"period":{"start":"2020-01-01"},"category":[{"coding":[{"system":"http://snomed.info/sct","code":"367336001"}]}]}""");
        Assert.Equal(["401"], hospital.Rows("observation", "observation_concept_id"));
        Assert.Empty(hospital.Rows("procedure_occurrence", "procedure_occurrence_id"));
    }

    /// <summary>As an antibiogram and a serology are sent.</summary>
    [Fact]
    public void An_interpretation_alone_is_the_result()
    {
        const string V3 = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";
        static string Result(string id, string more) => $$"""{"resourceType":"Observation","id":"{{id}}","status":"final","subject":{"reference":"Patient/p"},"category":[{"coding":[{"code":"laboratory"}]}],"effectiveDateTime":"2020-01-01","code":{"coding":[{"system":"urn:x","code":"{{id}}"}]},{{more}} }""";
        static string Said(string system, string code) => $$""" "interpretation":[{"coding":[{"system":"{{system}}","code":"{{code}}"}]}]""";
        using var hospital = new FhirHospital { Codes = Words(["301,Resistant,Meas Value,SNOMED,Qualifier Value,S,30714006", "302,Positive,Meas Value,SNOMED,Qualifier Value,S,10828004"], ["301,301", "302,302"]) };
        hospital.Load(LoadMode.Replace, Who, Result("a", Said(V3, "R")), Result("b", Said("http://hl7.org/fhir/v2/0078", "POS")), Result("c", Said(V3, "S")), Result("d", Said("urn:own", "R")),
            Result("e", $"{Said(V3, "R")},\"valueQuantity\":{{\"value\":5}}"), Result("f", $"{Said(V3, "R")},\"dataAbsentReason\":{{\"coding\":[{{\"code\":\"error\"}}]}}"),
            Result("g", $$""" "component":[{"code":{"coding":[{"system":"urn:x","code":"amox"}]},{{Said(V3, "R")}} }]"""), Result("h", """ "interpretation":[{"text":"sensible"}]"""),
            Result("i", $$""" "interpretation":[{"text":"résistant"},{"coding":[{"system":"urn:own","code":"RES"},{"system":"{{V3}}","code":"R"}]}]"""), Result("j", $$""" "valueCodeableConcept":{"coding":[{"system":"{{V3}}","code":"POS"}]}"""));
        Assert.Equal(["amox||301|R", "a||301|R", "b||302|POS", "c||0|S", "d||0|R", "e|5.0||", "f||301|R", "i||301|R", "j||302|POS"], hospital.Rows("measurement", "measurement_source_value", "value_as_number", "value_as_concept_id", "value_source_value"));
        Assert.Equal(["h|sensible"], hospital.Rows("observation", "observation_source_value", "value_as_string"));
        Assert.Equal(["R", "S"], hospital.Report.Unmapped.Select(u => u.Code).Where(c => c is "R" or "S" or "POS").Order());
    }

    public void Dispose() => folder.Delete(recursive: true);
}
