using Ambroise.Governance.Access;

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
}
