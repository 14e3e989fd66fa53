using System.Data.Common;
using Ambroise.Governance.Control;
using Ambroise.Vault;

namespace Ambroise.Governance.Reidentification;

/// <summary>Requests to name a patient again, one patient each, asked by one officer and decided by another.</summary>
public sealed class ReidentificationBook
{
    /// <summary>A request that nobody decided on by then has lapsed.</summary>
    public static readonly TimeSpan Lasts = TimeSpan.FromDays(7);

    readonly DbConnection connection;
    readonly Lock gate;
    readonly TimeProvider clock;
    readonly SealedJournal<ReidentificationEntry> journal;

    internal ReidentificationBook(DbConnection connection, Lock gate, TimeProvider clock, string tenant, KeyRing keys)
    {
        (this.connection, this.gate, this.clock) = (connection, gate, clock);
        journal = new(connection, "reidentification", "reidentification", tenant, () => keys.GetOrCreate("reidentification", "journal"),
            entry => new Failure(FailureKind.Tampered, "reidentify.tampered", $"Entry {entry} of the journal of re-identifications is gone or altered: restore it from its backup."));
    }

    /// <param name="reference">1 to 300 characters.</param>
    /// <returns>The request; or <c>reidentify.reference-missing</c>, <c>reidentify.asked-already</c>.</returns>
    public Result<ReidentificationRequest> Ask(string project, long pseudonym, ReidentificationReason reason, string reference, string by)
    {
        if (reference.Trim().Length is 0 or > 300) return new Failure(FailureKind.Invalid, "reidentify.reference-missing", "Say where the reason is documented, in at most 300 characters: --reference.");
        lock (gate)
        {
            using var transaction = Database.BeginWrite(connection);
            var all = journal.Read(transaction);
            if (Standing(all).Any(r => r.State == ReidentificationState.Waiting && (r.Project, r.Pseudonym) == (project, pseudonym)))
                return new Failure(FailureKind.Conflict, "reidentify.asked-already", "A request for this patient waits for its second officer already.");
            var entry = new ReidentificationEntry(all.Count + 1, null, null, project, pseudonym, reason, reference.Trim(), by, clock.GetUtcNow());
            journal.Append(transaction, entry.Number, entry);
            transaction.Commit();
            return Standing([entry])[0];
        }
    }

    /// <returns>The request as decided; or <c>reidentify.unknown-request</c>, <c>reidentify.decided</c>, <c>reidentify.lapsed</c>, <c>reidentify.same-officer</c>.</returns>
    public Result<ReidentificationRequest> Decide(long number, bool approves, string by)
    {
        lock (gate)
        {
            using var transaction = Database.BeginWrite(connection);
            var all = journal.Read(transaction);
            if (Standing(all).FirstOrDefault(r => r.Number == number) is not { } request) return new Failure(FailureKind.NotFound, "reidentify.unknown-request", $"There is no request {number}.");
            if (request.State == ReidentificationState.Expired) return new Failure(FailureKind.Conflict, "reidentify.lapsed", $"Request {number} lapsed after {Lasts.TotalDays} days: ask again.");
            if (request.State != ReidentificationState.Waiting) return new Failure(FailureKind.Conflict, "reidentify.decided", $"Request {number} was decided on already: each names a patient once.");
            if (approves && request.By == by) return new Failure(FailureKind.Forbidden, "reidentify.same-officer", "Whoever asked cannot approve: it takes a second officer.");
            var entry = new ReidentificationEntry(all.Count + 1, number, approves, request.Project, request.Pseudonym, request.Reason, request.Reference, by, clock.GetUtcNow());
            journal.Append(transaction, entry.Number, entry);
            transaction.Commit();
            return Standing([.. all, entry]).First(r => r.Number == number);
        }
    }

    /// <returns>Every request as it stands, oldest first.</returns>
    /// <exception cref="FailureException"><c>reidentify.tampered</c>.</exception>
    public IReadOnlyList<ReidentificationRequest> List()
    {
        lock (gate) return Standing(journal.Read());
    }

    List<ReidentificationRequest> Standing(IReadOnlyList<ReidentificationEntry> all)
    {
        var decided = all.Where(e => e.Request is not null).ToDictionary(e => e.Request!.Value);
        return
        [
            .. all.Where(e => e.Request is null).Select(e =>
            {
                var decision = decided.GetValueOrDefault(e.Number);
                var state = decision is { Approves: true } ? ReidentificationState.Approved : decision is not null ? ReidentificationState.Refused
                    : clock.GetUtcNow() - e.At > Lasts ? ReidentificationState.Expired : ReidentificationState.Waiting;
                return new ReidentificationRequest(e.Number, e.Project, e.Pseudonym, e.Reason, e.Reference, e.By, e.At, state, decision?.By, decision?.At);
            }),
        ];
    }
}
