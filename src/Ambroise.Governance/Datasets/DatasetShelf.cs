using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Ambroise.Governance.Control;
using Ambroise.Lake.Reading;
using Ambroise.Vault;
using Ambroise.Vault.Files;

namespace Ambroise.Governance.Datasets;

/// <param name="Number">1 or more, in the order of building.</param>
public sealed record BuiltDataset(int Number, PackageContents Contents, long SealedBytes);

/// <summary>What a plan would come to.</summary>
public sealed record PlannedDataset(int Patients, AnonymityReport Anonymity)
{
    /// <summary>Null where the dataset may be built.</summary>
    public Failure? Blocked => Anonymity.ToGo > Anonymity.Removed
        ? new(FailureKind.Forbidden, "dataset.not-anonymous", $"{Anonymity.ToGo} of {Patients} patients are too few of their kind (k = {Anonymity.K}, l = {Anonymity.L}): coarser years of birth would help, or leave them out.")
        : null;
}

/// <summary>What remains of a project's datasets when its key is gone.</summary>
/// <param name="Files">SHA-256 of each sealed file that was destroyed: a copy that turns up later can be told to be one that nothing opens.</param>
public sealed record ExpiredProject(string Project, DateTimeOffset Expired, IReadOnlyDictionary<string, string> Files);

/// <summary>The datasets of a tenant's projects: built, listed, opened, and at the end made unreadable.</summary>
/// <param name="tenantFolder">Datasets are in its <c>datasets/PROJECT/NUMBER/</c>.</param>
public sealed class DatasetShelf(string tenantFolder, KeyRing keys, TimeProvider clock)
{
    string Folder(string project) => Path.Combine(tenantFolder, "datasets", project);

    string Numbered(string project, int number) => Path.Combine(Folder(project), number.ToString(CultureInfo.InvariantCulture));

    string TombstonePath(string project) => Path.Combine(Folder(project), "expired.json");

    /// <summary>Looks at the patients and says what a build would come to. Writes nothing.</summary>
    /// <param name="population">Ascending by person, distinct; those who object already left out.</param>
    /// <param name="sensitive">Groups of sensitive diagnoses, each ascending; at most 32.</param>
    public Result<PlannedDataset> Plan(OpenRelease release, DatasetPlan plan, IReadOnlyList<Permitted> population, IReadOnlyList<int[]> sensitive, CancellationToken cancel)
    {
        if (Expired(plan.Permit.Project) is { } gone) return gone;
        var look = DatasetBuild.At(release, plan, ProjectKeys.Make(keys, plan.Permit.Project), population, sensitive, cancel);
        return new PlannedDataset(look.Patients, look.Anonymity);
    }

    /// <summary>Builds the project's next dataset; it appears whole or not at all.</summary>
    /// <param name="memoryBytes">What rows being gathered may take.</param>
    /// <returns>The dataset; or <c>dataset.not-anonymous</c>, <c>dataset.empty</c>, <c>dataset.project-expired</c>, <c>dataset.pseudonym-collision</c>.</returns>
    public Result<BuiltDataset> Build(OpenRelease release, DatasetPlan plan, IReadOnlyList<Permitted> population, IReadOnlyList<int[]> sensitive, long memoryBytes,
        IProgress<(string Table, int Done, int Of)>? progress, CancellationToken cancel)
    {
        var project = plan.Permit.Project;
        if (Expired(project) is { } gone) return gone;
        var own = ProjectKeys.Make(keys, project);
        var look = DatasetBuild.At(release, plan, own, population, sensitive, cancel);
        if (new PlannedDataset(look.Patients, look.Anonymity).Blocked is { } blocked) return blocked;
        if (look.Patients - look.Anonymity.Removed == 0) return new Failure(FailureKind.Invalid, "dataset.empty", "No patient is left to give: nothing was built.");
        DurableFile.CreateFolder(Folder(project));
        var number = Numbers(project).DefaultIfEmpty().Max() + 1;
        var partial = Numbered(project, number) + ".partial";
        if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
        DurableFile.CreateFolder(partial);
        try
        {
            var contents = DatasetBuild.Write(partial, plan, own, look, memoryBytes, progress, cancel);
            Directory.Move(partial, Numbered(project, number));
            DurableFile.Sync(Folder(project));
            return Built(project, number, contents);
        }
        catch
        {
            if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
            throw;
        }
    }

