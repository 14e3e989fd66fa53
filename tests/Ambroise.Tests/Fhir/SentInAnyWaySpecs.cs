using System.Globalization;
using System.Text;
using Ambroise.Lake.Quarantine;
using Ambroise.Lake.Releases;
using Ambroise.Sources.Fhir.Mapping;
using Ambroise.Tests.Cohorts.Generated;

namespace Ambroise.Tests.Fhir;

/// <summary>Whatever the order of lines and files, and however the resources are split into increments, the release is the same. <c>AMBROISE_NIGHTLY_MINUTES</c> tries more; one case again with <c>AMBROISE_CASE=seed</c>.</summary>
public sealed class SentInAnyWaySpecs
{
    [Fact]
    public void Shuffled_and_split_in_any_way_the_release_is_the_same()
    {
        var nightly = double.TryParse(Environment.GetEnvironmentVariable("AMBROISE_NIGHTLY_MINUTES"), CultureInfo.InvariantCulture, out var minutes);
        var one = ulong.TryParse(Environment.GetEnvironmentVariable("AMBROISE_CASE"), out var chosen);
        var started = TimeProvider.System.GetTimestamp();
        for (var seed = one ? chosen : 1; one ? seed == chosen : nightly ? TimeProvider.System.GetElapsedTime(started).TotalMinutes < minutes : seed <= 20; seed++) Try(seed);
    }

    /// <summary>The shards are then not cut alike, and no hash says that two releases hold the same: their rows do. Thirty patients more come first and never again; some name a practitioner or a medication that may come later.</summary>
    [Fact]
    public void So_are_its_rows_where_the_patients_no_increment_touches_stay_where_they_are()
    {
        var (kept, departed) = (0, 0);
        for (ulong seed = 101; seed <= 107; seed++)
        {
            var dice = new Dice(seed);
            var sent = SentHospital.Of(dice);
            var quiet = Enumerable.Range(1, 30).SelectMany(Quiet).ToList();
            using var hospital = new FhirHospital { Codes = SentHospital.Codes, Keep = new(6, 4, 0.8) };
            var increments = sent.Split(dice);
            increments[0].AddRange(quiet);
            for (var i = 0; i < increments.Count; i++)
            {
                hospital.LoadFiles(i == 0 ? LoadMode.Replace : LoadMode.Merge, Files(dice, [.. increments[i], .. Again(dice, increments.Take(i))]), i == 0 ? FhirOptions.Default with { NumberSystems = ["urn:shared"] } : null);
                var files = hospital.Lake.Release(null).OrThrow().Files;
                if (files.Any(f => f.Shard >= 0 && f.Keys != $"r{i + 1}")) kept++;
                if (files.Any(f => f.Departed > 0)) departed++;
                Assert.DoesNotContain(SealedQuarantine.Read(hospital.Lake, hospital.Lake.Release(i + 1).OrThrow()), r => r.Reason == "person-missing");
            }
            var differing = Differing(hospital, new() { ["all.ndjson"] = Lines([.. sent.All, .. quiet]) });
            if (differing.Length > 0) Assert.Fail($"case {seed}: in {increments.Count} increments, the rows differ{differing}\n{string.Join("\n--\n", increments.Select(lines => string.Join('\n', lines)))}");
        }
        Assert.True(kept >= 5 && departed >= 5, $"{kept} merges kept a shard, from {departed} somebody had departed");
    }

    static IEnumerable<string> Quiet(int n) =>
    [
        $$"""{"resourceType":"Patient","id":"z{{n}}","meta":{"lastUpdated":"2024-01-01T10:00:00Z"},"gender":"female","birthDate":"1950-05-05","identifier":[{"system":"urn:ipp","value":"Z{{n}}"}]{{(n % 4 == 0 ? ",\"deceasedDateTime\":\"2023-02-03\"" : "")}}}""",
        $$"""{"resourceType":"Encounter","id":"z{{n}}","meta":{"lastUpdated":"2024-01-01T10:00:00Z"},"status":"finished","class":{"code":"IMP"},"subject":{"reference":"Patient/z{{n}}"},"period":{"start":"2020-01-01"}{{(n % 5 == 0 ? ",\"participant\":[{\"individual\":{\"reference\":\"Practitioner?identifier=urn:rpps|R1\"}}]" : "")}}}""",
        $$"""{"resourceType":"Condition","id":"z{{n}}","meta":{"lastUpdated":"2024-01-01T10:00:00Z"},"subject":{"reference":"Patient/z{{n}}"},"encounter":{"reference":"Encounter/z{{n}}"},"code":{"coding":[{"system":"urn:c","code":"C{{n}}"}]},"onsetDateTime":"2020-01-02"}""",
        $$"""{"resourceType":"MedicationRequest","id":"z{{n}}","meta":{"lastUpdated":"2024-01-01T10:00:00Z"},"status":"active","intent":"order","subject":{"reference":"Patient/z{{n}}"},{{(n % 3 == 0 ? "\"medicationReference\":{\"reference\":\"Medication/m1\"}" : "\"medicationCodeableConcept\":{\"coding\":[{\"system\":\"urn:drugs\",\"code\":\"M1\"}]}")}},"authoredOn":"2020-01-03"}""",
    ];

