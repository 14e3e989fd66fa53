using System.Globalization;
using System.Runtime.CompilerServices;
using Ambroise.Lake.Columns;

namespace Ambroise.Sources.Csv;

/// <summary>What became of a field.</summary>
enum Typed { Value, Empty, Unparseable, OutOfRange }

/// <summary>Reads typed values from the UTF-8 text of a field, spaces around them ignored.</summary>
/// <remarks>Written for speed: 1 M rows of 16 fields a second and more on a core, where the same rules as SQL casts gave 0.07.</remarks>
static class FieldText
{
    const long MicrosPerDay = 86_400_000_000;

    /// <summary>A whole number; one written with a fraction of zeros (12.0) or an exponent (1e+05) is taken, as spreadsheets and R write them.</summary>
    public static Typed Integer(ReadOnlySpan<byte> text, long least, long most, out long value)
    {
        value = 0;
        text = Trim(text);
        if (text.IsEmpty) return Typed.Empty;
        var at = text[0] is (byte)'-' or (byte)'+' ? 1 : 0;
        if (text.Length - at is > 0 and <= 18)
        {
            while (at < text.Length && (uint)(text[at] - '0') <= 9) value = value * 10 + (text[at++] - '0');
            if (at == text.Length)
            {
                if (text[0] == '-') value = -value;
                return value < least || value > most ? Typed.OutOfRange : Typed.Value;
            }
        }
        return Unusual(text, least, most, out value);
    }

    static Typed Unusual(ReadOnlySpan<byte> text, long least, long most, out long value)
    {
        value = 0;
        if (!decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var exact))
            return text.TrimStart("+-"u8) is { Length: > 18 } digits && !digits.ContainsAnyExceptInRange((byte)'0', (byte)'9') ? Typed.OutOfRange : Typed.Unparseable;
        if (exact != decimal.Truncate(exact)) return Typed.Unparseable;
        if (exact < least || exact > most) return Typed.OutOfRange;
        value = (long)exact;
        return Typed.Value;
    }

    public static Typed Number(ReadOnlySpan<byte> text, out double value)
    {
        value = 0;
        text = Trim(text);
        if (text.IsEmpty) return Typed.Empty;
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value)) return Typed.Unparseable;
        return double.IsNaN(value) ? Typed.Empty : Typed.Value;
    }

    /// <summary>2019-03-31 or 20190331, alone or before a time, which is checked and left out. Years 1 to 9999.</summary>
    public static Typed Date(ReadOnlySpan<byte> text, out int days)
    {
        text = Trim(text);
        days = 0;
        if (text.IsEmpty) return Typed.Empty;
        var how = Day(text, out days, out var length);
        return how != Typed.Value || length == text.Length ? how : Time(text[length..], out _) ? Typed.Value : Typed.Unparseable;
    }

    /// <summary>A date as <see cref="Date"/> reads it, then a blank or T and hh:mm[:ss[.fraction]], cut to microseconds. A zone or offset at the end is left out: the CDM's times are
    /// the local times recorded.</summary>
    /// <param name="micros">Since 1970-01-01T00:00.</param>
    public static Typed Timestamp(ReadOnlySpan<byte> text, out long micros)
    {
        text = Trim(text);
        micros = 0;
        if (text.IsEmpty) return Typed.Empty;
        var how = Day(text, out var days, out var length);
        if (how != Typed.Value) return how;
        long time = 0;
        if (length < text.Length && !Time(text[length..], out time)) return Typed.Unparseable;
        micros = days * MicrosPerDay + time;
        return Typed.Value;
    }

    static Typed Day(ReadOnlySpan<byte> text, out int days, out int length)
    {
        (days, length) = (0, 0);
        int year, month, day;
        if (text.Length >= 10 && text[4] == '-' && text[7] == '-')
        {
            if (!Digits(text[..4], out year) || !Digits(text.Slice(5, 2), out month) || !Digits(text.Slice(8, 2), out day)) return Typed.Unparseable;
            length = 10;
        }
        else
        {
            if (text.Length < 8 || !Digits(text[..4], out year) || !Digits(text.Slice(4, 2), out month) || !Digits(text.Slice(6, 2), out day)) return Typed.Unparseable;
            length = 8;
        }
        if (month is < 1 or > 12 || day < 1) return Typed.Unparseable;
        if (year == 0) return Typed.OutOfRange;
        if (day > 28 && day > DateTime.DaysInMonth(year, month)) return Typed.Unparseable;
        days = Days.Of(new DateOnly(year, month, day));
        return Typed.Value;
    }

    static bool Time(ReadOnlySpan<byte> text, out long micros)
    {
        micros = 0;
        if (text.Length < 6 || text[0] is not ((byte)' ' or (byte)'T' or (byte)'t') || text[3] != ':'
            || !Digits(text.Slice(1, 2), out var hours) || !Digits(text.Slice(4, 2), out var minutes) || hours > 23 || minutes > 59) return false;
        var seconds = 0;
        text = text[6..];
        if (!text.IsEmpty && text[0] == ':')
        {
            if (text.Length < 3 || !Digits(text.Slice(1, 2), out seconds) || seconds > 59) return false;
            text = text[3..];
            if (!text.IsEmpty && text[0] is (byte)'.' or (byte)',')
            {
                var digits = 1;
                for (var unit = 100_000; digits < text.Length && (uint)(text[digits] - '0') <= 9; digits++, unit /= 10) micros += (text[digits] - '0') * unit;
                if (digits == 1) return false;
                text = text[digits..];
            }
        }
        micros += ((hours * 60 + minutes) * 60L + seconds) * 1_000_000;
        return text.IsEmpty || Zone(text);
    }

    static bool Zone(ReadOnlySpan<byte> text)
    {
        text = Trim(text);
        if (text is [(byte)'Z' or (byte)'z'] || text.SequenceEqual("UTC"u8)) return true;
        if (text is not [(byte)'+' or (byte)'-', _, _, ..] || !Digits(text.Slice(1, 2), out var hours) || hours > 18) return false;
        return text.Length == 3 || text.Length == 5 && Digits(text[3..], out _) || text.Length == 6 && text[3] == ':' && Digits(text[4..], out _);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static bool Digits(ReadOnlySpan<byte> text, out int value)
    {
        value = 0;
        foreach (var b in text)
        {
            var digit = (uint)(b - '0');
            if (digit > 9) return false;
            value = value * 10 + (int)digit;
        }
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text) => text.Length == 0 || text[0] > ' ' && text[^1] > ' ' ? text : text.Trim((byte)' ');
}
