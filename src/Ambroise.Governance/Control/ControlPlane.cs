using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ambroise.Governance.Access;
using Ambroise.Governance.Airlock;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Oppositions;
using Ambroise.Governance.PatientRights;
using Ambroise.Governance.Projects;
using Ambroise.Governance.Reidentification;
using Ambroise.Governance.Retention;
using Ambroise.Governance.SignIn;
using Ambroise.Governance.Sources;
using Ambroise.Governance.Tenants;
using Ambroise.Lake.Releases;
using Ambroise.Vault;

namespace Ambroise.Governance.Control;

/// <summary>What the warehouse knows of itself: its tenants and their releases. Holds no patient. Every change is one transaction,
/// forced to the disk, and programs that share the home wait for one another up to 30 s.</summary>
public sealed class ControlPlane : IReleaseLedger, IDisposable
{
    readonly DbConnection connection;
    readonly TimeProvider clock;
    readonly Lock gate = new();

    ControlPlane(DbConnection connection, TimeProvider clock) => (this.connection, this.clock) = (connection, clock);

    /// <summary>Opens the control plane, makes it where it is absent, and brings its tables up to date.</summary>
    /// <exception cref="FailureException"><c>home.newer</c>, <c>home.unreadable</c>, <c>home.damaged</c>, <c>home.database-invalid</c>.</exception>
    public static ControlPlane Create(Database database, TimeProvider clock)
    {
        var connection = database.Connect();
        try
        {
            Migrations.Apply(connection);
            database.Check(connection, "tenant", "release");
            return new(connection, clock);
        }
        catch (DbException error)
        {
            connection.Dispose();
            throw Database.Unavailable("home.unreadable", error).AsException();
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>As above, in a SQLite file.</summary>
    public static ControlPlane Create(string path, TimeProvider clock) => Create(new Database.InFile(path), clock);

    /// <returns>The new tenant, or <c>tenant.exists</c>, <c>tenant.name-invalid</c>.</returns>
    public Result<Tenant> AddTenant(TenantId id, string name, string custodian)
    {
        if (name.Trim() is not { Length: >= 1 and <= 200 } trimmed) return new Failure(FailureKind.Invalid, "tenant.name-invalid", "A tenant's name has 1 to 200 characters.");
        lock (gate)
        {
            var tenant = new Tenant(id, trimmed, clock.GetUtcNow(), TenantState.Ready, custodian);
            var added = connection.Execute(
                "insert into tenant (id, name, created, state, custodian, digest) values (@id, @name, @created, 'ready', @custodian, @digest) on conflict do nothing",
                null, ("@id", id.Value), ("@name", trimmed), ("@created", Text(tenant.Created)), ("@custodian", custodian), ("@digest", Digest(tenant)));
            return added == 1 ? tenant : new Failure(FailureKind.Conflict, "tenant.exists", $"There is a tenant '{id}' already.");
        }
    }

    /// <summary>Who has which role in a tenant.</summary>
    public Grants Grants(TenantId tenant) => new(connection, gate, clock, tenant.Value);

    /// <summary>What was done in a tenant.</summary>
    public AuditLog Audit(TenantId tenant) => new(connection, gate, clock, tenant.Value);

    /// <summary>What a tenant's projects asked for and were given.</summary>
    public ProjectBook Projects(TenantId tenant) => new(connection, gate, clock, tenant.Value);

    /// <summary>Who objects to what in a tenant whose keys are open.</summary>
    public OppositionRegister Oppositions(TenantId tenant, KeyRing keys) => new(connection, gate, clock, tenant.Value, keys);

    /// <summary>Requests to name patients again, in a tenant whose keys are open.</summary>
    public ReidentificationBook Reidentifications(TenantId tenant, KeyRing keys) => new(connection, gate, clock, tenant.Value, keys);

    /// <summary>How long a tenant keeps what, its keys being open.</summary>
    public RetentionBook Retention(TenantId tenant, KeyRing keys) => new(Books(tenant, keys));

    /// <summary>What may enter a tenant's warehouse, its keys being open.</summary>
    public SourceBook Sources(TenantId tenant, KeyRing keys) => new(Books(tenant, keys));

    /// <summary>Which patients of a tenant were informed, its keys being open.</summary>
    public NoticeBook Notices(TenantId tenant, KeyRing keys) => new(Books(tenant, keys));

    /// <summary>What patients of a tenant asked for, its keys being open.</summary>
    public RightsBook Rights(TenantId tenant, KeyRing keys) => new(Books(tenant, keys));

    /// <summary>What leaves a tenant's project spaces, its keys being open.</summary>
    public AirlockBook Airlock(TenantId tenant, KeyRing keys) => new(Books(tenant, keys));

    /// <summary>What a tenant's projects published, its keys being open.</summary>
    public PublicationBook Publications(TenantId tenant, KeyRing keys) => new(Books(tenant, keys));

    /// <summary>Which data a tenant's projects still need, its keys being open.</summary>
    public CategoryBook Categories(TenantId tenant, KeyRing keys) => new(Books(tenant, keys));

    /// <summary>Who proves who they are in a tenant, and how, its keys being open.</summary>
    public SignIns SignIns(TenantId tenant, KeyRing keys) => new(Books(tenant, keys));

    /// <summary>Whether a tenant asks everyone to be signed in, its keys being open.</summary>
    public TwoFactorBook TwoFactors(TenantId tenant, KeyRing keys) => new(Books(tenant, keys));

    /// <returns>False where a tenant never asked for two factors: what there is to know without a key.</returns>
    public bool MayRequireTwoFactors(TenantId tenant)
    {
        lock (gate) return Convert.ToInt64(connection.Scalar("select count(*) from journal where tenant = @tenant and book = @book", null, ("@tenant", tenant.Value), ("@book", TwoFactorBook.Name)), null) > 0;
    }

    /// <summary>Ends a session for whoever holds its token; no key is needed.</summary>
    /// <returns>False where there was none.</returns>
    public bool Leave(TenantId tenant, string token)
    {
        lock (gate) return SignIn.SignIns.Leave(connection, tenant.Value, token);
    }

    BookPlace Books(TenantId tenant, KeyRing keys) => new(connection, gate, clock, tenant.Value, keys);

    public IReadOnlyList<Tenant> Tenants
    {
        get
        {
            lock (gate) return connection.Query(ReadTenant, "select id, name, created, state, custodian, digest from tenant order by id");
        }
    }

    /// <returns>The tenant, or <c>tenant.unknown</c>.</returns>
    public Result<Tenant> Find(TenantId id)
    {
        lock (gate)
            return connection.Query(ReadTenant, "select id, name, created, state, custodian, digest from tenant where id = @id", ("@id", id.Value)) is [var tenant]
                ? tenant
                : new Failure(FailureKind.NotFound, "tenant.unknown", $"There is no tenant '{id}'.");
    }

    /// <summary>A destroyed tenant stays destroyed.</summary>
    public void SetState(TenantId id, TenantState state)
    {
        lock (gate)
            // Again where another program changed the row since it was read.
            while (!Find(id).Failed(out _, out var tenant) && tenant.State != TenantState.Destroyed && connection.Execute(
                "update tenant set state = @state, digest = @digest where id = @id and digest = @before", null,
                ("@state", Text(state)), ("@digest", Digest(tenant with { State = state })), ("@id", id.Value), ("@before", Digest(tenant))) == 0) { }
    }

    public IReadOnlyList<LedgerEntry> List(string tenant)
    {
        lock (gate)
            return connection.Query(r => new LedgerEntry(r.GetInt32(0), r.GetString(1)),
                "select number, manifest_sha256 from release where tenant = @tenant order by number", ("@tenant", tenant));
    }

    /// <inheritdoc/>
    /// <remarks>A release that stays keeps its committed instant, also when its manifest was written again.</remarks>
    public void Commit(string tenant, IReadOnlyList<LedgerEntry> replaceAll)
    {
        lock (gate)
        {
            try
            {
                // One writer at a time holds the tenant's lock, so the list cannot change before the transaction begins.
                var gone = List(tenant).Select(e => e.Number).Except(replaceAll.Select(e => e.Number)).ToList();
                using var transaction = Database.BeginWrite(connection);
                foreach (var number in gone)
                    connection.Execute("delete from release where tenant = @tenant and number = @number", transaction, ("@tenant", tenant), ("@number", number));
                foreach (var entry in replaceAll)
                    connection.Execute(
                        """
                        insert into release (tenant, number, manifest_sha256, committed) values (@tenant, @number, @sha256, @committed)
                        on conflict (tenant, number) do update set manifest_sha256 = excluded.manifest_sha256
                        """,
                        transaction, ("@tenant", tenant), ("@number", entry.Number), ("@sha256", entry.ManifestSha256), ("@committed", Text(clock.GetUtcNow())));
                transaction.Commit();
            }
            catch (DbException error)
            {
                throw Database.Unavailable("ledger.unavailable", error).AsException();
            }
        }
    }

    /// <returns>When each release of the tenant was committed, by number.</returns>
    public IReadOnlyDictionary<int, DateTimeOffset> Committed(string tenant)
    {
        lock (gate)
            return connection.Query(r => (Number: r.GetInt32(0), At: Instant(r.GetString(1))),
                "select number, committed from release where tenant = @tenant", ("@tenant", tenant)).ToDictionary(r => r.Number, r => r.At);
    }

    /// <summary>Copies everything, as it is at one instant, into a new SQLite file.</summary>
    internal void CopyTo(string path)
    {
        if (CopyTo(new Database.InFile(path)) is { } failure) throw failure.AsException();
    }

    /// <summary>Copies everything, as it is at one instant, into an empty database.</summary>
    /// <returns>Null, or <c>backup.database-full</c>.</returns>
    internal Failure? CopyTo(Database target)
    {
        lock (gate)
        {
            using var to = target.Connect();
            Migrations.Apply(to);
            var failure = TableCopy.Run(connection, to);
            if (target is Database.InFile) to.Execute("pragma wal_checkpoint(truncate)");
            if (target is Database.InFile) to.Execute("pragma journal_mode = delete"); // the file alone is the whole
            return failure;
        }
    }

    public void Dispose() => connection.Dispose();

    static Tenant ReadTenant(DbDataReader row)
    {
        if (Digest(row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4)) != row.GetString(5)) throw Database.Damaged.AsException();
        return new(TenantId.Parse(row.GetString(0)).OrThrow(), row.GetString(1), Instant(row.GetString(2)), Enum.Parse<TenantState>(row.GetString(3), ignoreCase: true), row.GetString(4));
    }

    static string Digest(Tenant tenant) => Digest(tenant.Id.Value, tenant.Name, Text(tenant.Created), Text(tenant.State), tenant.Custodian);

    /// <summary>SHA-256 of a row's values. It tells a damaged row, not a forged one: what a forger could gain is refused by the tenant's keystore and manifests, which hold under its key.</summary>
    static string Digest(params ReadOnlySpan<string> values) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', values))));

    static string Text(DateTimeOffset instant) => instant.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture);

    static string Text(TenantState state) => state.ToString().ToLowerInvariant();

    static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);
}
