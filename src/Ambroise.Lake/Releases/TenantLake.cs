using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Quarantine;
using Ambroise.Lake.Sealing;
using Ambroise.Lake.Writing;
using Ambroise.Vault;

namespace Ambroise.Lake.Releases;

/// <summary>An unsealed tenant's releases on disk. The ledger in the control plane is the commit point: a manifest counts when its hash is there.</summary>
/// <remarks>A manifest waits as <c>n.pending.json</c>, the ledger takes its hash, then it becomes <c>n.json</c>. Whoever opens the lake after a crash
/// finishes the rename; the next load removes what no committed manifest names.</remarks>
public sealed class TenantLake
{
    const string KeyGroup = "lake", KeyName = "manifest";
    static readonly string[] Swept = ["shards", "quarantine", "runs"];
    readonly IReleaseLedger ledger;
    readonly TimeProvider clock;
    readonly ConcurrentDictionary<string, Departed> departures = new();
    readonly ConcurrentDictionary<string, Manifest> manifestsRead = new();

    /// <param name="folder">The tenant's folder; made if absent.</param>
    /// <param name="keys">The unsealed tenant's keys.</param>
    public TenantLake(string folder, string tenant, KeyRing keys, IReleaseLedger ledger, TimeProvider clock)
    {
        (Folder, Tenant, Keys, this.ledger, this.clock) = (folder, tenant, keys, ledger, clock);
        if (!keys.Groups.Contains(KeyGroup)) keys.Create(KeyGroup, [KeyName]);
    }

    public string Folder { get; }
    public string Tenant { get; }

    /// <summary>Where rows wait on disk, sealed under keys of the process that made them.</summary>
    internal string Runs => Path.Combine(Folder, "runs");
    internal KeyRing Keys { get; }

    internal TableFileReader OpenFile(LakeFile file)
    {
        var path = Path.Combine(Folder, file.Path);
        try
        {
            return TableFileReader.Open(path, file.FooterSha256, id =>
                id.IndexOf('/') is var slash and > 0 && id[..slash] == file.Keys && id[(slash + 1)..] is var name && Keys.Has(file.Keys, name) ? Keys.Get(file.Keys, name) : null);
        }
        catch (FailureException) when (!File.Exists(path))
        {
            throw Missing(file).AsException();
        }
    }

    /// <returns>What to say of a file that is not there: it was taken from a release; or none names it any more, and whoever reads it opened a release before that.</returns>
    internal Failure Missing(LakeFile file) => Releases().Failed(out _, out var now) || now.Any(m => m.Files.Any(f => f.Path == file.Path))
        ? new(FailureKind.Tampered, "lake.file-missing", $"{file.Path} is gone from its release.")
        : new(FailureKind.Conflict, "lake.file-dropped", $"{file.Path} went while it was in use: its release was dropped, or a patient erased. Run the command again.");

    /// <summary>Whose rows count no more where a release holds them.</summary>
    /// <exception cref="FailureException">The file is missing or damaged.</exception>
    internal Departed DepartedOf(Manifest manifest) => manifest.Files.FirstOrDefault(f => f is { Part: FilePart.Report, Table: Departed.Kind }) is not { } file ? Departed.None
        : departures.GetOrAdd(file.Path, _ => Departed.Parse(SealedReport.Read(this, manifest, Departed.Kind).OrThrow().Content!));

    string ReleasesFolder => Path.Combine(Folder, "releases");
    string Named(int release) => Path.Combine(ReleasesFolder, $"{release}.json");
    string Pending(int release) => Path.Combine(ReleasesFolder, $"{release}.pending.json");

