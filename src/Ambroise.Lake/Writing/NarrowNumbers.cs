using System.Buffers.Binary;
using Ambroise.Lake.Columns;

namespace Ambroise.Lake.Writing;

/// <summary>Whole numbers in as few bytes each as their range needs, for rows set aside on disk: the smallest value, the step all are apart by (a second or a day, for times), then 0, 1, 2, 4 or 8 bytes
/// a value; 0 stands for <see cref="Null.Int64"/>. A column of one value costs its header alone.</summary>
static class NarrowNumbers
{
    const int HeaderBytes = 8 + 8 + 1;
    const long Second = 1_000_000, Day = 86_400 * Second;

    /// <returns>Bytes that <see cref="Write"/> may need at most.</returns>
    public static int Most(int count) => HeaderBytes + 8 * count;

    /// <returns>Bytes written.</returns>
    public static int Write(ReadOnlySpan<long> values, Span<byte> to)
    {
        var (least, most, nulls) = (long.MaxValue, long.MinValue, false);
        foreach (var value in values)
        {
            if (value == Null.Int64)
            {
                nulls = true;
                continue;
            }
            if (value < least) least = value;
            if (value > most) most = value;
        }
        if (least > most) (least, most) = (0, 0);
        var range = unchecked((ulong)most - (ulong)least);
        var step = range > uint.MaxValue ? Step(values, least) : 1;
        range /= (ulong)step;
        // Without nulls a single value is code 1 for all: no byte of it is needed.
        var width = !nulls && range == 0 ? 0 : range < byte.MaxValue ? 1 : range < ushort.MaxValue ? 2 : range < uint.MaxValue ? 4 : 8;
        // Codes begin at 1, which the widest range of all leaves no room for: its values stay as they are.
        if (width == 8) (least, step) = (0, 1);
        BinaryPrimitives.WriteInt64LittleEndian(to, least);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], step);
        to[16] = (byte)width;
        to = to[HeaderBytes..];
        for (var i = 0; i < values.Length && width > 0; i++)
        {
            var value = values[i];
            var code = value == Null.Int64 ? 0 : (step == 1 ? unchecked((ulong)value - (ulong)least) : unchecked((ulong)value - (ulong)least) / (ulong)step) + 1;
            switch (width)
            {
                case 1: to[i] = (byte)code; break;
                case 2: BinaryPrimitives.WriteUInt16LittleEndian(to[(2 * i)..], (ushort)code); break;
                case 4: BinaryPrimitives.WriteUInt32LittleEndian(to[(4 * i)..], (uint)code); break;
                default: BinaryPrimitives.WriteInt64LittleEndian(to[(8 * i)..], value); break;
            }
        }
        return HeaderBytes + width * values.Length;
    }

    /// <returns>Bytes read.</returns>
    public static int Read(ReadOnlySpan<byte> from, Span<long> values)
    {
        var least = BinaryPrimitives.ReadInt64LittleEndian(from);
        var step = BinaryPrimitives.ReadInt64LittleEndian(from[8..]);
        var width = from[16];
        from = from[HeaderBytes..];
        if (width == 0) values.Fill(least);
        for (var i = 0; i < values.Length && width > 0; i++)
            values[i] = width switch
            {
                1 => Value(from[i]),
                2 => Value(BinaryPrimitives.ReadUInt16LittleEndian(from[(2 * i)..])),
                4 => Value(BinaryPrimitives.ReadUInt32LittleEndian(from[(4 * i)..])),
                _ => BinaryPrimitives.ReadInt64LittleEndian(from[(8 * i)..]),
            };
        return HeaderBytes + width * values.Length;

        long Value(uint code) => code == 0 ? Null.Int64 : least + (code - 1L) * step;
    }

    /// <summary>A day or a second where all values are whole ones apart, else 1.</summary>
    static long Step(ReadOnlySpan<long> values, long least)
    {
        var step = Day;
        foreach (var value in values)
            while (value != Null.Int64 && unchecked((ulong)value - (ulong)least) % (ulong)step != 0)
            {
                if (step == Second) return 1;
                step = Second;
            }
        return step;
    }
}
