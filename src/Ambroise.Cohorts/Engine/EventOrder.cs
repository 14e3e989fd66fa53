using System.Numerics;

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
        if (patients.Length * 8L < shardPatients)
        {
            var packed = Pack(patients, starts, scratch);
            for (var i = 0; i < packed.Length; i++) order[i] = (ushort)packed[i];
        }
        else
        {
            Many(patients, starts, shardPatients, scratch, order);
        }
        if (!ids.IsEmpty) ById(patients, starts, ids, order);
        return order;
    }

    /// <summary>The events themselves in order, where they are nothing but a patient and a start.</summary>
    /// <returns>Where each patient's events begin, and the last one's end; empty where events are few.</returns>
    public static ReadOnlyMemory<int> Sort(ReadOnlySpan<ushort> patients, ReadOnlySpan<int> starts, int shardPatients, Scratch scratch, Span<ushort> toPatients, Span<int> toStarts)
    {
        if (patients.Length * 8L < shardPatients)
        {
            var packed = Pack(patients, starts, scratch);
            for (var i = 0; i < packed.Length; i++)
            {
                toPatients[i] = (ushort)(packed[i] >> 48);
                toStarts[i] = (int)((uint)(packed[i] >> 16) ^ 0x8000_0000);
            }
            return default;
        }
        var offsets = Begins(patients, shardPatients, scratch);
        var ends = offsets.Span[1..];
        for (var i = 0; i < patients.Length; i++)
        {
            var patient = patients[i];
            var to = ends[patient]++;
            (toPatients[to], toStarts[to]) = (patient, starts[i]);
        }
        for (int p = 0, at = 0; p < shardPatients; at = ends[p++])
        {
            var mine = toStarts[at..ends[p]];
            if (mine.Length < 2) continue;
            if (mine.Length > 32) mine.Sort();
            else Insert(mine);
        }
        return offsets[..(shardPatients + 1)];
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
    static ReadOnlySpan<ulong> Pack(ReadOnlySpan<ushort> patients, ReadOnlySpan<int> starts, Scratch scratch)
    {
        var packed = scratch.Rent<ulong>(patients.Length).Span;
        for (var i = 0; i < packed.Length; i++) packed[i] = (ulong)patients[i] << 48 | (ulong)((uint)starts[i] ^ 0x8000_0000) << 16 | (uint)i;
        packed.Sort();
        return packed;
    }

    /// <returns>Where the events of patient p begin, at p + 1. Each moved on as its events are put there, it ends where they end: then p's are at [p, p + 1).</returns>
    static Memory<int> Begins(ReadOnlySpan<ushort> patients, int shardPatients, Scratch scratch)
    {
        var begins = scratch.Rent<int>(shardPatients + 2);
        var to = begins.Span;
        to.Clear();
        var counts = to[2..];
        foreach (var patient in patients) counts[patient]++;
        var sum = 0;
        for (var p = 0; p < counts.Length; p++) counts[p] = sum += counts[p];
        return begins;
    }

    /// <summary>Fills in where each patient's events begin in a list that is in order, and the last one's end.</summary>
    public static void Offsets(ReadOnlySpan<ushort> patients, Span<int> offsets)
    {
        offsets.Clear();
        var counts = offsets[1..];
        foreach (var patient in patients) counts[patient]++;
        var sum = 0;
        for (var p = 0; p < counts.Length; p++) counts[p] = sum += counts[p];
    }

    static void Many(ReadOnlySpan<ushort> patients, ReadOnlySpan<int> starts, int shardPatients, Scratch scratch, Span<int> order)
    {
        var ends = Begins(patients, shardPatients, scratch).Span[1..];
        var packed = scratch.Rent<long>(patients.Length).Span;
        for (var i = 0; i < patients.Length; i++) packed[ends[patients[i]]++] = (long)starts[i] << 32 | (uint)i;
        for (int p = 0, at = 0; p < shardPatients; at = ends[p++])
        {
            var mine = packed[at..ends[p]];
            if (mine.Length > 32) mine.Sort();
            else Insert(mine);
        }
        for (var i = 0; i < packed.Length; i++) order[i] = (int)packed[i];
    }

    static void Insert<T>(Span<T> values) where T : IComparisonOperators<T, T, bool>
    {
        for (var i = 1; i < values.Length; i++)
        {
            var moving = values[i];
            var j = i;
            while (j > 0 && values[j - 1] > moving) values[j] = values[--j];
            values[j] = moving;
        }
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