    /// <summary>HMAC-SHA-256 under the tenant's lake key, lower-case hexadecimal: a hash that tells an outsider nothing about the rows.</summary>
    internal string Keyed(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(HMACSHA256.HashData(Keys.Get(KeyGroup, KeyName).Span, bytes));

    /// <summary>Keyed hash of what the files hold, in stored order, whatever keys seal them and wherever it was read.</summary>
    internal string Content(IEnumerable<LakeFile> files) => Keyed(Encoding.UTF8.GetBytes(string.Join('\n', files.Where(f => f.Part is FilePart.Analytic or FilePart.Identity || f.Table == Departed.Kind).Select(f => f.Content))));

    /// <returns>Every release, oldest first, each authenticated and chained to the one before.</returns>
    public Result<IReadOnlyList<Manifest>> Releases()
    {
        while (true)
        {
            var entries = Entries();
            var read = Read(entries);
            // Where another program commits meanwhile, its manifests are met with the entries before.
            if (!read.Failed(out _, out _) || Entries().SequenceEqual(entries)) return read;
        }
    }

    List<LedgerEntry> Entries() => [.. ledger.List(Tenant).OrderBy(e => e.Number)];

    Result<IReadOnlyList<Manifest>> Read(List<LedgerEntry> entries)
    {
        var manifests = new List<Manifest>();
        var files = new Dictionary<string, LakeFile>();
        var before = "";
        foreach (var entry in entries)
        {
            if (Read(entry, files).Failed(out var failure, out var manifest)) return failure;
            if (manifest.Tenant != Tenant || manifest.Release != entry.Number || manifest.ParentSha256 != before || manifest.Parent != (manifests.Count == 0 ? 0 : manifests[^1].Release))
                return new Failure(FailureKind.Tampered, "lake.manifest-chain", $"releases/{entry.Number}.json does not follow the release before it.");
            manifests.Add(manifest);
            before = entry.ManifestSha256;
        }
        var newest = manifests.Count == 0 ? 0 : manifests[^1].Release;
        var gone = DroppedRelease.Of(manifests).Select(d => d.Release).ToHashSet();
        foreach (var number in Enumerable.Range(1, newest).Except(manifests.Select(m => m.Release)))
            if (!gone.Contains(number)) return new Failure(FailureKind.Tampered, "lake.manifest-chain", $"Release {number} is not there, and no release says that it was dropped.");
        if (Directory.Exists(ReleasesFolder))
            foreach (var path in Directory.EnumerateFiles(ReleasesFolder, "*.json"))
                if (int.TryParse(Path.GetFileNameWithoutExtension(path), out var number) && (number > newest || manifests.All(m => m.Release != number)) && !gone.Contains(number))
                    return new Failure(FailureKind.Tampered, "lake.ledger-behind", $"releases/{number}.json was committed, yet the control plane does not know it: an older ambroise.db was put back.");
        return manifests;
    }

    internal Failure Empty => new(FailureKind.NotFound, "lake.empty", $"Tenant {Tenant} holds no release yet: load something first.");

    internal DateTimeOffset Now => clock.GetUtcNow();

    /// <param name="number">Null for the newest.</param>
    /// <returns>The release; or <c>lake.empty</c>, <c>lake.release-unknown</c>, <c>lake.release-dropped</c> with when and by whom, <c>lake.…</c>.</returns>
    public Result<Manifest> Release(int? number)
    {
        if (Releases().Failed(out var failure, out var all)) return failure;
        if (all.Count == 0) return Empty;
        return all.FirstOrDefault(m => m.Release == (number ?? all[^1].Release)) is { } found ? found
            : DroppedRelease.Of(all).FirstOrDefault(d => d.Release == number) is { } dropped ? new Failure(FailureKind.NotFound, "lake.release-dropped", string.Create(CultureInfo.InvariantCulture, $"Release {number} of {Tenant} was dropped on {dropped.At:yyyy-MM-dd HH:mm} UTC by {dropped.By}: what it alone held is gone."))
            : new Failure(FailureKind.NotFound, "lake.release-unknown", $"Tenant {Tenant} has no release {number}.");
    }

    /// <param name="files">Those of the manifests before, by path: most are kept by the next, and are the same in memory.</param>
    Result<Manifest> Read(LedgerEntry entry, Dictionary<string, LakeFile> files)
    {
        var path = Named(entry.Number);
        var bytes = Matching(path, entry);
        if (bytes is null)
        {
            var waiting = Matching(Pending(entry.Number), entry);
            // Where it does not wait, another program may have finished the rename since.
            if ((waiting ?? Matching(path, entry)) is not { } found)
                return File.Exists(path)
                    ? new Failure(FailureKind.Tampered, "lake.manifest-changed", $"releases/{entry.Number}.json is not the manifest that was committed.")
                    : new Failure(FailureKind.Tampered, "lake.manifest-missing", $"releases/{entry.Number}.json is gone.");
            bytes = found;
            if (waiting is not null) TryPromote(entry.Number);
        }
        if (manifestsRead.TryGetValue(entry.ManifestSha256, out var read)) return read;
        if (Manifest.Open(bytes, Keys.Get(KeyGroup, KeyName).Span, $"releases/{entry.Number}.json").Failed(out var failure, out var manifest)) return failure;
        manifest = manifest with { Files = [.. manifest.Files.Select(f => files.TryGetValue(f.Path, out var same) && same == f ? same : files[f.Path] = f)] };
        return manifestsRead[entry.ManifestSha256] = manifest;
    }

    void TryPromote(int release)
    {
        try
        {
            File.Move(Pending(release), Named(release), overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A read-only home: the pending file serves as well, and the next load finishes the rename.
        }
    }

    static byte[]? Matching(string path, LedgerEntry entry)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        return Convert.ToHexStringLower(SHA256.HashData(bytes)) == entry.ManifestSha256 ? bytes : null;
    }

    /// <summary>Takes the tenant's one place for writers.</summary>
    /// <returns>A failure when another load, erasure or drop holds it.</returns>
    public Result<IDisposable> Lock()
    {
        PrivateFile.CreateFolder(Folder);
        try
        {
            return new FileStream(Path.Combine(Folder, "writer.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return new Failure(FailureKind.Conflict, "lake.busy", $"Another load, erasure or drop is running on tenant {Tenant}: wait for it to end.");
        }
    }

    /// <summary>Removes what no committed manifest names, files and keys: what an interrupted load left, and what an erasure or a drop leaves behind. Call with the lock held.</summary>
    /// <returns>How many files went.</returns>
    public Result<int> Clean()
    {
        if (Releases().Failed(out var failure, out var manifests)) return failure;
        var kept = manifests.SelectMany(m => m.Files).Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        var gone = 0;
        foreach (var folder in Swept.Select(f => Path.Combine(Folder, f)).Where(Directory.Exists))
            foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            {
                if (kept.Contains(Path.GetRelativePath(Folder, path).Replace('\\', '/'))) continue;
                File.Delete(path);
                gone++;
            }
        var dropped = DroppedRelease.Of(manifests).Select(d => Named(d.Release)).ToHashSet(StringComparer.Ordinal);
        if (Directory.Exists(ReleasesFolder))
            foreach (var path in Directory.EnumerateFiles(ReleasesFolder).Where(p => p.EndsWith(".pending.json", StringComparison.Ordinal) || p.EndsWith(".partial", StringComparison.Ordinal) || dropped.Contains(p)))
            {
                File.Delete(path);
                gone++;
            }
        // A release that is there may be written anew in part, under any of its keys; of one that is not, the keys stay whose files others kept.
        foreach (var group in Keys.Groups.Where(g => IsOfRelease(g) && !manifests.Any(m => $"r{m.Release}" == g)).ToList())
        {
            var sealing = manifests.SelectMany(m => m.Files).Where(f => f.Keys == group).ToList();
            if (sealing.Count == 0) Keys.Drop(group);
            else Keys.Drop(group, key => sealing.Any(f => f.Needs(key)));
        }
        return gone;
    }

    /// <summary>Exactly: a key dropped by mistake takes what it sealed with it.</summary>
    static bool IsOfRelease(string group) => group is ['r', .. var number] && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    /// <summary>Starts a release of the persons given. Call with the lock held, after <see cref="Clean"/> and <see cref="ReleaseWriter.MakeKeys"/>.</summary>
    /// <param name="persons">Every person_id that is written, without duplicates.</param>
    /// <param name="firstShard">The number of the first shard written: as many are kept from the release before.</param>
    /// <param name="tables">The tables that will come.</param>
    /// <param name="rejected">Takes the rows that cannot be accepted.</param>
    internal ReleaseWriter Write(int release, long[] persons, int firstShard, IEnumerable<CdmTable> tables, RejectedRows rejected, WriteOptions options, CancellationToken cancel) =>
        new(this, release, persons, firstShard, tables, rejected, options, cancel);

    /// <summary>Commits what a writer wrote as the newest release.</summary>
    /// <param name="files">The release's files, in stored order.</param>
    public Manifest Commit(IReadOnlyList<Manifest> earlier, int release, LoadMode mode, string source, long patients, int shards, long quarantined, IEnumerable<LakeFile> files)
    {
        var entries = Entries();
        var all = files.ToImmutableArray();
        var content = Content(all);
        var manifest = new Manifest(Manifest.PlainFormat, Tenant, release, earlier.Count == 0 ? 0 : earlier[^1].Release, entries.Count == 0 ? "" : entries[^1].ManifestSha256,
            Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)), clock.GetUtcNow(), mode, source, patients, shards, content, quarantined, all);
        Publish([.. earlier, manifest], from: earlier.Count);
        return manifest;
    }

    /// <summary>Replaces the manifests from an index on, in one commit: the chain of hashes is made anew from there. Those before it stay as they are.</summary>
    internal void Publish(IReadOnlyList<Manifest> manifests, int from)
    {
        PrivateFile.CreateFolder(ReleasesFolder);
        foreach (var folder in manifests.Skip(from).SelectMany(m => m.Files).Select(f => Path.GetDirectoryName(Path.Combine(Folder, f.Path))!).Distinct().Where(Directory.Exists)) PrivateFile.FlushFolder(folder);
        var entries = Entries()[..from];
        for (var i = from; i < manifests.Count; i++)
        {
            var linked = manifests[i] with { Parent = i == 0 ? 0 : manifests[i - 1].Release, ParentSha256 = entries.Count == 0 ? "" : entries[^1].ManifestSha256 };
            var bytes = linked.Seal(Keys.Get(KeyGroup, KeyName).Span);
            PrivateFile.WriteDurably(Pending(linked.Release), bytes);
            entries.Add(new(linked.Release, Convert.ToHexStringLower(SHA256.HashData(bytes))));
        }
        ledger.Commit(Tenant, entries);
        for (var i = from; i < manifests.Count; i++) TryPromote(manifests[i].Release);
        PrivateFile.FlushFolder(ReleasesFolder);
    }
}
