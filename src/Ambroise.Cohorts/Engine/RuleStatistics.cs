using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ambroise.Cohorts.Engine;

/// <summary>Counts events and patients by the rules they pass.</summary>
sealed class RuleStatistics(int rules)
{
    public Tally EventMasks { get; } = new(rules);
    public Tally BestMasks { get; } = new(rules);
    public int[] Remaining { get; } = new int[rules];

    /// <summary>Patients with an event that passes all.</summary>
    public int PassAll => Remaining[^1];

    public int Patients { get; set; }

    /// <summary>Masks behind the last that may be looked at, whatever they are.</summary>
    public const int Room = 8;

    /// <param name="masks">By event, bit r for rule r; and <see cref="Room"/> more.</param>
    public void Add<T>(IndexEvents events, ReadOnlySpan<T> masks, Scratch scratch) where T : unmanaged, IBinaryInteger<T>, IUnsignedNumber<T>
    {
        var begins = events.Begins(scratch);
        Patients += Math.Max(0, begins.Length - 1);
        if (typeof(T) != typeof(byte)) AddMany(begins, events.Start.Span, masks[..events.Count]);
        else AddFew(begins, events.Start.Span, MemoryMarshal.AsBytes(masks), events.Count);
    }

    /// <summary>What a mask is worth is one number: more rules first, then the first rule that holds; the mask itself stands below.</summary>
    void AddFew(ReadOnlySpan<int> begins, ReadOnlySpan<int> starts, ReadOnlySpan<byte> masks, int count)
    {
        Span<int> worth = stackalloc int[256], passes = stackalloc int[256], best = stackalloc int[256], remaining = stackalloc int[9];
        for (var mask = 0; mask < 1 << rules; mask++)
        {
            worth[mask] = (BitOperations.PopCount((uint)mask) * 16 + (mask == 0 ? 0 : 15 - BitOperations.TrailingZeroCount(mask))) << 8 | mask;
            passes[mask] = Math.Min(rules, BitOperations.TrailingZeroCount(~mask));
        }
        best.Clear();
        remaining.Clear();
        if (rules <= 3) AddBySets(begins, starts, masks, worth, passes, best, remaining);
        else AddOneByOne(begins, starts, masks, worth, passes, best, remaining);
        BestMasks.Add((ReadOnlySpan<int>)best);
        EventMasks.Add(Histogram(masks[..count], best));
        for (int r = rules - 1, still = 0; r >= 0; r--) Remaining[r] += still += remaining[r + 1];
    }

    void AddOneByOne(ReadOnlySpan<int> begins, ReadOnlySpan<int> starts, ReadOnlySpan<byte> masks, ReadOnlySpan<int> worth, ReadOnlySpan<int> passes, Span<int> best, Span<int> remaining)
    {
        Span<int> equals = stackalloc int[256];
        equals.Clear();
        for (var mask = 0; mask < 1 << rules; mask++) equals[worth[mask] >> 8]++;
        for (var p = 0; p < begins.Length - 1; p++)
        {
            var (from, end) = (begins[p], begins[p + 1]);
            int most = 0, passed = 0;
            foreach (var mask in masks[from..end])
            {
                most = Math.Max(most, worth[mask]);
                passed = Math.Max(passed, passes[mask]);
            }
            // Masks of the same worth are told apart by the day, where there are any.
            best[equals[most >> 8] == 1 ? (byte)most : Earliest(starts[from..end], masks[from..end], worth, most >> 8)]++;
            remaining[passed]++;
        }
    }

