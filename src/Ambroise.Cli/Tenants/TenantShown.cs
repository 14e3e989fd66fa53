using Ambroise.Governance.Control;
using Ambroise.Governance.Tenants;

namespace Ambroise.Cli.Tenants;

/// <summary>A tenant as <c>--json</c> shows it.</summary>
sealed record TenantShown(string Id, string Name, TenantState State, string Custodian, DateTimeOffset Created, int Releases)
{
    public static TenantShown Of(Tenant tenant, ControlPlane plane) =>
        new(tenant.Id.Value, tenant.Name, tenant.State, tenant.Custodian, tenant.Created, plane.List(tenant.Id.Value).Count);
}
