using System.Globalization;

namespace Ambroise.Bench;

/// <param name="Json">The cohort definition, as ATLAS would export it.</param>
/// <param name="Sql">The same question in the shortest SQL: the number of patients and nothing else.</param>
/// <param name="Tables">The same question as OHDSI's tools put it to a database: statement by statement, to the cohort's rows and the inclusion statistics. The last gives the number of patients.</param>
sealed record Asked(string Json, string Sql, string[] Tables);

/// <param name="Variant">The question with one number of it changed: 0 as its name says, others near it.</param>
sealed record Question(string Name, Func<int, Asked> Variant);

/// <summary>Twelve questions of rising difficulty to the synthetic hospital, each asked as a definition and as SQL. The bench checks that all give the same number.</summary>
static class CohortQuestions
{
    const int Diabetes = 201826, Hypertension = 316866, Stroke = 443454, Infarction = 312327, Fibrillation = 313217, Kidney = 46271022, Metformin = 1503297, Insulin = 1502905, Aspirin = 1112807,
        Hba1c = 3004410, Creatinine = 3016723, Systolic = 3004249, Inpatient = 9201, Emergency = 262, Letter = 2_001_000_000;

    public static readonly Question[] All =
    [
        new("one condition", v => Ask([Of("condition", Diabetes)], v)),
        new("one condition, a year observed before", v => Ask([Of("condition", Stroke)], 365 + v)),
        new("hospital stays", v => Ask([Of("visit", Inpatient)], v)),
        new("a laboratory value above 7", v => Ask([Above("measurement", Hba1c, 700 + v)], 0)),
        new("women of 50 or more with hypertension", v => Ask([Women("condition", Hypertension, 50 + v)], 0)),
        new("diabetes, metformin within 90 days", v => Ask([Of("condition", Diabetes)], 0, Some(Of("drug", Metformin), 0, 90 + v))),
        new("diabetes recorded twice in a year", v => Ask([Of("condition", Diabetes)], 0, Some(Of("condition", Diabetes), 1, 365 + v))),
        new("hypertension, no stroke ever before", v => Ask([Of("condition", Hypertension)], 0, Never(Of("condition", Stroke), v))),
        new("diabetes, HbA1c above 7 near, never insulin before", v => Ask([Of("condition", Diabetes)], 0, Some(Above("measurement", Hba1c, 700), -180, 180), Never(Of("drug", Insulin), v))),
        new("stroke or infarction, then aspirin, in an emergency stay", v => Ask([Of("condition", Stroke), Of("condition", Infarction)], 0, Some(Of("drug", Aspirin), 0, 120 + v), Some(Of("visit", Emergency), 0, 0))),
        new("five rules on diabetes", v => Ask([Of("condition", Diabetes)], 180, Some(Of("drug", Metformin), 0, 365), Some(Of("measurement", Creatinine), -365, 365), Never(Of("condition", Kidney), 0),
            Some(Of("measurement", Systolic), -365, 365 + v), Never(Of("condition", Stroke), 0))),
        new("any of a whole ICD-10 letter, two tests each within a month", v => Ask([Of("condition", Letter)], 0, Some(Of("measurement", Creatinine), 0, 30), Some(Of("measurement", Systolic), 0, 30 + v))),
    ];

    /// <param name="Attributes">More members of the criterion in JSON.</param>
    /// <param name="Where">More conditions on the row <c>e</c> in SQL.</param>
    sealed record Events(string Kind, int Concept, string Attributes, string Where);

    sealed record Rule(Events Events, bool IsNever, int? From, int To);

    static Events Of(string kind, int concept) => new(kind, concept, "", "");

    static Events Above(string kind, int concept, int hundredths) => string.Create(CultureInfo.InvariantCulture, $"{hundredths / 100m}") is var value
        ? new(kind, concept, $$""","ValueAsNumber":{"Value":{{value}},"Op":"gt"} """, $"and e.value_as_number > {value}") : throw new InvalidOperationException();

    static Events Women(string kind, int concept, int age) => new(kind, concept, $$""","Age":{"Value":{{age}},"Op":"gte"},"Gender":[{"CONCEPT_ID":8532}] """,
        $"and year(e.condition_start_date) - (select p.year_of_birth from person p where p.person_id = e.person_id) >= {age} and (select p.gender_concept_id from person p where p.person_id = e.person_id) = 8532");

