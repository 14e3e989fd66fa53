namespace Ambroise.Lake.Releases;

/// <summary>One committed release of a tenant.</summary>
/// <param name="Number">1 or more, ascending with time.</param>
/// <param name="ManifestSha256">SHA-256 of the manifest file's bytes, 64 lower-case hexadecimal digits.</param>
public sealed record LedgerEntry(int Number, string ManifestSha256);

/// <summary>Where a tenant's releases are committed: a release exists once its row is here, whatever files lie in the lake's folder.
/// The control plane holds it, outside the lake's own folder, so that a lake rolled back to older files is noticed.</summary>
public interface IReleaseLedger
{
    /// <returns>The tenant's releases in ascending order of number.</returns>
    IReadOnlyList<LedgerEntry> List(string tenant);

    /// <summary>Replaces every row of the tenant in one durable transaction: after it returns the new list survives a power cut; before, the old one does.</summary>
    /// <exception cref="FailureException"><c>ledger.unavailable</c> where the control plane cannot be written.</exception>
    void Commit(string tenant, IReadOnlyList<LedgerEntry> replaceAll);
}
