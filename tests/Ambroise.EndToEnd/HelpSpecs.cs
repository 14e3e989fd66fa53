namespace Ambroise.EndToEnd;

/// <summary>Every command there is, found by walking <c>--help</c>.</summary>
public sealed class HelpSpecs
{
    [Theory]
    [InlineData("en", "Examples:", "Commands:", "Description:")]
    [InlineData("fr", "Exemples :", "Commandes :", "Description :")]
    public void Every_command_describes_itself_and_shows_an_example_of_itself(string language, string heading, string subcommands, string description)
    {
        using var home = new TemporaryHome();
        var seen = 0;
        Walk([]);
        Assert.True(seen >= 8, $"only {seen} commands were found");

        void Walk(string[] path)
        {
            var help = home.RunWith(null, [.. path, "--help", "--lang", language]).Succeeded().Output.Split('\n').Select(l => l.TrimEnd()).ToList();
            var commands = help.SkipWhile(l => l != subcommands).Skip(1).TakeWhile(l => l.StartsWith("  ", StringComparison.Ordinal))
                .Where(l => !char.IsWhiteSpace(l[2])).Select(l => l.Trim().Split(' ')[0]).ToList();
            var described = help[help.IndexOf(description) + 1].Trim();
            Assert.True(described.Length > 0, $"'{string.Join(' ', path)}' has no description");
            if (commands.Count == 0)
            {
                seen++;
                Assert.True(help.SkipWhile(l => l != heading).Any(l => l.StartsWith($"  ambroise {string.Join(' ', path)}", StringComparison.Ordinal)), $"'{string.Join(' ', path)}' shows no example in {language}");
            }
            if (language == "fr")
                foreach (var english in (string[])["Description:", "Usage:", "Arguments:", "Options:", "Commands:", "[command]", "(REQUIRED)", "[default", "Show "]) Assert.DoesNotContain(english, string.Join('\n', help), StringComparison.Ordinal);
            foreach (var command in commands) Walk([.. path, command]);
        }
    }

    [Theory]
    [InlineData("'2026-13-01' is no day: write it as 2028-12-31.", "« 2026-13-01 » n'est pas un jour", "role", "grant", "luc", "researcher", "--tenant", "chu", "--from", "2026-13-01")]
    [InlineData("'chief' is none of: administrator, data-engineer,", "« chief » n'est pas dans : administrator,", "role", "grant", "luc", "chief", "--tenant", "chu")]
    [InlineData("--channel: 'pigeon' is none of: CareTeam, Email,", "--channel: « pigeon » n'est pas dans : CareTeam,", "opposition", "add", "7", "--tenant", "chu", "--channel", "pigeon")]
    [InlineData("'seven' is no whole number.", "« seven » n'est pas un nombre entier.", "opposition", "add", "seven", "--tenant", "chu", "--channel", "post")]
    [InlineData("--last: 'x' is no whole number.", "--last: « x » n'est pas un nombre entier.", "audit", "list", "--tenant", "chu", "--last", "x")]
    [InlineData("Option '--tenant' is required.", "L'option --tenant est nécessaire.", "project", "list")]
    [InlineData("'DEF.json' missing", "Il manque DEF.json", "cohort", "count", "--tenant", "chu")]
    [InlineData("Unrecognized command or argument '--since'.", "« --since » n'est pas attendu ici.", "audit", "list", "--tenant", "chu", "--since")]
    [InlineData("missing for option: '--memory'", "Il manque --memory, ou sa valeur.", "load", "omop", "f", "--tenant", "chu", "--memory")]
    [InlineData("expects a single argument", "--tenant ne prend qu'une valeur.", "project", "list", "--tenant", "chu", "--tenant", "autre")]
    public void What_is_wrong_with_a_command_is_said_in_words_for_a_person(string english, string french, params string[] command)
    {
        using var home = new TemporaryHome();
        foreach (var (language, expected) in new[] { ("en", english), ("fr", french) })
        {
            var said = home.RunWith(null, ["--lang", language, .. command]).Failed(2, "cli.usage").Error;
            Assert.Contains(expected, said, StringComparison.Ordinal);
            Assert.DoesNotContain("System.", said, StringComparison.Ordinal);
        }
    }
}
