using Ambroise.Cli.Frame;
using Ambroise.Governance.Projects;

namespace Ambroise.Cli.Datasets;

/// <param name="Holds">Rows of a patient who objects by now are in it: it is not opened again, and is to be built anew.</param>
sealed record DatasetHeld(string Project, int Number, bool Holds);

/// <summary>Which datasets that were built hold patients who object by now.</summary>
static class Objecting
{
    /// <param name="persons">Asks about these patients alone; null for everyone who objects.</param>
    /// <returns>Every dataset of the tenant whose key still exists.</returns>
    public static IReadOnlyList<DatasetHeld> Datasets(Session session, OpenTenant tenant, IReadOnlySet<long>? persons = null)
    {
        var shelf = DatasetRoom.ShelfOf(session, tenant);
        var register = tenant.Ledger.Oppositions(tenant.Id, tenant.Keys);
        var held = new List<DatasetHeld>();
        foreach (var project in tenant.Ledger.Projects(tenant.Id).List())
        {
            if (shelf.List(project.Id).Failed(out _, out var built)) continue;
            var against = Against(register.Against(project.Id, project.Request.Purpose), persons);
            foreach (var dataset in built)
                held.Add(new(project.Id, dataset.Number, !shelf.Holding(project.Id, dataset.Number, against).Failed(out _, out var found) && found.Count > 0));
        }
        return held;
    }

    /// <returns>Datasets, of any project whose key still exists, that hold one of these patients.</returns>
    public static IReadOnlyList<DatasetHeld> Holding(Session session, OpenTenant tenant, IReadOnlyCollection<long> persons)
    {
        var shelf = DatasetRoom.ShelfOf(session, tenant);
        var held = new List<DatasetHeld>();
        if (persons.Count == 0) return held;
        foreach (var project in tenant.Ledger.Projects(tenant.Id).List())
            if (!shelf.List(project.Id).Failed(out _, out var built))
                held.AddRange(built.Where(d => !shelf.Holding(project.Id, d.Number, persons).Failed(out _, out var found) && found.Count > 0).Select(d => new DatasetHeld(project.Id, d.Number, true)));
        return held;
    }

    /// <returns>Patients whom work for a project must not see.</returns>
    public static IReadOnlyCollection<long> To(OpenTenant tenant, Project project) => tenant.Ledger.Oppositions(tenant.Id, tenant.Keys).Against(project.Id, project.Request.Purpose);

    static IReadOnlyCollection<long> Against(IReadOnlyCollection<long> all, IReadOnlySet<long>? persons) => persons is null ? all : [.. all.Where(persons.Contains)];
}
