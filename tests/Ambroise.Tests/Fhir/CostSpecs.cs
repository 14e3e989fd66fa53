using System.Globalization;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Reading;
using Ambroise.Lake.Releases;
using Ambroise.Tests.Lake;

namespace Ambroise.Tests.Fhir;

/// <summary>What a claim costs lies with its patient, so that a merge leaves alone the costs of those it does not touch; those of tables, and of an earlier version of the program, are shared.</summary>
public sealed class CostSpecs
{
    static readonly string[] Patients = [.. Enumerable.Range(1, 40).SelectMany(Of)];

    static string[] Of(int n) => [Patient(n), Stay(n), Claim(n, 100 + n)];

    static string Patient(int n, string more = "") => $$"""{"resourceType":"Patient","id":"p{{n}}","gender":"female","birthDate":"1961-04-02"{{more}}}""";

    static string Stay(int n) => $$"""{"resourceType":"Encounter","id":"e{{n}}","status":"finished","class":{"code":"IMP"},"subject":{"reference":"Patient/p{{n}}"},"period":{"start":"2020-05-01"} }""";

    /// <param name="of">Number of the patient, where it is not that of the stay.</param>
    static string Claim(int n, int total, int? of = null) =>
        $$"""{"resourceType":"Claim","id":"k{{n}}","meta":{"lastUpdated":"2024-01-01T{{total / 60:D2}}:{{total % 60:D2}}:00Z"},"status":"active","patient":{"reference":"Patient/p{{of ?? n}}"},"item":[{"encounter":[{"reference":"Encounter/e{{n}}"}]}],"total":{"value":{{total}} } }""";

    static string Deleted(string what) => $$"""{"resourceType":"Bundle","type":"transaction","timestamp":"2024-06-01T00:00:00Z","entry":[{"request":{"method":"DELETE","url":"{{what}}"} }]}""";

    /// <summary>Shard, rows that count and the load that wrote it, of each file of costs.</summary>
    static IEnumerable<(int Shard, long Rows, string Load)> Files(FhirHospital hospital) =>
        hospital.Lake.Release(null).OrThrow().Files.Where(f => f.Table == "cost").Select(f => (f.Shard, f.Living, f.Keys)).Order();

    /// <summary>Whose stay costs how much: patient, claimed amount, once more where the release has a row twice.</summary>
    static List<string> Costs(FhirHospital hospital) => hospital.Query("""
        select person_source_value || ' ' || cast(total_charge as integer)
        from cost join visit_occurrence on cost_event_id = visit_occurrence_id join person using (person_id)
        order by cast(person_source_value[2:] as integer), 1
        """);

    static List<string> Expected(params string[] others)
    {
        var changed = others.ToDictionary(o => o.Split(' ')[0]);
        return [.. Enumerable.Range(1, 40).Select(n => changed.GetValueOrDefault($"p{n}", $"p{n} {100 + n}")).Where(c => c.Contains(' ', StringComparison.Ordinal))];
    }

    static long Person(FhirHospital hospital, int n) => long.Parse(hospital.Query($"select person_id from person where person_source_value = 'p{n}'").Single(), CultureInfo.InvariantCulture);

    [Fact]
    public void A_merge_leaves_the_costs_of_whom_it_does_not_touch_where_they_are()
    {
        using var hospital = new FhirHospital { Keep = new(1, 1, 0.5) };
        hospital.Load(LoadMode.Replace, Patients);
        Assert.Equal([(0, 40L, "r1")], Files(hospital));
        hospital.Load(LoadMode.Merge, Claim(7, 707));
        Assert.Equal([(0, 39L, "r1"), (1, 1L, "r2")], Files(hospital));
        hospital.Load(LoadMode.Merge, Deleted("Claim/k8"), Claim(9, 909));
        Assert.Equal([(0, 37L, "r1"), (1, 2L, "r3")], Files(hospital)); // a shard of one patient is written with the two
        Assert.Equal(Expected("p7 707", "p8", "p9 909"), Costs(hospital));
        hospital.Load(LoadMode.Merge, Claim(7, 708));
        Assert.Equal(Expected("p7 708", "p8", "p9 909"), Costs(hospital));
    }

    [Fact]
    public void A_cost_goes_with_its_claim_to_another_patient()
    {
        using var hospital = new FhirHospital { Keep = new(1, 32, 0.5) };
        hospital.Load(LoadMode.Replace, Patients);
        hospital.Load(LoadMode.Merge, Claim(7, 707, of: 8));
        Assert.Equal([(0, 38L, "r1"), (1, 2L, "r2")], Files(hospital));
        Erasure.Run(hospital.Lake, [Person(hospital, 8)], null, TestContext.Current.CancellationToken).OrThrow();
        hospital.Verify();
        Assert.Equal(Expected("p7", "p8"), Costs(hospital));
    }

