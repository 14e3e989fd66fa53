using Ambroise.Governance;
using Ambroise.Governance.Access;
using Ambroise.Governance.Tenants;

namespace Ambroise.Tests.Governance.Access;

public sealed class RightsSpecs
{
    /// <summary>The table people review and the one the program obeys are one: a right that is added here shows there.</summary>
    [Fact]
    public void The_reviewed_table_is_the_one_in_force()
    {
        var roles = Enum.GetValues<Role>();
        var expected = new List<string> { $"| | {string.Join(" | ", roles.Select(Names.Of))} |", $"|---|{string.Concat(roles.Select(_ => ":-:|"))}" };
        expected.AddRange(Enum.GetValues<Capability>().Select(c => $"| {Names.Of(c)} | {string.Join(" | ", roles.Select(r => Rights.Allow(r, c) ? "●" : ""))} |"));
        var reviewed = File.ReadAllLines(Path.Combine(Checkout.Root, "docs", "roles.md")).Where(l => l.StartsWith('|'));
        Assert.Equal(expected, reviewed);
    }

    [Fact]
    public void Every_capability_has_a_role_and_nobody_decides_alone_on_what_they_asked_for()
    {
        Assert.All(Enum.GetValues<Capability>(), c => Assert.NotEmpty(Rights.Roles(c)));
        Assert.All(Enum.GetValues<Role>(), r => Assert.False(Rights.Allow(r, Capability.ProjectRequest) && (Rights.Allow(r, Capability.ProjectDecide) || Rights.Allow(r, Capability.ProjectOpinion)), r.ToString()));
        Assert.All(Enum.GetValues<Role>(), r => Assert.False(Rights.Allow(r, Capability.Reidentify) && Rights.Allow(r, Capability.CohortExact), r.ToString()));
    }

    [Fact]
    public void A_role_holds_between_its_dates_and_not_after_it_is_revoked()
    {
        var folder = Directory.CreateTempSubdirectory("ambroise-grants-");
        try
        {
            var clock = new SetClock(new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero));
            var home = new Home(folder.FullName);
            home.Initialise(clock);
            using var plane = home.OpenControlPlane(clock).OrThrow();
            var chu = TenantId.Parse("chu").OrThrow();
            plane.AddTenant(chu, "CHU", "file").OrThrow();
            var grants = plane.Grants(chu);
            grants.Add("ada", Role.Administrator, "ada").OrThrow();
            grants.Add("marie", Role.Researcher, "ada", new(2026, 4, 1, 0, 0, 0, TimeSpan.Zero), new(2026, 5, 1, 0, 0, 0, TimeSpan.Zero)).OrThrow();
            Assert.Empty(grants.Of("marie"));
            Assert.Empty(grants.Of("nobody"));
            clock.Now = new(2026, 4, 1, 0, 0, 0, TimeSpan.Zero);
            Assert.Equal([Role.Researcher], grants.Of("marie"));
            clock.Now = new(2026, 5, 1, 0, 0, 0, TimeSpan.Zero);
            Assert.Empty(grants.Of("marie"));

            clock.Now = new(2026, 5, 2, 0, 0, 0, TimeSpan.Zero);
            grants.Add("paul", Role.DataEngineer, "ada").OrThrow();
            Assert.Equal([Role.DataEngineer], grants.Of("paul"));
            Assert.Equal(1, grants.Revoke("paul", Role.DataEngineer).OrThrow());
            Assert.Empty(grants.Of("paul"));

            Assert.True(grants.Revoke("ada", Role.Administrator).Failed(out var failure, out _));
            Assert.Equal("role.last-administrator", failure.Code);
            Assert.True(grants.Add("a b", Role.Researcher, "ada").Failed(out failure, out _));
            Assert.Equal("role.actor-invalid", failure.Code);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
