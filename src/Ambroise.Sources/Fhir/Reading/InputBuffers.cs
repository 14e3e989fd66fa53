using System.Buffers;
using System.Collections.Concurrent;

namespace Ambroise.Sources.Fhir.Reading;

/// <summary>Memory for a load's input, used for one chunk after another. Patients' bytes do not outlive the load in it: all of it is wiped at the end, rather than after each chunk. Safe for several threads.</summary>
sealed class InputBuffers : IDisposable
{
    /// <summary>What the nearest cache of a core holds: a chunk is read, marked and mapped.</summary>
    public const int ChunkBytes = 256 << 10;

    readonly ConcurrentBag<byte[]> resting = [];

    /// <returns>An array of at least so many bytes.</returns>
    public byte[] Take(int least) => least > ChunkBytes ? ArrayPool<byte>.Shared.Rent(least) : resting.TryTake(out var rested) ? rested : GC.AllocateUninitializedArray<byte>(ChunkBytes);

    public void Give(byte[] buffer)
    {
        if (buffer.Length == ChunkBytes) resting.Add(buffer);
        else ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
    }

    public void Dispose()
    {
        while (resting.TryTake(out var rested)) rested.AsSpan().Clear();
    }
}
