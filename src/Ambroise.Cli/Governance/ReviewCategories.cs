using System.CommandLine;
using Ambroise.Cli.Datasets;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Projects;
using Spectre.Console;

namespace Ambroise.Cli.Governance;

/// <summary><c>ambroise category</c>: is each kind of data that a project was permitted still needed?</summary>
static class ReviewCategories
{
    sealed record Destroyed(string Project, int Number, IReadOnlyDictionary<string, string> Files);

    public static Command List(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        return frame.Runs(new Command("list", frame.Say("Lists what each project in force was permitted, and when it must be confirmed", "Liste ce que chaque projet en vigueur a le droit d'avoir, et quand le confirmer")) { tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.ProjectRead).OrThrow();
                var all = Standing(open);
                return new Answer(all, console =>
                {
                    var table = new Table().Border(TableBorder.Simple).AddColumns(session.Say("Project", "Projet"), "Table", session.Say("Confirmed", "Confirmé"), session.Say("Lapses", "Caduc le"), session.Say("Reason", "Raison"), "");
                    foreach (var c in all) table.AddRow(new Text(c.Project), new Text(c.Table), new Text($"{c.Confirmed:yyyy-MM-dd}"), new Text($"{c.ReviewBy:yyyy-MM-dd}"), new Text(c.Reason ?? ""), new Text(c.Lapsed ? session.Say("lapsed", "caduc") : ""));
                    console.Write(table);
                });
            },
            new Example("ambroise category list --tenant chu", frame.Say("table by table", "table par table")));
    }

    static List<CategoryStanding> Standing(OpenTenant open) =>
        [.. open.Ledger.Projects(open.Id).List().Where(p => p.Permit is not null && p.State != ProjectState.Closed).SelectMany(p => open.Ledger.Categories(open.Id, open.Keys).Of(p.Permit!.Open(open.Signature).OrThrow()))];

    public static Command Confirm(CommandFrame frame)
    {
        var (project, tenant) = (DatasetOptionsOf.MakeProject(frame), TenantArgument.MakeOption(frame));
        var table = new Argument<string>("TABLE") { Description = frame.Say("A table of the permit", "Une table du permis") };
        var reason = new Option<string>("--reason") { Required = true, HelpName = "TEXT", Description = frame.Say("Why it is still needed", "Pourquoi elle est encore nécessaire") };
        return frame.Runs(new Command("confirm", frame.Say("Confirms for another year that a project needs a table", "Confirme pour un an qu'un projet a besoin d'une table")) { table, project, reason, tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.ProjectRequest, parse.GetRequiredValue(project)).OrThrow();
                if (open.PermitInForce(session.Caller.Actor).Failed(out var failure, out var permit)) return failure;
                if (open.Ledger.Categories(open.Id, open.Keys).Confirm(permit, parse.GetRequiredValue(table), parse.GetRequiredValue(reason), session.Caller.Actor).Failed(out failure, out var entry)) return failure;
                open.Record(Outcome.Done, null, null, ("confirmed", entry.Table), ("entry", $"{entry.Number}"));
                var shown = open.Ledger.Categories(open.Id, open.Keys).Of(permit).First(c => c.Table == entry.Table);
                return Answer.Sentence(shown, session.Say($"{shown.Table} is confirmed for {shown.Project} until {shown.ReviewBy:yyyy-MM-dd}.", $"{shown.Table} est confirmée pour {shown.Project} jusqu'au {shown.ReviewBy:yyyy-MM-dd}."));
            },
            new Example("ambroise category confirm measurement --project statins --reason \"second analysis\" --tenant chu --as marie", frame.Say("by a member of the project", "par un membre du projet")));
    }

    public static Command Purge(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        return frame.Runs(new Command("purge", frame.Say("Destroys datasets that hold what nobody confirmed for a year, and says which files", "Détruit les jeux contenant ce que nul n'a confirmé depuis un an, et dit quels fichiers")) { tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.DatasetExpire).OrThrow();
                var shelf = DatasetRoom.ShelfOf(session, open);
                var gone = new List<Destroyed>();
                foreach (var lapsed in Standing(open).Where(c => c.Lapsed).GroupBy(c => c.Project))
                    if (!shelf.List(lapsed.Key).Failed(out _, out var built))
                        gone.AddRange(built.Where(d => d.Contents.Files.Any(f => lapsed.Any(c => f.Name == $"csv/{c.Table}.csv"))).Select(d => new Destroyed(lapsed.Key, d.Number, shelf.Destroy(lapsed.Key, d.Number))));
                foreach (var d in gone) open.Record(Outcome.Done, null, null, ("project", d.Project), ("dataset", $"{d.Number}"), ("files", $"{d.Files.Count}"), ("because", "category.unconfirmed"));
                return new Answer(gone, console =>
                {
                    console.WriteLine(session.Say($"{gone.Count:dataset|datasets} destroyed.", $"{gone.Count:jeu de données détruit|jeux de données détruits}."));
                    foreach (var d in gone)
                        foreach (var (name, sha256) in d.Files) console.WriteLine($"  {d.Project} {d.Number}  {name}  {sha256}");
                });
            },
            new Example("ambroise category purge --tenant chu", frame.Say("build again without it, once the request is amended", "à reconstruire sans elle, une fois la demande modifiée")));
    }
}
