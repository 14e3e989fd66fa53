using Ambroise.Lake.Reading;

namespace Ambroise.Cohorts.Engine;

/// <summary>Events already picked, by criterion and shard: counting again after a change picks what changed alone. Bounded; the longest unused go first.</summary>
/// <param name="capacity">Bytes of events kept.</param>
sealed class EventCache(long capacity)
{
    readonly Dictionary<(IShard, UInt128), LinkedListNode<Entry>> entries = [];
    readonly LinkedList<Entry> recent = new();
    readonly Lock gate = new();
    long bytes;

    sealed record Entry((IShard, UInt128) Key, EventList Events);

    public EventList? Find(IShard shard, UInt128 criterion)
    {
        lock (gate)
        {
            if (!entries.TryGetValue((shard, criterion), out var node)) return null;
            recent.Remove(node);
            recent.AddFirst(node);
            return node.Value.Events;
        }
    }

    /// <param name="events">Copied: they live no longer than the answer they were picked for.</param>
    public void Add(IShard shard, UInt128 criterion, EventList events)
    {
        if (events.Bytes > capacity / 4) return;
        var kept = events.Kept();
        lock (gate)
        {
            if (entries.ContainsKey((shard, criterion))) return;
            entries[(shard, criterion)] = recent.AddFirst(new Entry((shard, criterion), kept));
            bytes += events.Bytes;
            while (bytes > capacity && recent.Last is { } oldest)
            {
                recent.RemoveLast();
                entries.Remove(oldest.Value.Key);
                bytes -= oldest.Value.Events.Bytes;
            }
        }
    }
}
