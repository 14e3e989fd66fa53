using System.Collections.Concurrent;
using System.Text;

namespace Ambroise.Sources.Fhir.Codes;

/// <summary>Where OMOP keeps what a concept says.</summary>
public enum Domain : byte { None, Condition, Drug, Procedure, Device, Measurement, Observation, Specimen, Visit, Unit, Value, Other }

/// <summary>A standard concept that a code means.</summary>
/// <param name="Value">Said by <c>Maps to value</c>: it goes beside the other, as its value.</param>
/// <param name="IsThing">A substance, a product, an organism: what one may be allergic to, of which OMOP keeps many among its observations.</param>
public readonly record struct Target(int Concept, Domain Domain, bool Value = false, bool IsThing = false);

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
public sealed class CodeBook : IDisposable
{
    /// <param name="ValidFrom">Days since 1970-01-01, both ends included: a code used again for something else is two concepts.</param>
    internal readonly record struct Concept(int Id, Target[] Targets, int ValidFrom, int ValidTo);

    readonly CodeFile? file;
    readonly Dictionary<(string Vocabulary, string Code), (LocalMapping Mapping, Target Target)[]> local;
    readonly Ancestry? ancestry;
    readonly ConcurrentDictionary<(string System, string Code), CodeMeaning> asked = [];
    readonly ConcurrentDictionary<(string Vocabulary, string Code), Concept[]> dated = [];
    readonly ConcurrentDictionary<int, int[]> ingredients = [];

    /// <param name="ancestry">Null where the vocabulary has no CONCEPT_ANCESTOR.</param>
    internal CodeBook(CodeFile? file, Dictionary<(string, string), (LocalMapping Mapping, Target Target)[]> local, Ancestry? ancestry) => (this.file, this.local, this.ancestry) = (file, local, ancestry);

    /// <summary>Whether one code means something more general than another of its vocabulary; or the ingredient of a drug, as ATC does beside a product's code.</summary>
    public bool IsAbove(CodeMeaning general, CodeMeaning specific)
    {
        if (!general.IsMapped || !specific.IsMapped || general.Standard == specific.Standard) return false;
        if (general.Vocabulary == specific.Vocabulary) return ancestry?.IsAbove(general.Standard, specific.Standard) == true;
        return (general.Targets[0].Domain, specific.Targets[0].Domain) == (Domain.Drug, Domain.Drug) && Ingredients(specific.Standard).Contains(general.Standard);
    }

    /// <summary>How much a code says: 3 with a standard concept whatever the day, 2 with one on some days, 1 where the vocabulary knows it, else 0.</summary>
    public int Worth(CodeMeaning meaning)
    {
        if (!meaning.IsDated) return meaning.IsMapped ? 3 : meaning.Source != 0 ? 1 : 0;
        var spans = dated[(meaning.Vocabulary, meaning.Code)];
        return Array.TrueForAll(spans, s => s.Targets.Length > 0) ? 3 : Array.Exists(spans, s => s.Targets.Length > 0) ? 2 : meaning.Source != 0 ? 1 : 0;
    }

    /// <summary>A book without a code: everything is concept 0.</summary>
    public static CodeBook Empty { get; } = new(null, [], null);

    /// <summary>The vocabulary's own version, <c>none</c> without one.</summary>
    public string Version => file?.Version ?? "none";

    /// <summary>The same as long as the vocabulary and the local mappings are.</summary>
    public string Identity => field ??= $"{file?.MadeFrom} {Convert.ToHexStringLower(System.IO.Hashing.XxHash128.Hash(Encoding.UTF8.GetBytes(string.Join('\n', local.OrderBy(l => l.Key).Select(l => $"{l.Key} {string.Join(' ', l.Value)}")))))}";

    /// <summary>Whether a home's vocabulary has a CONCEPT_ANCESTOR with rows: without, no drug is known to hold an ingredient but the ingredient itself.</summary>
    public static bool HasAncestors(string folder)
    {
        var path = Path.Combine(folder, "concept_ancestor.parquet");
        if (!File.Exists(path)) return false;
        using var ancestors = new ParquetSharp.ParquetFileReader(path);
        return ancestors.FileMetaData.NumRows > 0;
    }

    public IReadOnlyList<int> Ingredients(int drugConcept) => ingredients.GetOrAdd(drugConcept, concept => file?.Ingredients(concept) ?? []);

