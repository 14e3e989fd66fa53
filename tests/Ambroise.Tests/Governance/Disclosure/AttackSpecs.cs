using Ambroise.Governance.Disclosure;
using Ambroise.Tests.Cohorts.Generated;

namespace Ambroise.Tests.Governance.Disclosure;

/// <summary>Attackers who want to know whether one patient, the target, has what a question asks. A coin decides; the attacker asks counts and guesses. Guessing blindly wins half the games.</summary>
/// <remarks>The rates are in docs/disclosure.md. Every game has patients and a memory of its own, so that none helps another.</remarks>
public sealed class AttackSpecs : IDisposable
{
    const int Games = 200;

    // Four standard deviations of a fair coin over so many games.
    const double Chance = 4 * 0.5 / 14.1;

    readonly CountingHouse house = new();

    public void Dispose() => house.Dispose();

    /// <param name="play">Takes the counts, a generator, the target alone or nobody, and patients nobody else has; says the evidence: positive for "has it".</param>
    double SuccessRate(string attack, Func<SafeCounts, Dice, long[], Func<int, long[]>, double> play, int games = Games)
    {
        var won = 0;
        for (var game = 0; game < games; game++)
        {
            var dice = new Dice((ulong)(game + 1));
            var has = dice.Chance(50);
            long next = game * 10_000_000L;
            long[] Others(int count)
            {
                var made = Enumerable.Range(0, count).Select(i => next + i).ToArray();
                next += count;
                return made;
            }
            var target = Others(1);
            using var counts = house.Fresh();
            var evidence = play(counts, dice, has ? target : [], Others);
            var guess = evidence == 0 ? dice.Chance(50) : evidence > 0;
            if (guess == has) won++;
        }
        var rate = (double)won / games;
        TestContext.Current.TestOutputHelper?.WriteLine($"{attack}: {rate:P1} of {games} games");
        return rate;
    }

    [Fact]
    public void Differencing_a_set_with_and_without_the_target_tells_nothing() =>
        Assert.InRange(SuccessRate("differencing", (counts, dice, target, others) =>
        {
            var crowd = others(dice.Of(10, 400));
            var without = counts.See(crowd);
            Assert.Equal(without, counts.See([.. crowd, .. target]));
            return 0;
        }), 0.5 - Chance, 0.5 + Chance);

    [Fact]
    public void Padding_the_target_with_twenty_crowds_tells_nothing() =>
        Assert.InRange(SuccessRate("padding", (counts, dice, target, others) => Enumerable.Range(0, 20).Sum(_ =>
        {
            var crowd = others(dice.Of(20, 60));
            var without = counts.See(crowd);
            return counts.See([.. crowd, .. target]) - without;
        }), 60), 0.5 - 1.8 * Chance, 0.5 + 1.8 * Chance);

    [Fact]
    public void Averaging_many_ways_to_say_the_same_set_sees_one_answer()
    {
        var errors = new List<double>();
        SuccessRate("averaging", (counts, dice, target, others) =>
        {
            var crowd = others(dice.Of(30, 300));
            var seen = Enumerable.Range(0, 20).Select(i => counts.See(i % 2 == 0 ? crowd : crowd.Reverse())).ToList();
            Assert.Single(seen.Distinct());
            errors.Add(Math.Abs(seen.Average() - crowd.Length));
            return 0;
        }, 40);
        // The mean of twenty answers is as far off as one: sd 2 and the rounding give 2 on average.
        Assert.InRange(errors.Average(), 1.2, 3.0);
    }

    [Fact]
    public void Overlapping_sets_whose_common_part_is_the_target_tell_hardly_anything_once() =>
        Assert.InRange(SuccessRate("overlap, 3 questions", (counts, dice, target, others) => Overlap(counts, dice, target, others) - 0.5), 0.5 - Chance, 0.5 + Chance + 0.05);

    // |left ∩ right| = |left| + |right| - |left ∪ right|: 1 where the target is in both.
    static double Overlap(SafeCounts counts, Dice dice, long[] target, Func<int, long[]> others)
    {
        var (left, right) = (others(dice.Of(30, 90)), others(dice.Of(30, 90)));
        return counts.See([.. left, .. target]) + counts.See([.. right, .. target]) - counts.See([.. left, .. right, .. target]);
    }

    [Fact]
    public void Tracing_a_small_cell_up_to_the_threshold_tells_nothing() =>
        Assert.InRange(SuccessRate("small-cell tracing", (counts, _, target, others) =>
        {
            // The attacker knows nine others by name and needs no first question: ten patients must not look other than nine.
            return counts.See([.. others(9), .. target]) > 0 ? 1 : 0;
        }), 0.5 - Chance, 0.5 + Chance);

    [Fact]
    public void Growing_a_small_cell_step_by_step_tells_hardly_anything() =>
        Assert.InRange(SuccessRate("small-cell growth", (counts, _, target, others) =>
        {
            // From nothing to twenty, one patient at a time; the step at which a number appears should come one sooner with the target.
            var crowd = new List<long>(target);
            for (var size = 1; size <= 24; size++)
            {
                crowd.AddRange(others(1));
                if (counts.See(crowd) > 0) return size < 20 ? 1 : -1;
            }
            return -1;
        }, 100), 0.5 - 1.41 * Chance, 0.5 + 1.41 * Chance + 0.05);

    [Fact]
    public void Standing_on_the_edge_of_the_snap_tells_hardly_anything() =>
        Assert.InRange(SuccessRate("edge of the snap", (counts, dice, target, others) =>
        {
            // An answered set nine patients away, all nine known: with the target it is ten, and a sharp edge would answer anew.
            var crowd = others(dice.Of(60, 200));
            var anchor = counts.See(crowd);
            return counts.See([.. crowd, .. others(9), .. target]) != anchor ? 1 : 0;
        }), 0.5 - Chance, 0.5 + Chance + 0.05);

    /// <summary>Not held: who has many crowds that share nothing but the target, and asks again and again. Measured, so that the docs say it.</summary>
    [Fact]
    public void Who_has_many_independent_crowds_gains_a_little_by_each()
    {
        double Knowing(SafeCounts counts, Dice dice, long[] target, Func<int, long[]> others, int questions)
        {
            double excess = 0;
            for (var q = 0; q < questions; q++)
            {
                var crowd = others(dice.Of(100, 400));
                excess += counts.See([.. crowd, .. target]) - crowd.Length - 0.5;
            }
            return excess;
        }
        var one = SuccessRate("all but one known, 1 question", (c, d, t, o) => Knowing(c, d, t, o, 1));
        var many = SuccessRate("all but one known, 30 questions", (c, d, t, o) => Knowing(c, d, t, o, 30), 40);
        var overlaps = SuccessRate("overlap, 90 questions", (c, d, t, o) => Enumerable.Range(0, 30).Sum(_ => Overlap(c, d, t, o) - 0.5), 20);
        Assert.InRange(one, 0.45, 0.75);
        Assert.True(many > one);
        Assert.InRange(overlaps, 0.45, 1);
    }
}
