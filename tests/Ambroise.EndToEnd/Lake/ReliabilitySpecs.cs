using System.Diagnostics;
using System.Text;

namespace Ambroise.EndToEnd.Lake;

/// <summary>What the loader owes when the machine fails it: all of a load, or nothing of it.</summary>
public sealed class ReliabilitySpecs
{
    static readonly Dictionary<string, string> Passphrase = new() { ["AMBROISE_PASSPHRASE"] = TemporaryHome.Secret };

    static string Synthetic(TemporaryHome home, int patients, int seed = 1)
    {
        var folder = home.Beside($"synthetic-{patients}-{seed}");
        home.Run("synth", "--patients", $"{patients}", "--seed", $"{seed}", "--out", folder).Succeeded();
        return folder;
    }

    static string Content(TemporaryHome home) => string.Join(' ', home.Run("releases", "--tenant", "chu", "--json").Succeeded().Json.EnumerateArray().Select(r => r.GetProperty("contentHash").GetString()));

    [Fact]
    public void A_loader_killed_at_twenty_moments_leaves_the_release_before_and_the_next_load_cleans_up()
    {
        using var home = TemporaryHome.With("chu");
        home.Run("load", "omop", Synthetic(home, 300), "--tenant", "chu").Succeeded();
        var source = Synthetic(home, 12_000, 2);
        var clock = Stopwatch.StartNew();
        home.Run("load", "omop", source, "--tenant", "chu").Succeeded();
        var whole = (int)clock.ElapsedMilliseconds;
        var random = new RandomMoments(20261123);
        var killed = 0;
        for (var i = 0; i < 20; i++)
        {
            var before = Content(home);
            using var load = Cli.Start(home.Path, Passphrase, "load", "omop", source, "--tenant", "chu", "--memory", "512M");
            if (!load.WaitForExit(random.Below(whole)))
            {
                load.Kill(); // SIGKILL
                load.WaitForExit();
                killed++;
            }
            var after = Content(home);
            Assert.StartsWith(before, after); // the same releases, or one more whose commit came first
            if (i % 5 == 4) home.Run("verify", "--tenant", "chu").Succeeded();
        }
        Assert.True(killed >= 10, $"only {killed} of 20 loads were killed before their end");
        home.Run("load", "omop", Synthetic(home, 300), "--tenant", "chu").Succeeded();
        home.Run("verify", "--tenant", "chu").Succeeded();
        var named = Directory.EnumerateFiles(Path.Combine(home.Path, "tenants/chu/releases"), "*.json").SelectMany(File.ReadLines).Where(l => l.Contains("\"path\"", StringComparison.Ordinal))
            .Select(l => l.Split('"')[3]).ToHashSet();
        var present = Directory.EnumerateFiles(Path.Combine(home.Path, "tenants/chu/shards"), "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Path.Combine(home.Path, "tenants/chu"), f));
        Assert.All(present, path => Assert.Contains(path, named));
        var runs = Path.Combine(home.Path, "tenants/chu/runs");
        Assert.True(!Directory.Exists(runs) || !Directory.EnumerateFiles(runs).Any(), "sealed runs were left");
    }

    [Fact]
    public async Task Planted_words_are_nowhere_on_disk_during_a_load_or_after()
    {
        using var home = TemporaryHome.With("chu");
        var source = home.Beside("canaries");
        Directory.CreateDirectory(source);
        var people = new StringBuilder("person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id,person_source_value\n");
        var notes = new StringBuilder("note_id,person_id,note_date,note_type_concept_id,note_class_concept_id,note_title,note_text,encoding_concept_id,language_concept_id\n");
        var conditions = new StringBuilder("condition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_type_concept_id,condition_source_value\n");
        for (var i = 1; i <= 80_000; i++)
        {
            people.AppendLine($"{i},8507,1960,0,0,CANARYNAME{i}");
            notes.AppendLine($"{i},{i},2020-01-01,0,0,titre,\"CANARYNOTE{i} {new string('x', 900)}\",0,0");
            conditions.AppendLine($"{i},{(i % 100 == 0 ? 999_999 : i)},201826,{(i % 50 == 0 ? "CANARYDATE" : "1987-03-21")},0,CANARYCODE{i}"); // some go to quarantine
        }
        File.WriteAllText(Path.Combine(source, "person.csv"), people.ToString());
        File.WriteAllText(Path.Combine(source, "note.csv"), notes.ToString());
        File.WriteAllText(Path.Combine(source, "condition_occurrence.csv"), conditions.ToString());

        var temp = home.Beside("tmp");
        Directory.CreateDirectory(temp);
        using var load = Cli.Start(home.Path, new Dictionary<string, string>(Passphrase) { ["TMPDIR"] = temp }, "load", "omop", source, "--tenant", "chu", "--memory", "512M", "--json");
        var said = load.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var aside = load.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var samples = 0;
        var seen = new Dictionary<string, long>();
        while (!load.WaitForExit(5))
        {
            Search(seen, home.Path, temp);
            samples++;
        }
        Assert.True(load.ExitCode == 0, await aside);
        Assert.True(samples > 10, $"the load ended after {samples} looks");
        Search(null, home.Path, temp);
        Assert.DoesNotContain("CANARY", await said + await aside, StringComparison.Ordinal);
        var quarantine = home.Run("quarantine", "--tenant", "chu", "--json").Succeeded();
        Assert.DoesNotContain("CANARY", quarantine.Output, StringComparison.Ordinal);
        Assert.Contains("value-unparseable", quarantine.Output, StringComparison.Ordinal);
    }

    /// <summary>Looks through the files under the folders; with <paramref name="seen"/>, only through what came since the last look.</summary>
    static void Search(Dictionary<string, long>? seen, params string[] folders)
    {
        byte[][] canaries = [.. new[] { "CANARYNAME", "CANARYNOTE", "CANARYCODE", "CANARYDATE" }.Select(Encoding.UTF8.GetBytes)];
        foreach (var path in folders.SelectMany(f => Directory.EnumerateFiles(f, "*", SearchOption.AllDirectories)))
        {
            // The runtime's own debugger pipes: opening one waits for a debugger.
            if (Path.GetFileName(path).StartsWith("clr-debug-pipe", StringComparison.Ordinal)) continue;
            try
            {
                using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                file.Seek(Math.Max(0, (seen?.GetValueOrDefault(path) ?? 0) - 16), SeekOrigin.Begin);
                var bytes = new byte[Math.Max(0, file.Length - file.Position)];
                file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
                foreach (var canary in canaries) Assert.True(bytes.AsSpan().IndexOf(canary) < 0, $"{Encoding.UTF8.GetString(canary)} in {path}");
                seen?[path] = file.Length;
            }
            catch (IOException)
            {
                // Gone since it was listed, or the lock of the loader.
            }
        }
    }

    [Fact]
    public void A_full_disk_and_a_read_only_one_are_said_and_leave_the_release_before()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "Mounting a small disk needs Linux and root.");
        using var home = TemporaryHome.With();
        var disk = home.Beside("disk");
        Directory.CreateDirectory(disk);
        Assert.SkipUnless(Shell("mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", disk) == 0, "This machine does not let a test mount a disk.");
        try
        {
            var path = Path.Combine(disk, "home");
            Ran Run(params string[] args) => Cli.Run(path, Passphrase, TimeSpan.FromMinutes(2), args);
            Run("init").Succeeded();
            Run("tenant", "create", "chu", "--name", "CHU").Succeeded();
            Run("load", "omop", Synthetic(home, 200), "--tenant", "chu").Succeeded();
            var before = Run("tables", "--tenant", "chu", "--json").Succeeded().Output;

            Run("load", "omop", Synthetic(home, 20_000), "--tenant", "chu").Failed(7, "lake.disk");
            Assert.Equal(before, Run("tables", "--tenant", "chu", "--json").Succeeded().Output);
            Run("verify", "--tenant", "chu").Succeeded();
            Run("load", "omop", Synthetic(home, 200), "--tenant", "chu").Succeeded();

            Assert.Equal(0, Shell("mount", "-o", "remount,ro", disk));
            var refused = Run("load", "omop", Synthetic(home, 200), "--tenant", "chu");
            Assert.Equal(7, refused.ExitCode);
            Assert.DoesNotContain("bug", refused.Error, StringComparison.Ordinal);
        }
        finally
        {
            Shell("umount", disk);
        }
    }

    [Fact]
    public void Of_two_loads_at_once_the_second_is_refused_and_the_first_is_whole()
    {
        using var home = TemporaryHome.With("chu");
        var source = Synthetic(home, 20_000);
        using var first = Cli.Start(home.Path, Passphrase, "load", "omop", source, "--tenant", "chu");
        while (!File.Exists(Path.Combine(home.Path, "tenants/chu/writer.lock")) && !first.HasExited) Thread.Sleep(5);
        home.Run("load", "omop", source, "--tenant", "chu").Failed(5, "lake.busy");
        Assert.True(first.WaitForExit(TimeSpan.FromMinutes(2)) && first.ExitCode == 0, "the first load was disturbed");
        home.Run("verify", "--tenant", "chu").Succeeded();
    }

    [Fact]
    public void The_demo_runs_on_an_empty_machine_and_says_what_it_holds()
    {
        using var home = TemporaryHome.With();
        var demo = home.Beside("demo");
        var shown = Cli.Run(demo, null, TimeSpan.FromMinutes(2), "demo", "--patients", "500", "--no-serve", "--json").Succeeded().Json;
        Assert.Equal(500, shown.GetProperty("load").GetProperty("patients").GetInt64());
        var fhir = shown.GetProperty("fhir");
        Assert.Equal((25L, fhir.GetProperty("read").GetInt64()), (fhir.GetProperty("patients").GetInt64(), fhir.GetProperty("used").GetInt64()));
        var again = Cli.Run(demo, null, TimeSpan.FromMinutes(2), "demo", "--patients", "500", "--no-serve").Succeeded();
        Assert.Contains("condition_occurrence", again.Output, StringComparison.Ordinal);
        home.Run("demo").Failed(5, "demo.home-used");
    }

    static int Shell(string program, params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardError = true });
        if (process is null) return -1;
        process.WaitForExit();
        return process.ExitCode;
    }

    /// <summary>Moments that are the same in every run of the test.</summary>
    sealed class RandomMoments(ulong state)
    {
        public int Below(int limit) => (int)(((state = state * 6364136223846793005 + 1442695040888963407) >> 33) % (ulong)limit);
    }
}
