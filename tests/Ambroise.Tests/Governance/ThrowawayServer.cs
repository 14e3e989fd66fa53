using System.Diagnostics;
using Npgsql;

[assembly: AssemblyFixture(typeof(Ambroise.Tests.Governance.ThrowawayServer))]

namespace Ambroise.Tests.Governance;

/// <summary>A PostgreSQL server of the tests' own: made on first use in a temporary folder, reached by a socket in it, gone at the end.</summary>
public sealed class ThrowawayServer : IDisposable
{
    readonly Lock gate = new();
    string? folder;
    int databases;

    /// <returns>A connection to an empty database of its own; the test is skipped, saying so, where PostgreSQL is absent.</returns>
    public string NewDatabase()
    {
        lock (gate)
        {
            Assert.SkipWhen(Programs is null || OperatingSystem.IsWindows(), "PostgreSQL is absent (Debian: apt-get install postgresql).");
            folder ??= Start();
            var name = $"test{++databases}";
            using var connection = new NpgsqlConnection(To("postgres"));
            connection.Open();
            using var command = connection.CreateCommand();
#pragma warning disable CA2100 // a name of our own, which cannot be a parameter
            command.CommandText = $"create database {name}";
#pragma warning restore CA2100
            command.ExecuteNonQuery();
            return To(name);
        }
    }

    public void Dispose()
    {
        if (folder is null) return;
        Run(Path.Combine(Programs!, "pg_ctl"), "-D", $"{folder}/data", "-m", "immediate", "-w", "stop");
        Run("rm", "-rf", folder);
    }

    string To(string database) => $"Host={folder};Username=postgres;Database={database};Pooling=false";

    static string? Programs { get; } = Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").Select(d => Path.Combine(d, "bin")).Where(d => File.Exists(Path.Combine(d, "initdb"))).Order(StringComparer.Ordinal).LastOrDefault()
        : null;

    static string Start()
    {
        var made = Run("mktemp", "-d", "/tmp/ambroise-pg-XXXXXX").Trim();
        Run(Path.Combine(Programs!, "initdb"), "-D", $"{made}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync");
        Run(Path.Combine(Programs!, "pg_ctl"), "-D", $"{made}/data", "-l", $"{made}/log", "-w", "-o", $"-c listen_addresses= -c unix_socket_directories={made} -c fsync=off", "start");
        return made;
    }

    /// <summary>Runs as the account that Debian's package makes where the tests run as root, which PostgreSQL refuses.</summary>
    static string Run(string program, params string[] args)
    {
        var start = Environment.IsPrivilegedProcess
            ? new ProcessStartInfo("runuser", ["-u", "postgres", "--", program, .. args])
            : new ProcessStartInfo(program, args);
        // pg_ctl's server keeps the streams it inherits: only short-lived programs are read to their end.
        var read = program == "mktemp";
        (start.RedirectStandardOutput, start.RedirectStandardError, start.WorkingDirectory) = (true, true, "/tmp");
        using var process = Process.Start(start)!;
        var output = read ? process.StandardOutput.ReadToEnd() : "";
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}");
        return output;
    }
}
