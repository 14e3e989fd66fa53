using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Governance.Tenants;
using Spectre.Console;

namespace Ambroise.Cli.Tenants;

/// <summary><c>ambroise tenant list</c>: who is in the warehouse.</summary>
static class ListTenants
{
    public static Command Command(CommandFrame frame) => frame.Runs(
        new Command("list", frame.Say("Lists the tenants", "Liste les établissements")),
        Run,
        new Example("ambroise tenant list", frame.Say("as a table", "en tableau")),
        new Example("ambroise tenant list --json", frame.Say("as an array of id, name, state, custodian, created, releases", "en tableau JSON : id, name, state, custodian, created, releases")));

    static Result<Answer> Run(Session session, ParseResult parse)
    {
        var tenants = session.ControlPlane.Tenants.Select(t => TenantShown.Of(t, session.ControlPlane)).ToList();
        return new Answer(tenants, console =>
        {
            if (tenants.Count == 0)
            {
                console.WriteLine(session.Say("No tenant yet: ambroise tenant create ID --name \"…\"", "Aucun établissement : ambroise tenant create ID --name \"…\""));
                return;
            }
            var table = new Table().Border(TableBorder.Simple)
                .AddColumns("ID", session.Say("Name", "Nom"), session.Say("State", "État"), session.Say("Key", "Clé"), session.Say("Created", "Création"), session.Say("Releases", "Versions"));
            foreach (var t in tenants)
                table.AddRow(t.Id, Markup.Escape(t.Name), StateName(session, t.State), t.Custodian, t.Created.ToString("yyyy-MM-dd", null), $"{t.Releases}");
            console.Write(table);
        });
    }

    static string StateName(Session session, TenantState state) => state switch
    {
        TenantState.Ready => session.Say("ready", "ouvert"),
        TenantState.Sealed => session.Say("sealed", "scellé"),
        _ => session.Say("destroyed", "détruit"),
    };
}
