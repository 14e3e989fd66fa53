using Ambroise.Lake.Releases;
using Ambroise.Sources.Fhir.Reading;

namespace Ambroise.Tests.Fhir;

/// <summary>Which files of a folder are read.</summary>
public sealed class FhirFolderSpecs : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ambroise-fhir-");

    void Write(string name)
    {
        var path = Path.Combine(folder.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "{}");
    }

    IEnumerable<string> Read() => FhirFolder.Open(folder.FullName).OrThrow().Files.Select(f => f.Name);

    [Fact]
    public void A_folder_is_read_once_whatever_leads_to_it()
    {
        Write("a.ndjson");
        Write("z/b.ndjson");
        Directory.CreateSymbolicLink(Path.Combine(folder.FullName, "loop"), folder.FullName);
        Directory.CreateSymbolicLink(Path.Combine(folder.FullName, "again"), Path.Combine(folder.FullName, "loop", "z"));
        Directory.CreateSymbolicLink(Path.Combine(folder.FullName, "z", "up"), "..");
        using var elsewhere = new FhirFolderSpecs();
        elsewhere.Write("c.ndjson");
        Directory.CreateSymbolicLink(Path.Combine(folder.FullName, "other"), elsewhere.folder.FullName);
        Assert.Equal(["a.ndjson", "other/c.ndjson", "z/b.ndjson"], Read());
    }

    [Fact]
    public void What_begins_with_a_dot_is_passed_over_unless_it_is_named()
    {
        foreach (var name in new[] { "a.ndjson", ".b.ndjson", ".nfs01/c.ndjson", "d/.e.json" }) Write(name);
        Assert.Equal(["a.ndjson"], Read());
        Assert.Equal(["c.ndjson"], FhirFolder.Open(Path.Combine(folder.FullName, ".nfs01")).OrThrow().Files.Select(f => f.Name));
        Assert.Equal([".b.ndjson"], FhirFolder.Open(Path.Combine(folder.FullName, ".b.ndjson")).OrThrow().Files.Select(f => f.Name));
    }

    /// <summary>More often than not it is the files: told where they begin to be none, without a word of them.</summary>
    [Fact]
    public void Where_no_patient_came_it_is_told_what_could_not_be_read()
    {
        using var hospital = new FhirHospital();
        var failure = Assert.Throws<FailureException>(() => hospital.LoadFiles(LoadMode.Replace, new() { ["b.ndjson"] = FhirHospital.Gzip("{}"), ["a.ndjson"] = "\n[DUPONT]\n[]\n"u8.ToArray() })).Failure;
        Assert.Equal("load.no-person", failure.Code);
        Assert.Contains("Quarantined: 3, the first a.ndjson, line 2 (json-", failure.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("DUPONT", failure.Detail, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Delete(recursive: true);
}
