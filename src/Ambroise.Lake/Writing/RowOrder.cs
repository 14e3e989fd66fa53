using System.Numerics;
using Ambroise.Lake.Columns;

namespace Ambroise.Lake.Writing;

/// <summary>Sorts row numbers by up to two 64-bit keys: a least-significant-digit radix sort that skips the digits all rows share.</summary>
static class RowOrder
{
    const int DigitBits = 11, Buckets = 1 << DigitBits;

    /// <summary>Of keys that are spread evenly, so many bits are sorted by beyond those that it takes to number them.</summary>
    const int SpareBits = 2;

    /// <summary>Stable order of rows by <paramref name="keys"/>, ascending as unsigned numbers.</summary>
    /// <param name="keys">One per row; permuted along with the rows.</param>
    /// <param name="areSpread">They are mostly spread evenly, as hashes are: their upper digits tell most apart, and the rest are neighbours that change places. Others take longer so.</param>
    /// <param name="rows">The rows' numbers in the order of their keys, in an array of the shelf's that goes over to this; null where they are 0, 1, 2 and so on.</param>
    /// <returns>Row numbers in order, at the front of an array of the shelf's.</returns>
    public static int[] Sort(ulong[] keys, int count, ArrayShelf shelf, bool areSpread = false, int[]? rows = null)
    {
        if (rows is null)
        {
            rows = shelf.Take<int>(count);
            for (var i = 0; i < count; i++) rows[i] = i;
        }
        ulong differing = 0, sorted = 1;
        for (var i = 1; i < count; i++)
        {
            differing |= keys[i] ^ keys[0];
            if (keys[i] < keys[i - 1]) sorted = 0;
        }
        if (sorted == 1) return rows;

        var otherKeys = shelf.Take<ulong>(count);
        var otherRows = shelf.Take<int>(count);
        var digits = (Width((ulong)count) + SpareBits + DigitBits - 1) / DigitBits;
        var least = areSpread ? Math.Max(0, Width(differing) - digits * DigitBits) : 0;
        ByDigits(least, differing, keys, otherKeys, ref rows, ref otherRows, count);
        if (least > 0 && !ByNeighbours(keys, rows, count)) ByDigits(0, differing, keys, otherKeys, ref rows, ref otherRows, count);
        shelf.Give(otherKeys);
        shelf.Give(otherRows);
        return rows;
    }

    /// <param name="least">The lowest bit that counts.</param>
    static void ByDigits(int least, ulong differing, ulong[] keys, ulong[] otherKeys, ref int[] rows, ref int[] otherRows, int count)
    {
        Span<int> at = stackalloc int[Buckets];
        var from = keys;
        var to = otherKeys;
        for (var shift = least; shift < 64; shift += DigitBits)
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
    }

    /// <returns>False where that takes more steps than there are rows: then they are in no order that counts, and none is lost.</returns>
    static bool ByNeighbours(ulong[] keys, int[] rows, int count)
    {
        var steps = count;
        for (var i = 1; i < count; i++)
        {
            var (key, row, to) = (keys[i], rows[i], i);
            for (; to > 0 && keys[to - 1] > key && steps > 0; to--, steps--) (keys[to], rows[to]) = (keys[to - 1], rows[to - 1]);
            (keys[to], rows[to]) = (key, row);
            if (steps == 0) return false;
        }
        return true;
    }

    /// <summary>Bits needed to hold values from 0 to <paramref name="greatest"/>.</summary>
    public static int Width(ulong greatest) => 64 - BitOperations.LeadingZeroCount(greatest);
}
