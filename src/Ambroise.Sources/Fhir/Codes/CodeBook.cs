using System.Collections.Concurrent;
using System.Text;

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

    /// <summary>Whether one code means something more general than another of its vocabulary.</summary>
    public bool IsAbove(CodeMeaning general, CodeMeaning specific) => ancestry is not null && general.IsMapped && specific.IsMapped && general.Vocabulary == specific.Vocabulary && general.Standard != specific.Standard
        && ancestry.IsAbove(general.Standard, specific.Standard);

    /// <summary>A book without a code: everything is concept 0.</summary>
    public static CodeBook Empty { get; } = new(null, [], null);

    /// <summary>The vocabulary's own version, <c>none</c> without one.</summary>
    public string Version => file?.Version ?? "none";

    /// <summary>The same as long as the vocabulary and the local mappings are.</summary>
    public string Identity => field ??= $"{file?.MadeFrom} {Convert.ToHexStringLower(System.IO.Hashing.XxHash128.Hash(Encoding.UTF8.GetBytes(string.Join('\n', local.OrderBy(l => l.Key).Select(l => $"{l.Key} {string.Join(' ', l.Value)}")))))}";

    public IReadOnlyList<int> Ingredients(int drugConcept) => ingredients.GetOrAdd(drugConcept, concept => file?.Ingredients(concept) ?? []);

    /// <param name="system">The FHIR code system, or a vocabulary's name.</param>
    public CodeMeaning Find(string system, string code) => asked.GetOrAdd((system, code), Look);

    CodeMeaning Look((string System, string Code) of)
    {
        var vocabulary = CodeSystems.Vocabulary(of.System);
        var found = Concepts(vocabulary, of.Code);
        // The one still valid, else the one that was last: they are in order of validity.
        var concept = found.Length == 0 ? default : found[^1];
        if (local.TryGetValue((vocabulary, of.Code), out var ours))
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
    Concept[] Concepts(string vocabulary, string code)
    {
        if (file is null) return [];
        if (file.Concepts(vocabulary, code) is { Length: > 0 } found) return found;
        if (vocabulary is not ("ICD10" or "CIM10" or "ICD10CM")) return [];
        var dotted = code.Length > 3 && code[3] != '.' ? $"{code[..3]}.{code[3..]}" : code;
        if (dotted != code && file.Concepts(vocabulary, dotted) is { Length: > 0 } written) return written;
        return vocabulary == "CIM10" ? Concepts("ICD10", code) : [];
    }

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
