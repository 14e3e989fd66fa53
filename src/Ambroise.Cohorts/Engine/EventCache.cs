using Ambroise.Lake.Reading;

namespace Ambroise.Cohorts.Engine;

/// <summary>What was found in a shard for part of a definition: events picked, entry events, which of them pass a rule. Counting again after a change finds what changed alone.
/// Bounded; the longest unused go first.</summary>
/// <param name="capacity">Bytes kept.</param>
sealed class EventCache(long capacity)
{
    readonly Dictionary<(IShard, UInt128), LinkedListNode<Entry>> entries = [];
    readonly LinkedList<Entry> recent = new();
    readonly Lock gate = new();
    long bytes;

    sealed record Entry((IShard, UInt128) Key, object Found, long Bytes);

    /// <param name="part">A hash of all that decides what is found.</param>
    public T? Find<T>(IShard shard, UInt128 part) where T : class
    {
        lock (gate)
        {
            if (!entries.TryGetValue((shard, part), out var node)) return null;
            recent.Remove(node);
            recent.AddFirst(node);
            return (T)node.Value.Found;
        }
    }

    /// <returns>Whether something of this size, in bytes, may be kept: one alone does not push out all the others.</returns>
    public bool Keeps(long size) => size <= capacity / 4;

    /// <param name="found">In memory of its own: it outlives the answer it was found for.</param>
    public void Add(IShard shard, UInt128 part, object found, long size)
    {
        lock (gate)
        {
            if (entries.ContainsKey((shard, part))) return;
            entries[(shard, part)] = recent.AddFirst(new Entry((shard, part), found, size));
            bytes += size;
            while (bytes > capacity && recent.Last is { } oldest)
            {
                recent.RemoveLast();
                entries.Remove(oldest.Value.Key);
                bytes -= oldest.Value.Bytes;
            }
        }
    }
}