    [Fact]
    public void Costs_follow_patients_who_come_together_and_apart()
    {
        using var hospital = new FhirHospital { Keep = new(1, 32, 0.5) };
        const string link = ""","meta":{"lastUpdated":"2024-02-01T00:00:00Z"},"link":[{"type":"replaces","other":{"reference":"Patient/p8"}}]""";
        hospital.Load(LoadMode.Replace, Patients);
        hospital.Load(LoadMode.Merge, Patient(7, link));
        Assert.Equal([(0, 38L, "r1"), (1, 2L, "r2")], Files(hospital));
        var merged = long.Parse(hospital.Query("select distinct person_id from visit_occurrence join cost on cost_event_id = visit_occurrence_id where total_charge in (107, 108)").Single(), CultureInfo.InvariantCulture);
        using (var open = Open(hospital, merged)) Assert.Equal(38, Seen(open).Count);
        hospital.Load(LoadMode.Merge, Patient(7, ""","meta":{"lastUpdated":"2024-03-01T00:00:00Z"}"""));
        Assert.Equal(Expected(), Costs(hospital));
        using (var open = Open(hospital, Person(hospital, 7))) Assert.Equal(39, Seen(open).Count);
    }

    /// <summary>Rows wait on disk while the input is read.</summary>
    [Fact]
    public void They_find_their_patients_however_little_memory_there_is()
    {
        using var roomy = new FhirHospital();
        using var tight = new FhirHospital { Memory = 4 << 10 };
        roomy.Load(LoadMode.Replace, Patients);
        tight.Load(LoadMode.Replace, Patients);
        tight.Load(LoadMode.Merge, Claim(7, 707));
        Assert.Equal([(0, 40L, "r2")], Files(tight));
        Assert.Equal(Expected("p7 707"), Costs(tight));
    }

    static OpenRelease Open(FhirHospital hospital, params long[] withheld) => Door.Open(hospital.Lake, new("t", "test", null, "test", null), (_, _) => { }, 1 << 26, withheld).OrThrow();

    static List<long> Seen(OpenRelease release) => [.. release.Shards.Select(s => s.Table(Cdm54.Cost)).Append(release.Shared(Cdm54.Cost)).Where(t => t?.Rows > 0).SelectMany(t => t!.Int64(Cdm54.Cost["cost_id"], 0))];

    [Fact]
    public void Those_that_an_earlier_version_of_the_program_shared_are_replaced_deleted_withheld_traced_and_erased()
    {
        using var hospital = new FhirHospital { Keep = new(1, 32, 0.5) };
        hospital.Load(LoadMode.Replace, Patients);
        hospital.ShareCosts();
        Assert.Equal([(-1, 40L, "r2")], Files(hospital));
        Assert.Equal(Expected(), Costs(hospital));
        hospital.Load(LoadMode.Merge, Claim(7, 707), Deleted("Claim/k8"));
        Assert.Equal([(-1, 38L, "r3"), (1, 1L, "r3")], Files(hospital)); // of those written anew nobody else has one
        Assert.Equal(Expected("p7 707", "p8"), Costs(hospital));
        using (var open = Open(hospital, Person(hospital, 7), Person(hospital, 9))) Assert.Equal(37, Seen(open).Count);
        var keys = hospital.Query("select cost_id from cost where total_charge in (707, 109) order by total_charge").Select(k => new RowName(Cdm54.Cost, long.Parse(k, CultureInfo.InvariantCulture))).ToList();
        Assert.Equal(["Claim/k9 1", "Claim/k7 3"], Lineage.Of(hospital.Lake, null, keys, TestContext.Current.CancellationToken).OrThrow().Select(r => $"{r.Origin?.Resource} {r.Origin?.Release}"));
        Erasure.Run(hospital.Lake, [Person(hospital, 7), Person(hospital, 9)], null, TestContext.Current.CancellationToken).OrThrow();
        hospital.Verify();
        Assert.Equal([(-1, 37L, "r3")], Files(hospital));
    }

    [Fact]
    public void They_go_to_their_patients_once_these_are_written_anew()
    {
        using var hospital = new FhirHospital { Keep = new(1, 32, 0.5) };
        hospital.Load(LoadMode.Replace, Patients);
        hospital.ShareCosts();
        hospital.Load(LoadMode.Merge, Patient(7, ""","deceasedDateTime":"2024-01-01" """));
        Assert.Equal([(-1, 39L, "r3"), (1, 1L, "r3")], Files(hospital));
        hospital.Load(LoadMode.Merge, [.. Enumerable.Range(7, 34).Select(n => Patient(n, ""","deceasedDateTime":"2024-01-02" """))]);
        Assert.Equal([(0, 40L, "r4")], Files(hospital)); // every shard was: nothing is shared any more
        Assert.Equal(Expected(), Costs(hospital));
    }

    [Fact]
    public void Costs_of_tables_stay_shared_beside_them()
    {
        static Rows Table(long id) => new Rows().Add(Cdm54.Cost, ("cost_id", id), ("cost_event_id", 5L), ("cost_domain_id", "Drug"), ("cost_type_concept_id", 1), ("total_cost", 3.5));
        using var hospital = new FhirHospital { Keep = new(1, 32, 0.5) };
        hospital.Load(LoadMode.Replace, Patients);
        hospital.Load(Table(1));
        hospital.Load(LoadMode.Merge, Claim(7, 707));
        hospital.Load(Table(2));
        Assert.Equal([(-1, 2L, "r4"), (0, 40L, "r4")], Files(hospital));
        hospital.Load(LoadMode.Merge, Claim(8, 808));
        Assert.Equal([(-1, 2L, "r5"), (0, 39L, "r4"), (1, 1L, "r5")], Files(hospital));
        Assert.Equal(Expected("p7 707", "p8 808"), Costs(hospital));
        Assert.Equal(["42"], hospital.Query("select count(*) from cost")); // an export has them all
    }
}
