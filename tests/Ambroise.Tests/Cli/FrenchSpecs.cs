using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Ambroise.Cli.Frame;

namespace Ambroise.Tests.Cli;

/// <summary>Whoever reads French is told of every failure in French.</summary>
public sealed partial class FrenchSpecs
{
    [Fact]
    public void Every_failure_that_the_sources_name_has_a_french_sentence_and_every_sentence_a_failure()
    {
        var named = Directory.EnumerateFiles(Sources(), "*.cs", SearchOption.AllDirectories).Where(f => !f.EndsWith("French.cs", StringComparison.Ordinal)).Select(File.ReadAllText).ToList();
        var codes = named.SelectMany(text => Code().Matches(text)).Select(m => m.Groups["code"].Value).ToHashSet();
        Assert.True(codes.Count > 100, $"Only {codes.Count} codes were found.");
        Assert.Empty(codes.Except(French.Sentences.Keys).Order(StringComparer.Ordinal));
        Assert.Empty(French.Sentences.Keys.Where(code => !named.Any(text => text.Contains($"\"{code}\"", StringComparison.Ordinal))).Order(StringComparer.Ordinal));
    }

    static string Sources([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../src"));

    /// <summary>Made in place, or by one of the few methods that are given the code.</summary>
    [GeneratedRegex("(FailureKind\\.\\w+,|(?:Broken|Fault|Invalid|Unavailable)\\()\\s*\"(?<code>[a-z0-9-]+\\.[a-z0-9-]+)\"")]
    private static partial Regex Code();
}
