namespace Ambroise.Sources.Fhir.Reading;

/// <summary>One file of resources.</summary>
/// <param name="Name">Relative to the folder, with forward slashes.</param>
public sealed record FhirFile(string Path, string Name, long Bytes);

/// <summary>The files of a folder of FHIR: NDJSON or JSON, plain or gzip. A Bundle is one resource of a file or one line of it.</summary>
public sealed class FhirFolder
{
    static readonly string[] Endings = [".ndjson", ".jsonl", ".json", ".ndjson.gz", ".jsonl.gz", ".json.gz"];

    FhirFolder(string path, IReadOnlyList<FhirFile> files) => (Path, Files) = (path, files);

    public string Path { get; }

    /// <summary>Definitions that other files refer to come first: fewer resources then have to wait.</summary>
    public IReadOnlyList<FhirFile> Files { get; }

    /// <returns>The folder or single file; or <c>source.folder-missing</c>, <c>source.nothing</c>.</returns>
    public static Result<FhirFolder> Open(string path)
    {
        if (File.Exists(path)) return new FhirFolder(path, [new(path, System.IO.Path.GetFileName(path), new FileInfo(path).Length)]);
        if (!Directory.Exists(path)) return new Failure(FailureKind.NotFound, "source.folder-missing", $"{path} is neither a folder nor a file.");
        var files = Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
            .Where(f => Endings.Any(e => f.EndsWith(e, StringComparison.OrdinalIgnoreCase)))
            .Select(f => new FhirFile(f, System.IO.Path.GetRelativePath(path, f).Replace('\\', '/'), new FileInfo(f).Length))
            .OrderBy(f => System.IO.Path.GetFileName(f.Name).Split('.')[0] is "Medication" or "Device" ? 0 : 1).ThenBy(f => f.Name, StringComparer.Ordinal).ToList();
        return files.Count > 0 ? new FhirFolder(path, files) : new Failure(FailureKind.Invalid, "source.nothing", $"{path} holds no .ndjson, .jsonl or .json file, plain or .gz.");
    }
}
