using System.IO.Compression;
using DuckDB.NET.Data;

namespace Ambroise.EndToEnd.Earlier;

/// <summary>A home that the program of 24 November 2026 made (commit dcceb69), with two loads of FHIR: what comes after reads it, and loads are merged into it.</summary>
/// <remarks>Since then source_record got columns, and files of their own for some: <c>left_out</c>, <c>patient_named_by</c> and its like, <c>fingerprint</c>.</remarks>
public sealed class EarlierHomeSpecs
{
    static string File(string name) => Path.Combine(AppContext.BaseDirectory, "Earlier", name);

    static TemporaryHome Earlier()
    {
        var home = new TemporaryHome();
        ZipFile.ExtractToDirectory(File("home.zip"), home.Path);
        foreach (var folder in Directory.EnumerateDirectories(home.Path, "*", SearchOption.AllDirectories).Append(home.Path))
            if (!OperatingSystem.IsWindows()) System.IO.File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return home;
    }

    [Fact]
    public void It_is_sound_and_what_it_holds_is_read()
    {
        using var home = Earlier();
        Assert.Contains("2 releases", home.Run("verify", "--tenant", "chu").Succeeded().Output, StringComparison.Ordinal);
        var back = home.Beside("back");
        home.Run("export", "omop", back, "--tenant", "chu").Succeeded();
        Assert.Equal(["6 5 5 4 6 5 1"], Query(back, """
            select concat_ws(' ', (select count(*) from person), (select count(*) from visit_occurrence), (select count(*) from visit_detail), (select count(*) from drug_exposure), (select count(*) from measurement), (select count(*) from cost), (select count(*) from death))
            """));
        var condition = $"condition_occurrence:{Query(back, "select cast(condition_occurrence_id as varchar) from condition_occurrence where condition_source_value = 'E11'").Single()}";
        var origin = home.Run("lineage", condition, "--tenant", "chu", "--json").Succeeded().Json[0].GetProperty("origin");
        Assert.Equal("Condition/c1 2 second.ndjson 1 2", $"{origin.GetProperty("resource").GetString()} {origin.GetProperty("version").GetString()} {origin.GetProperty("file").GetString()} {origin.GetProperty("line").GetInt64()} {origin.GetProperty("release").GetInt32()}");
        Assert.Single(home.Run("opposition", "list", "--tenant", "chu", "--json").Succeeded().Json.EnumerateArray());
    }

    [Fact]
    public void Sent_again_it_becomes_what_one_load_would_make_of_it()
    {
        using var home = Earlier();
        var sent = home.Beside("sent");
        Directory.CreateDirectory(sent);
        foreach (var name in new[] { "first.ndjson", "second.ndjson" }) System.IO.File.Copy(File(name), Path.Combine(sent, name));
        var again = home.Run("load", "fhir", sent, "--tenant", "chu", "--mode", "merge", "--json").Succeeded().Json;
        Assert.Equal(0, again.GetProperty("unchanged").GetInt64()); // nobody kept what its rows followed from
        var merged = Rows(home, "merged");
        Assert.Equal(37, home.Run("load", "fhir", sent, "--tenant", "chu", "--mode", "merge", "--json").Succeeded().Json.GetProperty("unchanged").GetInt64());
        Assert.Equal(merged, Rows(home, "once more"));
        home.Run("load", "fhir", sent, "--tenant", "chu", "--mode", "replace").Succeeded();
        Assert.Equal(Rows(home, "whole"), merged);
        home.Run("verify", "--tenant", "chu").Succeeded();
    }

    [Fact]
    public void Its_first_release_is_dropped_and_the_second_is_what_it_was()
    {
        using var home = Earlier();
        using var whole = Earlier();
        var before = Rows(home, "before");
        Assert.Equal(1, home.Run("releases", "drop", "--tenant", "chu", "--keep", "1", "--json").Succeeded().Json.GetProperty("dropped").GetArrayLength());
        Assert.Contains("1 release,", home.Run("verify", "--tenant", "chu").Succeeded().Output, StringComparison.Ordinal);
        Assert.Equal(before, Rows(home, "after"));
        foreach (var one in new[] { home, whole }) one.Run("load", "fhir", File("second.ndjson"), "--tenant", "chu", "--mode", "merge").Succeeded();
        home.Run("verify", "--tenant", "chu").Succeeded();
        Assert.Equal(Rows(whole, "merged"), Rows(home, "merged"));
    }

