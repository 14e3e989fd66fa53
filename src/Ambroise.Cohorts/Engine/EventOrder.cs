namespace Ambroise.Cohorts.Engine;

/// <summary>Puts events in order of (patient, start, id): each is packed with its place into one number, and numbers are sorted patient by patient.</summary>
static class EventOrder
{
    /// <param name="ids">May be empty: then equal starts stay as they come.</param>
    /// <returns>The places in order; empty where the events are in order already.</returns>
    public static ReadOnlySpan<int> Of(ReadOnlySpan<ushort> patients, ReadOnlySpan<int> starts, ReadOnlySpan<long> ids, int shardPatients, Scratch scratch)
    {
        if (InOrder(patients, starts, ids)) return default;
        var order = scratch.Rent<int>(patients.Length).Span;
        if (patients.Length * 8L < shardPatients) Few(patients, starts, scratch, order);
        else Many(patients, starts, shardPatients, scratch, order);
        if (!ids.IsEmpty) ById(patients, starts, ids, order);
        return order;
    }

    static bool InOrder(ReadOnlySpan<ushort> patients, ReadOnlySpan<int> starts, ReadOnlySpan<long> ids)
    {
        for (var i = 1; i < patients.Length; i++)
        {
            if (patients[i - 1] < patients[i]) continue;
            if (patients[i - 1] > patients[i] || starts[i - 1] > starts[i]) return false;
            if (starts[i - 1] == starts[i] && !ids.IsEmpty && ids[i - 1] > ids[i]) return false;
        }
        return true;
    }

    /// <summary>At most 8,192 events: patient, start and place fit in 64 bits.</summary>
    static void Few(ReadOnlySpan<ushort> patients, ReadOnlySpan<int> starts, Scratch scratch, Span<int> order)
    {
        var packed = scratch.Rent<ulong>(patients.Length).Span;
        for (var i = 0; i < packed.Length; i++) packed[i] = (ulong)patients[i] << 48 | (ulong)((uint)starts[i] ^ 0x8000_0000) << 16 | (uint)i;
        packed.Sort();
        for (var i = 0; i < packed.Length; i++) order[i] = (ushort)packed[i];
    }

    static void Many(ReadOnlySpan<ushort> patients, ReadOnlySpan<int> starts, int shardPatients, Scratch scratch, Span<int> order)
    {
        var ends = scratch.Rent<int>(shardPatients + 1).Span;
        ends.Clear();
        foreach (var patient in patients) ends[patient + 1]++;
        for (var p = 0; p < shardPatients; p++) ends[p + 1] += ends[p];
        var packed = scratch.Rent<long>(patients.Length).Span;
        for (var i = 0; i < patients.Length; i++) packed[ends[patients[i]]++] = (long)starts[i] << 32 | (uint)i;
        // Each entry is now the end of its patient's events.
        for (int p = 0, at = 0; p < shardPatients; at = ends[p++])
        {
            var mine = packed[at..ends[p]];
            if (mine.Length > 24)
            {
                mine.Sort();
                continue;
            }
            for (var i = 1; i < mine.Length; i++)
            {
                var (moving, j) = (mine[i], i);
                while (j > 0 && mine[j - 1] > moving) mine[j] = mine[--j];
                mine[j] = moving;
            }
        }
        for (var i = 0; i < packed.Length; i++) order[i] = (int)packed[i];
    }

    /// <summary>Of one patient's events on one day, the lower id first.</summary>
    static void ById(ReadOnlySpan<ushort> patients, ReadOnlySpan<int> starts, ReadOnlySpan<long> ids, Span<int> order)
    {
        for (var i = 1; i < order.Length; i++)
        {
            var moving = order[i];
            var j = i;
            while (j > 0 && order[j - 1] is var before && patients[before] == patients[moving] && starts[before] == starts[moving] && ids[before] > ids[moving]) order[j--] = before;
            order[j] = moving;
        }
    }
}