    static Rule Some(Events events, int from, int to) => new(events, false, from, to);
    static Rule Never(Events events, int to) => new(events, true, null, to);

    static (string Criterion, string Table, string Key, string Concept, string Start) Named(string kind) => kind switch
    {
        "condition" => ("ConditionOccurrence", "condition_occurrence", "condition_occurrence_id", "condition_concept_id", "condition_start_date"),
        "drug" => ("DrugExposure", "drug_exposure", "drug_exposure_id", "drug_concept_id", "drug_exposure_start_date"),
        "visit" => ("VisitOccurrence", "visit_occurrence", "visit_occurrence_id", "visit_concept_id", "visit_start_date"),
        _ => ("Measurement", "measurement", "measurement_id", "measurement_concept_id", "measurement_date"),
    };

    static Asked Ask(Events[] primary, int prior, params Rule[] rules) => new(Json(primary, prior, rules), Sql(primary, prior, rules), [.. Tables(primary, prior, rules)]);

    static string Json(Events[] primary, int prior, Rule[] rules)
    {
        var all = primary.Concat(rules.Select(r => r.Events)).ToList();
        string Criterion(Events e) => $$"""{"{{Named(e.Kind).Criterion}}":{"CodesetId":{{all.IndexOf(e)}}{{e.Attributes}} } }""";
        string Edge(int days) => $$"""{"Days":{{Math.Abs(days)}},"Coeff":{{(days < 0 ? -1 : 1)}} }""";
        string Written(Rule r) => $$"""
            {"name":"rule","expression":{"Type":"ALL","CriteriaList":[{"Criteria":{{Criterion(r.Events)}},"StartWindow":{"Start":{{(r.From is { } days ? Edge(days) : """{"Coeff":-1}""")}},"End":{{Edge(r.To)}},"UseEventEnd":false,"UseIndexEnd":false},
            "Occurrence":{"Type":{{(r.IsNever ? 0 : 2)}},"Count":{{(r.IsNever ? 0 : 1)}},"IsDistinct":false},"RestrictVisit":false,"IgnoreObservationPeriod":false}],"DemographicCriteriaList":[],"Groups":[]} }
            """;
        return $$"""
            {"ConceptSets":[{{string.Join(",", all.Select((e, i) => $$"""{"id":{{i}},"name":"set {{i}}","expression":{"items":[{"concept":{"CONCEPT_ID":{{e.Concept}} },"includeDescendants":true}]} }"""))}}],
            "PrimaryCriteria":{"CriteriaList":[{{string.Join(",", primary.Select(Criterion))}}],"ObservationWindow":{"PriorDays":{{prior}},"PostDays":0},"PrimaryCriteriaLimit":{"Type":"All"} },
            "QualifiedLimit":{"Type":"All"},"ExpressionLimit":{"Type":"First"},"InclusionRules":[{{string.Join(",", rules.Select(Written))}}],"CensoringCriteria":[],
            "CollapseSettings":{"CollapseType":"ERA","EraPad":0},"CensorWindow":{} }
            """;
    }

    static string Set(int concept) => $"(select {concept} union select descendant_concept_id from concept_ancestor where ancestor_concept_id = {concept})";

    static string Sql(Events[] primary, int prior, Rule[] rules)
    {
        string One(Events e) => Named(e.Kind) is var n ? $"""
            select e.person_id, e.{n.Start} as start_date, o.observation_period_start_date as observed_from, o.observation_period_end_date as observed_to
            from {n.Table} e join observation_period o on o.person_id = e.person_id and e.{n.Start} between o.observation_period_start_date and o.observation_period_end_date
            where e.{n.Concept} in {Set(e.Concept)} {e.Where} and o.observation_period_start_date + {prior} <= e.{n.Start}
            """ : "";
        string Exists(Rule r) => Named(r.Events.Kind) is var n ? $"{(r.IsNever ? "not " : "")}exists (select 1 from {n.Table} e where e.person_id = q.person_id and e.{n.Concept} in {Set(r.Events.Concept)} and e.{n.Start} {Within(r, "q.start_date")} and e.{n.Start} between q.observed_from and q.observed_to {r.Events.Where})" : "";
        return $"with q as ({string.Join(" union all ", primary.Select(One))}) select count(distinct person_id) from q{(rules.Length == 0 ? "" : " where " + string.Join(" and ", rules.Select(Exists)))}";
    }

