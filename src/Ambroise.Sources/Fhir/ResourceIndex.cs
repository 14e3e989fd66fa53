using System.Numerics;
using System.Runtime.InteropServices;
using Ambroise.Lake.Columns;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir;

/// <summary>Every resource of a load that has versions: which one counts, and what becomes of each. Some 70 bytes a resource; it is what a load's memory grows with.</summary>
sealed class ResourceIndex
{
    readonly record struct Entry(long Key, int Seq, int Check, ResourceVersion Version);

    public const string Used = "used";

    /// <summary>The newest of each resource, in the order in which resources came.</summary>
    readonly List<Entry> newest;

    /// <summary>Place in <see cref="newest"/> plus 1, by key: keys are spread evenly as they are. Small, so that it stays near: a lookup mostly meets a key that is not there.</summary>
    int[] places;

    readonly List<byte> outcomes = [], types = [];
    readonly List<string> outcomeNames = ["", Used], typeNames = [];
    readonly bool[] dead = new bool[256];

    /// <param name="expected">Resources that there is room for at first.</param>
    public ResourceIndex(long expected = 0)
    {
        var room = (int)Math.Clamp(expected, 1 << 11, 1 << 24);
        (newest, places) = (new(room), new int[BitOperations.RoundUpToPowerOf2((uint)room) * 2]);
        dead[0] = true; // rows of a refused resource
    }

    public int Count => outcomes.Count;

    /// <returns>The resource's number.</returns>
    public int Add(SeenResource seen)
    {
        var seq = outcomes.Count;
        outcomes.Add(Number(outcomeNames, seen.Outcome));
        types.Add(Number(typeNames, seen.Type));
        if (seen.Outcome.Length == 0) return seq;
        if (Waits(seen.Outcome)) dead[outcomes[seq]] = true;
        ref var place = ref Place(seen.Key.Key);
        if (place == 0)
        {
            Append(ref place, new(seen.Key.Key, seq, seen.Key.Check, seen.Version));
            return seq;
        }
        ref var known = ref CollectionsMarshal.AsSpan(newest)[place - 1];
        if (known.Check != seen.Key.Check) End(seq, "key-collision");
        else if (seen.Version.CompareTo(known.Version) is var order && order > 0)
        {
            End(known.Seq, "superseded");
            known = new(seen.Key.Key, seq, seen.Key.Check, seen.Version);
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
        var entry = new Entry(seen.Key.Key, seq, seen.Key.Check, seen.Version);
        ref var place = ref Place(seen.Key.Key);
        if (place > 0) CollectionsMarshal.AsSpan(newest)[place - 1] = entry;
        else Append(ref place, entry);
        return seq;
    }

    /// <summary>Fetches what <see cref="Add"/> will look at.</summary>
    public void Foresee(in SeenResource seen) => Ahead.Fetch(ref places[At(seen.Key.Key)]);

    int At(long key) => (int)key & places.Length - 1;

    ref int Place(long key)
    {
        var entries = CollectionsMarshal.AsSpan(newest);
        for (var at = At(key); ; at = at + 1 & places.Length - 1)
            if (places[at] is 0 || entries[places[at] - 1].Key == key) return ref places[at];
    }

    void Append(ref int place, Entry entry)
    {
        newest.Add(entry);
        place = newest.Count;
        if (newest.Count > places.Length / 2) Grow();
    }

    void Grow()
    {
        places = new int[2 * places.Length];
        for (var i = 0; i < newest.Count; i++)
        {
            var at = At(newest[i].Key);
            while (places[at] != 0) at = at + 1 & places.Length - 1;
            places[at] = i + 1;
        }
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

    /// <summary>The type as a small number, for counting; <see cref="TypeName"/> says which.</summary>
    public byte TypeNumber(int seq) => types[seq];

    public string TypeName(byte number) => typeNames[number];

    public string Outcome(int seq) => outcomeNames[outcomes[seq]];

    public bool TryGet(long key, out int seq, out ResourceVersion version)
    {
        var place = Place(key);
        var entry = place == 0 ? default : newest[place - 1];
        (seq, version) = (entry.Seq, entry.Version);
        return place != 0;
    }

    /// <summary>The newest of each resource.</summary>
    public IEnumerable<(long Key, int Seq, ResourceVersion Version)> Newest => newest.Select(n => (n.Key, n.Seq, n.Version));

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
