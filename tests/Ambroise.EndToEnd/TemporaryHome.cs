using Ambroise.Vault;
using Ambroise.Vault.Custody;

namespace Ambroise.EndToEnd;

/// <summary>A warehouse folder of a test's own, gone with it, and the passphrase of its tenants.</summary>
sealed class TemporaryHome : IDisposable
{
    public const string Secret = "canari-phrase-de-passe-7Q";

    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ambroise-home-");

    /// <summary>The warehouse's folder; not there before <c>init</c>.</summary>
    public string Path => System.IO.Path.Combine(folder.FullName, "home");

    /// <summary>A folder beside it for the test's own files.</summary>
    public string Beside(string name) => System.IO.Path.Combine(folder.FullName, name);

    /// <summary>Runs a command with the tenants' passphrase in the environment.</summary>
    public Ran Run(params string[] args) => RunWith(new Dictionary<string, string> { ["AMBROISE_PASSPHRASE"] = Secret }, args);

    public Ran RunWith(IReadOnlyDictionary<string, string>? environment, params string[] args) => Cli.Run(Path, environment, TimeSpan.FromMinutes(2), args);

    /// <summary>A home with tenants, each named "Tenant ID".</summary>
    public static TemporaryHome With(params string[] tenants)
    {
        var home = new TemporaryHome();
        home.Run("init").Succeeded();
        foreach (var tenant in tenants)
        {
            Hurry(home.Path, tenant);
            home.Run("tenant", "create", tenant, "--name", $"Tenant {tenant}").Succeeded();
        }
        return home;
    }

    /// <summary>Leaves a key that is cheap to open, as a stopped creation leaves one: <c>tenant create</c> takes it over. Hundreds of commands open it; <see cref="Tenants.TenantCommandsSpecs"/> has the program make one itself.</summary>
    static void Hurry(string home, string tenant)
    {
        using var passphrase = new Passphrase(Secret);
        KeyRing.Create(System.IO.Path.Combine(home, "tenants", tenant, "keys"), tenant, passphrase, new CustodyChoice.Keystore { Cost = new Argon2Cost(8, 1) }).OrThrow().Dispose();
    }

    /// <summary>Fails the test where anything in the home is open to the group or to others.</summary>
    public void IsItsOwnersAlone()
    {
        if (OperatingSystem.IsWindows()) return;
        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        foreach (var entry in Directory.EnumerateFileSystemEntries(Path, "*", SearchOption.AllDirectories).Append(Path))
            Assert.True((File.GetUnixFileMode(entry) & others) == 0, entry);
    }

    public void Dispose() => folder.Delete(recursive: true);
}
