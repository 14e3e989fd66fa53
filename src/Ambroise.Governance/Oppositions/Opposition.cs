using System.Text.Json.Serialization;
using Ambroise.Governance.Projects;

namespace Ambroise.Governance.Oppositions;

/// <summary>How a patient said it. Any way counts (CNIL EDS 9.4).</summary>
public enum Channel
{
    Portal, Post, Email, Phone, InPerson, CareTeam, Other,

    /// <summary>Said by a FHIR Consent that a load read; never chosen by hand.</summary>
    Fhir,
}

/// <summary>What a patient objects to.</summary>
[JsonConverter(typeof(ReachText))]
public abstract record Reach
{
    Reach() { } // closed: every case is below

    /// <summary>Any use other than care, written <c>all</c>.</summary>
    public sealed record AllResearch : Reach;

    /// <summary>One project, written <c>project:ID</c>.</summary>
    public sealed record OneProject(string Project) : Reach;

    /// <summary>Any project of a purpose, written <c>purpose:education</c>.</summary>
    public sealed record OnePurpose(Purpose Purpose) : Reach;

    /// <returns>True where the patient must not be seen by work for this project, or for none under a role.</returns>
    public bool Covers(string? project, Purpose? purpose) => this switch
    {
        AllResearch => true,
        OneProject one => one.Project == project,
        OnePurpose one => one.Purpose == purpose,
        _ => throw new System.Diagnostics.UnreachableException(GetType().Name),
    };

    public sealed override string ToString() => this switch
    {
        OneProject(var project) => $"project:{project}",
        OnePurpose(var purpose) => $"purpose:{purpose.ToString().ToLowerInvariant()}",
        _ => "all",
    };

    /// <returns>The reach, or <c>opposition.reach-invalid</c>.</returns>
    public static Result<Reach> Parse(string text) => text.Split(':', 2) switch
    {
        ["all"] => new AllResearch(),
        ["project", { Length: >= 1 and <= 100 } id] => new OneProject(id),
        ["purpose", var name] when Enum.GetValues<Purpose>().Where(p => p.ToString().Equals(name, StringComparison.OrdinalIgnoreCase)).ToList() is [var purpose] => new OnePurpose(purpose),
        _ => new Failure(FailureKind.Invalid, "opposition.reach-invalid", $"Write all, project:ID, or purpose: and one of {string.Join(", ", Enum.GetNames<Purpose>()).ToLowerInvariant()}."),
    };
}

/// <summary>An entry of the register. Nobody is asked why.</summary>
/// <param name="Number">1 or more, without a gap in a tenant.</param>
/// <param name="Withdraws">False: from now on the patient objects. True: no longer.</param>
/// <param name="Person">person_id.</param>
/// <param name="Received">The day the patient said it.</param>
/// <param name="Proof">Where the letter or message is kept; empty for none.</param>
/// <param name="By">Who wrote it down.</param>
/// <param name="Consent">The record that said it, whose later versions may say otherwise; null where a person wrote it down.</param>
/// <param name="Patient">Whose record that is: the patient's own key, where they were another one's person; else null.</param>
public sealed record Opposition(long Number, bool Withdraws, long Person, Reach Reach, Channel Channel, DateOnly Received, string Proof, DateTimeOffset Recorded, string By, ConsentVersion? Consent = null, long? Patient = null);

/// <summary>A version of a consent record.</summary>
/// <param name="Record">Key of the record, the same in every load.</param>
/// <param name="Updated">When its source last changed it, in microseconds UTC since 1970; <see cref="long.MinValue"/> where the source does not say.</param>
/// <param name="Number">Of the version; 0 where the source does not say.</param>
public sealed record ConsentVersion(long Record, long Updated, long Number)
{
    internal int CompareTo(ConsentVersion other) => (Updated, Number).CompareTo((other.Updated, other.Number));
}
