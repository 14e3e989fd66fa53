using System.CommandLine;
using System.Text.Json.Serialization;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Governance;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Oppositions;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Writing;
using Ambroise.Sources.Fhir;
using Ambroise.Sources.Fhir.Codes;
using Ambroise.Sources.Fhir.Export;
using Ambroise.Sources.Fhir.Mapping;
using Ambroise.Sources.Fhir.Reading;
using Spectre.Console;

namespace Ambroise.Cli.Lake;

/// <summary><c>ambroise load fhir</c>: a folder of FHIR R4 becomes OMOP rows in a new sealed release.</summary>
static class LoadFhir
{
    public sealed record TableShown(string Table, long Rows);

    public sealed record FateShown(string Type, string Kind, string Reason, long Count);

    /// <param name="Missing">Resources that the server's own list counts and its files lack.</param>
    /// <param name="Strange">Lines of its files that are no resource: a web page, an OperationOutcome in place of what was asked for.</param>
    /// <param name="Whole">Whether nothing is known to be lacking of what was asked for.</param>
    public sealed record ExportShown(string Server, string? Since, string TransactionTime, bool Resumed, long Missing, long Strange, bool Whole, IReadOnlyList<ExportProblem> Problems)
    {
        /// <summary>What the next <c>--since auto</c> asks for changes since; null for everything.</summary>
        public string? Next { get; init; }
    }

    public sealed record Shown(string Tenant, int Release, string Mode, long Patients, string ContentHash, double Seconds, long Read, long Used, long SetAside, long Unchanged, long Quarantined, long UnmappedCodes, IReadOnlyList<TableShown> Tables, IReadOnlyList<FateShown> Fates, ExportShown? Export, int OppositionsRecorded, int OppositionsWithdrawn)
    {
        /// <summary>Files that were not read, or not to their end, by reason.</summary>
        public IReadOnlyList<FateShown> Files { get; init; } = [];

        /// <summary>Servers whose resources came beside those of another.</summary>
        public long OtherServers { get; init; }

        /// <summary>Options that the release merged into was loaded with otherwise; null for none.</summary>
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public IReadOnlyList<string>? OptionsDiffer { get; init; }

        /// <summary>The version of the vocabulary that codes were looked up in; <c>none</c> without one.</summary>
        public required string Vocabulary { get; init; }

        /// <summary>There are exposures to drugs, and a vocabulary that does not say what drugs are made of.</summary>
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
        public bool ErasOfIngredientsAlone { get; init; }
    }

