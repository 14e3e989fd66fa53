using System.Security.Cryptography;
using System.Text.Json;
using Ambroise.Governance.Datasets;

namespace Ambroise.Tests.Governance.Datasets;

/// <summary>Datasets kept, opened and made unreadable.</summary>
public sealed class ShelfSpecs : IDisposable
{
    readonly DatasetHouse house = new();

    public void Dispose() => house.Dispose();

    [Fact]
    public void An_opened_dataset_describes_itself_and_its_checksums_hold()
    {
        var folder = house.Opened(DatasetHouse.Permit());
        foreach (var line in File.ReadLines(Path.Combine(folder, "SHA256SUMS")))
            Assert.Equal(line[..64], Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, line[66..])))));
        using var crate = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "ro-crate-metadata.json")));
        var graph = crate.RootElement.GetProperty("@graph").EnumerateArray().ToDictionary(e => e.GetProperty("@id").GetString()!);
        Assert.Equal("https://w3id.org/ro/crate/1.1", graph["ro-crate-metadata.json"].GetProperty("conformsTo").GetProperty("@id").GetString());
        Assert.All(graph["./"].GetProperty("hasPart").EnumerateArray(), part => Assert.True(File.Exists(Path.Combine(folder, part.GetProperty("@id").GetString()!))));
        Assert.Equal(64, graph["#population"].GetProperty("sha256").GetString()!.Length);
        using var dictionary = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "csvw-metadata.json")));
        foreach (var table in dictionary.RootElement.GetProperty("tables").EnumerateArray())
            Assert.Equal(File.ReadLines(Path.Combine(folder, table.GetProperty("url").GetString()!)).First(), string.Join(',', table.GetProperty("tableSchema").GetProperty("columns").EnumerateArray().Select(c => c.GetProperty("name").GetString())));
        Assert.Contains("Diabetes and the heart", File.ReadAllText(Path.Combine(folder, "README.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void Opening_is_recorded_first_and_a_record_that_fails_opens_nothing()
    {
        house.Build(DatasetHouse.Permit());
        var to = Path.Combine(house.Test.Folder, "o");
        Assert.Throws<InvalidOperationException>(() => house.Shelf.Open("cardio", null, to, [], _ => throw new InvalidOperationException(), TestContext.Current.CancellationToken));
        Assert.False(Directory.Exists(to));
        var recorded = new List<int>();
        house.Shelf.Open("cardio", null, to, [], built => recorded.Add(built.Contents.Patients), TestContext.Current.CancellationToken).OrThrow();
        Assert.Equal([DatasetHouse.Patients], recorded);
        Assert.True(house.Shelf.Open("cardio", null, to, [], _ => { }, TestContext.Current.CancellationToken).Failed(out var failure, out _));
        Assert.Equal("dataset.folder-not-empty", failure!.Code);
    }

    [Fact]
    public void Another_project_s_key_opens_nothing()
    {
        house.Build(DatasetHouse.Permit("cardio"));
        house.Build(DatasetHouse.Permit("onco"));
        var (mine, other) = (Path.Combine(house.Test.Folder, "datasets", "cardio", "1"), Path.Combine(house.Test.Folder, "datasets", "onco", "1"));
        File.Copy(Path.Combine(other, "package.json.sealed"), Path.Combine(mine, "package.json.sealed"), overwrite: true);
        Assert.Equal("dataset.tampered", Assert.Throws<FailureException>(() => house.Shelf.List("cardio")).Failure.Code);
    }

    [Fact]
    public void An_expired_project_is_gone_for_good_even_where_its_files_are_put_back()
    {
        house.Build(DatasetHouse.Permit());
        var sealedFolder = Path.Combine(house.Test.Folder, "datasets", "cardio", "1");
        var kept = Directory.EnumerateFiles(sealedFolder).ToDictionary(f => Path.GetFileName(f)!, File.ReadAllBytes);
        var expired = house.Shelf.Expire("cardio");
        Assert.Equal(kept.Count, expired.Files.Count);
        Assert.True(house.Shelf.IsGone("cardio"));
        Assert.DoesNotContain(ProjectKeys.Group("cardio"), house.Test.Keys.Groups);
        Assert.Equal(expired.Files["1/README.md.sealed"], Convert.ToHexStringLower(SHA256.HashData(kept["README.md.sealed"])));

        Directory.CreateDirectory(sealedFolder);
        foreach (var (name, bytes) in kept) File.WriteAllBytes(Path.Combine(sealedFolder, name), bytes);
        Assert.True(house.Shelf.Open("cardio", 1, Path.Combine(house.Test.Folder, "o"), [], _ => { }, TestContext.Current.CancellationToken).Failed(out var failure, out _));
        Assert.Equal("dataset.project-expired", failure!.Code);
        File.Delete(Path.Combine(house.Test.Folder, "datasets", "cardio", "expired.json"));
        Assert.True(house.Shelf.Open("cardio", 1, Path.Combine(house.Test.Folder, "o"), [], _ => { }, TestContext.Current.CancellationToken).Failed(out failure, out _));
        Assert.Equal("dataset.no-key", failure!.Code);
        Assert.Equal(expired.Files.Count, house.Shelf.Expire("cardio").Files.Count);
        Assert.True(house.Shelf.Plan(house.Release(), house.Plan(DatasetHouse.Permit()).OrThrow(), DatasetHouse.Population(), [], TestContext.Current.CancellationToken).Failed(out failure, out _));
        Assert.Equal("dataset.project-expired", failure!.Code);
        Assert.True(house.Shelf.Build(house.Release(), house.Plan(DatasetHouse.Permit()).OrThrow(), DatasetHouse.Population(), [], 64 << 20, null, TestContext.Current.CancellationToken).Failed(out failure, out _));
        Assert.Equal("dataset.project-expired", failure!.Code);
    }

    /// <summary>Sealed under the same key and name, so that its seal holds: the list of its own dataset tells.</summary>
    [Fact]
    public void A_file_of_another_dataset_of_the_project_is_noticed()
    {
        house.Build(DatasetHouse.Permit());
        house.Build(DatasetHouse.Permit(), null, DatasetHouse.Population(50));
        string Person(int number) => Path.Combine(house.Test.Folder, "datasets", "cardio", $"{number}", "csv.person.csv.sealed");
        File.Copy(Person(1), Person(2), overwrite: true);
        Assert.True(house.Shelf.Open("cardio", 2, Path.Combine(house.Test.Folder, "o"), [], _ => { }, TestContext.Current.CancellationToken).Failed(out var failure, out _));
        Assert.Equal("dataset.tampered", failure!.Code);
    }

    [Fact]
    public void A_dataset_that_holds_someone_who_objects_is_not_opened()
    {
        house.Build(DatasetHouse.Permit(), null, DatasetHouse.Population(50));
        Result<BuiltDataset> Open(long objects) => house.Shelf.Open("cardio", 1, Path.Combine(house.Test.Folder, $"o{objects}"), [objects], _ => { }, TestContext.Current.CancellationToken);
        Assert.True(Open(DatasetHouse.Id(50)).Failed(out var failure, out _));
        Assert.Equal("dataset.objected", failure!.Code);
        Open(DatasetHouse.Id(51)).OrThrow();
    }

    [Fact]
    public void A_rebuild_without_a_patient_holds_the_others_unchanged()
    {
        // Not one of the few whose values make the bounds of the others': without such a one, these would move, as a code that becomes rare would go.
        house.Build(DatasetHouse.Permit());
        var first = house.Opened(DatasetHouse.Permit());
        var second = house.Opened(DatasetHouse.Permit(), null, [.. DatasetHouse.Population().Where(p => p.Person != DatasetHouse.Id(60))]);
        var gone = ProjectKeys.Open(house.Test.Keys, "cardio").OrThrow().Pseudonym("person", DatasetHouse.Id(60));
        Assert.Equal(0, DatasetHouse.Count($"select count(*) from '{second}/omop/measurement.parquet' where person_id = {gone}"));
        Assert.Equal(0, DatasetHouse.Count($"select count(*) from (select * from '{first}/omop/measurement.parquet' where person_id <> {gone} except select * from '{second}/omop/measurement.parquet')"));
    }

    [Fact]
    public void A_build_that_is_stopped_leaves_nothing()
    {
        using var stop = new CancellationTokenSource();
        var progress = new Stop(stop);
        Assert.Throws<OperationCanceledException>(() => house.Shelf.Build(house.Release(), house.Plan(DatasetHouse.Permit()).OrThrow(), DatasetHouse.Population(), [], 1 << 26, progress, stop.Token));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(house.Test.Folder, "datasets", "cardio")));
    }

    sealed class Stop(CancellationTokenSource source) : IProgress<(string Table, int Done, int Of)>
    {
        public void Report((string Table, int Done, int Of) value)
        {
            if (value.Done == 2) source.Cancel();
        }
    }
}
