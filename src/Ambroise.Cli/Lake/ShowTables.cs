using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Releases;
using Spectre.Console;

namespace Ambroise.Cli.Lake;

/// <summary><c>ambroise tables</c>: what a release holds, table by table.</summary>
static class ShowTables
{
    public sealed record Shown(string Table, long Rows, long Patients, DateOnly? First, DateOnly? Last, long Bytes, double BytesPerRow);

    public static Command Command(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        var release = LakeOptions.Release(frame);
        return frame.Runs(new Command("tables", frame.Say("Shows a release's tables: rows, patients, dates, size", "Montre les tables d'une version : lignes, patients, dates, taille")) { tenant, release },
            (session, parse) => Run(session, parse.GetRequiredValue(tenant), parse.GetValue(release)),
            new Example("ambroise tables --tenant chu", frame.Say("the newest release", "la version la plus récente")),
            new Example("ambroise tables --tenant chu --release 1 --json", frame.Say("as an array of table, rows, patients, first, last, bytes, bytesPerRow", "en tableau JSON")));
    }

    static Result<Answer> Run(Session session, string id, int? release)
    {
        using var tenant = session.OpenTenant(id, Capability.LakeDescribe).OrThrow();
        if (tenant.Lake(session.Clock).Release(release).Failed(out var failure, out var manifest)) return failure;
        var tables = Of(manifest);
        return new Answer(tables, console => Show(session, console, tables));
    }

    public static List<Shown> Of(Manifest manifest) => [.. Cdm54.All.Select(t => manifest.Files.Where(f => f.Table == t.Name && f.Part != FilePart.Quarantine).ToList()).Where(f => f.Count > 0).Select(files =>
    {
        var main = files.Where(f => f.Part == FilePart.Analytic).ToList();
        long rows = main.Sum(f => f.Living), bytes = files.Sum(f => f.Bytes);
        return new Shown(files[0].Table, rows, main.Sum(f => (long)f.Patients), main.Min(f => f.First), main.Max(f => f.Last), bytes, Math.Round((double)bytes / Math.Max(1, rows), 2));
    })];

    public static void Show(Session session, IAnsiConsole console, IReadOnlyList<Shown> tables)
    {
        var most = Math.Max(1, tables.Max(t => t.Rows));
        var table = new Table().Border(TableBorder.Simple).AddColumns("Table", "").AddColumn(new TableColumn(session.Say("Rows", "Lignes")).RightAligned())
            .AddColumn(new TableColumn("Patients").RightAligned()).AddColumns(session.Say("First", "Première"), session.Say("Last", "Dernière")).AddColumn(new TableColumn(session.Say("Bytes/row", "Octets/ligne")).RightAligned());
        foreach (var t in tables)
            table.AddRow(new Text(t.Table), new Text(new string('█', (int)Math.Ceiling(20.0 * t.Rows / most)), new Style(Color.Teal)), new Text(session.Say($"{t.Rows:N0}")), new Text(t.Patients == 0 ? "" : session.Say($"{t.Patients:N0}")),
                new Text(t.First?.ToString("yyyy-MM-dd", null) ?? ""), new Text(t.Last?.ToString("yyyy-MM-dd", null) ?? ""), new Text(session.Say($"{t.BytesPerRow:F1}")));
        console.Write(table);
    }
}
