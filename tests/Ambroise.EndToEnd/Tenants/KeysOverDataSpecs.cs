using System.Diagnostics;

namespace Ambroise.EndToEnd.Tenants;

/// <summary>What custody means for loaded data: who may read it, and that changing a key never loses it.</summary>
public sealed class KeysOverDataSpecs
{
    static readonly string[] Verify = ["verify", "--tenant", "chu", "--json"];

    [Fact]
    public void A_sealed_tenant_a_wrong_passphrase_and_another_tenants_keys_read_nothing()
    {
        using var home = Loaded();
        home.Run("tenant", "create", "autre", "--name", "Autre").Succeeded(); // the same passphrase
        home.RunWith(new Dictionary<string, string> { ["AMBROISE_PASSPHRASE"] = "not-the-passphrase" }, Verify).Failed(3, "vault.passphrase-wrong");

        var (keys, theirs) = (Path.Combine(home.Path, "tenants", "chu", "keys"), Path.Combine(home.Path, "tenants", "autre", "keys"));
        var aside = home.Beside("keys");
        Directory.Move(keys, aside);
        home.Run(Verify).Failed(4, "vault.keystore-missing");
        Copy(theirs, keys);
        home.Run(Verify).Failed(6, "vault.keystore-tampered");
        Directory.Delete(keys, recursive: true);
        Directory.Move(aside, keys);
        home.Run(Verify).Succeeded();

        home.Run("tenant", "seal", "chu").Succeeded();
        foreach (var command in new[] { Verify, ["tables", "--tenant", "chu"], ["export", "omop", home.Beside("out"), "--tenant", "chu"], ["load", "omop", Source, "--tenant", "chu"] })
            home.Run(command).Failed(3, "tenant.sealed");
    }

    [Fact]
    public void A_rotation_rewrites_no_data_and_its_backup_restores()
    {
        using var home = Loaded();
        var tenant = Path.Combine(home.Path, "tenants", "chu");
        var before = Stamps(tenant);
        var backup = home.Beside("backup");
        Copy(Path.Combine(tenant, "keys"), backup);
        home.Run("tenant", "rotate-key", "chu").Succeeded();
        Assert.Equal(before, Stamps(tenant));
        home.Run(Verify).Succeeded();

        Directory.Delete(Path.Combine(tenant, "keys"), recursive: true);
        Copy(backup, Path.Combine(tenant, "keys"));
        home.Run(Verify).Succeeded();
    }

    [Fact]
    public void A_destroyed_key_leaves_data_that_its_own_home_cannot_open()
    {
        using var home = Loaded();
        home.Run("tenant", "destroy-key", "chu", "--confirm", "Tenant chu").Succeeded();
        home.Run(Verify).Failed(4, "tenant.destroyed");
        home.Run("load", "omop", Source, "--tenant", "chu").Failed(4, "tenant.destroyed");
    }

    [Fact]
    public void A_rotation_killed_at_any_moment_leaves_data_that_opens()
    {
        using var home = Loaded();
        var environment = new Dictionary<string, string> { ["AMBROISE_PASSPHRASE"] = TemporaryHome.Secret };
        var clock = Stopwatch.StartNew();
        home.Run("tenant", "rotate-key", "chu").Succeeded();
        var takes = clock.Elapsed;
        var killed = 0;
        for (var i = 1; i <= 12; i++)
        {
            using var rotation = Cli.Start(home.Path, environment, "tenant", "rotate-key", "chu");
            if (!rotation.WaitForExit(takes * i / 12))
            {
                rotation.Kill();
                rotation.WaitForExit();
                killed++;
            }
            home.Run("tenant", "unseal", "chu").Succeeded();
        }
        Assert.True(killed > 0, "no rotation was killed before its end");
        home.Run("tenant", "rotate-key", "chu").Succeeded();
        home.Run(Verify).Succeeded();
    }

    [Fact]
    public void An_interrupted_load_ends_with_its_exit_code_and_leaves_the_release_before()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are Unix's.");
        Assert.SkipWhen(IgnoresInterrupts(), "Started by a shell in the background: it has its programs ignore Ctrl-C.");
        using var home = Loaded();
        var environment = new Dictionary<string, string> { ["AMBROISE_PASSPHRASE"] = TemporaryHome.Secret };
        var input = Conformance.Path("cohorts/cdm");
        var clock = Stopwatch.StartNew();
        home.Run("load", "omop", input, "--tenant", "chu").Succeeded();
        var takes = clock.Elapsed;
        for (var (tenths, interrupted) = (8, false); !interrupted; tenths--)
        {
            Assert.True(tenths > 0, "no load was interrupted before its end");
            var before = Releases(home);
            using var load = Cli.Start(home.Path, environment, "load", "omop", input, "--tenant", "chu", "--json");
            if (!load.WaitForExit(takes * tenths / 10))
                using (var signal = Process.Start("kill", ["-INT", $"{load.Id}"])) signal.WaitForExit();
            Assert.True(load.WaitForExit(TimeSpan.FromMinutes(1)), "an interrupted load goes on");
            Assert.True(load.ExitCode is 0 or 130, load.StandardError.ReadToEnd());
            interrupted = load.ExitCode == 130;
            if (interrupted) Assert.Equal(before, Releases(home));
        }
        home.Run(Verify).Succeeded();
        home.Run("load", "omop", Source, "--tenant", "chu").Succeeded();
    }

    [Fact]
    public void A_loads_files_are_their_owners_alone_and_its_memory_goes_to_no_core_file()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Reads /proc.");
        using var home = TemporaryHome.With("chu");
        using var load = Cli.Start(home.Path, new Dictionary<string, string> { ["AMBROISE_PASSPHRASE"] = TemporaryHome.Secret }, "load", "omop", Conformance.Path("cohorts/cdm"), "--tenant", "chu", "--json");
        var without = false;
        while (!without && !load.HasExited)
            without = File.ReadAllLines($"/proc/{load.Id}/limits").Any(l => l.StartsWith("Max core file size", StringComparison.Ordinal) && l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4..6] is ["0", "0"]);
        Assert.True(without, "the loader allowed a core file");
        Assert.True(load.WaitForExit(TimeSpan.FromMinutes(1)));
        home.IsItsOwnersAlone();
    }

    /// <summary>Whether what this process starts inherits that SIGINT, the second signal, is ignored.</summary>
    static bool IgnoresInterrupts() => OperatingSystem.IsLinux()
        && File.ReadLines("/proc/self/status").Where(l => l.StartsWith("SigIgn:", StringComparison.Ordinal)).Any(l => (Convert.ToUInt64(l[7..].Trim(), 16) & 1 << 1) != 0);

    static string Source => Conformance.Path("omop/synthea27nj");

    static TemporaryHome Loaded()
    {
        var source = Source; // skips here where it is absent
        var home = TemporaryHome.With("chu");
        home.Run("load", "omop", source, "--tenant", "chu").Succeeded();
        return home;
    }

    static int Releases(TemporaryHome home) => home.Run("releases", "--tenant", "chu", "--json").Succeeded().Json.GetArrayLength();

    static List<(string, DateTime)> Stamps(string tenant) => [.. Directory.EnumerateFiles(tenant, "*", SearchOption.AllDirectories)
        .Where(f => !f.Contains("/keys/", StringComparison.Ordinal)).Order().Select(f => (f, File.GetLastWriteTimeUtc(f)))];

    static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
