namespace Ambroise.Bench;

/// <param name="Json">The cohort definition, as ATLAS would export it.</param>
/// <param name="Sql">The same question as a user of OHDSI's tables writes it: the number of patients.</param>
sealed record Question(string Name, string Json, string Sql);

/// <summary>Twelve questions of rising difficulty to the synthetic hospital, each asked twice: as a definition and as SQL. The bench checks that both give the same number.</summary>
static class CohortQuestions
{
    const int Diabetes = 201826, Hypertension = 316866, Stroke = 443454, Infarction = 312327, Fibrillation = 313217, Kidney = 46271022, Metformin = 1503297, Insulin = 1502905, Aspirin = 1112807,
        Hba1c = 3004410, Creatinine = 3016723, Systolic = 3004249, Inpatient = 9201, Emergency = 9203;

    public static readonly Question[] All =
    [
        new("one condition", Define([Diabetes], Condition(0)), Count(Events("condition", Diabetes))),
        new("one condition, a year observed before", Define([Stroke], Condition(0), prior: 365), Count(Events("condition", Stroke) + Prior(365))),
        new("hospital stays", Define([Inpatient], Visit(0)), Count(Events("visit", Inpatient))),
        new("a laboratory value above 7", Define([Hba1c], Measurement(0, """ "ValueAsNumber":{"Value":7,"Op":"gt"} """)), Count(Events("measurement", Hba1c, "and e.value_as_number > 7"))),
        new("women of 50 or more with hypertension", Define([Hypertension], """ {"ConditionOccurrence":{"CodesetId":0,"Age":{"Value":50,"Op":"gte"},"Gender":[{"CONCEPT_ID":8532}]}} """),
            Count(Events("condition", Hypertension, "and year(e.condition_start_date) - (select p.year_of_birth from person p where p.person_id = e.person_id) >= 50 and (select p.gender_concept_id from person p where p.person_id = e.person_id) = 8532"))),
        new("diabetes, metformin within 90 days", Define([Diabetes, Metformin], Condition(0), rules: [Rule(AtLeast(1, Drug(1), 0, 90))]),
            Count(Events("condition", Diabetes), Exists("drug", Metformin, "between q.start_date and q.start_date + 90"))),
        new("diabetes recorded twice in a year", Define([Diabetes], Condition(0), rules: [Rule(AtLeast(1, Condition(0), 1, 365))]),
            Count(Events("condition", Diabetes), Exists("condition", Diabetes, "between q.start_date + 1 and q.start_date + 365"))),
        new("hypertension, no stroke ever before", Define([Hypertension, Stroke], Condition(0), rules: [Rule(Never(Condition(1)))]),
            Count(Events("condition", Hypertension), "not " + Exists("condition", Stroke, "<= q.start_date"))),
        new("diabetes, HbA1c above 7 near, never insulin before", Define([Diabetes, Hba1c, Insulin], Condition(0), rules: [Rule(AtLeast(1, Measurement(1, """ "ValueAsNumber":{"Value":7,"Op":"gt"} """), -180, 180)), Rule(Never(Drug(2)))]),
            Count(Events("condition", Diabetes), Exists("measurement", Hba1c, "between q.start_date - 180 and q.start_date + 180", "and x.value_as_number > 7"), "not " + Exists("drug", Insulin, "<= q.start_date"))),
        new("stroke or infarction, then aspirin, in an emergency stay", Define([Stroke, Infarction, Aspirin, 262], Condition(0) + "," + Condition(1), rules: [Rule(AtLeast(1, Drug(2), 0, 120)), Rule(AtLeast(1, Visit(3), 0, 0))]),
            Count($"{Events("condition", Stroke)} union all {Events("condition", Infarction)}", Exists("drug", Aspirin, "between q.start_date and q.start_date + 120"), Exists("visit", 262, "= q.start_date"))),
        new("five rules on diabetes", Define([Diabetes, Metformin, Creatinine, Kidney, Systolic, Stroke], Condition(0), prior: 180,
                rules: [Rule(AtLeast(1, Drug(1), 0, 365)), Rule(AtLeast(1, Measurement(2), -365, 365)), Rule(Never(Condition(3))), Rule(AtLeast(1, Measurement(4), -365, 365)), Rule(Never(Condition(5)))]),
            Count(Events("condition", Diabetes) + Prior(180), Exists("drug", Metformin, "between q.start_date and q.start_date + 365"), Exists("measurement", Creatinine, "between q.start_date - 365 and q.start_date + 365"),
                "not " + Exists("condition", Kidney, "<= q.start_date"), Exists("measurement", Systolic, "between q.start_date - 365 and q.start_date + 365"), "not " + Exists("condition", Stroke, "<= q.start_date"))),
        new("any of a whole ICD-10 letter, two tests each within a month", Define([2_001_000_000, Creatinine, Systolic], Condition(0), rules: [Rule(AtLeast(1, Measurement(1), 0, 30)), Rule(AtLeast(1, Measurement(2), 0, 30))]),
            Count(Events("condition", 2_001_000_000), Exists("measurement", Creatinine, "between q.start_date and q.start_date + 30"), Exists("measurement", Systolic, "between q.start_date and q.start_date + 30"))),
    ];

