using System.CommandLine;
using Ambroise.Cli.Frame;

namespace Ambroise.Cli.Tenants;

/// <summary><c>ambroise init</c>: makes the warehouse's folder and its control plane.</summary>
static class InitHome
{
    sealed record Shown(string Home, bool Created);

    public static Command Command(CommandFrame frame)
    {
        var database = new Option<string?>("--database") { HelpName = "CONNECTION", Description = frame.Say("PostgreSQL in place of SQLite for the control plane (else AMBROISE_DATABASE)", "PostgreSQL au lieu de SQLite pour le plan de contrôle (sinon AMBROISE_DATABASE)") };
        return frame.Runs(
            new Command("init", frame.Say("Makes an empty warehouse", "Crée un entrepôt vide")) { database },
            (session, parse) => Run(session, parse.GetValue(database) ?? Environment.GetEnvironmentVariable("AMBROISE_DATABASE")),
            new Example("ambroise init", frame.Say("in ~/.ambroise", "dans ~/.ambroise")),
            new Example("ambroise init --home /srv/ambroise", frame.Say("elsewhere", "ailleurs")),
            new Example("ambroise init --database \"Host=db;Username=ambroise;Database=ambroise\"", frame.Say("with a PostgreSQL server; its password comes from PGPASSWORD or PGPASSFILE", "avec un serveur PostgreSQL ; mot de passe dans PGPASSWORD ou PGPASSFILE")));
    }

    static Result<Answer> Run(Session session, string? database)
    {
        var created = session.Home.Initialise(session.Clock, database is { Length: > 0 } ? database : null);
        return Answer.Sentence(new Shown(session.Home.Root, created), created
            ? session.Say($"Made the warehouse {session.Home.Root}. Next: ambroise tenant create ID --name \"…\"", $"Entrepôt créé dans {session.Home.Root}. Ensuite : ambroise tenant create ID --name \"…\"")
            : session.Say($"The warehouse {session.Home.Root} is there already.", $"L'entrepôt {session.Home.Root} existe déjà."));
    }
}
