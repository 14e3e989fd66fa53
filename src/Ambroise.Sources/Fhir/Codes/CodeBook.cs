using System.Collections.Concurrent;

namespace Ambroise.Sources.Fhir.Codes;

/// <summary>Where OMOP keeps what a concept says.</summary>
public enum Domain : byte { None, Condition, Drug, Procedure, Device, Measurement, Observation, Specimen, Visit, Unit, Value, Other }

/// <summary>A standard concept that a code means.</summary>
/// <param name="Value">Said by <c>Maps to value</c>: it goes beside the other, as its value.</param>
public readonly record struct Target(int Concept, Domain Domain, bool Value = false);

/// <summary>What the vocabulary says of one code.</summary>
/// <param name="Vocabulary">OMOP's vocabulary, or the code system where OMOP has none.</param>
/// <param name="Source">The code's own concept, 0 where the vocabulary lacks it.</param>
/// <param name="Targets">Standard concepts in ascending order, those of <c>Maps to value</c> last; empty where there is none.</param>
public sealed record CodeMeaning(string Vocabulary, string Code, int Source, Target[] Targets)
{
    public bool IsMapped => Targets.Length > 0;

    public int Standard => Targets.Length > 0 ? Targets[0].Concept : 0;

    /// <summary>The code was used for one thing and later for another: what it means depends on the day.</summary>
    public bool IsDated { get; init; }
}

/// <summary>Codes to concepts: local mappings first, then <c>Maps to</c> of the loaded vocabulary. Safe for use from several threads.</summary>
public sealed class CodeBook
{
    /// <param name="ValidFrom">Days since 1970-01-01, both ends included: a code used again for something else is two concepts.</param>
    internal readonly record struct Concept(int Id, Target[] Targets, int ValidFrom, int ValidTo);

    readonly Dictionary<(string Vocabulary, string Code), Concept[]> concepts;
    readonly Dictionary<(string Vocabulary, string Code), Target[]> local;
    readonly Dictionary<int, int[]> ingredients;
    readonly ConcurrentDictionary<(string System, string Code), CodeMeaning> asked = [];

    internal CodeBook(string version, Dictionary<(string, string), Concept[]> concepts, Dictionary<(string, string), Target[]> local, Dictionary<int, int[]> ingredients) =>
        (Version, this.concepts, this.local, this.ingredients) = (version, concepts, local, ingredients);

    /// <summary>Null where the vocabulary has no CONCEPT_ANCESTOR.</summary>
    internal Ancestry? Ancestry { get; init; }

    /// <summary>Whether one code means something more general than another of its vocabulary.</summary>
    public bool IsAbove(CodeMeaning general, CodeMeaning specific) => Ancestry is not null && general.IsMapped && specific.IsMapped && general.Vocabulary == specific.Vocabulary && general.Standard != specific.Standard
        && Ancestry.IsAbove(general.Standard, specific.Standard);

    /// <summary>A book without a code: everything is concept 0.</summary>
    public static CodeBook Empty { get; } = new("none", [], [], []);

    /// <summary>The vocabulary's own version, <c>none</c> without one.</summary>
    public string Version { get; }

    public IReadOnlyList<int> Ingredients(int drugConcept) => ingredients.GetValueOrDefault(drugConcept) ?? [];

    /// <param name="system">The FHIR code system, or a vocabulary's name.</param>
    public CodeMeaning Find(string system, string code) => asked.GetOrAdd((system, code), Look);

    CodeMeaning Look((string System, string Code) of)
    {
        var vocabulary = CodeSystems.Vocabulary(of.System);
        var found = concepts.GetValueOrDefault((vocabulary, of.Code)) ?? [];
        // The one still valid, else the one that was last: the file is in order of validity.
        var concept = found.Length == 0 ? default : found[^1];
        if (local.TryGetValue((vocabulary, of.Code), out var ours)) return new(vocabulary, of.Code, concept.Id, ours);
        return new(vocabulary, of.Code, concept.Id, concept.Targets ?? []) { IsDated = found.Length > 1 };
    }

    /// <summary>As <see cref="Find(string, string)"/>, for the day of an event: of several concepts under one code, the one valid that day.</summary>
    public CodeMeaning Find(string system, string code, int day)
    {
        var meaning = Find(system, code);
        if (!meaning.IsDated) return meaning;
        foreach (var concept in concepts[(meaning.Vocabulary, code)])
            if (concept.ValidFrom <= day && day <= concept.ValidTo) return new(meaning.Vocabulary, code, concept.Id, concept.Targets);
        return meaning;
    }

    internal static Domain DomainOf(string name) => name switch
    {
        "Condition" => Domain.Condition,
        "Drug" => Domain.Drug,
        "Procedure" => Domain.Procedure,
        "Device" => Domain.Device,
        "Measurement" => Domain.Measurement,
        "Observation" => Domain.Observation,
        "Specimen" => Domain.Specimen,
        "Visit" => Domain.Visit,
        "Unit" => Domain.Unit,
        "Meas Value" or "Observation Value" or "Condition Status" => Domain.Value,
        _ => Domain.Other,
    };
}
