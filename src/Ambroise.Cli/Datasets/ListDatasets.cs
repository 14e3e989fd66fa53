using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Spectre.Console;

namespace Ambroise.Cli.Datasets;

/// <summary><c>ambroise dataset list</c>: what was built for a project.</summary>
static class ListDatasets
{
    /// <param name="Rebuild">It holds a patient who objects by now.</param>
    sealed record Shown(int Number, int Permit, int Release, int Patients, int K, int L, int Removed, int Files, long SealedBytes, string Software, bool Rebuild);

    public static Command Command(CommandFrame frame)
    {
        var (project, tenant) = (DatasetOptionsOf.MakeProject(frame), TenantArgument.MakeOption(frame));
        return frame.Runs(new Command("list", frame.Say("Lists the datasets of a project", "Liste les jeux de données d'un projet")) { project, tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.ProjectRead, parse.GetRequiredValue(project)).OrThrow();
                if (open.Ledger.Projects(open.Id).Find(parse.GetRequiredValue(project)).Failed(out var failure, out _) || DatasetRoom.ShelfOf(session, open).List(parse.GetRequiredValue(project)).Failed(out failure, out var built)) return failure;
                var held = Objecting.Datasets(session, open).Where(d => d.Project == parse.GetRequiredValue(project) && d.Holds).Select(d => d.Number).ToHashSet();
                var shown = built.Select(b => new Shown(b.Number, b.Contents.PermitVersion, b.Contents.Release, b.Contents.Patients, b.Contents.Anonymity.K, b.Contents.Anonymity.L, b.Contents.Anonymity.Removed, b.Contents.Files.Length,
                    b.SealedBytes, b.Contents.Software, held.Contains(b.Number))).ToList();
                return new Answer(shown, console => Show(session, console, shown));
            },
            new Example("ambroise dataset list --project cardio --tenant chu", frame.Say("number, permit, release, patients, size", "numéro, permis, version, patients, taille")));
    }

    static void Show(Session session, IAnsiConsole console, List<Shown> shown)
    {
        if (shown.Count == 0) console.WriteLine(session.Say("Nothing was built for this project yet.", "Rien n'a encore été construit pour ce projet."));
        else
        {
            var table = new Table().Border(TableBorder.Simple).AddColumns("n°", session.Say("permit", "permis"), session.Say("release", "version"), "patients", "k", "l", session.Say("left out", "écartés"), session.Say("files", "fichiers"), session.Say("MB", "Mo"), "");
            foreach (var s in shown) table.AddRow($"{s.Number}", $"{s.Permit}", $"{s.Release}", session.Say($"{s.Patients:N0}"), $"{s.K}", $"{s.L}", session.Say($"{s.Removed:N0}"), $"{s.Files}", session.Say($"{s.SealedBytes / 1e6:F1}"), s.Rebuild ? session.Say("build again: someone objects", "à reconstruire : quelqu'un s'oppose") : "");
            console.Write(table);
        }
    }
}
