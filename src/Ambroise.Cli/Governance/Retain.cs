using System.CommandLine;
using Ambroise.Cli.Datasets;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Lake;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Retention;
using Ambroise.Lake.Reading;
using Ambroise.Lake.Releases;
using Spectre.Console;

namespace Ambroise.Cli.Governance;

/// <summary><c>ambroise retention</c>: how long patients and the audit are kept, and the purge of what is past it.</summary>
static class Retain
{
    sealed record RulesShown(string Tenant, int PatientYears, int AuditMonths, DateOnly PatientsSince, string? SetBy, DateTimeOffset? SetAt);

    /// <param name="Purged">False for a dry run.</param>
    /// <param name="Persons">person_id, ascending.</param>
    /// <param name="Datasets">Built before: they hold some of these patients still, until their project closes or builds again.</param>
    sealed record PurgeShown(string Tenant, DateOnly Since, bool Purged, int Patients, IReadOnlyList<long> Persons, long Rows, IReadOnlyList<string> Removed, IReadOnlyList<string> Written, IReadOnlyList<DatasetHeld> Datasets);

    public static Command Show(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        return frame.Runs(new Command("show", frame.Say("Shows how long what is kept", "Montre combien de temps chaque chose est gardée")) { tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.LakeDescribe).OrThrow();
                return Said(session, open);
            },
            new Example("ambroise retention show --tenant chu", frame.Say("years for patients, months for the audit", "années pour les patients, mois pour le journal")));
    }

    public static Command Set(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        var years = new Option<int?>("--patient-years") { HelpName = "N", Description = frame.Say("Years after a patient's last activity, 1 to 100", "Années après la dernière activité du patient, de 1 à 100") };
        var months = new Option<int?>("--audit-months") { HelpName = "N", Description = frame.Say("Months of audit kept, 6 to 120", "Mois de journal gardés, de 6 à 120") };
        return frame.Runs(new Command("set", frame.Say("Changes how long what is kept; purges nothing by itself", "Change les durées ; ne purge rien de soi-même")) { tenant, years, months },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.RetentionChange).OrThrow();
                var book = open.Ledger.Retention(open.Id, open.Keys);
                var now = book.Rules;
                if (book.Set(new(parse.GetValue(years) ?? now.PatientYears, parse.GetValue(months) ?? now.AuditMonths), session.Caller.Actor).Failed(out var failure, out var entry)) return failure;
                open.Record(Outcome.Done, null, null, ("entry", $"{entry.Number}"), ("patient-years", $"{entry.Rules.PatientYears}"), ("audit-months", $"{entry.Rules.AuditMonths}"));
                return Said(session, open);
            },
            new Example("ambroise retention set --patient-years 10 --tenant chu", frame.Say("for a warehouse authorised for ten years", "pour un entrepôt autorisé pour dix ans")));
    }

    static Answer Said(Session session, OpenTenant open)
    {
        var book = open.Ledger.Retention(open.Id, open.Keys);
        var (rules, last) = (book.Rules, book.Entries is [.., var newest] ? newest : null);
        var shown = new RulesShown(open.Id.Value, rules.PatientYears, rules.AuditMonths, rules.PatientsSince(DateOnly.FromDateTime(session.Clock.GetUtcNow().UtcDateTime)), last?.By, last?.At);
        return Answer.Sentence(shown, session.Say($"Patients are kept {shown.PatientYears:year|years} after their last activity: a purge takes those without any since {shown.PatientsSince:yyyy-MM-dd}. The audit keeps {shown.AuditMonths:month|months}.",
            $"Les patients sont gardés {shown.PatientYears:an|ans} après leur dernière activité : une purge ôte ceux qui n'en ont plus depuis le {shown.PatientsSince:yyyy-MM-dd}. Le journal garde {shown.AuditMonths} mois."));
    }

    public static Command Purge(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        var confirm = new Option<int?>("--confirm") { HelpName = "N", Description = frame.Say("How many patients the dry run found; without it nothing is changed", "Le nombre de patients trouvés à l'essai ; sans elle rien ne change") };
        return frame.Runs(new Command("purge", frame.Say("Finds patients past their retention; with --confirm takes them out of every release", "Trouve les patients au-delà de leur durée ; avec --confirm, les ôte de toutes les versions")) { tenant, confirm },
            (session, parse, cancel) => Task.FromResult(Run(session, parse.GetRequiredValue(tenant), parse.GetValue(confirm), cancel)),
            new Example("ambroise retention purge --tenant chu", frame.Say("a dry run: who would go, and from which files", "un essai : qui partirait")),
            new Example("ambroise retention purge --tenant chu --confirm 12", frame.Say("takes those twelve out, and says which files went and came", "ôte ces douze-là, et dit quels fichiers ont changé")));
    }

    static Result<Answer> Run(Session session, string id, int? confirm, CancellationToken cancel)
    {
        using var open = session.OpenTenant(id, Capability.PatientErase).OrThrow();
        var since = open.Ledger.Retention(open.Id, open.Keys).Rules.PatientsSince(DateOnly.FromDateTime(session.Clock.GetUtcNow().UtcDateTime));
        if (Find(session, open, since, cancel).Failed(out var failure, out var persons)) return failure;
        if (confirm is null || persons.Count == 0)
        {
            open.Record(Outcome.Done, null, persons.Count, ("step", "dry-run"));
            return Told(session, new(id, since, false, persons.Count, persons, 0, [], [], Objecting.Holding(session, open, persons)));
        }
        if (confirm != persons.Count) return new Failure(FailureKind.Conflict, "retention.not-confirmed", $"{persons.Count} patients are past their retention, not {confirm}: look again without --confirm.");
        var held = Objecting.Holding(session, open, persons);
        var result = session.Terminal.Progress(session.Say("Purging", "Purge"), report =>
            Erasure.Run(open.Lake(session.Clock), persons, new LoadOmop.Now<(int Done, int Of)>(p => report((double)p.Done / p.Of)), cancel));
        if (result.Failed(out failure, out var done)) return failure;
        open.Record(Outcome.Done, null, done.Found.Count, ("step", "purge"), ("since", $"{since:yyyy-MM-dd}"), ("removed", $"{done.Removed.Count}"), ("written", $"{done.Written.Count}"));
        return Told(session, new(id, since, true, done.Found.Count, done.Found, done.Rows, done.Removed, done.Written, held));
    }

    static Result<IReadOnlyList<long>> Find(Session session, OpenTenant open, DateOnly since, CancellationToken cancel)
    {
        if (open.Lake(session.Clock).Releases().Failed(out var failure, out var releases)) return failure;
        var past = new PastRetention(since);
        foreach (var pass in releases.Count > 1 ? new Action<OpenRelease, CancellationToken>[] { past.Find, past.Keep } : [past.Find])
            foreach (var manifest in releases)
            {
                if (open.OpenWhole(session.Clock, "retention", 64L << 20, manifest.Release).Failed(out failure, out var release)) return failure;
                using (release) pass(release, cancel);
            }
        return past.Persons.ToArray();
    }

    static Answer Told(Session session, PurgeShown shown) => new(shown, console =>
    {
        console.WriteLine(shown.Purged
            ? session.Say($"Gone from every release: {shown.Patients:patient|patients} without activity since {shown.Since:yyyy-MM-dd}, {shown.Rows:row|rows}; {shown.Removed.Count:file|files} removed, {shown.Written.Count} written anew.",
                $"Ôtés de toutes les versions : {shown.Patients:patient|patients} sans activité depuis le {shown.Since:yyyy-MM-dd}, {shown.Rows:ligne|lignes} ; {shown.Removed.Count:fichier supprimé|fichiers supprimés}, {shown.Written.Count:réécrit|réécrits}.")
            : session.Say($"{shown.Patients:patient has|patients have} no activity since {shown.Since:yyyy-MM-dd}. Nothing was changed{(shown.Patients == 0 ? "." : $": take them out with --confirm {shown.Patients}.")}",
                $"{shown.Patients:patient n'a|patients n'ont} plus d'activité depuis le {shown.Since:yyyy-MM-dd}. Rien n'a changé{(shown.Patients == 0 ? "." : $" : ôtez-les avec --confirm {shown.Patients}.")}"));
        foreach (var path in shown.Removed) console.WriteLine($"  - {path}");
        foreach (var path in shown.Written) console.WriteLine($"  + {path}");
        foreach (var dataset in shown.Datasets) console.WriteLine(session.Say($"  dataset {dataset.Number} of {dataset.Project} holds some of them still", $"  le jeu {dataset.Number} de {dataset.Project} en contient encore"));
    });

    public static Command PruneAudit(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        var confirm = new Option<int?>("--confirm") { HelpName = "N", Description = frame.Say("How many entries the dry run found; without it nothing is changed", "Le nombre d'entrées trouvées à l'essai ; sans elle rien ne change") };
        return frame.Runs(new Command("prune", frame.Say("Empties entries past the audit's retention; their hashes stay, so the rest is proved as before", "Vide les entrées au-delà de la durée du journal ; leurs empreintes restent, et le reste se prouve comme avant")) { tenant, confirm },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.AuditPrune).OrThrow();
                var (log, wanted) = (open.Ledger.Audit(open.Id), parse.GetValue(confirm));
                var before = open.Ledger.Retention(open.Id, open.Keys).Rules.AuditSince(session.Clock.GetUtcNow());
                if (log.Prune(before, open.Signature, wanted).Failed(out var failure, out var count)) return failure;
                var pruned = wanted is not null && count > 0;
                open.Record(Outcome.Done, null, null, ("step", pruned ? "prune" : "dry-run"), ("entries", $"{count}"), ("before", $"{before:O}"));
                if (log.Verify(open.Signature.PublicKey, []).Failed(out failure, out var verified)) return failure;
                return Answer.Sentence(new { Tenant = open.Id.Value, Before = before, Pruned = pruned, Entries = count, verified.Root, Left = verified.Entries - verified.Pruned }, pruned
                    ? session.Say($"Emptied: {count:entry|entries} before {before:yyyy-MM-dd}; what is left verifies: {verified.Entries - verified.Pruned:entry|entries}.", $"{count:entrée vidée|entrées vidées}, d'avant le {before:yyyy-MM-dd} ; le reste se vérifie : {verified.Entries - verified.Pruned:entrée|entrées}.")
                    : session.Say($"{count:entry is|entries are} before {before:yyyy-MM-dd}. Nothing was changed{(count == 0 ? "." : $": empty them with --confirm {count}.")}", $"{count:entrée est|entrées sont} d'avant le {before:yyyy-MM-dd}. Rien n'a changé{(count == 0 ? "." : $" : videz-les avec --confirm {count}.")}"));
            },
            new Example("ambroise audit prune --tenant chu", frame.Say("a dry run", "un essai")),
            new Example("ambroise audit prune --tenant chu --confirm 318", frame.Say("who, when and what of those entries are gone; 'audit verify' still proves that none was changed", "qui, quand et quoi ont disparu ; « audit verify » prouve toujours qu'aucune n'a été changée")));
    }
}
