using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Ambroise.Governance.Airlock;

/// <summary>What a file that wants to leave may give away. The first two stop it whoever agrees; the others are for a person to judge.</summary>
public enum FindingKind
{
    /// <summary>A patient's pseudonym: a row about one patient.</summary>
    Pseudonym,

    /// <summary>A format that holds rows and that is not looked into here.</summary>
    Format,

    /// <summary>A whole number from 1 to below the threshold in a table: it may count patients.</summary>
    SmallCount,

    /// <summary>A smallest or largest value, which is one patient's.</summary>
    Extreme,

    /// <summary>A date to the day.</summary>
    Day,

    /// <summary>More lines than a table of results has.</summary>
    Long,

    /// <summary>A picture or page: for eyes alone.</summary>
    Unread,
}

/// <param name="Line">From 1; 0 for the whole file.</param>
/// <param name="Times">How often in the file.</param>
public sealed record Finding(string File, FindingKind Kind, int Line, int Times)
{
    public bool Blocks => Kind is FindingKind.Pseudonym or FindingKind.Format;
}

/// <summary>Looks through a file of results before anyone decides on it (SACRO's rules of thumb; CNIL EDS, SEC-EXP-1..3). What it does not find may be there all the same: a person decides.</summary>
public static partial class DisclosureCheck
{
    /// <summary>Files past it are not results: 20 MiB.</summary>
    public const int LargestBytes = 20 << 20;

    const int MostLines = 2000;

    static readonly string[] Read = [".csv", ".tsv", ".txt", ".md", ".json"];

    static readonly string[] Seen = [".png", ".svg", ".jpg", ".jpeg", ".pdf", ".html"];

    [GeneratedRegex(@"(?<!\d)(19|20)\d\d-\d\d-\d\d(?!\d)")]
    private static partial Regex Day();

    [GeneratedRegex(@"(?<![\p{L}\d])(min|max|minimum|maximum)(?![\p{L}\d])", RegexOptions.IgnoreCase)]
    private static partial Regex Extreme();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Number();

    /// <param name="name">Its last part ends in the extension.</param>
    /// <param name="pseudonyms">Of the project's patients, in any of its datasets.</param>
    /// <param name="threshold">Counts below it are withheld from people without a permit.</param>
    /// <returns>One finding for each kind, at its first line.</returns>
    public static ImmutableArray<Finding> Of(string name, ReadOnlySpan<byte> content, IReadOnlySet<long> pseudonyms, int threshold)
    {
        var extension = Path.GetExtension(name).ToLowerInvariant();
        var found = new SortedDictionary<FindingKind, (int Line, int Times)>();
        void Note(FindingKind kind, int line) => found[kind] = found.TryGetValue(kind, out var before) ? (before.Line, before.Times + 1) : (line, 1);
        if (Seen.Contains(extension)) Note(FindingKind.Unread, 0);
        else if (!Read.Contains(extension) || content.Contains((byte)0)) Note(FindingKind.Format, 0);
        if (!content.Contains((byte)0))
        {
            var line = 0;
            foreach (var text in Encoding.UTF8.GetString(content).Split('\n'))
            {
                line++;
                foreach (var number in Number().EnumerateMatches(text))
                    if (long.TryParse(text.AsSpan(number.Index, number.Length), CultureInfo.InvariantCulture, out var value) && pseudonyms.Contains(value)) Note(FindingKind.Pseudonym, line);
                if (extension is ".csv" or ".tsv")
                    foreach (var cell in text.Split(',', ';', '\t'))
                        if (int.TryParse(cell.Trim().Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= 1 && count < threshold) Note(FindingKind.SmallCount, line);
                if (Day().IsMatch(text)) Note(FindingKind.Day, line);
                if (Extreme().IsMatch(text)) Note(FindingKind.Extreme, line);
            }
            if (line > MostLines) Note(FindingKind.Long, MostLines);
        }
        return [.. found.Select(f => new Finding(name, f.Key, f.Value.Line, f.Value.Times))];
    }
}
