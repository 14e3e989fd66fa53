using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Lake;
using Ambroise.Cli.Tenants;
using Ambroise.Cohorts.Vocabulary;
using Ambroise.Governance;
using Ambroise.Governance.Access;
using Ambroise.Governance.Tenants;
using Ambroise.Lake.Releases;
using Ambroise.Sources.Fhir.Mapping;
using Ambroise.Sources.Fhir.Reading;
using Ambroise.Sources.Omop;
using Ambroise.Sources.Synth;
using Ambroise.Vault;
using Ambroise.Vault.Custody;
using Spectre.Console;

namespace Ambroise.Cli.Demo;

/// <summary><c>ambroise demo</c>: from nothing to a sealed hospital in one command.</summary>
static class RunDemo
{
    const string Tenant = "demo", FhirTenant = "demo-fhir", Marker = "this-is-a-demo";

    /// <param name="Fhir">A second hospital, whose server speaks FHIR.</param>
    public sealed record Shown(string Home, string Tenant, LoadOmop.Shown Load, IReadOnlyList<ShowTables.Shown> Tables, Portrait Portrait, LoadFhir.Shown Fhir);

    public static Command Command(CommandFrame frame)
    {
        var patients = new Option<long>("--patients") { HelpName = "N", DefaultValueFactory = _ => 10_000, Description = frame.Say("How many invented patients", "Combien de patients inventés") };
        patients.Validators.Add(r => { if (r.Tokens is [var said] && long.TryParse(said.Value, out var many) && many is (< 1 or > 1_000_000_000)) r.AddError(frame.Say("--patients is 1 to 1,000,000,000.", "--patients va de 1 à 1\u202f000\u202f000\u202f000.")); });
        var noServe = new Option<bool>("--no-serve") { Description = frame.Say("End after the summary (this version has no web server to leave running)", "S'arrête après le résumé (cette version n'a pas de serveur web à laisser tourner)") };
        return frame.Runs(new Command("demo", frame.Say("Makes a demo hospital of invented patients, loads it sealed, and shows it; and a small one whose data come as FHIR", "Fabrique un hôpital de patients inventés, le charge scellé, et le montre ; et un petit dont les données arrivent en FHIR")) { patients, noServe },
            (session, parse, cancel) => RunAsync(Place(session, parse), parse.GetValue(patients), cancel),
            new Example("ambroise demo", frame.Say("10,000 patients in ~/.ambroise-demo", "10 000 patients dans ~/.ambroise-demo")),
            new Example("ambroise demo --patients 100000 --home ./demo", frame.Say("more of them, elsewhere", "davantage, ailleurs")));
    }

    /// <summary>Never the warehouse one works with: beside it, unless a home is named.</summary>
    static Session Place(Session session, ParseResult parse) =>
        parse.GetValue<string?>("--home") is { Length: > 0 } || Environment.GetEnvironmentVariable("AMBROISE_HOME") is { Length: > 0 } ? session : session.In(new Home(session.Home.Root + "-demo"));

