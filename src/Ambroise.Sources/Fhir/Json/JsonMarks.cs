using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ambroise.Sources.Fhir.Json;

/// <summary>Where a JSON text has its quotes, and its braces and brackets outside of strings: found 64 bytes at a time, without looking at what stands between them.</summary>
/// <remarks>Colons and commas are not among them: where one must be is known from these, and a mark costs more than a look. The first stage of Langdale and Lemire, "Parsing gigabytes of JSON per second", VLDB Journal 28 (2019), doi:10.1007/s00778-019-00578-5; sections 3.1.1 and 3.1.2 for escapes and strings.</remarks>
sealed class JsonMarks
{
    const int Block = 64;

    /// <summary>Positions in ascending order; an opening quote is followed by its closing one.</summary>
    public int[] At = new int[2048];

    public int Count { get; private set; }

    /// <summary>A backslash anywhere: strings may be escaped.</summary>
    public bool HasEscapes { get; private set; }

    public bool IsAscii { get; private set; }

    /// <returns>False where a string does not end or holds a control character: such a text is no JSON.</returns>
    public bool Find(ReadOnlySpan<byte> utf8)
    {
        ref var at = ref MemoryMarshal.GetArrayDataReference(At);
        ref var text = ref MemoryMarshal.GetReference(utf8);
        var inString = 0UL; // all ones while a string goes on
        ulong escaping = 0, escapes = 0, controls = 0;
        var seen = Vector256<byte>.Zero;
        var count = 0;
        Span<byte> last = stackalloc byte[Block];
        for (var from = 0; from < utf8.Length; from += Block)
        {
            scoped ref var block = ref Unsafe.Add(ref text, from);
            if (utf8.Length - from < Block)
            {
                last.Fill((byte)' ');
                utf8[from..].CopyTo(last);
                block = ref MemoryMarshal.GetReference(last);
            }
            Vector256<byte> low = Vector256.LoadUnsafe(ref block), high = Vector256.LoadUnsafe(ref block, 32);
            seen |= low | high;
            ulong quotes = Equal(low, high, (byte)'"'), backslashes = Equal(low, high, (byte)'\\');
            if ((backslashes | escaping) != 0)
            {
                escapes |= backslashes;
                quotes &= ~Escaped(backslashes, ref escaping);
            }
            var strings = Between(quotes) ^ inString; // from each opening quote to before its closing one
            inString = (ulong)((long)strings >> 63);
            controls |= Below(low, high, 0x20) & strings;
            var marks = Operators(low, high) & ~strings | quotes;
            if (count > At.Length - Block - 8)
            {
                Array.Resize(ref At, 2 * At.Length);
                at = ref MemoryMarshal.GetArrayDataReference(At);
            }
            // Eight at a time whether or not there are as many: what is too much is written over.
            var found = count + BitOperations.PopCount(marks);
            for (; count < found; count += 8)
            {
                ref var to = ref Unsafe.Add(ref at, count);
                to = Next(ref marks, from);
                Unsafe.Add(ref to, 1) = Next(ref marks, from);
                Unsafe.Add(ref to, 2) = Next(ref marks, from);
                Unsafe.Add(ref to, 3) = Next(ref marks, from);
                Unsafe.Add(ref to, 4) = Next(ref marks, from);
                Unsafe.Add(ref to, 5) = Next(ref marks, from);
                Unsafe.Add(ref to, 6) = Next(ref marks, from);
                Unsafe.Add(ref to, 7) = Next(ref marks, from);
            }
            count = found;
        }
        (Count, HasEscapes, IsAscii) = (count, escapes != 0, seen.ExtractMostSignificantBits() == 0);
        return inString == 0 && controls == 0;
    }

    /// <summary>Takes the lowest mark.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int Next(ref ulong marks, int from)
    {
        var at = from + BitOperations.TrailingZeroCount(marks);
        marks &= marks - 1;
        return at;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong Bits(Vector256<byte> low, Vector256<byte> high) => low.ExtractMostSignificantBits() | (ulong)high.ExtractMostSignificantBits() << 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong Equal(Vector256<byte> low, Vector256<byte> high, byte value)
    {
        var wanted = Vector256.Create(value);
        return Bits(Vector256.Equals(low, wanted), Vector256.Equals(high, wanted));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong Below(Vector256<byte> low, Vector256<byte> high, byte bound)
    {
        var most = Vector256.Create((byte)(bound - 1));
        return Bits(Vector256.Equals(Vector256.Max(low, most), most), Vector256.Equals(Vector256.Max(high, most), most));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong Operators(Vector256<byte> low, Vector256<byte> high) => Bits(Operators(low), Operators(high));

    /// <summary>Brackets differ from braces in one bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<byte> Operators(Vector256<byte> bytes)
    {
        var braces = bytes | Vector256.Create((byte)0x20);
        return Vector256.Equals(braces, Vector256.Create((byte)'{')) | Vector256.Equals(braces, Vector256.Create((byte)'}'));
    }

    /// <summary>Bytes that an odd number of backslashes stands before.</summary>
    /// <param name="escaping">1 where the last block ended with a backslash that escapes what follows.</param>
    static ulong Escaped(ulong backslashes, ref ulong escaping)
    {
        const ulong Even = 0x5555555555555555;
        backslashes &= ~escaping;
        var follows = backslashes << 1 | escaping;
        var oddStarts = backslashes & ~Even & ~follows;
        var carried = oddStarts + backslashes;
        escaping = carried < backslashes ? 1UL : 0;
        return (Even ^ carried << 1) & follows;
    }

    /// <summary>Each bit is the parity of the bits up to it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong Between(ulong quotes)
    {
        if (Pclmulqdq.IsSupported) return Pclmulqdq.CarrylessMultiply(Vector128.CreateScalar(quotes), Vector128<ulong>.AllBitsSet, 0).ToScalar();
        quotes ^= quotes << 1;
        quotes ^= quotes << 2;
        quotes ^= quotes << 4;
        quotes ^= quotes << 8;
        quotes ^= quotes << 16;
        return quotes ^ quotes << 32;
    }
}
