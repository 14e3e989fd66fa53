using System.CommandLine;
using Ambroise.Cli.Frame;

namespace Ambroise.Cli.Tenants;

/// <summary><c>ambroise init</c>: makes the warehouse's folder and its control plane.</summary>
static class InitHome
{
    sealed record Shown(string Home, bool Created);

    public static Command Command(CommandFrame frame) => frame.Runs(
        new Command("init", frame.Say("Makes an empty warehouse", "Crée un entrepôt vide")),
        Run,
        new Example("ambroise init", frame.Say("in ~/.ambroise", "dans ~/.ambroise")),
        new Example("ambroise init --home /srv/ambroise", frame.Say("elsewhere", "ailleurs")));

    static Result<Answer> Run(Session session, ParseResult parse)
    {
        var created = session.Home.Initialise(session.Clock);
        return Answer.Sentence(new Shown(session.Home.Root, created), created
            ? session.Say($"Made the warehouse {session.Home.Root}. Next: ambroise tenant create ID --name \"…\"", $"Entrepôt créé dans {session.Home.Root}. Ensuite : ambroise tenant create ID --name \"…\"")
            : session.Say($"The warehouse {session.Home.Root} is there already.", $"L'entrepôt {session.Home.Root} existe déjà."));
    }
}
