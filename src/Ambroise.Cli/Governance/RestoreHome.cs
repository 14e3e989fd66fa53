using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Governance.Backup;

namespace Ambroise.Cli.Governance;

/// <summary><c>ambroise restore</c>: a home made from a backup.</summary>
static class RestoreHome
{
    sealed record Shown(string Home, DateTimeOffset Taken, int Files, long Bytes);

    public static Command Command(CommandFrame frame)
    {
        var folder = new Argument<string>("DIR") { Description = frame.Say("What 'ambroise backup' wrote", "Ce que « ambroise backup » a écrit") };
        var database = new Option<string?>("--database") { HelpName = "CONNECTION", Description = frame.Say("PostgreSQL for the control plane (else AMBROISE_DATABASE, else SQLite)", "PostgreSQL pour le plan de contrôle (sinon AMBROISE_DATABASE, sinon SQLite)") };
        return frame.Runs(new Command("restore", frame.Say("Makes a warehouse from a backup, after checking every file", "Refait un entrepôt depuis une sauvegarde, chaque fichier vérifié")) { folder, database },
            (session, parse, cancel) => Task.FromResult(Run(session, Path.GetFullPath(parse.GetRequiredValue(folder)),
                (parse.GetValue(database) ?? Environment.GetEnvironmentVariable("AMBROISE_DATABASE")) is { Length: > 0 } named ? named : null, cancel)),
            new Example("ambroise restore /backup/2026-11-24 --home /srv/restored", frame.Say("into a folder that holds no warehouse; then 'ambroise verify' and 'ambroise audit verify'", "dans un dossier sans entrepôt ; puis « ambroise verify » et « ambroise audit verify »")));
    }

    static Result<Answer> Run(Session session, string folder, string? database, CancellationToken cancel)
    {
        if (HomeBackup.Restore(folder, session.Home, session.Clock, database, cancel).Failed(out var failure, out var list)) return failure;
        BackUpHome.Record(session, "host.restore");
        var shown = new Shown(session.Home.Root, list.Taken, list.Files.Count, list.Files.Sum(f => f.Bytes));
        return Answer.Sentence(shown, session.Say($"{shown.Files:file|files} restored to {session.Home.Root}, as they were at {shown.Taken:u}.", $"{shown.Files:fichier restauré|fichiers restaurés} dans {session.Home.Root}, dans l'état du {shown.Taken:u}."));
    }
}
