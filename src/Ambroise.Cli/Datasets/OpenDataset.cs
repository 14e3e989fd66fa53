using System.CommandLine;
using System.Globalization;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;

namespace Ambroise.Cli.Datasets;

/// <summary><c>ambroise dataset open</c>: unseals a dataset for a member of its project, once the audit holds who.</summary>
static class OpenDataset
{
    sealed record Shown(string Project, int Number, string Folder, int Patients, int Files);

    public static Command Command(CommandFrame frame)
    {
        var folder = new Argument<string>("DIR") { Description = frame.Say("Made; its owner's alone. The files in it are NOT sealed", "Créé, pour son seul propriétaire ; ses fichiers ne sont PAS scellés") };
        var (project, tenant) = (DatasetOptionsOf.MakeProject(frame), TenantArgument.MakeOption(frame));
        var number = new Option<int?>("--number") { HelpName = "N", Description = frame.Say("A dataset (else the newest)", "Un jeu de données (sinon le plus récent)") };
        return frame.Runs(new Command("open", frame.Say("Unseals a dataset into a folder, for a member of its project", "Descelle un jeu de données dans un dossier, pour un membre du projet")) { folder, project, tenant, number },
            (session, parse, cancel) => Task.FromResult(Run(session, parse.GetRequiredValue(folder), parse.GetRequiredValue(project), parse.GetRequiredValue(tenant), parse.GetValue(number), cancel)),
            new Example("ambroise dataset open ./cardio --project cardio --tenant chu --as marie", frame.Say("the newest, for a member of the team", "le plus récent, pour un membre de l'équipe")));
    }

    static Result<Answer> Run(Session session, string folder, string project, string id, int? number, CancellationToken cancel)
    {
        if (session.OpenTenant(id, Capability.DatasetOpen, project).Failed(out var failure, out var tenant)) return failure;
        using (tenant)
        {
            if (tenant.PermitForData(session.Caller.Actor).Failed(out failure, out _)) return failure;
            if (tenant.Ledger.Projects(tenant.Id).Find(project).Failed(out failure, out var asked)) return failure;
            var result = DatasetRoom.ShelfOf(session, tenant).Open(project, number, folder, Objecting.To(tenant, asked), built => tenant.Record(Outcome.Allowed, built.Contents.Release, built.Contents.Patients,
                ("dataset", built.Number.ToString(CultureInfo.InvariantCulture)), ("checksums", built.Contents.Files[^1].Sha256)), cancel);
            if (result.Failed(out failure, out var opened)) return failure;
            tenant.Record(Outcome.Done, opened.Contents.Release, opened.Contents.Patients, ("dataset", opened.Number.ToString(CultureInfo.InvariantCulture)));
            return Answer.Sentence(new Shown(project, opened.Number, folder, opened.Contents.Patients, opened.Contents.Files.Length), session.Say(
                $"Dataset {opened.Number} of project {project} is in {folder}, in the clear: {opened.Contents.Files.Length:file|files}, {opened.Contents.Patients:patient|patients}.",
                $"Le jeu de données {opened.Number} du projet {project} est dans {folder}, en clair : {opened.Contents.Files.Length:fichier|fichiers}, {opened.Contents.Patients:patient|patients}."));
        }
    }
}