    /// <param name="system">The FHIR code system, or a vocabulary's name.</param>
    public CodeMeaning Find(string system, string code) => asked.GetOrAdd((system, code), Look);

    CodeMeaning Look((string System, string Code) of)
    {
        var vocabulary = CodeSystems.Vocabulary(of.System);
        var found = Concepts(vocabulary, of.Code);
        // The one still valid, else the one that was last: they are in order of validity.
        var concept = found.Length == 0 ? default : found[^1];
        if (Local(vocabulary, of.Code) is { } ours)
        {
            // On a day on which none of the site's own holds, the vocabulary's does.
            Target[] On(int day) => ours.Where(o => o.Mapping.Holds(day)).Select(o => o.Target).Distinct().ToArray() is { Length: > 0 } holding ? holding : ours.Length == 0 ? [] : concept.Targets ?? [];
            int[] turns = [.. ours.SelectMany(o => o.Mapping.Turns).Distinct().Order()];
            if (turns.Length == 0) return new(vocabulary, of.Code, concept.Id, On(0));
            int[] first = [int.MinValue, .. turns];
            var spans = first.Select((day, i) => new Concept(concept.Id, On(Math.Max(day, turns[0] - 1)), day, i < turns.Length ? turns[i] - 1 : int.MaxValue)).ToArray();
            dated[(vocabulary, of.Code)] = spans;
            return new(vocabulary, of.Code, concept.Id, spans[^1].Targets) { IsDated = true };
        }
        if (found.Length > 1) dated[(vocabulary, of.Code)] = found;
        return new(vocabulary, of.Code, concept.Id, concept.Targets ?? []) { IsDated = found.Length > 1 };
    }

    /// <summary>The concepts of a code; of one of the ICD, which bills have without its dot, those of the code with it; of the French ICD-10 those of WHO's where the vocabulary has no French one.</summary>
    Concept[] Concepts(string vocabulary, string code) => Written(vocabulary, code) is { Length: > 0 } found ? found : vocabulary == "CIM10" ? Written("ICD10", code) : [];

    /// <summary>Those of one vocabulary, with the dot or without.</summary>
    Concept[] Written(string vocabulary, string code) => file is null ? [] : file.Concepts(vocabulary, code) is { Length: > 0 } found ? found : Dotted(vocabulary, code) is { } dotted ? file.Concepts(vocabulary, dotted) : [];

    /// <summary>The site's own mappings of a code: of it as it is written, else as <see cref="Concepts"/> reads it. Null for none.</summary>
    (LocalMapping Mapping, Target Target)[]? Local(string vocabulary, string code)
    {
        if (local.TryGetValue((vocabulary, code), out var ours) || Dotted(vocabulary, code) is { } dotted && local.TryGetValue((vocabulary, dotted), out ours)) return ours;
        if (code.Length > 4 && code[3] == '.' && code.Remove(3, 1) is var plain && Dotted(vocabulary, plain) == code && local.TryGetValue((vocabulary, plain), out ours)) return ours; // as the list of unmapped codes has it
        return vocabulary == "CIM10" && Written(vocabulary, code).Length == 0 ? Local("ICD10", code) : null;
    }

    /// <returns>A code of the ICD with its dot; null where it has one, or none.</returns>
    static string? Dotted(string vocabulary, string code) => vocabulary is "ICD10" or "CIM10" or "ICD10CM" && code.Length > 3 && code[3] != '.' ? $"{code[..3]}.{code[3..]}" : null;

    /// <summary>As <see cref="Find(string, string)"/>, for the day of an event: of several concepts under one code, the one valid that day.</summary>
    public CodeMeaning Find(string system, string code, int day)
    {
        var meaning = Find(system, code);
        if (!meaning.IsDated) return meaning;
        foreach (var concept in dated[(meaning.Vocabulary, code)])
            if (concept.ValidFrom <= day && day <= concept.ValidTo) return new(meaning.Vocabulary, code, concept.Id, concept.Targets);
        return meaning;
    }

    /// <summary>Whether a code has a standard concept whatever the day, another than one that goes beside it as its value.</summary>
    public bool Maps(string system, string code)
    {
        static bool Any(Target[] targets) => targets.Any(t => !t.Value);
        var meaning = Find(system, code);
        return Any(meaning.Targets) && (!meaning.IsDated || dated[(meaning.Vocabulary, code)].All(c => Any(c.Targets)));
    }

    public void Dispose() => file?.Dispose();

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
