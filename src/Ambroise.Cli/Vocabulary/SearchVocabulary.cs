using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Cohorts.Vocabulary;
using Spectre.Console;

namespace Ambroise.Cli.Vocabulary;

/// <summary><c>ambroise vocabulary search</c>: concepts by name, code, synonym or id.</summary>
static class SearchVocabulary
{
    public static Command Command(CommandFrame frame)
    {
        var text = new Argument<string>("TEXT") { Description = frame.Say("Words, a code or a concept id", "Des mots, un code ou un identifiant de concept") };
        var domain = new Option<string?>("--domain") { HelpName = "D", Description = frame.Say("Condition, Drug, Measurement…", "Condition, Drug, Measurement…") };
        var vocabulary = new Option<string?>("--vocabulary") { HelpName = "V", Description = frame.Say("ICD10, ATC, LOINC…", "ICD10, ATC, LOINC…") };
        var standard = new Option<bool>("--standard") { Description = frame.Say("Standard concepts only", "Concepts standard seulement") };
        var limit = new Option<int>("--limit") { HelpName = "N", DefaultValueFactory = _ => 20, Description = frame.Say("At most this many", "Au plus ce nombre") };
        return frame.Runs(new Command("search", frame.Say("Finds concepts by name, code and synonym", "Trouve des concepts par nom, code et synonyme")) { text, domain, vocabulary, standard, limit },
            (session, parse) => Run(session, parse.GetRequiredValue(text), parse.GetValue(domain), parse.GetValue(vocabulary), parse.GetValue(standard), parse.GetValue(limit)),
            new Example("ambroise vocabulary search \"type 2 diab\" --standard", frame.Say("the last word may be unfinished", "le dernier mot peut être inachevé")));
    }

    static Result<Answer> Run(Session session, string text, string? domain, string? vocabulary, bool standard, int limit)
    {
        var started = session.Clock.GetTimestamp();
        if (ConceptSearch.Find(session.Home.VocabularyFolder, text, domain, vocabulary, standard, limit).Failed(out var failure, out var found)) return failure;
        var elapsed = session.Clock.GetElapsedTime(started);
        return new Answer(found, console =>
        {
            var table = new Table().Border(TableBorder.Simple).AddColumns("ID", session.Say("Name", "Nom"), "Code", session.Say("Vocabulary", "Vocabulaire"), session.Say("Domain", "Domaine"), "");
            foreach (var c in found) table.AddRow($"{c.ConceptId}", Markup.Escape(c.Name), Markup.Escape(c.Code), Markup.Escape(c.Vocabulary), Markup.Escape(c.Domain), c.Valid ? c.Standard ?? "" : session.Say("invalid", "invalide"));
            console.Write(table);
            console.MarkupLineInterpolated($"[grey]{found.Count} concepts, {elapsed.TotalMilliseconds:F0} ms[/]");
        });
    }
}
