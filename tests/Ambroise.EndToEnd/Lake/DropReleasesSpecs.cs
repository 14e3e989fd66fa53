using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Ambroise.EndToEnd.Lake;

/// <summary>A tenant fed every night gives its disk back, through the whole program.</summary>
public sealed class DropReleasesSpecs
{
    static readonly Dictionary<string, string> Passphrase = new() { ["AMBROISE_PASSPHRASE"] = TemporaryHome.Secret };

    /// <summary>Patients as FHIR, the later of which a merge touches alone.</summary>
    static string Fhir(TemporaryHome home, string name, int version, params int[] patients)
    {
        var path = home.Beside($"{name}.ndjson");
        var lines = new StringBuilder();
        foreach (var p in patients)
            lines.AppendLine(CultureInfo.InvariantCulture, $$"""{"resourceType":"Patient","id":"p{{p}}","meta":{"versionId":"{{version}}","lastUpdated":"2024-01-0{{version}}T08:00:00Z"},"gender":"female","birthDate":"19{{50 + p % 40}}-01-01"}""")
                .AppendLine(CultureInfo.InvariantCulture, $$"""{"resourceType":"Condition","id":"c{{p}}","meta":{"versionId":"{{version}}","lastUpdated":"2024-01-0{{version}}T08:00:00Z"},"subject":{"reference":"Patient/p{{p}}"},"code":{"coding":[{"system":"urn:x","code":"v{{version}}"}]},"onsetDateTime":"2020-01-01"}""");
        File.WriteAllText(path, lines.ToString());
        return path;
    }

    static TemporaryHome Fed(int releases = 4)
    {
        var home = TemporaryHome.With("chu");
        home.Run("load", "fhir", Fhir(home, "first", 1, [.. Enumerable.Range(1, 60)]), "--tenant", "chu").Succeeded();
        for (var r = 2; r <= releases; r++) home.Run("load", "fhir", Fhir(home, $"night{r}", r, r), "--tenant", "chu", "--mode", "merge").Succeeded();
        return home;
    }

    static long Size(TemporaryHome home) => new[] { "shards", "quarantine" }.Select(f => Path.Combine(home.Path, "tenants/chu", f)).Where(Directory.Exists)
        .SelectMany(f => Directory.EnumerateFiles(f, "*", SearchOption.AllDirectories)).Sum(f => new FileInfo(f).Length);

    static List<JsonElement> Releases(TemporaryHome home) => [.. home.Run("releases", "--tenant", "chu", "--json").Succeeded().Json.EnumerateArray()];

    static IEnumerable<int> Numbers(JsonElement list) => list.EnumerateArray().Select(r => r.GetProperty("release").GetInt32());

