using System.CommandLine;
using System.Globalization;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Lake;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Datasets;

namespace Ambroise.Cli.Datasets;

/// <summary><c>ambroise dataset build</c>: a permit's data, sealed under the project's own key.</summary>
static class BuildDataset
{
    sealed record Shown(string Project, int Number, int Patients, int Removed, IReadOnlyList<PackagedFile> Files, long SealedBytes);

    public static Command Command(CommandFrame frame)
    {
        var options = new DatasetOptionsOf(frame);
        return frame.Runs(options.On(new Command("build", frame.Say("Builds what the permit allows, sealed under the project's own key", "Construit ce que le permis autorise, scellé sous la clé du projet"))),
            (session, parse, cancel) => Task.FromResult(Run(session, options, parse, cancel)),
            new Example("ambroise dataset build --project cardio --tenant chu", frame.Say("the project's next dataset", "le jeu de données suivant du projet")),
            new Example("ambroise dataset build --project cardio --tenant chu --birth-band 10 --remove", frame.Say("without the patients who would still stand out", "sans les patients qui se distingueraient encore")));
    }

    static Result<Answer> Run(Session session, DatasetOptionsOf options, ParseResult parse, CancellationToken cancel) =>
        options.In(session, parse, room =>
        {
            var result = session.Terminal.Progress(session.Say("Building", "Construction"), report => room.Shelf.Build(room.Release, room.Plan, room.Population, room.Sensitive, new MemoryBound(options.MemoryOf(parse)).Heap / 6,
                new LoadOmop.Now<(string Table, int Done, int Of)>(p => report((double)p.Done / p.Of)), cancel));
            if (result.Failed(out var failure, out var built)) return failure;
            var contents = built.Contents;
            room.Tenant.Record(Outcome.Done, contents.Release, contents.Patients, ("dataset", built.Number.ToString(CultureInfo.InvariantCulture)), ("permit", contents.PermitSha256), ("checksums", contents.Files[^1].Sha256));
            return Answer.Sentence(new Shown(contents.Project, built.Number, contents.Patients, contents.Anonymity.Removed, contents.Files, built.SealedBytes), session.Say(
                $"Dataset {built.Number} of project {contents.Project}: {contents.Patients:patient|patients}, {contents.Files.Length:file|files}, sealed. Its members open it with 'ambroise dataset open'.",
                $"Jeu de données {built.Number} du projet {contents.Project} : {contents.Patients:patient|patients}, {contents.Files.Length:fichier|fichiers}, scellé. Ses membres l'ouvrent avec « ambroise dataset open »."));
        }, cancel);
}
