namespace Ambroise.Tests;

/// <summary>The conformance data folder: <c>AMBROISE_CONFORMANCE</c>, or <c>shared</c> beside the checkout.</summary>
static class Conformance
{
    /// <returns>The path of a file or folder inside it; the test is skipped, saying so, where the folder is absent.</returns>
    public static string Path(string relative)
    {
        var root = Root();
        Assert.SkipWhen(root is null, "The conformance data folder is absent (set AMBROISE_CONFORMANCE).");
        return System.IO.Path.Combine(root!, relative);
    }

    static string? Root()
    {
        if (Environment.GetEnvironmentVariable("AMBROISE_CONFORMANCE") is { Length: > 0 } named) return Directory.Exists(named) ? named : null;
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(System.IO.Path.Combine(at.FullName, "Ambroise.slnx")))
            {
                var beside = System.IO.Path.GetFullPath(System.IO.Path.Combine(at.FullName, "..", "shared"));
                return Directory.Exists(System.IO.Path.Combine(beside, "omop")) ? beside : null;
            }
        return null;
    }
}
