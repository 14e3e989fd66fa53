using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Sources.Synth;

namespace Ambroise.Cli.Demo;

/// <summary><c>ambroise synth</c>: a hospital that does not exist.</summary>
static class Synth
{
    sealed record TableShown(string Table, long Rows);

    sealed record Shown(string Folder, long Patients, long Seed, double Seconds, IReadOnlyList<TableShown> Tables);

    public static Command Command(CommandFrame frame)
    {
        var patients = new Option<long>("--patients") { Required = true, HelpName = "N", Description = frame.Say("How many", "Combien") };
        var folder = new Option<string>("--out") { Required = true, HelpName = "DIR", Description = frame.Say("Where the Parquet files go", "Où vont les fichiers Parquet") };
        var seed = new Option<long>("--seed") { HelpName = "S", DefaultValueFactory = _ => 1, Description = frame.Say("The same seed gives the same hospital", "La même graine donne le même hôpital") };
        var density = new Option<double>("--density") { HelpName = "D", DefaultValueFactory = _ => 1, Description = frame.Say("Visits a patient, as a factor", "Venues par patient, en facteur") };
        patients.Validators.Add(r => { if (r.GetValueOrDefault<long>() is < 1 or > 1_000_000_000) r.AddError("--patients is 1 to 1,000,000,000."); });
        density.Validators.Add(r => { if (r.GetValueOrDefault<double>() is not (> 0 and <= 3)) r.AddError("--density is above 0, 3 at most."); });
        return frame.Runs(new Command("synth", frame.Say("Makes a synthetic French hospital as OMOP Parquet, with its vocabulary", "Fabrique un hôpital français synthétique en OMOP Parquet, avec son vocabulaire")) { patients, folder, seed, density },
            (session, parse, cancel) => Task.FromResult(Run(session, new(parse.GetValue(patients), parse.GetValue(seed), parse.GetValue(density)), parse.GetRequiredValue(folder), cancel)),
            new Example("ambroise synth --patients 10000 --out ./synth", frame.Say("then: ambroise vocabulary load ./synth; ambroise load omop ./synth --tenant chu", "puis : ambroise vocabulary load ./synth ; ambroise load omop ./synth --tenant chu")));
    }

    static Result<Answer> Run(Session session, SynthOptions options, string folder, CancellationToken cancel)
    {
        var started = session.Clock.GetTimestamp();
        var rows = session.Terminal.Progress(session.Say("Patients", "Patients"), report =>
            SyntheticHospital.Write(options, folder, new Lake.LoadOmop.Now<long>(done => report((double)done / options.Patients)), cancel));
        var seconds = Math.Round(session.Clock.GetElapsedTime(started).TotalSeconds, 2);
        return Answer.Sentence(new Shown(folder, options.Patients, options.Seed, seconds, [.. rows.Select(r => new TableShown(r.Key, r.Value)).OrderByDescending(t => t.Rows)]), session.Say(
            $"{options.Patients:N0} invented patients, {rows.Values.Sum():N0} rows in {folder}, in {seconds:F1} s.",
            $"{options.Patients:N0} patients inventés, {rows.Values.Sum():N0} lignes dans {folder}, en {seconds:F1} s."));
    }
}
