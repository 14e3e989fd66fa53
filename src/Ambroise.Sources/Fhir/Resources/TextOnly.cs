using Ambroise.Sources.Fhir.Codes;
using Ambroise.Sources.Fhir.Json;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir.Resources;

/// <summary>A concept given in words alone, or saying that there is none.</summary>
static class TextOnly
{
    /// <summary>Writes the event. Where its concept has words and no code, they become an observation's text, before the words of its value, which is sealed as free text: no source_value holds what somebody typed.</summary>
    public static Fate Write(ResourceMapper m, ClinicalEvent e, JsonNode concept)
    {
        if (e.Code is { Absence: Absence.Unknown })
        {
            if (!concept["text"u8].Exists) return Fate.Aside("no-information");
            e.Code = null; // no code system has it, and it was written down
        }
        if (e.Code is null)
        {
            if (ResourceMapper.Copy(concept["text"u8]) is not { } words) return Fate.Refused("code", "code-missing");
            (e.Default, e.Fixed, e.ValueText) = (Domain.Observation, true, e.ValueText is null ? words : [.. words, .. ": "u8, .. e.ValueText]);
        }
        m.Write(e);
        return Fate.Used;
    }
}
