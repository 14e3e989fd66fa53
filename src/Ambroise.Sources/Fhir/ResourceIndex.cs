using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir;

/// <summary>Every resource of a load that has versions: which one counts, and what becomes of each. Some 70 bytes a resource; it is what a load's memory grows with.</summary>
sealed class ResourceIndex
{
    readonly record struct Entry(int Seq, int Check, ResourceVersion Version);

    public const string Used = "used";

    readonly Dictionary<long, Entry> newest = [];
    readonly List<byte> outcomes = [], types = [];
    readonly List<string> outcomeNames = ["", Used], typeNames = [];
    readonly bool[] dead = new bool[256];

    public ResourceIndex() => dead[0] = true; // rows of a refused resource

    public int Count => outcomes.Count;

    /// <returns>The resource's number.</returns>
    public int Add(SeenResource seen)
    {
        var seq = outcomes.Count;
        outcomes.Add(Number(outcomeNames, seen.Outcome));
        types.Add(Number(typeNames, seen.Type));
        if (seen.Outcome.Length == 0) return seq;
        if (Waits(seen.Outcome)) dead[outcomes[seq]] = true;
        if (!newest.TryGetValue(seen.Key.Key, out var known)) newest[seen.Key.Key] = new(seq, seen.Key.Check, seen.Version);
        else if (known.Check != seen.Key.Check) End(seq, "key-collision");
        else if (seen.Version.CompareTo(known.Version) is var order && order > 0)
        {
            End(known.Seq, "superseded");
            newest[seen.Key.Key] = new(seq, seen.Key.Check, seen.Version);
        }
        else End(seq, order == 0 ? "duplicate" : "superseded");
        return seq;
    }

    /// <summary>Adds a resource that was mapped once more: it takes the place of its own first mapping.</summary>
    public int AddAgain(SeenResource seen)
    {
        if (TryGet(seen.Key.Key, out var first, out var version) && version == seen.Version) End(first, "");
        var seq = outcomes.Count;
        outcomes.Add(Number(outcomeNames, seen.Outcome));
        types.Add(Number(typeNames, seen.Type));
        newest[seen.Key.Key] = new(seq, seen.Key.Check, seen.Version);
        return seq;
    }

    /// <summary>Takes a resource's rows away, whatever made them.</summary>
    public void End(int seq, string outcome)
    {
        outcomes[seq] = Number(outcomeNames, outcome);
        dead[outcomes[seq]] = true;
    }

    public bool IsDead(int seq) => dead[outcomes[seq]];

    /// <summary>Outcome of a resource that is kept for a later load.</summary>
    public static bool Waits(string outcome) => outcome.StartsWith("waiting-", StringComparison.Ordinal);

    public string Type(int seq) => typeNames[types[seq]];

    public string Outcome(int seq) => outcomeNames[outcomes[seq]];

    public bool TryGet(long key, out int seq, out ResourceVersion version)
    {
        var found = newest.TryGetValue(key, out var entry);
        (seq, version) = (entry.Seq, entry.Version);
        return found;
    }

    /// <summary>The newest of each resource.</summary>
    public IEnumerable<(long Key, int Seq, ResourceVersion Version)> Newest => newest.Select(n => (n.Key, n.Value.Seq, n.Value.Version));

    /// <summary>Resources of a range of numbers by type and outcome; those refused are counted by whoever refused them.</summary>
    public IEnumerable<(string Type, string Outcome, long Count)> Tally(int from, int to)
    {
        var counts = new long[256, 256];
        for (var i = from; i < to; i++) counts[types[i], outcomes[i]]++;
        for (var t = 0; t < typeNames.Count; t++)
            for (var o = 1; o < outcomeNames.Count; o++)
                if (counts[t, o] > 0) yield return (typeNames[t], outcomeNames[o], counts[t, o]);
    }

    static byte Number(List<string> names, string name)
    {
        var at = names.IndexOf(name);
        if (at >= 0) return (byte)at;
        if (names.Count == 255) return Number(names, "other");
        names.Add(name);
        return (byte)(names.Count - 1);
    }
}
