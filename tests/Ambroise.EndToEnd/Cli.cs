using System.Diagnostics;
using System.Text.Json;

namespace Ambroise.EndToEnd;

/// <summary>What a run of the program left.</summary>
sealed record Ran(int ExitCode, string Output, string Error)
{
    /// <summary>Standard output as the one JSON document that <c>--json</c> promises.</summary>
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    /// <returns>This, where the program ended well.</returns>
    public Ran Succeeded()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}\n{Output}\n{Error}");
        return this;
    }

    /// <returns>This, where the program failed with an exit code and, on standard error, a failure's code.</returns>
    public Ran Failed(int exitCode, string failureCode)
    {
        Assert.True(ExitCode == exitCode && Error.Contains(failureCode, StringComparison.Ordinal), $"exit code {ExitCode}, not {exitCode} {failureCode}\n{Output}\n{Error}");
        return this;
    }
}

/// <summary>Runs <c>ambroise</c> as a process of its own, as a person's shell would: the one built beside these tests, or the one that the variable <c>AMBROISE_PROGRAM</c> names, e.g. as published.</summary>
static class Cli
{
    public static string Program { get; } = Environment.GetEnvironmentVariable("AMBROISE_PROGRAM") is { Length: > 0 } named ? Path.GetFullPath(named) : Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "ambroise.exe" : "ambroise");

    /// <summary>Runs to the end, or kills it and fails the test past the limit.</summary>
    /// <param name="home">The warehouse's folder.</param>
    /// <param name="environment">Set on top of an environment without any AMBROISE_ variable, in English.</param>
    public static Ran Run(string home, IReadOnlyDictionary<string, string>? environment, TimeSpan limit, params string[] args)
    {
        using var process = Start(home, environment, args);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"'ambroise {string.Join(' ', args)}' took more than {limit}.");
        }
        process.WaitForExit();
        return new(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    /// <summary>Starts the program with all three streams redirected, for tests that signal or kill it.</summary>
    public static Process Start(string home, IReadOnlyDictionary<string, string>? environment, params string[] args)
    {
        var start = new ProcessStartInfo(Program) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var arg in args) start.ArgumentList.Add(arg);
        foreach (var name in start.Environment.Keys.Where(n => n.StartsWith("AMBROISE_", StringComparison.Ordinal)).ToList()) start.Environment.Remove(name);
        start.Environment["LC_ALL"] = "C";
        start.Environment["AMBROISE_HOME"] = home;
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