    static async Task<Result<Answer>> RunAsync(Session session, long patients, CancellationToken cancel)
    {
        var home = session.Home;
        var marker = Path.Combine(home.Root, Marker);
        if (Directory.Exists(home.Root) && Directory.EnumerateFileSystemEntries(home.Root).Any())
        {
            if (!File.Exists(marker)) return new Failure(FailureKind.Conflict, "demo.home-used", $"{home.Root} is not empty and not a demo: name another folder with --home.");
            Directory.Delete(home.Root, recursive: true);
        }
        home.Initialise(session.Clock);
        await File.WriteAllTextAsync(marker, "A demo of invented patients: 'ambroise demo' replaces this folder.\n", cancel);

        var given = Environment.GetEnvironmentVariable("AMBROISE_PASSPHRASE");
        using var passphrase = new Passphrase(string.IsNullOrEmpty(given) ? "ambroise-demo" : given);
        using var open = Made(session, Tenant, session.Say("Demo hospital", "Hôpital de démonstration"), passphrase);
        using var second = Made(session, FhirTenant, session.Say("Demo hospital that speaks FHIR", "Hôpital de démonstration qui parle FHIR"), passphrase);

        // The invented hospital's own files are not patients' data; they go once loaded.
        var source = Directory.CreateTempSubdirectory("ambroise-demo-").FullName;
        var server = Path.Combine(source, "fhir");
        try
        {
            session.Terminal.Progress(session.Say("Inventing patients", "Invention des patients"), report =>
                SyntheticHospital.Write(new(patients, 1), source, new LoadOmop.Now<long>(done => report((double)done / patients)), cancel));
            VocabularyFolder.Load(source, home.VocabularyFolder, (_, _) => { }, cancel).OrThrow();
            if ((await LoadOmop.LoadAsync(session, open, OmopFolder.Open(source).OrThrow(), LoadMode.Replace, MemoryBound.Usual, 1_000_000, cancel)).Failed(out var failure, out var load)) return failure;
            if (open.Lake(session.Clock).Release(null).Failed(out failure, out var manifest)) return failure;
            var portrait = Portrait.Of(open, session.Clock, ConceptGraph.Load(home.VocabularyFolder).OrThrow());
            SyntheticHospital.WriteFhir(new(Math.Clamp(patients / 20, 1, FhirPatients), 1, First: patients + 1), server, null, cancel);
            if (FhirFolder.Open(server).Failed(out failure, out var resources)) return failure;
            if ((await LoadFhir.LoadAsync(session, second, resources, LoadMode.Replace, FhirOptions.Default, MemoryBound.Usual, 1_000_000, cancel)).Failed(out failure, out var fhir)) return failure;
            var shown = new Shown(home.Root, Tenant, load, ShowTables.Of(manifest), portrait, fhir);
            return new Answer(shown, console => Show(session, console, shown, string.IsNullOrEmpty(given)));
        }
        finally
        {
            Directory.Delete(source, recursive: true);
        }
    }

    const int FhirPatients = 500;

    static OpenTenant Made(Session session, string name, string title, Passphrase passphrase)
    {
        var id = TenantId.Parse(name).OrThrow();
        var keys = KeyRing.Create(session.Home.KeysFolder(id), name, passphrase, new CustodyChoice.Keystore()).OrThrow();
        var tenant = session.ControlPlane.AddTenant(id, title, "file").OrThrow();
        CreateTenant.Own(session, id);
        return session.Opened(tenant, keys, Capability.LakeLoad);
    }

    static void Show(Session session, IAnsiConsole console, Shown shown, bool ownPassphrase)
    {
        LoadOmop.Show(session, console, shown.Load);
        ShowTables.Show(session, console, shown.Tables);
        shown.Portrait.Show(session, console);
        console.WriteLine();
        console.MarkupLine($"[bold]{session.Say("A second hospital, from FHIR", "Un second hôpital, depuis FHIR")}[/]");
        LoadFhir.Show(session, console, shown.Fhir);
        console.WriteLine();
        console.MarkupLine($"[bold]{session.Say("What to try next", "Et maintenant")}[/]");
        console.WriteLine($"  export AMBROISE_HOME={shown.Home}{(ownPassphrase ? " AMBROISE_PASSPHRASE=ambroise-demo" : "")}");
        foreach (var line in new[] { "vocabulary search \"diabet\"", "tables --tenant demo", "verify --tenant demo", "load report --tenant demo-fhir", "export omop ./back --tenant demo", "tenant seal demo" }) console.WriteLine($"  ambroise {line}");
        console.WriteLine(session.Say("  (from the source tree, 'ambroise' is: dotnet run -c Release --project src/Ambroise.Cli --)", "  (depuis les sources, « ambroise » est : dotnet run -c Release --project src/Ambroise.Cli --)"));
    }
}