    [Fact]
    public void Old_releases_go_with_their_space_and_whoever_names_one_is_told_when_and_by_whom()
    {
        using var home = Fed();
        var (before, patients) = (Size(home), Exported(home, "before"));
        var dry = home.Run("releases", "drop", "--tenant", "chu", "--keep", "2", "--dry-run", "--json").Succeeded().Json;
        Assert.Equal((true, before), (dry.GetProperty("dryRun").GetBoolean(), Size(home)));
        Assert.Equal([1, 2], Numbers(dry.GetProperty("dropped")));

        var done = home.Run("releases", "drop", "--tenant", "chu", "--keep", "2", "--json").Succeeded().Json;
        Assert.Equal([1, 2], Numbers(done.GetProperty("dropped")));
        Assert.Equal([3, 4], Numbers(done.GetProperty("kept")));
        Assert.Equal(["recent", "newest"], done.GetProperty("kept").EnumerateArray().Select(k => k.GetProperty("because").GetString()));
        Assert.Equal(dry.GetProperty("bytes").GetInt64(), done.GetProperty("bytes").GetInt64());
        Assert.Equal(before - Size(home), done.GetProperty("bytes").GetInt64());
        Assert.True(done.GetProperty("bytes").GetInt64() > 0);

        home.Run("verify", "--tenant", "chu").Succeeded();
        Assert.Equal(patients, Exported(home, "after"));
        var shown = Releases(home);
        Assert.Equal([1, 2, 3, 4], shown.Select(r => r.GetProperty("release").GetInt32()));
        Assert.Equal([true, true, false, false], shown.Select(r => r.TryGetProperty("dropped", out var at) && at.GetDateTimeOffset() > DateTimeOffset.UnixEpoch));
        Assert.Equal(Environment.UserName, shown[0].GetProperty("droppedBy").GetString());
        Assert.Equal(JsonValueKind.Null, shown[0].GetProperty("contentHash").ValueKind);
        Assert.Contains($"by {Environment.UserName}: 1-2", home.Run("releases", "--tenant", "chu").Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains("supprimées le", home.Run("--lang", "fr", "releases", "--tenant", "chu").Succeeded().Output, StringComparison.Ordinal);

        foreach (var command in new string[][] { ["load", "report"], ["quarantine"], ["tables"], ["lineage", "person:1"], ["export", "omop", home.Beside("none")] })
            Assert.Contains($"was dropped on", home.Run([.. command, "--tenant", "chu", "--release", "1"]).Failed(4, "lake.release-dropped").Error, StringComparison.Ordinal);
        Assert.Contains("Cette version a été supprimée", home.Run("--lang", "fr", "tables", "--tenant", "chu", "--release", "2").Failed(4, "lake.release-dropped").Error, StringComparison.Ordinal);
        home.Run("load", "report", "--tenant", "chu", "--release", "3").Succeeded();
        home.Run("tables", "--tenant", "chu", "--release", "9").Failed(4, "lake.release-unknown");

        // Both that are about to go, and what came of it.
        var acts = home.Run("audit", "list", "--tenant", "chu", "--json").Succeeded().Json.EnumerateArray().Where(e => e.GetProperty("action").GetString() == "lake.drop" && e.GetProperty("detail").ValueKind == JsonValueKind.Object)
            .Select(e => (e.GetProperty("outcome").GetString(), e.GetProperty("detail").GetProperty("step").GetString(), e.GetProperty("detail").GetProperty("releases").GetString(), e.GetProperty("detail").GetProperty("bytes").GetString())).ToList();
        var bytes = done.GetProperty("bytes").GetInt64().ToString(CultureInfo.InvariantCulture);
        Assert.Equal([("done", "drop", "1-2", bytes), ("allowed", "drop", "1-2", bytes), ("done", "dry-run", "1-2", bytes)], acts);
        home.Run("audit", "verify", "--tenant", "chu").Succeeded();
        Assert.Equal(0, home.Run("releases", "drop", "--tenant", "chu", "--keep", "2", "--json").Succeeded().Json.GetProperty("bytes").GetInt64());
    }

    [Fact]
    public void A_row_says_that_it_may_have_come_with_a_release_that_was_dropped()
    {
        using var home = Fed();
        var rows = home.Beside("rows");
        home.Run("export", "omop", rows, "--tenant", "chu", "--format", "csv").Succeeded();
        var row = $"condition_occurrence:{File.ReadLines(Path.Combine(rows, "condition_occurrence.csv")).Skip(1).First(l => l.Contains(",v1,", StringComparison.Ordinal)).Split(',')[0]}"; // which of the 60 comes first depends on the tenant's key
        JsonElement Origin() => home.Run("lineage", row, "--tenant", "chu", "--json").Succeeded().Json[0].GetProperty("origin");
        var brought = Origin().GetProperty("release").GetInt32();
        Assert.False(Origin().TryGetProperty("orDropped", out _));
        home.Run("releases", "drop", "--tenant", "chu", "--keep", "1").Succeeded();
        Assert.True(brought < 4);
        Assert.Equal((4, true), (Origin().GetProperty("release").GetInt32(), Origin().GetProperty("orDropped").GetBoolean()));
        Assert.Contains("release 4, or one dropped before it", home.Run("lineage", row, "--tenant", "chu").Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_release_that_a_project_names_stays_until_the_project_is_closed_and_the_answer_says_for_whom()
    {
        using var home = TemporaryHome.With("chu");
        var source = home.Beside("cdm");
        Directory.CreateDirectory(source);
        File.WriteAllText(Path.Combine(source, "person.csv"), "person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id\n" + string.Concat(Enumerable.Range(1, 40).Select(i => $"{i},8507,{1950 + i % 2},0,0\n")));
        File.WriteAllText(Path.Combine(source, "observation_period.csv"), "observation_period_id,person_id,observation_period_start_date,observation_period_end_date,period_type_concept_id\n" + string.Concat(Enumerable.Range(1, 40).Select(i => $"{i},{i},2015-01-01,2024-12-31,0\n")));
        File.WriteAllText(Path.Combine(source, "concept.csv"), "concept_id,concept_name,domain_id,vocabulary_id,concept_class_id,standard_concept,concept_code,valid_start_date,valid_end_date,invalid_reason\n8507,MALE,Gender,Gender,Gender,S,M,1970-01-01,2099-12-31,\n");
        home.Run("vocabulary", "load", source).Succeeded();
        foreach (var _ in new[] { 1, 2, 3 }) home.Run("load", "omop", source, "--tenant", "chu").Succeeded();
        home.Run("role", "grant", "marie", "researcher", "--tenant", "chu").Succeeded();
        home.Run("role", "grant", "claire", "committee-member", "--tenant", "chu").Succeeded();
        File.WriteAllText(home.Beside("request.json"), $$"""
            {"title":"Follow-up","summary":"In plain words.","investigator":"marie","team":[],"purpose":"scientificResearch","legalBasis":{"kind":"mr004","number":"F20260101"},"population":{{Governance.WholeStorySpecs.Population}},
             "data":[{"table":"person","justification":"age and sex"},{"table":"observation_period","justification":"follow-up"}],"retainUntil":"2199-12-31","protection":{"shiftDates":false,"k":2,"l":1} }
            """);
        home.Run("--as", "marie", "project", "create", "suivi", "--request", home.Beside("request.json"), "--tenant", "chu").Succeeded();
        home.Run("--as", "marie", "project", "submit", "suivi", "--tenant", "chu").Succeeded();
        home.Run("--as", "claire", "project", "opinion", "suivi", "favourable", "--reason", "sound", "--tenant", "chu").Succeeded();
        home.Run("project", "decide", "suivi", "approve", "--reason", "opinion of today", "--tenant", "chu").Succeeded();
        using (new FileStream(Path.Combine(home.Path, "tenants/chu/writer.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
            home.Run("project", "activate", "suivi", "--release", "1", "--tenant", "chu").Failed(5, "lake.busy"); // it might be going
        home.Run("project", "activate", "suivi", "--release", "1", "--tenant", "chu").Succeeded();
        home.Run("dataset", "build", "--project", "suivi", "--tenant", "chu", "--birth-band", "20").Succeeded();

        var kept = Drop("--keep", "1").Json.GetProperty("kept")[0];
        Assert.Equal((1, "named"), (kept.GetProperty("release").GetInt32(), kept.GetProperty("because").GetString()));
        Assert.Equal(["suivi ", "suivi 1"], kept.GetProperty("namedBy").EnumerateArray().Select(u => $"{u.GetProperty("project").GetString()} {u.GetProperty("dataset")}"));
        Assert.Equal([2], Releases(home).Where(r => r.TryGetProperty("dropped", out _)).Select(r => r.GetProperty("release").GetInt32()));
        Assert.Contains("release 1 stays, named by the permit of project suivi, dataset 1 of project suivi", home.Run("releases", "drop", "--keep", "1", "--tenant", "chu").Succeeded().Output, StringComparison.Ordinal);
        home.Run("dataset", "build", "--project", "suivi", "--tenant", "chu", "--birth-band", "20").Succeeded();
        home.Run("--as", "marie", "dataset", "open", home.Beside("opened"), "--project", "suivi", "--tenant", "chu").Succeeded();

        home.Run("project", "close", "suivi", "--reason", "done", "--tenant", "chu").Succeeded();
        Assert.Equal([1], Numbers(Drop("--before", "2199-01-01").Json.GetProperty("dropped")));
        Assert.Contains("release 1 (dropped on", home.Run("project", "show", "suivi", "--tenant", "chu").Succeeded().Output, StringComparison.Ordinal);
        Assert.True(home.Run("project", "show", "suivi", "--tenant", "chu", "--json").Succeeded().Json.GetProperty("permit").TryGetProperty("releaseDropped", out _));
        home.Run("verify", "--tenant", "chu").Succeeded();

        Ran Drop(params string[] more) => home.Run(["releases", "drop", "--tenant", "chu", "--json", .. more]).Succeeded();
    }

    [Fact]
    public void Only_who_may_drops_and_only_of_their_own_tenant()
    {
        using var home = Fed(2);
        home.Run("tenant", "create", "autre", "--name", "Autre").Succeeded();
        string[] drop = ["releases", "drop", "--tenant", "chu", "--keep", "1", "--json"];
        foreach (var role in new[] { "researcher", "committee-member", "reidentification-officer", "administrator" })
        {
            home.Run("role", "grant", $"a-{role}", role, "--tenant", "chu").Succeeded();
            home.Run(["--as", $"a-{role}", .. drop]).Failed(3, "access.denied");
        }
        home.Run(["--as", "nobody", .. drop]).Failed(3, "access.denied");
        home.Run("role", "grant", "dpo", "data-protection-officer", "--tenant", "autre").Succeeded();
        home.Run(["--as", "dpo", .. drop]).Failed(3, "access.denied");
        Assert.Equal(2, Releases(home).Count(r => !r.TryGetProperty("dropped", out _)));
        var denied = home.Run("audit", "list", "--tenant", "chu", "--json").Succeeded().Json.EnumerateArray().Where(e => e.GetProperty("outcome").GetString() == "denied" && e.GetProperty("action").GetString() == "lake.drop").Select(e => e.GetProperty("actor").GetString());
        Assert.Equal(6, denied.Distinct().Count());

        home.Run("releases", "drop", "--tenant", "chu").Failed(2, "drop.rules-invalid");
        home.Run("releases", "drop", "--tenant", "chu", "--keep", "0").Failed(2, "drop.rules-invalid");
        home.Run("releases", "drop", "--tenant", "autre", "--keep", "1").Failed(4, "lake.empty");
        home.Run("releases", "drop", "--keep", "1").Failed(2, "cli.usage");
        home.Run("tenant", "seal", "chu").Succeeded();
        home.Run(drop).Failed(3, "tenant.sealed");
        home.Run("tenant", "unseal", "chu").Succeeded();
        home.Run("role", "grant", "dpo", "data-protection-officer", "--tenant", "chu").Succeeded();
        home.Run("role", "revoke", Environment.UserName, "data-engineer", "--tenant", "chu").Succeeded();
        home.Run(drop).Failed(3, "access.denied"); // the administrator alone
        Assert.Equal([1], Numbers(home.Run(["--as", "dpo", .. drop]).Succeeded().Json.GetProperty("dropped")));
    }

    [Fact]
    public void A_drop_killed_at_any_moment_is_done_or_not_begun_and_the_next_ends_it()
    {
        using var home = Fed(4);
        var clock = Stopwatch.StartNew();
        home.Run("releases", "drop", "--tenant", "chu", "--keep", "3").Succeeded();
        var (whole, killed) = (clock.ElapsedMilliseconds, 0);
        for (var moment = 1; moment <= 8; moment++)
        {
            home.Run("load", "fhir", Fhir(home, "again", 4, 4 + moment), "--tenant", "chu", "--mode", "merge").Succeeded();
            var before = Left();
            using (var drop = Cli.Start(home.Path, Passphrase, "releases", "drop", "--tenant", "chu", "--keep", "3"))
            {
                if (!drop.WaitForExit((int)(whole * moment / 9)))
                {
                    drop.Kill(); // SIGKILL
                    drop.WaitForExit();
                    killed++;
                }
            }
            var after = Left();
            Assert.True(after.SequenceEqual(before) || after.SequenceEqual(before.TakeLast(3)), $"{string.Join(' ', before)} became {string.Join(' ', after)}");
            home.Run("verify", "--tenant", "chu").Succeeded();
        }
        Assert.True(killed > 0, "none was killed before its end");
        home.Run("releases", "drop", "--tenant", "chu", "--keep", "3").Succeeded();
        Assert.Equal([10, 11, 12], Left());
        Assert.Equal(Enumerable.Range(1, 9), Releases(home).Where(r => r.TryGetProperty("dropped", out _)).Select(r => r.GetProperty("release").GetInt32()));
        var named = Directory.EnumerateFiles(Path.Combine(home.Path, "tenants/chu/releases")).SelectMany(File.ReadLines).Where(l => l.Contains("\"path\"", StringComparison.Ordinal)).Select(l => l.Split('"')[3]).ToHashSet();
        var present = new[] { "shards", "quarantine" }.SelectMany(f => Directory.EnumerateFiles(Path.Combine(home.Path, "tenants/chu", f), "*", SearchOption.AllDirectories)).Select(f => Path.GetRelativePath(Path.Combine(home.Path, "tenants/chu"), f)).ToHashSet();
        Assert.True(named.SetEquals(present));
        Assert.Equal(3, Directory.EnumerateFiles(Path.Combine(home.Path, "tenants/chu/releases")).Count());

        List<int> Left() => [.. Releases(home).Where(r => !r.TryGetProperty("dropped", out _)).Select(r => r.GetProperty("release").GetInt32())];
    }

    [Fact]
    public void Questions_go_on_while_releases_are_dropped()
    {
        using var home = Fed(5);
        var wrong = new List<string>();
        var stop = false;
        var reader = new Thread(() =>
        {
            while (!Volatile.Read(ref stop))
                foreach (var command in new string[][] { ["releases"], ["tables"], ["verify"] })
                    if (home.Run([.. command, "--tenant", "chu"]) is { ExitCode: not 0 } ran && !(command[0] == "verify" && ran.Error.Contains("lake.file-dropped", StringComparison.Ordinal))) lock (wrong) wrong.Add($"{command[0]}: {ran.Error}");
        });
        reader.Start();
        for (var keep = 4; keep >= 1; keep--) home.Run("releases", "drop", "--tenant", "chu", "--keep", $"{keep}").Succeeded();
        Volatile.Write(ref stop, true);
        reader.Join();
        Assert.Empty(wrong);
        home.Run("verify", "--tenant", "chu").Succeeded();
    }

    [Fact]
    public void A_backup_taken_after_comes_back_with_what_was_left_and_what_was_dropped()
    {
        using var home = Fed(3);
        home.Run("releases", "drop", "--tenant", "chu", "--keep", "1").Succeeded();
        var before = home.Run("releases", "--tenant", "chu", "--json").Succeeded().Output;
        home.RunWith(null, "backup", home.Beside("backup")).Succeeded();
        Directory.Delete(home.Path, recursive: true);
        home.RunWith(null, "restore", home.Beside("backup")).Succeeded();
        home.IsItsOwnersAlone();
        home.Run("verify", "--tenant", "chu").Succeeded();
        Assert.Equal(before, home.Run("releases", "--tenant", "chu", "--json").Succeeded().Output);
        home.Run("load", "fhir", Fhir(home, "next", 4, 70), "--tenant", "chu", "--mode", "merge").Succeeded();
        Assert.Equal([1, 2, 3, 4], Releases(home).Select(r => r.GetProperty("release").GetInt32()));
        home.Run("tenant", "rotate-key", "chu").Succeeded();
        home.Run("releases", "drop", "--tenant", "chu", "--keep", "1").Succeeded();
        home.Run("verify", "--tenant", "chu").Succeeded();
    }

    static string Exported(TemporaryHome home, string name)
    {
        home.Run("export", "omop", home.Beside(name), "--tenant", "chu", "--format", "csv").Succeeded();
        return string.Join('\n', Directory.EnumerateFiles(home.Beside(name), "*.csv").Order(StringComparer.Ordinal).Select(f => $"{Path.GetFileName(f)}\n{File.ReadAllText(f)}"));
    }
}
