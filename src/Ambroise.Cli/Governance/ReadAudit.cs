using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Spectre.Console;

namespace Ambroise.Cli.Governance;

/// <summary><c>ambroise audit</c>: what was done, and the proof that nobody changed it.</summary>
static class ReadAudit
{
    public static Command List(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        var most = new Option<int>("--last") { HelpName = "N", DefaultValueFactory = _ => 50, Description = frame.Say("How many, from the newest", "Combien, depuis la plus récente") };
        var actor = new Option<string?>("--actor") { HelpName = "NAME", Description = frame.Say("Of one person", "D'une personne") };
        var project = new Option<string?>("--project") { HelpName = "P", Description = frame.Say("Of one project", "D'un projet") };
        return frame.Runs(new Command("list", frame.Say("Lists what was done: who, when, what, how many", "Liste ce qui a été fait : qui, quand, quoi, combien")) { tenant, most, actor, project },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.AuditRead).OrThrow();
                var entries = open.Ledger.Audit(open.Id).List(parse.GetValue(most), parse.GetValue(actor), parse.GetValue(project));
                return new Answer(entries, console =>
                {
                    var table = new Table().Border(TableBorder.Simple).AddColumns("#", session.Say("When (UTC)", "Quand (UTC)"), session.Say("Who", "Qui"), session.Say("What", "Quoi"), session.Say("How", "Issue"),
                        session.Say("Project", "Projet"), session.Say("Release", "Version")).AddColumn(new TableColumn("Patients").RightAligned()).AddColumn("");
                    foreach (var e in entries)
                        table.AddRow(new Text($"{e.Sequence}"), new Text(e.At.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)), new Text(e.Actor == e.Account ? e.Actor : $"{e.Actor} ({e.Account})"), new Text(e.Action),
                            new Text(e.Outcome.ToString().ToLowerInvariant(), e.Outcome == Outcome.Denied ? new Style(Color.Red) : Style.Plain), new Text(e.Project ?? ""), new Text($"{e.Release}"), new Text(session.Say($"{e.Patients:N0}")),
                            new Text(e.Detail is null ? "" : string.Join(", ", e.Detail.Select(d => $"{d.Key} {d.Value}"))));
                    console.Write(table);
                });
            },
            new Example("ambroise audit list --tenant chu", frame.Say("the last fifty", "les cinquante dernières")),
            new Example("ambroise audit list --tenant chu --actor marie --json", frame.Say("one person's, as an array", "d'une personne, en tableau JSON")));
    }

    public static Command Verify(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        var kept = new Option<FileInfo[]>("--checkpoint") { HelpName = "FILE", Description = frame.Say("A checkpoint that was kept elsewhere; may be given several times", "Un point de contrôle gardé ailleurs ; répétable") };
        var proof = new Option<FileInfo?>("--proof") { HelpName = "FILE", Description = frame.Say("A proof that 'audit prove' gave", "Une preuve donnée par « audit prove »") };
        return frame.Runs(new Command("verify", frame.Say("Recomputes the whole log against its signatures", "Recalcule tout le journal contre ses signatures")) { tenant, kept, proof },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.AuditRead).OrThrow();
                if (parse.GetValue(proof) is { } given)
                {
                    if (Read(given).Failed(out var unread, out var read)) return unread;
                    return read.Check(open.Id.Value, open.Signature.PublicKey).Failed(out unread, out var entry) ? unread
                        : new Answer(entry, console => console.WriteLine(session.Say($"Entry {entry.Sequence} is in the log: {entry.At:u} {entry.Actor} {entry.Action}", $"L'entrée {entry.Sequence} est dans le journal : {entry.At:u} {entry.Actor} {entry.Action}")));
                }
                var files = parse.GetValue(kept) ?? [];
                if (files.FirstOrDefault(f => !f.Exists) is { } absent) return Missing(absent);
                var notes = files.Select(f => File.ReadAllText(f.FullName));
                if (open.Ledger.Audit(open.Id).Verify(open.Signature.PublicKey, notes).Failed(out var failure, out var verified)) return failure;
                return Answer.Sentence(verified, session.Say($"{verified.Entries:entry holds|entries hold}, {verified.Signed:N0} of them signed; checkpoints compared: {verified.Checkpoints}. Root {verified.Root}.",
                    $"{verified.Entries:entrée intacte|entrées intactes}, dont {verified.Signed:signée|signées} ; points de contrôle comparés : {verified.Checkpoints}. Racine {verified.Root}."));
            },
            new Example("ambroise audit verify --tenant chu", frame.Say("finds an entry edited, removed, reordered or cut off", "trouve une entrée modifiée, ôtée, déplacée ou coupée")),
            new Example("ambroise audit verify --tenant chu --checkpoint kept.txt", frame.Say("and a history rewritten since", "et une histoire réécrite depuis")));
    }

    static Failure Missing(FileInfo file) => new(FailureKind.NotFound, "audit.file-missing", $"There is no file {file.FullName}.");

    static Result<AuditProof> Read(FileInfo file)
    {
        if (!file.Exists) return Missing(file);
        try
        {
            return AuditProof.Parse(File.ReadAllText(file.FullName));
        }
        catch (JsonException)
        {
            return new Failure(FailureKind.Invalid, "audit.proof-unreadable", $"{file.Name} is no proof that 'audit prove --json' wrote.");
        }
    }

    public static Command Prove(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        var entry = new Argument<long>("ENTRY") { Description = frame.Say("Its number in the log", "Son numéro dans le journal") };
        return frame.Runs(new Command("prove", frame.Say("Shows that an entry is in the log, to whoever has the public key", "Montre qu'une entrée est dans le journal, à qui a la clé publique")) { entry, tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.AuditRead).OrThrow();
                if (open.Ledger.Audit(open.Id).Prove(parse.GetRequiredValue(entry)).Failed(out var failure, out var proof)) return failure;
                return new Answer(proof, console =>
                {
                    console.WriteLine(proof.Entry);
                    foreach (var hash in proof.Path) console.WriteLine($"  {hash}");
                    console.WriteLine(proof.Checkpoint);
                });
            },
            new Example("ambroise audit prove 0 --tenant chu --json", frame.Say("keep it in a file for 'audit verify --proof'", "à garder pour « audit verify --proof »")));
    }

    public static Command Unusual(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        var days = new Option<int>("--days") { HelpName = "N", DefaultValueFactory = _ => 30, Description = frame.Say("How many days back", "Combien de jours en arrière") };
        return frame.Runs(new Command("unusual", frame.Say("Lists use out of the ordinary: refusals, nights, many counts, whole exports", "Liste les usages inhabituels : refus, nuits, comptages en nombre, exports entiers")) { days, tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.AuditRead).OrThrow();
                var since = session.Clock.GetUtcNow().AddDays(-parse.GetValue(days));
                var found = UnusualUse.In(open.Ledger.Audit(open.Id).List(int.MaxValue).TakeWhile(e => e.At >= since));
                open.Record(Outcome.Done, null, null, ("step", "unusual"), ("found", $"{found.Count}"));
                return new Answer(found, console =>
                {
                    if (found.Count == 0) console.WriteLine(session.Say("Nothing out of the ordinary.", "Rien d'inhabituel."));
                    foreach (var u in found)
                        console.WriteLine(session.Say($"{u.Day:yyyy-MM-dd}  {u.Actor}: {Word(session, u.Kind)}, {u.Times:time|times}, from entry {u.First} on", $"{u.Day:yyyy-MM-dd}  {u.Actor} : {Word(session, u.Kind)}, {u.Times} fois, à partir de l'entrée {u.First}"));
                });
            },
            new Example("ambroise audit unusual --tenant chu --days 7", frame.Say("once a week, by the data protection officer", "une fois par semaine, par le délégué à la protection des données")));
    }

    static string Word(Session session, UnusualKind kind) => kind switch
    {
        UnusualKind.Refusals => session.Say("refused", "refus"),
        UnusualKind.OffHours => session.Say("patients' rows at night or on a weekend", "lignes de patients la nuit ou le week-end"),
        UnusualKind.ManyCounts => session.Say("more counts than a person makes by hand", "plus de comptages qu'on n'en fait à la main"),
        UnusualKind.Whole => session.Say("everything exported, or patients erased", "tout exporté, ou patients effacés"),
        _ => session.Say("one name from several accounts", "un même nom depuis plusieurs comptes"),
    };

    public static Command KeepCheckpoint(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        return frame.Runs(new Command("checkpoint", frame.Say("Gives the signed state of the log, to be kept elsewhere", "Donne l'état signé du journal, à garder ailleurs")) { tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.AuditRead).OrThrow();
                var note = open.Ledger.Audit(open.Id).LastCheckpoint!;
                var key = Checkpoint.VerifierKey(open.Id.Value, open.Signature.PublicKey);
                return new Answer(new { checkpoint = note, verifierKey = key }, console =>
                {
                    // As it is, unwrapped: the file made of it is what is verified.
                    console.Profile.Out.Writer.Write(note);
                    session.Terminal.Aside.WriteLine(key);
                });
            },
            new Example("ambroise audit checkpoint --tenant chu > kept.txt", frame.Say("the key to check it with goes to standard error", "la clé de vérification va sur la sortie d'erreur")));
    }
}
