using System.Numerics;

namespace Ambroise.Cohorts.Engine;

/// <summary>Puts events that come concept by concept in order of patient, and where it is asked for of (patient, start, id).</summary>
static class PatientOrder
{
    /// <param name="ids">May be empty: then equal starts stay as they come.</param>
    /// <returns>The places in order of (patient, start, id); empty where the events are in order already.</returns>
    public static ReadOnlySpan<int> Of(ReadOnlySpan<ushort> patients, ReadOnlySpan<int> starts, ReadOnlySpan<long> ids, int shardPatients, Scratch scratch)
    {
        if (InOrder(patients, starts, ids)) return default;
        var order = AreFew(patients, shardPatients) ? Few(patients, starts, scratch, EventOrder.Full) : Many(patients, starts, shardPatients, scratch);
        if (!ids.IsEmpty) ById(patients, starts, ids, order);
        return order;
    }

    /// <summary>The events themselves in order, where they are nothing but a patient and a start.</summary>
    /// <returns>Where each patient's are.</returns>
    public static Extents Arrange(ReadOnlySpan<ushort> patients, ReadOnlySpan<int> starts, int shardPatients, Scratch scratch, Span<ushort> toPatients, Span<int> toStarts, EventOrder order)
    {
        if (AreFew(patients, shardPatients))
        {
            var places = Few(patients, starts, scratch, order);
            for (var i = 0; i < places.Length; i++) (toPatients[i], toStarts[i]) = (patients[places[i]], starts[places[i]]);
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
        if (order == EventOrder.Full) ByStart(toStarts, ends[..shardPatients]);
        return new(offsets[..shardPatients], offsets.Slice(1, shardPatients));
    }

    /// <param name="ends">Where each patient's events end.</param>
    static void ByStart(Span<int> starts, ReadOnlySpan<int> ends)
    {
        var at = 0;
        foreach (var end in ends)
        {
            if (end - at >= 2) Sort(starts[at..end]);
            at = end;
        }
    }

    static void Sort<T>(Span<T> values) where T : IComparisonOperators<T, T, bool>
    {
        if (values.Length > 32) values.Sort();
        else Insert(values);
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

    /// <summary>A pass over all patients of the shard costs more than two over the events.</summary>
    static bool AreFew(ReadOnlySpan<ushort> patients, int shardPatients) => patients.Length * 8L < shardPatients;

    /// <summary>By the lower half of the patient's number, then the upper, each pass keeping what the last put in order.</summary>
    static Span<int> Few(ReadOnlySpan<ushort> patients, ReadOnlySpan<int> starts, Scratch scratch, EventOrder wanted)
    {
        Span<int> lower = stackalloc int[257], upper = stackalloc int[257];
        lower.Clear();
        upper.Clear();
        foreach (var patient in patients)
        {
            lower[(byte)patient + 1]++;
            upper[(patient >> 8) + 1]++;
        }
        for (var b = 1; b < 256; b++) (lower[b], upper[b]) = (lower[b] + lower[b - 1], upper[b] + upper[b - 1]);
        var half = scratch.Rent<int>(patients.Length).Span;
        for (var i = 0; i < patients.Length; i++) half[lower[(byte)patients[i]]++] = i;
        var order = scratch.Rent<int>(patients.Length).Span;
        foreach (var i in half) order[upper[patients[i] >> 8]++] = i;
        for (int from = 0, to; wanted == EventOrder.Full && from < order.Length; from = to)
        {
            to = from + 1;
            while (to < order.Length && patients[order[to]] == patients[order[from]]) to++;
            if (to - from > 1) ByStart(starts, order[from..to], scratch);
        }
        return order;
    }

    /// <param name="places">Of one patient, ascending: of equal starts the one that came first stays first.</param>
    static void ByStart(ReadOnlySpan<int> starts, Span<int> places, Scratch scratch)
    {
        var packed = places.Length <= 32 ? stackalloc long[32] : scratch.Rent<long>(places.Length).Span;
        packed = packed[..places.Length];
        for (var i = 0; i < places.Length; i++) packed[i] = (long)starts[places[i]] << 32 | (uint)places[i];
        Sort(packed);
        for (var i = 0; i < places.Length; i++) places[i] = (int)packed[i];
    }

    /// <returns>Where the events of patient p begin, at p + 1. Each moved on as its events are put there, it ends where they end: then p's are at [p, p + 1).</returns>
    static Memory<int> Begins(ReadOnlySpan<ushort> patients, int shardPatients, Scratch scratch)
    {
        var begins = scratch.Rent<int>(shardPatients + 2);
        var to = begins.Span;
        to.Clear();
        var counts = to[2..];
        foreach (var patient in patients) counts[patient]++;
        Add(counts);
        return begins;
    }

    /// <summary>Each becomes the sum of all up to itself.</summary>
    static void Add(Span<int> counts)
    {
        var sum = 0;
        for (var p = 0; p < counts.Length; p++) counts[p] = sum += counts[p];
    }

    static Span<int> Many(ReadOnlySpan<ushort> patients, ReadOnlySpan<int> starts, int shardPatients, Scratch scratch)
    {
        var order = scratch.Rent<int>(patients.Length).Span;
        var ends = Begins(patients, shardPatients, scratch).Span[1..];
        var packed = scratch.Rent<long>(patients.Length).Span;
        for (var i = 0; i < patients.Length; i++) packed[ends[patients[i]]++] = (long)starts[i] << 32 | (uint)i;
        for (int p = 0, at = 0; p < shardPatients; at = ends[p++]) Sort(packed[at..ends[p]]);
        for (var i = 0; i < packed.Length; i++) order[i] = (int)packed[i];
        return order;
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