    public static Command Command(CommandFrame frame)
    {
        var folder = new Argument<string>("SOURCE") { Description = frame.Say("A folder, or one file: NDJSON or JSON, plain or .gz; resources or Bundles. Or the address of a FHIR server with Bulk Data $export", "Un dossier ou un fichier : NDJSON ou JSON, en clair ou .gz ; ressources ou Bundles. Ou l'adresse d'un serveur FHIR qui offre Bulk Data $export") };
        var tenant = TenantArgument.MakeOption(frame);
        var mode = new Option<string>("--mode") { HelpName = "replace|merge", DefaultValueFactory = _ => "replace", Description = frame.Say("merge: a later version of a resource takes the place of the earlier, deletes remove", "merge : la version la plus récente d'une ressource remplace la précédente, les suppressions ôtent") };
        mode.AcceptOnlyFromAmong("replace", "merge");
        var (memory, declared) = (LakeOptions.Memory(frame), DeclareSources.Option(frame));
        var rejects = LakeOptions.Rejects(frame, frame.Say("More refused resources and rows than this stop the load", "Au-delà, le chargement s'arrête"));
        var zone = new Option<string?>("--zone") { HelpName = "TZ", Description = frame.Say("Moves times with an offset to this zone, e.g. Europe/Paris (else they stay as written)", "Ramène les heures décalées à ce fuseau, p. ex. Europe/Paris (sinon elles restent comme écrites)") };
        var intents = new Option<string[]>("--intent") { HelpName = "CODE", AllowMultipleArgumentsPerToken = true, Description = frame.Say("MedicationRequest.intent that counts as an exposure (else order)", "MedicationRequest.intent qui vaut exposition (sinon order)") };
        var numbers = new Option<string[]>("--same-number") { HelpName = "SYSTEM", AllowMultipleArgumentsPerToken = true, Description = frame.Say("Patients with one number of this identifier system are one person, from this load on (else INS and Patient.link alone say so)", "Les patients qui ont un même numéro de ce système d'identifiants sont une personne, dès ce chargement (sinon seuls l'INS et Patient.link le disent)") };
        // A number without a system says the same of everybody who has it.
        numbers.Validators.Add(r => { if (r.Tokens.Any(t => string.IsNullOrWhiteSpace(t.Value))) r.AddError(frame.Say("--same-number takes an identifier system, and none is empty.", "--same-number prend un système d'identifiants, et aucun n'est vide.")); });
        intents.Validators.Add(r => { if (r.Tokens.Any(t => string.IsNullOrWhiteSpace(t.Value))) r.AddError(frame.Say("--intent takes a MedicationRequest.intent, and none is empty.", "--intent prend un MedicationRequest.intent, et aucun n'est vide.")); });
        var server = new ExportOptions(frame);
        var command = new Command("fhir", frame.Say("Loads FHIR R4 as a new release", "Charge du FHIR R4 comme nouvelle version")) { folder, tenant, mode, memory, rejects, zone, intents, numbers, declared };
        server.On(command);
        return frame.Runs(command,
            async (session, parse, cancel) =>
            {
                var options = FhirOptions.Default;
                if (parse.GetValue(zone) is { } named)
                {
                    if (!TimeZoneInfo.TryFindSystemTimeZoneById(named, out var found)) return new Failure(FailureKind.Invalid, "load.zone-unknown", $"'{named}' is no time zone: name one as Europe/Paris.");
                    options = options with { Zone = found };
                }
                if (parse.GetValue(intents) is { Length: > 0 } chosen)
                {
                    if (chosen.FirstOrDefault(i => !FhirOptions.KnownIntents.Contains(i)) is { } other) return new Failure(FailureKind.Invalid, "load.intent-unknown", $"'{other}' is no MedicationRequest.intent: name some of {string.Join(", ", FhirOptions.KnownIntents)}.");
                    options = options with { Intents = chosen };
                }
                if (parse.GetValue(numbers) is { Length: > 0 } systems) options = options with { NumberSystems = systems };
                if (server.Of(parse, parse.GetRequiredValue(folder)).Failed(out var failure, out var asked)) return failure;
                using (asked)
                {
                    var merge = parse.GetRequiredValue(mode) == "merge";
                    if (asked is { IsIncrement: true } && !merge && parse.GetResult(mode) is { Implicit: false })
                        return new Failure(FailureKind.Invalid, "load.since-replace", "--since fetches changes alone: in place of everything they would lose the rest. Leave --mode out, or say merge.");
                    return await RunAsync(session, parse.GetRequiredValue(folder), asked, parse.GetRequiredValue(tenant), merge || asked is { IsIncrement: true } ? LoadMode.Merge : LoadMode.Replace, options, parse.GetValue(memory) ?? MemoryBound.Usual, parse.GetValue(rejects), parse.GetValue(declared), cancel);
                }
            },
            new Example("ambroise load fhir ./export --tenant chu", frame.Say("an export of a FHIR server", "un export d'un serveur FHIR")),
            new Example("ambroise load fhir ./increment --tenant chu --mode merge --zone Europe/Paris", frame.Say("what changed since", "ce qui a changé depuis")),
            new Example("ambroise load fhir https://fhir.chu.example/r4 --tenant chu --client-id ambroise --client-key client.pem", frame.Say("everything from a server, by Bulk Data $export", "tout d'un serveur, par Bulk Data $export")),
            new Example("ambroise load fhir https://fhir.chu.example/r4 --tenant chu --client-id ambroise --client-key client.pem --since auto", frame.Say("what changed there since the last time", "ce qui y a changé depuis la dernière fois")));
    }

