using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using DuckDB.NET.Data;

namespace Ambroise.Cohorts.Vocabulary;

/// <param name="Changed">False when the same vocabulary was there already.</param>
public sealed record VocabularyReport(bool Changed, string ContentHash, IReadOnlyDictionary<string, long> Rows, IReadOnlyList<string> Missing);

/// <summary>The OMOP vocabulary of a home: public reference data, plain Parquet, one for all tenants.</summary>
public static class VocabularyFolder
{
    /// <summary>Columns kept, by table; the types are OMOP's.</summary>
    static readonly (string Table, string Columns, string Order)[] Tables =
    [
        ("concept", "concept_id integer, concept_name varchar, domain_id varchar, vocabulary_id varchar, concept_class_id varchar, standard_concept varchar, concept_code varchar, valid_start_date date, valid_end_date date, invalid_reason varchar", "concept_id"),
        ("concept_ancestor", "ancestor_concept_id integer, descendant_concept_id integer, min_levels_of_separation integer, max_levels_of_separation integer", "ancestor_concept_id, descendant_concept_id"),
        ("concept_relationship", "concept_id_1 integer, concept_id_2 integer, relationship_id varchar, valid_start_date date, valid_end_date date, invalid_reason varchar", "relationship_id, concept_id_2, concept_id_1"),
        ("concept_synonym", "concept_id integer, concept_synonym_name varchar, language_concept_id integer", "concept_id, concept_synonym_name"),
        ("vocabulary", "vocabulary_id varchar, vocabulary_name varchar, vocabulary_reference varchar, vocabulary_version varchar, vocabulary_concept_id integer", "vocabulary_id"),
        ("domain", "domain_id varchar, domain_name varchar, domain_concept_id integer", "domain_id"),
        ("concept_class", "concept_class_id varchar, concept_class_name varchar, concept_class_concept_id integer", "concept_class_id"),
        ("relationship", "relationship_id varchar, relationship_name varchar, is_hierarchical varchar, defines_ancestry varchar, reverse_relationship_id varchar, relationship_concept_id integer", "relationship_id"),
        ("drug_strength", "drug_concept_id integer, ingredient_concept_id integer, amount_value double, amount_unit_concept_id integer, numerator_value double, numerator_unit_concept_id integer, denominator_value double, denominator_unit_concept_id integer, box_size integer, valid_start_date date, valid_end_date date, invalid_reason varchar", "drug_concept_id, ingredient_concept_id"),
    ];

    /// <summary>Loads a folder of Athena's tab-separated files, comma-separated files or Parquet, in any letter case. The old vocabulary serves until the new one is whole.</summary>
    /// <param name="to">The home's vocabulary folder.</param>
    /// <returns>What was loaded; or <c>vocabulary.folder-missing</c>, <c>vocabulary.no-concept</c>, <c>vocabulary.unreadable</c>.</returns>
    public static Result<VocabularyReport> Load(string from, string to, Action<string, double> progress, CancellationToken cancel)
    {
        if (!Directory.Exists(from)) return new Failure(FailureKind.NotFound, "vocabulary.folder-missing", $"{from} is not a folder.");
        var files = Tables.Select(t => (t.Table, t.Columns, t.Order, Path: Find(from, t.Table))).Where(t => t.Path is not null).ToList();
        if (files.All(f => f.Table != "concept")) return new Failure(FailureKind.Invalid, "vocabulary.no-concept", $"{from} has no CONCEPT file (csv, csv.gz or parquet).");
        var hash = Hash(files.Select(f => f.Path!), cancel);
        if (File.Exists(HashFile(to)) && File.ReadAllText(HashFile(to)) == hash && File.Exists(Path.Combine(to, ConceptSearch.FileName))) return new VocabularyReport(false, hash, Count(to), Missing(files.Select(f => f.Table)));

        var work = $"{Path.TrimEndingDirectorySeparator(to)}.loading";
        if (Directory.Exists(work)) Directory.Delete(work, recursive: true);
        Directory.CreateDirectory(work);
        try
        {
            using var connection = Open();
            for (var i = 0; i < files.Count; i++)
            {
                cancel.ThrowIfCancellationRequested();
                progress(files[i].Table, (double)i / (files.Count + 2));
                if (Copy(connection, files[i].Path!, files[i].Columns, files[i].Order, Path.Combine(work, $"{files[i].Table}.parquet")) is { } failure) return failure;
            }
            progress("search", (double)files.Count / (files.Count + 2));
            ConceptSearch.Build(connection, work, cancel);
            File.WriteAllText(HashFile(work), hash);
            var old = $"{Path.TrimEndingDirectorySeparator(to)}.old";
            if (Directory.Exists(old)) Directory.Delete(old, recursive: true);
            if (Directory.Exists(to)) Directory.Move(to, old);
            Directory.Move(work, to);
            if (Directory.Exists(old)) Directory.Delete(old, recursive: true);
            return new VocabularyReport(true, hash, Count(to), Missing(files.Select(f => f.Table)));
        }
        finally
        {
            if (Directory.Exists(work)) Directory.Delete(work, recursive: true);
        }
    }

