using System.Globalization;
using System.Text;
using Ambroise.Lake.Columns;

namespace Ambroise.Sources.Fhir.Codes;

/// <summary>A line of a site's own mappings.</summary>
/// <param name="Vocabulary">OMOP's vocabulary, or the FHIR code system.</param>
/// <param name="Target">A standard concept, or one of the site's own from 2,000,000,000 on; 0 says that there is none.</param>
public sealed record LocalMapping(string Vocabulary, string Code, string Description, int Target)
{
    /// <summary>The first of the site's own concepts: no vocabulary holds them.</summary>
    public const int FirstOwn = 2_000_000_000;

    static readonly DateOnly Always = new(1970, 1, 1), Forever = new(2099, 12, 31);

    /// <summary>Events of these days it is for, both included; OMOP's first and last mean always.</summary>
    public DateOnly From { get; init; } = Always;

    public DateOnly To { get; init; } = Forever;

    /// <summary>Its line has an <c>invalid_reason</c>: what was taken before of this code, to this target, holds no more. Target 0 means all of the code.</summary>
    public bool IsWithdrawn { get; init; }

    /// <summary>Its line in the file it was read from, the header's being 1; 0 for none.</summary>
    public int Line { get; init; }

    /// <summary>What it is of: a code system and OMOP's name for it are one vocabulary.</summary>
    internal (string Vocabulary, string Code) Of => (CodeSystems.Vocabulary(Vocabulary), Code);

    internal bool Takes(LocalMapping other) => IsWithdrawn && Of == other.Of && (Target == 0 || Target == other.Target);

    internal bool Holds(int day) => (From == Always || day >= Days.Of(From)) && (To == Forever || day <= Days.Of(To));

    /// <summary>Days on which it begins or ceases to hold.</summary>
    internal IEnumerable<int> Turns => [.. From == Always ? (int[])[] : [Days.Of(From)], .. To == Forever ? (int[])[] : [Days.Of(To) + 1]];
}

/// <summary>What a file changes of a site's own mappings.</summary>
/// <param name="InForce">All that there are then, in the order of their codes.</param>
/// <param name="Taken">Of the file, those that hold from now on.</param>
/// <param name="Removed">Of those before, those that the file withdraws.</param>
/// <param name="RemoveNothing">Lines of the file that withdraw what is not there.</param>
public sealed record MappingsChange(IReadOnlyList<LocalMapping> InForce, IReadOnlyList<LocalMapping> Taken, IReadOnlyList<LocalMapping> Removed, IReadOnlyList<LocalMapping> RemoveNothing)
{
    public int Codes => InForce.DistinctBy(m => m.Of).Count();
}

/// <summary>A site's own mappings, in the CSV of OMOP's SOURCE_TO_CONCEPT_MAP as Usagi exports it.</summary>
public static class LocalMappings
{
    const string Header = "source_code,source_concept_id,source_vocabulary_id,source_code_description,target_concept_id,target_vocabulary_id,valid_start_date,valid_end_date,invalid_reason";

