using Ambroise.Lake.Cdm;
using Ambroise.Lake.Reading;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Writing;

namespace Ambroise.Tests.Fhir;

/// <summary>What a resource of each type becomes: the resource, then the rows, a snapshot each.</summary>
public sealed class ResourceSpecs
{
    const string Patient = """{"resourceType":"Patient","id":"p","gender":"male","birthDate":"1950"}""";
    const string Visit = """{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"IMP"},"subject":{"reference":"Patient/p"},"period":{"start":"2020-03-01","end":"2020-03-04"}}""";

    /// <summary>A type, a resource without its <c>resourceType</c>, <c>id</c> and patient; then table: columns: rows, each <c>a|b</c> and <c>;</c> between rows.</summary>
    public static TheoryData<string, string, string, string, string> Snapshots => new()
    {
        { "Coverage", """ "status":"active","beneficiary":@,"type":{"coding":[{"system":"urn:plans","code":"AMO"}]},"payor":[{"reference":"Organization/cpam","display":"CPAM 75"}],"period":{"start":"2019-01-01","end":"2020-12-31"} """,
            "payer_plan_period", "payer_plan_period_start_date, payer_plan_period_end_date, payer_source_value, plan_source_value", "2019-01-01|2020-12-31|CPAM 75|AMO" },
        { "Coverage", """ "status":"active","beneficiary":@,"payor":[{"reference":"Patient/p","display":"M. Jean Untel"}],"period":{"start":"2019-01-01"},"meta":{"lastUpdated":"2019-06-01T00:00:00Z"} """,
            "payer_plan_period", "payer_plan_period_start_date, payer_plan_period_end_date, payer_source_value", "2019-01-01|2019-06-01|person" },
        { "Coverage", """ "status":"cancelled","beneficiary":@,"period":{"start":"2019-01-01"} """, "payer_plan_period", "person_id", "" },
        { "Claim", """ "status":"active","use":"claim","patient":@,"item":[{"sequence":1,"encounter":[{"reference":"Encounter/e"}]}],"total":{"value":129.16,"currency":"EUR"} """,
            "cost", "cost_domain_id, total_charge, paid_by_payer, cost_event_id in (select visit_occurrence_id from visit_occurrence)", "Visit|129.16||true" },
        { "Claim", """ "status":"active","use":"preauthorization","patient":@,"item":[{"encounter":[{"reference":"Encounter/e"}]}],"total":{"value":1} """, "cost", "cost_id", "" },
        { "ExplanationOfBenefit", """ "status":"active","use":"claim","patient":@,"claim":{"reference":"Claim/c"},"item":[{"encounter":[{"reference":"Encounter/e"}]}],"total":[{"category":{"coding":[{"code":"submitted"}]},"amount":{"value":100}},{"category":{"coding":[{"code":"copay"}]},"amount":{"value":24}}],"payment":{"amount":{"value":70.5,"currency":"EUR"}} """,
            "cost", "total_charge, paid_by_payer, paid_patient_copay, cost_type_concept_id", "|70.5|24.0|32810" },
        { "QuestionnaireResponse", """ "status":"completed","questionnaire":"http://chu/q/fall|2","subject":@,"source":@,"authored":"2020-03-02T10:00:00Z","item":[{"linkId":"g1","item":[{"linkId":"1","text":"Falls?","answer":[{"valueBoolean":true,"item":[{"linkId":"1.1","answer":[{"valueInteger":3}]}]}]},{"linkId":"/44250-9","answer":[{"valueCoding":{"system":"http://loinc.org","code":"LA6568-5"}}]},{"linkId":"2","answer":[{"valueString":"on the stairs"}]}]}] """,
            "observation", "observation_source_value, value_as_number, value_as_string, value_source_value, observation_type_concept_id, observation_date", "1.1|3.0|||32862|2020-03-02;1||| true|32862|2020-03-02;2||on the stairs||32862|2020-03-02;44250-9|||LA6568-5|32862|2020-03-02" },
        { "QuestionnaireResponse", """ "status":"in-progress","subject":@,"authored":"2020-03-02","item":[{"linkId":"1","answer":[{"valueInteger":3}]}] """, "observation", "observation_id", "" },
        { "CarePlan", """ "status":"active","intent":"plan","subject":@,"period":{"start":"2020-03-01"},"category":[{"coding":[{"code":"assess-plan"}]},{"coding":[{"system":"http://snomed.info/sct","code":"698360004"}]}],"activity":[{"detail":{"status":"completed","code":{"coding":[{"system":"http://snomed.info/sct","code":"160670007"}]}}},{"detail":{"status":"scheduled","code":{"coding":[{"code":"later"}]}}}] """,
            "observation", "observation_source_value, observation_date", "160670007|2020-03-01;698360004|2020-03-01" },
        { "CarePlan", """ "status":"active","intent":"proposal","subject":@,"period":{"start":"2020-03-01"},"category":[{"coding":[{"code":"x"}]}] """, "observation", "observation_id", "" },
        { "Provenance", """ "target":[{"reference":"Encounter/e"},@],"recorded":"2020-03-02T10:00:00Z","agent":[{"who":{"reference":"Practitioner/d"}}] """, "source_record", "record_type, outcome, row_count", "Encounter|used|1;Patient|used|1;Provenance|traced|0" },
        { "Condition", """ "subject":@,"onsetDateTime":"2020-03-02","code":{"coding":[{"system":"urn:a","code":"FIRST"},{"system":"urn:b","code":"CHOSEN","userSelected":true},{"system":"urn:c","code":"LAST"}]} """,
            "condition_occurrence", "condition_source_value, condition_concept_id, condition_type_concept_id", "CHOSEN|0|32817" },
        { "FamilyMemberHistory", """ "status":"completed","patient":@,"date":"2020-01-01","relationship":{"coding":[{"code":"MTH"}]},"condition":[{"code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"C50.9"}]}}] """,
            "observation", "observation_source_value, value_source_value, qualifier_source_value", "416471007|C50.9|MTH" },
        { "ImagingStudy", """ "status":"available","subject":@,"encounter":{"reference":"Encounter/e"},"started":"2020-03-02T11:00:00Z","procedureCode":[{"coding":[{"system":"http://snomed.info/sct","code":"399208008"}]}] """,
            "procedure_occurrence", "procedure_source_value, procedure_date, visit_occurrence_id in (select visit_occurrence_id from visit_occurrence)", "399208008|2020-03-02|true" },
    };

