namespace Ambroise.Sources.Fhir;

/// <summary>Patients that are one person: by <c>Patient.link</c>, or one qualified national identity. The person is the least key among those known, in whatever order they came.</summary>
sealed class PersonLinks
{
    readonly Dictionary<long, long> parents = [], nationals = [], persons = [];

    public bool Any => persons.Count > 0;

    public void Link(long one, long other)
    {
        long a = Root(one), b = Root(other);
        if (a != b) parents[Math.Max(a, b)] = Math.Min(a, b);
    }

    public void National(long national, long patient)
    {
        if (!nationals.TryAdd(national, patient)) Link(nationals[national], patient);
    }

    /// <summary>Says who is known, before <see cref="Person"/> is asked.</summary>
    /// <returns>The patients that are another one's person from now on.</returns>
    public List<long> Settle(IEnumerable<long> known)
    {
        if (parents.Count == 0) return [];
        var least = new Dictionary<long, long>();
        var linked = new List<long>();
        var all = parents.Keys.Concat(parents.Values).ToHashSet();
        foreach (var patient in known.Where(all.Contains))
        {
            var root = Root(patient);
            least[root] = least.TryGetValue(root, out var other) ? Math.Min(other, patient) : patient;
            linked.Add(patient);
        }
        foreach (var patient in linked)
            if (least[Root(patient)] is var person && person != patient) persons[patient] = person;
        return [.. persons.Keys];
    }

    public long Person(long patient) => persons.GetValueOrDefault(patient, patient);

    long Root(long patient)
    {
        while (parents.TryGetValue(patient, out var parent)) patient = parent;
        return patient;
    }
}
