using System.Runtime.CompilerServices;
using Ambroise.Lake.Columns;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>How much of a date the source knew.</summary>
enum Precision : byte { None, Year, Month, Day, Time }

/// <summary>A FHIR date, dateTime or instant as the hospital's own calendar has it.</summary>
/// <param name="Day">Days since 1970-01-01; the first day of a year or month where that is all the source knew.</param>
/// <param name="Micros">Microseconds since 1970-01-01T00:00 local, <see cref="Null.Int64"/> where the source gave no time.</param>
readonly record struct FhirTime(int Day, long Micros, Precision Precision)
{
    public static readonly FhirTime None = new(Null.Int32, Null.Int64, Precision.None);

    /// <summary>The calendar's first and last microsecond, in years of four digits.</summary>
    const long MicrosOfDay = 86_400_000_000, FirstMicros = -719_162 * MicrosOfDay, LastMicros = (Days.Last + 1) * MicrosOfDay - 1;

    public bool Exists => Precision != Precision.None;

    /// <summary>Years outside of these are what software writes where it knows no day: 0001, 1753, 2999, 9999. Dates that a site moved to hide them, by a century or some, are within.</summary>
    static readonly int FirstOfLife = Days.Of(new(1800, 1, 1)), AfterLife = Days.Of(new(2900, 1, 1)), ForEver = Days.Of(new(2099, 12, 31)), LastMonth = Days.Of(new(2099, 12, 1));

    /// <summary>Whether it can be a day of somebody's life, as far as its year goes.</summary>
    public bool IsOfLife => Day >= FirstOfLife && Day < AfterLife;

    /// <summary>Whether, as an end, it means that there is none yet: a year no one lives to, or OMOP's last day, in whatever zone somebody wrote it.</summary>
    public bool IsOpen => Day >= AfterLife || Day >= ForEver - 1 && Day <= ForEver + 1 || Precision == Precision.Month && Day == LastMonth;

    /// <summary>Reads <c>YYYY</c>, <c>YYYY-MM</c>, <c>YYYY-MM-DD</c> or <c>YYYY-MM-DDThh:mm[:ss[.f]][Z|±hh:mm]</c> (FHIR R4, section 2.24.0.1).</summary>
    /// <param name="zone">Where given, a time with an offset is moved to this zone; else it stays as written, so that no day moves.</param>
    /// <returns>False for anything else, a day that is not in the calendar included.</returns>
    public static bool TryParse(ReadOnlySpan<byte> text, TimeZoneInfo? zone, out FhirTime time)
    {
        time = None;
        if (text.Length < 4 || !Four(text, out var year) || year == 0) return false;
        if (text.Length == 4) return Made(year, 1, 1, Precision.Year, out time);
        if (text.Length < 7 || text[4] != '-' || !Two(text, 5, out var month) || month is < 1 or > 12) return false;
        if (text.Length == 7) return Made(year, month, 1, Precision.Month, out time);
        if (text.Length < 10 || text[7] != '-' || !Two(text, 8, out var day) || day < 1 || day > DateTime.DaysInMonth(year, month)) return false;
        if (text.Length == 10) return Made(year, month, day, Precision.Day, out time);
        if (text.Length < 16 || text[10] is not ((byte)'T' or (byte)' ') || text[13] != ':' || !Two(text, 11, out var hour) || !Two(text, 14, out var minute) || hour > 24 || minute > 59 || hour == 24 && minute > 0) return false;
        var rest = text[16..];
        int second = 0;
        long micros = 0;
        if (rest.Length > 0 && rest[0] == ':')
        {
            if (rest.Length < 3 || !Two(rest, 1, out second) || second > 60) return false;
            rest = rest[3..];
            if (rest.Length > 0 && rest[0] == '.')
            {
                var digits = 1;
                for (long unit = 100_000; digits < rest.Length && char.IsAsciiDigit((char)rest[digits]); digits++, unit /= 10) micros += unit * (rest[digits] - '0');
                if (digits == 1) return false;
                rest = rest[digits..];
            }
        }
        if (!Offset(rest, out var offsetMinutes)) return false;
        var local = (Days.Of(new(year, month, day)) * 86_400L + hour * 3600 + minute * 60 + Math.Min(second, 59)) * 1_000_000 + micros;
        if (zone is not null && offsetMinutes is { } offset)
        {
            var utc = local - offset * 60_000_000L;
            if (utc is < FirstMicros or > LastMicros) return false;
            local += (long)(zone.GetUtcOffset(DateTime.UnixEpoch.AddTicks(utc * 10)).TotalMinutes - offset) * 60_000_000L;
        }
        if (local is < FirstMicros or > LastMicros) return false;
        // In whole numbers: a double rounds the last microseconds of the calendar up to a day that is not in it.
        var days = local / MicrosOfDay;
        time = new((int)(local < days * MicrosOfDay ? days - 1 : days), local, Precision.Time);
        return true;
    }

    static bool Made(int year, int month, int day, Precision precision, out FhirTime time)
    {
        time = new(Days.Of(new(year, month, day)), Null.Int64, precision);
        return true;
    }

    static bool Offset(ReadOnlySpan<byte> text, out int? minutes)
    {
        minutes = null;
        if (text.Length == 0) return true;
        if (text is [(byte)'Z'])
        {
            minutes = 0;
            return true;
        }
        if (text.Length != 6 || text[0] is not ((byte)'+' or (byte)'-') || text[3] != ':' || !Two(text, 1, out var hours) || !Two(text, 4, out var rest) || hours > 14 || rest > 59) return false;
        minutes = (text[0] == '-' ? -1 : 1) * (60 * hours + rest);
        return true;
    }

    static bool Four(ReadOnlySpan<byte> text, out int number)
    {
        var isNumber = Two(text, 0, out var high) & Two(text, 2, out var low);
        number = 100 * high + low;
        return isNumber;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static bool Two(ReadOnlySpan<byte> text, int at, out int number)
    {
        uint tens = (uint)(text[at] - '0'), ones = (uint)(text[at + 1] - '0');
        number = (int)(10 * tens + ones);
        return tens <= 9 && ones <= 9;
    }
}
