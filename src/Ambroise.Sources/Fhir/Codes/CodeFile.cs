using System.Data.Common;
using DuckDB.NET.Data;
using Microsoft.Data.Sqlite;

namespace Ambroise.Sources.Fhir.Codes;

/// <summary>What a home's vocabulary says of each code, on disk: a load of a hospital meets some ten thousand codes, of the millions there are, and asks for these alone. Safe for use from several threads.</summary>
/// <remarks>SQLite beside the vocabulary's files, made from them when it is not there or they are others by now (see docs/formats/lake.md).</remarks>
sealed class CodeFile : IDisposable
{
    const string FileName = "codes.db";
    const int Format = 3;

    /// <summary>SNOMED's classes of what there is, rather than of what is found or done.</summary>
    const string Things = "'Substance', 'Pharma/Biol Product', 'Organism', 'Physical Object', 'Physical Force'";
    static readonly string[] MadeOf = ["concept", "concept_relationship", "concept_ancestor", "vocabulary"];

    readonly SqliteConnection connection;
    readonly SqliteCommand concepts, targets, ingredients;

    CodeFile(SqliteConnection connection, string madeFrom)
    {
        (this.connection, MadeFrom) = (connection, madeFrom);
        concepts = Command("select c.concept, s.domain, s.thing, c.first, c.last from code c left join standard s on s.concept = c.concept where c.vocabulary = $a and c.code = $b order by c.valid, c.last, c.concept", "$a", "$b");
        targets = Command("select m.target, s.domain, s.thing, m.value from means m join standard s on s.concept = m.target where m.concept = $a order by m.value, m.target", "$a");
        ingredients = Command("select ingredient from ingredient where drug = $a order by ingredient", "$a");
        using var version = connection.CreateCommand();
        version.CommandText = "select version from about";
        Version = (string)version.ExecuteScalar()!;

        SqliteCommand Command(string sql, params ReadOnlySpan<string> names)
        {
            var command = connection.CreateCommand();
#pragma warning disable CA2100 // constants
            command.CommandText = sql;
#pragma warning restore CA2100
            foreach (var name in names) command.Parameters.Add(new SqliteParameter(name, null));
            return command;
        }
    }

    /// <summary>The vocabulary's files, as they were when this was made.</summary>
    public string MadeFrom { get; }

    /// <summary>The vocabulary's own version, <c>unknown</c> where it does not say.</summary>
    public string Version { get; }

    /// <summary>Opens the file, once it is made where need be.</summary>
    /// <param name="memoryBytes">For sorting, while it is made; what does not fit waits on disk.</param>
    /// <exception cref="DuckDBException">The vocabulary cannot be read.</exception>
    /// <exception cref="SqliteException">The file cannot be written or read.</exception>
    public static CodeFile Open(string folder, long memoryBytes, int threads)
    {
        var path = Path.Combine(folder, FileName);
        var stamp = Stamp(folder);
        if (Existing(path, stamp) is { } there) return there;
        var made = Path.Combine(folder, $"{FileName}.{Environment.ProcessId}.new");
        try
        {
            Make(made, stamp, folder, memoryBytes, threads);
            File.Move(made, path, overwrite: true);
        }
        finally
        {
            File.Delete(made);
        }
        return Existing(path, stamp) ?? throw new SqliteException("The vocabulary's files change while they are read.", 0);
    }

