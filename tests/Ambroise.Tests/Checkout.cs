namespace Ambroise.Tests;

/// <summary>The source tree the tests were built from.</summary>
static class Checkout
{
    public static string Root { get; } = Find();

    static string Find()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "Ambroise.slnx"))) return at.FullName;
        throw new InvalidOperationException("The tests run outside of the checkout.");
    }
}
