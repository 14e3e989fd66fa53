using System.CommandLine;
using System.Globalization;
using Ambroise.Cli.Datasets;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Retention;
using Ambroise.Lake.Releases;
using Spectre.Console;

namespace Ambroise.Cli.Lake;

/// <summary><c>ambroise releases drop</c>: releases that nothing names go, with what they alone hold.</summary>
static class DropReleases
{
    sealed record UseShown(string Project, int? Dataset);

    /// <param name="NamedBy">Permits and datasets that name it.</param>
    sealed record KeptShown(int Release, KeptBecause Because, IReadOnlyList<UseShown> NamedBy);

    /// <param name="Bytes">What the disk is given back, or would be.</param>
    sealed record Shown(string Tenant, bool DryRun, IReadOnlyList<DroppedRelease> Dropped, IReadOnlyList<KeptShown> Kept, int Files, long Bytes);

    public static Command Command(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        var keep = new Option<int?>("--keep") { HelpName = "N", Description = frame.Say("How many of the newest stay; the newest always does", "Combien des plus récentes restent ; la dernière reste toujours") };
        var before = new Option<DateOnly?>("--before") { HelpName = "DATE", Description = frame.Say("Only those made before this day (UTC) go", "Seules partent celles d'avant ce jour (UTC)") };
        var dry = new Option<bool>("--dry-run") { Description = frame.Say("Says what would go, and changes nothing", "Dit ce qui partirait, et ne change rien") };
        return frame.Runs(new Command("drop", frame.Say("Drops releases that no permit and no dataset names, with what they alone hold: for good", "Supprime les versions que ni permis ni jeu de données ne nomme, et ce qu'elles seules contiennent : sans retour")) { tenant, keep, before, dry },
            (session, parse) => Run(session, parse.GetRequiredValue(tenant), parse.GetValue(keep), parse.GetValue(before), parse.GetValue(dry)),
            new Example("ambroise releases drop --tenant chu --keep 14 --dry-run", frame.Say("what would go, what would stay and why", "ce qui partirait, ce qui resterait et pourquoi")),
            new Example("ambroise releases drop --tenant chu --keep 14", frame.Say("all but the newest fourteen and those that are named", "toutes sauf les quatorze dernières et celles qui sont nommées")),
            new Example("ambroise releases drop --tenant chu --keep 2 --before 2026-01-01", frame.Say("of last year's, and never the newest two", "celles de l'an dernier, jamais les deux dernières")));
    }

    static Result<Answer> Run(Session session, string id, int? keep, DateOnly? before, bool dry)
    {
        if (DropRules.Of(keep, before).Failed(out var failure, out var rules)) return failure;
        using var open = session.OpenTenant(id, Capability.LakeDrop).OrThrow();
        var (lake, by) = (open.Lake(session.Clock), session.Caller.Actor);
        IReadOnlyList<ReleaseUse> uses = [];
        IReadOnlyCollection<int> Named()
        {
            uses = ReleaseUses.Of(open.Ledger.Projects(open.Id).List(), DatasetRoom.ShelfOf(session, open), open.Signature, DateOnly.FromDateTime(session.Clock.GetUtcNow().UtcDateTime)).OrThrow();
            return [.. uses.Select(u => u.Release)];
        }
        // Which ones go is in the audit before any does: a drop that is stopped midway can be read there.
        var result = dry ? ReleaseDrop.Plan(lake, rules, by, Named) : ReleaseDrop.Run(lake, rules, by, Named, going => open.Record(Outcome.Allowed, null, null, Said(going, "drop")));
        if (result.Failed(out failure, out var done)) return failure;
        open.Record(Outcome.Done, null, null, Said(done, dry ? "dry-run" : "drop"));
        return Told(session, new(id, dry, done.Dropped, [.. done.Kept.Select(k => new KeptShown(k.Release, k.Because, [.. uses.Where(u => u.Release == k.Release).Select(u => new UseShown(u.Project, u.Dataset))]))], done.Files, done.Bytes));
    }

    static (string, string)[] Said(DropReport report, string step) =>
        [("step", step), ("releases", Runs(report.Dropped.Select(d => d.Release))), ("files", $"{report.Files}"), ("bytes", report.Bytes.ToString(CultureInfo.InvariantCulture))];

    /// <returns>Numbers in ascending order as runs: 1-25, 27.</returns>
    public static string Runs(IEnumerable<int> numbers) =>
        string.Join(", ", numbers.Select((n, i) => (n, i)).GroupBy(p => p.n - p.i, p => p.n).Select(g => g.First() == g.Last() ? $"{g.First()}" : $"{g.First()}-{g.Last()}"));

    static Answer Told(Session session, Shown shown) => new(shown, console =>
    {
        var (count, numbers) = (shown.Dropped.Count, Runs(shown.Dropped.Select(d => d.Release)));
        console.WriteLine(
            count == 0 ? session.Say("No release may go: nothing was changed.", "Aucune version ne peut partir : rien n'a changé.")
            : shown.DryRun ? session.Say($"{count:release|releases} would go ({numbers}), with {shown.Files:file|files}: {shown.Bytes:byte|bytes}. Nothing was changed.", $"{count:version partirait|versions partiraient} ({numbers}), avec {shown.Files:fichier|fichiers} : {shown.Bytes:octet|octets}. Rien n'a changé.")
            : session.Say($"{count:release is|releases are} dropped ({numbers}), with {shown.Files:file|files} and their keys: {shown.Bytes:byte is|bytes are} given back.", $"{count:version est supprimée|versions sont supprimées} ({numbers}), avec {shown.Files:fichier|fichiers} et leurs clés : {shown.Bytes:octet est rendu|octets sont rendus}."));
        foreach (var kept in shown.Kept.Where(k => k.Because == KeptBecause.Named))
            console.WriteLine(session.Say($"  release {kept.Release} stays, named by {string.Join(", ", kept.NamedBy.Select(u => Word(session, u)))}", $"  la version {kept.Release} reste, nommée par {string.Join(", ", kept.NamedBy.Select(u => Word(session, u)))}"));
    });

    static string Word(Session session, UseShown use) => use.Dataset is { } number
        ? session.Say($"dataset {number} of project {use.Project}", $"le jeu de données {number} du projet {use.Project}")
        : session.Say($"the permit of project {use.Project}", $"le permis du projet {use.Project}");
}
