using Ambroise.Governance.Datasets;
using Ambroise.Governance.Projects;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;
using Ambroise.Tests.Lake;

namespace Ambroise.Tests.Governance.Datasets;

/// <summary>COST, FACT_RELATIONSHIP and EPISODE_EVENT name no patient: a row of theirs is given where every row it names is given, and through nothing else.</summary>
public sealed class LinkedTablesSpecs : IDisposable
{
    const int Kept = 50, Visits = 6;
    const long Visit = 7_300_000_000_000_000, Condition = 7_400_000_000_000_000, Measurement = 7_500_000_000_000_000, Cost = 7_700_000_000_000_000, Episode = 7_800_000_000_000_000;
    readonly DatasetHouse house = new(Add);

    public void Dispose() => house.Dispose();

    static void Add(Rows rows)
    {
        for (var p = 1; p <= DatasetHouse.Patients; p++)
        {
            for (var v = 0; v < Visits; v++)
                AddCost(rows, Cost + p * 10 + v, Visit + p * 10 + v, "Visit", 100 + 10 * v);
            // A cost of a measurement that hangs on the same number as no visit, and one of a domain that there is not.
            AddCost(rows, Cost + 5000 + p, Measurement + p * 10, "measurement", 7);
            AddCost(rows, Cost + 6000 + p, Visit + p * 10, "Chambre", 9);
            // A visit leads to a diagnosis; every patient is related to the next.
            AddFact(rows, 8, Visit + p * 10 + 3, 19, Condition + p * 10 + 3);
            AddFact(rows, 56, DatasetHouse.Id(p), 56, DatasetHouse.Id(p % DatasetHouse.Patients + 1));
            AddFact(rows, 4242, Visit + p * 10, 19, Condition + p * 10);
            rows.Add(Cdm54.Episode, ("episode_id", Episode + p), ("person_id", DatasetHouse.Id(p)), ("episode_concept_id", 32531), ("episode_start_date", new DateOnly(2014, 1, 1)), ("episode_object_concept_id", 0), ("episode_type_concept_id", 32817));
            AddEvent(rows, p, Condition + p * 10 + 2, 1147127);
            AddEvent(rows, p, Measurement + p * 10 + 2, 1147138);
            AddEvent(rows, p, Condition + p * 10 + 2, 4242);
            // Of the next patient: a link that went wrong must not carry anything across.
            AddEvent(rows, p, Condition + (p % DatasetHouse.Patients + 1) * 10 + 3, 1147127);
        }
    }

    static void AddCost(Rows rows, long id, long of, string domain, double paid) => rows.Add(Cdm54.Cost, ("cost_id", id), ("cost_event_id", of), ("cost_domain_id", domain), ("cost_type_concept_id", 32814), ("currency_concept_id", 44818568), ("total_paid", paid));

    /// <summary>Has the costs of visits lie with their patients, as those of claims do: of those with an odd number, whose claims these are.</summary>
    static void Claimed(Rows rows)
    {
        Add(rows);
        var costs = rows[Cdm54.Cost];
        foreach (var id in costs.Int64("cost_id").Values.ToArray())
        {
            var patient = (id - Cost) / 10 is var p && id - Cost < 5000 && p % 2 == 1 ? DatasetHouse.Id((int)p) : Null.Int64;
            costs.Persons.Append(patient);
            if (patient != Null.Int64) rows.Add(Cdm54.SourceRecord, ("source_record_id", id), ("person_id", patient), ("record_type", "Claim"), ("outcome", "used"), ("row_count", 1));
        }
        // The first patient's claim of the third one's stay.
        rows.Add(Cdm54.SourceRecord, ("source_record_id", Cost + 9000), ("person_id", DatasetHouse.Id(1)), ("record_type", "Claim"), ("outcome", "used"), ("row_count", 1));
        AddCost(rows, Cost + 9000, Visit + 30, "Visit", 1);
        costs.Persons.Append(DatasetHouse.Id(1));
    }

    static void AddFact(Rows rows, int domain1, long fact1, int domain2, long fact2) =>
        rows.Add(Cdm54.FactRelationship, ("domain_concept_id_1", domain1), ("fact_id_1", fact1), ("domain_concept_id_2", domain2), ("fact_id_2", fact2), ("relationship_concept_id", 44818790));

    static void AddEvent(Rows rows, int patient, long id, int field) => rows.Add(Cdm54.EpisodeEvent, ("episode_id", Episode + patient), ("event_id", id), ("episode_event_field_concept_id", field));

    static Permit Permit(string project = "linked", bool shift = false, params DataCategory[] more) => DatasetHouse.Permit(project, new(ShiftDates: shift, K: 1, L: 1),
        [.. DatasetHouse.Everything, DatasetHouse.Category("episode"), .. more.Length == 0 ? [DatasetHouse.Category("cost"), DatasetHouse.Category("fact_relationship"), DatasetHouse.Category("episode_event")] : more]);

