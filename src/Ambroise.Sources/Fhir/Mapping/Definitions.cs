using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>What other resources mean when they refer to a medication or a device: its code. Filled as the input is read; safe for use from several threads.</summary>
sealed class Definitions
{
    readonly ConcurrentDictionary<long, (Coded Code, ResourceVersion Version)> codes = [];

    /// <summary>True once the whole input was read: what is not here by then is nowhere.</summary>
    public bool IsComplete { get; set; }

    /// <summary>Definitions of which two versions with different codes were met: what was mapped before the later one came may have the code of the earlier.</summary>
    public ConcurrentDictionary<long, bool> Changed { get; } = [];

    public void Add(long key, Coded code, ResourceVersion version) =>
        codes.AddOrUpdate(key, (code, version), (_, known) =>
        {
            if ((code.Meaning.Vocabulary, code.Meaning.Code) != (known.Code.Meaning.Vocabulary, known.Code.Meaning.Code)) Changed[key] = true;
            return known.Version.CompareTo(version) > 0 ? known : (code, version);
        });

    public IEnumerable<(long Key, Coded Code, ResourceVersion Version)> All => codes.Select(c => (c.Key, c.Value.Code, c.Value.Version));

    public bool TryGet(long key, [NotNullWhen(true)] out Coded? code)
    {
        var found = codes.TryGetValue(key, out var known);
        code = known.Code;
        return found;
    }
}
