using System.Security.Cryptography;
using System.Text.Json;
using Ambroise.Governance.Control;
using Ambroise.Vault.Files;

namespace Ambroise.Governance.Backup;

/// <param name="Path">Inside the backup, with '/'.</param>
/// <param name="Sha256">Lower-case hexadecimal.</param>
public sealed record BackupFile(string Path, long Bytes, string Sha256);

/// <summary>What a backup holds: written last, so that a folder without it is no backup.</summary>
public sealed record BackupList(int Format, DateTimeOffset Taken, IReadOnlyList<BackupFile> Files)
{
    public const int CurrentFormat = 1;
    public const string FileName = "backup.json";
}

/// <summary>A whole home in another folder, at one instant, and back. Nothing is opened for it: data, keys and oppositions go as the ciphertext they are,
/// so a backup is worth what the tenants' passphrases or tokens protect. The control plane travels as SQLite, whichever database it lives in.</summary>
public static class HomeBackup
{
    const string ControlPlaneFile = "ambroise.db";

    /// <summary>Copies a home. No tenant may load, erase, drop or change keys meanwhile; questions go on.</summary>
    /// <param name="target">A folder that is not there, or empty.</param>
    /// <returns>What was written; or <c>backup.target-full</c>, <c>backup.busy</c>, <c>home.missing</c>.</returns>
    public static Result<BackupList> Take(Home home, ControlPlane plane, string target, TimeProvider clock, CancellationToken cancel)
    {
        if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any())
            return new Failure(FailureKind.Conflict, "backup.target-full", $"'{target}' is not empty: name a new folder.");
        var held = new List<FileStream>();
        try
        {
            if (Hold(home, held) is { } busy) return busy;
            DurableFile.CreateFolder(target);
            plane.CopyTo(Path.Combine(target, ControlPlaneFile));
            var files = new List<BackupFile> { Listed(target, ControlPlaneFile) };
            foreach (var path in Directory.EnumerateFiles(home.Root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            {
                cancel.ThrowIfCancellationRequested();
                if (!Belongs(Path.GetRelativePath(home.Root, path).Replace('\\', '/'), out var name)) continue;
                files.Add(Copy(path, target, name));
            }
            var list = new BackupList(BackupList.CurrentFormat, clock.GetUtcNow(), files);
            DurableFile.Replace(Path.Combine(target, BackupList.FileName), JsonSerializer.SerializeToUtf8Bytes(list, KeptJson.Indented<BackupList>()));
            return list;
        }
        finally
        {
            held.ForEach(h => h.Dispose());
        }
    }

    /// <summary>Makes a home from a backup, every file compared with its hash first.</summary>
    /// <param name="home">One that is not there yet.</param>
    /// <param name="server">A PostgreSQL connection to an empty database for the control plane; null for SQLite.</param>
    /// <returns>What was read; or <c>backup.missing</c>, <c>backup.changed</c>, <c>backup.home-exists</c>, <c>backup.database-full</c>.</returns>
    public static Result<BackupList> Restore(string source, Home home, TimeProvider clock, string? server, CancellationToken cancel)
    {
        if (home.IsMade) return new Failure(FailureKind.Conflict, "backup.home-exists", $"There is a warehouse in '{home.Root}' already: restore into a new folder.");
        if (Read(source).Failed(out var failure, out var list)) return failure;
        foreach (var file in list.Files)
        {
            cancel.ThrowIfCancellationRequested();
            if (!File.Exists(Path.Combine(source, file.Path)) || Listed(source, file.Path) != file)
                return new Failure(FailureKind.Tampered, "backup.changed", $"'{file.Path}' is not the file that was backed up: nothing was restored.");
        }

        DurableFile.CreateFolder(home.Root);
        DurableFile.CreateFolder(Path.Combine(home.Root, "tenants"));
        DurableFile.CreateFolder(home.VocabularyFolder);
        foreach (var file in list.Files.Where(f => f.Path != ControlPlaneFile))
        {
            cancel.ThrowIfCancellationRequested();
            Copy(Path.Combine(source, file.Path), home.Root, file.Path);
        }
        // The home is one from here on.
        var copied = Path.Combine(home.Root, "control-plane.restoring");
        Copy(Path.Combine(source, ControlPlaneFile), home.Root, Path.GetFileName(copied));
        if (server is null) File.Move(copied, home.ControlPlanePath);
        else
        {
            using (var from = ControlPlane.Create(copied, clock))
                if (from.CopyTo(new Database.OnServer(server)) is { } full) return full;
            foreach (var left in Directory.EnumerateFiles(home.Root, "control-plane.restoring*").ToList()) File.Delete(left);
            home.Initialise(clock, server);
        }
        DurableFile.Sync(home.Root);
        return list;
    }

    /// <summary>Takes the locks that loads, erasures, drops and changes of keys take.</summary>
    static Failure? Hold(Home home, List<FileStream> held)
    {
        var tenants = Path.Combine(home.Root, "tenants");
        if (!Directory.Exists(tenants)) return null;
        foreach (var tenant in Directory.EnumerateDirectories(tenants).Order(StringComparer.Ordinal))
            foreach (var path in new[] { Path.Combine(tenant, "writer.lock"), Path.Combine(tenant, "keys", ".lock") }.Where(p => Directory.Exists(Path.GetDirectoryName(p))))
                try
                {
                    held.Add(DurableFile.OpenOwnerOnly(path, FileMode.OpenOrCreate));
                }
                catch (IOException)
                {
                    return new Failure(FailureKind.Conflict, "backup.busy", $"Tenant '{Path.GetFileName(tenant)}' is being loaded, erased or dropped from, or given a new key: wait for it to end.");
                }
        return null;
    }

    static bool Belongs(string relative, out string name)
    {
        name = relative;
        return (relative.StartsWith("tenants/", StringComparison.Ordinal) || relative.StartsWith("vocabulary/", StringComparison.Ordinal))
            && !relative.EndsWith("/writer.lock", StringComparison.Ordinal) && !relative.EndsWith("/.lock", StringComparison.Ordinal) && !relative.EndsWith(".tmp", StringComparison.Ordinal);
    }

    static Result<BackupList> Read(string source)
    {
        var path = Path.Combine(source, BackupList.FileName);
        if (!File.Exists(path)) return new Failure(FailureKind.NotFound, "backup.missing", $"'{source}' holds no backup, or one that was not finished.");
        try
        {
            var list = JsonSerializer.Deserialize(File.ReadAllBytes(path), KeptJson.Indented<BackupList>());
            // A name must not lead out of the folder it is restored to.
            if (list is { Format: BackupList.CurrentFormat, Files: not null } && list.Files.All(f => f.Path == ControlPlaneFile || (Belongs(f.Path, out _) && !f.Path.Split('/').Contains("..")))) return list;
        }
        catch (JsonException)
        {
            // Said below.
        }
        return new Failure(FailureKind.Tampered, "backup.changed", $"'{path}' is not the list of a backup: nothing was restored.");
    }

    static BackupFile Copy(string path, string folder, string name)
    {
        var to = Path.Combine(folder, name);
        DurableFile.CreateFolder(Path.GetDirectoryName(to)!);
        using var read = File.OpenRead(path);
        using var write = DurableFile.OpenOwnerOnly(to, FileMode.Create);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        for (int got; (got = read.Read(buffer)) > 0;)
        {
            hash.AppendData(buffer, 0, got);
            write.Write(buffer, 0, got);
        }
        write.Flush(flushToDisk: true);
        return new(name, write.Length, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    static BackupFile Listed(string folder, string name)
    {
        using var read = File.OpenRead(Path.Combine(folder, name));
        return new(name, read.Length, Convert.ToHexStringLower(SHA256.HashData(read)));
    }
}
