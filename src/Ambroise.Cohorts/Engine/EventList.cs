namespace Ambroise.Cohorts.Engine;

/// <summary>How events stand.</summary>
enum EventOrder
{
    /// <summary>As their concepts come, each concept in order by itself.</summary>
    None,

    /// <summary>Patient by patient, ascending; those of one patient in whatever order.</summary>
    Patient,

    /// <summary>By (patient, start, id).</summary>
    Full,
}

/// <summary>The events one criterion picks in one shard. Days since 1970-01-01. Never written to once made; lives as long as the memory it was made in.</summary>
/// <param name="End">Empty where nothing asks for it; single ends may be absent.</param>
/// <param name="Sort">What orders first and last where that is not the start: periods with dates of the definition's own. Empty otherwise.</param>
/// <param name="Id">Empty where nothing asks for it.</param>
/// <param name="Visit">Empty where nothing asks for it or the kind has none.</param>
/// <param name="Counted">Values of the column a distinct count needs; empty without one.</param>
/// <param name="Order">How they stand: no more in order than what is asked of them needs.</param>
sealed record EventList(ReadOnlyMemory<ushort> Patient, ReadOnlyMemory<int> Start, ReadOnlyMemory<int> End, ReadOnlyMemory<int> Sort, ReadOnlyMemory<long> Id, ReadOnlyMemory<long> Visit, ReadOnlyMemory<long> Counted,
    EventOrder Order = EventOrder.Full)
{
    public static readonly EventList None = new(default, default, default, default, default, default, default);

    public int Count => Patient.Length;

    int patients = -1;

    /// <summary>Patients with at least one event. Reckoned when asked for: of a list that is put in another order nobody does.</summary>
    public int Patients => patients >= 0 ? patients : patients = Order == EventOrder.None ? Stretches.Patients([Patient]) : Stretches.Count(Patient.Span);

    public long Bytes(int shardPatients) => 300 + (IsSparse(shardPatients) ? 0 : 4L * shardPatients) + 2L * Patient.Length + 4L * (Start.Length + End.Length + Sort.Length) + 8L * (Id.Length + Visit.Length + Counted.Length);

    /// <summary>Of fewer events than one in so many patients a pass over the list costs less than a table of all patients.</summary>
    bool IsSparse(int shardPatients) => Count * 8L < shardPatients;

    /// <summary>The same events in memory of their own.</summary>
    public EventList Kept(int shardPatients, Scratch scratch) => new(Patient.ToArray(), Start.ToArray(), End.ToArray(), Sort.ToArray(), Id.ToArray(), Visit.ToArray(), Counted.ToArray(), Order)
    {
        // Found now: what is kept is read by several threads, and must not hold memory that is only lent.
        extents = Order == EventOrder.None ? default : Extents(shardPatients, scratch).Kept(),
    };

    Extents extents;

    /// <returns>Where each patient's events are; empty where events are few. Of a list whose patients stand together.</returns>
    public Extents Extents(int shardPatients, Scratch scratch)
    {
        if (extents.IsEmpty && !IsSparse(shardPatients)) extents = Engine.Extents.Of(Patient.Span, shardPatients, scratch);
        return extents;
    }

    /// <summary>The events at some places.</summary>
    public EventList At(ReadOnlySpan<int> places, Scratch scratch) => new(scratch.Pick(Patient, places), scratch.Pick(Start, places), scratch.Pick(End, places), scratch.Pick(Sort, places),
        scratch.Pick(Id, places), scratch.Pick(Visit, places), scratch.Pick(Counted, places), Order);

    /// <summary>The same events in an order, or a stricter one.</summary>
    public EventList In(EventOrder wanted, int shardPatients, Scratch scratch)
    {
        if (Order >= wanted) return this;
        if (End.IsEmpty && Sort.IsEmpty && Id.IsEmpty && Visit.IsEmpty && Counted.IsEmpty)
        {
            var patients = scratch.Rent<ushort>(Count);
            var starts = scratch.Rent<int>(Count);
            var where = PatientOrder.Arrange(Patient.Span, Start.Span, shardPatients, scratch, patients.Span, starts.Span, wanted);
            return new(patients, starts, default, default, default, default, default, wanted) { extents = where };
        }
        var order = PatientOrder.Of(Patient.Span, (Sort.IsEmpty ? Start : Sort).Span, Id.Span, shardPatients, scratch);
        return (order.IsEmpty ? this : At(order, scratch)) with { Order = EventOrder.Full };
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
