using System.Numerics;
using Ambroise.Lake.Columns;

namespace Ambroise.Lake.Writing;

/// <summary>Sorts row numbers by up to two 64-bit keys: a least-significant-digit radix sort that skips the digits all rows share.</summary>
static class RowOrder
{
    const int DigitBits = 11, Buckets = 1 << DigitBits;

    /// <summary>Stable order of rows by <paramref name="keys"/>, ascending as unsigned numbers.</summary>
    /// <param name="keys">One per row; permuted along with the rows.</param>
    /// <returns>Row numbers in order, at the front of an array of the shelf's.</returns>
    public static int[] Sort(ulong[] keys, int count, ArrayShelf shelf)
    {
        var rows = shelf.Take<int>(count);
        for (var i = 0; i < count; i++) rows[i] = i;
        ulong differing = 0, sorted = 1;
        for (var i = 1; i < count; i++)
        {
            differing |= keys[i] ^ keys[0];
            if (keys[i] < keys[i - 1]) sorted = 0;
        }
        if (sorted == 1) return rows;

        var otherKeys = shelf.Take<ulong>(count);
        var otherRows = shelf.Take<int>(count);
        Span<int> at = stackalloc int[Buckets];
        var from = keys;
        var to = otherKeys;
        for (var shift = 0; shift < 64; shift += DigitBits)
        {
            if ((differing >> shift & (Buckets - 1)) == 0) continue;
            at.Clear();
            for (var i = 0; i < count; i++) at[(int)(from[i] >> shift) & (Buckets - 1)]++;
            var sum = 0;
            for (var b = 0; b < Buckets; b++) (at[b], sum) = (sum, sum + at[b]);
            for (var i = 0; i < count; i++)
            {
                var place = at[(int)(from[i] >> shift) & (Buckets - 1)]++;
                to[place] = from[i];
                otherRows[place] = rows[i];
            }
            (from, to) = (to, from);
            (rows, otherRows) = (otherRows, rows);
        }
        if (!ReferenceEquals(from, keys)) Array.Copy(from, keys, count);
        shelf.Give(otherKeys);
        shelf.Give(otherRows);
        return rows;
    }

    /// <summary>Bits needed to hold values from 0 to <paramref name="greatest"/>.</summary>
    public static int Width(ulong greatest) => 64 - BitOperations.LeadingZeroCount(greatest);
}
