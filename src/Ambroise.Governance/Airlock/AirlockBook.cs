using System.Collections.Immutable;
using Ambroise.Governance.Control;
using Ambroise.Governance.Projects;

namespace Ambroise.Governance.Airlock;

public enum AirlockStep { Submit, Approve, Refuse, Release }

public enum AirlockState { Waiting, Approved, Refused, Released }

/// <param name="Name">Without a folder.</param>
/// <param name="Sha256">Of the content, lower-case hexadecimal.</param>
public sealed record AirlockFile(string Name, long Bytes, string Sha256);

/// <param name="Number">1 or more, without a gap in a tenant.</param>
/// <param name="Request">The number of the request that this decides on; null for a new one.</param>
/// <param name="Note">What the files are, or why it was decided so.</param>
/// <param name="Reviewers">How many people must approve.</param>
public sealed record AirlockEntry(long Number, long? Request, AirlockStep Step, string Project, string Note, ImmutableArray<AirlockFile> Files, ImmutableArray<Finding> Findings, int Reviewers, string By, DateTimeOffset At);

/// <summary>A request to let results leave, as it stands.</summary>
public sealed record ExportRequest(long Number, string Project, string Description, ImmutableArray<AirlockFile> Files, ImmutableArray<Finding> Findings, string By, DateTimeOffset At, AirlockState State,
    ImmutableArray<string> ApprovedBy, int Reviewers, string? Reason);

/// <summary>What leaves the project spaces: only files that someone of the project submitted and others, who are not of it, approved (CNIL EDS, SEC-EXP-1..3; SATRE 3.3).</summary>
public sealed class AirlockBook : SealedBook<AirlockEntry>
{
    internal AirlockBook(BookPlace place) : base(place, "airlock")
    {
    }

    /// <param name="number">Under which the files were sealed.</param>
    /// <returns>The request, or <c>airlock.note-missing</c>, <c>airlock.busy</c> where another was submitted meanwhile.</returns>
    public Result<ExportRequest> Submit(long number, Permit permit, string description, ImmutableArray<AirlockFile> files, ImmutableArray<Finding> findings, string by) => Add(number, description, all =>
        all.Count + 1 != number ? new Failure(FailureKind.Conflict, "airlock.busy", "Another request came in meanwhile: submit again.")
        : new AirlockEntry(number, null, AirlockStep.Submit, permit.Project, description.Trim(), files, findings, (permit.Request.Protection ?? new()).ExportReviewers, by, Clock.GetUtcNow()));

    /// <summary>The number that the next request gets.</summary>
    public long Next => Entries.Count + 1;

    /// <param name="members">Of the project: none of them decides.</param>
    /// <returns>The request; or <c>airlock.unknown</c>, <c>airlock.decided</c>, <c>airlock.own-request</c>, <c>airlock.approved-already</c>, <c>airlock.blocked</c>, <c>airlock.note-missing</c>.</returns>
    public Result<ExportRequest> Decide(long number, bool approves, string reason, IEnumerable<string> members, string by) => Add(number, reason, all =>
    {
        if (Standing(all).Find(r => r.Number == number) is not { } request) return Unknown(number);
        if (request.State != AirlockState.Waiting) return new Failure(FailureKind.Conflict, "airlock.decided", $"Request {number} was decided on already.");
        if (request.By == by || members.Contains(by)) return new Failure(FailureKind.Forbidden, "airlock.own-request", $"'{by}' is of project '{request.Project}': someone else decides.");
        if (approves && request.ApprovedBy.Contains(by)) return new Failure(FailureKind.Conflict, "airlock.approved-already", $"'{by}' approved request {number} already: it takes {request.Reviewers} people.");
        if (approves && request.Findings.Any(f => f.Blocks)) return new Failure(FailureKind.Forbidden, "airlock.blocked", $"A file of request {number} holds patients' pseudonyms, or rows in a format that is not looked into: it cannot leave.");
        return new AirlockEntry(all.Count + 1, number, approves ? AirlockStep.Approve : AirlockStep.Refuse, request.Project, reason.Trim(), [], [], request.Reviewers, by, Clock.GetUtcNow());
    });

    /// <summary>Writes down that the files leave, before they do.</summary>
    /// <returns>The request; or <c>airlock.unknown</c>, <c>airlock.not-approved</c>.</returns>
    public Result<ExportRequest> Release(long number, string by) => Add(number, "released", all =>
        Standing(all).Find(r => r.Number == number) is not { } request ? Unknown(number)
        : request.State is not (AirlockState.Approved or AirlockState.Released) ? new Failure(FailureKind.Forbidden, "airlock.not-approved", $"Request {number} is {request.State.ToString().ToLowerInvariant()}: nothing of it leaves.")
        : new AirlockEntry(all.Count + 1, number, AirlockStep.Release, request.Project, "", [], [], request.Reviewers, by, Clock.GetUtcNow()));

    Result<ExportRequest> Add(long number, string note, Func<IReadOnlyList<AirlockEntry>, Result<AirlockEntry>> next)
    {
        if (string.IsNullOrWhiteSpace(note) || note.Length > 1000) return new Failure(FailureKind.Invalid, "airlock.note-missing", "Say what the files are, or why you decide so, in at most 1000 characters.");
        return Write(next).Failed(out var failure, out _) ? failure : Find(number);
    }

    /// <returns>The request, or <c>airlock.unknown</c>.</returns>
    public Result<ExportRequest> Find(long number) => Standing(Entries).Find(r => r.Number == number) is { } found ? found : Unknown(number);

    /// <returns>Every request as it stands, oldest first.</returns>
    public IReadOnlyList<ExportRequest> Standing() => Standing(Entries);

    static Failure Unknown(long number) => new(FailureKind.NotFound, "airlock.unknown", $"There is no export request {number}.");

    static List<ExportRequest> Standing(IReadOnlyList<AirlockEntry> all) =>
    [
        .. all.GroupBy(e => e.Request ?? e.Number).Select(g =>
        {
            var first = g.First();
            ImmutableArray<string> approved = [.. g.Where(e => e.Step == AirlockStep.Approve).Select(e => e.By).Distinct()];
            var decision = g.LastOrDefault(e => e.Step is AirlockStep.Approve or AirlockStep.Refuse);
            var state = g.Any(e => e.Step == AirlockStep.Refuse) ? AirlockState.Refused : g.Any(e => e.Step == AirlockStep.Release) ? AirlockState.Released
                : approved.Length >= first.Reviewers ? AirlockState.Approved : AirlockState.Waiting;
            return new ExportRequest(g.Key, first.Project, first.Note, first.Files, first.Findings, first.By, first.At, state, approved, first.Reviewers, decision?.Note);
        }),
    ];
}
