namespace Ambroise.Sources.Fhir;

/// <summary>Patients that are one person: by <c>Patient.link</c>, or one qualified national identity. The person is the least key among them, in whatever order they came.</summary>
sealed class PersonLinks
{
    readonly Dictionary<long, long> parents = [];
    readonly Dictionary<long, long> nationals = [];

    public bool Any => parents.Count > 0;

    public void Link(long one, long other)
    {
        long a = Find(one), b = Find(other);
        if (a != b) parents[Math.Max(a, b)] = Math.Min(a, b);
    }

    public void National(long national, long patient)
    {
        if (!nationals.TryAdd(national, patient)) Link(nationals[national], patient);
    }

    public long Find(long patient)
    {
        while (parents.TryGetValue(patient, out var parent)) patient = parent;
        return patient;
    }
}
