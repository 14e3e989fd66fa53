using System.Globalization;

namespace Ambroise.EndToEnd.Governance;

/// <summary><c>--memory</c> holds for a dataset too, and what comes of it does not depend on it.</summary>
public sealed class DatasetMemorySpecs
{
    static readonly Dictionary<string, string> Passphrase = new() { ["AMBROISE_PASSPHRASE"] = TemporaryHome.Secret };

    [Fact]
    public void A_build_stays_under_its_memory_and_gives_the_same_bytes_with_more()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("The peak of a process is read from /proc.");
        using var home = TemporaryHome.With("chu");
        var source = home.Beside("source");
        home.Run("synth", "--patients", "30000", "--out", source).Succeeded();
        home.Run("vocabulary", "load", source).Succeeded();
        home.Run("load", "omop", source, "--tenant", "chu").Succeeded();
        home.Run("role", "grant", "marie", "researcher", "--tenant", "chu").Succeeded();
        home.Run("role", "grant", "claire", "committee-member", "--tenant", "chu").Succeeded();
        var request = home.Beside("request.json");
        File.WriteAllText(request, $$"""
            {"title":"t","summary":"s","investigator":"marie","team":[],"purpose":"publicHealth","legalBasis":{"kind":"mr004","number":"F1"},"population":{{WholeStorySpecs.Population}},
             "data":[{"table":"person","justification":"w","columns":["gender_concept_id","year_of_birth"]},{"table":"measurement","justification":"w"},{"table":"visit_occurrence","justification":"w"}],"retainUntil":"2099-12-31"}
            """);
        home.Run("--as", "marie", "project", "create", "all", "--request", request, "--tenant", "chu").Succeeded();
        home.Run("--as", "marie", "project", "submit", "all", "--tenant", "chu").Succeeded();
        home.Run("--as", "claire", "project", "opinion", "all", "favourable", "--reason", "sound", "--tenant", "chu").Succeeded();
        home.Run("project", "decide", "all", "approve", "--reason", "yes", "--tenant", "chu").Succeeded();
        home.Run("project", "activate", "all", "--tenant", "chu").Succeeded();

        var (peak, narrow) = Build("512M");
        Assert.InRange(peak, 100, 512);
        Assert.Equal(narrow, Build("2G").Files);

        (double Peak, string Files) Build(string memory)
        {
            using var process = Cli.Start(home.Path, Passphrase, "dataset", "build", "--project", "all", "--tenant", "chu", "--remove", "--memory", memory, "--json");
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            var most = 0.0;
            while (!process.WaitForExit(20))
                try
                {
                    var line = File.ReadLines($"/proc/{process.Id}/status").FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
                    if (line is not null) most = double.Parse(line.Split(' ', '\t').First(w => w.Length > 0 && char.IsAsciiDigit(w[0])), CultureInfo.InvariantCulture) / 1024;
                }
                catch (IOException)
                {
                    // It ended between two looks.
                }
            Assert.True(process.ExitCode == 0, error.GetAwaiter().GetResult());
            return (most, System.Text.Json.JsonDocument.Parse(output.GetAwaiter().GetResult()).RootElement.GetProperty("files").GetRawText());
        }
    }
}
