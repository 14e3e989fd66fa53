using Ambroise.Governance.Datasets;
using Ambroise.Lake.Reading;

namespace Ambroise.Governance.Reidentification;

/// <summary>Pseudonyms cannot be turned back: whoever holds the project's key makes each patient's until one is the same.</summary>
public static class PseudonymSearch
{
    /// <returns>The person_id, or null where no patient of the release has this pseudonym in the project.</returns>
    public static long? Find(OpenRelease release, ProjectKeys keys, long pseudonym, CancellationToken cancel)
    {
        foreach (var shard in release.Shards)
        {
            cancel.ThrowIfCancellationRequested();
            foreach (var person in shard.PersonIds.Span)
                if (keys.Pseudonym("person", person) == pseudonym) return person;
        }
        return null;
    }
}
