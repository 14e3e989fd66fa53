using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Ambroise.Lake.Columns;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>What other resources mean when they refer to a medication or a device: its code. Filled as the input is read; safe for use from several threads.</summary>
sealed class Definitions
{
    readonly ConcurrentDictionary<long, (Coded Code, ResourceVersion Version)> brought = [];

    /// <summary>Of earlier loads, by key: a hospital may have one for every prescription.</summary>
    KeptLinks.Definition[] earlier = [];
    Coded[] codes = [];

    /// <summary>True once the whole input was read: what is not here by then is nowhere.</summary>
    public bool IsComplete { get; set; }

    /// <summary>Definitions of which two versions with different codes were met: what was mapped before the later one came may have the code of the earlier.</summary>
    public ConcurrentDictionary<long, bool> Changed { get; } = [];

    /// <summary>What stays mean to records without a day.</summary>
    public StayDays Stays { get; } = new();

    /// <summary>Takes what earlier loads knew, before any is added.</summary>
    /// <param name="known">By key, ascending.</param>
    /// <param name="codes">What they name by its place.</param>
    public void Know(KeptLinks.Definition[] known, Coded[] codes) => (earlier, this.codes) = (known, codes);

    public void Add(long key, Coded code, ResourceVersion version) =>
        brought.AddOrUpdate(key, _ => Before(key) is { } before ? Later(key, before, (code, version)) : (code, version), (_, known) => Later(key, known, (code, version)));

    (Coded Code, ResourceVersion Version) Later(long key, (Coded Code, ResourceVersion Version) known, (Coded Code, ResourceVersion Version) other)
    {
        if (IsOther(known.Code, other.Code)) Changed[key] = true;
        return known.Version.CompareTo(other.Version) > 0 ? known : other;
    }

    static bool IsOther(Coded? one, Coded? two) => (one?.Meaning.Vocabulary, one?.Meaning.Code) != (two?.Meaning.Vocabulary, two?.Meaning.Code);

    (Coded Code, ResourceVersion Version)? Before(long key) => Place(key) is >= 0 and var at && earlier[at] is { Code: >= 0 } known ? (codes[known.Code], known.Version) : null;

    int Place(long key) => earlier.AsSpan().BinarySearch(new KeptLinks.Definition(key, 0, 0, 0, 0));

    /// <summary>Those of earlier loads that have another code by now.</summary>
    public IEnumerable<long> Recoded => brought.Where(b => Place(b.Key) >= 0 && IsOther(Before(b.Key)?.Code, b.Value.Code)).Select(b => b.Key);

    /// <returns>All of them for the loads to come, and the codes they name.</returns>
    public (KeptLinks.DefinedCode[] Codes, KeptLinks.Definition[] Defined) Kept()
    {
        var told = codes.Select(Told).ToList();
        var places = new Dictionary<KeptLinks.DefinedCode, int>();
        for (var at = 0; at < told.Count; at++) places.TryAdd(told[at], at);
        var these = new List<KeptLinks.Definition>();
        foreach (var (key, (code, version)) in brought.OrderBy(b => b.Key))
        {
            if (!places.TryGetValue(Told(code), out var place))
            {
                places[Told(code)] = place = told.Count;
                told.Add(Told(code));
            }
            these.Add(new(key, version.Updated, version.Number, version.Hash, place));
        }
        return ([.. told], Ascending.Merged(KeptLinks.Without(earlier, e => e.Code < 0 || brought.ContainsKey(e.Key)), [.. these]));
    }

    static KeptLinks.DefinedCode Told(Coded code) => new(code.Meaning.Vocabulary, code.Meaning.Code, code.Display);

    public bool TryGet(long key, [NotNullWhen(true)] out Coded? code)
    {
        code = brought.TryGetValue(key, out var known) ? known.Code : Before(key)?.Code;
        return code is not null;
    }
}
