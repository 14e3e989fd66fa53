namespace Ambroise.Cohorts.Engine;

/// <summary>Where in a list each patient's events begin and end; both zero for a patient without any. Empty where events are few: then a pass over the list costs less.</summary>
readonly record struct Extents(ReadOnlyMemory<int> From, ReadOnlyMemory<int> To)
{
    public bool IsEmpty => From.IsEmpty;

    /// <param name="patients">Those of one patient stand together.</param>
    public static Extents Of(ReadOnlySpan<ushort> patients, int shardPatients, Scratch scratch)
    {
        var (from, to) = (scratch.Rent<int>(shardPatients), scratch.Rent<int>(shardPatients));
        from.Span.Clear();
        to.Span.Clear();
        Stretches.Extend(patients, from.Span, to.Span);
        return new(from, to);
    }

    /// <summary>The same in memory of its own, half as much: where a patient's events end, the next one's begin.</summary>
    public Extents Kept()
    {
        if (IsEmpty) return default;
        var offsets = new int[From.Length + 1];
        var from = From.Span;
        var to = To.Span;
        for (var p = 0; p < from.Length; p++) offsets[p + 1] = to[p] > from[p] ? to[p] : offsets[p];
        return new(offsets.AsMemory(0, from.Length), offsets.AsMemory(1));
    }
}