    static async Task<Result<Answer>> RunAsync(Session session, string folder, ExportOptions.Asked? asked, string id, LoadMode mode, FhirOptions options, long memoryBytes, long maxRejects, string? declared, CancellationToken cancel)
    {
        using var tenant = session.OpenTenant(id, Capability.LakeLoad).OrThrow();
        if (DeclareSources.Refuses(tenant, declared) is { } refused) return refused;
        using var export = asked is null ? null : BulkExport.Open(Path.Combine(tenant.Folder, "exports"), tenant.Keys.GetOrCreate("fhir-export", "spool"), asked.Request, asked.SinceLast, asked.Anew, asked.Client, session.Clock).OrThrow();
        if ((export is null ? FhirFolder.Open(folder) : await ExportOptions.FetchAsync(session, export, cancel)).Failed(out var failure, out var files)) return failure;
        if ((await LoadAsync(session, tenant, files, mode, options, memoryBytes, maxRejects, cancel)).Failed(out failure, out var shown))
            return export?.NotLoaded(failure) ?? failure;
        if (export is not null)
        {
            var strange = shown.Fates.Where(f => IsStrange(f) && !export.Lists(f.Type)).Sum(f => f.Count);
            var whole = shown.Files.Count == 0 && strange == 0;
            shown = shown with { Export = new(asked!.Request.Shown, export.Since, export.TransactionTime, export.IsResumed, export.Missing, strange, whole && export.IsWhole, export.Problems) { Next = export.Loaded(whole) } };
        }
        return new Answer(shown, console => Show(session, console, shown));
    }

    /// <summary>Lines where a resource should be and none is. What is too long or nests too deep may well be one.</summary>
    static bool IsStrange(FateShown fate) => fate is { Type: "OperationOutcome", Kind: "set-aside" } or { Type: "unknown", Kind: "quarantined", Reason: "json-invalid" or "json-not-object" or "resourceType: resource-type-missing" };

    public static async Task<Result<Shown>> LoadAsync(Session session, OpenTenant tenant, FhirFolder files, LoadMode mode, FhirOptions options, long memoryBytes, long maxRejects, CancellationToken cancel)
    {
        var threads = Environment.ProcessorCount;
        var memory = new MemoryBound(memoryBytes);
        memory.Apply();
        if (VocabularyCodes.Read(session.Home.VocabularyFolder, Mappings.PathOf(tenant), memory.Native, threads).Failed(out var failure, out var codes)) return failure;
        using var book = codes;
        memory.ApplyToHeap(); // DuckDB may have prepared the vocabulary and has no further part
        var started = session.Clock.GetTimestamp();
        IReadOnlyList<Opposition> objected = [];
        var total = Math.Max(1, files.Files.Sum(f => f.Bytes));
        var lake = tenant.Lake(session.Clock);
        Task<Result<LoadReport>> Attempt() => session.Terminal.ProgressAsync(session.Say("Loading", "Chargement"), async report =>
        {
            using var source = new FhirSource(files, codes, options, NamesKey(tenant), memory.Rows / 2, threads, session.Clock) { Progressed = bytes => report((double)bytes / total) };
            try
            {
                // Before the release is seen: it never lacks an opposition that came with it.
                var load = new LoadOptions(mode, memory.Rows / 2, threads, maxRejects) { Committing = () => objected = ConsentsHeard.Follow(session, tenant, source) };
                return await LoadRelease.RunAsync(lake, source, load, null, cancel);
            }
            catch (OutOfMemoryException)
            {
                return memory.Exceeded;
            }
        });
        var result = await DamagedFileException.WithoutAsync(Attempt);
        if (result.Failed(out failure, out var loaded)) return failure;
        tenant.Record(Outcome.Done, loaded.Manifest.Release, loaded.Manifest.Patients);
        if (FhirReports.Of(lake, loaded.Manifest.Release).Failed(out failure, out var told)) return failure;
        var fates = FhirReports.FatesShown.All(told);
        return new Shown(tenant.Id.Value, loaded.Manifest.Release, mode.ToString().ToLowerInvariant(), loaded.Manifest.Patients, loaded.Manifest.Content, Math.Round(session.Clock.GetElapsedTime(started).TotalSeconds, 3),
            fates.Read, fates.Used, fates.SetAside, told.Fates.Where(f => f.Reason == FhirReport.Unchanged).Sum(f => f.Count), fates.Quarantined, told.Unmapped.Count, [.. loaded.Rows.Select(r => new TableShown(r.Key, r.Value)).OrderByDescending(t => t.Rows)],
            [.. told.Fates.Select(f => new FateShown(f.Type, f.Kind, f.Reason, f.Count))], null,
            objected.Count(o => !o.Withdraws), objected.Count(o => o.Withdraws))
        {
            Files = [.. told.Notes.Where(n => n.Type == "file").Select(n => new FateShown(n.Type, n.Kind, n.Reason, n.Count))],
            OtherServers = told.Notes.Where(n => n is { Type: FhirReport.Servers, Reason: FhirReport.OtherServer }).Sum(n => n.Count),
            OptionsDiffer = mode == LoadMode.Merge ? Differing(lake, loaded.Manifest.Release, told) : null,
            Vocabulary = told.Vocabulary,
            ErasOfIngredientsAlone = told.Vocabulary != "none" && loaded.Rows.GetValueOrDefault("drug_exposure") > 0 && !CodeBook.HasAncestors(session.Home.VocabularyFolder),
        };
    }

