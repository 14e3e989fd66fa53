using System.IO.Compression;
using System.Text.Json;
using DuckDB.NET.Data;

namespace Ambroise.EndToEnd.Fhir;

/// <summary>From a row back to the line it came from.</summary>
public sealed class LineageSpecs
{
    [Theory]
    [InlineData("fhir/synthea-r4")]
    [InlineData("fhir/synthea-stu3-as-r4")]
    public void The_line_a_row_is_said_to_come_from_holds_its_resource(string set)
    {
        var sent = Conformance.Path(set);
        using var home = TemporaryHome.With("chu");
        home.Run("vocabulary", "load", Conformance.Path("omop/synthea27nj")).Succeeded();
        home.Run("load", "fhir", sent, "--tenant", "chu").Succeeded();
        var back = home.Beside("back");
        home.Run("export", "omop", back, "--tenant", "chu").Succeeded();
        var rows = Sample(back);
        var traced = home.Run(["lineage", .. rows, "--tenant", "chu", "--json"]).Succeeded().Json.EnumerateArray().ToList();
        Assert.Equal(rows, traced.Select(t => t.GetProperty("row").GetString()!));
        Dictionary<string, string[]> files = [];
        foreach (var row in traced)
        {
            var (name, because) = (row.GetProperty("row").GetString()!, row.GetProperty("because").GetString());
            var expected = name.Split(':')[0] switch { "observation_period" or "condition_era" or "drug_era" => "derived", "care_site" or "provider" => "shared", _ => null };
            if (name.StartsWith("location:", StringComparison.Ordinal) && because == "shared") continue; // an organisation's; a patient's is traced
            Assert.Equal((name, expected), (name, because));
            if (expected is not null) continue;
            var origin = row.GetProperty("origin");
            var file = origin.GetProperty("file").GetString()!;
            if (!files.TryGetValue(file, out var lines)) files[file] = lines = Lines(Path.Combine(sent, file));
            using var resource = JsonDocument.Parse(lines[origin.GetProperty("line").GetInt64() - 1]);
            Assert.Equal(origin.GetProperty("resource").GetString(), $"{resource.RootElement.GetProperty("resourceType").GetString()}/{resource.RootElement.GetProperty("id").GetString()}");
            Assert.Equal(1, origin.GetProperty("release").GetInt32());
        }
        Assert.True(traced.Count(t => t.GetProperty("because").GetString() is null) >= 20);
    }

    [Fact]
    public void A_merge_keeps_the_release_that_brought_a_record_and_what_is_not_known_is_said()
    {
        using var home = TemporaryHome.With("chu");
        var sent = home.Beside("sent.ndjson");
        static string Condition(string id, int version) => $$$"""{"resourceType":"Condition","id":"{{{id}}}","meta":{"versionId":"{{{version}}}","lastUpdated":"2020-01-0{{{version}}}T10:00:00Z"},"subject":{"reference":"Patient/p"},"code":{"coding":[{"system":"urn:x","code":"{{{id}}}"}]},"onsetDateTime":"2020-01-01"}""";
        File.WriteAllLines(sent, ["""{"resourceType":"Patient","id":"p","gender":"male","birthDate":"1950","deceasedDateTime":"2021-01-01"}""", Condition("a", 1), Condition("b", 1)]);
        home.Run("load", "fhir", sent, "--tenant", "chu").Succeeded();
        File.WriteAllLines(sent, [Condition("b", 2).Replace("\"code\":\"b\"}", "\"code\":\"b\"},{\"system\":\"urn:y\",\"code\":\"b9\"}", StringComparison.Ordinal)]);
        home.Run("load", "fhir", sent, "--tenant", "chu", "--mode", "merge").Succeeded();
        var back = home.Beside("back");
        home.Run("export", "omop", back, "--tenant", "chu").Succeeded();
        var rows = Keys(back, "condition_occurrence", "condition_occurrence_id", "condition_source_value");
        var traced = home.Run(["lineage", .. rows, "--tenant", "chu", "--json"]).Succeeded().Json.EnumerateArray().Select(r => r.GetProperty("origin")).ToList();
        Assert.Equal(["Condition/a 1 1", "Condition/b 2 2"], traced.Select(o => $"{o.GetProperty("resource").GetString()} {o.GetProperty("version").GetString()} {o.GetProperty("release").GetInt32()}"));
        Assert.Equal(DateTimeOffset.Parse("2020-01-02T10:00:00Z", null), traced[1].GetProperty("updated").GetDateTimeOffset());

        Assert.Equal(["urn:x|b", "urn:y|b9"], traced[1].GetProperty("codings")[0].EnumerateArray().Select(c => c.GetString()));
        Assert.False(traced[0].TryGetProperty("codings", out _));
        Assert.Contains("urn:x|b était envoyé avec urn:y|b9", home.Run("lineage", rows[1], "--tenant", "chu", "--lang", "fr").Succeeded().Output, StringComparison.Ordinal);

        // A key of one table asked of another is no row, nor is one that nobody has; a death answers under its patient.
        var others = home.Run("lineage", rows[0].Replace("condition_occurrence", "measurement", StringComparison.Ordinal), "drug_exposure:5", "cost:3", "provider:9", Keys(back, "death", "person_id", "person_id")[0], "--tenant", "chu", "--json").Succeeded().Json;
        Assert.Equal(["row-unknown", "row-unknown", "row-unknown", "shared", null], others.EnumerateArray().Select(r => r.GetProperty("because").GetString()));
        home.Run("lineage", "nonsense", "--tenant", "chu").Failed(2, "lineage.row-invalid");
        home.Run("role", "grant", "marie", "researcher", "--tenant", "chu").Succeeded();
        home.Run("lineage", rows[0], "--tenant", "chu", "--as", "marie").Failed(3, "access.denied");
    }

    [Fact]
    public void A_load_of_tables_says_that_the_row_is_its_own_source()
    {
        using var home = TemporaryHome.With("chu");
        home.Run("load", "omop", Conformance.Path("omop/synthea27nj"), "--tenant", "chu").Succeeded();
        Assert.Equal("no-records", home.Run("lineage", "person:1", "--tenant", "chu", "--json").Succeeded().Json[0].GetProperty("because").GetString());
    }

    static string[] Lines(string path)
    {
        using var reader = new StreamReader(path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(File.OpenRead(path), CompressionMode.Decompress) : File.OpenRead(path));
        return reader.ReadToEnd().Split('\n');
    }

    /// <summary>Four rows of every table with a key.</summary>
    static List<string> Sample(string folder) => [.. Directory.GetFiles(folder, "*.parquet").Select(f => Path.GetFileNameWithoutExtension(f)!).Where(t => t is not ("cdm_source" or "person_identity" or "consent_record" or "source_record")).Order(StringComparer.Ordinal)
        .SelectMany(t => Keys(folder, t, t == "death" ? "person_id" : $"{t}_id", $"hash({(t == "death" ? "person_id" : $"{t}_id")})").Take(4))];

    static List<string> Keys(string folder, string table, string key, string order)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"select {key} from read_parquet('{Path.Combine(folder, $"{table}.parquet")}') order by {order}";
        using var reader = command.ExecuteReader();
        var keys = new List<string>();
        while (reader.Read()) keys.Add($"{table}:{reader.GetInt64(0)}");
        return keys;
    }
}
