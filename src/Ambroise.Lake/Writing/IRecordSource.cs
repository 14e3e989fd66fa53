using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Kept;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Sealing;

namespace Ambroise.Lake.Writing;

/// <summary>A source of records that have versions and become rows of several tables: a newer version takes the place of every row of the older one.</summary>
/// <remarks>Tables it does not give, among those of <see cref="DerivedTables"/>, are derived from the rows of the finished release.</remarks>
public interface IRecordSource : ICdmSource
{
    /// <summary>Reads the input, before any table is asked for.</summary>
    /// <param name="runs">A folder of the tenant for sealed runs; it need not exist.</param>
    /// <param name="apart">Where long texts go; it outlives the source's rows.</param>
    /// <exception cref="FailureException">The input cannot be read at all.</exception>
    /// <param name="links">What <see cref="Links"/> gave for that release; null where there is none.</param>
    /// <param name="waiting">What <see cref="Waiting"/> gave for it, anew each time it is gone through.</param>
    void Begin(EarlierRelease earlier, byte[]? links, IEnumerable<KeptRecord> waiting, string runs, LongTexts apart, CancellationToken cancel);

    /// <summary>Patients whose rows this load may change, known once it has begun: the rows of all others stay as they are.</summary>
    IReadOnlySet<long> Touched { get; }

    /// <summary>Says who is written anew, before any table is asked for: <see cref="Touched"/>, and others whose shard is; of nobody else is there a row to give. From now on each batch given is used before the next is asked for.</summary>
    void Written(ReleaseWriter by);

    /// <returns>False for a row of the earlier release that a record of this load replaced or removed.</returns>
    bool Keeps(Batch earlier, int row);

    /// <summary>Turns what rows of the earlier release refer to into what it means by now.</summary>
    void Follow(Batch earlier);

    /// <summary>What the loads merged into this one must know of the records read so far, besides the rows. Sealed with the release. Holds no person.</summary>
    byte[] Links();

    /// <summary>Records that wait for others, to be read again by the loads merged into this one; asked for when every table was read. Each is used before the next is asked for.</summary>
    IEnumerable<KeptRecord> Waiting(CancellationToken cancel);

    /// <summary>What this load decided about which patients are one person; asked for when every table was read.</summary>
    IEnumerable<KeptRecord> Decisions();

    /// <returns>The ingredients of a drug concept, for drug eras; none where it has none.</returns>
    IReadOnlyList<int> Ingredients(int drugConcept);

    /// <summary>What became of the records read, as JSON; asked for when every table was read and what waits was written. Sealed with the release. Holds codes and counts, no person.</summary>
    byte[] Report();
}
