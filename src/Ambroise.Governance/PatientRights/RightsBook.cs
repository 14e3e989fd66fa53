using Ambroise.Governance.Control;
using Ambroise.Governance.Oppositions;

namespace Ambroise.Governance.PatientRights;

/// <summary>What a patient can ask for: Regulation (EU) 2016/679, articles 15 to 18 and 21.</summary>
public enum RightsKind { Access, Rectification, Erasure, Restriction, Opposition }

public enum RightsState { Open, Granted, Refused }

/// <param name="Number">1 or more, without a gap in a tenant.</param>
/// <param name="Request">The number of the request that this continues; null for a new one.</param>
/// <param name="State">What it becomes; open again where its deadline is put off.</param>
/// <param name="Note">Why it is put off, or what was answered and where that is kept.</param>
public sealed record RightsEntry(long Number, long? Request, RightsKind Kind, long Person, Channel Channel, DateOnly Received, RightsState State, string Note, string By, DateTimeOffset At);

/// <summary>A request as it stands.</summary>
/// <param name="Deadline">The last day to answer.</param>
/// <param name="Late">It is open past its deadline, or was answered after it.</param>
public sealed record RightsRequest(long Number, RightsKind Kind, long Person, Channel Channel, DateOnly Received, DateOnly Deadline, bool Extended, RightsState State, bool Late, IReadOnlyList<RightsEntry> Log);

/// <summary>Every request of a patient about their rights: its state, its deadline and all that was done (CNIL, délibération 2021-118, 9.2).</summary>
/// <remarks>The deadline is a month from the day it was received, three where it was put off with a reason (Regulation (EU) 2016/679, article 12(3)).</remarks>
public sealed class RightsBook : SealedBook<RightsEntry>
{
    internal RightsBook(BookPlace place) : base(place, "rights")
    {
    }

    /// <returns>The request, or <c>rights.invalid</c>.</returns>
    public Result<RightsRequest> Open(long person, RightsKind kind, Channel channel, DateOnly received, string note, string by)
    {
        if (received > Today.AddDays(1) || note.Length > 500) return new Failure(FailureKind.Invalid, "rights.invalid", "A request was received no later than today, and its note has at most 500 characters.");
        return Write(all => new RightsEntry(all.Count + 1, null, kind, person, channel, received, RightsState.Open, note, by, Clock.GetUtcNow())).Failed(out var failure, out var entry) ? failure : Find(entry.Number);
    }

    /// <summary>Puts the deadline off by two months, once, before it has passed.</summary>
    /// <returns>The request; or as <see cref="Answer"/>, <c>rights.extended</c>, <c>rights.late</c>.</returns>
    public Result<RightsRequest> Extend(long number, string reason, string by) => Continue(number, RightsState.Open, reason, by, request =>
        request.Extended ? new Failure(FailureKind.Conflict, "rights.extended", $"Request {number} was put off already.")
        : Today > request.Deadline ? new Failure(FailureKind.Conflict, "rights.late", $"Request {number} was due on {request.Deadline:yyyy-MM-dd}: it cannot be put off any more.") : null);

    /// <returns>The request; or <c>rights.unknown</c>, <c>rights.answered</c>, <c>rights.note-missing</c>.</returns>
    public Result<RightsRequest> Answer(long number, bool granted, string note, string by) => Continue(number, granted ? RightsState.Granted : RightsState.Refused, note, by, static _ => null);

    Result<RightsRequest> Continue(long number, RightsState state, string note, string by, Func<RightsRequest, Failure?> refuses)
    {
        if (string.IsNullOrWhiteSpace(note) || note.Length > 500) return new Failure(FailureKind.Invalid, "rights.note-missing", "Say what was decided and why, in at most 500 characters: --note.");
        var written = Write(all =>
        {
            if (Standing(all).Find(r => r.Number == number) is not { } request) return new Failure(FailureKind.NotFound, "rights.unknown", $"There is no request {number}.");
            if (request.State != RightsState.Open) return new Failure(FailureKind.Conflict, "rights.answered", $"Request {number} was answered already.");
            if (refuses(request) is { } because) return because;
            return new RightsEntry(all.Count + 1, number, request.Kind, request.Person, request.Channel, request.Received, state, note.Trim(), by, Clock.GetUtcNow());
        });
        return written.Failed(out var failure, out _) ? failure : Find(number);
    }

    Result<RightsRequest> Find(long number) => Standing(Entries).First(r => r.Number == number);

    /// <returns>Every request as it stands, the nearest deadline first and those answered last.</returns>
    public IReadOnlyList<RightsRequest> Standing() => [.. Standing(Entries).OrderBy(r => r.State != RightsState.Open).ThenBy(r => r.Deadline).ThenBy(r => r.Number)];

    List<RightsRequest> Standing(IReadOnlyList<RightsEntry> all) =>
    [
        .. all.GroupBy(e => e.Request ?? e.Number).Select(g =>
        {
            var (first, last) = (g.First(), g.Last());
            var extended = g.Skip(1).Any(e => e.State == RightsState.Open);
            var deadline = first.Received.AddMonths(extended ? 3 : 1);
            var until = last.State == RightsState.Open ? Today : DateOnly.FromDateTime(last.At.UtcDateTime);
            return new RightsRequest(g.Key, first.Kind, first.Person, first.Channel, first.Received, deadline, extended, last.State, until > deadline, [.. g]);
        }),
    ];
}
