using DuckDB.NET.Data;

namespace Ambroise.Sources.DuckDb;

/// <summary>DuckDB in memory: it reads one folder, writes nothing but where it is told to spill, and fetches no extension.</summary>
static class DuckDb
{
    /// <param name="memoryBytes">What DuckDB may use; it fails rather than spill, unless told where.</param>
    /// <param name="folder">All that DuckDB may read.</param>
    /// <param name="spill">A folder where it may put what does not fit, in clear: for what concerns no patient.</param>
    public static DuckDBConnection Open(long memoryBytes, int threads, string folder, string spill = "")
    {
        var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        foreach (var setting in new[]
        {
            // The file cache would keep every byte it reads up to the limit: each file is read once.
            "enable_external_file_cache = false", $"temp_directory = {Literal(spill)}", "autoinstall_known_extensions = false", "autoload_known_extensions = false",
            $"memory_limit = '{Math.Max(64, memoryBytes >> 20)}MiB'", $"threads = {threads}", "preserve_insertion_order = true", "TimeZone = 'UTC'",
            $"allowed_directories = [{Literal(folder)}]", "enable_external_access = false", "lock_configuration = true",
        })
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"set {setting}";
            command.ExecuteNonQuery();
        }
        return connection;
    }

    /// <summary>A text as a SQL literal.</summary>
    public static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>A name as a SQL identifier.</summary>
    public static string Name(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
