using System.Collections.Frozen;
using System.Formats.Tar;

namespace Ambroise.Sources.Fhir.Reading;

/// <summary>One file of resources.</summary>
/// <param name="Name">Relative to the folder, with forward slashes.</param>
public sealed record FhirFile(string Path, string Name, long Bytes)
{
    /// <summary>Opens what lies sealed, unpacked; null for a file in the clear, which may be packed.</summary>
    internal Func<Stream>? Opens { get; init; }

    /// <summary>The instant that it tells of: a deletion in it that has no time is of then. Null: of the load.</summary>
    internal DateTimeOffset? AsOf { get; init; }

    /// <summary>A pipe, a socket or a device: who opens one may wait for ever.</summary>
    public bool IsNoFile { get; init; }

    /// <summary>Its checksum or its packing was found to be wrong: it is set aside whole.</summary>
    public bool IsDamaged { get; set; }
}

/// <summary>A packed file turned out to be damaged when some of it was read already: the load is to be begun anew, with the file marked as such.</summary>
public sealed class DamagedFileException(FhirFile file) : Exception($"{file.Name} is damaged.")
{
    public FhirFile File => file;

    /// <summary>Loads, and begins anew without each file that turns out to be damaged.</summary>
    public static async Task<T> WithoutAsync<T>(Func<Task<T>> load)
    {
        while (true)
            try
            {
                return await load();
            }
            catch (DamagedFileException e)
            {
                e.File.IsDamaged = true;
            }
    }
}

/// <summary>The files of a folder of FHIR: NDJSON or JSON, plain or gzip. A Bundle is one resource of a file or one line of it.</summary>
public sealed class FhirFolder
{
    static readonly string[] Endings = [".ndjson", ".jsonl", ".json", ".ndjson.gz", ".jsonl.gz", ".json.gz"];

    /// <summary>Kinds of files that a folder of data may hold and that are not read. Any other ending may be a name, and counts as one of them all.</summary>
    static readonly FrozenSet<string> OtherKinds = "7z bak bz2 cda csv dcm doc docx gz hl7 htm html log md md5 parquet pdf rar rtf sha256 sql tar tgz tmp tsv ttl txt xls xlsx xml xz yaml yml zip zst".Split(' ').ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    FhirFolder(string name, IReadOnlyList<FhirFile> files) => (Name, Files) = (name, files);

    /// <summary>Without what leads to it; of a server, its address.</summary>
    public string Name { get; }

    /// <summary>Definitions that other files refer to come first: fewer resources then have to wait.</summary>
    public IReadOnlyList<FhirFile> Files { get; }

    /// <summary>How many of its files are of kinds that are not read, by their ending.</summary>
    internal IReadOnlyDictionary<string, int> NotRead { get; private init; } = FrozenDictionary<string, int>.Empty;

    /// <returns>The folder or single file; or <c>source.folder-missing</c>, <c>source.nothing</c>.</returns>
    public static Result<FhirFolder> Open(string path)
    {
        if (File.Exists(path)) return new FhirFolder(NameOf(path), [new(path, System.IO.Path.GetFileName(path), new FileInfo(path).Length) { IsNoFile = IsNoFile(path) }]);
        if (!Directory.Exists(path)) return new Failure(FailureKind.NotFound, "source.folder-missing", $"{path} is neither a folder nor a file.");
        var all = FilesIn(path, []).ToLookup(f => Endings.Any(e => f.EndsWith(e, StringComparison.OrdinalIgnoreCase)));
        var files = InOrder(all[true].Select(f => new FhirFile(f, System.IO.Path.GetRelativePath(path, f).Replace('\\', '/'), new FileInfo(f).Length) { IsNoFile = IsNoFile(f) }));
        return files.Count > 0 ? new FhirFolder(NameOf(path), files) { NotRead = all[false].CountBy(Kind).ToFrozenDictionary() } : new Failure(FailureKind.Invalid, "source.nothing", $"{path} holds no .ndjson, .jsonl or .json file, plain or .gz.");
    }

    /// <summary>Files of a folder and those below it, each folder once, whatever links lead to it. What begins with a dot is left out: editors, network drives and archives leave such files behind.</summary>
    static IEnumerable<string> FilesIn(string folder, HashSet<string> entered)
    {
        if (!entered.Add(RealPath(folder))) yield break;
        static bool IsSeen(FileSystemInfo one) => !one.Name.StartsWith('.');
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles().Where(IsSeen)) yield return System.IO.Path.Combine(folder, file.Name);
        // By the links last: a folder is named as it lies, not as something points to it.
        foreach (var below in new DirectoryInfo(folder).EnumerateDirectories().Where(IsSeen).OrderBy(d => d.LinkTarget is null ? 0 : 1).ThenBy(d => d.Name, StringComparer.Ordinal))
            foreach (var file in FilesIn(System.IO.Path.Combine(folder, below.Name), entered)) yield return file;
    }

    static string Kind(string file) => System.IO.Path.GetExtension(file) is ['.', .. var kind] && OtherKinds.Contains(kind) ? kind.ToLowerInvariant() : "other";

    /// <summary>Pipes, sockets and devices have no bytes, as empty files have none. The platform's only reader of what a file is that does not open it is the one that writes archives.</summary>
    static bool IsNoFile(string path)
    {
        try
        {
            var target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
            if (new FileInfo(target) is not { Exists: true, Length: 0 }) return false;
            using var archive = new MemoryStream();
            using (var writer = new TarWriter(archive, leaveOpen: true)) writer.WriteEntry(target, "it");
            archive.Position = 0;
            using var reader = new TarReader(archive);
            return reader.GetNextEntry() is { EntryType: not (TarEntryType.RegularFile or TarEntryType.V7RegularFile) };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true; // a socket, or links in a circle
        }
    }

    /// <summary>Where a folder lies once every link on the way is followed.</summary>
    static string RealPath(string path)
    {
        var folder = new DirectoryInfo(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path)));
        if (folder.ResolveLinkTarget(returnFinalTarget: true) is { } target) return RealPath(target.FullName);
        return folder.Parent is { } parent ? System.IO.Path.Combine(RealPath(parent.FullName), folder.Name) : folder.FullName;
    }

    /// <summary>Files that lie elsewhere than in a folder in the clear.</summary>
    internal static FhirFolder Of(string name, IEnumerable<FhirFile> files) => new(name, InOrder(files));

    static List<FhirFile> InOrder(IEnumerable<FhirFile> files) =>
        [.. files.OrderBy(f => System.IO.Path.GetFileName(f.Name).Split('.')[0] is "Medication" or "Device" ? 0 : 1).ThenBy(f => f.Name, StringComparer.Ordinal)];

    static string NameOf(string path) => System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path)));
}
