using Ambroise.Lake.Cdm;

namespace Ambroise.Lake.Reading;

/// <summary>Decoded blocks in memory, up to a number of bytes; the least recently used go first. Safe for several threads.</summary>
/// <remarks>Arrays handed out stay valid after they leave the cache. Sealing a tenant drops the cache with the door that owns it.</remarks>
public sealed class BlockCache(long capacityBytes)
{
    /// <summary>A stripe holds many blocks, or a large one would push itself out and be decoded again for each row; of a small cache there are few.</summary>
    const long StripeBytes = 64L << 20;
    readonly Stripe[] stripes = Striped(capacityBytes);

    static Stripe[] Striped(long capacity)
    {
        var count = Math.Clamp(capacity / StripeBytes, 1, 64);
        return [.. Enumerable.Range(0, (int)count).Select(_ => new Stripe(capacity / count))];
    }

    public long Bytes => stripes.Sum(s => s.Bytes);

    /// <returns>The block, read now when absent. Two threads may read the same block at once; both get the same values.</returns>
    internal TArray Get<TArray, TState>(BlockKey key, TState state, Func<TState, TArray> read, Func<TArray, long> size) where TArray : class
    {
        var stripe = stripes[(int)((uint)key.GetHashCode() % stripes.Length)];
        if (stripe.Find(key) is TArray found) return found;
        var made = read(state);
        stripe.Add(key, made, size(made));
        return made;
    }

    /// <summary>Second chance: an entry used since the hand last passed stays one round more. No list to relink on a hit.</summary>
    sealed class Stripe(long capacity)
    {
        readonly Dictionary<BlockKey, Entry> entries = [];
        readonly Queue<Entry> hand = new();
        readonly Lock gate = new();
        long bytes;

        public long Bytes => Volatile.Read(ref bytes);

        public object? Find(BlockKey key)
        {
            lock (gate)
            {
                if (!entries.TryGetValue(key, out var entry)) return null;
                entry.Used = true;
                return entry.Value;
            }
        }

        public void Add(BlockKey key, object value, long size)
        {
            if (capacity <= 0) return;
            lock (gate)
            {
                if (entries.ContainsKey(key)) return;
                var entry = new Entry(key, value, size);
                entries[key] = entry;
                hand.Enqueue(entry);
                bytes += size;
                // The newest stays, whatever its size: whoever reads row by row asks for it again at once.
                while (bytes > capacity && hand.Count > 1 && hand.TryDequeue(out var oldest))
                {
                    if (oldest.Used && hand.Count > 0)
                    {
                        oldest.Used = false;
                        hand.Enqueue(oldest);
                        continue;
                    }
                    entries.Remove(oldest.Key);
                    bytes -= oldest.Size;
                }
            }
        }
    }

    sealed class Entry(BlockKey key, object value, long size)
    {
        public BlockKey Key { get; } = key;
        public object Value { get; } = value;
        public long Size { get; } = size;
        public bool Used { get; set; }
    }
}

/// <param name="File">The file's number in its release.</param>
/// <param name="Column">The column's ordinal; -1 for the patients' ordinals; below that, columns as they are stored where rows of them are withheld.</param>
readonly record struct BlockKey(int File, int Column, int Block)
{
    public static int Stored(CdmColumn column) => -2 - column.Ordinal;
}
