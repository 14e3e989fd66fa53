using System.Collections.Immutable;
using System.Text.Json;
using Ambroise.Governance.Control;
using Ambroise.Governance.Projects;

namespace Ambroise.Governance.Register;

/// <summary>What the public may know of a project that was given data: CNIL EDS 8.4, Regulation (EU) 2025/327 articles 57 and 58. No team, no reasons, no cohort definition.</summary>
/// <param name="Answerable">Who answers for it.</param>
/// <param name="Until">The permit's last day.</param>
/// <param name="Tables">The kinds of data given.</param>
/// <param name="ResultsDue">The day by which results are to be published.</param>
public sealed record PublicProject(string Id, string Title, string Summary, string Answerable, Purpose Purpose, LegalBasis LegalBasis, DateOnly From, DateOnly Until, DateOnly RetainUntil, ImmutableArray<string> Tables, string State, DateOnly ResultsDue,
    ImmutableArray<PublicResult> Publications)
{
    /// <summary>The list as it is published.</summary>
    public static string ToJson(ImmutableArray<PublicProject> projects) => JsonSerializer.Serialize(projects, KeptJson.Indented<ImmutableArray<PublicProject>>());

    /// <returns>Projects that have or had a permit, newest permit first; a draft or a refused request is nobody's business yet.</returns>
    /// <param name="read">Opens a permit with the tenant's key.</param>
    /// <exception cref="FailureException"><c>permit.tampered</c>.</exception>
    public static ImmutableArray<PublicProject> Of(IEnumerable<Project> projects, Func<SignedPermit, Result<Permit>> read, DateOnly today, IReadOnlyList<Publication>? publications = null) =>
    [
        .. projects.Where(p => p.Permit is not null).Select(p => (Project: p, Permit: read(p.Permit!).OrThrow())).OrderByDescending(p => p.Permit.From).ThenBy(p => p.Project.Id, StringComparer.Ordinal)
            .Select(p => new PublicProject(p.Project.Id, p.Permit.Request.Title, p.Permit.Request.Summary, p.Permit.Request.Investigator, p.Permit.Request.Purpose, p.Permit.Request.LegalBasis, p.Permit.From, p.Permit.Until,
                p.Permit.Request.RetainUntil, [.. p.Permit.Request.Data.Select(d => d.Table).Distinct().Order(StringComparer.Ordinal)],
                p.Project.State == ProjectState.Closed ? "closed" : p.Project.State == ProjectState.Suspended ? "suspended" : today > p.Permit.Until ? "ended" : "active", PublicationBook.Due(p.Permit.Until),
                [.. (publications ?? []).Where(r => r.Project == p.Project.Id).OrderBy(r => r.On).Select(r => new PublicResult(r.Title, r.Reference, r.On))])),
    ];
}

/// <param name="Reference">A DOI, an address or a citation.</param>
public sealed record PublicResult(string Title, string Reference, DateOnly On);

/// <summary>The warehouse as it is described to the public.</summary>
/// <param name="Name">The tenant's name.</param>
/// <param name="Contact">Where patients and researchers write to, e.g. an address of mail.</param>
/// <param name="Address">The public address of these pages, ending with '/'.</param>
/// <param name="Patients">Of the newest release, rounded down to a hundred; null before the first.</param>
/// <param name="Records">Likewise, to a thousand.</param>
/// <param name="Body">Null for the French one.</param>
public sealed record PublicWarehouse(string Name, string Contact, string Address, long? Patients, long? Records, DateOnly? Modified, AccessBody? Body = null);

/// <summary>The health data access body that answers for access to the data (Regulation (EU) 2025/327, article 55).</summary>
/// <remarks>The default is the body that has these tasks in French law by now (code de la santé publique, article L. 1462-1); we know of no designation under the Regulation.</remarks>
/// <param name="Contact">An address of mail or of a page.</param>
public sealed record AccessBody(string Name = "Plateforme des données de santé", string Contact = "https://www.health-data-hub.fr");
