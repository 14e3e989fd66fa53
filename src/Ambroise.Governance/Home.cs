using Ambroise.Governance.Control;
using Ambroise.Governance.Tenants;
using Ambroise.Vault.Files;

namespace Ambroise.Governance;

/// <summary>The folder that holds a whole warehouse: where each thing lies in it. Every folder is its owner's alone (0700).</summary>
/// <param name="root">Made absolute.</param>
public sealed class Home(string root)
{
    public string Root { get; } = Path.GetFullPath(root);

    public string ControlPlanePath => Path.Combine(Root, "ambroise.db");

    /// <summary>The OMOP vocabulary: public reference data, in clear, shared by the tenants.</summary>
    public string VocabularyFolder => Path.Combine(Root, "vocabulary");

    /// <summary>A tenant's lake: <c>keys/</c>, <c>releases/</c>, <c>shards/</c>.</summary>
    public string TenantFolder(TenantId tenant) => Path.Combine(Root, "tenants", tenant.Value);

    public string KeysFolder(TenantId tenant) => Path.Combine(TenantFolder(tenant), "keys");

    /// <summary>Makes the folder and its control plane, or brings an existing one up to date.</summary>
    /// <returns>True where it was made, false where it was there.</returns>
    public bool Initialise(TimeProvider clock)
    {
        var made = !File.Exists(ControlPlanePath);
        DurableFile.CreateFolder(Root);
        DurableFile.CreateFolder(Path.Combine(Root, "tenants"));
        DurableFile.CreateFolder(VocabularyFolder);
        ControlPlane.Create(ControlPlanePath, clock).Dispose();
        return made;
    }

    /// <returns>The control plane, or <c>home.missing</c>.</returns>
    public Result<ControlPlane> OpenControlPlane(TimeProvider clock) =>
        File.Exists(ControlPlanePath)
            ? ControlPlane.Create(ControlPlanePath, clock)
            : new Failure(FailureKind.NotFound, "home.missing", $"There is no warehouse in '{Root}': make one with 'ambroise init', or name another with --home.");
}
