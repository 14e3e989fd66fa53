using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Ambroise.Lake.Releases;
using Spectre.Console;

namespace Ambroise.Cli.Lake;

/// <summary><c>ambroise lineage</c>: which line of which file a row came from.</summary>
static class TraceRows
{
    public static Command Command(CommandFrame frame)
    {
        var rows = new Argument<string[]>("ROW") { Arity = ArgumentArity.OneOrMore, Description = frame.Say("A table and the key of a row in it, such as measurement:1042 (a person_id for death)", "Une table et la clé d'une de ses lignes, comme measurement:1042 (un person_id pour death)") };
        var (tenant, release) = (TenantArgument.MakeOption(frame), LakeOptions.Release(frame));
        return frame.Runs(new Command("lineage", frame.Say("Tells which file, line, resource and version rows came from", "Dit de quels fichier, ligne, ressource et version viennent des lignes")) { rows, tenant, release },
            (session, parse, cancel) => Task.FromResult(Run(session, parse.GetRequiredValue(rows), parse.GetRequiredValue(tenant), parse.GetValue(release), cancel)),
            new Example("ambroise lineage condition_occurrence:1042 death:7 --tenant chu", frame.Say("two rows of a load of FHIR", "deux lignes d'un chargement FHIR")));
    }

    static Result<Answer> Run(Session session, string[] texts, string id, int? release, CancellationToken cancel)
    {
        var names = new List<RowName>();
        foreach (var text in texts)
        {
            if (RowName.Parse(text).Failed(out var wrong, out var name)) return wrong;
            names.Add(name);
        }
        using var tenant = session.OpenTenant(id, Capability.LineageRead).OrThrow();
        if (Lineage.Of(tenant.Lake(session.Clock), release, names, cancel).Failed(out var failure, out var traced)) return failure;
        tenant.Record(Outcome.Done, release, null, ("rows", $"{names.Count}"));
        return new Answer(traced, console =>
        {
            var table = new Table().Border(TableBorder.Simple).AddColumns(session.Say("Row", "Ligne"), session.Say("Resource", "Ressource"), "Version", session.Say("File and line", "Fichier et ligne"), session.Say("Loaded as", "Chargée en"));
            foreach (var row in traced)
                table.AddRow([.. (row.Origin is { } o ? new[] { row.Row, o.Resource, Version(o), $"{o.File}:{o.Line}", Loaded(session, o) } : [row.Row, Why(session, row.Because!), "", "", ""]).Select(t => new Text(t))]);
            console.Write(table);
            foreach (var row in traced)
                foreach (var codings in row.Origin?.Codings ?? [])
                    console.WriteLine(session.Say($"{row.Row}: {codings[0]} was sent with {string.Join(", ", codings[1..])}", $"{row.Row} : {codings[0]} était envoyé avec {string.Join(", ", codings[1..])}"));
        });
    }

    static string Loaded(Session session, Origin origin) => session.Say($"release {origin.Release}", $"version {origin.Release}")
        + (origin.OrDropped ? session.Say(", or one dropped before it", ", ou une supprimée d'avant") : "");

    static string Version(Origin origin) => string.Join(", ", new[] { origin.Version, origin.Updated?.ToString("u", System.Globalization.CultureInfo.InvariantCulture) }.Where(v => v is not null));

    static string Why(Session session, string because) => because switch
    {
        "derived" => session.Say("derived from the patient's other rows", "dérivée des autres lignes du patient"),
        "shared" => session.Say("about no patient: no record is kept", "ne concerne aucun patient : pas d'enregistrement gardé"),
        "no-records" => session.Say("loaded from tables: the row itself is the source's", "chargée depuis des tables : la ligne est celle de la source"),
        _ => session.Say("no record of this release made such a row", "aucun enregistrement de cette version n'a fait cette ligne"),
    };
}
