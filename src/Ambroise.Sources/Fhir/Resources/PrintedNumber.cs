using System.Buffers;
using System.Buffers.Text;

namespace Ambroise.Sources.Fhir.Resources;

/// <summary>A result that a laboratory printed: a number below or above which it does not measure (<c>&lt; 5</c>, <c>&gt;=10</c>, <c>≤ 0,3</c>), or one with a comma (<c>7,2</c>).</summary>
static class PrintedNumber
{
    const int MostLetters = 32;

    static readonly SearchValues<byte> Digits = SearchValues.Create("0123456789."u8);

    /// <param name="comparator">As FHIR's Quantity writes it; empty where there is none.</param>
    /// <returns>False for all else, and for <c>1,200</c>, which is one number in Paris and another in Boston.</returns>
    public static bool TryRead(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> comparator, out double number)
    {
        comparator = [];
        number = double.NaN;
        if (text.Length is 0 or > MostLetters) return false;
        ReadOnlySpan<byte> atMost = "≤"u8, atLeast = "≥"u8;
        var signs = text.StartsWith(atMost) ? atMost.Length : text.StartsWith(atLeast) ? atLeast.Length : text is [(byte)'<' or (byte)'>', (byte)'=', ..] ? 2 : text is [(byte)'<' or (byte)'>', ..] ? 1 : 0;
        comparator = text.StartsWith(atMost) ? "<="u8 : text.StartsWith(atLeast) ? ">="u8 : text[..signs];
        text = text[signs..].Trim((byte)' ');
        var comma = text.IndexOf((byte)',');
        if (comma >= 0 && text.Length - comma - 1 == 3 && text is not [(byte)'0', (byte)',', ..] || text is [.., (byte)',' or (byte)'.']) return false;
        Span<byte> plain = stackalloc byte[text.Length];
        text.CopyTo(plain);
        if (comma >= 0) plain[comma] = (byte)'.';
        // Digits and one point alone: no exponent, no sign but of a whole, no zero before others, as a code may have.
        if (plain.IsEmpty || !char.IsAsciiDigit((char)plain[0]) || plain is [(byte)'0', not (byte)'.', ..] || plain.ContainsAnyExcept(Digits)) return false;
        return Utf8Parser.TryParse(plain, out number, out var used) && used == plain.Length;
    }
}
