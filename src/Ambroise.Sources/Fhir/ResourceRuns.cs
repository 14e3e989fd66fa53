using System.Numerics;
using System.Runtime.InteropServices;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Sealing;

namespace Ambroise.Sources.Fhir;

/// <summary>Entries that an index of resources has no memory for: on disk, sealed, in runs that are each in order of key; then in one, which is looked into. A byte or two of each stay in memory. For one thread.</summary>
sealed class ResourceRuns(string folder) : IDisposable
{
    /// <summary>Entries of a block, the least that is read.</summary>
    const int BlockEntries = 512;

    /// <summary>Runs that become one at a time: a block of each is in memory.</summary>
    const int Fan = 128;

    /// <summary>Blocks that stay in memory as they were read.</summary>
    const int Near = 64;

    readonly record struct Block(long First, int Entries, ScratchFile.Place At);

    readonly ScratchFile file = new(folder, "resources", new(1 << 20));
    readonly Queue<List<Block>> runs = [];
    readonly (int Block, ResourceEntry[] Entries)[] near = [.. Enumerable.Repeat((-1, Array.Empty<ResourceEntry>()), Near)];
    List<Block> all = [];
    ulong[] filter = [];

    /// <summary>Takes entries, some of one key perhaps.</summary>
    public void Add(Span<ResourceEntry> entries)
    {
        entries.Sort(static (a, b) => a.Key != b.Key ? a.Key.CompareTo(b.Key) : a.Seq.CompareTo(b.Seq));
        var run = new List<Block>();
        for (; !entries.IsEmpty; entries = entries[Math.Min(BlockEntries, entries.Length)..]) run.Add(Written(entries[..Math.Min(BlockEntries, entries.Length)]));
        runs.Enqueue(run);
    }

    /// <summary>Makes one run of all, to be looked into.</summary>
    /// <param name="settle">Which of two entries of one key counts; the first came first.</param>
    /// <param name="each">Told of every entry that counts.</param>
    public void Settle(Func<ResourceEntry, ResourceEntry, ResourceEntry> settle, Action<ResourceEntry> each)
    {
        while (runs.Count > Fan) runs.Enqueue(One([.. Enumerable.Range(0, Fan).Select(_ => runs.Dequeue())], settle, static _ => { }));
        filter = new ulong[BitOperations.RoundUpToPowerOf2((uint)Math.Min(1 << 28, runs.Sum(r => r.Sum(b => (long)b.Entries)) / 8 + 1))];
        all = One([.. runs], settle, e =>
        {
            filter[Word(e.Key)] |= Bits(e.Key);
            each(e);
        });
        runs.Clear();
    }

    List<Block> One(List<Block>[] runs, Func<ResourceEntry, ResourceEntry, ResourceEntry> settle, Action<ResourceEntry> each)
    {
        var readers = runs.Select(r => Entries(r).GetEnumerator()).ToArray();
        var next = new PriorityQueue<int, (long Key, int Seq)>();
        void Advance(int reader)
        {
            if (readers[reader].MoveNext()) next.Enqueue(reader, (readers[reader].Current.Key, readers[reader].Current.Seq));
        }
        for (var r = 0; r < readers.Length; r++) Advance(r);
        var (merged, full) = (new List<Block>(), new List<ResourceEntry>(BlockEntries));
        void Flush()
        {
            if (full.Count > 0) merged.Add(Written(CollectionsMarshal.AsSpan(full)));
            full.Clear();
        }
        while (next.TryDequeue(out var reader, out _))
        {
            var entry = readers[reader].Current;
            Advance(reader);
            while (next.TryPeek(out reader, out var then) && then.Key == entry.Key)
            {
                next.Dequeue();
                entry = settle(entry, readers[reader].Current);
                Advance(reader);
            }
            full.Add(entry);
            each(entry);
            if (full.Count == BlockEntries) Flush();
        }
        Flush();
        return merged;
    }

    Block Written(ReadOnlySpan<ResourceEntry> entries) => new(entries[0].Key, entries.Length, file.Write(MemoryMarshal.AsBytes(entries)));

    IEnumerable<ResourceEntry> Entries(List<Block> run)
    {
        var read = new ResourceEntry[BlockEntries];
        foreach (var block in run)
        {
            file.Read(block.At, MemoryMarshal.AsBytes(read.AsSpan(0, block.Entries)));
            for (var e = 0; e < block.Entries; e++) yield return read[e];
        }
    }

    /// <summary>Every entry that counts, in order of key.</summary>
    public IEnumerable<ResourceEntry> All => Entries(all);

    public bool TryGet(long key, out ResourceEntry entry)
    {
        entry = default;
        if (all.Count == 0 || (filter[Word(key)] & Bits(key)) != Bits(key) || Of(key) is var block && block < 0) return false;
        ref var slot = ref near[block % Near];
        if (slot.Block != block)
        {
            if (slot.Entries.Length == 0) slot.Entries = new ResourceEntry[BlockEntries];
            slot.Block = -1; // not yet read whole
            file.Read(all[block].At, MemoryMarshal.AsBytes(slot.Entries.AsSpan(0, all[block].Entries)));
            slot.Block = block;
        }
        var entries = slot.Entries.AsSpan(0, all[block].Entries);
        var (low, high) = (0, entries.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (entries[middle].Key < key) low = middle + 1;
            else high = middle;
        }
        if (low == entries.Length || entries[low].Key != key) return false;
        entry = entries[low];
        return true;
    }

    /// <returns>The block that may hold a key, or -1.</returns>
    int Of(long key)
    {
        var (low, high) = (0, all.Count);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (all[middle].First <= key) low = middle + 1;
            else high = middle;
        }
        return low - 1;
    }

    int Word(long key) => (int)key & filter.Length - 1;

    /// <summary>Four bits of a word, by a part of the key that does not choose the word: of keys that are not there one in forty passes.</summary>
    static ulong Bits(long key) => 1UL << (int)(key >> 57) | 1UL << (int)(key >> 51) | 1UL << (int)(key >> 45) | 1UL << (int)(key >> 39);

    public void Dispose() => file.Dispose();
}
