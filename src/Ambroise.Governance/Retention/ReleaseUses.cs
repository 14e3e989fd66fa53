using Ambroise.Governance.Datasets;
using Ambroise.Governance.Projects;
using Ambroise.Vault;

namespace Ambroise.Governance.Retention;

/// <summary>What names a release, so that it must stay.</summary>
/// <param name="Dataset">A dataset of the project that was built from it; null where it is the project's permit that names it.</param>
public sealed record ReleaseUse(int Release, string Project, int? Dataset);

/// <summary>Which releases a tenant's projects need: to build from again, or to show where what they hold came from.</summary>
public static class ReleaseUses
{
    /// <summary>Permits in force or that may be again (of a suspended project too), and datasets whose project has not expired, whether its permit has ended or not.</summary>
    /// <returns>In order of project; or <c>permit.tampered</c>, <c>dataset.no-key</c>: where it cannot be told what is needed, nothing may go.</returns>
    /// <exception cref="FailureException"><c>dataset.tampered</c>, for the same reason.</exception>
    public static Result<IReadOnlyList<ReleaseUse>> Of(IEnumerable<Project> projects, DatasetShelf shelf, SigningKey signature, DateOnly today)
    {
        var uses = new List<ReleaseUse>();
        foreach (var project in projects)
        {
            if (project is { Permit: { } signed, State: not ProjectState.Closed })
            {
                if (signed.Open(signature).Failed(out var tampered, out var permit)) return tampered;
                if (permit.Until >= today) uses.Add(new(permit.Release, project.Id, null));
            }
            if (!shelf.List(project.Id).Failed(out var failure, out var built)) uses.AddRange(built.Select(b => new ReleaseUse(b.Contents.Release, project.Id, b.Number)));
            else if (failure.Code != "dataset.project-expired") return failure;
        }
        return uses;
    }
}
