using System.CommandLine;
using System.Globalization;
using Ambroise.Cli.Frame;
using Ambroise.Sources.Synth;

namespace Ambroise.Cli.Demo;

/// <summary><c>ambroise synth</c>: a hospital that does not exist.</summary>
static class Synth
{
    sealed record TableShown(string Table, long Rows);

    /// <param name="Removed">Files of an earlier hospital that this one has none of.</param>
    sealed record Shown(string Folder, long Patients, long Seed, double Seconds, IReadOnlyList<TableShown> Tables, IReadOnlyList<string> Removed);

    /// <param name="Resources">By type, where FHIR was asked for.</param>
    sealed record ShownFhir(string Folder, long Patients, long Seed, double Seconds, IReadOnlyList<TypeShown> Resources, IReadOnlyList<string> Removed);

    sealed record TypeShown(string Type, long Resources);

    public static Command Command(CommandFrame frame)
    {
        var patients = new Option<long>("--patients") { Required = true, HelpName = "N", Description = frame.Say("How many", "Combien") };
        var folder = new Option<string>("--out") { Required = true, HelpName = "DIR", Description = frame.Say("Where the files go", "Où vont les fichiers") };
        var format = new Option<string>("--format") { HelpName = "omop|fhir", DefaultValueFactory = _ => "omop", Description = frame.Say("OMOP as Parquet, or FHIR R4 as NDJSON with French profiles", "OMOP en Parquet, ou FHIR R4 en NDJSON aux profils français") };
        format.AcceptOnlyFromAmong("omop", "fhir");
        var seed = new Option<long>("--seed") { HelpName = "S", DefaultValueFactory = _ => 1, Description = frame.Say("The same seed gives the same hospital", "La même graine donne le même hôpital") };
        var density = new Option<double>("--density") { HelpName = "D", DefaultValueFactory = _ => 1, Description = frame.Say("Visits a patient, as a factor", "Venues par patient, en facteur") };
        patients.Validators.Add(r => { if (r.Tokens is [var said] && long.TryParse(said.Value, out var many) && many is (< 1 or > 1_000_000_000)) r.AddError(frame.Say("--patients is 1 to 1,000,000,000.", "--patients va de 1 à 1\u202f000\u202f000\u202f000.")); });
        density.Validators.Add(r => { if (r.Tokens is [var said] && double.TryParse(said.Value, CultureInfo.InvariantCulture, out var times) && times is not (> 0 and <= 3)) r.AddError(frame.Say("--density is above 0, 3 at most.", "--density dépasse 0, et va jusqu'à 3.")); });
        return frame.Runs(new Command("synth", frame.Say("Makes a synthetic French hospital as OMOP or FHIR, with its vocabulary", "Fabrique un hôpital français synthétique en OMOP ou en FHIR, avec son vocabulaire")) { patients, folder, seed, density, format },
            (session, parse, cancel) => Task.FromResult(Run(session, new(parse.GetValue(patients), parse.GetValue(seed), parse.GetValue(density)), parse.GetRequiredValue(folder), parse.GetValue(format) == "fhir", cancel)),
            new Example("ambroise synth --patients 10000 --out ./synth", frame.Say("then: ambroise vocabulary load ./synth; ambroise load omop ./synth --tenant chu", "puis : ambroise vocabulary load ./synth ; ambroise load omop ./synth --tenant chu")),
            new Example("ambroise synth --patients 10000 --format fhir --out ./fhir", frame.Say("then: ambroise vocabulary load ./fhir; ambroise load fhir ./fhir --tenant chu", "puis : ambroise vocabulary load ./fhir ; ambroise load fhir ./fhir --tenant chu")));
    }

    static Result<Answer> Run(Session session, SynthOptions options, string folder, bool fhir, CancellationToken cancel)
    {
        var started = session.Clock.GetTimestamp();
        var earlier = SyntheticHospital.Clear(folder, fhir);
        var rows = session.Terminal.Progress(session.Say("Patients", "Patients"), report =>
            fhir ? SyntheticHospital.WriteFhir(options, folder, new Lake.LoadOmop.Now<long>(done => report((double)done / options.Patients)), cancel)
                : SyntheticHospital.Write(options, folder, new Lake.LoadOmop.Now<long>(done => report((double)done / options.Patients)), cancel));
        var seconds = Math.Round(session.Clock.GetElapsedTime(started).TotalSeconds, 2);
        List<string> removed = [.. earlier.Where(f => !File.Exists(Path.Combine(folder, f)))];
        var gone = removed.Count == 0 ? "" : session.Say($" An earlier hospital's {removed.Count:file is|files are} removed: {string.Join(", ", removed)}.", $" D'un hôpital précédent, {removed.Count:fichier est ôté|fichiers sont ôtés} : {string.Join(", ", removed)}.");
        if (fhir)
            return Answer.Sentence(new ShownFhir(folder, options.Patients, options.Seed, seconds, [.. rows.Select(r => new TypeShown(r.Key, r.Value)).OrderByDescending(t => t.Resources)], removed), session.Say(
                $"{options.Patients:invented patient|invented patients}, {rows.Values.Sum():FHIR resource|FHIR resources} in {folder}, in {seconds:F1} s.{gone}",
                $"{options.Patients:patient inventé|patients inventés}, {rows.Values.Sum():ressource|ressources} FHIR dans {folder}, en {seconds:F1} s.{gone}"));
        return Answer.Sentence(new Shown(folder, options.Patients, options.Seed, seconds, [.. rows.Select(r => new TableShown(r.Key, r.Value)).OrderByDescending(t => t.Rows)], removed), session.Say(
            $"{options.Patients:invented patient|invented patients}, {rows.Values.Sum():row|rows} in {folder}, in {seconds:F1} s.{gone}",
            $"{options.Patients:patient inventé|patients inventés}, {rows.Values.Sum():ligne|lignes} dans {folder}, en {seconds:F1} s.{gone}"));
    }
}
