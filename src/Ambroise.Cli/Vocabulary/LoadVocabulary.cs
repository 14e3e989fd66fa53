using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Cohorts.Vocabulary;
using Ambroise.Sources.Fhir.Codes;

namespace Ambroise.Cli.Vocabulary;

/// <summary><c>ambroise vocabulary load</c>: the OMOP vocabulary, public, shared by the tenants.</summary>
static class LoadVocabulary
{
    public static Command Command(CommandFrame frame)
    {
        var folder = new Argument<string>("DIR") { Description = frame.Say("Athena's files (tab-separated), comma CSV or Parquet", "Fichiers d'Athena (tabulations), CSV à virgules ou Parquet") };
        return frame.Runs(new Command("load", frame.Say("Loads the OMOP vocabulary and indexes it for search", "Charge le vocabulaire OMOP et l'indexe pour la recherche")) { folder },
            (session, parse, cancel) => Task.FromResult(Run(session, parse.GetRequiredValue(folder), cancel)),
            new Example("ambroise vocabulary load ./athena", frame.Say("the folder of an unzipped Athena download", "le dossier d'un téléchargement Athena")));
    }

    static Result<Answer> Run(Session session, string folder, CancellationToken cancel)
    {
        _ = session.ControlPlane; // a home must be there
        var result = session.Terminal.Progress(session.Say("Vocabulary", "Vocabulaire"), report =>
        {
            var read = VocabularyFolder.Load(folder, session.Home.VocabularyFolder, (_, part) => report(0.8 * part), cancel); // to prepare its codes takes some fifth of it all
            return read.Failed(out _, out _) || VocabularyCodes.Prepare(session.Home.VocabularyFolder, MemoryBound.Usual / 2, Environment.ProcessorCount) is not { } unprepared ? read : unprepared;
        });
        if (result.Failed(out var failure, out var loaded)) return failure;
        return Answer.Sentence(loaded, loaded.Changed
            ? session.Say($"{loaded.Rows.GetValueOrDefault("concept"):concept is|concepts are} loaded and can be searched.", $"{loaded.Rows.GetValueOrDefault("concept"):concept chargé, à chercher|concepts chargés, à chercher} par nom, code ou synonyme.")
            : session.Say("The same vocabulary was loaded already: nothing to do.", "Ce vocabulaire était déjà chargé : rien à faire."));
    }
}
