using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ambroise.Sources.Fhir.Reading;

/// <summary>Where the lines of a chunk end: found once, for counting them and for cutting them.</summary>
static class LineEnds
{
    const byte End = (byte)'\n';

    const int Usual = 1 << 10;

    /// <returns>Places of the line feeds, ascending, in an array of the shared pool's.</returns>
    public static ArraySegment<int> Of(ReadOnlySpan<byte> text)
    {
        var ends = ArrayPool<int>.Shared.Rent(Usual);
        var count = 0;
        void Add(int at)
        {
            if (count == ends.Length)
            {
                var more = ArrayPool<int>.Shared.Rent(2 * count);
                ends.CopyTo(more, 0);
                ArrayPool<int>.Shared.Return(ends);
                ends = more;
            }
            ends[count++] = at;
        }
        var from = 0;
        ref var start = ref MemoryMarshal.GetReference(text);
        for (; from + 2 * Vector256<byte>.Count <= text.Length; from += 2 * Vector256<byte>.Count)
        {
            ref var block = ref Unsafe.Add(ref start, from);
            Vector256<byte> low = Vector256.Equals(Vector256.LoadUnsafe(ref block), Vector256.Create(End)), high = Vector256.Equals(Vector256.LoadUnsafe(ref block, 32), Vector256.Create(End));
            if ((low | high) == Vector256<byte>.Zero) continue; // as most
            for (var bits = low.ExtractMostSignificantBits() | (ulong)high.ExtractMostSignificantBits() << 32; bits != 0; bits &= bits - 1) Add(from + BitOperations.TrailingZeroCount(bits));
        }
        for (; from < text.Length; from++)
            if (text[from] == End) Add(from);
        return new(ends, 0, count);
    }
}
