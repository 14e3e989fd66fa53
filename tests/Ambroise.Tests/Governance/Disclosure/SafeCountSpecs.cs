using Ambroise.Governance.Disclosure;

namespace Ambroise.Tests.Governance.Disclosure;

/// <summary>What a count shows, one rule at a time.</summary>
public sealed class SafeCountSpecs : IDisposable
{
    readonly CountingHouse house = new();

    public void Dispose() => house.Dispose();

    static IEnumerable<long> Patients(int from, int count) => Enumerable.Range(from, count).Select(i => (long)i);

    [Fact]
    public void Fewer_than_the_threshold_are_withheld_and_zero_is_no_exception()
    {
        for (var size = 0; size < 10; size++)
        {
            using var counts = house.Fresh();
            Assert.Equal(new ShownCount(null, "<10"), counts.Show(Patients(1, size)).OrThrow());
        }
    }

    [Theory]
    [InlineData(100)]
    [InlineData(1_234)]
    [InlineData(40_001)]
    public void A_count_is_a_multiple_of_five_within_the_noise_and_the_rounding(int size)
    {
        using var counts = house.Fresh();
        var shown = counts.See(Patients(1, size));
        Assert.Equal(0, shown % 5);
        Assert.InRange(shown, size - 7, size + 7);
    }

    [Fact]
    public void The_noise_has_the_published_spread()
    {
        using (house.Fresh()) SafeCounts.SetRules(house.LastFolder, house.Keys, new(Rounding: 1)).OrThrow();
        using var counts = SafeCounts.Open(house.LastFolder, house.Keys).OrThrow();
        var noise = Enumerable.Range(0, 300).Select(i => counts.See(Patients(i * 1000, 100 + i)) - 100 - i).ToList();
        Assert.All(noise, n => Assert.InRange(n, -5, 5));
        Assert.InRange(noise.Average(), -0.5, 0.5);
        Assert.InRange(Math.Sqrt(noise.Average(n => n * n)), 1.7, 2.3);
    }

    [Fact]
    public void The_same_patients_get_the_same_answer_after_a_restart_and_without_the_memory()
    {
        int first;
        using (var counts = house.Fresh()) first = counts.See(Patients(1, 512));
        using (var counts = house.Counts(1)) Assert.Equal(first, counts.See(Patients(1, 512).Reverse()));
        using (var counts = house.Fresh()) Assert.Equal(first, counts.See(Patients(1, 512)));
    }

    [Fact]
    public void A_set_that_differs_by_fewer_than_ten_patients_gets_the_answer_already_given()
    {
        for (var size = 30; size < 60; size++)
        {
            using var counts = house.Fresh();
            var first = counts.Show(Patients(1, size)).OrThrow();
            Assert.Equal(first, counts.Show(Patients(1, size + 9)).OrThrow());
            Assert.Equal(first, counts.Show(Patients(1, size - 9)).OrThrow());
            Assert.Equal(first, counts.Show(Patients(1, size - 4).Concat(Patients(500, 5))).OrThrow());
        }
    }

    [Fact]
    public void A_chain_of_small_steps_does_not_carry_an_answer_away()
    {
        using var counts = house.Fresh();
        for (var size = 100; size < 400; size += 4) Assert.InRange(counts.See(Patients(1, size)), size - 19 - 7, size + 7);
    }

    [Fact]
    public void Memory_on_disk_grows_by_a_fixed_size_and_holds_no_patient()
    {
        using (var counts = house.Fresh()) counts.See(Patients(1_000_000_007, 70_000));
        var file = Path.Combine(house.LastFolder, "disclosure", "answered.sealed");
        Assert.Equal(8 + SetSketch.Bytes + 5 + 28, new FileInfo(file).Length);
        Assert.Equal(-1, File.ReadAllBytes(file).AsSpan().IndexOf(BitConverter.GetBytes(1_000_000_007L)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void An_altered_memory_shows_nothing(int record)
    {
        using (var counts = house.Fresh())
        {
            counts.See(Patients(1, 50));
            counts.See(Patients(1000, 80));
        }
        var file = Path.Combine(house.LastFolder, "disclosure", "answered.sealed");
        var bytes = File.ReadAllBytes(file);
        bytes[record * bytes.Length / 2 + 40] ^= 1;
        File.WriteAllBytes(file, bytes);
        Assert.True(SafeCounts.Open(house.LastFolder, house.Keys).Failed(out var failure, out _));
        Assert.Equal("disclosure.memory-tampered", failure!.Code);
        File.WriteAllBytes(file, [.. bytes.AsSpan(bytes.Length / 2), .. bytes.AsSpan(0, bytes.Length / 2)]);
        Assert.True(SafeCounts.Open(house.LastFolder, house.Keys).Failed(out _, out _));
    }

    [Fact]
    public void A_record_cut_by_a_power_failure_was_never_shown_and_is_dropped()
    {
        int first;
        using (var counts = house.Fresh()) first = counts.See(Patients(1, 50));
        using (var file = File.Open(Path.Combine(house.LastFolder, "disclosure", "answered.sealed"), FileMode.Append)) file.Write(new byte[100]);
        using var again = house.Counts(1);
        Assert.Equal(1, again.Answered);
        Assert.Equal(first, again.See(Patients(1, 50)));
    }

    [Fact]
    public void A_full_memory_answers_what_it_knows_and_nothing_else()
    {
        using (house.Fresh()) SafeCounts.SetRules(house.LastFolder, house.Keys, new(Answers: 100)).OrThrow();
        using var counts = SafeCounts.Open(house.LastFolder, house.Keys).OrThrow();
        for (var i = 0; i < 100; i++) counts.See(Patients(i * 1000, 50));
        Assert.True(counts.Show(Patients(200_000, 50)).Failed(out var failure, out _));
        Assert.Equal("disclosure.memory-full", failure!.Code);
        counts.See(Patients(0, 50));
    }

    [Fact]
    public void Rules_altered_on_disk_are_refused_and_impossible_ones_not_taken()
    {
        using (house.Fresh()) SafeCounts.SetRules(house.LastFolder, house.Keys, new(Threshold: 11)).OrThrow();
        using (var counts = house.Counts(1)) Assert.Equal("<11", counts.Show(Patients(1, 10)).OrThrow().Text);
        var path = Path.Combine(house.LastFolder, "disclosure", "rules.json");
        var bytes = File.ReadAllBytes(path);
        bytes[^30] ^= 1;
        File.WriteAllBytes(path, bytes);
        Assert.True(SafeCounts.Open(house.LastFolder, house.Keys).Failed(out var failure, out _));
        Assert.Equal("disclosure.rules-tampered", failure!.Code);
        Assert.All([new DisclosureRules(Threshold: 1), new(NoiseSd: 0), new(NoiseSd: 6), new(Rounding: 0), new(SnapWithin: 0), new(SnapWithin: 20), new(Answers: 1)],
            bad => Assert.True(bad.Checked().Failed(out _, out _)));
    }
}
