using Ambroise.Cli.Lake;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Control;
using Ambroise.Governance.Projects;
using Ambroise.Governance.SignIn;
using Ambroise.Governance.Tenants;
using Ambroise.Lake.Reading;
using Ambroise.Vault;

namespace Ambroise.Cli.Frame;

/// <summary>A tenant whose keys are in memory, opened for one act of one caller. Disposing of it zeroes the keys.</summary>
/// <param name="folder">The tenant's lake: <c>keys/</c>, <c>releases/</c>, <c>shards/</c>.</param>
/// <param name="ledger">Where its releases are committed.</param>
/// <param name="action">What it was opened for, as the audit names it.</param>
/// <param name="project">The project acted for; null for work under a role.</param>
sealed class OpenTenant(Tenant tenant, string folder, KeyRing keys, ControlPlane ledger, Caller caller, string action, string? project) : IDisposable
{
    SigningKey? signature;

    public Tenant Tenant => tenant;

    public TenantId Id => tenant.Id;

    public string Folder => folder;

    public KeyRing Keys => keys;

    public ControlPlane Ledger => ledger;

    public Caller Caller => caller;

    /// <summary>Who proves who they are here, and how.</summary>
    public SignIns SignIns => ledger.SignIns(tenant.Id, keys);

    /// <summary>The key that signs the tenant's audit and permits.</summary>
    public SigningKey Signature => signature ??= SigningKey.Of(keys, "governance", "signature");

    /// <summary>Writes to the audit what this tenant was opened for and what came of it. Where it cannot be written the act must not happen.</summary>
    /// <exception cref="FailureException"><c>audit.unavailable</c>.</exception>
    public void Record(Outcome outcome, int? release = null, long? patients = null, params (string Name, string Value)[] detail) =>
        ledger.Audit(tenant.Id).Write(new(caller.Actor, caller.Account, action, outcome, project, release, patients, detail.Length == 0 ? null : detail.ToDictionary(d => d.Name, d => d.Value)), Signature);

    /// <summary>What the door calls before it opens a release.</summary>
    void Opening(Scope scope, int release) => Record(Outcome.Allowed, release, null, ("purpose", scope.Purpose));

    /// <summary>Opens a release for a question about patients: the access is recorded, and those who object are not in it.</summary>
    /// <param name="release">Null for the newest.</param>
    /// <param name="cacheBytes">Memory that decoded columns may take.</param>
    /// <param name="projectPurpose">What the project is for; null for work under a role.</param>
    /// <returns>The release, to be disposed of; or <c>lake.…</c>, <c>opposition.tampered</c>.</returns>
    public Result<OpenRelease> OpenRelease(TimeProvider clock, string purpose, int? release, long cacheBytes, Purpose? projectPurpose = null) =>
        Door.Open(this.Lake(clock), new Scope(tenant.Id.Value, caller.Actor, project, purpose, release), Opening, cacheBytes, ledger.Oppositions(tenant.Id, keys).Against(project, projectPurpose));

    /// <summary>Opens a release for work that opposition does not touch: each patient asked about is another act of its own.</summary>
    /// <param name="cacheBytes">Memory that decoded columns may take.</param>
    /// <param name="release">Null for the newest.</param>
    public Result<OpenRelease> OpenWhole(TimeProvider clock, string purpose, long cacheBytes, int? release = null) =>
        Door.Open(this.Lake(clock), new Scope(tenant.Id.Value, caller.Actor, project, purpose, release), Opening, cacheBytes);

    /// <summary>The permit under which the project acted for may have data now; a refusal goes to the audit.</summary>
    /// <param name="member">Who must be a member of the project; null where data is built and nobody sees it yet.</param>
    /// <returns>The permit; or <c>project.unknown</c>, <c>project.not-a-member</c>, <c>permit.missing</c>, <c>permit.tampered</c>, <c>permit.suspended</c>, <c>permit.closed</c>, <c>permit.expired</c>.</returns>
    public Result<Permit> PermitInForce(string? member)
    {
        if (!ledger.Projects(tenant.Id).InForce(project ?? throw new InvalidOperationException("no project"), member, Signature).Failed(out var failure, out var permit)) return permit;
        Record(Outcome.Denied, null, null, ("because", failure.Code));
        return failure;
    }

    /// <summary>As <see cref="PermitInForce"/>, where data is built or opened: each kind of it must have been confirmed within the year.</summary>
    public Result<Permit> PermitForData(string? member)
    {
        if (PermitInForce(member).Failed(out var failure, out var permit)) return failure;
        if (ledger.Categories(tenant.Id, keys).Refuses(permit) is not { } unconfirmed) return permit;
        Record(Outcome.Denied, null, null, ("because", unconfirmed.Code));
        return unconfirmed;
    }

    public void Dispose()
    {
        signature?.Dispose();
        keys.Dispose();
    }
}
