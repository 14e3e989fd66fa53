using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Cohorts.Check;
using Ambroise.Cohorts.Explain;
using Spectre.Console;

namespace Ambroise.Cli.Cohorts;

/// <summary><c>ambroise cohort check</c>: slips in a definition's design.</summary>
static class CheckDefinition
{
    public static Command Command(CommandFrame frame)
    {
        var file = DefinitionFile.Argument(frame);
        var strict = new Option<bool>("--strict") { Description = frame.Say("Exit code 2 when there is an error among the findings (else 0)", "Code de sortie 2 s'il y a une erreur parmi les constats (sinon 0)") };
        return frame.Runs(new Command("check", frame.Say("Looks for slips in a definition: empty concept sets, impossible windows…", "Cherche les erreurs d'une définition : ensembles vides, fenêtres impossibles…")) { file, strict },
            (session, parse) => Run(session, parse.GetRequiredValue(file), parse.GetValue(strict)),
            new Example("ambroise cohort check diabetes.json", frame.Say("each finding with its place, its code and a sentence; exit code 0", "chaque constat avec sa place, son code et une phrase ; code de sortie 0")),
            new Example("ambroise cohort check diabetes.json --strict", frame.Say("for a script: exit code 2 when a finding is an error", "pour un script : code de sortie 2 si un constat est une erreur")));
    }

    static Result<Answer> Run(Session session, FileInfo file, bool strict)
    {
        var words = session.Language.Wording;
        IReadOnlyList<Finding> findings;
        if (!DefinitionFile.Parse(file).Failed(out var failure, out var definition)) findings = CheckCohort.Findings(definition, words);
        else if (failure.Code == "cohort.invalid") findings = [CheckCohort.Refused(failure, words)];
        else return failure;
        var errors = findings.Where(f => f.Gravity == Gravity.Error).ToList();
        if (strict && errors.Count > 0)
            return new Failure(FailureKind.Invalid, "cohort.check-failed", string.Join(" ", errors.Select(e => $"{e.Path} ({e.Code}) {e.Message}")));
        return new Answer(findings, console => Show(session, console, findings));
    }

    static void Show(Session session, IAnsiConsole console, IReadOnlyList<Finding> findings)
    {
        if (findings.Count == 0) console.WriteLine(session.Say("Nothing to report.", "Rien à signaler."));
        foreach (var f in findings)
        {
            var (word, colour) = f.Gravity switch
            {
                Gravity.Error => (session.Say("error", "erreur"), Color.Red),
                Gravity.Warning => (session.Say("warning", "alerte"), Color.Yellow),
                _ => (session.Say("note", "note"), Color.Grey),
            };
            console.Write(new Text($"{word}\u00a0", new Style(colour)));
            console.WriteLine($"{f.Code}  {f.Path}");
            console.WriteLine($"    {f.Message}");
        }
    }
}