    internal static DuckDBConnection Open()
    {
        var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        Run(connection, "set autoinstall_known_extensions = false");
        Run(connection, "set autoload_known_extensions = false");
        return connection;
    }

    internal static void Run(DuckDBConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // paths are written as literals, names come from the list above
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    internal static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    static string HashFile(string folder) => Path.Combine(folder, "content.sha256");

    static List<string> Missing(IEnumerable<string> present) => [.. Tables.Select(t => t.Table).Except(present)];

    static string? Find(string folder, string table) => Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).FirstOrDefault(f =>
        Path.GetFileName(f).ToLowerInvariant() is var name && (name == $"{table}.csv" || name == $"{table}.csv.gz" || name == $"{table}.tsv" || name == $"{table}.parquet"));

    static Failure? Copy(DuckDBConnection connection, string path, string columns, string order, string to)
    {
        var wanted = columns.Split(", ").Select(c => c.Split(' ')).Select(c => (Name: c[0], Type: c[1])).ToList();
        var unreadable = new Failure(FailureKind.Invalid, "vocabulary.unreadable", $"{Path.GetFileName(path)} cannot be read as an OMOP vocabulary table: check that it is whole and has its header.");
        try
        {
            var from = path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase) ? $"read_parquet({Literal(path)})" : Csv(path);
            var present = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            using (var command = connection.CreateCommand())
            {
#pragma warning disable CA2100
                command.CommandText = $"describe select * from {from}";
#pragma warning restore CA2100
                using var reader = command.ExecuteReader();
                while (reader.Read()) present[reader.GetString(0)] = reader.GetString(1);
            }
            if (!present.ContainsKey(wanted[0].Name)) return unreadable;
            var select = wanted.Select(w => !present.TryGetValue(w.Name, out var type) ? $"cast(null as {w.Type}) as {w.Name}"
                : w.Type == "date" && type == "VARCHAR" ? $"coalesce(try_cast({w.Name} as date), cast(try_strptime({w.Name}, '%Y%m%d') as date)) as {w.Name}"
                : w.Type == "varchar" ? $"nullif(cast({w.Name} as varchar), '') as {w.Name}" : $"cast({w.Name} as {w.Type}) as {w.Name}");
            Run(connection, $"copy (select {string.Join(", ", select)} from {from} order by {order}) to {Literal(to)} (format parquet, compression zstd)");
            return null;
        }
        catch (DuckDBException)
        {
            return unreadable;
        }
    }

    static string Csv(string path)
    {
        using var stream = File.OpenRead(path);
        using Stream plain = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(stream, CompressionMode.Decompress) : stream;
        using var reader = new StreamReader(plain);
        var tabs = reader.ReadLine()?.Contains('\t') == true;
        // Athena's files hold bare quotes between tabs.
        return $"read_csv({Literal(path)}, header = true, all_varchar = true, auto_detect = true, {(tabs ? "delim = '\t', quote = '', escape = ''" : "delim = ',', quote = '\"', escape = '\"'")}, max_line_size = 8388608)";
    }

    static string Hash(IEnumerable<string> paths, CancellationToken cancel)
    {
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in paths)
        {
            cancel.ThrowIfCancellationRequested();
            using var stream = File.OpenRead(path);
            all.AppendData(Encoding.UTF8.GetBytes(Path.GetFileName(path).ToLowerInvariant()));
            all.AppendData(SHA256.HashData(stream));
        }
        return Convert.ToHexStringLower(all.GetHashAndReset());
    }

    static Dictionary<string, long> Count(string folder)
    {
        using var connection = Open();
        var rows = new Dictionary<string, long>();
        foreach (var (table, _, _) in Tables)
        {
            var path = Path.Combine(folder, $"{table}.parquet");
            if (!File.Exists(path)) continue;
            using var command = connection.CreateCommand();
#pragma warning disable CA2100
            command.CommandText = $"select count(*) from read_parquet({Literal(path)})";
#pragma warning restore CA2100
            rows[table] = Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
        }
        return rows;
    }
}