    static string File(string folder, string table) => $"'{folder}/omop/{table}.parquet'";

    [Fact]
    public void A_cost_is_given_with_its_event_and_its_event_alone()
    {
        var folder = house.Opened(Permit(), null, DatasetHouse.Population(Kept));
        var (cost, visit) = (File(folder, "cost"), File(folder, "visit_occurrence"));
        Assert.Equal(Kept * (Visits + 1), DatasetHouse.Count($"select count(*) from {cost}"));
        Assert.Equal(Kept * Visits, DatasetHouse.Count($"select count(*) from {cost} join {visit} on cost_event_id = visit_occurrence_id where cost_domain_id = 'Visit'"));
        Assert.Equal(Kept, DatasetHouse.Count($"select count(*) from {cost} join {File(folder, "measurement")} on cost_event_id = measurement_id where cost_domain_id = 'measurement'"));
        // Each with the amount of its own visit: the third of a patient cost 120.
        Assert.Equal(0, DatasetHouse.Count($"select count(*) from (select total_paid, row_number() over (partition by person_id order by visit_start_date) n from {cost} join {visit} on cost_event_id = visit_occurrence_id) where total_paid <> 90 + 10 * n"));
        Assert.Equal(DatasetHouse.Count($"select count(*) from {cost}"), DatasetHouse.Count($"select count(distinct cost_id) from {cost}"));
    }

    [Fact]
    public void The_same_costs_are_given_wherever_they_lie()
    {
        using var claimed = new DatasetHouse(Claimed);
        Assert.Equal([(-1, DatasetHouse.Patients * (Visits / 2 + 2L)), (0, DatasetHouse.Patients * (Visits / 2L) + 1)],
            claimed.Release().Manifest.Files.Where(f => f.Table == "cost").Select(f => (f.Shard, f.Rows)).Order());
        var population = DatasetHouse.Population(Kept);
        static List<string> Given(string folder) => [.. DatasetHouse.Query($"""
            select cost_domain_id, cast(total_paid as integer), coalesce(v.year_of_birth, m.year_of_birth), coalesce(visit_start_date, measurement_date)
            from {File(folder, "cost")}
            left join (from {File(folder, "visit_occurrence")} join {File(folder, "person")} using (person_id)) v on cost_domain_id = 'Visit' and cost_event_id = visit_occurrence_id
            left join (from {File(folder, "measurement")} join {File(folder, "person")} using (person_id)) m on cost_domain_id = 'measurement' and cost_event_id = measurement_id
            order by all
            """).Select(r => string.Join(' ', r))];
        var (shared, apart) = (Given(house.Opened(Permit(), null, population)), Given(claimed.Opened(Permit(), null, population)));
        Assert.Equal(Kept * (Visits + 1), shared.Count);
        Assert.Equal(shared, apart); // but for the claim of another's stay
        var (first, second) = (claimed.Build(Permit("one")), claimed.Build(Permit("one"), memory: 1 << 16));
        Assert.Equal(first.Contents.Files.AsEnumerable(), second.Contents.Files);
    }

    [Fact]
    public void Facts_and_events_of_episodes_are_given_where_both_ends_are()
    {
        var folder = house.Opened(Permit(), null, DatasetHouse.Population(Kept));
        var (fact, link) = (File(folder, "fact_relationship"), File(folder, "episode_event"));
        Assert.Equal(Kept, DatasetHouse.Count($"select count(*) from {fact} f join {File(folder, "visit_occurrence")} v on f.fact_id_1 = v.visit_occurrence_id join {File(folder, "condition_occurrence")} c on f.fact_id_2 = c.condition_occurrence_id and c.person_id = v.person_id where domain_concept_id_1 = 8"));
        // The last patient's relative is not permitted.
        Assert.Equal(Kept - 1, DatasetHouse.Count($"select count(*) from {fact} f join {File(folder, "person")} a on f.fact_id_1 = a.person_id join {File(folder, "person")} b on f.fact_id_2 = b.person_id where domain_concept_id_1 = 56"));
        Assert.Equal(2 * Kept - 1, DatasetHouse.Count($"select count(*) from {fact}"));

        Assert.Equal(2 * Kept, DatasetHouse.Count($"select count(*) from {link}"));
        Assert.Equal(Kept, DatasetHouse.Count($"select count(*) from {link} join {File(folder, "episode")} e using (episode_id) join {File(folder, "condition_occurrence")} c on event_id = condition_occurrence_id and c.person_id = e.person_id where episode_event_field_concept_id = 1147127"));
        Assert.Equal(Kept, DatasetHouse.Count($"select count(*) from {link} join {File(folder, "episode")} e using (episode_id) join {File(folder, "measurement")} m on event_id = measurement_id and m.person_id = e.person_id where episode_event_field_concept_id = 1147138"));
    }

