using Ambroise.Governance.Control;
using Ambroise.Governance.Tenants;
using Ambroise.Vault;

namespace Ambroise.Cli.Frame;

/// <summary>A tenant whose keys are in memory. Disposing of it zeroes them.</summary>
/// <param name="folder">The tenant's lake: <c>keys/</c>, <c>releases/</c>, <c>shards/</c>.</param>
/// <param name="ledger">Where its releases are committed.</param>
sealed class OpenTenant(Tenant tenant, string folder, KeyRing keys, ControlPlane ledger) : IDisposable
{
    public Tenant Tenant => tenant;

    public TenantId Id => tenant.Id;

    public string Folder => folder;

    public KeyRing Keys => keys;

    public ControlPlane Ledger => ledger;

    public void Dispose() => keys.Dispose();
}