    Failure? Expired(string project) => File.Exists(TombstonePath(project))
        ? new(FailureKind.Forbidden, "dataset.project-expired", $"Project {project} has expired: its key was destroyed and no dataset is built or opened for it again.")
        : null;

    List<int> Numbers(string project) => Directory.Exists(Folder(project))
        ? Directory.EnumerateDirectories(Folder(project)).Select(f => int.TryParse(Path.GetFileName(f), CultureInfo.InvariantCulture, out var n) ? n : 0).Where(n => n > 0).Order().ToList()
        : [];

    BuiltDataset Built(string project, int number, PackageContents contents) =>
        new(number, contents, Directory.EnumerateFiles(Numbered(project, number)).Sum(f => new FileInfo(f).Length));

    /// <returns>The project's datasets, oldest first; or <c>dataset.project-expired</c>, <c>dataset.tampered</c>.</returns>
    public Result<IReadOnlyList<BuiltDataset>> List(string project)
    {
        if (Expired(project) is { } gone) return gone;
        var numbers = Numbers(project);
        if (numbers.Count == 0) return Array.Empty<BuiltDataset>();
        if (ProjectKeys.Open(keys, project).Failed(out var failure, out var own)) return failure;
        return numbers.Select(n => Built(project, n, Package.Read(Numbered(project, n), own))).ToList();
    }

    /// <summary>Looks for patients in a dataset that was built.</summary>
    /// <param name="persons">person_id in the lake.</param>
    /// <returns>Those whose rows it holds; or <c>dataset.project-expired</c>, <c>dataset.no-key</c>.</returns>
    public Result<IReadOnlySet<long>> Holding(string project, int number, IEnumerable<long> persons)
    {
        if (Expired(project) is { } gone) return gone;
        if (ProjectKeys.Open(keys, project).Failed(out var failure, out var own)) return failure;
        var byPseudonym = persons.Distinct().ToDictionary(p => own.Pseudonym("person", p).ToString(CultureInfo.InvariantCulture));
        var held = new HashSet<long>();
        if (byPseudonym.Count == 0) return held;
        using var found = new FirstFields(field =>
        {
            if (byPseudonym.TryGetValue(field, out var person)) held.Add(person);
        });
        SealedStream.Open(Package.PathOf(Numbered(project, number), PersonFile), PersonFile, own, found);
        return held;
    }