    /// <summary>What holds for one load alone, and the load that the release merged into came of was given otherwise: one release then has rows of both.</summary>
    static List<string>? Differing(TenantLake lake, int release, FhirReport told)
    {
        if (lake.Releases().Failed(out _, out var all)) return null;
        FhirReport? earlier = null;
        foreach (var before in all.Where(m => m.Release < release).Reverse())
            if (!FhirReports.Of(lake, before.Release).Failed(out _, out earlier) || before.Mode == LoadMode.Replace) break; // tables that were merged in between say nothing
        if (earlier is null) return null;
        var differ = new List<string>();
        if (told.Zone != earlier.Zone) differ.Add("zone");
        if (!told.Intents.ToHashSet().SetEquals(earlier.Intents)) differ.Add("intent");
        return differ.Count > 0 ? differ : null;
    }

    public static void Show(Session session, IAnsiConsole console, Shown shown)
    {
        console.MarkupLine(session.Say($"[green]Release {shown.Release}[/] of {shown.Tenant}: {shown.Patients:patient|patients}, {shown.Seconds:F1} s", $"[green]Version {shown.Release}[/] de {shown.Tenant} : {shown.Patients:patient|patients}, {shown.Seconds:F1} s"));
        var unchanged = shown.Unchanged == 0 ? "" : session.Say($" ({shown.Unchanged:N0} of them as the release has them)", $" (dont {shown.Unchanged:telle|telles} que la version les a)");
        console.WriteLine(session.Say($"{shown.Read:resource|resources} read: {shown.Used:N0} used, {shown.SetAside:N0} set aside with a reason{unchanged}, {shown.Quarantined:N0} quarantined; {shown.UnmappedCodes:code|codes} without a standard concept.",
            $"{shown.Read:ressource lue|ressources lues} : {shown.Used:utilisée|utilisées}, {shown.SetAside:écartée|écartées} avec raison{unchanged}, {shown.Quarantined:N0} en quarantaine ; {shown.UnmappedCodes:code|codes} sans concept standard."));
        if (shown.OppositionsRecorded + shown.OppositionsWithdrawn > 0)
            console.WriteLine(session.Say($"By the Consents read: {shown.OppositionsRecorded:opposition|oppositions} in force from now on, {shown.OppositionsWithdrawn:N0} withdrawn.",
                $"D'après les Consents lus : {shown.OppositionsRecorded:opposition|oppositions} en vigueur dès maintenant, {shown.OppositionsWithdrawn:levée|levées}."));
        if (shown.Files.Count > 0)
        {
            var reasons = string.Join(", ", shown.Files.Select(f => session.Say($"{f.Reason} {f.Count:N0}")));
            console.MarkupLineInterpolated($"[yellow]{session.Say($"Files not read, or not to their end: {reasons}. 'ambroise quarantine --tenant {shown.Tenant} --all' names them.", $"Fichiers non lus, ou pas jusqu'au bout : {reasons}. « ambroise quarantine --tenant {shown.Tenant} --all » les nomme.")}[/]");
        }
        if (shown.OtherServers > 0)
            console.MarkupLineInterpolated($"[yellow]{session.Say($"Resources of {shown.OtherServers + 1:N0} servers or more, by their addresses. Where these are not one server's, one's Patient/1 has become the other's: give each server a tenant of its own, and load both anew.", $"Ressources d'au moins {shown.OtherServers + 1:N0} serveurs, d'après leurs adresses. Si ce ne sont pas celles d'un même serveur, le Patient/1 de l'un est devenu celui de l'autre : donnez à chaque serveur un établissement à lui, et rechargez les deux.")}[/]");
        if (shown.OptionsDiffer is { } differ)
        {
            var options = string.Join(", ", differ.Select(o => $"--{o}"));
            console.MarkupLineInterpolated($"[yellow]{session.Say($"Loaded otherwise than the release merged into: {options}. What each load brought follows its own. Give the same with every load.", $"Chargé autrement que la version fusionnée : {options}. Ce que chaque chargement apporte suit les siennes. Donnez les mêmes à chaque chargement.")}[/]");
        }
        if (shown.Vocabulary == "none")
            console.MarkupLineInterpolated($"[yellow]{session.Say("No vocabulary is loaded: every code is kept without a standard concept. Load one with 'ambroise vocabulary load FOLDER', then load this again.", "Aucun vocabulaire n'est chargé : chaque code est gardé sans concept standard. Chargez-en un par « ambroise vocabulary load DOSSIER », puis refaites ce chargement.")}[/]");
        if (shown.ErasOfIngredientsAlone)
            console.MarkupLineInterpolated($"[yellow]{session.Say("The vocabulary has no CONCEPT_ANCESTOR: of drugs, only ingredients given as such have eras. Load one that has it with 'ambroise vocabulary load FOLDER', then load this again.", "Le vocabulaire n'a pas de CONCEPT_ANCESTOR : parmi les médicaments, seuls les ingrédients donnés comme tels ont des périodes. Chargez-en un qui l'a par « ambroise vocabulary load DOSSIER », puis refaites ce chargement.")}[/]");
        if (shown.Export is { } exported) console.WriteLine(Told(session, exported));
        foreach (var table in shown.Tables) console.WriteLine($"  {table.Table,-24} {session.Say($"{table.Rows:N0}"),12}");
    }

    static string Told(Session session, ExportShown export)
    {
        var problems = string.Join(", ", export.Problems.Select(p => session.Say($"{p.Severity} {p.Code} {p.Count:N0}")));
        var missing = export.Missing == 0 ? "" : session.Say($" Not in its files: {export.Missing:resource|resources} that it counts.", $" Absentes de ses fichiers : {export.Missing:ressource|ressources} qu'il annonce.");
        var strange = export.Strange == 0 ? "" : session.Say($" No resource: {export.Strange:line|lines} of its files.", $" Sans ressource : {export.Strange:ligne|lignes} de ses fichiers.");
        var again = export.Whole ? export.Next == export.TransactionTime ? "" : session.Say(" What changed before was left out: '--since auto' will ask for it still.", " Ce qui a changé avant n'a pas été demandé : « --since auto » le demandera encore.") : session.Say(" Not all came: '--since auto' will ask for all that changed once more.", " Tout n'est pas venu : « --since auto » redemandera tout ce qui a changé.");
        return session.Say($"Exported by {export.Server} at {export.TransactionTime}{(export.Since is { } since ? $", changes since {since}" : "")}{(export.Resumed ? ", continued" : "")}.{missing}{strange}{(problems.Length > 0 ? $" It tells of problems: {problems}." : "")}{again}",
            $"Exporté par {export.Server} à {export.TransactionTime}{(export.Since is { } depuis ? $", changements depuis {depuis}" : "")}{(export.Resumed ? ", repris" : "")}.{missing}{strange}{(problems.Length > 0 ? $" Il signale des problèmes : {problems}." : "")}{again}");
    }

    /// <summary>The key that names of resources become keys of rows under: the same for every load of the tenant.</summary>
    static ReadOnlyMemory<byte> NamesKey(OpenTenant tenant)
    {
        if (!tenant.Keys.Has("fhir", "names")) tenant.Keys.Create("fhir", ["names"]);
        return tenant.Keys.Get("fhir", "names");
    }
}
