using System.Numerics;
using Ambroise.Lake.Columns;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir;

/// <summary>The version of a resource that counts.</summary>
/// <param name="Seq">The resource's number in the load.</param>
/// <param name="Check">See <see cref="ResourceKey"/>.</param>
readonly record struct ResourceEntry(long Key, int Seq, int Check, ResourceVersion Version);

/// <summary>Every resource of a load that has versions: which one counts, and what becomes of each. Some 60 bytes a resource up to a bound; beyond it entries lie on disk, and three or four bytes of each stay in memory.</summary>
/// <remarks>What rows name, practitioners, places and encounters, stays at hand: it is asked for at random. For one thread.</remarks>
sealed class ResourceIndex : IDisposable
{
    public const string Used = "used";

    /// <summary>Outcomes of resources of which the earlier release's version stands: it is later, or it is the same.</summary>
    public const string Older = "older-than-loaded", Unchanged = FhirReport.Unchanged;

    /// <summary>What columns of rows name.</summary>
    static readonly HashSet<string> Named = ["Encounter", "Practitioner", "PractitionerRole", "Organization", "Location"];

    /// <summary>The newest of each resource, in the order in which resources came; of those that are not on disk. Until the index is settled, of older ones too; an entry without a key is none.</summary>
    ResourceEntry[] newest;

    /// <summary>Entries of <see cref="newest"/>, and how many of it have their memory: it is made large, and most loads fill some of it.</summary>
    int held, ready;

    const int Stretch = 1 << 13;

    const int LeastPlaces = 1 << 12;

    /// <summary>Place in <see cref="newest"/> plus 1, by key: keys are spread evenly as they are. Small, so that it stays near: a lookup mostly meets a key that is not there.</summary>
    int[] places = new int[LeastPlaces];

    readonly int most;
    readonly Func<ResourceRuns>? onDisk;
    readonly List<byte> outcomes = [], types = [];
    readonly Words outcomeNames = new("", Used), typeNames = new();
    readonly bool[] dead = new bool[256];
    ResourceRuns? runs;
    bool isSettled;
    long[] named = [];
    int[] namedSeqs = [];

    /// <param name="expected">Resources that there is room for at first.</param>
    /// <param name="most">Entries held in memory.</param>
    /// <param name="onDisk">Where the others go; null keeps all in memory.</param>
    public ResourceIndex(long expected = 0, int most = int.MaxValue, Func<ResourceRuns>? onDisk = null)
    {
        (this.most, this.onDisk) = (onDisk is null ? int.MaxValue : Math.Max(1, most), onDisk);
        var room = (int)Math.Clamp(Math.Min(expected, this.most), 1 << 11, 1 << 24);
        newest = GC.AllocateUninitializedArray<ResourceEntry>(Math.Min(2 * room, this.most)); // room that is not used costs nothing, one that grows is copied
        dead[0] = true; // rows of a refused resource
    }

    /// <returns>Where some keys are in the order in which they are soonest looked for: as they come, or by key where entries are on disk.</returns>
    public int[] Order(ReadOnlySpan<long> keys)
    {
        var order = new int[keys.Length];
        for (var i = 0; i < order.Length; i++) order[i] = i;
        if (runs is not null) Array.Sort(keys.ToArray(), order);
        return order;
    }

    /// <summary>Some entries are on disk.</summary>
    public bool IsOnDisk => runs is not null;

    public int Count => outcomes.Count;

    /// <returns>The resource's number.</returns>
    public int Add(SeenResource seen)
    {
        var seq = outcomes.Count;
        outcomes.Add(outcomeNames.Number(seen.Outcome));
        types.Add(typeNames.Number(seen.Type));
        if (seen.Outcome.Length == 0) return seq;
        if (Waits(seen.Outcome)) dead[outcomes[seq]] = true;
        var entry = new ResourceEntry(seen.Key.Key, seq, seen.Key.Check, seen.Version);
        if (!isSettled)
        {
            Append(entry);
            if (held >= most) SetAside();
            return seq;
        }
        ref var place = ref Place(seen.Key.Key);
        if (place == 0)
        {
            Put(ref place, runs?.TryGet(entry.Key, out var before) == true ? Newer(before, entry) : entry);
            return seq;
        }
        ref var known = ref newest[place - 1];
        known = Newer(known, entry);
        return seq;
    }

