using System.Globalization;
using Ambroise.Vault.Files;

namespace Ambroise.Vault.Keys;

/// <summary>A tenant's <c>keys/</c> folder: one keystore, and one folder of group files for each generation of the tenant key. Only the generation that
/// the keystore names counts; another is what a stopped rotation left, and the next change removes it.</summary>
/// <param name="beforeStep">Called before each change on disk with its name: where tests stop the program.</param>
sealed class KeyFolder(string path, Action<string>? beforeStep = null)
{
    const int LinuxWouldBlock = 11;
    const int MacWouldBlock = 35;
    const int WindowsSharing = unchecked((int)0x80070020);

    public string KeystorePath => Path.Combine(path, KeystoreFile.Name);

    /// <summary>Holds off every other writer of this folder, in this program or another, until disposed of.</summary>
    public Result<FileStream> Lock()
    {
        DurableFile.CreateFolder(path);
        try
        {
            return DurableFile.OpenOwnerOnly(Path.Combine(path, ".lock"), FileMode.OpenOrCreate);
        }
        catch (IOException error) when (error.HResult is LinuxWouldBlock or MacWouldBlock or WindowsSharing) // any other is the disk's
        {
            return new Failure(FailureKind.Conflict, "vault.keys-busy", "Another command is changing this tenant's keys: try again when it has ended.");
        }
    }

    public void CommitKeystore(KeystoreFile keystore)
    {
        Step("keystore");
        DurableFile.Replace(KeystorePath, keystore.ToBytes(), () => Step("rename keystore"));
    }

    public void CreateGeneration(int generation)
    {
        Step("generation");
        DurableFile.CreateFolder(Generation(generation));
        DurableFile.Sync(path);
    }

    public void WriteGroup(int generation, GroupFile group)
    {
        Step("group");
        DurableFile.Replace(GroupPath(generation, group.Group), group.ToBytes(), () => Step("rename group"));
    }

    /// <summary>As <see cref="WriteGroup"/>, and overwrites the file whose place it takes.</summary>
    public void ReplaceGroup(int generation, GroupFile group)
    {
        // Not the file of that name, which is the new one by then. Windows renames over no open file: there the old one is deleted as it is.
        using var old = OperatingSystem.IsWindows() ? null : new FileStream(GroupPath(generation, group.Group), FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        WriteGroup(generation, group);
        if (old is null) return;
        Step("overwrite group");
        DurableFile.Overwrite(old);
    }

    public byte[]? ReadGroup(int generation, string group)
    {
        var file = GroupPath(generation, group);
        return File.Exists(file) ? File.ReadAllBytes(file) : null;
    }

    /// <summary>Takes the group out by its name, then overwrites it: stopped in between it is gone, and <see cref="Tidy"/> ends it.</summary>
    public void ShredGroup(int generation, string group)
    {
        Step("shred group");
        var (file, going) = (GroupPath(generation, group), GroupPath(generation, group) + ".tmp");
        if (!File.Exists(file)) return;
        File.Move(file, going, overwrite: true);
        DurableFile.Sync(Generation(generation));
        Step("overwrite group");
        DurableFile.Shred(going);
    }

    public bool HasGeneration(int generation) => Directory.Exists(Generation(generation));

    public IEnumerable<string> Groups(int generation) =>
        !Directory.Exists(Generation(generation))
            ? []
            : Directory.EnumerateFiles(Generation(generation), "*.json").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal);

    /// <summary>Removes every generation but <paramref name="current"/>, and half-written files.</summary>
    public void Tidy(int current)
    {
        var keep = current.ToString(CultureInfo.InvariantCulture);
        foreach (var folder in Directory.EnumerateDirectories(path).Where(f => Path.GetFileName(f) != keep).ToList())
        {
            foreach (var file in Directory.EnumerateFiles(folder).ToList())
            {
                Step("shred stale");
                DurableFile.Shred(file);
            }
            Step("remove stale folder");
            Directory.Delete(folder);
        }
        foreach (var file in Directory.EnumerateFiles(path, "*.tmp", SearchOption.AllDirectories).ToList())
        {
            Step("shred temporary");
            DurableFile.Shred(file);
        }
        DurableFile.Sync(path);
    }

    /// <summary>Shreds the keystore first: from then on every data key is lost.</summary>
    public void ShredAll()
    {
        foreach (var file in new[] { KeystorePath, KeystorePath + ".tmp" }.Where(File.Exists))
        {
            Step("shred keystore");
            DurableFile.Shred(file);
        }
        Tidy(current: 0);
    }

    void Step(string name) => beforeStep?.Invoke(name);

    string Generation(int generation) => Path.Combine(path, generation.ToString(CultureInfo.InvariantCulture));

    string GroupPath(int generation, string group) => Path.Combine(Generation(generation), KeyName.Check(group) + ".json");
}
