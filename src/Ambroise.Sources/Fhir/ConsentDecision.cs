namespace Ambroise.Sources.Fhir;

/// <summary>What one Consent says of uses other than care, in the version that counts.</summary>
/// <param name="Record">Key of its record: <c>consent_record_id</c>, the same in every load.</param>
/// <param name="Updated">meta.lastUpdated in microseconds UTC, <see cref="long.MinValue"/> where there is none.</param>
/// <param name="Number">meta.versionId where it is a number, else 0.</param>
/// <param name="Person">person_id.</param>
/// <param name="Denied">What the patient objects to, as the register of oppositions writes it: <c>all</c>, <c>purpose:NAME</c>; empty where nothing is denied any more.</param>
/// <param name="Day">The day the patient said it, in days since 1970-01-01; absent where the source does not know.</param>
/// <param name="Until">The last day it holds; absent where it has no end.</param>
public sealed record ConsentDecision(long Record, long Updated, long Number, long Person, IReadOnlyList<string> Denied, int Day, int Until)
{
    /// <summary>Whose Consent it is: the patient's own key, whosever person they are.</summary>
    public long Patient { get; init; }
}
