namespace Ambroise.Cohorts.Engine;

/// <summary>The events one criterion picks in one shard, in order of (patient, start, id). Days since 1970-01-01. Never written to once made; lives as long as the memory it was made in.</summary>
/// <param name="End">Empty where nothing asks for it; single ends may be absent.</param>
/// <param name="Sort">What orders first and last where that is not the start: periods with dates of the definition's own. Empty otherwise.</param>
/// <param name="Id">Empty where nothing asks for it.</param>
/// <param name="Visit">Empty where nothing asks for it or the kind has none.</param>
/// <param name="Counted">Values of the column a distinct count needs; empty without one.</param>
/// <param name="Ordered">False where nothing asks for the order: then events come as their concepts do.</param>
sealed record EventList(ReadOnlyMemory<ushort> Patient, ReadOnlyMemory<int> Start, ReadOnlyMemory<int> End, ReadOnlyMemory<int> Sort, ReadOnlyMemory<long> Id, ReadOnlyMemory<long> Visit, ReadOnlyMemory<long> Counted,
    bool Ordered = true)
{
    public static readonly EventList None = new(default, default, default, default, default, default, default);

    public int Count => Patient.Length;

    /// <summary>Patients with at least one event.</summary>
    public int Patients { get; } = Ordered ? Stretches.Count(Patient.Span) : Stretches.Patients(Patient.Span);

    public long Bytes(int shardPatients) => 300 + (IsSparse(shardPatients) ? 0 : 4L * shardPatients) + 2L * Patient.Length + 4L * (Start.Length + End.Length + Sort.Length) + 8L * (Id.Length + Visit.Length + Counted.Length);

    /// <summary>Of fewer events than one in so many patients a pass over the list costs less than a table of all patients.</summary>
    bool IsSparse(int shardPatients) => Count * 8L < shardPatients;

    /// <summary>The same events in memory of their own.</summary>
    public EventList Kept(int shardPatients, Scratch scratch) => new(Patient.ToArray(), Start.ToArray(), End.ToArray(), Sort.ToArray(), Id.ToArray(), Visit.ToArray(), Counted.ToArray(), Ordered)
    {
        // Found now: what is kept is read by several threads, and must not hold memory that is only lent.
        offsets = Ordered ? Offsets(shardPatients, scratch).ToArray() : default,
    };

    ReadOnlyMemory<int> offsets;

    /// <returns>Where the events of each patient begin, and where the last one's end; empty where events are few. Of a list in order.</returns>
    public ReadOnlySpan<int> Offsets(int shardPatients, Scratch scratch)
    {
        if (!offsets.IsEmpty || IsSparse(shardPatients)) return offsets.Span;
        var made = scratch.Rent<int>(shardPatients + 1);
        EventOrder.Offsets(Patient.Span, made.Span);
        offsets = made;
        return made.Span;
    }

    /// <summary>The events at some places.</summary>
    public EventList At(ReadOnlySpan<int> places, Scratch scratch) => new(scratch.Pick(Patient, places), scratch.Pick(Start, places), scratch.Pick(End, places), scratch.Pick(Sort, places),
        scratch.Pick(Id, places), scratch.Pick(Visit, places), scratch.Pick(Counted, places), Ordered);

    /// <summary>The same events in order.</summary>
    public EventList InOrder(int shardPatients, Scratch scratch)
    {
        if (Ordered) return this;
        if (End.IsEmpty && Sort.IsEmpty && Id.IsEmpty && Visit.IsEmpty && Counted.IsEmpty)
        {
            var patients = scratch.Rent<ushort>(Count);
            var starts = scratch.Rent<int>(Count);
            var begins = EventOrder.Sort(Patient.Span, Start.Span, shardPatients, scratch, patients.Span, starts.Span);
            return new(patients, starts, default, default, default, default, default) { offsets = begins };
        }
        var order = EventOrder.Of(Patient.Span, (Sort.IsEmpty ? Start : Sort).Span, Id.Span, shardPatients, scratch);
        return (order.IsEmpty ? this : At(order, scratch)) with { Ordered = true };
    }

    /// <returns>The first event at or after <paramref name="from"/> of this patient or a later one. Gallops: near answers are near in time.</returns>
    public static int Seek(ReadOnlySpan<ushort> patients, int from, int patient)
    {
        if (from >= patients.Length || patients[from] >= patient) return from;
        int low = from, step = 1;
        while (low + step < patients.Length && patients[low + step] < patient)
        {
            low += step;
            step <<= 1;
        }
        var high = Math.Min(low + step, patients.Length);
        while (high - low > 1)
        {
            var middle = (low + high) >>> 1;
            if (patients[middle] < patient) low = middle;
            else high = middle;
        }
        return high;
    }

    /// <returns>Where the events of the patient at <paramref name="from"/> end.</returns>
    public static int Ends(ReadOnlySpan<ushort> patients, int from)
    {
        var patient = patients[from];
        var to = from + 1;
        while (to < patients.Length && patients[to] == patient) to++;
        return to;
    }

    /// <returns>The first event in [from, to) that starts on or after a day.</returns>
    public static int SeekStart(ReadOnlySpan<int> starts, int from, int to, long day)
    {
        while (to - from > 8)
        {
            var middle = (from + to) >>> 1;
            if (starts[middle] < day) from = middle + 1;
            else to = middle;
        }
        while (from < to && starts[from] < day) from++;
        return from;
    }
}
