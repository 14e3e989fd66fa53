using Ambroise.Lake.Cdm;
using Ambroise.Sources.Fhir.Json;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir.Resources;

/// <summary>What an interpretation says as a result: as the site maps it, else the SNOMED CT answer that is meant.</summary>
/// <remarks>Codes of HL7 v3 ObservationInterpretation, and of table 0078 of v2 before it.</remarks>
static class Interpretation
{
    static readonly (string Code, string Answer)[] Answers =
    [
        ("S", "131196009"), ("R", "30714006"), ("I", "11896004"), ("POS", "10828004"), ("NEG", "260385009"), ("DET", "260373001"), ("ND", "260415000"), ("IND", "82334004"),
        ("NR", "131194007"), ("RR", "11214006"), ("N", "17621005"), ("A", "263654008"), ("H", "75540009"), ("L", "62482003"),
    ];

    /// <summary>Of several the first whose meaning is known, else the first.</summary>
    public static Coded? Of(ResourceMapper m, JsonNode interpretations)
    {
        Coded? first = null;
        foreach (var interpretation in interpretations.Items)
            foreach (var coding in interpretation["coding"u8].Items)
                if (m.Coding(coding) is { } said)
                {
                    if (said.Meaning.IsMapped || Answer(said) is not null) return said;
                    first ??= said;
                }
        return first;
    }

    /// <returns>0 where neither has a concept: then it is told among the unmapped.</returns>
    public static int Concept(ResourceMapper m, Coded said, int day)
    {
        if (m.On(said, day) is { IsMapped: true } own) return own.Standard;
        return Answer(said) is { } answer && m.Codes.Find("http://snomed.info/sct", answer) is { IsMapped: true } known ? known.Standard : m.Standard(said, Cdm54.Observation, day);
    }

    static string? Answer(Coded said)
    {
        var system = said.Meaning.Vocabulary;
        if (system.Length > 0 && !system.EndsWith("ObservationInterpretation", StringComparison.Ordinal) && !system.EndsWith("0078", StringComparison.Ordinal) && system != "urn:oid:2.16.840.1.113883.5.83") return null;
        foreach (var (code, answer) in Answers)
            if (code == said.Meaning.Code) return answer;
        return null;
    }
}
