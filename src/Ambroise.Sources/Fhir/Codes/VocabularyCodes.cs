using DuckDB.NET.Data;
using Microsoft.Data.Sqlite;

namespace Ambroise.Sources.Fhir.Codes;

/// <summary>Opens a <see cref="CodeBook"/> over a home's vocabulary (plain Parquet, see docs/operations.md) and a tenant's local mappings.</summary>
public static class VocabularyCodes
{
    /// <param name="folder">The home's vocabulary folder; without CONCEPT every code is unmapped.</param>
    /// <param name="localMappings">A <c>source_to_concept_map</c> in CSV; null or absent for none.</param>
    /// <param name="memoryBytes">For preparing the vocabulary, where nobody did.</param>
    /// <returns>The book, to be disposed of; or <c>vocabulary.unreadable</c>, <c>mappings.…</c>.</returns>
    public static Result<CodeBook> Read(string folder, string? localMappings, long memoryBytes, int threads)
    {
        if (!File.Exists(Path.Combine(folder, "concept.parquet"))) return CodeBook.Empty;
        try
        {
            var local = new Dictionary<(string, string), (LocalMapping Mapping, Target Target)[]>();
            if (localMappings is not null && File.Exists(localMappings))
            {
                if (LocalMappings.Read(localMappings).Failed(out var failure, out var lines)) return failure;
                using var connection = DuckDb.DuckDb.Open(memoryBytes, threads, folder);
                var wanted = string.Join(", ", lines.Select(l => l.Target).Distinct().DefaultIfEmpty(-1));
                var domains = CodeFile.Rows(connection, $"select concept_id, coalesce(domain_id, '') from read_parquet({DuckDb.DuckDb.Literal(Path.Combine(folder, "concept.parquet"))}) where concept_id in ({wanted}) and standard_concept = 'S' and invalid_reason is null")
                    .ToDictionary(r => r.GetInt32(0), r => CodeBook.DomainOf(r.GetString(1)));
                // A target that the vocabulary lacks, or that is no standard concept of it, maps nothing: its code stays among the unmapped.
                foreach (var code in lines.GroupBy(l => (CodeSystems.Vocabulary(l.Vocabulary), l.Code)))
                    local[code.Key] = [.. code.Where(l => domains.ContainsKey(l.Target) || l.Target >= LocalMapping.FirstOwn).Select(l => (l, new Target(l.Target, domains.GetValueOrDefault(l.Target)))).OrderBy(t => t.Item2.Concept)];
            }
            return new CodeBook(CodeFile.Open(folder, memoryBytes, threads), local, File.Exists(Path.Combine(folder, "concept_ancestor.parquet")) ? new(folder) : null);
        }
        catch (Exception e) when (e is DuckDBException or SqliteException or IOException or UnauthorizedAccessException)
        {
            return new Failure(FailureKind.Invalid, "vocabulary.unreadable", $"The vocabulary in {folder} cannot be read, or not prepared there: load it again with 'ambroise vocabulary load', as someone who may write there.");
        }
    }

    /// <summary>Prepares a vocabulary just loaded, so that no load of data has to.</summary>
    /// <returns>Null, or <c>vocabulary.unreadable</c>.</returns>
    public static Failure? Prepare(string folder, long memoryBytes, int threads)
    {
        if (Read(folder, null, memoryBytes, threads).Failed(out var failure, out var book)) return failure;
        book.Dispose();
        return null;
    }
}
