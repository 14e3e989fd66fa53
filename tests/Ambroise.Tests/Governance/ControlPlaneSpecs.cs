using Ambroise.Governance;
using Ambroise.Governance.Control;
using Ambroise.Governance.Tenants;
using Ambroise.Lake.Releases;

namespace Ambroise.Tests.Governance;

/// <summary>What the control plane promises, on either database.</summary>
public abstract class ControlPlaneSpecs : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ambroise-plane-");
    readonly Home home;

    protected ControlPlaneSpecs(string? server)
    {
        home = new Home(Path.Combine(folder.FullName, "home"));
        Assert.True(home.Initialise(TimeProvider.System, server));
    }

    public void Dispose()
    {
        folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    static TenantId Chu { get; } = TenantId.Parse("chu").OrThrow();

    ControlPlane Open() => home.OpenControlPlane(TimeProvider.System).OrThrow();

    [Fact]
    public void A_tenant_is_found_again_and_a_second_of_its_id_refused()
    {
        using (var plane = Open()) plane.AddTenant(Chu, " CHU d'ici ", "file").OrThrow();
        using var again = Open();
        var tenant = again.Find(Chu).OrThrow();
        Assert.Equal(("CHU d'ici", TenantState.Ready, "file", TimeSpan.Zero), (tenant.Name, tenant.State, tenant.Custodian, tenant.Created.Offset));
        Assert.True(again.AddTenant(Chu, "autre", "file").Failed(out var failure, out _));
        Assert.Equal("tenant.exists", failure.Code);
        Assert.True(again.AddTenant(TenantId.Parse("x").OrThrow(), "  ", "file").Failed(out failure, out _));
        Assert.Equal("tenant.name-invalid", failure.Code);
        Assert.Single(again.Tenants);
    }

    [Fact]
    public void A_destroyed_tenant_stays_destroyed()
    {
        using var plane = Open();
        plane.AddTenant(Chu, "CHU", "file").OrThrow();
        plane.SetState(Chu, TenantState.Sealed);
        Assert.Equal(TenantState.Sealed, plane.Find(Chu).OrThrow().State);
        plane.SetState(Chu, TenantState.Destroyed);
        plane.SetState(Chu, TenantState.Ready);
        Assert.Equal(TenantState.Destroyed, plane.Find(Chu).OrThrow().State);
    }

    [Fact]
    public void A_commit_replaces_the_tenants_releases_and_no_others()
    {
        using var plane = Open();
        plane.AddTenant(Chu, "CHU", "file").OrThrow();
        plane.AddTenant(TenantId.Parse("b").OrThrow(), "B", "file").OrThrow();
        plane.Commit("b", [new(1, "bb")]);
        plane.Commit("chu", [new(1, "aa"), new(2, "ab")]);
        var first = plane.Committed("chu")[1];
        plane.Commit("chu", [new(3, "ac"), new(1, "ad")]);
        Assert.Equal([new LedgerEntry(1, "ad"), new LedgerEntry(3, "ac")], plane.List("chu"));
        Assert.Equal([new LedgerEntry(1, "bb")], plane.List("b"));
        Assert.Equal(first, plane.Committed("chu")[1]);
    }

    [Fact]
    public void A_commit_that_cannot_be_whole_changes_nothing()
    {
        using var plane = Open();
        plane.AddTenant(Chu, "CHU", "file").OrThrow();
        plane.Commit("chu", [new(1, "aa")]);
        var refused = Assert.Throws<FailureException>(() => plane.Commit("chu", [new(2, "ab"), new(-1, "ac")]));
        Assert.Equal("ledger.unavailable", refused.Failure.Code);
        Assert.Equal([new LedgerEntry(1, "aa")], plane.List("chu"));
        Assert.Throws<FailureException>(() => plane.Commit("nobody", [new(1, "aa")]));
    }

    [Fact]
    public void Writers_wait_for_one_another()
    {
        using (var plane = Open()) plane.AddTenant(Chu, "CHU", "file").OrThrow();
        Parallel.For(0, 8, i =>
        {
            using var plane = Open();
            plane.AddTenant(TenantId.Parse($"t{i}").OrThrow(), "T", "file").OrThrow();
            for (var n = 1; n <= 5; n++) plane.Commit($"t{i}", [.. Enumerable.Range(1, n).Select(k => new LedgerEntry(k, "aa"))]);
        });
        using var read = Open();
        Assert.Equal(9, read.Tenants.Count);
        for (var i = 0; i < 8; i++) Assert.Equal(5, read.List($"t{i}").Count);
    }

    [Fact]
    public void A_home_of_a_later_version_and_none_are_said()
    {
        using (var connection = home.Database.Connect()) connection.Execute("insert into migration values (9999)");
        Assert.Equal("home.newer", Assert.Throws<FailureException>(Open).Failure.Code);
        Assert.True(new Home(Path.Combine(folder.FullName, "none")).OpenControlPlane(TimeProvider.System).Failed(out var failure, out _));
        Assert.Equal("home.missing", failure.Code);
    }

    [Fact]
    public void Initialising_twice_keeps_what_is_there()
    {
        using (var plane = Open()) plane.AddTenant(Chu, "CHU", "file").OrThrow();
        Assert.False(home.Initialise(TimeProvider.System));
        using var again = Open();
        Assert.Single(again.Tenants);
    }

    protected Home Home => home;
}

public sealed class ControlPlaneInFileSpecs() : ControlPlaneSpecs(null)
{
    [Fact]
    public void A_damaged_file_is_said()
    {
        File.WriteAllText(Home.ControlPlanePath, new string('x', 8192));
        Assert.Equal("home.unreadable", Assert.Throws<FailureException>(() => Home.OpenControlPlane(TimeProvider.System)).Failure.Code);
    }

    [Fact]
    public void A_warehouse_does_not_change_its_database()
    {
        var refused = Assert.Throws<FailureException>(() => Home.Initialise(TimeProvider.System, "Host=elsewhere;Database=ambroise"));
        Assert.Equal("home.database-other", refused.Failure.Code);
        Assert.False(File.Exists(Home.DatabasePath));
    }
}

public sealed class ControlPlaneOnServerSpecs(ThrowawayServer server) : ControlPlaneSpecs(server.NewDatabase())
{
    [Fact]
    public void Nothing_of_it_lies_in_the_home_but_the_servers_name_for_its_owner_alone()
    {
        Assert.False(File.Exists(Home.ControlPlanePath));
        Assert.True(File.Exists(Home.DatabasePath));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Home.DatabasePath));
    }

    [Theory]
    [InlineData("Host=/nowhere;Database=ambroise;Password=planted-word", "home.unreadable")]
    [InlineData("Colour=planted-word", "home.database-invalid")]
    public void A_server_that_is_away_and_a_connection_that_is_none_are_said_without_the_password(string connection, string code)
    {
        var none = new Home(Path.Combine(Home.Root, "other"));
        var refused = Assert.Throws<FailureException>(() => none.Initialise(TimeProvider.System, connection));
        Assert.Equal(code, refused.Failure.Code);
        Assert.DoesNotContain("planted-word", refused.ToString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(none.Root));
    }
}