    static CodeFile? Existing(string path, string stamp)
    {
        if (!File.Exists(path)) return null;
        var connection = new SqliteConnection($"Data Source={path};Mode=ReadOnly;Pooling=False");
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "select made_of from about";
            if (command.ExecuteScalar() as string == stamp) return new(connection, stamp);
        }
        catch (SqliteException)
        {
            // Cut short or no such file: it is made anew.
        }
        connection.Dispose();
        return null;
    }

    /// <summary>What the file was made of: other files, or a program that writes it otherwise, give another.</summary>
    static string Stamp(string folder) => string.Join(' ', MadeOf.Select(t => new FileInfo(Path.Combine(folder, $"{t}.parquet"))).Select(f => f.Exists ? $"{f.Length}:{f.LastWriteTimeUtc.Ticks}" : "-").Prepend($"{Format}"));

    static void Make(string path, string stamp, string folder, long memoryBytes, int threads)
    {
        var spill = Directory.CreateTempSubdirectory("ambroise-codes-").FullName;
        try
        {
            using var from = DuckDb.DuckDb.Open(memoryBytes, threads, folder, spill);
            using var to = new SqliteConnection($"Data Source={path};Pooling=False");
            to.Open();
            Run(to, "pragma journal_mode = off");
            Run(to, "pragma synchronous = off");
            Run(to, "create table about (made_of text not null, version text not null)");
            Run(to, "create table code (vocabulary text, code text, concept integer, valid integer not null, first integer not null, last integer not null, primary key (vocabulary, code, concept)) without rowid");
            Run(to, "create table standard (concept integer primary key, domain text not null, thing integer not null)");
            Run(to, "create table means (concept integer, value integer, target integer, primary key (concept, value, target)) without rowid");
            Run(to, "create table ingredient (drug integer, ingredient integer, primary key (drug, ingredient)) without rowid");
            using var transaction = to.BeginTransaction();

            string From(string table) => $"read_parquet({DuckDb.DuckDb.Literal(Path.Combine(folder, $"{table}.parquet"))})";
            bool Has(string table) => File.Exists(Path.Combine(folder, $"{table}.parquet"));
            void Copy(string sql, string table, int columns)
            {
                using var insert = to.CreateCommand();
                var names = Enumerable.Range(0, columns).Select(i => $"${i}").ToArray();
#pragma warning disable CA2100 // constants; a line that a vocabulary has twice counts once
                insert.CommandText = $"insert or ignore into {table} values ({string.Join(", ", names)})";
#pragma warning restore CA2100
                foreach (var name in names) insert.Parameters.Add(new SqliteParameter(name, null));
                foreach (var row in Rows(from, sql))
                {
                    for (var i = 0; i < columns; i++) insert.Parameters[i].Value = row.GetValue(i);
                    insert.ExecuteNonQuery();
                }
            }

            var known = string.Join(", ", CodeSystems.Known.Select(DuckDb.DuckDb.Literal));
            // Each in the order of its table, so that rows are added at its end. What is joined is so as it is looked up: here it would take memory.
            Copy($"""
                select vocabulary_id, concept_code, concept_id, (invalid_reason is null)::int, coalesce(valid_start_date - date '1970-01-01', -200000), coalesce(valid_end_date - date '1970-01-01', 200000)
                from {From("concept")}
                where vocabulary_id in ({known}) and concept_code is not null
                order by 1, 2, 3
                """, "code", 6);
            Copy($"select concept_id, coalesce(domain_id, ''), coalesce(concept_class_id in ({Things}), false)::int from {From("concept")} where standard_concept = 'S' and invalid_reason is null order by 1", "standard", 3);
            if (Has("concept_relationship"))
                Copy($"""
                    select concept_id_1, (relationship_id = 'Maps to value')::int, concept_id_2
                    from {From("concept_relationship")}
                    where relationship_id in ('Maps to', 'Maps to value') and invalid_reason is null
                    order by 1, 2, 3
                    """, "means", 3);
            // An ingredient is its own, whether CONCEPT_ANCESTOR says so or not.
            var ingredients = $"(select concept_id from {From("concept")} where concept_class_id = 'Ingredient' and standard_concept = 'S' and domain_id = 'Drug')";
            var above = Has("concept_ancestor") ? $"union select descendant_concept_id, ancestor_concept_id from {From("concept_ancestor")} where ancestor_concept_id in {ingredients}" : "";
            Copy($"select concept_id, concept_id from {ingredients} {above} order by 1, 2", "ingredient", 2);
            var version = Has("vocabulary") ? $"(select coalesce(max(vocabulary_version), 'unknown') from {From("vocabulary")} where vocabulary_id = 'None')" : "'unknown'";
            Copy($"select {DuckDb.DuckDb.Literal(stamp)}, {version}", "about", 2);
            transaction.Commit();
        }
        finally
        {
            Directory.Delete(spill, recursive: true);
        }
    }

    /// <returns>The concepts of a code, the one that still holds or did so last at the end; none where the vocabulary lacks it.</returns>
    /// <remarks>What is standard itself and maps to nothing means itself.</remarks>
    public CodeBook.Concept[] Concepts(string vocabulary, string code)
    {
        lock (connection)
        {
            concepts.Parameters[0].Value = vocabulary;
            concepts.Parameters[1].Value = code;
            using var reader = concepts.ExecuteReader();
            var found = new List<CodeBook.Concept>();
            while (reader.Read())
            {
                var id = reader.GetInt32(0);
                var means = Targets(id);
                if (means.Length == 0 && !reader.IsDBNull(1)) means = [new(id, CodeBook.DomainOf(reader.GetString(1)), IsThing: reader.GetBoolean(2))];
                found.Add(new(id, means, reader.GetInt32(3), reader.GetInt32(4)));
            }
            return [.. found];
        }
    }

    Target[] Targets(int concept)
    {
        targets.Parameters[0].Value = concept;
        using var reader = targets.ExecuteReader();
        var found = new List<Target>();
        while (reader.Read()) found.Add(new(reader.GetInt32(0), CodeBook.DomainOf(reader.GetString(1)), reader.GetBoolean(3), reader.GetBoolean(2)));
        return [.. found];
    }

    public int[] Ingredients(int drugConcept)
    {
        lock (connection)
        {
            ingredients.Parameters[0].Value = drugConcept;
            using var reader = ingredients.ExecuteReader();
            var found = new List<int>();
            while (reader.Read()) found.Add(reader.GetInt32(0));
            return [.. found];
        }
    }

    public void Dispose()
    {
        concepts.Dispose();
        targets.Dispose();
        ingredients.Dispose();
        connection.Dispose();
    }

    internal static IEnumerable<DbDataReader> Rows(DuckDBConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // paths are written as literals, all else is ours
        command.CommandText = sql;
#pragma warning restore CA2100
        using var reader = command.ExecuteReader();
        while (reader.Read()) yield return reader;
    }

    static void Run(SqliteConnection to, string sql)
    {
        using var command = to.CreateCommand();
#pragma warning disable CA2100 // constants
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
