using Ambroise.Governance.Control;

namespace Ambroise.Governance.Sources;

/// <summary>Where a source of the warehouse stands with the body that governs it.</summary>
public enum SourceState { Declared, Accepted, Refused }

/// <param name="Number">1 or more, without a gap in a tenant.</param>
/// <param name="Decision">Null where the source is declared; else the body's.</param>
/// <param name="Reference">Where the decision is written down.</param>
/// <param name="DecidedOn">The day of the body's decision.</param>
public sealed record SourceEntry(long Number, string Source, string Origin, string Justification, SourceState? Decision, string Reference, DateOnly? DecidedOn, string By, DateTimeOffset At);

/// <summary>A source as it stands.</summary>
/// <param name="Origin">The software or register it comes from, and whose it is.</param>
/// <param name="Justification">What research needs it for.</param>
public sealed record DeclaredSource(string Source, string Origin, string Justification, SourceState State, string Reference, DateOnly? DecidedOn, string DeclaredBy, string? DecidedBy);

/// <summary>What may enter a tenant's warehouse: each source with its origin and why it is needed, and what the governing body decided (CNIL, délibération 2021-118, 3.2.1-2, 5.1, 5.3).</summary>
public sealed class SourceBook : SealedBook<SourceEntry>
{
    internal SourceBook(BookPlace place) : base(place, "sources")
    {
    }

    /// <summary>Declares a source, or declares it anew: then it waits for a decision again.</summary>
    /// <returns>The entry, or <c>source.invalid</c>.</returns>
    public Result<SourceEntry> Declare(string source, string origin, string justification, string by) =>
        source.Length is < 1 or > 60 || !source.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-') || string.IsNullOrWhiteSpace(origin) || string.IsNullOrWhiteSpace(justification)
            ? new Failure(FailureKind.Invalid, "source.invalid", "A source has a name of 1 to 60 of a-z, 0-9 and '-', an origin and a justification.")
            : Write(all => new SourceEntry(all.Count + 1, source, origin.Trim(), justification.Trim(), null, "", null, by, Clock.GetUtcNow()));

    /// <summary>Writes down what the body decided.</summary>
    /// <returns>The entry; or <c>source.unknown</c>, <c>source.own-decision</c>, <c>source.decision-invalid</c>.</returns>
    public Result<SourceEntry> Decide(string source, bool accepts, string reference, DateOnly on, string by)
    {
        if (string.IsNullOrWhiteSpace(reference) || on > Today) return new Failure(FailureKind.Invalid, "source.decision-invalid", "A decision has a reference and a day that is not to come.");
        return Write(all =>
        {
            if (Standing(all).Find(s => s.Source == source) is not { } found) return Unknown(source);
            if (found.DeclaredBy == by) return new Failure(FailureKind.Forbidden, "source.own-decision", $"'{by}' declared the source '{source}': another writes the decision down.");
            return new SourceEntry(all.Count + 1, source, found.Origin, found.Justification, accepts ? SourceState.Accepted : SourceState.Refused, reference.Trim(), on, by, Clock.GetUtcNow());
        });
    }

    /// <returns>Each source as it stands, in order of name.</returns>
    public IReadOnlyList<DeclaredSource> Standing() => Standing(Entries);

    /// <summary>May a load take from a source? A tenant that has declared none yet loads as it likes: the first declaration makes it the rule for every load.</summary>
    /// <param name="source">Null where the load names none.</param>
    /// <returns>Null; or <c>source.unnamed</c>, <c>source.unknown</c>, <c>source.not-accepted</c>.</returns>
    public Failure? Refuses(string? source)
    {
        var all = Standing();
        if (all.Count == 0 && source is null) return null;
        if (source is null) return new(FailureKind.Forbidden, "source.unnamed", "This tenant declares its sources: name one with --source.");
        return all.FirstOrDefault(s => s.Source == source) is not { } found ? Unknown(source)
            : found.State != SourceState.Accepted ? new(FailureKind.Forbidden, "source.not-accepted", $"The source '{source}' is {found.State.ToString().ToLowerInvariant()}: nothing of it is loaded before it is accepted.") : null;
    }

    static Failure Unknown(string source) => new(FailureKind.NotFound, "source.unknown", $"No source '{source}' is declared: 'ambroise source declare'.");

    static List<DeclaredSource> Standing(IReadOnlyList<SourceEntry> all) =>
    [
        .. all.GroupBy(e => e.Source).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g =>
        {
            var last = g.Last();
            var declared = g.Last(e => e.Decision is null);
            return new DeclaredSource(g.Key, last.Origin, last.Justification, last.Decision ?? SourceState.Declared, last.Reference, last.DecidedOn, declared.By, last.Decision is null ? null : last.By);
        }),
    ];
}
