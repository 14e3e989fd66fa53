using System.CommandLine;
using System.Globalization;
using System.Text;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Ambroise.Sources.Fhir;
using Ambroise.Sources.Fhir.Codes;
using Ambroise.Vault.Files;
using Spectre.Console;

namespace Ambroise.Cli.Lake;

/// <summary><c>ambroise mappings</c>: codes that the vocabulary does not map, by frequency, out to be mapped by people and back in.</summary>
static class Mappings
{
    /// <summary>Where a tenant's own mappings lie: codes and concepts, nobody's data.</summary>
    public static string PathOf(OpenTenant tenant) => Path.Combine(tenant.Folder, "mappings.csv");

    /// <summary>So many lines that map nothing, or remove nothing, are named; all are counted.</summary>
    const int LinesShown = 10;

    sealed record IdleLine(int Line, string Vocabulary, string Code, int Target, string Reason);

    sealed record VainLine(int Line, string Vocabulary, string Code, int Target);

    /// <param name="Idle">How many of those taken map nothing with the vocabulary that is loaded.</param>
    /// <param name="Removed">How many of those before the file takes away.</param>
    /// <param name="RemoveNothing">Lines that take away what is not there.</param>
    sealed record Imported(int Taken, int Codes, int Idle, IReadOnlyList<IdleLine> FirstIdle, int Removed, int RemoveNothing, IReadOnlyList<VainLine> FirstRemoveNothing);

    /// <summary>By itself the group does what its <c>list</c> does.</summary>
    public static Command Command(CommandFrame frame) => Lists(frame, CommandFrame.Group("mappings", frame.Say("Codes without a standard concept: lists them, as list does", "Codes sans concept standard : les liste, comme list"),
        Lists(frame, new("list", frame.Say("Lists the codes without a standard concept, the most frequent first", "Liste les codes sans concept standard, les plus fréquents d'abord")),
            new Example("ambroise mappings list --tenant chu --export unmapped.csv", frame.Say("to map them in Usagi", "pour les transcoder dans Usagi"))),
        Import(frame), Manifest(frame)),
        new Example("ambroise mappings --tenant chu", frame.Say("the most frequent first", "les plus fréquents d'abord")));

