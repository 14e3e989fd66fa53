using DuckDB.NET.Data;
using Microsoft.Data.Sqlite;

namespace Ambroise.Sources.Fhir.Codes;

/// <summary>A mapping that maps nothing with the vocabulary that is loaded.</summary>
/// <param name="Reason"><see cref="Unknown"/> or <see cref="NotStandard"/>.</param>
public sealed record IdleMapping(LocalMapping Mapping, string Reason)
{
    public const string Unknown = "target-unknown", NotStandard = "target-not-standard";
}

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
                if (LocalMappings.Read(localMappings).Failed(out var failure, out var all)) return failure;
                var lines = all.Where(l => !l.IsWithdrawn).ToList();
                var domains = Targets(folder, lines, memoryBytes, threads).Where(t => t.Value.IsStandard).ToDictionary(t => t.Key, t => CodeBook.DomainOf(t.Value.Domain));
                // A target that the vocabulary lacks, or that is no standard concept of it, maps nothing: its code stays among the unmapped.
                foreach (var code in lines.GroupBy(l => l.Of))
                    local[code.Key] = [.. code.Where(l => domains.ContainsKey(l.Target) || l.Target >= LocalMapping.FirstOwn).Select(l => (l, new Target(l.Target, domains.GetValueOrDefault(l.Target)))).OrderBy(t => t.Item2.Concept)];
            }
            return new CodeBook(CodeFile.Open(folder, memoryBytes, threads), local, File.Exists(Path.Combine(folder, "concept_ancestor.parquet")) ? new(folder) : null);
        }
        catch (Exception e) when (e is DuckDBException or SqliteException or IOException or UnauthorizedAccessException)
        {
            return Unreadable(folder);
        }
    }

    /// <summary>Which mappings map nothing with this vocabulary: their target is unknown to it, or no standard concept. Those that name no target (0) mean to.</summary>
    /// <returns>These, in the order given; or <c>vocabulary.unreadable</c>. All of them where no vocabulary is loaded.</returns>
    public static Result<IReadOnlyList<IdleMapping>> Idle(string folder, IReadOnlyList<LocalMapping> mappings, long memoryBytes, int threads)
    {
        try
        {
            var known = Targets(folder, mappings, memoryBytes, threads);
            return mappings.Where(m => m.Target is not 0 and < LocalMapping.FirstOwn && !(known.TryGetValue(m.Target, out var found) && found.IsStandard))
                .Select(m => new IdleMapping(m, known.ContainsKey(m.Target) ? IdleMapping.NotStandard : IdleMapping.Unknown)).ToList();
        }
        catch (Exception e) when (e is DuckDBException or IOException or UnauthorizedAccessException)
        {
            return Unreadable(folder);
        }
    }

    /// <summary>What the vocabulary says of the concepts that mappings name; without those it lacks.</summary>
    static Dictionary<int, (string Domain, bool IsStandard)> Targets(string folder, IEnumerable<LocalMapping> mappings, long memoryBytes, int threads)
    {
        var concepts = Path.Combine(folder, "concept.parquet");
        var wanted = string.Join(", ", mappings.Select(m => m.Target).Distinct());
        if (wanted.Length == 0 || !File.Exists(concepts)) return [];
        using var connection = DuckDb.DuckDb.Open(memoryBytes, threads, folder);
        return CodeFile.Rows(connection, $"select concept_id, coalesce(domain_id, ''), coalesce(standard_concept, '') = 'S' and invalid_reason is null from read_parquet({DuckDb.DuckDb.Literal(concepts)}) where concept_id in ({wanted})")
            .ToDictionary(r => r.GetInt32(0), r => (r.GetString(1), r.GetBoolean(2)));
    }

    static Failure Unreadable(string folder) => new(FailureKind.Invalid, "vocabulary.unreadable", $"The vocabulary in {folder} cannot be read, or not prepared there: load it again with 'ambroise vocabulary load', as someone who may write there.");

    /// <summary>Prepares a vocabulary just loaded, so that no load of data has to.</summary>
    /// <returns>Null, or <c>vocabulary.unreadable</c>.</returns>
    public static Failure? Prepare(string folder, long memoryBytes, int threads)
    {
        if (Read(folder, null, memoryBytes, threads).Failed(out var failure, out var book)) return failure;
        book.Dispose();
        return null;
    }
}