    static string Within(Rule r, string day) => r.From is { } from ? $"between {day} + ({from}) and {day} + ({r.To})" : $"<= {day} + ({r.To})";

    /// <summary>Concept sets, qualified events in order, a table for each rule, the mask of rules, spans joined where they meet, and counts by mask of events and of patients.</summary>
    static IEnumerable<string> Tables(Events[] primary, int prior, Rule[] rules)
    {
        var all = primary.Concat(rules.Select(r => r.Events)).ToList();
        yield return "create temp table codesets as " + string.Join(" union all ", all.Select((e, i) => $"select {i} as codeset_id, concept_id from {Set(e.Concept)} s(concept_id)"));
        string Picked(Events e) => Named(e.Kind) is var n
            ? $"select e.person_id, e.{n.Key} as event_id, e.{n.Start} as start_date, {(e.Kind == "visit" ? "e.visit_end_date" : $"e.{n.Start} + 1")} as end_date, e.visit_occurrence_id from {n.Table} e join codesets c on c.codeset_id = {all.IndexOf(e)} and e.{n.Concept} = c.concept_id where true {e.Where}" : "";
        yield return $"""
            create temp table qualified as
            select row_number() over (order by p.person_id, p.start_date, p.event_id) as event_id, p.person_id, p.start_date, p.end_date, p.visit_occurrence_id, o.observation_period_start_date as op_start, o.observation_period_end_date as op_end,
                row_number() over (partition by p.person_id order by p.start_date, p.event_id) as ordinal
            from ({string.Join(" union all ", primary.Select(Picked))}) p
            join observation_period o on o.person_id = p.person_id and p.start_date between o.observation_period_start_date and o.observation_period_end_date
            where o.observation_period_start_date + {prior} <= p.start_date
            """;
        for (var r = 0; r < rules.Length; r++)
            yield return $"""
                create temp table rule_{r} as
                select q.event_id, q.person_id from qualified q
                left join (select q.event_id, a.event_id as found from qualified q join ({Picked(rules[r].Events)}) a on a.person_id = q.person_id
                    where a.start_date {Within(rules[r], "q.start_date")} and a.start_date between q.op_start and q.op_end) f on f.event_id = q.event_id
                group by q.event_id, q.person_id having count(f.found) {(rules[r].IsNever ? "= 0" : ">= 1")}
                """;
        yield return $"""
            create temp table masks as
            select q.event_id, q.person_id, q.start_date, q.op_end, coalesce(sum(1 << i.rule), 0) as mask
            from qualified q left join ({(rules.Length == 0 ? "select 0::bigint as event_id, 0 as rule where false" : string.Join(" union all ", rules.Select((_, r) => $"select event_id, {r} as rule from rule_{r}")))}) i on i.event_id = q.event_id
            group by all
            """;
        yield return $"create temp table included as select * from (select *, row_number() over (partition by person_id order by start_date, event_id) as ordinal from masks where mask = {(1 << rules.Length) - 1}) where ordinal = 1";
        yield return """
            create temp table cohort as
            select person_id as subject_id, min(start_date) as cohort_start_date, max(op_end) as cohort_end_date
            from (select *, sum(opens) over (partition by person_id order by start_date rows unbounded preceding) as era
                from (select *, case when start_date <= max(op_end) over (partition by person_id order by start_date rows between unbounded preceding and 1 preceding) then 0 else 1 end as opens from included)) s
            group by person_id, era
            """;
        yield return "create temp table by_event as select mask, count(*) as events from masks group by mask";
        yield return "create temp table by_person as select mask, count(*) as persons from (select *, row_number() over (partition by person_id order by bit_count(mask) desc, start_date) as best from masks) where best = 1 group by mask";
        yield return "select count(distinct subject_id) from cohort";
    }
}
