using Ambroise.Governance.Control;

namespace Ambroise.Governance.Projects;

/// <summary>Results of a project that were made public.</summary>
/// <param name="Number">1 or more, without a gap in a tenant.</param>
/// <param name="Reference">A DOI, an address or a citation.</param>
public sealed record Publication(long Number, string Project, string Title, string Reference, DateOnly On, string By, DateTimeOffset At);

/// <summary>What projects published: results are due within 18 months of the end of the permit (Regulation (EU) 2025/327, article 61).</summary>
public sealed class PublicationBook : SealedBook<Publication>
{
    internal PublicationBook(BookPlace place) : base(place, "publications")
    {
    }

    /// <returns>The last day to publish results that were worked out under a permit.</returns>
    public static DateOnly Due(DateOnly permitUntil) => permitUntil.AddMonths(18);

    /// <returns>The publication; or <c>publication.invalid</c>, <c>permit.missing</c>, <c>project.not-a-member</c>.</returns>
    public Result<Publication> Add(Project project, string title, string reference, DateOnly on, string by) =>
        title.Trim().Length is 0 or > 300 || reference.Trim().Length is 0 or > 300 || on > Today.AddDays(1) ? new Failure(FailureKind.Invalid, "publication.invalid", "A publication has a title, a reference and a day that is not to come.")
        : project.Permit is null ? new Failure(FailureKind.Forbidden, "permit.missing", $"Project '{project.Id}' has no permit: it has no results.")
        : !project.Request.Members.Contains(by) ? new Failure(FailureKind.Forbidden, "project.not-a-member", $"'{by}' is not a member of project '{project.Id}'.")
        : Write(all => new Publication(all.Count + 1, project.Id, title.Trim(), reference.Trim(), on, by, Clock.GetUtcNow()));
}