    static void Try(ulong seed)
    {
        var dice = new Dice(seed);
        var sent = SentHospital.Of(dice);
        // One tenant: keys of rows are its own. Every other one has next to no memory: what was read lies on disk.
        using var hospital = new FhirHospital { Codes = SentHospital.Codes, Memory = seed % 2 == 0 ? 4096 : 64 << 20 };
        var all = new Dictionary<string, byte[]> { ["all.ndjson"] = Lines(sent.All) };
        var options = FhirOptions.Default with { NumberSystems = ["urn:shared"] };
        var expected = hospital.LoadFiles(LoadMode.Replace, all, options);
        for (var way = 0; way < 2; way++)
            if (hospital.LoadFiles(LoadMode.Replace, Files(dice, sent.All), options) != expected) Assert.Fail($"case {seed}: shuffled, the release differs{Differing(hospital, all)}");
        var increments = sent.Split(dice);
        var last = "";
        hospital.Forget();
        for (var i = 0; i < increments.Count; i++) last = hospital.LoadFiles(LoadMode.Merge, Files(dice, [.. increments[i], .. Again(dice, increments.Take(i))]), i == 0 ? options : null); // what one load was told, the next know
        if (last != expected) Assert.Fail($"case {seed}: in {increments.Count} increments, the release differs{Differing(hospital, all)}\n{string.Join("\n--\n", increments.Select(lines => string.Join('\n', lines)))}");
        if (hospital.LoadFiles(LoadMode.Merge, Files(dice, increments[^1])) != last) Assert.Fail($"case {seed}: the last of {increments.Count} increments again, the release differs{Differing(hospital, all)}\n{string.Join("\n--\n", increments.Select(lines => string.Join('\n', lines)))}");
    }

    /// <summary>Some of what came before, one time in two.</summary>
    static List<string> Again(Dice dice, IEnumerable<IReadOnlyList<string>> before) => dice.Of(0, 1) == 0 ? [] : before.SelectMany(lines => lines).Where(_ => dice.Of(0, 2) == 0).ToList();

    static string Differing(FhirHospital hospital, Dictionary<string, byte[]> all)
    {
        Dictionary<string, List<string>> Rows() => Ambroise.Lake.Cdm.Cdm54.All.ToDictionary(t => t.Name, t => hospital.Rows(t.Name, t.Name == "source_record" ? "* exclude (source_file, source_line, fingerprint)" : "*"));
        var given = Rows();
        hospital.LoadFiles(LoadMode.Replace, all, FhirOptions.Default with { NumberSystems = ["urn:shared"] });
        var text = new StringBuilder();
        foreach (var (table, rows) in Rows())
        {
            foreach (var row in rows.Except(given[table])) text.Append(CultureInfo.InvariantCulture, $"\n- {table} {row}");
            foreach (var row in given[table].Except(rows)) text.Append(CultureInfo.InvariantCulture, $"\n+ {table} {row}");
        }
        return text.ToString();
    }

    static byte[] Lines(IEnumerable<string> lines) => Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n");

    /// <summary>The lines in any order, in one to three files, some packed, some resources in a Bundle.</summary>
    static Dictionary<string, byte[]> Files(Dice dice, IReadOnlyList<string> lines)
    {
        var mixed = lines.ToArray();
        for (var i = mixed.Length - 1; i > 0; i--)
        {
            var j = dice.Of(0, i);
            (mixed[i], mixed[j]) = (mixed[j], mixed[i]);
        }
        var parts = dice.Of(1, 3);
        var files = new Dictionary<string, byte[]>();
        for (var part = 0; part < parts; part++)
        {
            var mine = mixed.Where((_, i) => i % parts == part).ToList();
            files[$"{(char)('a' + part)}.ndjson{(part == 1 ? ".gz" : "")}"] = part == 1 ? FhirHospital.Gzip(string.Join('\n', mine) + "\n") : Lines(mine);
        }
        return files;
    }
}
