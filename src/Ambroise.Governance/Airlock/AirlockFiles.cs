using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using Ambroise.Governance.Datasets;
using Ambroise.Vault;
using Ambroise.Vault.Files;

namespace Ambroise.Governance.Airlock;

/// <summary>The files of export requests, sealed under their project's key from the moment they are submitted: what is approved is what was looked at.</summary>
/// <param name="tenantFolder">They are in its <c>datasets/PROJECT/airlock/NUMBER/</c>, and go with the project.</param>
public sealed class AirlockFiles(string tenantFolder, KeyRing keys)
{
    string Folder(string project, long number) => Path.Combine(tenantFolder, "datasets", project, "airlock", number.ToString(CultureInfo.InvariantCulture));

    static string Sealed(string folder, int index) => Path.Combine(folder, $"{index.ToString(CultureInfo.InvariantCulture)}.sealed");

    static string Name(long number, int index) => string.Create(CultureInfo.InvariantCulture, $"airlock/{number}/{index}");

    /// <summary>Takes copies in.</summary>
    /// <returns>What they are and what was found in them; or <c>dataset.no-key</c>, <c>airlock.file-invalid</c>.</returns>
    public Result<(ImmutableArray<AirlockFile> Files, ImmutableArray<Finding> Findings)> Take(string project, long number, IReadOnlyList<FileInfo> from, IReadOnlySet<long> pseudonyms, int threshold)
    {
        if (ProjectKeys.Open(keys, project).Failed(out var failure, out var own)) return failure;
        if (from.Count == 0 || from.Select(f => f.Name).Distinct().Count() != from.Count || from.FirstOrDefault(f => !f.Exists || f.Length > DisclosureCheck.LargestBytes) is not null)
            return new Failure(FailureKind.Invalid, "airlock.file-invalid", $"Name files that are there, of different names, of at most {DisclosureCheck.LargestBytes >> 20} MiB each.");
        var folder = Folder(project, number);
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true); // of a submission that was stopped
        DurableFile.CreateFolder(folder);
        var files = ImmutableArray.CreateBuilder<AirlockFile>();
        var findings = ImmutableArray.CreateBuilder<Finding>();
        for (var i = 0; i < from.Count; i++)
        {
            var content = File.ReadAllBytes(from[i].FullName);
            using var stream = new SealedStream(Sealed(folder, i), Name(number, i), own);
            stream.Write(content);
            files.Add(new(from[i].Name, content.Length, Convert.ToHexStringLower(SHA256.HashData(content))));
            findings.AddRange(DisclosureCheck.Of(from[i].Name, content, pseudonyms, threshold));
        }
        return (files.ToImmutable(), findings.ToImmutable());
    }

    /// <summary>Gives the files of a request.</summary>
    /// <param name="to">A new or empty folder.</param>
    /// <returns>Null; or <c>dataset.no-key</c>, <c>dataset.folder-not-empty</c>, <c>dataset.tampered</c>.</returns>
    public Failure? Give(ExportRequest request, string to)
    {
        if (ProjectKeys.Open(keys, request.Project).Failed(out var failure, out var own)) return failure;
        if (Directory.Exists(to) && Directory.EnumerateFileSystemEntries(to).Any()) return new(FailureKind.Conflict, "dataset.folder-not-empty", $"{to} is not empty: name another folder.");
        DurableFile.CreateFolder(to);
        for (var i = 0; i < request.Files.Length; i++)
        {
            using var content = new MemoryStream();
            SealedStream.Open(Sealed(Folder(request.Project, request.Number), i), Name(request.Number, i), own, content);
            if (Convert.ToHexStringLower(SHA256.HashData(content.ToArray())) != request.Files[i].Sha256) return new(FailureKind.Tampered, "dataset.tampered", $"{request.Files[i].Name} is not the file that was submitted.");
            using var file = DurableFile.OpenOwnerOnly(Path.Combine(to, request.Files[i].Name), FileMode.CreateNew);
            content.WriteTo(file);
        }
        return null;
    }
}
