using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ambroise.Cohorts.Engine;

/// <summary>Where in a list something holds, ascending.</summary>
static class Places
{
    public static ReadOnlySpan<int> All(int count, Scratch scratch)
    {
        var all = scratch.Rent<int>(count).Span;
        for (var i = 0; i < all.Length; i++) all[i] = i;
        return all;
    }

    /// <returns>Places of the values equal to one. Bytes are compared several at a time, and only those that are equal are passed over singly.</returns>
    public static ReadOnlySpan<int> Equal<T>(ReadOnlySpan<T> values, T to, Scratch scratch) where T : unmanaged, IBinaryInteger<T>
    {
        var places = scratch.Rent<int>(values.Length + 1).Span;
        var (count, i) = (0, 0);
        if (typeof(T) == typeof(byte))
        {
            var bytes = MemoryMarshal.AsBytes(values);
            var wanted = Vector256.Create(byte.CreateTruncating(to));
            for (; i + Vector256<byte>.Count <= bytes.Length; i += Vector256<byte>.Count)
                for (var equal = Vector256.Equals(Vector256.Create(bytes.Slice(i, Vector256<byte>.Count)), wanted).ExtractMostSignificantBits(); equal != 0; equal &= equal - 1)
                    places[count++] = i + BitOperations.TrailingZeroCount(equal);
        }
        for (; i < values.Length; i++)
        {
            places[count] = i;
            count += values[i] == to ? 1 : 0;
        }
        return places[..count];
    }
}
