using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Ambroise.Sources.Fhir.Resources;

/// <summary>The text of an attachment, in whichever characters it was sent.</summary>
static class SentText
{
    static ReadOnlySpan<byte> Mark8 => "\uFEFF"u8;

    /// <summary>By its byte order mark; else UTF-8 where it is that; else as its type says; else Windows-1252, which is what claimed to be UTF-8 and was not in every hospital that sent it.</summary>
    /// <param name="type">A media type, say <c>text/plain; charset=iso-8859-15</c>; of a character set nobody knows nothing is made.</param>
    /// <returns>UTF-8, without a mark.</returns>
    public static ReadOnlySpan<byte> Decode(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> type)
    {
        if (bytes.StartsWith(Mark8) && Utf8.IsValid(bytes)) return bytes[Mark8.Length..];
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE])) return From(Encoding.Unicode, bytes[2..]);
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF])) return From(Encoding.BigEndianUnicode, bytes[2..]);
        var told = Told(type);
        // Letters of UTF-16 are valid UTF-8, with a zero after each.
        if (told is UnicodeEncoding) return From(told, bytes);
        return Utf8.IsValid(bytes) ? bytes : From(told is null or UTF8Encoding ? CodePagesEncodingProvider.Instance.GetEncoding(1252)! : told, bytes);
    }

    static readonly SearchValues<byte> TypeLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&^_.+-/"u8);

    /// <summary>Of a media type what says how to read the text: the type itself and a character set that is known. Any other parameter may be the name of a file, and that the name of a patient.</summary>
    /// <returns>Nothing of what is no media type (RFC 6838, section 4.2).</returns>
    public static byte[] Kind(ReadOnlySpan<byte> type)
    {
        var end = type.IndexOf((byte)';');
        var bare = (end < 0 ? type : type[..end]).Trim((byte)' ');
        if (bare.Count((byte)'/') != 1 || bare.ContainsAnyExcept(TypeLetters)) return [];
        return Told(type) is null ? bare.ToArray() : [.. bare, .. "; charset="u8, .. Encoding.Latin1.GetBytes(Charset(type)!)];
    }

    static byte[] From(Encoding encoding, ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetBytes(encoding.GetString(bytes));

    static string? Charset(ReadOnlySpan<byte> type)
    {
        const string Name = "charset=";
        var text = Encoding.Latin1.GetString(type);
        var at = text.IndexOf(Name, StringComparison.OrdinalIgnoreCase);
        return at < 0 ? null : text[(at + Name.Length)..].Split(';')[0].Trim(' ', '"', '\'');
    }

    static Encoding? Told(ReadOnlySpan<byte> type)
    {
        if (Charset(type) is not { } name) return null;
        try
        {
            return CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Encoding.GetEncoding(name);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException) // UTF-7 is refused by name
        {
            return null;
        }
    }
}