    [Fact]
    public void What_is_merged_into_it_finds_its_records_and_follows_what_they_kept()
    {
        using var home = Earlier();
        var sent = home.Beside("sent.ndjson");
        System.IO.File.WriteAllLines(sent,
        [
            """{"resourceType":"Medication","id":"m1","meta":{"versionId":"3","lastUpdated":"2024-03-01T08:00:00Z"},"code":{"coding":[{"system":"http://www.whocc.no/atc","code":"N02BE51"}]}}""",
            """{"resourceType":"Medication","id":"m9","meta":{"versionId":"3","lastUpdated":"2024-03-01T08:00:00Z"},"code":{"coding":[{"system":"http://www.whocc.no/atc","code":"C07AB02"}]}}""",
            """{"resourceType":"Patient","id":"p7","meta":{"versionId":"3","lastUpdated":"2024-03-01T08:00:00Z"},"gender":"female","birthDate":"1977-07-07"}""",
            """{"resourceType":"Practitioner","id":"d2","meta":{"versionId":"3","lastUpdated":"2024-03-01T08:00:00Z"},"identifier":[{"system":"https://rpps.esante.gouv.fr","value":"10000000001"}]}""",
            """{"resourceType":"Observation","id":"o2","meta":{"versionId":"3","lastUpdated":"2024-03-01T08:00:00Z"},"status":"entered-in-error","subject":{"reference":"Patient/p2"},"code":{"coding":[{"system":"http://loinc.org","code":"718-7"}]}}""",
            """{"resourceType":"Bundle","type":"transaction","timestamp":"2024-03-01T08:00:00Z","entry":[{"request":{"method":"DELETE","url":"Patient/p3"}}]}""",
        ]);
        home.Run("load", "fhir", sent, "--tenant", "chu", "--mode", "merge").Succeeded();
        home.Run("verify", "--tenant", "chu").Succeeded();
        var back = home.Beside("back");
        home.Run("export", "omop", back, "--tenant", "chu").Succeeded();
        Assert.Equal(["C07AB02 1", "N02BE51 3"], Query(back, "select drug_source_value || ' ' || count(*) from drug_exposure group by drug_source_value order by 1")); // m9 was waited for; p3 is gone
        Assert.Equal(["6"], Query(back, "select cast(count(*) as varchar) from person"));
        Assert.Equal(["29463-7 2", "718-7 3"], Query(back, "select measurement_source_value || ' ' || count(*) from measurement group by measurement_source_value order by 1")); // p7's was waited for
    }

    /// <summary>Its costs lie in no patient's shard.</summary>
    [Fact]
    public void Its_costs_go_with_their_claims_wherever_they_lie()
    {
        using var home = Earlier();
        var sent = home.Beside("sent.ndjson");
        System.IO.File.WriteAllLines(sent,
        [
            """{"resourceType":"Claim","id":"k1","meta":{"versionId":"2","lastUpdated":"2024-03-01T08:00:00Z"},"status":"active","patient":{"reference":"Patient/p1"},"item":[{"encounter":[{"reference":"Encounter/u1"}]}],"total":{"value":201,"currency":"EUR"}}""",
            """{"resourceType":"Bundle","type":"transaction","timestamp":"2024-03-01T08:00:00Z","entry":[{"request":{"method":"DELETE","url":"Claim/k2"}}]}""",
        ]);
        var before = home.Beside("before");
        home.Run("export", "omop", before, "--tenant", "chu").Succeeded();
        var first = Query(before, "select 'cost:' || cost_id from cost where total_charge in (101, 103) order by total_charge");
        Assert.Equal(["Claim/k1 1", "Claim/k3 1"], Origins());
        home.Run("load", "fhir", sent, "--tenant", "chu", "--mode", "merge").Succeeded();
        home.Run("verify", "--tenant", "chu").Succeeded();
        var merged = home.Beside("merged");
        home.Run("export", "omop", merged, "--tenant", "chu").Succeeded();
        Assert.Equal(["103", "104", "105", "201"], Query(merged, "select cast(cast(total_charge as integer) as varchar) from cost order by total_charge"));
        Assert.Equal(["Claim/k1 3", "Claim/k3 1"], Origins());
        home.Run("erase", Query(merged, "select cast(person_id as varchar) from source_record where record_name = 'Claim/k3'").Single(), "--tenant", "chu").Succeeded();
        home.Run("verify", "--tenant", "chu").Succeeded();
        var erased = home.Beside("erased");
        foreach (var release in new[] { "1", "2", "3" })
        {
            home.Run("export", "omop", erased, "--tenant", "chu", "--release", release).Succeeded();
            Assert.Equal(["0"], Query(erased, "select cast(count(*) as varchar) from cost where total_charge = 103"));
        }

        List<string> Origins() => [.. home.Run(["lineage", .. first, "--tenant", "chu", "--json"]).Succeeded().Json.EnumerateArray().Select(r => r.GetProperty("origin")).Select(o => $"{o.GetProperty("resource").GetString()} {o.GetProperty("release").GetInt32()}")];
    }

    /// <summary>All rows of the newest release, but for where they were read.</summary>
    static List<string> Rows(TemporaryHome home, string name)
    {
        var back = home.Beside(name);
        home.Run("export", "omop", back, "--tenant", "chu").Succeeded();
        return [.. Directory.EnumerateFiles(back, "*.parquet").Order(StringComparer.Ordinal).SelectMany(f => Query(back, $"select '{Path.GetFileNameWithoutExtension(f)} ' || cast(t as varchar) from (select {(Path.GetFileName(f) == "source_record.parquet" ? "* exclude (source_file, source_line)" : "*")} from read_parquet('{f}')) t order by 1"))];
    }

    static List<string> Query(string folder, string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        foreach (var file in Directory.EnumerateFiles(folder, "*.parquet"))
        {
            command.CommandText = $"create view {Path.GetFileNameWithoutExtension(file)} as from read_parquet('{file}')";
            command.ExecuteNonQuery();
        }
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read()) rows.Add(reader.GetString(0));
        return rows;
    }
}
