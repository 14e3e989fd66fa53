using System.Text.Json;
using System.Text.RegularExpressions;
using Ambroise.Sources.Synth;
using Hl7.Fhir.Model;
using Hl7.Fhir.Serialization;

namespace Ambroise.Tests.Synth;

/// <summary>The invented hospital as FHIR: what another reader of FHIR makes of it.</summary>
public sealed partial class SyntheticFhirSpecs : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ambroise-synth-fhir-");

    public void Dispose() => folder.Delete(recursive: true);

    string Write(SynthOptions options, string name)
    {
        var to = Path.Combine(folder.FullName, name);
        SyntheticHospital.WriteFhir(options, to, null, TestContext.Current.CancellationToken);
        return to;
    }

    [Fact]
    public void Every_resource_is_valid_R4_once_and_refers_to_resources_that_are_there()
    {
        var sent = Write(new(60, 7), "once");
        var options = new JsonSerializerOptions().ForFhir(ModelInfo.ModelInspector);
        var (ids, referred) = (new HashSet<string>(), new HashSet<string>());
        foreach (var file in Directory.EnumerateFiles(sent, "*.ndjson"))
        {
            foreach (var line in File.ReadLines(file))
            {
                var resource = JsonSerializer.Deserialize<Resource>(line, options)!;
                Assert.Equal(Path.GetFileNameWithoutExtension(file), resource.TypeName);
                Assert.True(ids.Add($"{resource.TypeName}/{resource.Id}"), resource.TypeName);
                foreach (Match reference in Reference().Matches(line)) referred.Add(reference.Groups[1].Value);
            }
        }
        Assert.True(ids.Count > 3000);
        Assert.Empty(referred.Except(ids));
    }

    [Fact]
    public void The_same_seed_gives_the_same_bytes_and_a_patient_is_the_same_whatever_their_number_of_neighbours()
    {
        var (one, again, later) = (Write(new(30, 7), "one"), Write(new(30, 7), "again"), Write(new(10, 7, First: 21), "later"));
        foreach (var file in Directory.EnumerateFiles(one)) Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(again, Path.GetFileName(file))));
        Assert.Equal(File.ReadLines(Path.Combine(one, "Patient.ndjson")).Skip(20), File.ReadLines(Path.Combine(later, "Patient.ndjson")));
    }

    /// <summary>What a larger hospital left would be loaded as this one's; what somebody else put there is theirs.</summary>
    [Fact]
    public void Another_hospital_in_the_same_folder_leaves_nothing_of_itself_and_all_else()
    {
        var to = Write(new(200, 7), "again");
        string[] large = [.. Directory.EnumerateFiles(to, "*.ndjson").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];
        Assert.Equal(SyntheticFhir.Types.Select(t => $"{t}.ndjson").Order(StringComparer.Ordinal), large);
        string[] others = ["Basic.ndjson", "Consent.ndjson.gz", "MyConsent.ndjson", "consent.ndjson", "Consent-7.ndjson", "person.parquet"];
        foreach (var other in others) File.WriteAllText(Path.Combine(to, other), "");
        File.WriteAllText(Path.Combine(to, "Patient-00002.ndjson"), "{}");
        Assert.Equal(large.Append("Patient-00002.ndjson").Order(StringComparer.Ordinal), SyntheticHospital.Clear(to, fhir: true));
        Write(new(10, 7), "again");
        Assert.False(File.Exists(Path.Combine(to, "Consent.ndjson")));
        Assert.All(others, other => Assert.True(File.Exists(Path.Combine(to, other)), other));
    }

    [GeneratedRegex("\"reference\":\"([^\"]+)\"")]
    private static partial Regex Reference();
}
