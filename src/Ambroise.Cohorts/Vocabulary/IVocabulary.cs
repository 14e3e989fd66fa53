namespace Ambroise.Cohorts.Vocabulary;

/// <summary>One line of a concept set.</summary>
/// <param name="Descendants">With its descendants, valid ones only.</param>
/// <param name="Mapped">With the source concepts that map to it.</param>
/// <param name="Excluded">Takes away instead of adding.</param>
public readonly record struct ConceptSetItem(int Concept, bool Descendants, bool Mapped, bool Excluded);

/// <summary>What a cohort definition needs of the OMOP vocabulary.</summary>
public interface IVocabulary
{
    /// <returns>The concepts of a concept set, ascending, without duplicates.</returns>
    IReadOnlyList<int> Resolve(IReadOnlyList<ConceptSetItem> items);

    /// <returns>The concept's name, or null where the vocabulary lacks it.</returns>
    string? Name(int concept);
}
