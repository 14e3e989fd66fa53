using System.Runtime.InteropServices;

namespace Ambroise.Vault.Files;

/// <summary>Files that are either the old ones or the new ones after a power cut, and that only their owner reads (0600; folders 0700).</summary>
public static partial class DurableFile
{
    const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    const UnixFileMode OwnerFolder = OwnerFile | UnixFileMode.UserExecute;

    /// <summary>Writes to a temporary neighbour, forces it to the disk, renames it over <paramref name="path"/>, then forces the folder.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> content) => Replace(path, content, null);

    internal static void Replace(string path, ReadOnlySpan<byte> content, Action? beforeRename)
    {
        var temporary = path + ".tmp";
        using (var file = OpenOwnerOnly(temporary, FileMode.Create))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
        beforeRename?.Invoke();
        File.Move(temporary, path, overwrite: true);
        Sync(Path.GetDirectoryName(path)!);
    }

    /// <summary>Opens a file for writing that only its owner may read.</summary>
    public static FileStream OpenOwnerOnly(string path, FileMode mode, FileShare share = FileShare.None)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share };
        if (!OperatingSystem.IsWindows() && mode != FileMode.Open) options.UnixCreateMode = OwnerFile;
        return new FileStream(path, options);
    }

    /// <summary>Creates a folder, and its missing parents, that only its owner may enter.</summary>
    public static void CreateFolder(string path)
    {
        if (Directory.Exists(path)) return;
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } parent) CreateFolder(parent); // the mode below goes to the last folder alone
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, OwnerFolder);
    }

    /// <summary>Writes random bytes over a file's content, forces them to the disk and deletes it. A disk that writes elsewhere (flash, copy-on-write,
    /// snapshots) may keep the old blocks: what protects then is that the content was encrypted.</summary>
    public static void Shred(string path)
    {
        using (var file = OpenOwnerOnly(path, FileMode.Open)) Overwrite(file);
        File.Delete(path);
        Sync(Path.GetDirectoryName(path)!);
    }

    /// <summary>Writes random bytes over a file's content, from its start, and forces them to the disk.</summary>
    internal static void Overwrite(FileStream file)
    {
        var noise = new byte[file.Length];
        System.Security.Cryptography.RandomNumberGenerator.Fill(noise);
        file.Write(noise);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Forces a folder's entries (creations, renames, deletions) to the disk. Does nothing on Windows, where NTFS journals them.</summary>
    public static void Sync(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        var handle = OpenFolder(folder, 0);
        if (handle < 0) throw new IOException($"Cannot open folder '{folder}' to force it to the disk (errno {Marshal.GetLastPInvokeError()}).");
        try
        {
            if (ForceToDisk(handle) != 0) throw new IOException($"Cannot force folder '{folder}' to the disk (errno {Marshal.GetLastPInvokeError()}).");
        }
        finally
        {
            _ = Close(handle);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int OpenFolder(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ForceToDisk(int handle);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int handle);
}
