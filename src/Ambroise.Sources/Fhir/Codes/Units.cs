using System.Collections.Frozen;

namespace Ambroise.Sources.Fhir.Codes;

/// <summary>Units as laboratories print them, as UCUM writes them.</summary>
static class Units
{
    /// <summary>What is no UCUM at all (The Unified Code for Units of Measure 2.1 has none of these): French laboratories' forms among them.</summary>
    static readonly FrozenDictionary<string, string> Printed = new Dictionary<string, string>
    {
        ["mmHg"] = "mm[Hg]",
        ["mm Hg"] = "mm[Hg]",
        ["cmH2O"] = "cm[H2O]",
        ["cm H2O"] = "cm[H2O]",
        ["G/L"] = "10*9/L",
        ["Giga/L"] = "10*9/L",
        ["T/L"] = "10*12/L",
        ["Tera/L"] = "10*12/L",
        ["K/L"] = "10*3/L",
        ["K/uL"] = "10*3/uL",
        ["M/uL"] = "10*6/uL",
        ["°C"] = "Cel",
        ["°"] = "deg",
        ["kg/m²"] = "kg/m2",
        ["m²"] = "m2",
        ["sec"] = "s",
        ["bpm"] = "/min",
        ["/mn"] = "/min",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    static readonly string[] Surfaces = ["/1.73m2", "/1.73 m2", "/1.73m²", "/1.73 m²", "/1,73m2", "/1,73 m2", "/1,73m²", "/{1.73_m2}", "/{1.73m2}", "/1.73.m2"];

    /// <summary>What else a unit may be called in UCUM: with its own litre (l and L are one there), its own micro (u), its units of activity, or as printed.</summary>
    /// <returns>Null where it is written so already.</returns>
    public static string? Ucum(string unit)
    {
        var plain = unit.Replace('µ', 'u').Replace('μ', 'u');
        var parts = plain.Split('/');
        for (var at = 0; at < parts.Length; at++)
            parts[at] = parts[at] switch
            {
                "l" or "dl" or "cl" or "ml" or "ul" or "nl" or "pl" or "fl" => parts[at][..^1] + 'L',
                "U" or "mU" or "uU" or "kU" => parts[at][..^1] + "[U]", // OMOP's name for the enzyme unit
                "UI" or "mUI" or "uUI" or "kUI" or "IU" or "mIU" or "uIU" or "kIU" => parts[at][..^2] + "[iU]",
                "[IU]" or "m[IU]" or "u[IU]" or "k[IU]" => parts[at][..^4] + "[iU]", // UCUM has both
                "mcg" => "ug",
                "mEq" or "Eq" => parts[at].ToLowerInvariant(),
                ['x' or 'X', .. var power] when Power(power) is { } ten => ten,
                var power when Power(power) is { } ten => ten,
                "mOsm" or "Osm" => parts[at].ToLowerInvariant(),
                _ => parts[at],
            };
        plain = string.Join('/', parts);
        // A rate by body surface: OMOP's name for it is one that nobody prints.
        foreach (var surface in Surfaces)
            if (plain.EndsWith(surface, StringComparison.Ordinal)) plain = $"{plain[..^surface.Length]}/(173.10*-2.m2)";
        plain = Printed.GetValueOrDefault(unit) ?? Printed.GetValueOrDefault(plain) ?? plain;
        return plain == unit ? null : plain;
    }

    /// <returns>UCUM's name of a power of ten that is written 10E3, 10^3 or 10e3; null for anything else.</returns>
    static string? Power(string text) => text is ['1', '0', 'E' or 'e' or '^', >= '1' and <= '9'] or ['1', '0', 'E' or 'e' or '^', '1', >= '0' and <= '9'] ? $"10*{text[3..]}" : null;
}
