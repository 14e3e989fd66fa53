using System.Text.RegularExpressions;

namespace Ambroise.Cli.Frame;

/// <summary>What the parser of command lines says, in words for a person: its own name types of the program and are English.</summary>
static partial class UsageWords
{
    /// <param name="message">One message of the parser, in English.</param>
    /// <returns>The same in the reader's language; as it is where it is none of those known.</returns>
    public static string Of(string message, Language language)
    {
        if (Unparsed().Match(message) is { Success: true } unparsed)
        {
            var (given, place) = (unparsed.Groups["given"].Value, unparsed.Groups["option"] is { Success: true } option ? $"{option.Value}: " : "");
            if (Choices().Matches(unparsed.Groups["choices"].Value) is { Count: > 0 } named) return place + OneOf(given, named.Select(m => m.Value), language);
            return place + unparsed.Groups["type"].Value switch
            {
                var type when type.Contains(nameof(DateOnly), StringComparison.Ordinal) => language.Say($"'{given}' is no day: write it as 2028-12-31.", $"« {given} » n'est pas un jour : l'écrire comme 2028-12-31."),
                var type when type.Contains("Int", StringComparison.Ordinal) => language.Say($"'{given}' is no whole number.", $"« {given} » n'est pas un nombre entier."),
                _ => language.Say($"'{given}' cannot be read.", $"« {given} » est illisible."),
            };
        }
        if (Unlisted().Match(message) is { Success: true } unlisted) return OneOf(unlisted.Groups["given"].Value, Choices().Matches(unlisted.Groups["choices"].Value).Select(m => m.Value), language);
        if (!language.IsFrench) return message;
        return message switch
        {
            "Required command was not provided." => "Il manque une commande.",
            _ when Required().Match(message) is { Success: true } m => $"L'option {m.Groups["option"].Value} est nécessaire.",
            _ when Unrecognized().Match(message) is { Success: true } m => $"« {m.Groups["given"].Value} » n'est pas attendu ici.",
            _ when MissingOf().Match(message) is { Success: true } m => $"Il manque {m.Groups["of"].Value}, ou sa valeur.",
            _ when TooMany().Match(message) is { Success: true } m => $"{m.Groups["of"].Value} ne prend qu'une valeur.",
            _ => message,
        };
    }

    /// <param name="help">A command's help, in English but for its descriptions.</param>
    /// <returns>The same with its headings and marks in the reader's language.</returns>
    public static string OfHelp(string help, Language language) => !language.IsFrench ? help : HelpWord().Replace(help, word => word.Value switch
    {
        "Usage:" => "Utilisation :",
        "Commands:" => "Commandes :",
        "Additional Arguments:" => "Autres arguments :",
        "[command]" => "[commande]",
        "(REQUIRED)" => "(requise) ", // as wide, so that columns stay
        "[default: " => "[par défaut : ",
        var heading => $"{heading[..^1]} :",
    });

    static string OneOf(string given, IEnumerable<string> choices, Language language)
    {
        var list = string.Join(", ", choices);
        return language.Say($"'{given}' is none of: {list}.", $"« {given} » n'est pas dans : {list}.");
    }

    [GeneratedRegex(@"^Cannot parse argument '(?<given>.*?)' for (option '(?<option>[^']+)'|command '[^']+') as expected type '(?<type>[^']+)'\.(?<choices>.*)$", RegexOptions.Singleline)]
    private static partial Regex Unparsed();

    [GeneratedRegex(@"^Argument '(?<given>.*?)' not recognized\. Must be one of:(?<choices>.*)$", RegexOptions.Singleline)]
    private static partial Regex Unlisted();

    /// <summary>One a line, quoted or not.</summary>
    [GeneratedRegex(@"(?<=\n\s*'?)[\w-]+(?='?\s*(\n|$))")]
    private static partial Regex Choices();

    [GeneratedRegex(@"^(Description|Usage|Arguments|Options|Commands|Additional Arguments):(?=\r?$)|(?<=^ .*)\[command\]|\(REQUIRED\)|\[default: ", RegexOptions.Multiline)]
    private static partial Regex HelpWord();

    [GeneratedRegex(@"^Option '(?<option>[^']+)' is required\.$")]
    private static partial Regex Required();

    [GeneratedRegex(@"^Unrecognized command or argument '(?<given>.*)'\.$", RegexOptions.Singleline)]
    private static partial Regex Unrecognized();

    [GeneratedRegex(@"^Required argument (missing for option: '(?<of>[^']+)'|'(?<of>[^']+)' missing for command: '[^']+')\.$")]
    private static partial Regex MissingOf();

    [GeneratedRegex(@"^Option '(?<of>[^']+)' expects a single argument but \d+ were provided\.$")]
    private static partial Regex TooMany();
}
