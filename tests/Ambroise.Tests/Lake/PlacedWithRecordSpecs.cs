using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Sealing;
using Ambroise.Lake.Writing;
using Ambroise.Tests.Cohorts.Generated;

namespace Ambroise.Tests.Lake;

/// <summary>A cost names no patient. Where the record it was made of is known it lies with that patient, and its file says whose it is; else it is shared.</summary>
public sealed class PlacedWithRecordSpecs
{
    static Rows Hospital(params int[] patients)
    {
        var rows = new Rows();
        foreach (var p in patients) rows.Person(p * 3L).Condition(p * 1000L, p * 3L, 1000, "2020-01-01").Hanging(p).Claim(p);
        return rows;
    }

    static OpenRelease Open(TestLake test, params long[] withheld) => Door.Open(test.Lake, new("t", "test", null, "test", null), (_, _) => { }, 1 << 26, withheld).OrThrow();

    static Failure? Fault(TestLake test) => Verification.Run(test.Lake, null, TestContext.Current.CancellationToken).Fault;

    static List<(long Cost, long Person)> Costs(IShard shard) => shard.Table(Cdm54.Cost) is not { } costs ? [] :
        [.. costs.Int64(Cdm54.Cost["cost_id"], 0).Zip(costs.Patients(0).Select(o => shard.PersonIds.Span[o]))];

    [Fact]
    public void It_is_seen_with_its_patient_and_what_is_shared_beside_it()
    {
        using var test = new TestLake();
        test.Load(Hospital(1, 2, 3));
        Assert.Null(Fault(test));
        using var open = Open(test);
        Assert.Equal([(100_001, 3), (100_002, 6), (100_003, 9)], Costs(open.Shards[0]));
        Assert.Equal([1L, 2L, 3L], open.Shards[0].Shared(Cdm54.Cost)!.Int64(Cdm54.Cost["cost_id"], 0));
        Assert.Null(open.Shards[0].Shared(Cdm54.ConditionOccurrence));
        using var withheld = Open(test, 6);
        Assert.Equal([(100_001, 3), (100_003, 9)], Costs(withheld.Shards[0]));
        Assert.Equal([1L, 3L], withheld.Shards[0].Shared(Cdm54.Cost)!.Int64(Cdm54.Cost["cost_id"], 0));
    }

    [Fact]
    public void A_load_of_tables_leaves_it_where_it_is_but_for_a_row_of_the_same_key()
    {
        using var test = new TestLake();
        test.Load(Hospital(1, 2));
        test.Load(new Rows().Person(9).Add(Cdm54.Cost, ("cost_id", 100_002L), ("cost_event_id", 2000L), ("cost_domain_id", "Condition"), ("cost_type_concept_id", 2)), LoadMode.Merge);
        Assert.Null(Fault(test));
        using var open = Open(test);
        Assert.Equal([(100_001, 3)], Costs(open.Shards[0]));
        Assert.Equal([1L, 2L, 100_002L], open.Shared(Cdm54.Cost)!.Int64(Cdm54.Cost["cost_id"], 0));
    }

    [Fact]
    public void An_erasure_takes_it_and_leaves_the_others_with_their_patients()
    {
        using var test = new TestLake();
        test.Load(Hospital(1, 2, 3));
        Erasure.Run(test.Lake, [3], null, TestContext.Current.CancellationToken).OrThrow();
        Assert.Null(Fault(test));
        using var open = Open(test);
        Assert.Equal([(100_002, 6), (100_003, 9)], Costs(open.Shards[0]));
        Assert.Equal([2L, 3L], open.Shared(Cdm54.Cost)!.Int64(Cdm54.Cost["cost_id"], 0));
    }

    /// <summary>Of whoever is erased has none, the file stays as it is though the file of persons does not.</summary>
    [Fact]
    public void An_erasure_of_somebody_without_a_cost_leaves_its_file_alone()
    {
        using var test = new TestLake();
        test.Load(Hospital(2, 3).Person(1));
        string File() => test.Lake.Release(null).OrThrow().Files.Single(f => f is { Table: "cost", Shard: 0 }).Path;
        var before = File();
        Erasure.Run(test.Lake, [1], null, TestContext.Current.CancellationToken).OrThrow();
        Assert.Equal(before, File());
        Assert.Null(Fault(test));
        using var open = Open(test);
        Assert.Equal([(100_002, 6), (100_003, 9)], Costs(open.Shards[0]));
    }

    [Theory]
    [InlineData(6)] // of a patient of this shard, whose record is another one
    [InlineData(7)] // of nobody: refused while it is loaded
    public void One_that_lies_with_somebody_elses_records_is_found_out(long person)
    {
        using var test = new TestLake();
        var loaded = test.Load(Hospital(2, 3).Person(3).Claim(1, person));
        Assert.Equal(person == 7 ? 1 : 0, loaded.Rejects.Where(r => r.Key == ("cost", "person_id", "person-missing")).Sum(r => r.Value));
        Assert.Equal(person == 7 ? null : "lake.parent-unknown", Fault(test)?.Code);
    }

    [Fact]
    public void Whose_rows_are_is_told_as_it_was_whatever_the_blocks()
    {
        var dice = new Dice(7);
        var rows = new Dictionary<long, int> { [long.MaxValue] = 1, [long.MinValue + 1] = 2, [0] = 70_000 };
        for (var n = 0; n < 500; n++) rows[(long)dice.Of(1, int.MaxValue - 1) << 31] = dice.Of(1, 400);
        long[] wanted = [.. rows.OrderBy(r => r.Key).SelectMany(r => Enumerable.Repeat(r.Key, r.Value))];
        var runs = PatientRuns.Of(rows)!;
        Assert.Equal(wanted.Length, runs.Rows);
        Assert.Equal(wanted, Enumerable.Range(0, wanted.Length / IShardTable.BlockRows + 1).SelectMany(runs.Block));
        Assert.Empty(runs.Block(wanted.Length / IShardTable.BlockRows + 1));
        Assert.Equal(wanted, Enumerable.Range(0, wanted.Length / IShardTable.BlockRows + 1).SelectMany(PatientRuns.Parse(runs.Encode()).Block));
        Assert.Null(PatientRuns.Of([]));
    }
}
