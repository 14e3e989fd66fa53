using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Lake.Quarantine;
using Spectre.Console;

namespace Ambroise.Cli.Lake;

/// <summary><c>ambroise quarantine</c>: the rows a load set aside, by reason and place, never by content.</summary>
static class ShowQuarantine
{
    sealed record Place(string File, long Line);

    sealed record Shown(string Table, string? Field, string Reason, long Rows, IReadOnlyList<Place> First);

    public static Command Command(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        var release = LakeOptions.Release(frame);
        return frame.Runs(new Command("quarantine", frame.Say("Summarises the rows a load set aside", "Résume les lignes qu'un chargement a écartées")) { tenant, release },
            (session, parse) => Run(session, parse.GetRequiredValue(tenant), parse.GetValue(release)),
            new Example("ambroise quarantine --tenant chu", frame.Say("by table, field and reason, with the first places", "par table, champ et raison, avec les premières places")));
    }

    static Result<Answer> Run(Session session, string id, int? release)
    {
        using var tenant = session.OpenTenant(id, Capability.QuarantineRead).OrThrow();
        if (SealedQuarantine.Read(tenant.Lake(session.Clock), release).Failed(out var failure, out var rows)) return failure;
        var groups = rows.GroupBy(r => (r.Table, r.Field, r.Reason)).Select(g => new Shown(g.Key.Table, g.Key.Field, g.Key.Reason, g.LongCount(), [.. g.Take(3).Select(r => new Place(r.File, r.Line))]))
            .OrderByDescending(g => g.Rows).ToList();
        return new Answer(groups, console =>
        {
            if (groups.Count == 0)
            {
                console.WriteLine(session.Say("No row was set aside.", "Aucune ligne écartée."));
                return;
            }
            var table = new Table().Border(TableBorder.Simple).AddColumns("Table", session.Say("Field", "Champ"), session.Say("Reason", "Raison"), session.Say("Rows", "Lignes"), session.Say("First places", "Premières places"));
            foreach (var g in groups) table.AddRow(g.Table, g.Field ?? "", g.Reason, session.Say($"{g.Rows:N0}"), Markup.Escape(string.Join(", ", g.First.Select(p => $"{p.File}:{p.Line}"))));
            console.Write(table);
        });
    }
}
