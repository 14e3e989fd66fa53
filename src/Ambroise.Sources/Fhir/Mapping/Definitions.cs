using System.Collections.Concurrent;
using Ambroise.Lake.Columns;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>What other resources mean when they refer to a medication or a device: its code. Filled as the input is read; safe for use from several threads.</summary>
sealed class Definitions
{
    readonly ConcurrentDictionary<long, (Coded? Code, ResourceVersion Version)> codes = [];

    /// <summary>True once the whole input was read: what is not here by then is nowhere.</summary>
    public bool IsComplete { get; set; }

    /// <returns>The fate of a resource that refers to what is not here.</returns>
    public Fate Missing(long key, string field, string waiting) => key == Null.Int64 ? Fate.Refused(field, "reference-unresolved") : IsComplete ? Fate.Waits(waiting) : Fate.Deferred;

    public void Add(long key, Coded? code, ResourceVersion version) =>
        codes.AddOrUpdate(key, (code, version), (_, known) => known.Version.CompareTo(version) > 0 ? known : (code, version));

    public IEnumerable<(long Key, Coded? Code, ResourceVersion Version)> All => codes.Select(c => (c.Key, c.Value.Code, c.Value.Version));

    public bool TryGet(long key, out Coded? code)
    {
        var found = codes.TryGetValue(key, out var known);
        code = known.Code;
        return found;
    }
}
