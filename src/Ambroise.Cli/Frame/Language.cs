using System.Runtime.CompilerServices;
using Ambroise.Cohorts.Explain;

namespace Ambroise.Cli.Frame;

/// <summary>English or French, by <c>--lang</c>, else by LC_ALL, LC_MESSAGES or LANG; English for any other language.</summary>
sealed record Language(bool IsFrench)
{
    static readonly string[] Variables = ["LC_ALL", "LC_MESSAGES", "LANG"];

    /// <summary>Needed before the command line is parsed, since help is written in it.</summary>
    public static Language Of(IReadOnlyList<string> args)
    {
        for (var i = 0; i < args.Count && args[i] != "--"; i++)
        {
            if (args[i] == "--lang" && i + 1 < args.Count) return new(args[i + 1] == "fr");
            if (args[i].StartsWith("--lang=", StringComparison.Ordinal)) return new(args[i] == "--lang=fr");
        }
        var named = Variables.Select(Environment.GetEnvironmentVariable).FirstOrDefault(v => !string.IsNullOrEmpty(v));
        return new(named?.StartsWith("fr", StringComparison.OrdinalIgnoreCase) == true);
    }

    /// <returns>The text in this language.</returns>
    public string Say(string english, string french) => IsFrench ? french : english;

    /// <returns>The sentence in this language, its numbers too.</returns>
    public string Say([InterpolatedStringHandlerArgument("")] Sentence english, [InterpolatedStringHandlerArgument("")] Sentence french) => (IsFrench ? french : english).ToString();

    /// <returns>What reads the same in every language but for its numbers.</returns>
    public string Say([InterpolatedStringHandlerArgument("")] Sentence either) => Say(either, either);

    /// <summary>How this language sets what it says.</summary>
    public Wording Wording => IsFrench ? Wording.French : Wording.English;
}
