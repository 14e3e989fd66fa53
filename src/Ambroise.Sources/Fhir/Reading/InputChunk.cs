using System.Buffers;

namespace Ambroise.Sources.Fhir.Reading;

/// <summary>A stretch of a file: whole lines, each a JSON document, or one document of many lines.</summary>
/// <param name="Bytes">Lent by <paramref name="Buffers"/>, valid up to <paramref name="Length"/>; whoever maps the chunk gives it back.</param>
/// <param name="Ends">Where its lines end; the last one of a file may have none. Lent by the shared pool; without an array for one document.</param>
/// <param name="FirstLine">From 1.</param>
readonly record struct InputChunk(FhirFile File, InputBuffers Buffers, byte[] Bytes, int Length, ArraySegment<int> Ends, long FirstLine)
{
    /// <summary>One document, however many lines it has.</summary>
    public bool IsDocument => Ends.Array is null;

    public void Release()
    {
        Buffers.Give(Bytes);
        if (Ends.Array is { } ends) ArrayPool<int>.Shared.Return(ends);
    }
}
