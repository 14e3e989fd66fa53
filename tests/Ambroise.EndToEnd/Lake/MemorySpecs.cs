using System.Globalization;

namespace Ambroise.EndToEnd.Lake;

/// <summary><c>--memory</c> is a promise about the whole process, not about one of its buffers.</summary>
public sealed class MemorySpecs
{
    static readonly Dictionary<string, string> Passphrase = new() { ["AMBROISE_PASSPHRASE"] = TemporaryHome.Secret };

    [Fact]
    public void A_load_a_merge_and_a_load_of_text_stay_under_their_memory_whatever_they_read()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("The peak of a process is read from /proc.");
        using var home = TemporaryHome.With("chu");
        var source = home.Beside("source");
        home.Run("synth", "--patients", "66000", "--out", source).Succeeded(); // two shards, 5 M rows: several times the bound as rows
        Assert.InRange(Peak(home, "load", "omop", source, "--tenant", "chu", "--memory", "640M"), 100, 640);

        var increment = home.Beside("increment");
        home.Run("synth", "--patients", "2000", "--seed", "2", "--out", increment).Succeeded();
        Assert.InRange(Peak(home, "load", "omop", increment, "--tenant", "chu", "--mode", "merge", "--memory", "640M"), 100, 640);

        var text = home.Beside("text");
        home.Run("export", "omop", text, "--tenant", "chu", "--release", "1", "--format", "csv").Succeeded();
        Assert.InRange(Peak(home, "load", "omop", text, "--tenant", "chu", "--memory", "640M"), 100, 640);
        Assert.Equal(Content(home, 1), Content(home, 3));
    }

    [Fact]
    public void Less_memory_than_can_be_kept_to_is_refused()
    {
        using var home = TemporaryHome.With("chu");
        var ran = home.Run("load", "omop", home.Beside("none"), "--tenant", "chu", "--memory", "300M");
        Assert.NotEqual(0, ran.ExitCode);
        Assert.Contains("512M", ran.Error, StringComparison.Ordinal);
    }

    static string? Content(TemporaryHome home, int release) =>
        home.Run("releases", "--tenant", "chu", "--json").Succeeded().Json.EnumerateArray().First(r => r.GetProperty("release").GetInt32() == release).GetProperty("contentHash").GetString();

    /// <returns>The most memory that a run of the program had resident, in MiB.</returns>
    static double Peak(TemporaryHome home, params string[] args)
    {
        using var process = Cli.Start(home.Path, Passphrase, args);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        var peak = 0.0;
        while (!process.WaitForExit(20))
            try
            {
                var line = File.ReadLines($"/proc/{process.Id}/status").FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
                if (line is not null) peak = double.Parse(line.Split(' ', '\t').First(w => w.Length > 0 && char.IsAsciiDigit(w[0])), CultureInfo.InvariantCulture) / 1024;
            }
            catch (IOException)
            {
                // It ended between two looks.
            }
        Assert.True(process.ExitCode == 0, $"{output.GetAwaiter().GetResult()}\n{error.GetAwaiter().GetResult()}");
        return peak;
    }
}
