namespace Ambroise.Governance.Reidentification;

/// <summary>Why a patient may be named again: a closed list (CNIL EDS 5.5, SEC-REI).</summary>
public enum ReidentificationReason { CareAlert, PatientRight, RecontactApproved, MedicalEmergency }

/// <summary>What became of a request.</summary>
public enum ReidentificationState { Waiting, Expired, Refused, Approved }

/// <summary>An entry of the journal: a request, or what a second officer decided on one.</summary>
/// <param name="Number">1 or more, without a gap in a tenant.</param>
/// <param name="Request">The request decided on; null where this is a request.</param>
/// <param name="Approves">Null where this is a request.</param>
/// <param name="Pseudonym">The patient's person_id in the project's datasets.</param>
/// <param name="Reference">Where the reason is documented: a letter, an ethics decision.</param>
public sealed record ReidentificationEntry(long Number, long? Request, bool? Approves, string Project, long Pseudonym, ReidentificationReason Reason, string Reference, string By, DateTimeOffset At);

/// <summary>A request as it stands.</summary>
public sealed record ReidentificationRequest(long Number, string Project, long Pseudonym, ReidentificationReason Reason, string Reference, string By, DateTimeOffset At, ReidentificationState State, string? DecidedBy, DateTimeOffset? DecidedAt);
