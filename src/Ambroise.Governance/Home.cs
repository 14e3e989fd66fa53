using System.Text;
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

    /// <summary>Names the PostgreSQL database that holds the control plane; absent where <see cref="ControlPlanePath"/> does.</summary>
    public string DatabasePath => Path.Combine(Root, "database");

    /// <summary>Where the control plane lies.</summary>
    public Database Database => File.Exists(DatabasePath) ? new Database.OnServer(File.ReadAllText(DatabasePath).Trim()) : new Database.InFile(ControlPlanePath);

    /// <summary>Makes the folder and its control plane, or brings an existing one up to date.</summary>
    /// <param name="server">A PostgreSQL connection for a new warehouse; null for SQLite, or for what the warehouse has.</param>
    /// <returns>True where it was made, false where it was there.</returns>
    /// <exception cref="FailureException"><c>home.database-other</c> where the warehouse has another database already; <c>home.database-invalid</c>, <c>home.newer</c>, <c>home.unreadable</c>.</exception>
    public bool Initialise(TimeProvider clock, string? server = null)
    {
        var made = !IsMade;
        if (server is not null && !made && Database != new Database.OnServer(server.Trim()))
            throw new Failure(FailureKind.Conflict, "home.database-other", $"The warehouse in '{Root}' keeps its control plane elsewhere: restore a backup into a new one to move it.").AsException();

        // The server must answer before a file names it.
        if (server is not null) ControlPlane.Create(new Database.OnServer(server.Trim()), clock).Dispose();
        DurableFile.CreateFolder(Root);
        DurableFile.CreateFolder(Path.Combine(Root, "tenants"));
        DurableFile.CreateFolder(VocabularyFolder);
        if (server is not null && made) DurableFile.Replace(DatabasePath, Encoding.UTF8.GetBytes(server.Trim()));
        ControlPlane.Create(Database, clock).Dispose();
        return made;
    }

    /// <returns>The control plane, or <c>home.missing</c>.</returns>
    public Result<ControlPlane> OpenControlPlane(TimeProvider clock) =>
        IsMade
            ? ControlPlane.Create(Database, clock)
            : new Failure(FailureKind.NotFound, "home.missing", $"There is no warehouse in '{Root}': make one with 'ambroise init', or name another with --home.");

    /// <summary>True where a warehouse is here.</summary>
    public bool IsMade => File.Exists(ControlPlanePath) || File.Exists(DatabasePath);
}
