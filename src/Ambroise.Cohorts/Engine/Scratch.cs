using System.Buffers;

namespace Ambroise.Cohorts.Engine;

/// <summary>Memory lent for one answer on one shard and given back as a whole: a count leaves next to nothing for the collector, whatever it passes over. Not zeroed.</summary>
sealed class Scratch : IDisposable
{
    readonly List<IDisposable> lent = [];

    public Memory<T> Rent<T>(int length)
    {
        if (length == 0) return default;
        var owner = MemoryPool<T>.Shared.Rent(length);
        lent.Add(owner);
        return owner.Memory[..length];
    }

    /// <returns>The values at some places, in the order of the places.</returns>
    public ReadOnlyMemory<T> Pick<T>(ReadOnlyMemory<T> values, ReadOnlySpan<int> places)
    {
        if (values.IsEmpty) return values;
        var picked = Rent<T>(places.Length);
        var from = values.Span;
        var to = picked.Span;
        for (var i = 0; i < places.Length; i++) to[i] = from[places[i]];
        return picked;
    }

    public void Dispose()
    {
        foreach (var owner in lent) owner.Dispose();
        lent.Clear();
    }
}
