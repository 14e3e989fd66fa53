namespace Ambroise.Cohorts.Engine;

/// <summary>The events one criterion picks in one shard, in order of (patient, start, id). Days since 1970-01-01. Shared between counts: never written to once made.</summary>
/// <param name="Sort">What orders first and last; the start itself except for periods with dates of the definition's own.</param>
/// <param name="End">May be absent.</param>
/// <param name="Id">Empty where nothing needs it.</param>
/// <param name="Visit">Empty where the kind has none.</param>
/// <param name="Counted">Values of the column a distinct count needs; empty without one.</param>
sealed record EventList(ushort[] Patient, int[] Start, int[] End, int[] Sort, long[] Id, long[] Visit, long[] Counted)
{
    public static readonly EventList None = new([], [], [], [], [], [], []);

    public int Count => Patient.Length;

    /// <summary>Patients with at least one event.</summary>
    public int Patients { get; } = Distinct(Patient);

    public long Bytes => 200 + 2L * Patient.Length + 4L * (Start.Length + End.Length + (ReferenceEquals(Sort, Start) ? 0 : Sort.Length)) + 8L * (Id.Length + Visit.Length + Counted.Length);

    /// <returns>The first event at or after <paramref name="from"/> of this patient or a later one. Gallops: near answers are near in time.</returns>
    public int Seek(int from, int patient)
    {
        if (from >= Patient.Length || Patient[from] >= patient) return from;
        int low = from, step = 1;
        while (low + step < Patient.Length && Patient[low + step] < patient)
        {
            low += step;
            step <<= 1;
        }
        var high = Math.Min(low + step, Patient.Length);
        while (high - low > 1)
        {
            var middle = (low + high) >>> 1;
            if (Patient[middle] < patient) low = middle;
            else high = middle;
        }
        return high;
    }

    /// <returns>The first event in [from, to) that starts on or after a day.</returns>
    public int SeekStart(int from, int to, long day)
    {
        while (to - from > 8)
        {
            var middle = (from + to) >>> 1;
            if (Start[middle] < day) from = middle + 1;
            else to = middle;
        }
        while (from < to && Start[from] < day) from++;
        return from;
    }

    static int Distinct(ushort[] patients)
    {
        var count = patients.Length > 0 ? 1 : 0;
        for (var i = 1; i < patients.Length; i++)
            if (patients[i] != patients[i - 1]) count++;
        return count;
    }
}
