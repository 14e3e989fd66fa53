using System.CommandLine;
using System.Globalization;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;

namespace Ambroise.Cli.Datasets;

/// <summary><c>ambroise dataset expire</c>: destroys a project's key, and so everything built for it, for good.</summary>
static class ExpireDatasets
{
    sealed record Shown(string Project, DateTimeOffset Expired, int Files, bool Gone);

    public static Command Command(CommandFrame frame)
    {
        var (project, tenant) = (DatasetOptionsOf.MakeProject(frame), TenantArgument.MakeOption(frame));
        var confirm = new Option<string>("--confirm") { Required = true, HelpName = "ID", Description = frame.Say("The project's id again: this cannot be undone", "L'identifiant du projet, encore : c'est sans retour") };
        return frame.Runs(new Command("expire", frame.Say("Destroys a project's key: its datasets are unreadable for good", "Détruit la clé d'un projet : ses jeux de données sont illisibles pour toujours")) { project, tenant, confirm },
            (session, parse) => Run(session, parse.GetRequiredValue(project), parse.GetRequiredValue(tenant), parse.GetRequiredValue(confirm)),
            new Example("ambroise dataset expire --project cardio --tenant chu --confirm cardio", frame.Say("at the end of the project", "à la fin du projet")));
    }

    static Result<Answer> Run(Session session, string project, string id, string confirm)
    {
        if (confirm != project) return new Failure(FailureKind.Invalid, "dataset.not-confirmed", "The project confirmed is not the one named: nothing was destroyed.");
        using var tenant = session.OpenTenant(id, Capability.DatasetExpire, project).OrThrow();
        var shelf = DatasetRoom.ShelfOf(session, tenant);
        var expired = shelf.Expire(project);
        tenant.Record(Outcome.Done, null, null, ("files", expired.Files.Count.ToString(CultureInfo.InvariantCulture)));
        return Answer.Sentence(new Shown(project, expired.Expired, expired.Files.Count, shelf.IsGone(project)), session.Say(
            $"The key of project {project} is destroyed, with {expired.Files.Count:sealed file|sealed files}. A copy of any of them opens no more.",
            $"La clé du projet {project} est détruite, avec {expired.Files.Count:fichier scellé|fichiers scellés}. Aucune copie ne s'ouvrira plus."));
    }
}
