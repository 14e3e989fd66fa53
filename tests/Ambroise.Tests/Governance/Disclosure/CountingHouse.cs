using Ambroise.Governance.Disclosure;
using Ambroise.Tests.Vault;
using Ambroise.Vault;

namespace Ambroise.Tests.Governance.Disclosure;

/// <summary>A tenant's keys and, for each game, a memory of answers of its own.</summary>
sealed class CountingHouse : IDisposable
{
    readonly KeyFolderFixture folder = new();
    readonly DirectoryInfo games = Directory.CreateTempSubdirectory("ambroise-counts-");
    int played;

    public CountingHouse() => Keys = folder.Create().OrThrow();

    public KeyRing Keys { get; }

    public string Folder(int game) => Path.Combine(games.FullName, $"{game}");

    public SafeCounts Counts(int game) => SafeCounts.Open(Folder(game), Keys).OrThrow();

    /// <summary>Counts that have answered nothing yet.</summary>
    public SafeCounts Fresh() => Counts(++played);

    public string LastFolder => Folder(played);

    public void Dispose()
    {
        Keys.Dispose();
        folder.Dispose();
        games.Delete(recursive: true);
    }
}

static class CountingExtensions
{
    /// <summary>The count shown, 0 where it is withheld.</summary>
    public static int See(this SafeCounts counts, IEnumerable<long> patients) => counts.Show(patients).OrThrow().Count ?? 0;
}