    /// <returns>Which of two entries of one key counts; the other one's rows go.</returns>
    ResourceEntry Newer(ResourceEntry known, ResourceEntry later)
    {
        var order = later.Version.CompareTo(known.Version);
        if (known.Check != later.Check) End(later.Seq, "key-collision");
        else if (order > 0) End(known.Seq, "superseded");
        else End(later.Seq, order == 0 ? "duplicate" : "superseded");
        return known.Check == later.Check && order > 0 ? later : known;
    }

    void SetAside()
    {
        runs ??= onDisk!();
        runs.Add(newest.AsSpan(0, held));
        held = 0;
    }

    /// <summary>The input is read: before, resources are added alone; from now on they may be looked for.</summary>
    public void Settle()
    {
        isSettled = true;
        if (runs is null)
        {
            Index();
            return;
        }
        if (held > 0) SetAside();
        var (keys, seqs) = (new List<long>(), new List<int>());
        runs.Settle(Newer, e =>
        {
            if (!Named.Contains(Type(e.Seq))) return;
            keys.Add(e.Key);
            seqs.Add(e.Seq);
        });
        (named, namedSeqs) = ([.. keys], [.. seqs]);
    }

    /// <summary>Finds each entry its place, of those of one key the one that counts.</summary>
    /// <remarks>A stretch of places after the other, which a core's cache holds, with the keys it was given: one by one in the order in which they came, a fourteenth of a load was spent waiting for memory.</remarks>
    void Index()
    {
        const int Bits = 13, Size = 1 << Bits;
        places = new int[Math.Max(LeastPlaces, BitOperations.RoundUpToPowerOf2((uint)held) * 2)];
        var starts = new int[(places.Length >> Bits) + 2];
        for (var i = 0; i < held; i++) starts[(At(newest[i].Key) >> Bits) + 1]++;
        for (var s = 1; s < starts.Length; s++) starts[s] += starts[s - 1];
        var sorted = FreshArray.Of<(long Key, int Entry)>(held);
        for (var i = 0; i < held; i++) sorted[starts[At(newest[i].Key) >> Bits]++] = (newest[i].Key, i); // each start becomes the next one's
        var near = new long[Size];
        for (int stretch = 0, next = 0; stretch < starts.Length - 1; stretch++)
        {
            near.AsSpan().Clear();
            for (; next < starts[stretch]; next++)
            {
                var (key, entry) = sorted[next];
                for (var at = At(key); ; at = at + 1 & places.Length - 1)
                {
                    ref var place = ref places[at];
                    if (place == 0)
                    {
                        place = entry + 1;
                        if (at >> Bits == stretch) near[at & Size - 1] = key;
                        break;
                    }
                    var there = at >> Bits == stretch && near[at & Size - 1] is not 0 and var known ? known : newest[place - 1].Key;
                    if (there != key) continue;
                    newest[place - 1] = Newer(newest[place - 1], newest[entry]);
                    newest[entry] = default;
                    break;
                }
            }
        }
    }

    /// <summary>Adds a resource that was mapped once more: it takes the place of its own first mapping.</summary>
    public int AddAgain(SeenResource seen)
    {
        if (TryGet(seen.Key.Key, out var first, out var version) && version == seen.Version) End(first, "");
        var seq = outcomes.Count;
        outcomes.Add(outcomeNames.Number(seen.Outcome));
        types.Add(typeNames.Number(seen.Type));
        var entry = new ResourceEntry(seen.Key.Key, seq, seen.Key.Check, seen.Version);
        ref var place = ref Place(seen.Key.Key);
        if (place > 0) newest[place - 1] = entry;
        else Put(ref place, entry);
        return seq;
    }

    /// <summary>Fetches what <see cref="TryGet"/> will look at.</summary>
    public void Foresee(long key) => Ahead.Fetch(ref places[At(key)]);

    int At(long key) => (int)key & places.Length - 1;

    ref int Place(long key)
    {
        for (var at = At(key); ; at = at + 1 & places.Length - 1)
            if (places[at] is 0 || newest[places[at] - 1].Key == key) return ref places[at];
    }

    void Put(ref int place, ResourceEntry entry)
    {
        Append(entry);
        place = held;
        if (held > places.Length / 2) Grow();
    }

    void Append(ResourceEntry entry)
    {
        if (held == ready) Reach();
        newest[held++] = entry;
    }

