using System.Data.Common;

namespace Ambroise.Governance.Control;

/// <summary>One-line statements over ADO.NET. A value travels as a parameter, never in the text.</summary>
static class Statements
{
    public static int Execute(this DbConnection connection, string sql, DbTransaction? transaction = null, params (string Name, object Value)[] values)
    {
        using var command = connection.Prepare(sql, transaction, values);
        return command.ExecuteNonQuery();
    }

    public static object? Scalar(this DbConnection connection, string sql, DbTransaction? transaction = null, params (string Name, object Value)[] values)
    {
        using var command = connection.Prepare(sql, transaction, values);
        return command.ExecuteScalar();
    }

    public static List<T> Query<T>(this DbConnection connection, Func<DbDataReader, T> row, string sql, params (string Name, object Value)[] values) => connection.Query(row, sql, null, values);

    public static List<T> Query<T>(this DbConnection connection, Func<DbDataReader, T> row, string sql, DbTransaction? transaction, params (string Name, object Value)[] values)
    {
        using var command = connection.Prepare(sql, transaction, values);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        try
        {
            while (reader.Read()) rows.Add(row(reader));
        }
        catch (Exception e) when (e is FormatException or InvalidCastException or InvalidOperationException or OverflowException)
        {
            // A null where there is none, text that is no date: no program of ours wrote it.
            throw Database.Damaged.AsException();
        }
        return rows;
    }

#pragma warning disable CA2100 // every caller passes a constant
    static DbCommand Prepare(this DbConnection connection, string sql, DbTransaction? transaction, (string Name, object Value)[] values)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = transaction;
        foreach (var (name, value) in values)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value);
            command.Parameters.Add(parameter);
        }
        return command;
    }
#pragma warning restore CA2100
}
