using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Ambroise.Bench;

/// <summary>NDJSON to a committed, sealed release, the whole program as a process of its own, on one core and on two; beside it Firely's parser and DuckDB's flattening on the same lines. DuckDB reads five types, so that our
/// loading of the files of these alone stands beside it too.
/// Then one more copy merged onto what is loaded, against the same copy loaded into a warehouse that holds a single one.</summary>
/// <remarks>Linux: cores are given with <c>taskset</c>, memory and processor time read from <c>/proc</c>.</remarks>
static class FhirBench
{
    static string program = Path.Combine(AppContext.BaseDirectory, "ambroise");

    sealed record Run(double Seconds, double Processor, double PeakMiB, JsonElement Told);

    /// <param name="published">The program as <c>dotnet publish</c> makes it, compiled beforehand; null for the one built beside this.</param>
    public static void Measure(string folder, int copies, string? vocabulary, string? published)
    {
        program = published ?? program;
        var scratch = Directory.CreateTempSubdirectory("ambroise-fhir-").FullName;
        try
        {
            string many = Path.Combine(scratch, "many"), one = Path.Combine(scratch, "one"), next = Path.Combine(scratch, "next"), five = Path.Combine(scratch, "five");
            var (resources, bytes) = FhirCopies.Write(folder, many, 0, copies);
            var single = FhirCopies.Write(folder, one, 0, 1);
            FhirCopies.Write(folder, next, copies, 1);
            var some = FhirCopies.Write(folder, five, 0, copies, [.. FhirFlattening.Few.Types.Select(t => t.Type)]);
            Console.WriteLine($"{resources:N0} resources, {bytes / 1e6:N0} MB; machine load {File.ReadAllText("/proc/loadavg").Trim()}");
            foreach (var cores in new[] { 1, Math.Min(2, Environment.ProcessorCount) }.Distinct())
            {
                var home = Path.Combine(scratch, $"home{cores}");
                Prepare(home, vocabulary);
                var small = Load(home, cores, one, "few");
                Tell($"ambroise, {cores} core(s), 1 copy", single.Resources, single.Bytes, small);
                var ours = Load(home, cores, many, "many");
                Tell($"ambroise, {cores} core(s)", resources, bytes, ours);
                if (ours.Told.GetProperty("read").GetInt64() != resources) throw new InvalidDataException("Not every resource was accounted for.");
                FhirRivals.Parse(one, cores); // its first run compiles it
                var (parsed, refused, parsing, parsingProcessor) = FhirRivals.Parse(one, cores);
                Tell($"Firely parsing, {cores} thread(s)", parsed + refused, single.Bytes, new(parsing.TotalSeconds, parsingProcessor.TotalSeconds, 0, default));
                if (refused > 0) Console.WriteLine($"    of these it refuses {refused:N0}");
                double a = (parsed + refused) / parsing.TotalSeconds;
                Console.WriteLine($"    against Firely {resources / ours.Seconds / a:F1}x (5 wanted), by processor time {resources / ours.Processor / ((parsed + refused) / parsingProcessor.TotalSeconds):F1}x");
                var likewise = Load(home, cores, five, "five");
                Tell($"ambroise, {cores} core(s), five types", some.Resources, some.Bytes, likewise);
                if (likewise.Told.GetProperty("read").GetInt64() != some.Resources) throw new InvalidDataException("Not every resource was accounted for.");
                foreach (var flattening in (FhirFlattening[])[FhirFlattening.Few, FhirFlattening.AsOurs])
                {
                    var (flat, flatBytes, time, processor) = flattening.Run(many, Path.Combine(scratch, $"flat{cores}"), cores);
                    Tell($"DuckDB, {cores} thread(s), {flattening.Name}", flat, flatBytes, new(time.TotalSeconds, processor.TotalSeconds, 0, default));
                    Console.WriteLine($"    against it {bytes / ours.Seconds / (flatBytes / time.TotalSeconds):F2}x by bytes, {resources / ours.Seconds / (flat / time.TotalSeconds):F2}x by resources (1 wanted), "
                        + $"by processor time {bytes / ours.Processor / (flatBytes / processor.TotalSeconds):F2}x and {resources / ours.Processor / (flat / processor.TotalSeconds):F2}x; "
                        + $"the five types alone {time.TotalSeconds / likewise.Seconds:F2}x, by processor time {processor.TotalSeconds / likewise.Processor:F2}x");
                }
                if (cores == 1) continue;
                Tell("merged onto 1 copy", single.Resources, single.Bytes, Load(home, cores, next, "few", "--mode", "merge"));
                Tell($"merged onto {copies} copies", single.Resources, single.Bytes, Load(home, cores, next, "many", "--mode", "merge"));
            }
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    static void Tell(string what, long resources, long bytes, Run run) =>
        Console.WriteLine($"{what,-44} {run.Seconds,8:F2} s  {run.Processor,8:F2} s of processor  {bytes / run.Seconds / 1e6,8:F1} MB/s  {resources / run.Seconds,10:N0} resources/s{(run.PeakMiB > 0 ? $"  peak {run.PeakMiB,6:N0} MiB" : "")}");

    static void Prepare(string home, string? vocabulary)
    {
        Ambroise(home, 0, "init");
        if (vocabulary is not null) Ambroise(home, 0, "vocabulary", "load", vocabulary);
        foreach (var tenant in (string[])["few", "many", "five"]) Ambroise(home, 0, "tenant", "create", tenant, "--name", tenant);
    }

    static Run Load(string home, int cores, string folder, string tenant, params string[] more) =>
        Ambroise(home, cores, ["load", "fhir", folder, "--tenant", tenant, "--memory", "2G", "--max-rejects", "100000000", "--json", .. more]);

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