    void Reach()
    {
        if (held == newest.Length)
        {
            var larger = GC.AllocateUninitializedArray<ResourceEntry>((int)Math.Min(Array.MaxLength, 2L * held));
            newest.CopyTo(larger, 0);
            newest = larger;
        }
        ready = Math.Min(newest.Length, held + Stretch);
        FreshArray.Populate(newest.AsSpan(held, ready - held));
    }

    void Grow()
    {
        places = new int[2 * places.Length];
        for (var i = 0; i < held; i++)
        {
            if (newest[i].Key == 0) continue;
            var at = At(newest[i].Key);
            while (places[at] != 0) at = at + 1 & places.Length - 1;
            places[at] = i + 1;
        }
    }

    /// <summary>Takes a resource's rows away, whatever made them.</summary>
    public void End(int seq, string outcome)
    {
        outcomes[seq] = outcomeNames.Number(outcome);
        dead[outcomes[seq]] = true;
    }

    public bool IsDead(int seq) => dead[outcomes[seq]];

    /// <summary>Outcome of a resource that is kept for a later load.</summary>
    public static bool Waits(string outcome) => outcome.StartsWith("waiting-", StringComparison.Ordinal);

    public string Type(int seq) => typeNames[types[seq]];

    /// <summary>The type as a small number, for counting; <see cref="TypeName"/> says which.</summary>
    public byte TypeNumber(int seq) => types[seq];

    public string TypeName(byte number) => typeNames[number];

    /// <summary>The earlier release's version of it stands.</summary>
    public bool IsStanding(int seq) => Outcome(seq) is Older or Unchanged;

    public string Outcome(int seq) => outcomeNames[outcomes[seq]];

    public bool TryGet(long key, out int seq, out ResourceVersion version)
    {
        var place = Place(key);
        var entry = place == 0 ? default : newest[place - 1];
        var found = place != 0 || (isSettled && runs?.TryGet(key, out entry) == true);
        (seq, version) = (entry.Seq, entry.Version);
        return found;
    }

    /// <summary>As <see cref="TryGet"/>; soonest of what rows name.</summary>
    public bool TryFind(long key, out int seq)
    {
        if (runs is not null && Place(key) == 0 && named.AsSpan().BinarySearch(key) is >= 0 and var at)
        {
            seq = namedSeqs[at];
            return true;
        }
        return TryGet(key, out seq, out _);
    }

    /// <summary>The newest of each resource.</summary>
    public IEnumerable<ResourceEntry> Newest => newest.Take(held).Where(e => e.Key != 0).Concat(runs?.All.Where(e => Place(e.Key) == 0) ?? []);

    /// <summary>The newest of each resource of some types, and of all that came to some end.</summary>
    public IEnumerable<ResourceEntry> NewestOf(IReadOnlySet<string> someTypes, string outcome)
    {
        // Names are compared once, not for every resource.
        var (isType, isOutcome) = (typeNames.All.Select(someTypes.Contains).ToArray(), outcomeNames.All.Select(o => o == outcome).ToArray());
        return Newest.Where(n => isType[types[n.Seq]] || isOutcome[outcomes[n.Seq]]);
    }

    public void Dispose() => runs?.Dispose();

    /// <summary>Resources of a range of numbers by type and outcome; those refused are counted by whoever refused them.</summary>
    public IEnumerable<(string Type, string Outcome, long Count)> Tally(int from, int to)
    {
        var counts = new long[256, 256];
        for (var i = from; i < to; i++) counts[types[i], outcomes[i]]++;
        for (var t = 0; t < typeNames.Count; t++)
            for (var o = 1; o < outcomeNames.Count; o++)
                if (counts[t, o] > 0) yield return (typeNames[t], outcomeNames[o], counts[t, o]);
    }

    /// <summary>Few words as numbers from 0 on; beyond 255 of them one stands for the rest.</summary>
    sealed class Words(params ReadOnlySpan<string> first)
    {
        readonly List<string> all = [.. first];
        string? last;
        byte lastNumber;

        public IReadOnlyList<string> All => all;

        public int Count => all.Count;

        public string this[int number] => all[number];

        public byte Number(string word)
        {
            if (ReferenceEquals(word, last)) return lastNumber; // as most often
            var at = all.IndexOf(word);
            if (at < 0)
            {
                if (all.Count == 255) return Number("other");
                at = all.Count;
                all.Add(word);
            }
            (last, lastNumber) = (word, (byte)at);
            return lastNumber;
        }
    }
}