    [Fact]
    public void What_hangs_on_a_table_or_a_day_that_is_not_given_is_left_out()
    {
        var withoutVisits = house.Opened(DatasetHouse.Permit("narrow", new(ShiftDates: false, K: 1, L: 1), DatasetHouse.Category("person"), DatasetHouse.Category("measurement"),
            DatasetHouse.Category("condition_occurrence", "condition_concept_id", "condition_start_date"), DatasetHouse.Category("cost"), DatasetHouse.Category("fact_relationship"), DatasetHouse.Category("episode_event")));
        // Visits are not given, conditions without their numbers, episodes not at all.
        Assert.Equal(["measurement"], DatasetHouse.Query($"select distinct cost_domain_id from {File(withoutVisits, "cost")}").Select(r => $"{r[0]}"));
        Assert.Equal(0, DatasetHouse.Count($"select count(*) from {File(withoutVisits, "fact_relationship")} where domain_concept_id_1 <> 56"));
        Assert.Equal(0, DatasetHouse.Count($"select count(*) from {File(withoutVisits, "episode_event")}"));

        var cut = house.Opened(Permit("cut", more: [new("cost", "of four years", default, null, new(2012, 1, 1), new(2015, 12, 31))]));
        Assert.Equal(DatasetHouse.Patients * 2, DatasetHouse.Count($"select count(*) from {File(cut, "cost")}"));
        var visits = house.Opened(DatasetHouse.Permit("late", new(ShiftDates: false, K: 1, L: 1), DatasetHouse.Category("person"), new("visit_occurrence", "late ones", default, null, new(2018, 1, 1)), DatasetHouse.Category("cost")));
        Assert.Equal(DatasetHouse.Patients * 2, DatasetHouse.Count($"select count(*) from {File(visits, "cost")} join {File(visits, "visit_occurrence")} on cost_event_id = visit_occurrence_id"));
        Assert.Equal(DatasetHouse.Patients * 2, DatasetHouse.Count($"select count(*) from {File(visits, "cost")}"));
        // Of two categories one gives the visits' numbers.
        var half = house.Opened(DatasetHouse.Permit("half", new(ShiftDates: false, K: 1, L: 1), DatasetHouse.Category("person"), new("visit_occurrence", "early ones", default, null, null, new(2013, 12, 31)),
            new("visit_occurrence", "when, of all", ["visit_start_date"]), DatasetHouse.Category("cost")));
        Assert.Equal(DatasetHouse.Patients * Visits, DatasetHouse.Count($"select count(*) from {File(half, "visit_occurrence")}"));
        Assert.Equal(DatasetHouse.Patients * 2, DatasetHouse.Count($"select count(*) from {File(half, "cost")}"));
        // With shifted dates, as many costs as visits that stayed in the window.
        var shifted = house.Opened(Permit("shifted", shift: true));
        Assert.Equal(DatasetHouse.Count($"select count(*) from {File(shifted, "visit_occurrence")}"), DatasetHouse.Count($"select count(*) from {File(shifted, "cost")} where cost_domain_id = 'Visit'"));
    }

    [Fact]
    public void Nothing_of_a_patient_who_objects_comes_with_them()
    {
        var objecting = DatasetHouse.Id(7);
        using var release = Door.Open(house.Test.Lake, new("t", "ada", "linked", "dataset.build", 1), (_, _) => { }, 64 << 20, [objecting]).OrThrow();
        var built = house.Shelf.Build(release, house.Plan(Permit()).OrThrow(), DatasetHouse.Population(), [], 64 << 20, null, TestContext.Current.CancellationToken).OrThrow();
        long Rows(string table) => built.Contents.Files.Single(f => f.Name == $"omop/{table}.parquet").Rows!.Value;
        const int others = DatasetHouse.Patients - 1;
        Assert.Equal((others * (Visits + 1L), others + (others - 1L), 2L * others), (Rows("cost"), Rows("fact_relationship"), Rows("episode_event")));
    }

    [Fact]
    public void Two_projects_share_no_number_and_the_same_project_the_same_bytes_whatever_the_memory()
    {
        var (one, other) = (house.Opened(Permit("one")), house.Opened(Permit("other")));
        foreach (var (table, column) in new[] { ("cost", "cost_id"), ("cost", "cost_event_id"), ("fact_relationship", "fact_id_1"), ("fact_relationship", "fact_id_2"), ("episode_event", "episode_id"), ("episode_event", "event_id") })
        {
            Assert.True(DatasetHouse.Count($"select count(*) from {File(one, table)}") > 100);
            Assert.Equal(0, DatasetHouse.Count($"select count(*) from {File(one, table)} a join {File(other, table)} b using ({column})"));
            Assert.Equal(0, DatasetHouse.Count($"select count(*) from {File(one, table)} where {column} between 7000000000000000 and 7999999999999999 and {column} % 100000000000000 < 100000"));
        }
        var (first, second) = (house.Build(Permit("one")), house.Build(Permit("one"), memory: 1 << 16));
        Assert.Equal(first.Contents.Files.AsEnumerable(), second.Contents.Files);
    }
}
