using Ambroise.Cohorts.Definitions;
using Ambroise.Cohorts.Vocabulary;

namespace Ambroise.Cohorts.Explain;

/// <summary>The definition's concept sets by id: their names, and how many concepts they hold.</summary>
sealed class ConceptSetNames(CohortDefinition definition, Wording words, IVocabulary? vocabulary)
{
    public IEnumerable<ConceptSet> All => definition.ConceptSets.OrderBy(s => s.Id);

    /// <returns>The quoted name with its count of concepts.</returns>
    public string Of(int id) => definition.ConceptSet(id) is { } set
        ? $"{words.Quoted(Name(set))} ({Size(set)})"
        : words.Say($"concept set {id}, which is not defined", $"l’ensemble de concepts {id}, qui n’est pas défini");

    public string Name(ConceptSet set) => set.Name.Length > 0 ? Plain(set.Name) : words.Say($"concept set {set.Id}", $"ensemble {set.Id}");

    public string Size(ConceptSet set) => vocabulary is null
        ? words.Count(set.Items.Length, words.Say("concept listed", "concept énuméré"), words.Say("concepts listed", "concepts énumérés"))
        : words.Count(vocabulary.Resolve(set.Items).Count, "concept", "concepts");

    public string ConceptName(ConceptReference concept) =>
        concept.Name is { Length: > 0 } name ? Plain(name) : vocabulary?.Name(concept.Id) is { } known ? Plain(known) : $"concept {concept.Id}";

    /// <summary>Names come from anyone's file: no Markdown of theirs takes effect.</summary>
    public static string Plain(string text) =>
        string.Concat(text.ReplaceLineEndings(" ").Select(c => c is '*' or '_' or '`' or '[' or ']' or '<' or '>' or '#' or '|' or '\\' ? $"\\{c}" : $"{c}"));
}
