using Ambroise.Lake.Reading;
using Ambroise.Tests.Governance.Datasets;

namespace Ambroise.Tests.Lake;

/// <summary>Nothing opens before the audit holds who, and for whose tenant.</summary>
public sealed class DoorSpecs : IDisposable
{
    readonly DatasetHouse house = new();

    public void Dispose() => house.Dispose();

    [Fact]
    public void What_opens_was_recorded_first_with_its_release()
    {
        var recorded = new List<(string Actor, int Release)>();
        using (Door.Open(house.Test.Lake, new("t", "ada", null, "count", null), (scope, release) => recorded.Add((scope.Actor, release)), 1 << 20).OrThrow()) Assert.Equal([("ada", 1)], recorded);
        Assert.Throws<FailureException>(() => Door.Open(house.Test.Lake, new("t", "ada", null, "count", null),
            (_, _) => throw new Failure(FailureKind.Unavailable, "audit.unavailable", "").AsException(), 1 << 20));
    }

    [Fact]
    public void A_scope_of_another_tenant_opens_nothing_and_leaves_no_allowance()
    {
        var recorded = 0;
        Assert.True(Door.Open(house.Test.Lake, new("other", "ada", null, "count", null), (_, _) => recorded++, 1 << 20).Failed(out var failure, out _));
        Assert.Equal(("lake.other-tenant", 0), (failure.Code, recorded));
    }
}
