using Ambroise.Governance.Control;

namespace Ambroise.Governance.Projects;

/// <param name="Number">1 or more, without a gap in a tenant.</param>
public sealed record CategoryConfirmed(long Number, string Project, string Table, string Reason, string By, DateTimeOffset At);

/// <param name="ReviewBy">From this day on it is given to nobody unless confirmed.</param>
public sealed record CategoryStanding(string Project, string Table, DateOnly? Confirmed, DateOnly ReviewBy, bool Lapsed, string? Reason);

/// <summary>Is each kind of data that a project was permitted still needed? Asked once a year; what nobody confirms is not built or opened any more, and is deleted with a report (CNIL, délibération 2021-118, 5.7).</summary>
public sealed class CategoryBook : SealedBook<CategoryConfirmed>
{
    internal CategoryBook(BookPlace place) : base(place, "categories")
    {
    }

    /// <returns>Each table of a permit as it stands.</returns>
    public IReadOnlyList<CategoryStanding> Of(Permit permit)
    {
        var entries = Entries;
        return
        [
            .. permit.Request.Data.Select(d => d.Table.ToLowerInvariant()).Distinct().Order(StringComparer.Ordinal).Select(table =>
            {
                var last = entries.LastOrDefault(e => e.Project == permit.Project && e.Table == table);
                var confirmed = last is null ? (DateOnly?)null : DateOnly.FromDateTime(last.At.UtcDateTime);
                var reviewBy = (confirmed > permit.From ? confirmed.Value : permit.From).AddYears(1);
                return new CategoryStanding(permit.Project, table, confirmed, reviewBy, Today >= reviewBy, last?.Reason);
            }),
        ];
    }

    /// <returns>The entry; or <c>category.unknown</c>, <c>category.reason-missing</c>, <c>project.not-a-member</c>.</returns>
    public Result<CategoryConfirmed> Confirm(Permit permit, string table, string reason, string by) =>
        string.IsNullOrWhiteSpace(reason) ? new Failure(FailureKind.Invalid, "category.reason-missing", "Say why it is still needed: --reason.")
        : !permit.Request.Members.Contains(by) ? new Failure(FailureKind.Forbidden, "project.not-a-member", $"'{by}' is not a member of project '{permit.Project}'.")
        : !permit.Request.Data.Any(d => d.Table.Equals(table, StringComparison.OrdinalIgnoreCase)) ? new Failure(FailureKind.NotFound, "category.unknown", $"Project '{permit.Project}' was not permitted {table}.")
        : Write(all => new CategoryConfirmed(all.Count + 1, permit.Project, table.ToLowerInvariant(), reason.Trim(), by, Clock.GetUtcNow()));

    /// <returns>Null; or <c>category.unconfirmed</c>.</returns>
    public Failure? Refuses(Permit permit) => Of(permit).Where(c => c.Lapsed).Select(c => c.Table).ToList() is { Count: > 0 } lapsed
        ? new(FailureKind.Forbidden, "category.unconfirmed", $"Nobody confirmed for a year that project '{permit.Project}' still needs {string.Join(", ", lapsed)}: a member confirms it with 'ambroise category confirm', or it is amended away.") : null;
}
