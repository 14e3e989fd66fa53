using System.Globalization;

namespace Ambroise.Cohorts.Explain;

/// <summary>English or French, typeset as each language wants: quotes, no-break spaces, dates, numbers, plurals.</summary>
public sealed class Wording(bool isFrench)
{
    public static readonly Wording English = new(false);
    public static readonly Wording French = new(true);

    static readonly string[] Months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
    static readonly string[] Mois = ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"];

    public bool IsFrench => isFrench;

    public string Say(string english, string french) => isFrench ? french : english;

    /// <returns>“text” or « text » with no-break spaces.</returns>
    public string Quoted(string text) => isFrench ? $"«\u00a0{text}\u00a0»" : $"“{text}”";

    /// <summary>What stands before a list: French sets a no-break space before the colon.</summary>
    public string Colon => isFrench ? "\u00a0:" : ":";

    public string Semicolon => isFrench ? "\u00a0;" : ";";

    /// <returns>A count with its noun in the right number: French takes the plural from 2, English for all but 1.</returns>
    public string Count(long n, string one, string many) => $"{Whole(n)} {((isFrench ? Math.Abs(n) < 2 : n == 1) ? one : many)}";

    public string Days(long n) => Count(n, Say("day", "jour"), Say("days", "jours"));

    /// <summary>The invariant culture but for numbers: thousands parted by a comma and a decimal point, or by a narrow no-break space and a decimal comma.</summary>
    public CultureInfo Culture { get; } = isFrench ? WithFrenchNumbers() : CultureInfo.InvariantCulture;

    static CultureInfo WithFrenchNumbers()
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (culture.NumberFormat.NumberGroupSeparator, culture.NumberFormat.NumberDecimalSeparator) = ("\u202f", ",");
        return CultureInfo.ReadOnly(culture);
    }

    public string Whole(long n) => n.ToString("N0", Culture);

    public string Number(decimal number) => decimal.Truncate(number) == number && number is > long.MinValue and < long.MaxValue ? Whole((long)number) : number.ToString("0.####", Culture);

    /// <returns>"1 January 2010", "1er janvier 2010".</returns>
    public string Date(DateOnly date) => isFrench ? $"{(date.Day == 1 ? "1er" : date.Day)}\u00a0{Mois[date.Month - 1]} {date.Year}" : $"{date.Day}\u00a0{Months[date.Month - 1]} {date.Year}";

    /// <returns>"a, b or c".</returns>
    public string Or(IReadOnlyList<string> items) => items.Count switch
    {
        0 => "",
        1 => items[0],
        _ => $"{string.Join(", ", items.Take(items.Count - 1))} {Say("or", "ou")} {items[^1]}",
    };
}
