using System.Text;
using Ambroise.Sources.Fhir.Json;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir.Resources;

/// <summary>How a drug is to be taken, in one line: of each Dosage its own words, else what its numbers say, in the units and codes of FHIR and UCUM (<c>500 mg, 2/d, for 7 d, as needed</c>).</summary>
static class Directions
{
    /// <returns>Null where nothing is said.</returns>
    public static byte[]? Of(JsonNode dosages)
    {
        byte[]? all = null;
        foreach (var dosage in dosages.Items)
            if (One(dosage) is { } one) all = all is null ? one : [.. all, .. "; "u8, .. one];
        return all;
    }

    static byte[]? One(JsonNode dosage)
    {
        if ((ResourceMapper.Copy(dosage["text"u8]) ?? ResourceMapper.Copy(dosage["patientInstruction"u8])) is { } words) return words;
        var text = new StringBuilder();
        // An administration has one of each, and calls the dose by a name of its own.
        Dose(text, dosage);
        foreach (var doseAndRate in dosage["doseAndRate"u8].Items) Dose(text, doseAndRate);
        When(text, dosage["timing"u8]);
        var need = dosage["asNeededCodeableConcept"u8];
        if (need.Exists) Add(text, $"as needed: {Concept(need)}");
        else if (ResourceMapper.IsTrue(dosage["asNeededBoolean"u8])) Add(text, "as needed");
        return text.Length == 0 ? null : Encoding.UTF8.GetBytes(text.ToString());
    }

    static void Dose(StringBuilder text, JsonNode of)
    {
        Add(text, Amount(of["dose"u8]));
        Add(text, Amount(of["doseQuantity"u8]));
        Add(text, Range(of["doseRange"u8]));
        Add(text, Amount(of["rateQuantity"u8]));
        Add(text, Range(of["rateRange"u8]));
        var ratio = of["rateRatio"u8];
        if (ratio.Exists) Add(text, $"{Amount(ratio["numerator"u8])}/{Amount(ratio["denominator"u8])}");
    }

    static void When(StringBuilder text, JsonNode timing)
    {
        var repeat = timing["repeat"u8];
        if (repeat["period"u8].Exists)
        {
            var often = repeat["frequency"u8].Exists ? $"{repeat["frequency"u8]}{To(repeat["frequencyMax"u8])}" : "1";
            var isOne = repeat["period"u8].TryNumber(out var period) && period == 1 && !repeat["periodMax"u8].Exists;
            Add(text, isOne ? $"{often}/{repeat["periodUnit"u8]}" : $"{often}/{repeat["period"u8]}{To(repeat["periodMax"u8])} {repeat["periodUnit"u8]}");
        }
        else if (timing["code"u8].Exists) Add(text, Concept(timing["code"u8]));
        Add(text, List(repeat["dayOfWeek"u8]));
        Add(text, List(repeat["timeOfDay"u8]));
        Add(text, List(repeat["when"u8]));
        if (repeat["boundsDuration"u8].Exists) Add(text, $"for {Amount(repeat["boundsDuration"u8])}");
        else if (repeat["boundsRange"u8].Exists) Add(text, $"for {Range(repeat["boundsRange"u8])}");
        if (repeat["count"u8].Exists) Add(text, $"{repeat["count"u8]}{To(repeat["countMax"u8])} in all");
    }

    static void Add(StringBuilder text, string part)
    {
        if (part.Length > 0) text.Append(text.Length > 0 ? ", " : "").Append(part);
    }

    static string To(JsonNode most) => most.Exists ? $"-{most}" : "";

    static string Amount(JsonNode quantity) => quantity["value"u8].Exists ? $"{quantity["comparator"u8]}{quantity["value"u8]} {Unit(quantity)}".TrimEnd() : "";

    static string Unit(JsonNode quantity) => (quantity["code"u8].Exists ? quantity["code"u8] : quantity["unit"u8]).ToString();

    static string Range(JsonNode range) => (Amount(range["low"u8]), Amount(range["high"u8])) switch
    {
        ("", "") => "",
        ("", var most) => $"<={most}",
        (var least, "") => $">={least}",
        var (least, most) => $"{least}-{most}",
    };

    static string List(JsonNode codes)
    {
        var text = new StringBuilder();
        foreach (var code in codes.Items) text.Append(text.Length > 0 ? " " : "").Append(code);
        return text.ToString();
    }

    /// <summary>A concept's words, else those of its first code, else that code.</summary>
    static string Concept(JsonNode concept) => concept["text"u8].TextOrNull ?? concept["coding"u8]["display"u8].TextOrNull ?? concept["coding"u8]["code"u8].ToString();
}