    /// <summary>Every dataset has it: who is in it.</summary>
    /// <returns>The pseudonyms of every patient in any of the project's datasets; or <c>dataset.project-expired</c>, <c>dataset.no-key</c>.</returns>
    public Result<IReadOnlySet<long>> Pseudonyms(string project)
    {
        if (Expired(project) is { } gone) return gone;
        if (ProjectKeys.Open(keys, project).Failed(out var failure, out var own)) return failure;
        var all = new HashSet<long>();
        foreach (var number in Numbers(project))
        {
            using var found = new FirstFields(field =>
            {
                if (long.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out var pseudonym)) all.Add(pseudonym);
            });
            SealedStream.Open(Package.PathOf(Numbered(project, number), PersonFile), PersonFile, own, found);
        }
        return all;
    }

    /// <summary>Deletes one dataset; the project's key stays for its others.</summary>
    /// <returns>SHA-256 of each sealed file that was deleted.</returns>
    public IReadOnlyDictionary<string, string> Destroy(string project, int number)
    {
        var files = Directory.EnumerateFiles(Numbered(project, number), "*.sealed").Order(StringComparer.Ordinal).ToDictionary(f => Path.GetFileName(f), Sha256Of);
        Directory.Delete(Numbered(project, number), recursive: true);
        DurableFile.Sync(Folder(project));
        return files;
    }

    static string Sha256Of(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    const string PersonFile = "csv/person.csv";

    /// <summary>Unseals a dataset into a folder that only its owner may enter, each file checked against its hash.</summary>
    /// <param name="number">Null for the newest.</param>
    /// <param name="to">Made; must be empty where it is there.</param>
    /// <param name="withheld">Patients who object to the project now: a dataset that holds one of them is not given again.</param>
    /// <param name="record">Writes the opening to the audit; when it throws, nothing is unsealed.</param>
    public Result<BuiltDataset> Open(string project, int? number, string to, IReadOnlyCollection<long> withheld, Action<BuiltDataset> record, CancellationToken cancel)
    {
        if (List(project).Failed(out var failure, out var built)) return failure;
        if (built.FirstOrDefault(b => b.Number == (number ?? built[^1].Number)) is not { } found)
            return new Failure(FailureKind.NotFound, "dataset.unknown", $"Project {project} has no {(number is null ? "dataset yet" : $"dataset {number}")}.");
        if (Directory.Exists(to) && Directory.EnumerateFileSystemEntries(to).Any()) return new Failure(FailureKind.Conflict, "dataset.folder-not-empty", $"{to} is not empty: name another folder.");
        if (Holding(project, found.Number, withheld).Failed(out failure, out var objecting)) return failure;
        if (objecting.Count > 0) return new Failure(FailureKind.Conflict, "dataset.objected", $"Dataset {found.Number} holds a patient who objects by now: build it again, and open that one.");
        var own = ProjectKeys.Open(keys, project).OrThrow();
        record(found);
        foreach (var file in found.Contents.Files)
        {
            cancel.ThrowIfCancellationRequested();
            var path = Path.Combine(to, file.Name);
            DurableFile.CreateFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
            using var opened = DurableFile.OpenOwnerOnly(path, FileMode.CreateNew);
            SealedStream.Open(Package.PathOf(Numbered(project, found.Number), file.Name), file.Name, own, opened);
            opened.Position = 0;
            if (Convert.ToHexStringLower(SHA256.HashData(opened)) != file.Sha256) return new Failure(FailureKind.Tampered, "dataset.tampered", $"{file.Name} is not the file that was built.");
        }
        return found;
    }

    /// <summary>Destroys the project's key, then its sealed files, and leaves a list of what they were.</summary>
    public ExpiredProject Expire(string project)
    {
        if (File.Exists(TombstonePath(project)))
        {
            Finish(project);
            return JsonSerializer.Deserialize(File.ReadAllBytes(TombstonePath(project)), KeptJson.Indented<ExpiredProject>())!;
        }
        DurableFile.CreateFolder(Folder(project));
        var files = Directory.EnumerateFiles(Folder(project), "*.sealed", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToDictionary(f => Path.GetRelativePath(Folder(project), f).Replace('\\', '/'), Sha256Of);
        var expired = new ExpiredProject(project, clock.GetUtcNow(), files);
        // The note first: stopped after it, the project stays closed and the next call finishes.
        DurableFile.Replace(TombstonePath(project), JsonSerializer.SerializeToUtf8Bytes(expired, KeptJson.Indented<ExpiredProject>()));
        Finish(project);
        return expired;
    }

    void Finish(string project)
    {
        keys.Drop(ProjectKeys.Group(project));
        foreach (var folder in Directory.EnumerateDirectories(Folder(project)).ToList()) Directory.Delete(folder, recursive: true);
    }

    /// <returns>True where the project's key does not exist and none of its sealed files is left.</returns>
    public bool IsGone(string project) => !ProjectKeys.Exist(keys, project) && Numbers(project).Count == 0;
}
