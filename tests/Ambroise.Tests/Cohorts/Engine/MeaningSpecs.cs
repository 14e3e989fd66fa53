using System.Text;
using Ambroise.Cohorts.Definitions;
using Ambroise.Cohorts.Engine;
using Ambroise.Cohorts.Vocabulary;

namespace Ambroise.Tests.Cohorts.Engine;

/// <summary>Where OHDSI's own SQL fails or tests another column, ours does what the attribute's name says: cases small enough to be read.</summary>
public sealed class MeaningSpecs : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("ambroise-meaning-").FullName;

    public MeaningSpecs()
    {
        With("person", "person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id", "1,8507,1960,8527,38003563", "2,8507,1960,8515,38003564", "3,8507,1960,0,0");
        With("observation_period", "observation_period_id,person_id,observation_period_start_date,observation_period_end_date,period_type_concept_id", "1,1,2000-01-01,2020-12-31,0", "2,2,2000-01-01,2020-12-31,0", "3,3,2000-01-01,2020-12-31,0");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    void With(string table, string header, params string[] rows) => File.WriteAllLines(Path.Combine(folder, table + ".csv"), [header, .. rows]);

    /// <param name="criterion">The primary criterion; concept set n holds the concept 100 + n, sets 7 and 8 the races and ethnicities of patient 1.</param>
    /// <returns>Patients let in.</returns>
    long[] Patients(string criterion, string rule = "")
    {
        var sets = string.Join(',', new[] { (0, 100), (1, 101), (2, 102), (7, 8527), (8, 38003563) }.Select(s => $$"""{"id":{{s.Item1}},"name":"s","expression":{"items":[{"concept":{"CONCEPT_ID":{{s.Item2}} } }]} }"""));
        var json = $$"""
            {"ConceptSets":[{{sets}}],"PrimaryCriteria":{"CriteriaList":[{{criterion}}],"ObservationWindow":{"PriorDays":0,"PostDays":0},"PrimaryCriteriaLimit":{"Type":"All"} },
            "QualifiedLimit":{"Type":"All"},"ExpressionLimit":{"Type":"All"},"InclusionRules":[{{rule}}],"CensoringCriteria":[],"CollapseSettings":{"CollapseType":"ERA","EraPad":0},"CensorWindow":{} }
            """;
        var bound = BoundDefinition.Bind(CohortDefinition.Parse(Encoding.UTF8.GetBytes(json)).OrThrow(), new Alone());
        return [.. new CohortEngine().Run(bound, MemoryShard.Read(folder), 1, TestContext.Current.CancellationToken).Rows.Select(r => r.Subject).Distinct()];
    }

    static string Rule(string group) => $$"""{"name":"rule","expression":{"Type":"ALL",{{group}} } }""";

    /// <summary>At least two distinct values of a column, any time.</summary>
    static string TwoDistinct(string criteria, string column) => Rule($$"""
        "CriteriaList":[{"Criteria":{{criteria}},"StartWindow":{"Start":{"Coeff":-1},"End":{"Coeff":1},"UseEventEnd":false},"Occurrence":{"Type":2,"Count":2,"IsDistinct":true,"CountColumn":"{{column}}"} }],"DemographicCriteriaList":[],"Groups":[]
        """);

    [Fact]
    public void Gap_days_of_a_drug_era_are_its_gap_days_not_its_length()
    {
        With("drug_era", "drug_era_id,person_id,drug_concept_id,drug_era_start_date,drug_era_end_date,drug_exposure_count,gap_days", "1,1,100,2010-01-01,2010-01-31,2,5", "2,2,100,2010-01-01,2010-01-06,2,30");
        Assert.Equal([2L], Patients("""{"DrugEra":{"CodesetId":0,"GapDays":{"Value":20,"Op":"gt"} } }"""));
        Assert.Equal([1L], Patients("""{"DrugEra":{"CodesetId":0,"GapDays":{"Value":5,"Op":"eq"} } }"""));
    }

    [Fact]
    public void A_set_of_races_tests_the_race_and_one_of_ethnicities_the_ethnicity()
    {
        string Demographic(string attribute) => Rule($$"""
            "CriteriaList":[],"DemographicCriteriaList":[{ {{attribute}} }],"Groups":[]
            """);
        Assert.Equal([1L], Patients("""{"ObservationPeriod":{} }""", Demographic("""
            "RaceCS":{"CodesetId":7,"IsExclusion":false}
            """)));
        Assert.Equal([2L, 3L], Patients("""{"ObservationPeriod":{} }""", Demographic("""
            "RaceCS":{"CodesetId":7,"IsExclusion":true}
            """)));
        Assert.Equal([1L], Patients("""{"ObservationPeriod":{} }""", Demographic("""
            "EthnicityCS":{"CodesetId":8,"IsExclusion":false}
            """)));
    }

    [Fact]
    public void An_abnormal_measurement_is_outside_its_range_or_said_to_be()
    {
        With("measurement", "measurement_id,person_id,measurement_concept_id,measurement_date,measurement_type_concept_id,value_as_number,range_low,range_high,value_as_concept_id",
            "1,1,100,2010-01-01,0,9,4,6,", "2,2,100,2010-01-01,0,5,4,6,", "3,3,100,2010-01-01,0,,,,4155143");
        Assert.Equal([1L, 3L], Patients("""{"Measurement":{"CodesetId":0,"Abnormal":true} }"""));
    }

    [Fact]
    public void A_place_of_service_s_region_is_tested_without_a_place_of_service()
    {
        With("location", "location_id,region_concept_id", "10,101", "11,102");
        With("care_site", "care_site_id,location_id,place_of_service_concept_id", "20,10,0", "21,11,0");
        With("visit_occurrence", "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_end_date,visit_type_concept_id,care_site_id", "1,1,100,2010-01-01,2010-01-03,0,20", "2,2,100,2010-01-01,2010-01-03,0,21", "3,3,100,2010-01-01,2010-01-03,0,");
        Assert.Equal([2L], Patients("""{"VisitOccurrence":{"CodesetId":0,"PlaceOfServiceLocation":2} }"""));
    }

    [Fact]
    public void Distinct_payers_and_distinct_visit_details_are_counted()
    {
        With("payer_plan_period", "payer_plan_period_id,person_id,payer_plan_period_start_date,payer_plan_period_end_date,payer_concept_id", "1,1,2010-01-01,2010-06-30,100", "2,1,2010-07-01,2010-12-31,101", "3,2,2010-01-01,2010-06-30,100", "4,2,2010-07-01,2010-12-31,100");
        Assert.Equal([1L], Patients("""{"ObservationPeriod":{} }""", TwoDistinct("""{"PayerPlanPeriod":{} }""", "DOMAIN_CONCEPT")));

        With("visit_detail", "visit_detail_id,person_id,visit_detail_concept_id,visit_detail_start_date,visit_detail_end_date,visit_detail_type_concept_id,visit_occurrence_id", "5,1,100,2010-01-01,2010-01-02,0,1", "6,1,100,2010-01-01,2010-01-02,0,1", "7,2,100,2010-01-01,2010-01-02,0,2");
        With("condition_occurrence", "condition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_type_concept_id,visit_detail_id", "1,1,100,2010-01-01,0,5", "2,1,100,2010-01-01,0,6", "3,2,100,2010-01-01,0,7", "4,2,100,2010-01-02,0,7");
        Assert.Equal([1L], Patients("""{"ObservationPeriod":{} }""", TwoDistinct("""{"ConditionOccurrence":{"CodesetId":0} }""", "VISIT_DETAIL_ID")));
    }

    [Fact]
    public void Attributes_of_a_patient_all_hold_two_of_the_sex_and_one_of_the_age_too()
    {
        With("person", "person_id,gender_concept_id,year_of_birth", "1,101,1960", "2,102,1960", "3,101,");
        With("condition_occurrence", "condition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_type_concept_id", "1,1,100,2010-01-01,0", "2,2,100,2010-12-31,0", "3,3,100,2010-01-01,0", "4,1,100,2011-01-01,0");
        string Of(string attributes) => $$"""{"ConditionOccurrence":{"CodesetId":0,{{attributes}}} }""";
        Assert.Equal([1L, 3L], Patients(Of(""" "Gender":[{"CONCEPT_ID":101}],"GenderCS":{"CodesetId":1,"IsExclusion":false} """)));
        Assert.Empty(Patients(Of(""" "Gender":[{"CONCEPT_ID":101}],"GenderCS":{"CodesetId":2,"IsExclusion":false} """)));
        Assert.Equal([1L], Patients(Of(""" "Gender":[{"CONCEPT_ID":101}],"Age":{"Value":51,"Op":"gte"} """)));
        Assert.Equal([1L, 2L], Patients(Of(""" "Age":{"Value":50,"Op":"eq"} """)));
        Assert.Equal([1L, 2L], Patients(Of(""" "Age":{"Value":-30000,"Op":"gt"} """)));
        Assert.Empty(Patients(Of(""" "Age":{"Value":50,"Op":"lt"} """)));
    }

    [Fact]
    public void A_dose_that_the_cdm_no_longer_has_is_absent_from_every_exposure()
    {
        With("drug_exposure", "drug_exposure_id,person_id,drug_concept_id,drug_exposure_start_date,drug_exposure_end_date,drug_type_concept_id,quantity", "1,1,100,2010-01-01,2010-01-31,0,5");
        Assert.Equal([1L], Patients("""{"DrugExposure":{"CodesetId":0} }"""));
        Assert.Empty(Patients("""{"DrugExposure":{"CodesetId":0,"EffectiveDrugDose":{"Value":0,"Op":"gte"} } }"""));
        Assert.Empty(Patients("""{"DrugExposure":{"CodesetId":0,"DoseUnit":[{"CONCEPT_ID":8576}]} }"""));
    }

    /// <summary>Concepts that have nobody but themselves.</summary>
    sealed class Alone : IVocabulary
    {
        public IReadOnlyList<int> Resolve(IReadOnlyList<ConceptSetItem> items) => [.. items.Where(i => !i.Excluded).Select(i => i.Concept).Distinct().Order()];

        public string? Name(int concept) => null;
    }
}
