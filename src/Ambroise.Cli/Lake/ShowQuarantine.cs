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
        var lake = tenant.Lake(session.Clock);
        if (lake.Release(release).Failed(out var failure, out var manifest)) return failure;
        // Row by row: there may be millions, of few reasons.
        var groups = SealedQuarantine.Read(lake, manifest).AggregateBy(r => (r.Table, r.Field, r.Reason), _ => (Rows: 0L, First: new List<Place>()), (group, row) =>
        {
            if (group.First.Count < 3) group.First.Add(new(row.File, row.Line));
            return (group.Rows + 1, group.First);
        }).Select(g => new Shown(g.Key.Table, g.Key.Field, g.Key.Reason, g.Value.Rows, g.Value.First)).OrderByDescending(g => g.Rows).ToList();
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
