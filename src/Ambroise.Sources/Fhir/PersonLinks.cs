using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir;

/// <summary>Patients that are one person: by <c>Patient.link</c>, one qualified national identity, or one hospital number. The person is the least key among those known, in whatever order they came.</summary>
/// <remarks>Made anew by each load from what the versions in force say: where these say it no more, the patients are apart.</remarks>
sealed class PersonLinks
{
    readonly Dictionary<long, long> parents = [], persons = [];
    readonly Dictionary<(FactKind Kind, long Identity), long> bearers = [];
    readonly Dictionary<long, int> reasons = [];
    readonly List<(long One, long Other)> told = [];

    public bool Any => persons.Count > 0;

    /// <summary>Those who are another one's person.</summary>
    public IReadOnlyCollection<long> Merged => persons.Keys;

    /// <summary>Takes a link that one Patient tells of. It counts where both are known in the end: one whom nobody sent, or who was deleted, makes nobody one with others.</summary>
    public void Link(long one, long other) => told.Add((one, other));

    /// <param name="kind"><see cref="FactKind.National"/> or <see cref="FactKind.Number"/>.</param>
    /// <param name="patient">Whose version in force says so: known.</param>
    public void Bears(FactKind kind, long identity, long patient)
    {
        if (!bearers.TryAdd((kind, identity), patient)) Join(bearers[(kind, identity)], patient, kind);
    }

    void Join(long one, long other, FactKind because)
    {
        if (one == other) return;
        reasons[one] = reasons.GetValueOrDefault(one) | 1 << (int)because;
        reasons[other] = reasons.GetValueOrDefault(other) | 1 << (int)because;
        long a = Root(one), b = Root(other);
        if (a != b) parents[Math.Max(a, b)] = Math.Min(a, b);
    }

    /// <summary>Says who is known, before <see cref="Person"/> is asked.</summary>
    public void Settle(IReadOnlySet<long> known)
    {
        foreach (var (one, other) in told)
            if (known.Contains(one) && known.Contains(other)) Join(one, other, FactKind.Link);
        if (parents.Count == 0) return;
        var least = new Dictionary<long, long>();
        var linked = new List<long>();
        foreach (var patient in parents.Keys.Concat(parents.Values).Where(known.Contains).ToHashSet())
        {
            var root = Root(patient);
            least[root] = least.TryGetValue(root, out var other) ? Math.Min(other, patient) : patient;
            linked.Add(patient);
        }
        foreach (var patient in linked)
            if (least[Root(patient)] is var person && person != patient) persons[patient] = person;
    }

    public long Person(long patient) => persons.GetValueOrDefault(patient, patient);

    /// <summary>What makes a patient one with others: <c>ins</c>, <c>link</c>, <c>number</c>, with a comma between.</summary>
    public string Because(long patient)
    {
        var of = reasons.GetValueOrDefault(patient);
        return string.Join(',', new[] { (FactKind.National, "ins"), (FactKind.Link, "link"), (FactKind.Number, "number") }.Where(r => (of & 1 << (int)r.Item1) != 0).Select(r => r.Item2));
    }

    long Root(long patient)
    {
        while (parents.TryGetValue(patient, out var parent)) patient = parent;
        return patient;
    }
}