    /// <summary>Three rules have eight masks: the set of those that a patient's events have is a byte, found eight events at a time, and patients are counted by it.</summary>
    static void AddBySets(ReadOnlySpan<int> begins, ReadOnlySpan<int> starts, ReadOnlySpan<byte> masks, ReadOnlySpan<int> worth, ReadOnlySpan<int> passes, Span<int> best, Span<int> remaining)
    {
        Span<int> most = stackalloc int[256], passed = stackalloc int[256], patients = stackalloc int[256];
        Span<bool> tied = stackalloc bool[256];
        patients.Clear();
        for (var set = 1; set < 256; set++)
        {
            var last = BitOperations.Log2((uint)set);
            var before = set & ~(1 << last);
            (most[set], passed[set]) = (Math.Max(worth[last], before == 0 ? 0 : most[before]), Math.Max(passes[last], before == 0 ? 0 : passed[before]));
            tied[set] = before != 0 && (worth[last] >> 8 == most[before] >> 8 || (tied[before] && most[set] == most[before]));
        }
        var bits = Vector128.Create((byte)1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0);
        for (var p = 0; p < begins.Length - 1; p++)
        {
            var (from, end) = (begins[p], begins[p + 1]);
            ulong sets = 0;
            for (var i = from; i < end; i += Room)
            {
                var eight = Vector128.CreateScalar(BitConverter.ToUInt64(masks.Slice(i, Room))).AsByte();
                var some = Vector128.Shuffle(bits, eight).AsUInt64().ToScalar();
                sets |= end - i >= Room ? some : some & ((1UL << 8 * (end - i)) - 1);
            }
            sets |= sets >> 32;
            sets |= sets >> 16;
            var set = (byte)(sets | sets >> 8);
            patients[set]++;
            if (!tied[set]) continue;
            // Masks of the same worth are told apart by the day.
            best[Earliest(starts[from..end], masks[from..end], worth, most[set] >> 8)]++;
            best[(byte)most[set]]--;
        }
        for (var set = 1; set < 256; set++)
        {
            best[(byte)most[set]] += patients[set];
            remaining[passed[set]] += patients[set];
        }
    }

    static byte Earliest(ReadOnlySpan<int> starts, ReadOnlySpan<byte> masks, ReadOnlySpan<int> worth, int rank)
    {
        var first = -1;
        for (var i = 0; i < masks.Length; i++)
            if (worth[masks[i]] >> 8 == rank && (first < 0 || starts[i] < starts[first])) first = i;
        return masks[first];
    }

    /// <summary>Counts bytes into four tables in turn: one table waits for its last count to be written where equal bytes follow one another.</summary>
    static Span<int> Histogram(ReadOnlySpan<byte> values, Span<int> counts)
    {
        Span<int> each = stackalloc int[4 * 256];
        each.Clear();
        var i = 0;
        for (; i + 4 <= values.Length; i += 4)
        {
            each[values[i]]++;
            each[256 + values[i + 1]]++;
            each[512 + values[i + 2]]++;
            each[768 + values[i + 3]]++;
        }
        for (; i < values.Length; i++) each[values[i]]++;
        for (var value = 0; value < 256; value++) counts[value] = each[value] + each[256 + value] + each[512 + value] + each[768 + value];
        return counts;
    }

    void AddMany<T>(ReadOnlySpan<int> begins, ReadOnlySpan<int> starts, ReadOnlySpan<T> of) where T : unmanaged, IBinaryInteger<T>, IUnsignedNumber<T>
    {
        var masks = new ulong[of.Length];
        for (var i = 0; i < masks.Length; i++) masks[i] = ulong.CreateTruncating(of[i]);
        for (var p = 0; p < begins.Length - 1; p++)
        {
            var best = begins[p];
            var passed = 0;
            for (var i = best; i < begins[p + 1]; i++)
            {
                EventMasks.Add(masks[i]);
                if (Better(starts, masks, i, best)) best = i;
                passed = Math.Max(passed, Math.Min(rules, BitOperations.TrailingZeroCount(~masks[i])));
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

/// <summary>How often each mask came.</summary>
sealed class Tally(int rules)
{
    readonly long[] few = rules <= 10 ? new long[1 << rules] : [];
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

    /// <param name="counts">By mask; none of a mask that these rules cannot give.</param>
    public void Add(ReadOnlySpan<int> counts)
    {
        for (var mask = 0; mask < few.Length; mask++) few[mask] += counts[mask];
    }
}
