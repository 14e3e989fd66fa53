using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Backup;
using Ambroise.Governance.Tenants;

namespace Ambroise.Cli.Governance;

/// <summary><c>ambroise backup</c>: the operator's copy of a whole home. It opens no key; each tenant's audit tells that it was taken.</summary>
static class BackUpHome
{
    sealed record Shown(string Folder, DateTimeOffset Taken, int Files, long Bytes);

    public static Command Command(CommandFrame frame)
    {
        var folder = new Argument<string>("DIR") { Description = frame.Say("A new folder for it", "Un dossier neuf pour l'accueillir") };
        return frame.Runs(new Command("backup", frame.Say("Copies the whole warehouse, sealed as it is, with a hash of every file", "Copie tout l'entrepôt, scellé tel quel, avec l'empreinte de chaque fichier")) { folder },
            (session, parse, cancel) => Task.FromResult(Run(session, Path.GetFullPath(parse.GetRequiredValue(folder)), cancel)),
            new Example("ambroise backup /backup/2026-11-24", frame.Say("keys included, still wrapped: keep the passphrases elsewhere", "clés comprises, toujours emballées : gardez les phrases de passe ailleurs")));
    }

    static Result<Answer> Run(Session session, string folder, CancellationToken cancel)
    {
        Record(session, "host.backup");
        if (HomeBackup.Take(session.Home, session.ControlPlane, folder, session.Clock, cancel).Failed(out var failure, out var list)) return failure;
        var shown = new Shown(folder, list.Taken, list.Files.Count, list.Files.Sum(f => f.Bytes));
        return Answer.Sentence(shown, session.Say($"{shown.Files:file|files}, {shown.Bytes:byte|bytes} copied to {folder}.", $"{shown.Files:fichier|fichiers}, {shown.Bytes:octet copié|octets copiés} dans {folder}."));
    }

    /// <summary>The host's act in every tenant's audit. No key is open, so the next act with a key signs for it.</summary>
    public static void Record(Session session, string action)
    {
        foreach (var tenant in session.ControlPlane.Tenants.Where(t => t.State != TenantState.Destroyed))
            session.ControlPlane.Audit(tenant.Id).Write(new(session.Caller.Actor, session.Caller.Account, action, Outcome.Allowed), null);
    }
}
