namespace Ambroise.EndToEnd;

/// <summary>Every command there is, found by walking <c>--help</c>.</summary>
public sealed class HelpSpecs
{
    [Theory]
    [InlineData("en", "Examples:")]
    [InlineData("fr", "Exemples :")]
    public void Every_command_describes_itself_and_shows_an_example_of_itself(string language, string heading)
    {
        using var home = new TemporaryHome();
        var seen = 0;
        Walk([]);
        Assert.True(seen >= 8, $"only {seen} commands were found");

        void Walk(string[] path)
        {
            var help = home.RunWith(null, [.. path, "--help", "--lang", language]).Succeeded().Output.Split('\n').Select(l => l.TrimEnd()).ToList();
            var commands = help.SkipWhile(l => l != "Commands:").Skip(1).TakeWhile(l => l.StartsWith("  ", StringComparison.Ordinal))
                .Where(l => !char.IsWhiteSpace(l[2])).Select(l => l.Trim().Split(' ')[0]).ToList();
            var described = help[help.IndexOf("Description:") + 1].Trim();
            Assert.True(described.Length > 0, $"'{string.Join(' ', path)}' has no description");
            if (commands.Count == 0)
            {
                seen++;
                Assert.True(help.SkipWhile(l => l != heading).Any(l => l.StartsWith($"  ambroise {string.Join(' ', path)}", StringComparison.Ordinal)), $"'{string.Join(' ', path)}' shows no example in {language}");
            }
            foreach (var command in commands) Walk([.. path, command]);
        }
    }
}