    static string Condition(int set) => $$"""{"ConditionOccurrence":{"CodesetId":{{set}} } }""";
    static string Drug(int set) => $$"""{"DrugExposure":{"CodesetId":{{set}} } }""";
    static string Visit(int set) => $$"""{"VisitOccurrence":{"CodesetId":{{set}} } }""";
    static string Measurement(int set, string more = "") => $$"""{"Measurement":{"CodesetId":{{set}}{{(more.Length > 0 ? "," + more : "")}} } }""";

    static string AtLeast(int count, string criteria, int from, int to) => Correlated(criteria, $$"""{"Type":2,"Count":{{count}},"IsDistinct":false}""",
        $$"""{"Start":{"Days":{{Math.Abs(from)}},"Coeff":{{(from < 0 ? -1 : 1)}} },"End":{"Days":{{to}},"Coeff":1},"UseEventEnd":false,"UseIndexEnd":false}""");

    static string Never(string criteria) => Correlated(criteria, """{"Type":0,"Count":0,"IsDistinct":false}""",
        """{"Start":{"Coeff":-1},"End":{"Days":0,"Coeff":1},"UseEventEnd":false,"UseIndexEnd":false}""");

    static string Correlated(string criteria, string occurrence, string window) => $$"""{"Criteria":{{criteria}},"StartWindow":{{window}},"Occurrence":{{occurrence}},"RestrictVisit":false,"IgnoreObservationPeriod":false}""";

    static string Rule(string correlated) => $$"""{"name":"rule","expression":{"Type":"ALL","CriteriaList":[{{correlated}}],"DemographicCriteriaList":[],"Groups":[]} }""";

    static string Define(int[] sets, string primary, int prior = 0, string[]? rules = null)
    {
        var conceptSets = string.Join(",", sets.Select((c, i) => $$"""{"id":{{i}},"name":"set {{i}}","expression":{"items":[{"concept":{"CONCEPT_ID":{{c}} },"includeDescendants":true}]} }"""));
        return $$"""
            {"ConceptSets":[{{conceptSets}}],
            "PrimaryCriteria":{"CriteriaList":[{{primary}}],"ObservationWindow":{"PriorDays":{{prior}},"PostDays":0},"PrimaryCriteriaLimit":{"Type":"All"} },
            "QualifiedLimit":{"Type":"All"},"ExpressionLimit":{"Type":"First"},"InclusionRules":[{{string.Join(",", rules ?? [])}}],"CensoringCriteria":[],
            "CollapseSettings":{"CollapseType":"ERA","EraPad":0},"CensorWindow":{} }
            """;
    }

    static (string Table, string Concept, string Start) Of(string kind) => kind switch
    {
        "condition" => ("condition_occurrence", "condition_concept_id", "condition_start_date"),
        "drug" => ("drug_exposure", "drug_concept_id", "drug_exposure_start_date"),
        "visit" => ("visit_occurrence", "visit_concept_id", "visit_start_date"),
        _ => ("measurement", "measurement_concept_id", "measurement_date"),
    };

    static string Set(int concept) => $"(select {concept} union select descendant_concept_id from concept_ancestor where ancestor_concept_id = {concept})";

    static string Events(string kind, int concept, string more = "") => Of(kind) is var (table, column, start)
        ? $"""
            select e.person_id, e.{start} as start_date, o.observation_period_start_date as observed_from, o.observation_period_end_date as observed_to
            from {table} e join observation_period o on o.person_id = e.person_id and e.{start} between o.observation_period_start_date and o.observation_period_end_date
            where e.{column} in {Set(concept)} {more}
            """ : "";

    static string Prior(int days) => $" and o.observation_period_start_date + {days} <= e.condition_start_date";

    static string Exists(string kind, int concept, string when, string more = "") => Of(kind) is var (table, column, start)
        ? $"exists (select 1 from {table} x where x.person_id = q.person_id and x.{column} in {Set(concept)} and x.{start} {when} and x.{start} between q.observed_from and q.observed_to {more})" : "";

    static string Count(string events, params string[] rules) =>
        $"with q as ({events}) select count(distinct person_id) from q{(rules.Length == 0 ? "" : " where " + string.Join(" and ", rules))}";
}
