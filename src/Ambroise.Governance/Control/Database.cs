using System.Data;
using System.Data.Common;
using Ambroise.Vault.Files;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Ambroise.Governance.Control;

/// <summary>Where the control plane's tables lie. Both kinds take the same statements and the same tests.</summary>
public abstract record Database
{
    Database() { } // closed: every case is below

    /// <summary>SQLite, the default: nothing to install, one host.</summary>
    public sealed record InFile(string Path) : Database;

    /// <summary>PostgreSQL, for several hosts or where the site backs up its databases together.</summary>
    /// <param name="Connection">As Npgsql reads it, e.g. <c>Host=db;Username=ambroise;Database=ambroise</c>. Npgsql takes the password from PGPASSWORD or PGPASSFILE where it is left out.</param>
    public sealed record OnServer(string Connection) : Database;

    /// <summary>"ambroise" in ASCII: whoever writes holds this lock, so that writers take turns as they do in SQLite.</summary>
    const long WriteLock = 0x616d62726f697365;

    /// <exception cref="FailureException"><c>home.unreadable</c>, <c>home.database-invalid</c>.</exception>
    internal DbConnection Connect()
    {
        var connection = Make();
        try
        {
            connection.Open();
            // A commit has reached the disk when it returns; a writer waits for another up to 30 s.
            connection.Execute(this is InFile ? "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;" : "set synchronous_commit = on; set lock_timeout = '30s';");
            return connection;
        }
        catch (DbException error)
        {
            connection.Dispose();
            throw Unavailable("home.unreadable", error).AsException();
        }
    }

    DbConnection Make()
    {
        switch (this)
        {
            case InFile(var path):
                DurableFile.OpenOwnerOnly(path, FileMode.OpenOrCreate, FileShare.ReadWrite).Dispose(); // SQLite would let others read it
                // No pooling: a pooled connection keeps the file open after the command has ended.
                return new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 30 }.ConnectionString);
            case OnServer(var text):
                try
                {
                    return new NpgsqlConnection(new NpgsqlConnectionStringBuilder(text) { Pooling = false, ApplicationName = "ambroise", CommandTimeout = 60 }.ConnectionString);
                }
                catch (ArgumentException)
                {
                    // Its message may quote the password.
                    throw new Failure(FailureKind.Invalid, "home.database-invalid", "The connection is not one that PostgreSQL's client reads: write it like Host=db;Username=ambroise;Database=ambroise.").AsException();
                }
            default:
                throw new System.Diagnostics.UnreachableException(GetType().Name);
        }
    }

    /// <summary>Looks through tables and their indexes for damage. A server does so by itself.</summary>
    /// <exception cref="FailureException"><c>home.damaged</c>.</exception>
    internal void Check(DbConnection connection, params ReadOnlySpan<string> tables)
    {
        if (this is not InFile) return;
        foreach (var table in tables)
            if (connection.Scalar($"pragma integrity_check({table})") is not "ok") throw Damaged.AsException();
    }

    internal static Failure Damaged => new(FailureKind.Tampered, "home.damaged", "The control plane (ambroise.db) is damaged: put back a copy of the whole home.");

    /// <summary>Begins a transaction that writes: one at a time in the whole database, and each sees all that those before it committed.</summary>
    internal static DbTransaction BeginWrite(DbConnection connection)
    {
        if (connection is not NpgsqlConnection) return connection.BeginTransaction(IsolationLevel.Serializable);
        var transaction = connection.BeginTransaction(IsolationLevel.ReadCommitted);
        try
        {
            connection.Execute("select pg_advisory_xact_lock(@key)", transaction, ("@key", WriteLock));
            return transaction;
        }
        catch
        {
            transaction.Dispose();
            throw;
        }
    }

    /// <summary>Creates a table that is not there. SQLite takes no lock where it is there; PostgreSQL's own "if not exists" fails where two come at once.</summary>
    /// <param name="name">A name of ours.</param>
    internal static void CreateTable(DbConnection connection, string name, string columns)
    {
        if (connection is NpgsqlConnection && connection.Scalar("select to_regclass(@name) is null", null, ("@name", name)) is not true) return;
        using var transaction = connection is NpgsqlConnection ? BeginWrite(connection) : null;
        connection.Execute($"create table if not exists {name} ({columns})", transaction);
        transaction?.Commit();
    }

    internal static Failure Unavailable(string code, DbException error) => new(FailureKind.Unavailable, code, error is SqliteException sqlite
        ? $"The control plane cannot be read or written (SQLite error {sqlite.SqliteExtendedErrorCode}): is the disk full, read-only or locked?"
        : $"The control plane cannot be read or written (PostgreSQL error {error.SqlState ?? "none: no answer"}): is the server up, and the account allowed?");
}
