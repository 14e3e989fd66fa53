using Ambroise.Lake.Columns;
using Ambroise.Sources.Fhir.Json;
using Ambroise.Sources.Fhir.Resources;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>Numbers, flags and texts.</summary>
sealed partial class ResourceMapper
{
    /// <summary>A whole number that fits, or null.</summary>
    public static int Whole(JsonNode node) => node.TryNumber(out var number) && Math.Abs(number) < int.MaxValue ? (int)Math.Round(number) : Null.Int32;

    /// <summary>How much of something; null where it is not said; where it is less than nothing, or a bound, which is counted.</summary>
    public double Amount(JsonNode quantity)
    {
        if (!quantity["value"u8].TryNumber(out var number))
        {
            if (quantity.IsScalar || quantity["value"u8].Exists) Chunk.Count($"{Type}.quantity", "value-unparseable");
            return Null.Float64;
        }
        if (number >= 0 && !Bound.Is(quantity)) return number;
        Chunk.Count($"{Type}.quantity", number >= 0 ? "not-exact" : "number-invalid");
        return Null.Float64;
    }

    /// <summary>Whether an element says true: some servers write it as a word.</summary>
    public static bool IsTrue(JsonNode node) => node.IsTrue || node.Is("true"u8);

    /// <returns>Null, or the fate of a resource of which nobody knows whether it says so: what turns the meaning round is not guessed.</returns>
    public static Fate? TryFlag(JsonNode flag, string field, out bool isTrue)
    {
        isTrue = IsTrue(flag);
        return isTrue || !flag.Exists || flag.IsFalse || flag.Is("false"u8) ? null : Fate.Refused(field, "value-unparseable");
    }

    /// <summary>Whether one of a concept's codings has a code, whatever others stand before it.</summary>
    public static bool Has(JsonNode concept, ReadOnlySpan<byte> code)
    {
        foreach (var coding in concept["coding"u8].Items)
            if (coding["code"u8].Is(code)) return true;
        return false;
    }

    /// <summary>The text of a node, or null.</summary>
    public static byte[]? Copy(JsonNode node) => node.Text is { Length: > 0 } text ? text.ToArray() : null;
}
