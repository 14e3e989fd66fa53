using System.Globalization;
using System.Text;
using DuckDB.NET.Data;
using Microsoft.Data.Sqlite;

namespace Ambroise.Cohorts.Vocabulary;

/// <param name="Standard"><c>S</c> standard, <c>C</c> classification, null for a source concept.</param>
public sealed record ConceptFound(int ConceptId, string Name, string Code, string Vocabulary, string Domain, string Class, string? Standard, bool Valid);

/// <summary>Finds concepts by name, code and synonym: SQLite's FTS5, accents and case folded, the last word a prefix.</summary>
/// <remarks>Rows are numbered in the order in which they answer (standard, valid, short names first), so that the index gives the best first and stops at the last one wanted:
/// to score every match of a common word takes half a second in a vocabulary of 500,000.</remarks>
public static class ConceptSearch
{
    internal const string FileName = "concepts.db";

    /// <summary>1: facets are words of the index. 0, made by an older program: they are not, and a rare domain is looked for among all that match.</summary>
    const int IndexVersion = 1;

    internal static void Build(DuckDBConnection from, string folder, CancellationToken cancel)
    {
        using var index = new SqliteConnection($"Data Source={Path.Combine(folder, FileName)};Pooling=False");
        index.Open();
        Run(index, "pragma journal_mode = off");
        Run(index, "pragma synchronous = off");
        Run(index, "create table concept (place integer primary key, concept_id integer not null, name text not null, code text not null, vocabulary text not null, domain text not null, class text not null, standard text, valid integer not null)");
        Run(index, "create virtual table words using fts5(name, code, synonyms, facets, content = '', tokenize = \"unicode61 remove_diacritics 2\", prefix = '1 2 3 4')");
        using var transaction = index.BeginTransaction();
        using var concept = index.CreateCommand();
        concept.CommandText = "insert into concept values ($place, $id, $name, $code, $vocabulary, $domain, $class, $standard, $valid)";
        using var words = index.CreateCommand();
        words.CommandText = "insert into words (rowid, name, code, synonyms, facets) values ($place, $name, $code, $synonyms, $facets)";
        foreach (var name in new[] { "$place", "$id", "$name", "$code", "$vocabulary", "$domain", "$class", "$standard", "$valid" }) concept.Parameters.Add(new SqliteParameter(name, null));
        foreach (var name in new[] { "$place", "$name", "$code", "$synonyms", "$facets" }) words.Parameters.Add(new SqliteParameter(name, null));

        var synonyms = Path.Combine(folder, "concept_synonym.parquet");
        using var query = from.CreateCommand();
#pragma warning disable CA2100
        query.CommandText = $"""
            select c.concept_id, coalesce(c.concept_name, ''), coalesce(c.concept_code, ''), coalesce(c.vocabulary_id, ''), coalesce(c.domain_id, ''), coalesce(c.concept_class_id, ''), c.standard_concept,
                case when c.invalid_reason is null then 1 else 0 end, {(File.Exists(synonyms) ? "coalesce(s.synonyms, '')" : "''")}
            from read_parquet({VocabularyFolder.Literal(Path.Combine(folder, "concept.parquet"))}) c
            {(File.Exists(synonyms) ? $"left join (select concept_id, string_agg(concept_synonym_name, ' | ') as synonyms from read_parquet({VocabularyFolder.Literal(synonyms)}) group by concept_id) s using (concept_id)" : "")}
            order by (c.standard_concept is not distinct from 'S') desc, (c.invalid_reason is null) desc, length(coalesce(c.concept_name, '')), c.concept_id
            """;
#pragma warning restore CA2100
        using var reader = query.ExecuteReader();
        for (var place = 1L; reader.Read(); place++)
        {
            cancel.ThrowIfCancellationRequested();
            concept.Parameters[0].Value = place;
            for (var i = 0; i < 8; i++) concept.Parameters[i + 1].Value = reader.IsDBNull(i) ? DBNull.Value : reader.GetValue(i);
            concept.ExecuteNonQuery();
            words.Parameters[0].Value = place;
            words.Parameters[1].Value = reader.GetValue(1);
            words.Parameters[2].Value = reader.GetValue(2);
            words.Parameters[3].Value = reader.GetValue(8);
            words.Parameters[4].Value = string.Join(' ', Facets(reader.GetString(4), reader.GetString(3), !reader.IsDBNull(6) && reader.GetString(6) == "S"));
            words.ExecuteNonQuery();
        }
        Run(index, $"pragma user_version = {IndexVersion}");
        Run(index, "create index concept_by_id on concept (concept_id)");
        Run(index, "create index concept_by_code on concept (code collate nocase)");
        transaction.Commit();
        Run(index, "insert into words (words) values ('optimize')");
    }

