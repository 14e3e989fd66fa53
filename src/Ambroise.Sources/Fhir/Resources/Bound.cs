using System.Text;
using Ambroise.Lake.Columns;
using Ambroise.Sources.Fhir.Json;

namespace Ambroise.Sources.Fhir.Resources;

/// <summary>A quantity's comparator, which makes a bound of its number (FHIR R4, Quantity.comparator, a modifier element): without it the number says something else.</summary>
static class Bound
{
    /// <summary>OMOP's Meas Value Operator concepts, by FHIR's four comparators and as people write them.</summary>
    /// <returns>Null where there is none, or one of another meaning.</returns>
    public static int Operator(ReadOnlySpan<byte> comparator)
    {
        ReadOnlySpan<byte> atMost = "≤"u8, atLeast = "≥"u8;
        return comparator switch
        {
            [] => Null.Int32,
            [(byte)'<'] => 4171756,
            [(byte)'<', (byte)'='] or [(byte)'=', (byte)'<'] => 4171754,
            [(byte)'>', (byte)'='] or [(byte)'=', (byte)'>'] => 4171755,
            [(byte)'>'] => 4172704,
            _ => comparator.SequenceEqual(atMost) ? 4171754 : comparator.SequenceEqual(atLeast) ? 4171755 : Null.Int32,
        };
    }

    public static bool Is(JsonNode quantity) => quantity["comparator"u8] is { Exists: true } comparator && !(comparator.IsScalar && comparator.Text.Length == 0);

    /// <summary>Whether it says no bound, or one of which everybody knows what it means.</summary>
    public static bool IsKnown(JsonNode quantity) => !Is(quantity) || Operator(quantity["comparator"u8].Text) != Null.Int32;

    /// <summary>Comparator and number as they were written.</summary>
    public static string Printed(JsonNode quantity) => $"{quantity["comparator"u8]}{quantity["value"u8]}";

    public static byte[] Printed(string bound, byte[]? unit) => Encoding.UTF8.GetBytes(unit is { Length: > 0 } ? $"{bound} {Encoding.UTF8.GetString(unit)}" : bound);
}
