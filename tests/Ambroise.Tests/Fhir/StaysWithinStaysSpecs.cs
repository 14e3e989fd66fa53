using Ambroise.Lake.Releases;
using static Ambroise.Tests.Fhir.OnePatient;

namespace Ambroise.Tests.Fhir;

/// <summary>A stay that is part of another is a detail of that patient's visit; of one that is nobody's, or another patient's as FHIR R4 lets a newborn's be the mother's, it is a visit of its own. Whatever came first, and again.</summary>
public sealed class StaysWithinStaysSpecs
{
    static string Mother => Patient;

    static string Child(int version = 1, string more = "") => $$"""{"resourceType":"Patient","id":"b","meta":{"versionId":"{{version}}"},"gender":"male","birthDate":"2023-01-02"{{more}} }""";

    static string OneWithMother(int version) => Child(version, ""","link":[{"other":{"reference":"Patient/p1"},"type":"replaces"}]""");

    static string Stay(string id, string whose, string within = "", int version = 1, string status = "finished") =>
        $$"""{"resourceType":"Encounter","id":"{{id}}","meta":{"versionId":"{{version}}"},"status":"{{status}}","class":{"code":"IMP"},"subject":{"reference":"Patient/{{whose}}"},"identifier":[{"value":"N{{id}}"}],"period":{"start":"2023-01-01","end":"2023-01-09"}{{(within.Length > 0 ? $",\"partOf\":{within}" : "")}},"location":[{"location":{"reference":"Location/u"},"period":{"start":"2023-01-01"} },{"location":{"reference":"Location/r"},"period":{"start":"2023-01-02"} }]}""";

