using System.Buffers.Binary;

namespace Ambroise.Governance.Disclosure;

/// <summary>A set of keyed 64-bit elements in 192 bytes, whatever its size: from two of them follows exactly by how many elements their sets differ, up to <see cref="Capacity"/>.</summary>
/// <remarks>The sums of the odd powers x, x³, x⁵ … of the elements in GF(2^64), as in the decoding of BCH codes and in PinSketch (Dodis, Ostrovsky, Reyzin, Smith, "Fuzzy
/// extractors", SIAM J. Comput. 2008;38:97-139, section 6). The sums of two sets added are those of their symmetric difference; the shortest linear recurrence of its power sums
/// (Massey, IEEE Trans. Inf. Theory 1969;15:122-127) is as long as the difference has elements. Each element moves every sum, so nothing of a set can be read without its key.</remarks>
public sealed class SetSketch
{
    /// <summary>Differences up to this many elements are told exactly; larger ones are told to be larger.</summary>
    public const int Capacity = Sums - 2;

    /// <summary>Size of <see cref="Write"/>, in bytes.</summary>
    public const int Bytes = 8 * Sums;

    // Two sums more than the capacity: a larger difference passes for a small one with a chance of 2^-128.
    const int Sums = 24;
    readonly ulong[] sums = new ulong[Sums];

    /// <summary>Adds an element, or takes it out where it is in.</summary>
    /// <param name="element">Not 0.</param>
    public void Toggle(ulong element)
    {
        var square = Field64.Multiply(element, element);
        for (var i = 0; i < Sums; i++)
        {
            sums[i] ^= element;
            element = Field64.Multiply(element, square);
        }
    }

    public void Write(Span<byte> to)
    {
        for (var i = 0; i < Sums; i++) BinaryPrimitives.WriteUInt64LittleEndian(to[(8 * i)..], sums[i]);
    }

    public static SetSketch Read(ReadOnlySpan<byte> from)
    {
        var sketch = new SetSketch();
        for (var i = 0; i < Sums; i++) sketch.sums[i] = BinaryPrimitives.ReadUInt64LittleEndian(from[(8 * i)..]);
        return sketch;
    }

    /// <returns>In how many elements the sets differ, or null for more than <see cref="Capacity"/>.</returns>
    public int? Difference(SetSketch other)
    {
        // Power sums 1 to 2·Sums: an even one is the square of the one half its order.
        Span<ulong> powers = stackalloc ulong[2 * Sums];
        for (var i = 0; i < powers.Length; i++)
        {
            var half = (i + 1) / 2 - 1;
            powers[i] = i % 2 == 0 ? sums[i / 2] ^ other.sums[i / 2] : Field64.Multiply(powers[half], powers[half]);
        }
        return Recurrence(powers) is var length && length <= Capacity ? length : null;
    }

    /// <summary>Length of the shortest linear recurrence that gives the sequence (Berlekamp-Massey).</summary>
    static int Recurrence(ReadOnlySpan<ulong> sequence)
    {
        Span<ulong> current = stackalloc ulong[2 * Sums + 1], before = stackalloc ulong[2 * Sums + 1], kept = stackalloc ulong[2 * Sums + 1];
        (current[0], before[0]) = (1, 1);
        int length = 0, since = 1;
        ulong last = 1;
        for (var n = 0; n < sequence.Length; n++)
        {
            var off = sequence[n];
            for (var i = 1; i <= length; i++) off ^= Field64.Multiply(current[i], sequence[n - i]);
            if (off == 0)
            {
                since++;
                continue;
            }
            current.CopyTo(kept);
            var factor = Field64.Multiply(off, Field64.Inverse(last));
            for (var i = 0; i + since < current.Length; i++) current[i + since] ^= Field64.Multiply(factor, before[i]);
            if (2 * length > n)
            {
                since++;
                continue;
            }
            length = n + 1 - length;
            if (length > Capacity) return length;
            kept.CopyTo(before);
            (last, since) = (off, 1);
        }
        return length;
    }
}
