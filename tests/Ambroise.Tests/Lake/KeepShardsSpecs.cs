using Ambroise.Lake.Writing;

namespace Ambroise.Tests.Lake;

/// <summary>Which shards a merge leaves as they are: its work follows what it brings, yet shards stay few and full.</summary>
public sealed class KeepShardsSpecs
{
    static MergePlan.Shard Shard(int number, int stored, int departed = 0) => new(number, stored, [.. Enumerable.Range(0, departed)], []);

    static IEnumerable<int> Kept(long touched, params MergePlan.Shard[] shards) => KeepShards.Default.Of(shards, touched).Select(s => s.Number);

    [Fact]
    public void Whatever_a_load_brings_it_writes_nobody_of_a_shard_that_is_neither_tiny_nor_hollow() =>
        Assert.Equal([0, 1, 2], Kept(1_000_000, Shard(0, 256), Shard(1, 40_000), Shard(2, 1000, departed: 250)));

    [Fact]
    public void Tiny_shards_and_those_that_more_departed_from_than_stay_are_written_anew() =>
        Assert.Equal([2], Kept(1, Shard(0, 255), Shard(1, 10_000, departed: 5_001), Shard(2, 10_000, departed: 5_000), Shard(3, 300, departed: 300)));

    [Fact]
    public void As_many_as_a_load_writes_anyway_are_written_before_it_is_too_much_the_most_hollow_first() =>
        Assert.Equal([0, 2], Kept(9_000, Shard(0, 10_000, departed: 3_000), Shard(1, 10_000, departed: 4_000), Shard(2, 10_000, departed: 2_000)));

    [Fact]
    public void Of_many_small_shards_the_smaller_half_become_one()
    {
        var few = Enumerable.Range(0, 32).Select(n => Shard(n, 300 + n)).ToArray();
        Assert.Equal(32, Kept(300, few).Count());
        Assert.Equal(Enumerable.Range(16, 16), Kept(300, [.. few, Shard(32, 299)]));
        Assert.Equal(Enumerable.Range(0, 33), Kept(300, [.. few, Shard(32, 60_000)]));
    }

    [Fact]
    public void Not_more_than_fill_a_shard_become_one() =>
        Assert.Equal(Enumerable.Range(2, 31), Kept(30_000, [.. Enumerable.Range(0, 33).Select(n => Shard(n, 30_000))]));

    /// <summary>Three hundred new patients a night: the nights on which others are written anew are few, and shards do not become many.</summary>
    [Fact]
    public void A_patient_is_written_few_times_on_the_way_to_a_full_shard()
    {
        List<MergePlan.Shard> shards = [];
        var (written, most, nights) = (0L, 0, 0);
        for (; nights < 1000; nights++)
        {
            var kept = KeepShards.Default.Of(shards, 300);
            var moved = shards.Sum(s => s.Living) - kept.Sum(s => s.Living);
            written += 300 + moved;
            shards = [.. kept.Append(Shard(0, 300 + moved)).Select((s, n) => Shard(n, s.Living))];
            most = Math.Max(most, shards.Count);
        }
        Assert.InRange((double)written / (300 * nights), 1, 3.5);
        Assert.InRange(most, 1, 40);
    }
}
