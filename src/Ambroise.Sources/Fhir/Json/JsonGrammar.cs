using System.Buffers.Text;
using System.Text.Json;

namespace Ambroise.Sources.Fhir.Json;

/// <summary>What JSON lets stand between its marks (RFC 8259): numbers, literals, escapes, blanks.</summary>
static class JsonGrammar
{
    /// <returns>The kind of a value that is no string, object or array; null where it is none.</returns>
    public static JsonTape.Kind? Scalar(ReadOnlySpan<byte> text)
    {
        if (text.Length == 0) return null;
        return text[0] switch
        {
            (byte)'t' => text.SequenceEqual("true"u8) ? JsonTape.Kind.True : null,
            (byte)'f' => text.SequenceEqual("false"u8) ? JsonTape.Kind.False : null,
            (byte)'n' => text.SequenceEqual("null"u8) ? JsonTape.Kind.Null : null,
            _ => IsNumber(text) ? JsonTape.Kind.Number : null,
        };
    }

    static bool IsNumber(ReadOnlySpan<byte> text)
    {
        var at = text[0] == '-' ? 1 : 0;
        var whole = Digits(text, ref at);
        if (whole == 0 || whole > 1 && text[at - whole] == '0') return false;
        if (at < text.Length && text[at] == '.')
        {
            at++;
            if (Digits(text, ref at) == 0) return false;
        }
        if (at < text.Length && (text[at] | 0x20) == 'e')
        {
            at++;
            if (at < text.Length && text[at] is (byte)'+' or (byte)'-') at++;
            if (Digits(text, ref at) == 0) return false;
        }
        return at == text.Length;
    }

    /// <summary>Digits that a double holds whatever they are, and powers of ten that it is.</summary>
    const int ExactDigits = 15;

    static readonly double[] Tens = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

    /// <summary>Reads a number of few digits and no exponent, as nearly all are: a whole number over a power of ten, both exact, so that their quotient is the double next to what is written (Clinger 1990, doi:10.1145/93542.93557).</summary>
    /// <returns>False for anything else, numbers or not.</returns>
    public static bool TryShort(ReadOnlySpan<byte> text, out double number)
    {
        number = double.NaN;
        var first = text[0] == '-' ? 1 : 0;
        if (text.Length - first is 0 or > ExactDigits + 1) return false;
        long whole = 0;
        var point = text.Length - 1; // none: no digit after it
        for (var at = first; at < text.Length; at++)
        {
            var digit = (uint)(text[at] - '0');
            if (digit <= 9) whole = 10 * whole + digit;
            else if (text[at] == '.' && point == text.Length - 1 && at > first && at < point) point = at;
            else return false;
        }
        if (whole >= 1_000_000_000_000_000) return false;
        number = whole / Tens[text.Length - 1 - point];
        if (first == 1) number = -number;
        return true;
    }

    static int Digits(ReadOnlySpan<byte> text, ref int at)
    {
        var from = at;
        while (at < text.Length && (uint)(text[at] - '0') <= 9) at++;
        return at - from;
    }

    /// <returns>Whether each backslash of a string escapes something that may be escaped.</returns>
    public static bool AreEscapes(ReadOnlySpan<byte> text)
    {
        for (var at = text.IndexOf((byte)'\\'); at >= 0;)
        {
            if (at + 1 >= text.Length) return false;
            var length = 2;
            if (text[at + 1] == 'u')
            {
                if (at + 6 > text.Length) return false;
                for (var digit = 2; digit < 6; digit++)
                    if (!char.IsAsciiHexDigit((char)text[at + digit])) return false;
                length = 6;
            }
            else if ("\"\\/bfnrt"u8.IndexOf(text[at + 1]) < 0) return false;
            text = text[(at + length)..];
            at = text.IndexOf((byte)'\\');
        }
        return true;
    }

    /// <summary>A string with U+FFFD in place of each half of a surrogate pair whose other half is not there: who cuts a text by its UTF-16 units leaves one behind. The plain reader refuses such a text.</summary>
    /// <param name="text">Each backslash of it escapes something (<see cref="AreEscapes"/>).</param>
    /// <returns>The text itself where there is none.</returns>
    public static ReadOnlySpan<byte> Paired(ReadOnlySpan<byte> text)
    {
        byte[]? mended = null;
        for (int at = 0, next; (next = text[at..].IndexOf((byte)'\\')) >= 0;)
        {
            at += next;
            var unit = Escaped(text[at..]);
            if (char.IsHighSurrogate(unit) && char.IsLowSurrogate(Escaped(text[(at + 6)..])))
            {
                at += 12;
                continue;
            }
            if (char.IsSurrogate(unit)) "\\ufffd"u8.CopyTo((mended ??= text.ToArray()).AsSpan(at));
            at += 2; // what follows of an escape has no backslash
        }
        return mended ?? text;
    }

    /// <returns>The UTF-16 unit whose number a text begins with, as JSON escapes it; 0 where it does not.</returns>
    static char Escaped(ReadOnlySpan<byte> text) => text is [(byte)'\\', (byte)'u', _, _, _, _, ..] && Utf8Parser.TryParse(text[2..6], out ushort unit, out _, 'x') ? (char)unit : '\0';

    public static bool IsBlank(byte c) => c is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';

    public static bool AreBlanks(ReadOnlySpan<byte> text) => text.IndexOfAnyExcept(" \t\r\n"u8) < 0;

    /// <summary>Why a text that is not one object is refused. Looked for by the plain reader, which goes from left to right: it is slow, and refused lines are few.</summary>
    public static string Reason(ReadOnlySpan<byte> utf8, int maxDepth)
    {
        var reader = new Utf8JsonReader(utf8, new() { MaxDepth = maxDepth });
        var depth = 0;
        try
        {
            while (reader.Read())
                if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray) depth++;
                else if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray) depth--;
        }
        catch (JsonException)
        {
            return depth >= maxDepth ? "json-too-deep" : "json-invalid"; // the exception's own words may quote the line
        }
        return "json-not-object";
    }

    /// <returns>True for a text that is the start of an object or array, and not its end: nothing in it is wrong, there is only no more of it.</returns>
    public static bool EndsEarly(ReadOnlySpan<byte> utf8, int maxDepth)
    {
        var reader = new Utf8JsonReader(utf8, isFinalBlock: false, new(new() { MaxDepth = maxDepth }));
        try
        {
            while (reader.Read()) ;
        }
        catch (JsonException)
        {
            return false;
        }
        return reader.CurrentDepth > 0 || reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray;
    }
}