    [Theory]
    [MemberData(nameof(Snapshots))]
    public void A_resource_becomes_these_rows(string type, string resource, string table, string columns, string rows)
    {
        using var hospital = new FhirHospital();
        var line = $$"""{"resourceType":"{{type}}","id":"x",{{resource.Replace("@", """{"reference":"Patient/p"}""", StringComparison.Ordinal)}}}""";
        hospital.Load(LoadMode.Replace, Patient, Visit, line.ReplaceLineEndings(" "));
        Assert.Equal(rows.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(r => r.Replace("| ", "|", StringComparison.Ordinal)).Order(StringComparer.Ordinal), hospital.Query($"select concat_ws('|', {string.Join(", ", Split(columns).Select(c => $"coalesce(cast({c} as varchar), '')"))}) from {table}").Order(StringComparer.Ordinal));
        Assert.Equal(3, hospital.Report.Fates.Sum(f => f.Count));
        Assert.Equal(0, hospital.Report.Fates.Where(f => f.Kind == "quarantined").Sum(f => f.Count));
    }

    [Fact]
    public void A_role_gives_its_practitioner_a_specialty_and_what_names_the_role_names_the_practitioner()
    {
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, Patient,
            """{"resourceType":"PractitionerRole","id":"r","practitioner":{"reference":"Practitioner/d"},"organization":{"reference":"Organization/o"},"specialty":[{"coding":[{"system":"urn:specialties","code":"SM54"}]}]}""",
            """{"resourceType":"Practitioner","id":"d","name":[{"family":"Untel"}]}""", """{"resourceType":"Organization","id":"o","name":"Cardiologie"}""",
            Visit.Replace("\"period\"", "\"participant\":[{\"individual\":{\"reference\":\"PractitionerRole/r\"}}],\"period\"", StringComparison.Ordinal));
        Assert.Equal(["SM54|Cardiologie"], hospital.Query("select specialty_source_value || '|' || care_site_name from visit_occurrence v join provider using (provider_id) join care_site s on s.care_site_id = provider.care_site_id"));
    }

    [Fact]
    public void Cdm_source_is_one_row_whose_days_are_the_datas_own()
    {
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, Patient, Visit);
        string[] once = ["FHIR R4|2020-03-01|5.4|756265|none"];
        Assert.Equal(once, hospital.Rows("cdm_source", "cdm_source_name", "cdm_release_date", "cdm_version", "cdm_version_concept_id", "vocabulary_version"));
        hospital.Load(LoadMode.Merge, Patient);
        Assert.Equal(once, hospital.Rows("cdm_source", "cdm_source_name", "cdm_release_date", "cdm_version", "cdm_version_concept_id", "vocabulary_version"));
    }

    [Fact]
    public void A_cost_of_a_patient_nobody_sent_is_no_row()
    {
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, Patient, Visit, """{"resourceType":"Claim","id":"c","status":"active","use":"claim","patient":{"reference":"Patient/nobody"},"item":[{"encounter":[{"reference":"Encounter/e"}]}],"total":{"value":1}}""");
        Assert.Empty(hospital.Rows("cost", "cost_id"));
        Assert.Equal(1, hospital.Fate("Claim", "set-aside", "waiting-patient"));
    }

    [Fact]
    public void A_cost_whose_stay_never_came_is_still_its_patients()
    {
        using var hospital = new FhirHospital();
        static string Claim(string patient) => $$$"""{"resourceType":"Claim","id":"of-{{{patient}}}","status":"active","use":"claim","patient":{"reference":"Patient/{{{patient}}}"},"item":[{"encounter":[{"reference":"Encounter/elsewhere"}]}],"total":{"value":1}}""";
        hospital.Load(LoadMode.Replace, Patient, Patient.Replace("\"p\"", "\"q\"", StringComparison.Ordinal), Claim("p"), Claim("q"));
        var costs = hospital.Query("select cost_id || ' ' || (select r.person_id from source_record r where r.source_record_id = cost_id) from cost").Select(r => r.Split(' ').Select(long.Parse).ToArray()).ToList();
        Assert.Equal(2, costs.Select(c => c[1]).Distinct().Count());
        using (var release = Door.Open(hospital.Lake, new("t", "test", null, "test", null), (_, _) => { }, 1 << 26, [costs[0][1]]).OrThrow())
            Assert.Equal(1, release.Shards[0].Table(Cdm54.Cost)!.Rows);
        Erasure.Run(hospital.Lake, [costs[1][1]], null, TestContext.Current.CancellationToken).OrThrow();
        Assert.Equal([$"{costs[0][0]}"], hospital.Query("select cost_id from cost"));
    }

    static IEnumerable<string> Split(string columns)
    {
        var depth = 0;
        var start = 0;
        for (var i = 0; i <= columns.Length; i++)
        {
            if (i < columns.Length && columns[i] == '(') depth++;
            if (i < columns.Length && columns[i] == ')') depth--;
            if (i < columns.Length && (columns[i] != ',' || depth > 0)) continue;
            yield return columns[start..i].Trim();
            start = i + 1;
        }
    }
}
