namespace Ambroise.Sources.Fhir;

/// <summary>What identifiers of patients mean, as conditional references write them: the least key of those whose version in force bears one; where nobody does any more, of those who once did and are still known.
/// So it does not matter when a record came that names its patient so.</summary>
sealed class PatientNames
{
    /// <param name="Name">An identifier, as its key.</param>
    public readonly record struct Bearer(long Name, long Patient);

    readonly HashSet<Bearer> held = [], lost = [], formerly = [], former = [];
    readonly Dictionary<long, long> meanings = [];

    /// <summary>Patients of this load of whom the earlier release has a later version.</summary>
    public HashSet<long> Older { get; } = [];

    /// <summary>Identifiers of patients who bear them no more.</summary>
    public IReadOnlySet<Bearer> Former => former;

    /// <summary>Takes an identifier that a Patient of the earlier release bears.</summary>
    /// <param name="isGone">A version of this load took its place.</param>
    public void Bore(Bearer one, bool isGone) => (isGone ? lost : held).Add(one);

    /// <summary>Takes an identifier that was a former one in the earlier release.</summary>
    public void Formerly(Bearer one) => formerly.Add(one);

    /// <summary>Identifiers that somebody may have borne alone: who else does is to be asked.</summary>
    /// <param name="isReplaced">Patients of whom this load has another version, or the deletion.</param>
    public HashSet<long> Left(Func<long, bool> isReplaced) => [.. lost.Concat(formerly.Where(f => isReplaced(f.Patient))).Select(b => b.Name)];

    /// <summary>Says what the versions of this load bear, and who is known by now.</summary>
    public void Settle(IEnumerable<Bearer> inForce, IEnumerable<Bearer> superseded, Func<long, bool> isKnown, Func<long, bool> isAsked)
    {
        former.UnionWith(formerly.Concat(lost).Concat(superseded).Where(b => isKnown(b.Patient)));
        former.ExceptWith(held);
        foreach (var one in inForce)
        {
            former.Remove(one);
            if (isAsked(one.Name)) Least(meanings, one);
        }
        foreach (var one in held.Where(b => isAsked(b.Name))) Least(meanings, one);
        AddFormer(meanings, former.Where(b => isAsked(b.Name)));
    }

    /// <returns>Whom an identifier that was asked for means, or null.</returns>
    public long? Meaning(long name) => meanings.TryGetValue(name, out var patient) ? patient : null;

    /// <summary>Identifiers that mean another Patient than in the earlier release, and whom.</summary>
    public IEnumerable<Bearer> Renamed()
    {
        var before = new Dictionary<long, long>();
        foreach (var one in held.Concat(lost)) Least(before, one);
        AddFormer(before, formerly);
        return meanings.Where(m => before.TryGetValue(m.Key, out var patient) && patient != m.Value).Select(m => new Bearer(m.Key, m.Value));
    }

    static void AddFormer(Dictionary<long, long> meanings, IEnumerable<Bearer> former)
    {
        var least = new Dictionary<long, long>();
        foreach (var one in former) Least(least, one);
        foreach (var (name, patient) in least) meanings.TryAdd(name, patient);
    }

    static void Least(Dictionary<long, long> meanings, Bearer one) => meanings[one.Name] = meanings.TryGetValue(one.Name, out var other) ? Math.Min(other, one.Patient) : one.Patient;
}
