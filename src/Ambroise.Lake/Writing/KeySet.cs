using System.Numerics;
using Ambroise.Lake.Columns;

namespace Ambroise.Lake.Writing;

/// <summary>The primary keys seen in one table: a bit each where keys are close together, 8 to 16 bytes each where they are scattered.</summary>
/// <param name="shelf">Where its memory comes from and goes back to; null for the collector's.</param>
sealed class KeySet(ArrayShelf? shelf = null)
{
    const int PageBits = 1 << 16;
    Dictionary<long, ulong[]>? pages = [];
    long[] slots = [];
    int count, mask;
    bool hasZero;

    /// <summary>Fetches what <see cref="Add"/> will look at, where keys are scattered.</summary>
    public void Foresee(long key)
    {
        if (pages is null) Ahead.Fetch(ref slots[Hash(key)]);
    }

    /// <returns>False when the key was there already.</returns>
    public bool Add(long key)
    {
        if (pages is null) return AddSlot(key);
        if (!pages.TryGetValue(key >> 16, out var page))
        {
            // A page that holds fewer than 512 keys costs more than 16 bytes a key: the keys are scattered.
            if (pages.Count >= 64 && count < pages.Count * 512L) return Scatter() && AddSlot(key);
            pages[key >> 16] = page = Empty<ulong>(PageBits / 64);
        }
        ref var word = ref page[(key & 0xFFFF) >> 6];
        var bit = 1UL << (int)(key & 63);
        if ((word & bit) != 0) return false;
        word |= bit;
        count++;
        return true;
    }

    bool Scatter()
    {
        var old = pages!;
        pages = null;
        count = 0;
        Resize(1 << 16);
        foreach (var (high, page) in old)
        {
            for (var w = 0; w < page.Length; w++)
                for (var word = page[w]; word != 0; word &= word - 1)
                    AddSlot(high << 16 | (long)w << 6 | (long)BitOperations.TrailingZeroCount(word));
            shelf?.Give(page);
        }
        return true;
    }

    bool AddSlot(long key)
    {
        if (key == 0) return !hasZero && (hasZero = true);
        if (count * 10L > slots.Length * 7L) Resize(slots.Length * 2);
        var at = Hash(key);
        for (; slots[at] != 0; at = at + 1 & mask)
            if (slots[at] == key) return false;
        slots[at] = key;
        count++;
        return true;
    }

    void Resize(int size)
    {
        var old = slots;
        slots = Empty<long>(size);
        mask = size - 1;
        foreach (var key in old)
        {
            if (key == 0) continue;
            var at = Hash(key);
            while (slots[at] != 0) at = at + 1 & mask;
            slots[at] = key;
        }
        if (old.Length > 0) shelf?.Give(old);
    }

    T[] Empty<T>(int length) where T : unmanaged
    {
        if (shelf is null) return new T[length];
        var array = shelf.Take<T>(length);
        array.AsSpan().Clear();
        return array;
    }

    /// <summary>Forgets every key and gives the memory back.</summary>
    public void Release()
    {
        foreach (var page in pages?.Values ?? Enumerable.Empty<ulong[]>()) shelf?.Give(page);
        if (slots.Length > 0) shelf?.Give(slots);
        (pages, slots, count, hasZero) = ([], [], 0, false);
    }

    int Hash(long key) => (int)((ulong)key * 0x9E3779B97F4A7C15 >> 32) & mask;
}
