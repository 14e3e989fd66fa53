using System.CommandLine;
using System.Text.Json.Serialization;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Lake.Quarantine;
using Spectre.Console;

namespace Ambroise.Cli.Lake;

/// <summary><c>ambroise quarantine</c>: the rows a load set aside, by reason and place, never by content.</summary>
static class ShowQuarantine
{
    const int FirstPlaces = 3;

    sealed record Place(string File, long Line);

    sealed record Shown(string Table, string? Field, string Reason, long Rows, IReadOnlyList<Place> First)
    {
        /// <summary>Every place in the order met, where all were asked for.</summary>
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public IReadOnlyList<Place>? All { get; init; }
    }

    public static Command Command(CommandFrame frame)
    {
        var (tenant, release) = (TenantArgument.MakeOption(frame), LakeOptions.Release(frame));
        var reason = new Option<string?>("--reason") { HelpName = "CODE", Description = frame.Say("Those of one reason alone, e.g. value-unparseable", "Seulement celles d'une raison, p. ex. value-unparseable") };
        var all = new Option<bool>("--all") { Description = frame.Say("Every row on a line of its own: file:line, table or type, field, reason, with tabs between", "Chaque ligne écartée sur la sienne : fichier:ligne, table ou type, champ, raison, séparés par des tabulations") };
        return frame.Runs(new Command("quarantine", frame.Say("Summarises the rows a load set aside", "Résume les lignes qu'un chargement a écartées")) { tenant, release, reason, all },
            (session, parse, cancel) => Task.FromResult(Run(session, parse.GetRequiredValue(tenant), parse.GetValue(release), parse.GetValue(reason), parse.GetValue(all), cancel)),
            new Example("ambroise quarantine --tenant chu", frame.Say("by table, field and reason, with the first places", "par table, champ et raison, avec les premières places")),
            new Example("ambroise quarantine --tenant chu --all > rejected.tsv", frame.Say("the place of each, never its content", "la place de chacune, jamais son contenu")));
    }

    static Result<Answer> Run(Session session, string id, int? release, string? reason, bool all, CancellationToken cancel)
    {
        using var tenant = session.OpenTenant(id, Capability.QuarantineRead).OrThrow();
        var lake = tenant.Lake(session.Clock);
        if (lake.Release(release).Failed(out var failure, out var manifest)) return failure;
        // Row by row: there may be millions, of few reasons.
        var rows = SealedQuarantine.Read(lake, manifest).Where(r =>
        {
            cancel.ThrowIfCancellationRequested();
            return reason is null || r.Reason == reason;
        });
        return all && !session.Terminal.Json ? Each(session, rows) : Grouped(session, rows, all);
    }

    /// <summary>Written as they are read.</summary>
    static Answer Each(Session session, IEnumerable<Rejected> rows)
    {
        var any = false;
        foreach (var r in rows)
        {
            Terminal.Line($"{r.File}:{r.Line}\t{r.Table}\t{r.Field}\t{r.Reason}");
            any = true;
        }
        return new Answer(any, console => { if (!any) console.WriteLine(None(session)); });
    }

    static Answer Grouped(Session session, IEnumerable<Rejected> rows, bool all)
    {
        var groups = rows.AggregateBy(r => (r.Table, r.Field, r.Reason), _ => (Rows: 0L, Places: new List<Place>()), (group, row) =>
        {
            if (all || group.Places.Count < FirstPlaces) group.Places.Add(new(row.File, row.Line));
            return (group.Rows + 1, group.Places);
        }).Select(g => new Shown(g.Key.Table, g.Key.Field, g.Key.Reason, g.Value.Rows, [.. g.Value.Places.Take(FirstPlaces)]) { All = all ? g.Value.Places : null }).OrderByDescending(g => g.Rows).ToList();
        return new Answer(groups, console =>
        {
            if (groups.Count == 0)
            {
                console.WriteLine(None(session));
                return;
            }
            var table = new Table().Border(TableBorder.Simple).AddColumns("Table", session.Say("Field", "Champ"), session.Say("Reason", "Raison"), session.Say("Rows", "Lignes"), session.Say("First places", "Premières places"));
            foreach (var g in groups) table.AddRow(new Text(g.Table), new Text(g.Field ?? ""), new Text(g.Reason), new Text(session.Say($"{g.Rows:N0}")), new Text(string.Join(", ", g.First.Select(p => $"{p.File}:{p.Line}"))));
            console.Write(table);
            if (groups.Exists(g => g.Rows > FirstPlaces)) console.WriteLine(session.Say("--all gives every place.", "--all donne toutes les places."));
        });
    }

    static string None(Session session) => session.Say("No row was set aside.", "Aucune ligne écartée.");
}
