using System.Data.Common;
using DuckDB.NET.Data;

namespace Ambroise.Sources.Fhir.Codes;

/// <summary>Reads a <see cref="CodeBook"/> from a home's vocabulary (plain Parquet, see docs/operations.md) and a tenant's local mappings.</summary>
public static class VocabularyCodes
{
    /// <param name="folder">The home's vocabulary folder; without CONCEPT every code is unmapped.</param>
    /// <param name="localMappings">A <c>source_to_concept_map</c> in CSV; null or absent for none.</param>
    /// <returns>The book, or <c>vocabulary.unreadable</c>, <c>mappings.…</c>.</returns>
    public static Result<CodeBook> Read(string folder, string? localMappings, long memoryBytes, int threads)
    {
        var concept = Path.Combine(folder, "concept.parquet");
        if (!File.Exists(concept)) return CodeBook.Empty;
        try
        {
            using var connection = DuckDb.DuckDb.Open(memoryBytes, threads, folder);
            string From(string table) => $"read_parquet({DuckDb.DuckDb.Literal(Path.Combine(folder, $"{table}.parquet"))})";
            bool Has(string table) => File.Exists(Path.Combine(folder, $"{table}.parquet"));

            var known = string.Join(", ", CodeSystems.Known.Select(DuckDb.DuckDb.Literal));
            var targets = new Dictionary<int, List<Target>>();
            if (Has("concept_relationship"))
                foreach (var row in Rows(connection, $"""
                    select r.concept_id_1, r.concept_id_2, t.domain_id, r.relationship_id = 'Maps to value'
                    from {From("concept_relationship")} r
                    join {From("concept")} s on s.concept_id = r.concept_id_1 and s.vocabulary_id in ({known})
                    join {From("concept")} t on t.concept_id = r.concept_id_2 and t.standard_concept = 'S' and t.invalid_reason is null
                    where r.relationship_id in ('Maps to', 'Maps to value') and r.invalid_reason is null
                    """))
                {
                    if (!targets.TryGetValue(row.GetInt32(0), out var list)) targets[row.GetInt32(0)] = list = [];
                    list.Add(new(row.GetInt32(1), CodeBook.DomainOf(row.GetString(2)), row.GetBoolean(3)));
                }

            var concepts = new Dictionary<(string, string), CodeBook.Concept[]>();
            foreach (var row in Rows(connection, $"""
                select vocabulary_id, concept_code, concept_id, coalesce(domain_id, ''), coalesce(standard_concept = 'S', false) and invalid_reason is null,
                    coalesce(valid_start_date - date '1970-01-01', -200000), coalesce(valid_end_date - date '1970-01-01', 200000)
                from {From("concept")}
                where vocabulary_id in ({known})
                order by invalid_reason is null, valid_end_date, concept_id
                """))
            {
                var id = row.GetInt32(2);
                var means = targets.TryGetValue(id, out var mapped) ? mapped.Distinct().OrderBy(t => t.Value).ThenBy(t => t.Concept).ToArray()
                    : row.GetBoolean(4) ? [new Target(id, CodeBook.DomainOf(row.GetString(3)))] : [];
                var key = (row.GetString(0), row.GetString(1));
                var one = new CodeBook.Concept(id, means, Convert.ToInt32(row.GetValue(5)), Convert.ToInt32(row.GetValue(6)));
                concepts[key] = concepts.TryGetValue(key, out var others) ? [.. others, one] : [one];
            }

            var ingredients = new Dictionary<int, int[]>();
            if (Has("concept_ancestor"))
                foreach (var row in Rows(connection, $"""
                    select a.descendant_concept_id, a.ancestor_concept_id
                    from {From("concept_ancestor")} a
                    join {From("concept")} i on i.concept_id = a.ancestor_concept_id and i.concept_class_id = 'Ingredient' and i.standard_concept = 'S' and i.vocabulary_id in ('RxNorm', 'RxNorm Extension')
                    order by 1, 2
                    """))
                    ingredients[row.GetInt32(0)] = ingredients.TryGetValue(row.GetInt32(0), out var others) ? [.. others, row.GetInt32(1)] : [row.GetInt32(1)];

            var local = new Dictionary<(string, string), Target[]>();
            if (localMappings is not null && File.Exists(localMappings))
            {
                if (LocalMappings.Read(localMappings).Failed(out var failure, out var lines)) return failure;
                var wanted = string.Join(", ", lines.Select(l => l.Target).Distinct().DefaultIfEmpty(-1));
                var domains = Rows(connection, $"select concept_id, coalesce(domain_id, '') from {From("concept")} where concept_id in ({wanted})").ToDictionary(r => r.GetInt32(0), r => CodeBook.DomainOf(r.GetString(1)));
                foreach (var code in lines.GroupBy(l => (CodeSystems.Vocabulary(l.Vocabulary), l.Code)))
                    local[code.Key] = [.. code.Where(l => l.Target > 0).Select(l => new Target(l.Target, domains.GetValueOrDefault(l.Target))).Distinct().OrderBy(t => t.Concept)];
            }

            var version = Has("vocabulary") ? Rows(connection, $"select coalesce(max(vocabulary_version), 'unknown') from {From("vocabulary")} where vocabulary_id = 'None'").Select(r => r.GetString(0)).First() : "unknown";
            return new CodeBook(version, concepts, local, ingredients) { Ancestry = Has("concept_ancestor") ? new(folder) : null };
        }
        catch (DuckDBException)
        {
            return new Failure(FailureKind.Invalid, "vocabulary.unreadable", $"The vocabulary in {folder} cannot be read: load it again with 'ambroise vocabulary load'.");
        }
    }

    static IEnumerable<DbDataReader> Rows(DuckDBConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // paths are written as literals, all else is ours
        command.CommandText = sql;
#pragma warning restore CA2100
        using var reader = command.ExecuteReader();
        while (reader.Read()) yield return reader;
    }
}
