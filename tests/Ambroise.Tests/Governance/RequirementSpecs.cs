using System.Text.RegularExpressions;

namespace Ambroise.Tests.Governance;

public sealed partial class RequirementSpecs
{
    [GeneratedRegex(@"`(\w+Specs)(?:\.(\w+))?`")]
    private static partial Regex Named();

    /// <summary>A test that the page names and nobody can run shows nothing.</summary>
    [Fact]
    public void Every_test_that_the_page_names_is_there()
    {
        var page = File.ReadAllText(Path.Combine(Checkout.Root, "docs", "governance.md"));
        var tests = string.Concat(Directory.EnumerateFiles(Path.Combine(Checkout.Root, "tests"), "*Specs.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        var named = Named().Matches(page);
        Assert.NotEmpty(named);
        Assert.All(named, m =>
        {
            Assert.Contains($"class {m.Groups[1].Value}", tests, StringComparison.Ordinal);
            Assert.Contains(m.Groups[2].Value, tests, StringComparison.Ordinal);
        });
    }
}
