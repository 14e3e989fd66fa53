using DuckDB.NET.Data;

namespace Ambroise.Cohorts.Vocabulary;

/// <summary>Concepts, their descendants and their mappings, as sorted arrays in memory. The hierarchy is read when a definition first needs it. Safe for several threads.</summary>
/// <remarks>Concept sets mean what OHDSI's Circe makes of them: a listed concept counts when the vocabulary has it, even an invalid one; descendants count when valid;
/// "mapped" adds the source concepts whose valid <c>Maps to</c> leads to a concept of the set; what is excluded is worked out the same way and taken away.</remarks>
public sealed class ConceptGraph : IVocabulary
{
    readonly int[] ids;
    readonly bool[] valid;
    readonly Lazy<string[]> names;
    readonly Lazy<Pairs> descendants, mappedFrom;

    ConceptGraph(string folder)
    {
        var concepts = Path.Combine(folder, "concept.parquet");
        using var connection = VocabularyFolder.Open();
        var rows = new List<(int Id, bool Valid)>();
        Read(connection, $"select concept_id, invalid_reason is null or invalid_reason = '' from read_parquet({VocabularyFolder.Literal(concepts)}) order by 1", r => rows.Add((r.GetInt32(0), r.GetBoolean(1))));
        ids = [.. rows.Select(r => r.Id)];
        valid = [.. rows.Select(r => r.Valid)];
        names = new(() =>
        {
            using var own = VocabularyFolder.Open();
            var all = new List<string>(ids.Length);
            Read(own, $"select coalesce(concept_name, '') from read_parquet({VocabularyFolder.Literal(concepts)}) order by concept_id", r => all.Add(r.GetString(0)));
            return [.. all];
        });
        descendants = new(() => Pairs.Of(Path.Combine(folder, "concept_ancestor.parquet"), "ancestor_concept_id", "descendant_concept_id", "true"));
        mappedFrom = new(() => Pairs.Of(Path.Combine(folder, "concept_relationship.parquet"), "concept_id_2", "concept_id_1", "relationship_id = 'Maps to' and (invalid_reason is null or invalid_reason = '')"));
    }

    /// <param name="folder">Holds <c>concept.parquet</c>, <c>concept_ancestor.parquet</c>, <c>concept_relationship.parquet</c>; the last two may be absent.</param>
    /// <returns>The graph, or <c>vocabulary.missing</c>.</returns>
    public static Result<ConceptGraph> Load(string folder)
    {
        if (!File.Exists(Path.Combine(folder, "concept.parquet"))) return new Failure(FailureKind.NotFound, "vocabulary.missing", "No vocabulary is loaded: ambroise vocabulary load DIR.");
        try
        {
            return new ConceptGraph(folder);
        }
        catch (DuckDBException)
        {
            return new Failure(FailureKind.Unavailable, "vocabulary.unreadable", $"{folder} cannot be read: load the vocabulary again.");
        }
    }

    public int Concepts => ids.Length;

    /// <inheritdoc/>
    public string? Name(int concept) => Array.BinarySearch(ids, concept) is var at and >= 0 ? names.Value[at] : null;

    /// <inheritdoc/>
    public IReadOnlyList<int> Resolve(IReadOnlyList<ConceptSetItem> items)
    {
        var set = Expand(items, excluded: false);
        set.ExceptWith(Expand(items, excluded: true));
        var sorted = set.ToArray();
        Array.Sort(sorted);
        return sorted;
    }

    HashSet<int> Expand(IReadOnlyList<ConceptSetItem> items, bool excluded)
    {
        var all = new HashSet<int>();
        var toMap = new HashSet<int>();
        foreach (var item in items)
        {
            if (item.Excluded != excluded) continue;
            Add(all, item);
            if (item.Mapped) Add(toMap, item);
        }
        foreach (var concept in toMap)
            foreach (var source in mappedFrom.Value.Of(concept)) all.Add(source);
        return all;
    }

    void Add(HashSet<int> to, ConceptSetItem item)
    {
        if (Array.BinarySearch(ids, item.Concept) >= 0) to.Add(item.Concept);
        if (!item.Descendants) return;
        foreach (var descendant in descendants.Value.Of(item.Concept))
            if (Array.BinarySearch(ids, descendant) is var at and >= 0 && valid[at]) to.Add(descendant);
    }

    static void Read(DuckDBConnection connection, string sql, Action<DuckDBDataReader> row)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // paths are written as literals
        command.CommandText = sql;
#pragma warning restore CA2100
        command.UseStreamingMode = true;
        using var reader = command.ExecuteReader();
        while (reader.Read()) row(reader);
    }

    /// <summary>Pairs by their first member: 4 bytes a pair.</summary>
    sealed record Pairs(int[] Firsts, int[] Starts, int[] Seconds)
    {
        public static Pairs Of(string path, string first, string second, string where)
        {
            if (!File.Exists(path)) return new([], [0], []);
            var firsts = new List<int>();
            var starts = new List<int>();
            var seconds = new List<int>();
            using var connection = VocabularyFolder.Open();
            Read(connection, $"select {first}, {second} from read_parquet({VocabularyFolder.Literal(path)}) where {where} order by 1, 2", r =>
            {
                var key = r.GetInt32(0);
                if (firsts.Count == 0 || firsts[^1] != key)
                {
                    firsts.Add(key);
                    starts.Add(seconds.Count);
                }
                seconds.Add(r.GetInt32(1));
            });
            return new([.. firsts], [.. starts, seconds.Count], [.. seconds]);
        }

        public ReadOnlySpan<int> Of(int first) => Array.BinarySearch(Firsts, first) is var at and >= 0 ? Seconds.AsSpan(Starts[at], Starts[at + 1] - Starts[at]) : default;
    }
}
