using System.Text.Json;
using Ambroise.Cohorts.Vocabulary;

namespace Ambroise.Cohorts.Explain;

/// <summary>The definition's concept sets by id: their names, and how many concepts they hold.</summary>
sealed class ConceptSetNames
{
    readonly Wording words;
    readonly IVocabulary? vocabulary;
    readonly Dictionary<long, JsonElement> sets = [];

    public ConceptSetNames(JsonElement definition, Wording words, IVocabulary? vocabulary)
    {
        (this.words, this.vocabulary) = (words, vocabulary);
        foreach (var set in definition.Items("ConceptSets"))
            if (set.Whole("id") is { } id) sets.TryAdd(id, set);
    }

    public IEnumerable<JsonElement> All => sets.OrderBy(s => s.Key).Select(s => s.Value);

    /// <returns>The quoted name with its count of concepts.</returns>
    public string Of(long id) => sets.TryGetValue(id, out var set)
        ? $"{words.Quoted(Name(set))} ({Size(set)})"
        : words.Say($"concept set {id}, which is not defined", $"l’ensemble de concepts {id}, qui n’est pas défini");

    public string Name(JsonElement set) => set.Text("name") is { Length: > 0 } name ? Plain(name) : words.Say($"concept set {set.Whole("id")}", $"ensemble {set.Whole("id")}");

    public string Size(JsonElement set)
    {
        var items = set.Get("expression")?.Items("items") ?? [];
        return vocabulary is null
            ? words.Count(items.Count, words.Say("concept listed", "concept énuméré"), words.Say("concepts listed", "concepts énumérés"))
            : words.Count(vocabulary.Resolve([.. items.Select(Item)]).Count, "concept", "concepts");
    }

    public string ConceptName(JsonElement concept) =>
        concept.Text("CONCEPT_NAME") is { Length: > 0 } name ? Plain(name)
        : concept.Whole("CONCEPT_ID") is not { } id ? "?"
        : (id is >= int.MinValue and <= int.MaxValue ? vocabulary?.Name((int)id) : null) is { } known ? Plain(known)
        : $"concept {id}";

    static ConceptSetItem Item(JsonElement item) =>
        new((int)Math.Clamp(item.Get("concept")?.Whole("CONCEPT_ID") ?? 0, int.MinValue, int.MaxValue), item.Flag("includeDescendants"), item.Flag("includeMapped"), item.Flag("isExcluded"));

    /// <summary>Names come from anyone's file: no Markdown of theirs takes effect.</summary>
    public static string Plain(string text) =>
        string.Concat(text.ReplaceLineEndings(" ").Select(c => c is '*' or '_' or '`' or '[' or ']' or '<' or '>' or '#' or '|' or '\\' ? $"\\{c}" : $"{c}"));
}
