using System.Text;
using Ambroise.Sources.Fhir.Codes;
using Ambroise.Sources.Fhir.Json;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir.Resources;

/// <summary>What a Medication or a Device is: its code; of a preparation without one its ingredients; else its words.</summary>
/// <remarks>An ingredient that is another resource, outside of this one, is known by its printed name alone: what that resource says may come later, or change.</remarks>
static class Product
{
    /// <returns>Null where it says nothing of itself.</returns>
    public static Coded? Of(ResourceMapper m, JsonNode medication)
    {
        var code = medication["code"u8];
        if (m.Code(code) is { Absence: not Absence.Unknown } coded) return coded;
        var parts = new List<Coded>();
        var untold = false;
        foreach (var ingredient in medication["ingredient"u8].Items)
        {
            if (ingredient["isActive"u8] is var active && (active.IsFalse || active.Is("false"u8))) continue; // what it is dissolved in is not what it is for
            if (Ingredient(m, ingredient) is { } part) parts.Add(part);
            else
            {
                untold = true;
                m.Chunk.Count($"{m.Type}.ingredient", "reference-unresolved");
            }
        }
        var words = code["text"u8].ToString();
        // Words alone are told as the whole has them.
        if (parts is [{ IsWords: false } only]) return only;
        if (parts.Exists(p => !p.IsWords)) return Coded.Of(parts);
        if (words.Length == 0 && parts.Count > 0) words = string.Join(" + ", [.. parts.Select(p => p.Meaning.Code), .. untold ? ["?"] : Array.Empty<string>()]);
        return words.Length > 0 ? Coded.Of(words) : null;
    }

    /// <summary>A device's type, else its name, the one for people first. Its model number is none: it may be one device's own.</summary>
    public static Coded? OfDevice(ResourceMapper m, JsonNode device)
    {
        if (m.CodeOrWords(device["type"u8]) is { } type) return type;
        string? first = null;
        foreach (var name in device["deviceName"u8].Items)
            if (name["name"u8].TextOrNull is { } words)
            {
                if (name["type"u8].Is("user-friendly-name"u8)) return Coded.Of(words);
                first ??= words;
            }
        return first is null ? null : Coded.Of(first);
    }

    static Coded? Ingredient(ResourceMapper m, JsonNode ingredient)
    {
        var concept = ingredient["itemCodeableConcept"u8];
        var reference = ingredient["itemReference"u8];
        if (!concept.Exists && reference["reference"u8].Text is [(byte)'#', _, ..] inside) concept = m.Contained(inside)["code"u8];
        if (m.Code(concept) is { Absence: not Absence.Unknown } coded) return coded;
        return (concept["text"u8].TextOrNull ?? reference["display"u8].TextOrNull) is { } words ? Coded.Of(words) : null;
    }
}
