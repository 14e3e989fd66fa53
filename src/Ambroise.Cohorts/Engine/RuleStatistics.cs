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
        if (rules <= Tally.Few && masks.Length <= Places) AddFew(events.Patient.Span, events.Start.Span, masks);
        else AddMany(events.Patient.Span, events.Start.Span, masks);
    }

    /// <summary>Each patient's best event by one number: more rules first, then the first rule that holds, then the earlier start, then the earlier event.</summary>
    void AddFew(ReadOnlySpan<ushort> patients, ReadOnlySpan<int> starts, ReadOnlySpan<ulong> masks)
    {
        Span<ulong> rank = stackalloc ulong[1 << rules];
        for (var mask = 0; mask < rank.Length; mask++)
            rank[mask] = (ulong)(BitOperations.PopCount((uint)mask) * 16 + (mask == 0 ? 15 : 15 - BitOperations.TrailingZeroCount(mask))) << 54;
        for (int i = 0, next; i < patients.Length; i = next)
        {
            ulong best = 0;
            var passed = 0;
            for (next = i; next < patients.Length && patients[next] == patients[i]; next++)
            {
                var mask = masks[next];
                EventMasks.AddFew(mask);
                best = Math.Max(best, rank[(int)mask] | (ulong)(~(uint)starts[next] ^ 0x8000_0000) << 22 | (Places - (uint)(next - i)));
                passed = Math.Max(passed, BitOperations.TrailingZeroCount(~mask));
            }
            Patients++;
            BestMasks.AddFew(masks[i + (int)(Places - (best & Places))]);
            for (var r = 0; r < passed; r++) Remaining[r]++;
        }
    }

    /// <summary>Events of one patient in one shard at most.</summary>
    const uint Places = (1 << 22) - 1;

    void AddMany(ReadOnlySpan<ushort> patients, ReadOnlySpan<int> starts, ReadOnlySpan<ulong> masks)
    {
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
    /// <summary>Rules whose masks all have a place of their own.</summary>
    public const int Few = 10;

    readonly long[] few = rules is > 0 and <= Few ? new long[1 << rules] : [];
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

    /// <summary>As <see cref="Add"/>, of at most <see cref="Few"/> rules.</summary>
    public void AddFew(ulong mask) => few[mask]++;

    public void Add(ulong mask)
    {
        if (mask < (ulong)few.Length) few[mask]++;
        else CollectionsMarshal.GetValueRefOrAddDefault(many, mask, out _)++;
    }
}