    /// <summary>Reads a file. A line without a vocabulary is for codes that came without a system.</summary>
    /// <returns>The mappings, withdrawn ones too; or <c>mappings.unreadable</c>, which names the line.</returns>
    public static Result<IReadOnlyList<LocalMapping>> Read(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path, Strict);
        }
        catch (DecoderFallbackException)
        {
            return new Failure(FailureKind.Invalid, "mappings.unreadable", $"{Path.GetFileName(path)} is no UTF-8: save it as 'CSV UTF-8', or its accents would be lost.");
        }
        if (!text.Contains('\n')) text = text.Replace('\r', '\n'); // as some write for an old Macintosh
        var lines = Lines(text, Separator(text)).ToList();
        if (lines.Count == 0) return Bad(path, 1);
        if (lines[^1] is { Fields: null, Number: var open }) return new Failure(FailureKind.Invalid, "mappings.unreadable", $"{Path.GetFileName(path)}, line {open}: a quote opens here and is never closed, so nobody knows which lines follow.");
        var names = lines[0].Fields!.Select(n => n.Trim('\uFEFF', ' ').ToLowerInvariant()).ToList();
        int code = names.IndexOf("source_code"), vocabulary = names.IndexOf("source_vocabulary_id"), target = names.IndexOf("target_concept_id"), description = names.IndexOf("source_code_description"), invalid = names.IndexOf("invalid_reason"), from = names.IndexOf("valid_start_date"), to = names.IndexOf("valid_end_date");
        if (code < 0 || vocabulary < 0 || target < 0) return Bad(path, 1);
        var mappings = new List<LocalMapping>();
        foreach (var (number, fields) in lines.Skip(1))
        {
            string[] line = [.. fields!.Select(f => f.Trim())]; // a code has no blanks about it (FHIR R4, 2.24.0.1)
            if (line.All(f => f.Length == 0)) continue; // a spreadsheet writes its empty rows as ,,
            var reason = Said(line, invalid);
            var concept = 0;
            if (line.Length <= Math.Max(code, Math.Max(vocabulary, target)) || line[code].Length == 0
                || !(reason is not null && line[target].Length == 0) && !int.TryParse(line[target], NumberStyles.None, CultureInfo.InvariantCulture, out concept)) return Bad(path, number);
            if (reason is not (null or "D" or "U")) return new Failure(FailureKind.Invalid, "mappings.unreadable", $"{Path.GetFileName(path)}, line {number}: invalid_reason is D or U for a mapping that holds no more, and empty for all others.");
            LocalMapping? mapping = new(line[vocabulary], line[code], description >= 0 && description < line.Length ? line[description] : "", concept) { Line = number, IsWithdrawn = reason is not null };
            if (mapping.IsWithdrawn)
            {
                mappings.Add(mapping);
                continue;
            }
            if (Said(line, from) is { } first) mapping = TryDay(first, out var day) ? mapping with { From = day } : null;
            if (mapping is not null && Said(line, to) is { } last) mapping = TryDay(last, out var day) ? mapping with { To = day } : null;
            if (mapping is null) return new Failure(FailureKind.Invalid, "mappings.unreadable", $"{Path.GetFileName(path)}, line {number}: write valid_start_date and valid_end_date as 2024-12-31 or 20241231, or leave them empty.");
            if (mapping.From > mapping.To) return new Failure(FailureKind.Invalid, "mappings.unreadable", $"{Path.GetFileName(path)}, line {number}: valid_start_date is after valid_end_date, so this mapping would never hold.");
            mappings.Add(mapping);
        }
        return mappings;
    }

    static string? Said(string[] line, int column) => column >= 0 && column < line.Length && line[column].Length > 0 ? line[column] : null;

    static bool TryDay(string text, out DateOnly day) => DateOnly.TryParseExact(text, ["yyyy-MM-dd", "yyyyMMdd"], CultureInfo.InvariantCulture, DateTimeStyles.None, out day);

    /// <summary>Those before with what a file says: what it withdraws goes, and what it maps takes the place of all that its codes had.</summary>
    public static MappingsChange Apply(IReadOnlyList<LocalMapping> before, IReadOnlyList<LocalMapping> given)
    {
        var (withdrawn, taken) = (given.Where(m => m.IsWithdrawn).ToLookup(m => m.Of), given.Where(m => !m.IsWithdrawn).ToList());
        var (had, replaced) = (before.ToLookup(m => m.Of), taken.Select(m => m.Of).ToHashSet());
        var removed = before.Where(m => withdrawn[m.Of].Any(w => w.Takes(m))).ToList();
        var left = before.Except(removed).Where(m => !replaced.Contains(m.Of));
        return new([.. left.Concat(taken).OrderBy(m => m.Of)], taken, removed, [.. given.Where(w => w.IsWithdrawn && !had[w.Of].Any(w.Takes))]);
    }

    /// <summary>Writes mappings as <see cref="Read"/> takes them.</summary>
    public static string Write(IEnumerable<LocalMapping> mappings)
    {
        var text = new StringBuilder(Header).Append('\n');
        foreach (var m in mappings) text.Append(CultureInfo.InvariantCulture, $"{Quote(m.Code)},0,{Quote(m.Vocabulary)},{Quote(m.Description)},{m.Target},,{m.From:yyyy-MM-dd},{m.To:yyyy-MM-dd},\n");
        return text.ToString();
    }

    /// <summary>A field of RFC 4180, quoted where it must be.</summary>
    public static string Quote(string text) => text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    static Failure Bad(string path, int line) => new(FailureKind.Invalid, "mappings.unreadable", $"{Path.GetFileName(path)}, line {line}: give source_code, source_vocabulary_id and a whole number as target_concept_id, in the CSV of SOURCE_TO_CONCEPT_MAP.");

    static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>A spreadsheet writes semicolons where commas mark decimals, as in France.</summary>
    static char Separator(string text) => text.AsSpan(0, text.AsSpan().IndexOf('\n') is var end and >= 0 ? end : text.Length) is var header && header.Contains(';') && !header.Contains(',') ? ';' : ',';

    /// <summary>Each line of the text under the number it begins at, for a quoted field may hold several. A quote opens a field at its start alone (RFC 4180): within one it is the text's, as in <c>5" tube</c>.</summary>
    /// <returns>The last without fields where a quote is never closed: its number is the quote's.</returns>
    static IEnumerable<(int Number, string[]? Fields)> Lines(string text, char separator)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        var (quoted, begun) = (false, false);
        int number = 1, first = 1, opened = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\n') number++;
            if (quoted && c == '"' && i + 1 < text.Length && text[i + 1] == '"') field.Append(text[i++]);
            else if (quoted && c == '"') quoted = false;
            else if (quoted) field.Append(c);
            else if (c == '"' && !begun) (quoted, begun, opened) = (true, true, number);
            else if (c == separator) Next();
            else if (c == '\n')
            {
                Next();
                yield return (first, [.. fields]);
                fields.Clear();
                first = number;
            }
            else if (c != '\r')
            {
                field.Append(c);
                begun = true;
            }
        }
        if (quoted) yield return (opened, null);
        else if (begun || fields.Count > 0)
        {
            Next();
            yield return (first, [.. fields]);
        }

        void Next()
        {
            fields.Add(field.ToString());
            field.Clear();
            begun = false;
        }
    }
}
