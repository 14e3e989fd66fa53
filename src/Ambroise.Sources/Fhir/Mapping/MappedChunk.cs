using Ambroise.Lake.Cdm;
using Ambroise.Lake.Quarantine;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>Which of two texts of one resource is the later.</summary>
/// <param name="Updated">meta.lastUpdated in microseconds UTC, <see cref="long.MinValue"/> where there is none.</param>
/// <param name="Number">meta.versionId where it is a number, else 0.</param>
/// <param name="Hash">Of the bytes: settles the order where the source gives none, the same way in whatever order they come. Of texts of earlier loads <see cref="Followed"/> or <see cref="Waited"/>: of two loads the later counts.</param>
readonly record struct ResourceVersion(long Updated, long Number, ulong Hash) : IComparable<ResourceVersion>
{
    /// <summary>In the place of the hash: the text made rows that an earlier load left; it waited, which is the later of the two.</summary>
    public const ulong Followed = 0, Waited = 1;

    /// <returns>Whether a text that was read is the one that counts.</returns>
    public bool IsOf(ResourceVersion text) => this == text || Hash <= Waited && this == text with { Hash = Hash };

    /// <summary>Number of a deletion, after any version of its instant; and of one whose instant nobody told.</summary>
    public const long Deleted = long.MaxValue, DeletedSometime = long.MaxValue - 1;

    public int CompareTo(ResourceVersion other)
    {
        var byTime = Updated.CompareTo(other.Updated);
        if (byTime != 0) return byTime;
        var byNumber = Number.CompareTo(other.Number);
        return byNumber != 0 ? byNumber : Hash.CompareTo(other.Hash);
    }
}

/// <summary>A resource that made rows, or whose state says that an earlier version's rows must go.</summary>
readonly record struct SeenResource(ResourceKey Key, ResourceVersion Version, string Type, string Outcome, long Line);

/// <summary>A code without a standard concept, as a person would look for it.</summary>
readonly record struct UnmappedCode(string Vocabulary, string Code, string Display, string Table)
{
    /// <summary>Of the code alone: few others have the same, and every row without a concept asks.</summary>
    public override int GetHashCode() => Code.GetHashCode(StringComparison.Ordinal);
}

/// <summary>A resource that waits for another, with what it takes to map it again.</summary>
/// <param name="Id">Its id where its bundle gave it.</param>
/// <param name="Names">Its bundle's <c>fullUrl</c>s with the names of their resources.</param>
readonly record struct DeferredResource(string File, long Line, byte[] Json, string? Id, IReadOnlyDictionary<string, string>? Names)
{
    /// <summary>The encounter whose day it had in an earlier load; 0 for none.</summary>
    public long Stay { get; init; }
}

/// <summary>A resource that was asked for again.</summary>
/// <param name="Person">Whom it is about, as it refers to them.</param>
readonly record struct CollectedResource(string Type, long Key, long Person, DeferredResource Resource);

enum FactKind : byte
{
    /// <summary>Another name of a resource, and the resource: a business identifier as conditional references write it, a role and its practitioner.</summary>
    Name,

    /// <summary>An encounter and the one it is part of.</summary>
    PartOf,

    /// <summary>A Location that is a room or a bed.</summary>
    Room,

    /// <summary>Patients that are one person: by <c>Patient.link</c>.</summary>
    Link,

    /// <summary>A qualified national identity, as a key, and who has it: two patients with one are one person.</summary>
    National,

    /// <summary>A number of a system that the site says is one patient's, as a key, and who has it.</summary>
    Number,
}

/// <summary>A connection that holds as long as the version that tells of it does.</summary>
/// <param name="Tag">The resource's place in its chunk; after that its number in the load.</param>
readonly record struct Fact(FactKind Kind, int Tag, long One, long Other);

/// <summary>What one stretch of the input became.</summary>
sealed class MappedChunk
{
    /// <summary>A few: they are looked through.</summary>
    public List<TableRows> Tables { get; } = [];
    public List<SeenResource> Seen { get; } = [];
    public List<Rejected> Rejected { get; } = [];

    /// <summary>Resources that made nothing, by type and reason.</summary>
    public Dictionary<(string Type, string Reason), long> Counts { get; } = [];

    /// <summary>How resources are connected, as each of them says.</summary>
    public List<Fact> Facts { get; } = [];

    /// <summary>What a PractitionerRole says of its practitioner.</summary>
    public List<(int Tag, long Record, long Practitioner, int Specialty, string Source, long CareSite)> Roles { get; } = [];

    public Dictionary<UnmappedCode, long> Unmapped { get; } = [];
    public List<DeferredResource> Deferred { get; } = [];

    /// <summary>Patients that some resource refers to by an identifier, as the key that stands for it.</summary>
    public HashSet<long> NamedPatients { get; } = [];

    /// <summary>Encounters that some resource refers to by an identifier, likewise.</summary>
    public HashSet<long> NamedEncounters { get; } = [];

    /// <summary>Identifiers of encounters, and the encounter.</summary>
    public List<(int Tag, long Name, long Encounter)> StayNames { get; } = [];

    /// <summary>Files of resources that wait for a definition.</summary>
    public HashSet<string> WaitIn { get; } = [];

    /// <summary>What <see cref="ChunkMapper.Collects"/> asked for.</summary>
    public List<CollectedResource> Collected { get; } = [];

    /// <summary>Servers of Bundles' entries, as their addresses tell: keyed codes.</summary>
    public HashSet<long> Servers { get; } = [];

    /// <summary>What Consents say of uses other than care.</summary>
    public List<(int Tag, ulong Text, ConsentDecision Decision)> Consents { get; } = [];

    /// <summary>The latest day that any resource is about, in days since 1970-01-01.</summary>
    public int LastDay { get; set; } = int.MinValue;

    /// <summary>Bytes of memory its rows take.</summary>
    public long Bytes => Tables.Sum(t => t.Batch.Bytes);

    /// <summary>Forgets everything and keeps the memory for another stretch.</summary>
    public void Clear()
    {
        foreach (var rows in Tables) rows.Clear();
        Seen.Clear();
        Rejected.Clear();
        Counts.Clear();
        Facts.Clear();
        Roles.Clear();
        Unmapped.Clear();
        Deferred.Clear();
        NamedPatients.Clear();
        NamedEncounters.Clear();
        StayNames.Clear();
        WaitIn.Clear();
        Collected.Clear();
        Servers.Clear();
        Consents.Clear();
        LastDay = int.MinValue;
    }

    public void Count(string type, string reason) => Counts[(type, reason)] = Counts.GetValueOrDefault((type, reason)) + 1;

    public TableRows Rows(CdmTable table)
    {
        foreach (var rows in Tables)
            if (ReferenceEquals(rows.Table, table)) return rows;
        var made = new TableRows(table);
        Tables.Add(made);
        return made;
    }
}
