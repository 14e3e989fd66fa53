using Ambroise.Governance;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Backup;
using Ambroise.Governance.Control;
using Ambroise.Governance.Oppositions;
using Ambroise.Governance.Tenants;
using Ambroise.Lake.Releases;
using Ambroise.Tests.Vault;
using Ambroise.Vault;

namespace Ambroise.Tests.Governance.Backup;

public sealed class HomeBackupSpecs(ThrowawayServer server) : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ambroise-backup-");

    public void Dispose() => folder.Delete(recursive: true);

    static TenantId Chu { get; } = TenantId.Parse("chu").OrThrow();

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    string Beside(string name) => Path.Combine(folder.FullName, name);

    /// <summary>A home with a tenant that has keys, a release, roles, an opposition, an audit and a vocabulary.</summary>
    Home Made(string? database = null)
    {
        var home = new Home(Beside("home"));
        home.Initialise(TimeProvider.System, database);
        using var plane = home.OpenControlPlane(TimeProvider.System).OrThrow();
        plane.AddTenant(Chu, "CHU d'ici", "file").OrThrow();
        using var keys = KeyRing.Create(home.KeysFolder(Chu), "chu", new Passphrase("a passphrase"), KeyFolderFixture.Cheap).OrThrow();
        using var signature = SigningKey.Of(keys, "governance", "signature");
        plane.Commit("chu", [new LedgerEntry(1, "ab")]);
        plane.Grants(Chu).Add("ada", Role.Administrator, "ada").OrThrow();
        plane.Oppositions(Chu, keys).Add([new(1042, new Reach.AllResearch(), Channel.Post, new(2026, 1, 2))], "dpo").OrThrow();
        for (var i = 0; i < 5; i++) plane.Audit(Chu).Write(new("ada", "root", "lake.load", Outcome.Done, null, 1, i), signature);
        File.WriteAllText(Path.Combine(home.VocabularyFolder, "concept.parquet"), "public");
        return home;
    }

    BackupList Take(Home home, string name)
    {
        using var plane = home.OpenControlPlane(TimeProvider.System).OrThrow();
        return HomeBackup.Take(home, plane, Beside(name), TimeProvider.System, Cancel).OrThrow();
    }

    Result<BackupList> Restore(string name, Home home, string? database = null) => HomeBackup.Restore(Beside(name), home, TimeProvider.System, database, Cancel);

    static void HoldsEverything(Home home)
    {
        using var plane = home.OpenControlPlane(TimeProvider.System).OrThrow();
        using var keys = KeyRing.Unseal(home.KeysFolder(Chu), "chu", new Passphrase("a passphrase")).OrThrow();
        using var signature = SigningKey.Of(keys, "governance", "signature");
        Assert.Equal("CHU d'ici", plane.Find(Chu).OrThrow().Name);
        Assert.Equal([new LedgerEntry(1, "ab")], plane.List("chu"));
        Assert.Equal([Role.Administrator], plane.Grants(Chu).Of("ada"));
        Assert.Equal([1042L], plane.Oppositions(Chu, keys).Against());
        var verified = plane.Audit(Chu).Verify(signature.PublicKey, []).OrThrow();
        Assert.Equal((5, 5), (verified.Entries, verified.Signed));
        Assert.Equal("public", File.ReadAllText(Path.Combine(home.VocabularyFolder, "concept.parquet")));
    }

    [Fact]
    public void A_restored_home_holds_everything()
    {
        var home = Made();
        Take(home, "copy");
        var restored = new Home(Beside("restored"));
        Restore("copy", restored).OrThrow();
        HoldsEverything(restored);
        Assert.Empty(Directory.EnumerateFiles(restored.Root, "control-plane.restoring*"));
        Assert.True(Restore("copy", restored).Failed(out var failure, out _));
        Assert.Equal("backup.home-exists", failure.Code);
    }

    [Fact]
    public void A_backup_carries_a_home_from_one_database_to_the_other_and_back()
    {
        var database = server.NewDatabase();
        Take(Made(), "from-file");
        var onServer = new Home(Beside("on-server"));
        Restore("from-file", onServer, database).OrThrow();
        Assert.False(File.Exists(onServer.ControlPlanePath));
        HoldsEverything(onServer);
        Take(onServer, "from-server");
        var inFile = new Home(Beside("in-file"));
        Restore("from-server", inFile).OrThrow();
        HoldsEverything(inFile);
        Assert.True(Restore("from-file", new Home(Beside("again")), database).Failed(out var failure, out _));
        Assert.Equal("backup.database-full", failure.Code);
    }

    [Fact]
    public void Every_table_there_is_travels()
    {
        var home = Made();
        using var connection = home.Database.Connect();
        var there = connection.Query(static r => r.GetString(0), "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name <> 'migration' order by name");
        Assert.Equal(there, TableCopy.Tables.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("ambroise.db")]
    [InlineData("tenants/chu/keys/keystore.json")]
    [InlineData("backup.json")]
    public void A_backup_that_changed_restores_nothing(string file)
    {
        Take(Made(), "copy");
        var path = Beside(Path.Combine("copy", file));
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 4;
        File.WriteAllBytes(path, bytes);
        var restored = new Home(Beside("restored"));
        Assert.True(Restore("copy", restored).Failed(out var failure, out _));
        Assert.Equal("backup.changed", failure.Code);
        File.Delete(path);
        Assert.True(Restore("copy", restored).Failed(out failure, out _));
        Assert.Equal(file == "backup.json" ? "backup.missing" : "backup.changed", failure.Code);
        Assert.False(Directory.Exists(restored.Root));
    }

    [Theory]
    [InlineData("tenants/../../outside")]
    [InlineData("../outside")]
    [InlineData("/tmp/outside")]
    public void A_list_that_leads_out_of_its_folder_is_refused(string name)
    {
        Take(Made(), "copy");
        var list = Beside("copy/backup.json");
        File.WriteAllText(list, File.ReadAllText(list).Replace("vocabulary/concept.parquet", name, StringComparison.Ordinal));
        Assert.True(Restore("copy", new Home(Beside("restored"))).Failed(out var failure, out _));
        Assert.Equal("backup.changed", failure.Code);
    }

    [Fact]
    public void Nothing_is_copied_over_and_nothing_while_a_tenant_is_written_to()
    {
        var home = Made();
        using var plane = home.OpenControlPlane(TimeProvider.System).OrThrow();
        Directory.CreateDirectory(Beside("full"));
        File.WriteAllText(Beside("full/x"), "x");
        Assert.True(HomeBackup.Take(home, plane, Beside("full"), TimeProvider.System, Cancel).Failed(out var failure, out _));
        Assert.Equal("backup.target-full", failure.Code);
        using var keys = KeyRing.Unseal(home.KeysFolder(Chu), "chu", new Passphrase("a passphrase")).OrThrow();
        using (new TenantLake(home.TenantFolder(Chu), "chu", keys, plane, TimeProvider.System).Lock().OrThrow())
        {
            Assert.True(HomeBackup.Take(home, plane, Beside("new"), TimeProvider.System, Cancel).Failed(out failure, out _));
            Assert.Equal("backup.busy", failure.Code);
        }
        Assert.False(Directory.Exists(Beside("new")));
    }
}
