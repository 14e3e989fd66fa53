using Ambroise.Lake.Cdm;

namespace Ambroise.Lake.Reading;

/// <summary>At most 65,536 patients, whole: everything the release holds about them. Inside it a patient is a 16-bit ordinal,
/// in ascending order of person_id. Two implementations: sealed files behind the door, and plain memory for the tests' judges.</summary>
public interface IShard
{
    /// <summary>1 to 65,536.</summary>
    int Patients { get; }

    /// <summary>person_id by ordinal, ascending.</summary>
    ReadOnlyMemory<long> PersonIds { get; }

    /// <returns>The shard's rows of a table, or null where it has none. Shared tables (location, care_site, provider) answer with the tenant's rows.</returns>
    IShardTable? Table(CdmTable table);

    /// <returns>The tenant's rows of a table that are in no patient's shard, the same from every shard, or null where it has none: of COST those that no source record is known of.</returns>
    IShardTable? Shared(CdmTable table);
}

/// <summary>A run of rows with one concept.</summary>
/// <param name="Concept">The value of the table's sorting concept; 0 for the whole table where it has none.</param>
public readonly record struct ConceptRun(int Concept, int Start, int End);

/// <summary>Rows of one table in one shard, sorted by (concept, patient, start date, key), cut into blocks of <see cref="BlockRows"/>:
/// row <c>r</c> is at <c>r % BlockRows</c> of block <c>r / BlockRows</c>. Tables without a sorting concept sort by (patient, start date, key).
/// Arrays handed out are shared and cached: never write to them. Safe for use from several threads.</summary>
public interface IShardTable
{
    /// <summary>Rows in a block; the last block may be shorter.</summary>
    public const int BlockRows = 1 << 16;

    CdmTable Definition { get; }

    int Rows { get; }

    /// <summary>Every concept present with its rows, in ascending order of concept; one run of concept 0 where the table sorts by person alone.</summary>
    ReadOnlyMemory<ConceptRun> Runs { get; }

    /// <returns>The patient's ordinal for each row of a block. Shared rows have none.</returns>
    ushort[] Patients(int block);

    /// <returns>Values of an <c>Int32</c> or <c>Date</c> column for each row of a block.</returns>
    int[] Int32(CdmColumn column, int block);

    /// <returns>Values of an <c>Int64</c> or <c>Timestamp</c> column for each row of a block.</returns>
    long[] Int64(CdmColumn column, int block);

    double[] Float64(CdmColumn column, int block);

    string?[] Text(CdmColumn column, int block);
}
