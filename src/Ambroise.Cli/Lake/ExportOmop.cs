using System.CommandLine;
using System.Globalization;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Ambroise.Lake.Releases;

namespace Ambroise.Cli.Lake;

/// <summary><c>ambroise export omop</c>: everything back, in the clear, for a hospital that leaves or moves on.</summary>
static class ExportOmop
{
    sealed record TableShown(string Table, long Rows);

    sealed record Shown(string Tenant, string Folder, string Format, IReadOnlyList<TableShown> Tables);

    public static Command Command(CommandFrame frame)
    {
        var folder = new Argument<string>("DIR") { Description = frame.Say("Made if absent; the files in it are NOT sealed", "Créé s'il manque ; ses fichiers ne sont PAS scellés") };
        var tenant = TenantArgument.MakeOption(frame);
        var release = LakeOptions.Release(frame);
        var format = new Option<string>("--format") { HelpName = "parquet|csv", DefaultValueFactory = _ => "parquet", Description = frame.Say("File format", "Format des fichiers") };
        format.AcceptOnlyFromAmong("parquet", "csv");
        return frame.Runs(new Command("omop", frame.Say("Writes the whole CDM back, identities included, as plain files", "Restitue tout le CDM, identités comprises, en fichiers clairs")) { folder, tenant, release, format },
            (session, parse, cancel) => Task.FromResult(Run(session, parse.GetRequiredValue(folder), parse.GetRequiredValue(tenant), parse.GetValue(release), parse.GetRequiredValue(format), cancel)),
            new Example("ambroise export omop ./back --tenant chu", frame.Say("one Parquet file a table", "un fichier Parquet par table")),
            new Example("ambroise export omop ./back --tenant chu --format csv", frame.Say("comma-separated, RFC 4180", "séparé par des virgules, RFC 4180")));
    }

    static Result<Answer> Run(Session session, string folder, string id, int? release, string format, CancellationToken cancel)
    {
        using var tenant = session.OpenTenant(id, Capability.LakeExport).OrThrow();
        var result = session.Terminal.Progress(session.Say("Exporting", "Restitution"), report =>
            Reversibility.Export(tenant.Lake(session.Clock), release, folder, format == "csv" ? ExportFormat.Csv : ExportFormat.Parquet, new LoadOmop.Now<(string, int Done, int Of)>(p => report((double)p.Done / p.Of)), cancel));
        if (result.Failed(out var failure, out var written)) return failure;
        tenant.Record(Outcome.Done, release, null, ("rows", written.Values.Sum().ToString(CultureInfo.InvariantCulture)), ("format", format));
        return Answer.Sentence(new Shown(id, folder, format, [.. written.Select(w => new TableShown(w.Key, w.Value))]), session.Say(
            $"{written.Values.Sum():row|rows} of {written.Count:table|tables}, in the clear, in {folder}: protect them.",
            $"{written.Values.Sum():ligne|lignes} de {written.Count:table|tables}, en clair, dans {folder} : protégez-les."));
    }
}
