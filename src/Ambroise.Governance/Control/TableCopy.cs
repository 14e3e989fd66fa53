using System.Data;
using System.Data.Common;

namespace Ambroise.Governance.Control;

/// <summary>Every row of the control plane from one database into another, both up to date.</summary>
static class TableCopy
{
    /// <returns>The tables in the order that their references allow.</returns>
    public static IReadOnlyList<string> Tables { get; } =
        [.. Migrations.All.SelectMany(s => s.Split('\n')).Select(l => l.Trim().Split(' ')).Where(w => w is ["create", "table", ..]).Select(w => w[2])];

    /// <returns>Null, or <c>backup.database-full</c> where the target holds rows already.</returns>
    public static Failure? Run(DbConnection from, DbConnection to)
    {
        // One snapshot: what is written meanwhile is left for the next time.
        using var reading = from.BeginTransaction(from is Npgsql.NpgsqlConnection ? IsolationLevel.RepeatableRead : IsolationLevel.Serializable);
        using var writing = Database.BeginWrite(to);
        foreach (var table in Tables)
        {
            if (Convert.ToInt64(to.Scalar($"select count(*) from {table}", writing), null) > 0)
                return new Failure(FailureKind.Conflict, "backup.database-full", "The database holds a control plane already: name an empty one.");
            string[]? columns = null;
            foreach (var row in from.Query(r =>
            {
                columns ??= [.. Enumerable.Range(0, r.FieldCount).Select(r.GetName)];
                var values = new object[r.FieldCount];
                r.GetValues(values);
                return values;
            }, $"select * from {table}", reading))
                to.Execute($"insert into {table} ({string.Join(", ", columns!)}) values ({string.Join(", ", columns!.Select(c => "@" + c))})", writing, [.. columns!.Select((c, i) => (c, row[i]))]);
        }
        writing.Commit();
        return null;
    }
}
