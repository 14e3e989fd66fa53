using System.Collections.Concurrent;
using System.CommandLine;
using System.Diagnostics;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Lake;
using Ambroise.Cli.Tenants;
using Spectre.Console;

namespace Ambroise.Cli.Cohorts;

/// <summary><c>ambroise cohort run</c>: the rows of a definition, or of a folder of them.</summary>
static class RunCohorts
{
    sealed record Done(string Definition, string File, long Patients, long Records, double ElapsedMs);

    sealed record NotDone(string Definition, string Code, string Detail);

    sealed record Shown(int Release, IReadOnlyList<Done> Cohorts, IReadOnlyList<NotDone> Failed, double Seconds);

    public static Command Command(CommandFrame frame)
    {
        var from = new Argument<string>("DEF.json|DIR") { Description = frame.Say("A definition, or a folder of them", "Une définition, ou un dossier de définitions") };
        var to = new Option<string>("--out") { Required = true, HelpName = "F.csv|F.parquet|DIR", Description = frame.Say("Where the rows go; for a folder, X.json gives X.csv", "Où vont les lignes ; pour un dossier, X.json donne X.csv") };
        var tenant = TenantArgument.MakeOption(frame);
        var release = LakeOptions.Release(frame);
        var memory = LakeOptions.Memory(frame);
        return frame.Runs(new Command("run", frame.Say("Writes a cohort's rows: subject_id, cohort_start_date, cohort_end_date", "Écrit les lignes d'une cohorte : subject_id, cohort_start_date, cohort_end_date")) { from, to, tenant, release, memory },
            (session, parse, cancel) => Task.FromResult(Run(session, parse.GetRequiredValue(from), parse.GetRequiredValue(to), parse.GetRequiredValue(tenant), parse.GetValue(release), parse.GetValue(memory) ?? MemoryBound.Usual, cancel)),
            new Example("ambroise cohort run diabetes.json --out diabetes.csv --tenant chu", frame.Say("one cohort", "une cohorte")),
            new Example("ambroise cohort run ./library --out ./rows --tenant chu", frame.Say("a whole folder; a definition that fails is named, the others go on, and the exit code is 2", "tout un dossier ; une définition en échec est nommée, les autres continuent, et le code de sortie est 2")));
    }

    static Result<Answer> Run(Session session, string from, string to, string id, int? release, long memory, CancellationToken cancel)
    {
        var folder = Directory.Exists(from);
        if (!folder && !File.Exists(from)) return new Failure(FailureKind.NotFound, "cohort.definition-missing", $"{from} is neither a file nor a folder.");
        var files = folder ? Directory.EnumerateFiles(from, "*.json").Order(StringComparer.Ordinal).ToList() : [from];
        if (CohortRoom.Open(session, id, release, "cohort.run", memory).Failed(out var failure, out var room)) return failure;
        using (room)
        {
            if (folder) Directory.CreateDirectory(to);
            var done = new ConcurrentBag<Done>();
            var failed = new ConcurrentBag<NotDone>();
            Failure? only = null;
            var clock = Stopwatch.GetTimestamp();
            var finished = 0;
            session.Terminal.Progress(session.Say("Cohorts", "Cohortes"), report =>
            {
                // A folder shares the cores between definitions, one definition between shards.
                Parallel.ForEach(files, new() { MaxDegreeOfParallelism = folder ? Environment.ProcessorCount : 1, CancellationToken = cancel }, file =>
                {
                    var target = folder ? Path.Combine(to, Path.GetFileNameWithoutExtension(file) + ".csv") : to;
                    if (One(room, file, target, folder ? 1 : 0, cancel).Failed(out var because, out var cohort)) failed.Add(new(Path.GetFileName(file), (only = because).Code, because.Detail));
                    else done.Add(cohort);
                    report((double)Interlocked.Increment(ref finished) / files.Count);
                });
                return 0;
            });
            if (!folder && only is not null) return only;
            var shown = new Shown(room.Release, [.. done.OrderBy(d => d.Definition, StringComparer.Ordinal)], [.. failed.OrderBy(f => f.Definition, StringComparer.Ordinal)], Math.Round(Stopwatch.GetElapsedTime(clock).TotalSeconds, 3));
            return new Answer(shown, console => Show(session, console, shown), failed.IsEmpty ? ExitCode.Done : ExitCode.Of(FailureKind.Invalid));
        }
    }

    static Result<Done> One(CohortRoom room, string file, string target, int threads, CancellationToken cancel)
    {
        if (DefinitionFile.Parse(new FileInfo(file)).Failed(out var failure, out var definition)) return failure;
        try
        {
            var result = room.Run(definition, threads, cancel);
            CohortFile.Write(target, result.Rows);
            return new Done(Path.GetFileName(file), target, result.Patients, result.Records, Math.Round(result.Elapsed.TotalMilliseconds, 3));
        }
        catch (FailureException e)
        {
            return e.Failure;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Failure(FailureKind.Unavailable, "cohort.out-unwritable", $"{target} cannot be written: make its folder, make room or give permission.");
        }
    }

    static void Show(Session session, IAnsiConsole console, Shown shown)
    {
        if (shown.Cohorts.Count == 1 && shown.Failed.Count == 0)
            console.WriteLine(session.Say($"{shown.Cohorts[0].Patients:patient|patients}, {shown.Cohorts[0].Records:record|records} in {shown.Cohorts[0].File}", $"{shown.Cohorts[0].Patients:patient|patients}, {shown.Cohorts[0].Records:séjour|séjours} dans {shown.Cohorts[0].File}"));
        else console.WriteLine(session.Say($"{shown.Cohorts.Count:cohort|cohorts}, {shown.Cohorts.Sum(c => c.Records):record|records}, in {shown.Seconds:F1} s", $"{shown.Cohorts.Count:cohorte|cohortes}, {shown.Cohorts.Sum(c => c.Records):séjour|séjours}, en {shown.Seconds:F1} s"));
        foreach (var f in shown.Failed) console.MarkupLineInterpolated($"[red]{f.Definition}[/] {f.Code} {f.Detail}");
    }
}
