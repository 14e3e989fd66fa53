using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Quarantine;

namespace Ambroise.Lake.Writing;

/// <summary>Where a load's rows come from: files of OMOP tables, or resources mapped to them.</summary>
public interface ICdmSource
{
    /// <summary>What the release says it came from. Holds no patient data.</summary>
    string Description { get; }

    /// <summary>The tables this source has.</summary>
    IReadOnlyCollection<CdmTable> Tables { get; }

    /// <summary>Reads a table once, from its beginning, in the order of its source. A batch is read before the next one is asked for, and may then be used again.</summary>
    /// <param name="reject">Takes the rows the source cannot accept.</param>
    /// <exception cref="FailureException">The source cannot be read: names the file and holds no content.</exception>
    IEnumerable<Batch> Read(CdmTable table, Action<Rejected> reject, CancellationToken cancel);
}