    /// <param name="folder">The home's vocabulary folder.</param>
    /// <param name="limit">1 to 1,000.</param>
    /// <returns>The best first: an exact code or id, then standard concepts; or <c>vocabulary.missing</c>.</returns>
    public static Result<IReadOnlyList<ConceptFound>> Find(string folder, string text, string? domain, string? vocabulary, bool standardOnly, int limit)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) return new Failure(FailureKind.NotFound, "vocabulary.missing", "No vocabulary is loaded: ambroise vocabulary load DIR.");
        var words = Words(text);
        if (words.Count == 0) return new Failure(FailureKind.Invalid, "vocabulary.nothing-asked", "Give a word, a code or a concept id.");
        using var index = new SqliteConnection($"Data Source={path};Mode=ReadOnly");
        index.Open();
        var match = string.Join(" AND ", words.Select((w, i) => $"\"{w}\"{(i == words.Count - 1 ? "*" : "")}"));
        if (Version(index) >= 1) match += string.Concat(Facets(domain, vocabulary, standardOnly).Select(facet => $" AND \"{facet}\""));
        var found = new List<ConceptFound>();
        var seen = new HashSet<int>();
        limit = Math.Clamp(limit, 1, 1000);
        const string columns = "c.concept_id, c.name, c.code, c.vocabulary, c.domain, c.class, c.standard, c.valid";
        const string wanted = "($domain is null or c.domain = $domain collate nocase) and ($vocabulary is null or c.vocabulary = $vocabulary collate nocase) and (not $standard or c.standard = 'S')";
        // An id names one concept, whatever else is asked; then codes as they are written; then words.
        Take($"select {columns} from concept c where c.concept_id = $id");
        Take($"select {columns} from concept c where c.code = $text collate nocase and {wanted} order by c.place limit $limit");
        Take($"select {columns} from words cross join concept c on c.place = words.rowid where words match $match and {wanted} order by words.rowid limit $limit");
        return found;

        void Take(string sql)
        {
            if (found.Count >= limit) return;
            using var command = index.CreateCommand();
#pragma warning disable CA2100 // constants
            command.CommandText = sql;
#pragma warning restore CA2100
            foreach (var (name, value) in new (string, object?)[]
            {
                ("$match", match), ("$domain", domain), ("$vocabulary", vocabulary), ("$standard", standardOnly), ("$text", text.Trim()),
                ("$id", int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : -1), ("$limit", limit + seen.Count),
            })
                if (sql.Contains(name, StringComparison.Ordinal)) command.Parameters.AddWithValue(name, value ?? DBNull.Value);
            using var reader = command.ExecuteReader();
            while (reader.Read() && found.Count < limit)
                if (seen.Add(reader.GetInt32(0)))
                    found.Add(new(reader.GetInt32(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetString(5), reader.IsDBNull(6) ? null : reader.GetString(6), reader.GetBoolean(7)));
        }
    }

    /// <summary>What a search may be narrowed to, each as one word: met in the index itself, so that a domain in which nothing matches is known at once.
    /// They begin with a character of private use, which no word that is looked for has.</summary>
    static IEnumerable<string> Facets(string? domain, string? vocabulary, bool standard)
    {
        if (domain is not null) yield return Facet('d', domain);
        if (vocabulary is not null) yield return Facet('v', vocabulary);
        if (standard) yield return Facet('s', "standard");
        static string Facet(char kind, string name) => $"\uE000{kind}" + string.Concat(name.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();
    }

    static long Version(SqliteConnection index)
    {
        using var command = index.CreateCommand();
        command.CommandText = "pragma user_version";
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>Runs of letters and digits: nothing of the query language of FTS5 passes.</summary>
    static List<string> Words(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        foreach (var c in text + ' ')
            if (char.IsLetterOrDigit(c)) word.Append(c);
            else if (word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        return words;
    }

    static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // constants
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
