using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ambroise.Cohorts.Engine;

/// <summary>Where in a list the patient changes: what is asked of a patient once need not be asked of each of their events.</summary>
static class Stretches
{
    /// <returns>Where each stretch of one patient begins, ascending, and the end of the list; empty for an empty list.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ReadOnlyMemory<int> Of(ReadOnlySpan<ushort> patients, Scratch scratch)
    {
        if (patients.IsEmpty) return default;
        var begins = scratch.Rent<int>(patients.Length + 1);
        var to = begins.Span;
        var (count, i) = (1, 1);
        to[0] = 0;
        for (; i + Vector256<ushort>.Count <= patients.Length; i += Vector256<ushort>.Count)
            for (var changed = Changed(patients, i); changed != 0; changed &= changed - 1) to[count++] = i + BitOperations.TrailingZeroCount(changed);
        for (; i < patients.Length; i++)
            if (patients[i] != patients[i - 1]) to[count++] = i;
        to[count++] = patients.Length;
        return begins[..count];
    }

    /// <returns>The same of stretches that end where a start is earlier than the one before, too: of events that come concept by concept.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ReadOnlyMemory<int> Ascending(ReadOnlySpan<ushort> patients, ReadOnlySpan<int> starts, Scratch scratch)
    {
        if (patients.IsEmpty) return default;
        var begins = scratch.Rent<int>(patients.Length + 1);
        var to = begins.Span;
        var (count, i) = (1, 1);
        to[0] = 0;
        for (; i + Vector256<ushort>.Count <= patients.Length; i += Vector256<ushort>.Count)
            for (var changed = Changed(patients, i) | Earlier(starts, i) | Earlier(starts, i + Vector256<int>.Count) << Vector256<int>.Count; changed != 0; changed &= changed - 1)
                to[count++] = i + BitOperations.TrailingZeroCount(changed);
        for (; i < patients.Length; i++)
            if (patients[i] != patients[i - 1] || starts[i] < starts[i - 1]) to[count++] = i;
        to[count++] = patients.Length;
        return begins[..count];
    }

    /// <returns>Which of the eight from one on are earlier than the one before, a bit for each.</returns>
    static uint Earlier(ReadOnlySpan<int> starts, int from) =>
        Vector256.LessThan(Vector256.Create(starts.Slice(from, Vector256<int>.Count)), Vector256.Create(starts.Slice(from - 1, Vector256<int>.Count))).ExtractMostSignificantBits();

    /// <summary>Fills in for each patient who has a stretch where it begins and ends.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Extend(ReadOnlySpan<ushort> patients, Span<int> from, Span<int> to)
    {
        if (patients.IsEmpty) return;
        int patient = patients[0], i = 1;
        for (; i + Vector256<ushort>.Count <= patients.Length; i += Vector256<ushort>.Count)
        {
            for (var changed = Changed(patients, i); changed != 0; changed &= changed - 1)
            {
                var at = i + BitOperations.TrailingZeroCount(changed);
                to[patient] = at;
                from[patient = patients[at]] = at;
            }
        }
        for (; i < patients.Length; i++)
        {
            if (patients[i] == patient) continue;
            to[patient] = i;
            from[patient = patients[i]] = i;
        }
        to[patient] = patients.Length;
    }

    /// <returns>How many stretches there are.</returns>
    public static int Count(ReadOnlySpan<ushort> patients)
    {
        if (patients.IsEmpty) return 0;
        var (count, i) = (1, 1);
        for (; i + Vector256<ushort>.Count <= patients.Length; i += Vector256<ushort>.Count) count += BitOperations.PopCount(Changed(patients, i));
        for (; i < patients.Length; i++)
            if (patients[i] != patients[i - 1]) count++;
        return count;
    }

    /// <returns>How many patients there are in some lists, whatever their order.</returns>
    public static int Patients(IEnumerable<ReadOnlyMemory<ushort>> lists)
    {
        Span<ulong> seen = stackalloc ulong[Words];
        seen.Clear();
        foreach (var list in lists) Mark(list.Span, seen);
        return Marked(seen);
    }

    /// <summary>Words that have a bit for each patient of a shard.</summary>
    public const int Words = (ushort.MaxValue + 1) / 64;

    public static int Marked(ReadOnlySpan<ulong> words)
    {
        var count = 0;
        foreach (var word in words) count += BitOperations.PopCount(word);
        return count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static void Mark(ReadOnlySpan<ushort> patients, Span<ulong> seen)
    {
        if (patients.IsEmpty) return;
        seen[patients[0] >> 6] |= 1UL << patients[0];
        var i = 1;
        for (; i + Vector256<ushort>.Count <= patients.Length; i += Vector256<ushort>.Count)
        {
            for (var changed = Changed(patients, i); changed != 0; changed &= changed - 1)
            {
                var patient = patients[i + BitOperations.TrailingZeroCount(changed)];
                seen[patient >> 6] |= 1UL << patient;
            }
        }
        for (; i < patients.Length; i++) seen[patients[i] >> 6] |= 1UL << patients[i];
    }

    /// <returns>Which of the sixteen from one on are of another patient than the one before, a bit for each.</returns>
    static uint Changed(ReadOnlySpan<ushort> patients, int from) =>
        ~Vector256.Equals(Vector256.Create(patients.Slice(from, Vector256<ushort>.Count)), Vector256.Create(patients.Slice(from - 1, Vector256<ushort>.Count))).ExtractMostSignificantBits() & 0xFFFF;
}
