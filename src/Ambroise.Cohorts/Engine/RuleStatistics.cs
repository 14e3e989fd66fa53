using System.Numerics;
using System.Runtime.InteropServices;

namespace Ambroise.Cohorts.Engine;

/// <summary>Counts events and patients by the rules they pass.</summary>
sealed class RuleStatistics(int rules)
{
    public Tally EventMasks { get; } = new(rules);
    public Tally BestMasks { get; } = new(rules);
    public int[] Remaining { get; } = new int[rules];
    public int Patients { get; set; }

    /// <param name="masks">By event, bit r for rule r.</param>
    public void Add(IndexEvents events, ReadOnlySpan<ulong> masks)
    {
        var patients = events.Patient.Span;
        var starts = events.Start.Span;
        for (int i = 0, next; i < patients.Length; i = next)
        {
            Patients++;
            var best = i;
            var passed = 0;
            for (next = i; next < patients.Length && patients[next] == patients[i]; next++)
            {
                EventMasks.Add(masks[next]);
                if (next > i && Better(starts, masks, next, best)) best = next;
                passed = Math.Max(passed, Math.Min(rules, BitOperations.TrailingZeroCount(~masks[next])));
            }
            BestMasks.Add(masks[best]);
            for (var r = 0; r < passed; r++) Remaining[r]++;
        }
    }

    static bool Better(ReadOnlySpan<int> starts, ReadOnlySpan<ulong> masks, int a, int b)
    {
        if (masks[a] == masks[b]) return starts[a] < starts[b];
        var (countA, countB) = (BitOperations.PopCount(masks[a]), BitOperations.PopCount(masks[b]));
        if (countA != countB) return countA > countB;
        var (firstA, firstB) = (masks[a] == 0 ? 0 : BitOperations.TrailingZeroCount(masks[a]), masks[b] == 0 ? 0 : BitOperations.TrailingZeroCount(masks[b]));
        return firstA != firstB ? firstA < firstB : starts[a] < starts[b];
    }
}

/// <summary>How often each mask came. Those of few rules have a place of their own.</summary>
sealed class Tally(int rules)
{
    readonly long[] few = rules is > 0 and <= 10 ? new long[1 << rules] : [];
    readonly Dictionary<ulong, long> many = [];

    public Dictionary<ulong, long> Counts
    {
        get
        {
            for (var mask = 0; mask < few.Length; mask++)
                if (few[mask] > 0) many[(ulong)mask] = few[mask];
            return many;
        }
    }

    public void Add(ulong mask)
    {
        if (mask < (ulong)few.Length) few[mask]++;
        else CollectionsMarshal.GetValueRefOrAddDefault(many, mask, out _)++;
    }
}
