using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Ambroise.Lake.Cdm;

/// <summary>How a column is held: <c>Date</c> is whole days since 1970-01-01, <c>Timestamp</c> microseconds since 1970-01-01T00:00 local, as recorded.</summary>
public enum ColumnType { Int32, Int64, Float64, Date, Timestamp, Text }

/// <summary>Which key seals a column: identities and free text have their own. <c>Trace</c> says where in its source a row was read: it is no part of what the release holds, so it
/// lies in a file of its own and out of the content hash.</summary>
public enum Sensitivity { Analytic, Identity, FreeText, Trace }

/// <param name="Name">Lower case, as in OMOP CDM 5.4.</param>
/// <param name="Required">The CDM forbids null: a row without it is quarantined.</param>
/// <param name="FormerName">The CDM 5.3 name where 5.4 renamed it.</param>
public sealed record CdmColumn(string Name, ColumnType Type, bool Required, Sensitivity Sensitivity, string? FormerName, int Ordinal);

/// <summary>Where a row lives: with its person, with its parent row's person, with the person of its source record, or in the hospital's shared part.</summary>
public abstract record Placement
{
    private Placement() { } // closed: every case is below

    /// <summary>In the shard of the person that <c>Column</c> names.</summary>
    public sealed record WithPerson(int Column) : Placement;

    /// <summary>In the shard of the row of <c>Parent</c> that <c>Column</c> names (a note's NLP rows).</summary>
    public sealed record WithParent(int Column, string Parent) : Placement;

    /// <summary>In the shard of the person whose source record it was made of: no column tells who that is, so its file does (<see cref="Sealing.PatientRuns"/>). A row that no record is known of, of a load of tables, is shared.</summary>
    public sealed record WithRecord : Placement;

    /// <summary>One file for the tenant: organisations, places, the CDM's own metadata, and rows that link events of any kind.</summary>
    public sealed record Shared : Placement;
}

/// <summary>One OMOP CDM table: its columns and how the lake places and sorts its rows.</summary>
/// <param name="Key">Ordinal of the primary key column, -1 where the CDM has none.</param>
/// <param name="Concept">Ordinal of the concept that sorts the table, -1 where rows sort by person alone.</param>
/// <param name="Start">Ordinal of the start date, -1 if none.</param>
/// <param name="End">Ordinal of the end date, -1 if none.</param>
public sealed record CdmTable(string Name, ImmutableArray<CdmColumn> Columns, Placement Placement, int Key, int Concept, int Start, int End)
{
    readonly FrozenDictionary<string, CdmColumn> byName = Columns
        .SelectMany(c => c.FormerName is null ? [(c.Name, c)] : new[] { (c.Name, c), (c.FormerName, c) })
        .ToFrozenDictionary(p => p.Item1, p => p.c, StringComparer.OrdinalIgnoreCase);

    /// <summary>Ordinal of the person column, -1 where rows carry none.</summary>
    public int Person { get; } = Placement is Placement.WithPerson(var column) ? column : -1;

    /// <summary>Kept beside the CDM, for identities and the trace of the source: no project asks for it.</summary>
    public bool IsBeside => Name is "person_identity" or "consent_record" or "source_record" or "merged_patient";

    /// <returns>The column of that name (5.4 or 5.3, any letter case), or null.</returns>
    public CdmColumn? Find(string name) => byName.GetValueOrDefault(name);

    /// <exception cref="KeyNotFoundException">No such column: a bug in the caller.</exception>
    public CdmColumn this[string name] => byName[name];

    /// <summary>Each table is one object.</summary>
    public bool Equals(CdmTable? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);

    public override string ToString() => Name;
}
