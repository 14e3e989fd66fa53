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
}
