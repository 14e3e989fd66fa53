using Ambroise.Governance.Projects;
using Ambroise.Governance.Retention;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Writing;
using Ambroise.Tests.Governance.Datasets;
using Ambroise.Tests.Lake;
using Ambroise.Vault;

namespace Ambroise.Tests.Governance.Retention;

/// <summary>What names a release: permits that hold or may hold again, datasets that are still there.</summary>
public sealed class ReleaseUsesSpecs : IDisposable
{
    readonly DatasetHouse house = new();
    readonly SigningKey signature;

    public ReleaseUsesSpecs() => signature = SigningKey.Of(house.Test.Keys, "governance", "signature");

    public void Dispose()
    {
        signature.Dispose();
        house.Dispose();
    }

    /// <summary>The permit's last day is 2028-01-01.</summary>
    Project Of(ProjectState state, int release = 1, string id = "cardio")
    {
        var permit = DatasetHouse.Permit(id) with { Release = release };
        return new(id, state, permit.Request, 1, [], permit.Sign(signature));
    }

    List<string> Uses(DateOnly today, params Project[] projects) =>
        [.. ReleaseUses.Of(projects, house.Shelf, signature, today).OrThrow().Select(u => $"{u.Release} {u.Project} {u.Dataset?.ToString() ?? "permit"}")];

    [Theory]
    [InlineData(ProjectState.Active, true)]
    [InlineData(ProjectState.Suspended, true)]
    [InlineData(ProjectState.Draft, true)] // amended: what it was permitted before holds until then
    [InlineData(ProjectState.Approved, true)]
    [InlineData(ProjectState.Closed, false)]
    public void A_permit_names_its_release_until_its_last_day_or_until_its_project_is_closed(ProjectState state, bool names)
    {
        Assert.Equal(names ? ["3 cardio permit"] : [], Uses(new(2028, 1, 1), Of(state, 3)));
        Assert.Empty(Uses(new(2028, 1, 2), Of(state, 3)));
        Assert.Empty(Uses(new(2027, 1, 1), Of(state) with { Permit = null }));
    }

    [Fact]
    public void A_dataset_names_the_release_it_was_built_from_until_it_has_expired()
    {
        house.Build(DatasetHouse.Permit());
        house.Build(DatasetHouse.Permit());
        house.Build(DatasetHouse.Permit("onco"));
        Assert.Equal(["4 cardio permit", "1 cardio 1", "1 cardio 2", "1 onco permit", "1 onco 1"], Uses(new(2027, 1, 1), Of(ProjectState.Active, 4), Of(ProjectState.Active, 1, "onco")));
        // The permit has ended, its datasets are still there.
        Assert.Equal(["1 cardio 1", "1 cardio 2"], Uses(new(2029, 1, 1), Of(ProjectState.Active)));
        house.Shelf.Destroy("cardio", 1);
        Assert.Equal(["1 cardio 2"], Uses(new(2029, 1, 1), Of(ProjectState.Closed)));
        house.Shelf.Expire("cardio");
        Assert.Empty(Uses(new(2029, 1, 1), Of(ProjectState.Closed)));
    }

    [Fact]
    public void Where_it_cannot_be_told_what_is_needed_nothing_may_go()
    {
        var altered = Of(ProjectState.Active);
        altered = altered with { Permit = altered.Permit! with { Text = altered.Permit.Text.Replace("\"release\":1", "\"release\":9", StringComparison.Ordinal) } };
        Assert.True(ReleaseUses.Of([altered], house.Shelf, signature, new(2027, 1, 1)).Failed(out var failure, out _));
        Assert.Equal("permit.tampered", failure.Code);

        house.Build(DatasetHouse.Permit());
        var contents = Path.Combine(house.Test.Folder, "datasets", "cardio", "1", "package.json.sealed");
        var bytes = File.ReadAllBytes(contents);
        bytes[^1] ^= 1;
        File.WriteAllBytes(contents, bytes);
        Assert.Equal("dataset.tampered", Assert.Throws<FailureException>(() => ReleaseUses.Of([Of(ProjectState.Active)], house.Shelf, signature, new(2027, 1, 1))).Failure.Code);
        house.Test.Keys.Drop("project.cardio");
        Assert.True(ReleaseUses.Of([Of(ProjectState.Active)], house.Shelf, signature, new(2027, 1, 1)).Failed(out failure, out _));
        Assert.Equal("dataset.no-key", failure.Code);
    }

    [Fact]
    public void A_dataset_is_built_again_to_the_byte_from_a_release_that_stayed_among_others_that_went()
    {
        foreach (var _ in new[] { 2, 3 }) house.Test.Load(new Rows().Person(1));
        var first = house.Build(DatasetHouse.Permit());
        var uses = ReleaseUses.Of([Of(ProjectState.Active)], house.Shelf, signature, new(2027, 1, 1)).OrThrow();
        var report = ReleaseDrop.Run(house.Test.Open(), DropRules.Of(1, null).OrThrow(), "ada", () => [.. uses.Select(u => u.Release)], _ => { }).OrThrow();
        Assert.Equal([2], report.Dropped.Select(d => d.Release));
        var second = house.Build(DatasetHouse.Permit());
        Assert.Equal(first.Contents.Files.Select(f => (f.Name, f.Sha256)), second.Contents.Files.Select(f => (f.Name, f.Sha256)));
    }
}

/// <summary>Releases are dropped from either control plane, in one transaction.</summary>
public abstract class DropFromPlaneSpecs(string? server) : BookHouse(server)
{
    [Fact]
    public void What_is_dropped_is_gone_from_the_control_plane_and_the_rest_is_found_again()
    {
        var lake = Lake(Plane);
        for (var release = 1; release <= 4; release++) Load(lake, release);
        On(4, 2);
        var report = ReleaseDrop.Run(lake, DropRules.Of(1, null).OrThrow(), "ada", () => [2], _ => { }).OrThrow();
        Assert.Equal([1, 3], report.Dropped.Select(d => d.Release));
        Assert.All(report.Dropped, d => Assert.Equal((Clock.GetUtcNow(), "ada"), (d.At, d.By)));
        Assert.Equal([2, 4], Plane.List("chu").Select(e => e.Number));
        var again = Lake(Plane);
        Assert.Equal([2, 4], again.Releases().OrThrow().Select(m => m.Release));
        Assert.Equal(3, Plane.Committed("chu")[4].Month); // committed when it was loaded, though its manifest was written again
        Assert.Null(Verification.Run(again, null, TestContext.Current.CancellationToken).Fault);
        Load(again, 5);
        Assert.Equal([2, 4, 5], Plane.List("chu").Select(e => e.Number));
        Assert.Equal(new DateTimeOffset(2026, 4, 2, 12, 0, 0, TimeSpan.Zero), DroppedRelease.Of(again.Releases().OrThrow())[0].At);
    }

    TenantLake Lake(IReleaseLedger ledger) => new(Beside("tenant"), "chu", Keys, ledger, Clock);

    static void Load(TenantLake lake, long person) =>
        LoadRelease.RunAsync(lake, new Rows().Person(person).Condition(person, person, 5, "2020-01-01"), new(LoadMode.Replace, 1 << 26, 1, null), null, TestContext.Current.CancellationToken).GetAwaiter().GetResult().OrThrow();
}

public sealed class DropFromPlaneInFileSpecs() : DropFromPlaneSpecs(null);

public sealed class DropFromPlaneOnServerSpecs(ThrowawayServer server) : DropFromPlaneSpecs(server.NewDatabase());
