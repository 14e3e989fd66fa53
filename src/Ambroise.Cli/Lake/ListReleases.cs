using System.CommandLine;
using System.Text.Json.Serialization;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Lake.Releases;
using Spectre.Console;

namespace Ambroise.Cli.Lake;

/// <summary><c>ambroise releases</c>: a tenant's history, what was dropped of it included.</summary>
static class ListReleases
{
    /// <summary>So many of the last drops are shown to a person; all of them under <c>--json</c>.</summary>
    const int DropsShown = 10;

    /// <summary>Of a release that was dropped, all but its number and day is null.</summary>
    sealed record Shown(int Release, DateTimeOffset Created, string? Mode, string? Source, long? Patients, long? Rows, long? Bytes, long? Quarantined, string? ContentHash)
    {
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
        public DateTimeOffset? Dropped { get; init; }

        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
        public string? DroppedBy { get; init; }
    }

    public static Command Command(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        return frame.Runs(new Command("releases", frame.Say("Lists a tenant's releases", "Liste les versions d'un établissement")) { tenant, DropReleases.Command(frame) },
            (session, parse) => Run(session, parse.GetRequiredValue(tenant)),
            new Example("ambroise releases --tenant chu", frame.Say("oldest first", "de la plus ancienne à la plus récente")));
    }

    static Result<Answer> Run(Session session, string id)
    {
        using var tenant = session.OpenTenant(id, Capability.LakeDescribe).OrThrow();
        if (tenant.Lake(session.Clock).Releases().Failed(out var failure, out var manifests)) return failure;
        var dropped = DroppedRelease.Of(manifests);
        var left = manifests.Select(m => new Shown(m.Release, m.Created, m.Mode.ToString().ToLowerInvariant(), m.Source, m.Patients, m.Files.Where(f => f.Part == FilePart.Analytic).Sum(f => f.Living),
            m.Files.Sum(f => f.Bytes), m.Quarantined, m.Content)).ToList();
        var all = left.Concat(dropped.Select(d => new Shown(d.Release, d.Created, null, null, null, null, null, null, null) { Dropped = d.At, DroppedBy = d.By })).OrderBy(r => r.Release).ToList();
        return new Answer(all, console =>
        {
            var table = new Table().Border(TableBorder.Simple).AddColumns(session.Say("Release", "Version"), session.Say("Created", "Création"), "Mode", "Source", "Patients", session.Say("Rows", "Lignes"),
                session.Say("Bytes", "Octets"), session.Say("Rejected", "Rejets"), session.Say("Content", "Contenu"));
            foreach (var r in left)
                table.AddRow($"{r.Release}", r.Created.ToString("yyyy-MM-dd HH:mm", null), r.Mode!, Markup.Escape(r.Source!), session.Say($"{r.Patients:N0}"), session.Say($"{r.Rows:N0}"), session.Say($"{r.Bytes:N0}"), session.Say($"{r.Quarantined:N0}"), r.ContentHash![..12]);
            console.Write(table);
            // Where some go every night, a line for each would hide those that are left.
            foreach (var run in dropped.GroupBy(d => (d.By, Day: DateOnly.FromDateTime(d.At.UtcDateTime))).TakeLast(DropsShown))
                console.WriteLine(session.Say($"dropped on {run.Key.Day:yyyy-MM-dd} by {run.Key.By}: {DropReleases.Runs(run.Select(d => d.Release))}", $"supprimées le {run.Key.Day:yyyy-MM-dd} par {run.Key.By} : {DropReleases.Runs(run.Select(d => d.Release))}"));
        });
    }
}
