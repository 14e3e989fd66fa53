using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Governance;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Writing;
using Ambroise.Sources.Omop;
using Spectre.Console;

namespace Ambroise.Cli.Lake;

/// <summary><c>ambroise load omop</c>: a folder of OMOP CDM files becomes a new sealed release.</summary>
static class LoadOmop
{
    public sealed record TableShown(string Table, long Rows);

    public sealed record RejectShown(string Table, string Field, string Reason, long Rows);

    public sealed record Shown(string Tenant, int Release, string Mode, long Patients, string ContentHash, long Rows, long Bytes, double Seconds, long Quarantined,
        IReadOnlyList<TableShown> Tables, IReadOnlyList<RejectShown> Rejects, IReadOnlyList<string> Notes);

    public static Command Command(CommandFrame frame)
    {
        var folder = new Argument<string>("DIR") { Description = frame.Say("CSV, CSV.gz, TSV or Parquet files named after the CDM's tables", "Fichiers CSV, CSV.gz, TSV ou Parquet portant le nom des tables du CDM") };
        var tenant = TenantArgument.MakeOption(frame);
        var mode = new Option<string>("--mode") { HelpName = "replace|merge", DefaultValueFactory = _ => "replace", Description = frame.Say("replace: the release holds this input alone; merge: same key replaces, new rows add", "replace : la version ne contient que cet apport ; merge : même clé remplace, le reste s'ajoute") };
        mode.AcceptOnlyFromAmong("replace", "merge");
        var (memory, declared) = (LakeOptions.Memory(frame), DeclareSources.Option(frame));
        var rejects = LakeOptions.Rejects(frame, frame.Say("Stop when more rows than this are rejected", "S'arrête au-delà de ce nombre de lignes rejetées"));
        return frame.Runs(
            new Command("omop", frame.Say("Loads a folder of OMOP CDM 5.3 or 5.4 files as a new release", "Charge un dossier de fichiers OMOP CDM 5.3 ou 5.4 comme nouvelle version")) { folder, tenant, mode, memory, rejects, declared },
            (session, parse, cancel) => RunAsync(session, parse.GetRequiredValue(folder), parse.GetRequiredValue(tenant), parse.GetRequiredValue(mode) == "merge" ? LoadMode.Merge : LoadMode.Replace,
                parse.GetValue(memory) ?? MemoryBound.Usual, parse.GetValue(rejects), parse.GetValue(declared), cancel),
            new Example("ambroise load omop ./export --tenant chu", frame.Say("replaces what the newest release holds", "remplace le contenu de la version la plus récente")),
            new Example("ambroise load omop ./increment --tenant chu --mode merge", frame.Say("adds to it", "le complète")));
    }

    public static async Task<Result<Answer>> RunAsync(Session session, string folder, string tenantId, LoadMode mode, long memoryBytes, long maxRejects, string? declared, CancellationToken cancel)
    {
        using var tenant = session.OpenTenant(tenantId, Capability.LakeLoad).OrThrow();
        if (DeclareSources.Refuses(tenant, declared) is { } refused) return refused;
        if (OmopFolder.Open(folder).Failed(out var failure, out var files)) return failure;
        if ((await LoadAsync(session, tenant, files, mode, memoryBytes, maxRejects, cancel)).Failed(out failure, out var shown)) return failure;
        return new Answer(shown, console => Show(session, console, shown));
    }

    public static async Task<Result<Shown>> LoadAsync(Session session, OpenTenant tenant, OmopFolder files, LoadMode mode, long memoryBytes, long maxRejects, CancellationToken cancel)
    {
        var threads = Environment.ProcessorCount;
        var memory = new MemoryBound(memoryBytes);
        memory.Apply();
        using var source = new OmopSource(files, memory.Native, threads);
        var started = session.Clock.GetTimestamp();
        var sizes = files.Files.GroupBy(f => f.Table.Name).ToDictionary(g => g.Key, g => g.Sum(f => new FileInfo(f.Path).Length));
        var total = Math.Max(1, sizes.Values.Sum());
        var result = await session.Terminal.ProgressAsync(session.Say("Loading", "Chargement"), async report =>
        {
            var passed = new HashSet<string>();
            try
            {
                return await LoadRelease.RunAsync(tenant.Lake(session.Clock), source, new(mode, memory.Rows, threads, maxRejects), new Now<LoadProgress>(p =>
                {
                    passed.Add(p.Table);
                    report((double)passed.Where(t => t != p.Table).Sum(t => sizes.GetValueOrDefault(t)) / total);
                }), cancel);
            }
            catch (OutOfMemoryException)
            {
                return memory.Exceeded;
            }
        });
        if (result.Failed(out var failure, out var loaded)) return failure;
        tenant.Record(Outcome.Done, loaded.Manifest.Release, loaded.Manifest.Patients);
        var unknown = files.Unknown.Count == 0 ? [] : new[] { $"{session.Say("not a CDM table, left out", "hors du CDM, écartés")}: {string.Join(", ", files.Unknown)}" };
        return new Shown(tenant.Id.Value, loaded.Manifest.Release, mode.ToString().ToLowerInvariant(), loaded.Manifest.Patients, loaded.Manifest.Content, loaded.Rows.Values.Sum(), loaded.Manifest.Files.Sum(f => f.Bytes),
            Math.Round(session.Clock.GetElapsedTime(started).TotalSeconds, 3), loaded.Manifest.Quarantined, [.. loaded.Rows.Select(r => new TableShown(r.Key, r.Value)).OrderByDescending(t => t.Rows)],
            [.. loaded.Rejects.Select(r => new RejectShown(r.Key.Table, r.Key.Field, r.Key.Reason, r.Value))], [.. source.Notes, .. unknown]);
    }

    public static void Show(Session session, IAnsiConsole console, Shown shown)
    {
        console.MarkupLine(session.Say($"[green]Release {shown.Release}[/] of {shown.Tenant}: {shown.Patients:patient|patients}, {shown.Rows:row|rows}, {shown.Bytes:byte|bytes} sealed, in {shown.Seconds:F1} s",
            $"[green]Version {shown.Release}[/] de {shown.Tenant} : {shown.Patients:patient|patients}, {shown.Rows:ligne|lignes}, {shown.Bytes:octet scellé|octets scellés}, en {shown.Seconds:F1} s"));
        foreach (var reject in shown.Rejects.OrderByDescending(r => r.Rows)) console.MarkupLineInterpolated($"[yellow]{session.Say($"{reject.Rows:N0} rejected", $"{reject.Rows:rejetée|rejetées}")}[/] {reject.Table}.{reject.Field}: {reject.Reason}");
        foreach (var note in shown.Notes) console.MarkupLineInterpolated($"[grey]{note}[/]");
    }

    /// <summary>Reports on the caller's own thread, in order.</summary>
    internal sealed class Now<T>(Action<T> act) : IProgress<T>
    {
        public void Report(T value) => act(value);
    }
}
