using System.Text.Json;

namespace Ambroise.Tests.Cohorts.Reference;

/// <summary>What a concept set means, worked out item by item.</summary>
sealed class ReferenceVocabulary
{
    readonly HashSet<long> known = [];
    readonly HashSet<long> valid = [];
    readonly Dictionary<long, List<long>> descendants = [];
    readonly Dictionary<long, List<long>> mappedFrom = [];

    public void Concept(long id, bool isValid = true)
    {
        known.Add(id);
        if (isValid) valid.Add(id);
    }

    public void Ancestor(long ancestor, long descendant) => List(descendants, ancestor).Add(descendant);

    public void MapsTo(long source, long standard) => List(mappedFrom, standard).Add(source);

    public static ReferenceVocabulary From(ReferenceCdm cdm)
    {
        var vocabulary = new ReferenceVocabulary();
        foreach (var row in cdm.All("concept")) vocabulary.Concept(row.Whole("concept_id")!.Value, row.Text("invalid_reason") is null);
        foreach (var row in cdm.All("concept_ancestor")) vocabulary.Ancestor(row.Whole("ancestor_concept_id")!.Value, row.Whole("descendant_concept_id")!.Value);
        foreach (var row in cdm.All("concept_relationship"))
            if (row.Text("relationship_id") is "Maps to" && row.Text("invalid_reason") is null)
                vocabulary.MapsTo(row.Whole("concept_id_1")!.Value, row.Whole("concept_id_2")!.Value);
        return vocabulary;
    }

    /// <returns>Every concept set of the definition, by its id, resolved.</returns>
    public Dictionary<long, HashSet<long>> Resolve(JsonElement definition)
    {
        var sets = new Dictionary<long, HashSet<long>>();
        foreach (var set in definition.Items("ConceptSets"))
        {
            sets[set.Whole("id")!.Value] = Resolve([.. set.Get("expression")!.Value.Items("items")
                .Select(i => (i.Get("concept")!.Value.Whole("CONCEPT_ID")!.Value, i.Flag("includeDescendants"), i.Flag("includeMapped"), i.Flag("isExcluded")))]);
        }
        return sets;
    }

    public HashSet<long> Resolve(IReadOnlyList<(long Concept, bool Descendants, bool Mapped, bool Excluded)> items)
    {
        HashSet<long> included = [], excluded = [];
        foreach (var item in items) (item.Excluded ? excluded : included).UnionWith(Item(item.Concept, item.Descendants, item.Mapped));
        included.ExceptWith(excluded);
        return included;
    }

    HashSet<long> Item(long concept, bool withDescendants, bool withMapped)
    {
        HashSet<long> direct = known.Contains(concept) ? [concept] : [];
        if (withDescendants) direct.UnionWith(descendants.GetValueOrDefault(concept, []).Where(valid.Contains));
        if (withMapped) direct.UnionWith(direct.SelectMany(c => mappedFrom.GetValueOrDefault(c, [])).ToList());
        return direct;
    }

    static List<long> List(Dictionary<long, List<long>> lists, long key) => lists.TryGetValue(key, out var list) ? list : lists[key] = [];
}

/// <summary>Reading a definition's JSON as it stands, without the product's parser: the judge shares nothing with what it judges.</summary>
static class Json
{
    /// <returns>The member, or null where it is absent or JSON null.</returns>
    public static JsonElement? Get(this JsonElement from, string name) =>
        from.ValueKind == JsonValueKind.Object && from.TryGetProperty(name, out var found) && found.ValueKind != JsonValueKind.Null ? found : null;

    public static IEnumerable<JsonElement> Items(this JsonElement from, string name) => from.Get(name) is { } list ? list.EnumerateArray() : [];

    public static bool Flag(this JsonElement from, string name) => from.Get(name) is { ValueKind: JsonValueKind.True };

    public static bool? MaybeFlag(this JsonElement from, string name) => from.Get(name)?.GetBoolean();

    public static long? Whole(this JsonElement from, string name) => from.Get(name)?.GetInt64();

    public static string? Text(this JsonElement from, string name) => from.Get(name)?.GetString();

    /// <returns>A date member as days since 1970-01-01; empty text is absent.</returns>
    public static int? Date(this JsonElement from, string name) => from.Text(name) is { Length: > 0 } text ? ParseDay(text) : null;

    public static int ParseDay(string text)
    {
        var parts = text.Split('-');
        return new DateOnly(int.Parse(parts[0]), int.Parse(parts[1]), int.Parse(parts[2][..Math.Min(2, parts[2].Length)])).DayNumber - Row.Epoch;
    }
}
