using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Cohorts.Explain;
using Ambroise.Cohorts.Vocabulary;

namespace Ambroise.Cli.Cohorts;

/// <summary><c>ambroise cohort explain</c>: a definition in plain words.</summary>
static class ExplainDefinition
{
    public sealed record Explained(string Markdown);

    public static Command Command(CommandFrame frame)
    {
        var file = DefinitionFile.Argument(frame);
        return frame.Runs(new Command("explain", frame.Say("Says a cohort definition in plain words (Markdown)", "Dit une définition de cohorte en clair (Markdown)")) { file },
            (session, parse) => Run(session, parse.GetRequiredValue(file)),
            new Example("ambroise cohort explain diabetes.json", frame.Say("entry events, rules, exit and concept sets", "événements d'entrée, règles, sortie et ensembles de concepts")),
            new Example("ambroise cohort explain diabetes.json --lang fr", frame.Say("in French", "en français")));
    }

    static Result<Answer> Run(Session session, FileInfo file)
    {
        if (DefinitionFile.Parse(file).Failed(out var failure, out var definition)) return failure;
        // With a vocabulary loaded, concept sets are counted as they resolve; without one, as they are listed.
        var vocabulary = ConceptGraph.Load(session.Home.VocabularyFolder).Failed(out _, out var graph) ? null : graph;
        var markdown = ExplainCohort.ToMarkdown(definition, session.Language.Wording, vocabulary);
        return new Answer(new Explained(markdown), console => console.Profile.Out.Writer.Write(markdown)); // as it is: no wrapping, no markup
    }
}