    static Command Lists(CommandFrame frame, Command command, Example shown)
    {
        var (tenant, release) = (TenantArgument.MakeOption(frame), LakeOptions.Release(frame));
        var export = new Option<FileInfo?>("--export") { HelpName = "FILE.csv", Description = frame.Say("Writes them as Usagi imports them", "Les écrit comme Usagi les importe") };
        foreach (var option in (Option[])[tenant, release, export]) command.Add(option);
        return frame.Runs(command,
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.QuarantineRead).OrThrow();
                if (FhirReports.UnmappedBehind(open.Lake(session.Clock), parse.GetValue(release)).Failed(out var failure, out var behind) || StillUnmapped(session, open, behind.Unmapped).Failed(out failure, out var unmapped)) return failure;
                var file = parse.GetValue(export);
                if (file is not null && Write(file, unmapped) is { } unwritable) return unwritable;
                return new Answer(unmapped, console => Show(session, console, behind, unmapped, file));
            },
            shown);
    }

    /// <summary>Those that the vocabulary and the tenant's mappings, as they are now, leave without a concept on some day.</summary>
    static Result<IReadOnlyList<UnmappedCount>> StillUnmapped(Session session, OpenTenant open, IReadOnlyList<UnmappedCount> told)
    {
        if (told.Count == 0) return told.ToList();
        if (VocabularyCodes.Read(session.Home.VocabularyFolder, PathOf(open), MemoryBound.Usual / 2, Environment.ProcessorCount).Failed(out var failure, out var codes)) return failure;
        using (codes) return told.Where(u => !codes.Maps(u.Vocabulary, u.Code)).ToList();
    }

    /// <remarks>Codes go out as they are, a leading = or + too: guarded against a spreadsheet they would come back as others.</remarks>
    static Failure? Write(FileInfo file, IReadOnlyList<UnmappedCount> unmapped)
    {
        var text = new StringBuilder("source_code,source_vocabulary_id,source_name,source_frequency,table\n");
        foreach (var u in unmapped) text.Append(CultureInfo.InvariantCulture, $"{LocalMappings.Quote(u.Code)},{LocalMappings.Quote(u.Vocabulary)},{LocalMappings.Quote(u.Display)},{u.Count},{u.Table}\n");
        try
        {
            File.WriteAllText(file.FullName, text.ToString());
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Failure(FailureKind.Unavailable, "mappings.out-unwritable", $"{file.Name} cannot be written: make its folder, make room or give permission.");
        }
    }

    static void Show(Session session, IAnsiConsole console, FhirReports.Behind behind, IReadOnlyList<UnmappedCount> unmapped, FileInfo? file)
    {
        var (mapped, loads) = (behind.Unmapped.Count - unmapped.Count, DropReleases.Runs(behind.Loads));
        if (unmapped.Count > 0)
        {
            console.WriteLine(session.Say($"Without a standard concept, of what {(behind.Loads.Count == 1 ? "load" : "loads")} {loads} brought:", $"Sans concept standard, de ce qu'{(behind.Loads.Count == 1 ? "a apporté le chargement" : "ont apporté les chargements")} {loads} :"));
            var table = new Table().Border(TableBorder.Simple).AddColumns("Code", session.Say("Vocabulary", "Vocabulaire"), session.Say("Name", "Libellé"), "Table").AddColumn(new TableColumn(session.Say("Rows", "Lignes")).RightAligned());
            foreach (var u in unmapped.Take(100)) table.AddRow(new Text(u.Code), new Text(u.Vocabulary), new Text(u.Display), new Text(u.Table), new Text(session.Say($"{u.Count:N0}")));
            console.Write(table);
        }
        else if (behind.Loads.Count == 1 && behind.IsWhole && mapped == 0) console.WriteLine(session.Say("Every code has a standard concept.", "Tous les codes ont un concept standard."));
        else console.WriteLine(session.Say($"Every code that {(behind.Loads.Count == 1 ? "load" : "loads")} {loads} brought has a standard concept.", $"Tous les codes {(behind.Loads.Count == 1 ? "du chargement" : "des chargements")} {loads} ont un concept standard."));
        if (mapped > 0) console.WriteLine(session.Say($"{mapped:code is|codes are} mapped since: rows take the concept when their resource is sent again, if it was not yet.", $"{mapped:code est transcodé|codes sont transcodés} depuis : les lignes prennent le concept quand leur ressource est renvoyée, si elle ne l'a pas encore été."));
        if (!behind.IsWhole) console.WriteLine(session.Say("What releases brought that were dropped is not listed: their reports went with them.", "Ce qu'avaient apporté des versions supprimées n'y est pas : leurs rapports sont partis avec elles."));
        if (file is not null) console.WriteLine(session.Say($"{unmapped.Count:code|codes} written to {file.FullName}.", $"{unmapped.Count:code écrit|codes écrits} dans {file.FullName}."));
    }

    static Command Manifest(CommandFrame frame) => frame.Runs(new Command("manifest", frame.Say("Tells which FHIR resources are read and which tables they fill", "Dit quelles ressources FHIR sont lues et quelles tables elles remplissent")),
        (session, _) => new Answer(FhirSource.Manifest, console =>
        {
            var table = new Table().Border(TableBorder.Simple).AddColumns("Type", session.Say("Tables", "Tables"));
            foreach (var resource in FhirSource.Manifest.Resources) table.AddRow(new Text(resource.Type), new Text(string.Join(", ", resource.Tables)));
            console.Write(table);
        }),
        new Example("ambroise mappings manifest --json", frame.Say("for a program", "pour un programme")));

    static Command Import(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        var file = new Argument<FileInfo>("FILE.csv") { Description = frame.Say("SOURCE_TO_CONCEPT_MAP as CSV, as Usagi exports it", "SOURCE_TO_CONCEPT_MAP en CSV, tel qu'Usagi l'exporte") };
        return frame.Runs(new Command("import", frame.Say("Takes local mappings, which the next load applies", "Prend des transcodages locaux, que le prochain chargement applique")) { file, tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.LakeLoad).OrThrow();
                var from = parse.GetRequiredValue(file);
                if (Directory.Exists(from.FullName)) return new Failure(FailureKind.Invalid, "mappings.folder", $"{from.FullName} is a folder: name the file in it.");
                if (!from.Exists) return new Failure(FailureKind.NotFound, "mappings.missing", $"There is no file {from.FullName}.");
                IReadOnlyList<LocalMapping> before = [];
                if (LocalMappings.Read(from.FullName).Failed(out var failure, out var given) || File.Exists(PathOf(open)) && LocalMappings.Read(PathOf(open)).Failed(out failure, out before!)) return failure;
                var change = LocalMappings.Apply(before, given);
                if (VocabularyCodes.Idle(session.Home.VocabularyFolder, change.Taken, MemoryBound.Usual / 2, Environment.ProcessorCount).Failed(out failure, out var idle)) return failure;
                if (change.Taken.Count + change.Removed.Count > 0) DurableFile.Replace(PathOf(open), Encoding.UTF8.GetBytes(LocalMappings.Write(change.InForce)));
                open.Record(Outcome.Done, null, null, ("mappings", $"{change.Taken.Count}"), ("removed", $"{change.Removed.Count}"));
                var shown = new Imported(change.Taken.Count, change.Codes, idle.Count, [.. idle.Take(LinesShown).Select(i => new IdleLine(i.Mapping.Line, i.Mapping.Vocabulary, i.Mapping.Code, i.Mapping.Target, i.Reason))],
                    change.Removed.Count, change.RemoveNothing.Count, [.. change.RemoveNothing.Take(LinesShown).Select(m => new VainLine(m.Line, m.Vocabulary, m.Code, m.Target))]);
                return new Answer(shown, console => Show(session, console, shown));
            },
            new Example("ambroise mappings import mapped.csv --tenant chu", frame.Say("replaces mappings of the same codes", "remplace ceux des mêmes codes")));
    }

    static void Show(Session session, IAnsiConsole console, Imported shown)
    {
        console.WriteLine(shown is { Taken: 0, Removed: 0 }
            ? session.Say($"The file holds no mapping in force: nothing was changed. {shown.Codes:code is|codes are} mapped locally, as before.", $"Le fichier ne contient aucun transcodage en vigueur : rien n'a changé. {shown.Codes:code est transcodé|codes sont transcodés} localement, comme avant.")
            : session.Say($"{Changed(session, shown)}; {shown.Codes:code is|codes are} mapped locally from the next load on.", $"{Changed(session, shown)} ; {shown.Codes:code est transcodé|codes sont transcodés} localement dès le prochain chargement."));
        if (shown.RemoveNothing > 0)
            console.WriteLine(session.Say($"{shown.RemoveNothing:line removes|lines remove} nothing, for no such mapping was there:", $"{shown.RemoveNothing:ligne n'ôte|lignes n'ôtent} rien, car il n'y avait pas de tel transcodage :"));
        foreach (var l in shown.FirstRemoveNothing)
            console.WriteLine(session.Say($"  line {l.Line}, {l.Code} ({l.Vocabulary})", $"  ligne {l.Line}, {l.Code} ({l.Vocabulary})"));
        if (shown.Idle == 0) return;
        console.WriteLine(session.Say($"{shown.Idle:mapping maps|mappings map} nothing as long as the vocabulary is what it is:", $"{shown.Idle:transcodage est|transcodages sont} sans effet tant que le vocabulaire reste tel quel :"));
        foreach (var l in shown.FirstIdle)
            console.WriteLine(session.Say($"  line {l.Line}, {l.Code} ({l.Vocabulary}): {Word(session, l)}", $"  ligne {l.Line}, {l.Code} ({l.Vocabulary}) : {Word(session, l)}"));
    }

    static string Changed(Session session, Imported shown) => shown switch
    {
        { Removed: 0 } => session.Say($"{shown.Taken:mapping|mappings} taken", $"{shown.Taken:transcodage pris|transcodages pris}"),
        { Taken: 0 } => session.Say($"{shown.Removed:mapping|mappings} removed", $"{shown.Removed:transcodage ôté|transcodages ôtés}"),
        _ => session.Say($"{shown.Taken:mapping|mappings} taken, {shown.Removed:N0} removed", $"{shown.Taken:transcodage pris|transcodages pris}, {shown.Removed:ôté|ôtés}"),
    };

    static string Word(Session session, IdleLine line) => line.Reason == IdleMapping.Unknown
        ? session.Say($"the loaded vocabulary has no concept {line.Target}", $"le vocabulaire chargé n'a pas de concept {line.Target}")
        : session.Say($"{line.Target} is no standard concept", $"{line.Target} n'est pas un concept standard");
}
