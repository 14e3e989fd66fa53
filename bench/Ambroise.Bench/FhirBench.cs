using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Ambroise.Bench;

/// <summary>NDJSON to a committed, sealed release, the whole program as a process of its own, on one core and on two; beside it Firely's parser on the same lines, and DuckDB's flattening of five types, so that our
/// loading of their files alone stands beside it too.
/// Then one more copy merged onto what is loaded, against the same copy merged onto a single one; and the first copy sent again.</summary>
/// <remarks>Linux: cores are given with <c>taskset</c>, memory and processor time read from <c>/proc</c>.</remarks>
static class FhirBench
{
    static string program = Path.Combine(AppContext.BaseDirectory, "ambroise");

    sealed record Run(double Seconds, double Processor, double PeakMiB, JsonElement Told);

    /// <summary>Machines that others work on too are now fast, now slow: what is compared is run in turns, and of each the median counts.</summary>
    const int Rounds = 3;

    /// <param name="published">The program as <c>dotnet publish</c> makes it, machine code; null for the one built beside this.</param>
    public static void Measure(string folder, int copies, string? vocabulary, string? published)
    {
        program = published ?? program;
        var scratch = Directory.CreateTempSubdirectory("ambroise-fhir-").FullName;
        try
        {
            string many = Path.Combine(scratch, "many"), one = Path.Combine(scratch, "one"), next = Path.Combine(scratch, "next"), five = Path.Combine(scratch, "five");
            var all = FhirCopies.Write(folder, many, 0, copies);
            var single = FhirCopies.Write(folder, one, 0, 1);
            FhirCopies.Write(folder, next, copies, 1);
            // As many resources of five types as there are of all: what a process takes to start weighs the same on both.
            string[] types = [.. FhirFlattening.Few.Types.Select(t => t.Type)];
            var some = FhirCopies.Write(folder, five, 0, (int)Math.Ceiling((double)all.Resources / FhirCopies.Write(folder, five, 0, 1, types).Resources), types);
            Console.WriteLine($"{all.Resources:N0} resources, {all.Bytes / 1e6:N0} MB; of five types {some.Resources:N0}, {some.Bytes / 1e6:N0} MB; machine load {File.ReadAllText("/proc/loadavg").Trim()}");
            foreach (var cores in new[] { 1, Math.Min(2, Environment.ProcessorCount) }.Distinct())
            {
                List<Run> ours = [], likewise = [], firely = [];
                var flat = new[] { FhirFlattening.Few, FhirFlattening.AsOurs }.Select(f => (Of: f, Runs: new List<Run>())).ToList();
                var home = "";
                for (var round = 0; round < Rounds; round++)
                {
                    // A warehouse of its own each time: what earlier rounds left would be kept and looked through.
                    home = Path.Combine(scratch, $"home{cores}.{round}");
                    Prepare(home, vocabulary);
                    ours.Add(Load(home, cores, many, "many", all.Resources));
                    foreach (var (of, runs) in flat)
                    {
                        var (_, _, time, processor) = of.Run(five, Path.Combine(scratch, $"flat{cores}"), cores);
                        runs.Add(new(time.TotalSeconds, processor.TotalSeconds, 0, default));
                    }
                    likewise.Add(Load(home, cores, five, "five", some.Resources));
                    if (round == 0) FhirRivals.Parse(one, cores); // its first run compiles it
                    var (parsed, refused, parsing, parsingProcessor) = FhirRivals.Parse(one, cores);
                    firely.Add(new(parsing.TotalSeconds, parsingProcessor.TotalSeconds, 0, default));
                    if (round == 0 && refused > 0) Console.WriteLine($"Firely refuses {refused:N0} of {parsed + refused:N0}");
                    if (round < Rounds - 1) Directory.Delete(home, recursive: true);
                }
                Tell($"ambroise, {cores} core(s)", all, Median(ours));
                Tell($"ambroise, {cores} core(s), five types", some, Median(likewise));
                Tell($"Firely parsing, {cores} thread(s)", single, Median(firely));
                Console.WriteLine($"    against it {Ratios(firely, ours, (double)all.Resources / single.Resources)} by resources (5 wanted)");
                foreach (var (of, runs) in flat)
                {
                    Tell($"DuckDB, {cores} thread(s), {of.Name}", some, Median(runs));
                    Console.WriteLine($"    against it {Ratios(runs, ours, (double)all.Bytes / some.Bytes)} by bytes (1 wanted), {Ratios(runs, ours, (double)all.Resources / some.Resources)} by resources; the five types alone {Ratios(runs, likewise, 1)}");
                }
                if (cores == 1) continue;
                Tell($"ambroise, {cores} core(s), 1 copy", single, Load(home, cores, one, "few", single.Resources));
                Tell("merged onto 1 copy", single, Load(home, cores, next, "few", single.Resources, "--mode", "merge"));
                Tell($"merged onto {copies} copies", single, Load(home, cores, next, "many", single.Resources, "--mode", "merge"));
                Tell("sent again, onto 2 copies", single, Load(home, cores, one, "few", single.Resources, "--mode", "merge"));
                Tell($"sent again, onto {copies + 1} copies", single, Load(home, cores, one, "many", single.Resources, "--mode", "merge"));
            }
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    /// <summary>Step by step so many more copies merged onto all before, each beside the same copies loaded into a tenant that holds nothing: the pairs tell whether what is already there slows a load down.</summary>
    public static void Grow(string folder, int steps, int copies, string? vocabulary, string? published)
    {
        program = published ?? program;
        var scratch = Directory.CreateTempSubdirectory("ambroise-fhir-").FullName;
        try
        {
            string home = Path.Combine(scratch, "home"), batch = Path.Combine(scratch, "batch");
            Prepare(home, vocabulary);
            for (var step = 0; step < steps; step++)
            {
                var sent = FhirCopies.Write(folder, batch, step * copies, copies);
                Ambroise(home, 0, "tenant", "create", $"fresh{step}", "--name", "fresh");
                var cores = Math.Min(2, Environment.ProcessorCount);
                var alone = Load(home, cores, batch, $"fresh{step}", sent.Resources);
                var onto = Load(home, cores, batch, "many", sent.Resources, "--mode", "merge");
                Tell($"onto nothing, {cores} core(s)", sent, alone);
                Tell($"onto {step * copies} copies", sent, onto);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    {onto.Seconds / alone.Seconds:F2} times as long onto {step * sent.Resources:N0} resources"));
                Directory.Delete(batch, recursive: true);
            }
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    static Run Median(List<Run> runs) => runs.OrderBy(r => r.Seconds).ElementAt(runs.Count / 2);

    /// <summary>How much sooner ours is than theirs where it does so many times the work: the median of the rounds, and the least and the most.</summary>
    static string Ratios(List<Run> theirs, List<Run> ours, double work)
    {
        var ratios = theirs.Zip(ours, (t, o) => t.Seconds * work / o.Seconds).Order().ToList();
        return string.Create(CultureInfo.InvariantCulture, $"{ratios[ratios.Count / 2]:F2}x ({ratios[0]:F2} to {ratios[^1]:F2})");
    }

    static void Tell(string what, (long Resources, long Bytes) of, Run run) =>
        Console.WriteLine($"{what,-44} {run.Seconds,8:F2} s  {run.Processor,8:F2} s of processor  {of.Bytes / run.Seconds / 1e6,8:F1} MB/s  {of.Resources / run.Seconds,10:N0} resources/s{(run.PeakMiB > 0 ? $"  peak {run.PeakMiB,6:N0} MiB" : "")}");

    static void Prepare(string home, string? vocabulary)
    {
        Ambroise(home, 0, "init");
        if (vocabulary is not null) Ambroise(home, 0, "vocabulary", "load", vocabulary);
        foreach (var tenant in (string[])["few", "many", "five"]) Ambroise(home, 0, "tenant", "create", tenant, "--name", tenant);
    }

    /// <param name="resources">As many are to be accounted for.</param>
    static Run Load(string home, int cores, string folder, string tenant, long resources, params string[] more)
    {
        var run = Ambroise(home, cores, ["load", "fhir", folder, "--tenant", tenant, "--memory", "2G", "--max-rejects", "100000000", "--json", .. more]);
        return run.Told.GetProperty("read").GetInt64() == resources ? run : throw new InvalidDataException("Not every resource was accounted for.");
    }

    /// <summary>Runs the program; given cores, on no more than these.</summary>
    static Run Ambroise(string home, int cores, params string[] args)
    {
        var start = cores == 0 ? new ProcessStartInfo(program, args) : new("taskset", ["-c", cores == 1 ? "0" : $"0-{cores - 1}", program, .. args]);
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.Environment["AMBROISE_HOME"] = home;
        start.Environment["AMBROISE_PASSPHRASE"] = "a bench of its own";
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        double processor = 0, peak = 0;
        while (!process.WaitForExit(50)) Watch(process.Id, ref processor, ref peak);
        var seconds = clock.Elapsed.TotalSeconds;
        if (process.ExitCode != 0) throw new InvalidOperationException(error.GetAwaiter().GetResult());
        return new(seconds, processor, peak, args.Contains("--json") ? JsonDocument.Parse(output.GetAwaiter().GetResult()).RootElement : default);
    }

    /// <summary>Processor time and greatest resident size so far; a process that ends in between keeps what was seen last.</summary>
    static void Watch(int id, ref double processor, ref double peak)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            processor = (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / 100.0; // USER_HZ is 100 on every Linux
            foreach (var line in File.ReadLines($"/proc/{id}/status"))
                if (line.StartsWith("VmHWM:", StringComparison.Ordinal)) peak = long.Parse(line.AsSpan(6).Trim().ToString().Split(' ')[0], CultureInfo.InvariantCulture) / 1024.0;
        }
        catch (Exception e) when (e is IOException or IndexOutOfRangeException)
        {
            // gone
        }
    }
}
