namespace Ambroise.Lake.Writing;

/// <summary>Every person of a release in ascending order of person_id, and the rank of each: shard = rank / 65,536, ordinal = the rest.</summary>
public sealed class PersonIndex
{
    public const int ShardPatients = 1 << 16;

    readonly int[]? dense; // rank + 1 by id - first, where ids are close together
    readonly int[] slots = []; // open addressing, rank + 1
    readonly long first;
    readonly int mask;

    /// <param name="ids">In any order, without duplicates.</param>
    public PersonIndex(long[] ids)
    {
        Ids = ids;
        Array.Sort(ids);
        if (ids.Length == 0) return;
        first = ids[0];
        var span = (ulong)(ids[^1] - first) + 1;
        if (span > 0 && span <= 8UL * (ulong)ids.Length + 1024)
        {
            dense = new int[span];
            for (var i = 0; i < ids.Length; i++) dense[ids[i] - first] = i + 1;
            return;
        }
        mask = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)ids.Length * 2) - 1;
        slots = new int[mask + 1];
        for (var i = 0; i < ids.Length; i++)
        {
            var at = Hash(ids[i]);
            while (slots[at] != 0) at = at + 1 & mask;
            slots[at] = i + 1;
        }
    }

    /// <summary>Ascending.</summary>
    public long[] Ids { get; }

    public int Shards => (Ids.Length + ShardPatients - 1) / ShardPatients;

    /// <returns>The person's rank, or -1.</returns>
    public int Rank(long id)
    {
        if (dense is not null) return id - first is var at && (ulong)at < (ulong)dense.Length ? dense[at] - 1 : -1;
        if (Ids.Length == 0) return -1;
        for (var at = Hash(id); slots[at] is var rank and not 0; at = at + 1 & mask)
            if (Ids[rank - 1] == id) return rank - 1;
        return -1;
    }

    int Hash(long id) => (int)((ulong)id * 0x9E3779B97F4A7C15 >> 33) & mask;
}