    static string WithoutPlaces(string stay) => $"{stay[..stay.IndexOf(",\"location\"", StringComparison.Ordinal)]}}}";

    static string Within(string id) => $$"""{"reference":"Encounter/{{id}}"}""";

    static string Deleted(string id) => $$"""{"resourceType":"Bundle","type":"transaction","timestamp":"2024-12-15T10:00:00Z","entry":[{"request":{"method":"DELETE","url":"Encounter/{{id}}"} }]}""";

    /// <summary>What happened in a stay, and what it cost.</summary>
    static string[] In(string stay, string whose) =>
    [
        $$"""{"resourceType":"Condition","id":"c{{stay}}","subject":{"reference":"Patient/{{whose}}"},{{Code}},"onsetDateTime":"2023-01-03","encounter":{"reference":"Encounter/{{stay}}"} }""",
        $$"""{"resourceType":"Condition","id":"d{{stay}}","subject":{"reference":"Patient/{{whose}}"},{{Code}},"encounter":{"reference":"Encounter/{{stay}}"} }""",
        $$"""{"resourceType":"Claim","id":"k{{stay}}","status":"active","use":"claim","patient":{"reference":"Patient/{{whose}}"},"created":"2023-02-01","total":{"value":7,"currency":"EUR"},"item":[{"sequence":1,"encounter":[{"reference":"Encounter/{{stay}}"}]}]}""",
    ];

    static readonly string Outer = Stay("o", "p1"), Own = Stay("i", "b", Within("o")), Inner = Stay("j", "b", Within("i"));

    static string[] All(params string[] but) => [Mother, Child(), Outer, Own, Inner, .. In("o", "p1"), .. In("i", "b"), .. In("j", "b"), .. but];

    /// <summary>All of them are the child's.</summary>
    static string[] Childs(params string[] but) => [Mother, Child(), Own, Inner, .. In("o", "b"), .. In("i", "b"), .. In("j", "b"), .. but];

    /// <summary>What the rows say of stays: each visit with its details, and what is in them.</summary>
    static List<string> Told(FhirHospital hospital)
    {
        Assert.Empty(hospital.Query("select 1 from visit_detail d left join visit_occurrence v using (visit_occurrence_id, person_id) where v.visit_occurrence_id is null"));
        Assert.Empty(hospital.Query("select 1 from condition_occurrence c left join visit_detail d using (visit_detail_id, person_id) where c.visit_detail_id is not null and d.visit_occurrence_id is distinct from c.visit_occurrence_id"));
        Assert.Empty(hospital.Query("select 1 from visit_detail d join visit_occurrence v on d.visit_detail_id = v.visit_occurrence_id"));
        return hospital.Query("""
            select p.gender_concept_id || ': ' || (select count(*) from visit_detail d where d.visit_occurrence_id = v.visit_occurrence_id) || ' details, ' || (select count(*) from condition_occurrence c where c.visit_occurrence_id = v.visit_occurrence_id)
                || ' conditions, ' || (select count(*) from condition_occurrence c where c.visit_occurrence_id = v.visit_occurrence_id and c.visit_detail_id is not null) || ' of details, ' || (select count(*) from cost c where c.cost_event_id = v.visit_occurrence_id) || ' costs'
            from visit_occurrence v join person p using (person_id) order by 1
            """);
    }

    [Fact]
    public void A_newborn_s_stay_is_a_visit_of_its_own_and_what_is_within_it_a_detail_of_it()
    {
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, All());
        Assert.Equal(["8507: 5 details, 4 conditions, 2 of details, 2 costs", "8532: 2 details, 2 conditions, 0 of details, 1 costs"], Told(hospital));
        Assert.Equal(1, hospital.Noted("Encounter.partOf", "subject-differs"));
        Assert.Equal(0, hospital.Noted("Encounter.visit_occurrence_id", "reference-unresolved"));
        Assert.Equal(1, hospital.Report.Rows.Where(r => r is { Type: "Encounter", Table: "visit_occurrence" }).Sum(r => r.Rows) - 1);
    }

    [Fact]
    public void A_stay_is_a_visit_where_what_it_is_part_of_was_never_sent_or_leaves_nothing()
    {
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, [Child(), Own, .. In("i", "b")]);
        Assert.Equal(["8507: 2 details, 2 conditions, 0 of details, 1 costs"], Told(hospital));
        Assert.Equal((0, 1), (hospital.Noted("Encounter.partOf", "subject-differs"), hospital.Noted("Encounter.visit_occurrence_id", "reference-unresolved")));
        hospital.Load(LoadMode.Replace, [Child(), Own, Stay("o", "b", status: "cancelled"), .. In("i", "b")]);
        Assert.Equal(["8507: 2 details, 2 conditions, 0 of details, 1 costs"], Told(hospital));
        Assert.Equal(1, hospital.Noted("Encounter.visit_occurrence_id", "reference-unresolved"));
        hospital.Load(LoadMode.Replace, [Child(), Stay("i", "b", """{"identifier":{"value":"No"} }"""), .. In("i", "b")]);
        Assert.Equal(["8507: 2 details, 2 conditions, 0 of details, 1 costs"], Told(hospital));
        Assert.Equal(1, hospital.Noted("Encounter.visit_occurrence_id", "reference-unresolved"));
        hospital.Load(LoadMode.Merge, Stay("o", "b"));
        Assert.Equal(["8507: 5 details, 2 conditions, 2 of details, 1 costs"], Told(hospital));
    }

    [Fact]
    public void Stays_that_are_part_of_one_another_are_visits()
    {
        using var hospital = new FhirHospital();
        var once = hospital.Load(LoadMode.Replace, [Child(), Stay("o", "b", Within("i")), Own, Inner, Stay("s", "b", Within("s")), .. In("j", "b")]);
        Assert.Equal(["8507: 2 details, 0 conditions, 0 of details, 0 costs", "8507: 2 details, 0 conditions, 0 of details, 0 costs", "8507: 5 details, 2 conditions, 2 of details, 1 costs"], Told(hospital));
        Assert.Equal(3, hospital.Noted("Encounter.partOf", "circle"));
        hospital.Forget();
        hospital.Load(LoadMode.Replace, [Child(), Stay("o", "b", Within("i")), Inner, .. In("j", "b")]);
        Assert.Equal(once, hospital.Load(LoadMode.Merge, Own, Stay("s", "b", Within("s"))));
    }

    /// <summary>Loads that lead to what one of them all would.</summary>
    public static TheoryData<string, string[][]> Ways => new()
    {
        { "child first, mother later, all again", [[Child(), Own, Inner, .. In("i", "b"), .. In("j", "b")], [Mother, Outer, .. In("o", "p1")], All()] },
        { "child's stay again, unchanged", [All(), [Own]] },
        { "outermost last", [[Mother, Child(), Inner, .. In("j", "b"), .. In("i", "b")], [Outer, .. In("o", "p1")], [Own]] },
        { "mother's stay turns out to be the child's", [All(), [Stay("o", "b", version: 5)], [Own]] },
        { "the child's turns out to be the mother's", [All(Stay("o", "b", version: 2)), [Stay("o", "p1", version: 3)], [Inner]] },
        { "two patients become one", [All(), [OneWithMother(5)], All()] },
        { "one becomes two", [All(OneWithMother(2)), [Child(3)], All()] },
        { "the outer stay is cancelled", [Childs(Stay("o", "b", version: 2)), [Stay("o", "b", version: 3, status: "cancelled")]] },
        { "and comes back", [Childs(Stay("o", "b", version: 2, status: "cancelled")), [Stay("o", "b", version: 3)]] },
        { "the outer stay is deleted", [Childs(Stay("o", "b", version: 2)), [Deleted("o")], [Own]] },
        { "the one between is cancelled", [Childs(Stay("o", "b", version: 2)), [Stay("i", "b", Within("o"), 2, "cancelled")]] },
        { "and comes back", [Childs(Stay("o", "b", version: 2), Stay("i", "b", Within("o"), 2, "cancelled")), [Stay("i", "b", Within("o"), 3)]] },
        { "the one between is part of nothing", [Childs(Stay("o", "b", version: 2)), [Stay("i", "b", version: 2)]] },
        { "the one between was part of nothing", [Childs(Stay("o", "b", version: 2), Stay("i", "b", version: 2)), [Stay("i", "b", Within("o"), 3)]] },
        { "the only inner one is part of nothing", [[Child(), WithoutPlaces(Stay("o", "b")), WithoutPlaces(Own), .. In("i", "b")], [WithoutPlaces(Stay("i", "b", version: 2))]] },
        { "by number", [[Child(), Stay("i", "b", """{"identifier":{"value":"No"} }"""), .. In("i", "b")], [Mother], [Stay("o", "b")]] },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public void However_they_are_sent_the_rows_are_the_same(string way, string[][] loads)
    {
        using var hospital = new FhirHospital();
        var once = hospital.Load(LoadMode.Replace, [.. loads.SelectMany(l => l).Distinct()]);
        var told = Told(hospital);
        hospital.Forget();
        var last = "";
        for (var i = 0; i < loads.Length; i++) last = hospital.Load(i == 0 ? LoadMode.Replace : LoadMode.Merge, loads[i]);
        Assert.Equal(told, Told(hospital));
        Assert.True(once == last, way);
        Assert.Equal(once, hospital.Load(LoadMode.Merge, [.. loads.SelectMany(l => l).Distinct()]));
    }

    /// <summary>In the load that takes the stay away, as in one that brings both.</summary>
    [Fact]
    public void Rows_that_name_a_stay_taken_away_are_counted()
    {
        static long Missing(FhirHospital hospital) => hospital.Report.Notes.Where(n => n.Reason == "reference-unresolved" && !n.Type.EndsWith("care_site_id", StringComparison.Ordinal)).Sum(n => n.Count);
        using var hospital = new FhirHospital();
        string[] all = [Child(), Stay("o", "b"), In("o", "b")[0], In("o", "b")[2]];
        hospital.Load(LoadMode.Replace, [.. all, Deleted("o")]);
        Assert.Equal(2, Missing(hospital));
        foreach (var away in new[] { Deleted("o"), Stay("o", "b", version: 2, status: "cancelled") })
        {
            hospital.Load(LoadMode.Replace, all);
            Assert.Equal(0, Missing(hospital));
            hospital.Load(LoadMode.Merge, away);
            Assert.Equal((1, 1), (hospital.Noted("condition_occurrence.visit_occurrence_id", "reference-unresolved"), hospital.Noted("cost.cost_event_id", "reference-unresolved")));
            hospital.Load(LoadMode.Merge, Child(2));
            hospital.Load(LoadMode.Merge, away, Child(3));
            Assert.Equal(0, Missing(hospital)); // told once
            hospital.Load(LoadMode.Merge, Stay("i", "b", Within("o")));
            Assert.Equal((0, 1), (hospital.Noted("Encounter.partOf", "subject-differs"), Missing(hospital)));
        }
    }

    [Fact]
    public void Rows_that_name_a_practitioner_whom_the_source_deleted_are_counted()
    {
        const string doctor = """{"resourceType":"Practitioner","id":"d"}""";
        var deleted = Deleted("d").Replace("Encounter/", "Practitioner/", StringComparison.Ordinal);
        var seen = $$"""{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/b"},{{Code}},"onsetDateTime":"2023-01-03","recorder":{"reference":"Practitioner/d"} }""";
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, Child(), doctor, seen);
        Assert.Equal(0, hospital.Noted("Condition.provider_id", "reference-unresolved"));
        hospital.Load(LoadMode.Merge, seen.Replace("\"c\"", "\"e\"", StringComparison.Ordinal));
        Assert.Equal(0, hospital.Noted("Condition.provider_id", "reference-unresolved"));
        hospital.Load(LoadMode.Merge, deleted);
        hospital.Load(LoadMode.Merge, seen.Replace("\"c\"", "\"f\"", StringComparison.Ordinal));
        Assert.Equal(1, hospital.Noted("Condition.provider_id", "reference-unresolved"));
        hospital.Load(LoadMode.Replace, Child(), doctor, seen, deleted);
        Assert.Equal(1, hospital.Noted("Condition.provider_id", "reference-unresolved"));
    }

    [Fact]
    public void However_deep_and_in_circles_no_detail_is_without_its_visit()
    {
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, [Child(), .. Enumerable.Range(0, 40).Select(n => Stay($"d{n}", "b", n > 0 ? Within($"d{n - 1}") : "")), .. Enumerable.Range(0, 18).Select(n => Stay($"c{n}", "b", Within($"c{(n + 1) % 18}")))]);
        Assert.Equal(19, Told(hospital).Count);
    }
}
