using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Ambroise.Lake.Columns;

/// <summary>Asks the processor for memory that will be looked at soon: tables larger than its caches are looked into at random, and several such looks then wait together.</summary>
public static class Ahead
{
    public static unsafe void Fetch<T>(ref T place)
    {
        // The collector may move the array before the fetch: then nothing is gained, and nothing is lost.
        if (Sse.IsSupported) Sse.Prefetch0(Unsafe.AsPointer(ref place));
    }
}
