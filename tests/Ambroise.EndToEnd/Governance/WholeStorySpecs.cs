using System.Text;

namespace Ambroise.EndToEnd.Governance;

/// <summary>From the question to the dataset and on to its end, with every door that must be closed tried on the way.</summary>
public sealed class WholeStorySpecs
{
    public const string Population = """{"ConceptSets":[],"PrimaryCriteria":{"CriteriaList":[{"ObservationPeriod":{}}],"ObservationWindow":{"PriorDays":0,"PostDays":0},"PrimaryCriteriaLimit":{"Type":"First"}},"QualifiedLimit":{"Type":"First"},"ExpressionLimit":{"Type":"First"},"InclusionRules":[],"CensoringCriteria":[],"CollapseSettings":{"CollapseType":"ERA","EraPad":0},"CensorWindow":{}}""";

    [Fact]
    public void A_project_gets_what_was_decided_while_it_is_in_force_and_nobody_else_anything()
    {
        using var home = TemporaryHome.With("chu", "autre");
        var source = Hospital(home, patients: 40);
        home.Run("vocabulary", "load", source).Succeeded();
        home.Run("load", "omop", source, "--tenant", "chu").Succeeded();
        foreach (var (name, role) in new[] { ("marie", "researcher"), ("luc", "researcher"), ("paul", "researcher"), ("claire", "committee-member"), ("dpo", "data-protection-officer") })
            home.Run("role", "grant", name, role, "--tenant", "chu").Succeeded();

        var request = home.Beside("request.json");
        File.WriteAllText(request, $$"""
            {"title":"Follow-up","summary":"In plain words.","investigator":"marie","team":["luc"],"purpose":"scientificResearch","legalBasis":{"kind":"mr004","number":"F20260101"},"population":{{Population}},
             "data":[{"table":"person","justification":"age and sex"},{"table":"observation_period","justification":"follow-up"}],"retainUntil":"2199-12-31","protection":{"shiftDates":false,"k":2,"l":1} }
            """);
        string[] build = ["dataset", "build", "--project", "suivi", "--tenant", "chu", "--birth-band", "20", "--json"];
        home.Run(build).Failed(4, "project.unknown");
        As("paul", "project", "create", "suivi", "--request", request, "--tenant", "chu").Failed(3, "project.not-a-member");
        File.WriteAllText(home.Beside("names.json"), File.ReadAllText(request).Replace("\"age and sex\"", "\"age and sex\",\"columns\":[\"person_source_value\"]", StringComparison.Ordinal));
        As("marie", "project", "create", "suivi", "--request", home.Beside("names.json"), "--tenant", "chu").Failed(2, "dataset.column-unavailable");
        As("marie", "project", "create", "suivi", "--request", request, "--tenant", "chu").Succeeded();
        home.Run(build).Failed(3, "permit.missing");
        As("marie", "project", "submit", "suivi", "--tenant", "chu").Succeeded();
        As("marie", "project", "opinion", "suivi", "favourable", "--reason", "mine", "--tenant", "chu").Failed(3, "access.denied");
        home.Run("project", "decide", "suivi", "approve", "--reason", "no opinion yet", "--tenant", "chu").Failed(5, "project.step-refused");
        As("claire", "project", "opinion", "suivi", "favourable", "--reason", "sound", "--tenant", "chu").Succeeded();
        home.Run("project", "decide", "suivi", "approve", "--reason", "opinion of today", "--tenant", "chu").Succeeded();
        home.Run(build).Failed(3, "permit.missing");
        home.Run("project", "activate", "suivi", "--tenant", "chu").Succeeded();
        Assert.Contains("claire : avis favorable — sound", home.Run("--lang", "fr", "project", "show", "suivi", "--tenant", "chu").Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains("scientific research; MR-004, F20260101", home.Run("project", "show", "suivi", "--tenant", "chu").Succeeded().Output, StringComparison.Ordinal);
        home.Run("dataset", "list", "--project", "nowhere", "--tenant", "chu").Failed(4, "project.unknown");

        As("marie", build).Failed(3, "access.denied");
        Assert.Equal(40, home.Run(build).Succeeded().Json.GetProperty("patients").GetInt32());
        As("marie", Open("one")).Succeeded();
        As("luc", Open("two")).Succeeded();
        As("paul", Open("three")).Failed(3, "project.not-a-member");
        As("claire", Open("three")).Failed(3, "access.denied");
        As("marie", "dataset", "open", home.Beside("three"), "--project", "suivi", "--tenant", "autre").Failed(3, "access.denied");
        As("marie", "dataset", "open", home.Beside("three"), "--project", "another", "--tenant", "chu").Failed(4, "project.unknown");

        // Patient 9 objects to education alone, which this project is not: nothing changes for it.
        Assert.Equal(0, As("dpo", "opposition", "add", "9", "--tenant", "chu", "--channel", "post", "--reach", "purpose:education", "--json").Succeeded().Json.GetProperty("rebuild").GetArrayLength());
        Assert.Equal([false], Rebuild());
        Assert.Equal(1, As("dpo", "opposition", "add", "7", "--tenant", "chu", "--channel", "post", "--json").Succeeded().Json.GetProperty("rebuild").GetArrayLength());
        As("dpo", "opposition", "add", "8", "--tenant", "chu", "--channel", "post", "--reach", "project:suivi").Succeeded();
        Assert.Equal([true], Rebuild());
        As("marie", Open("three")).Failed(5, "dataset.objected");
        Assert.Equal(38, home.Run(build).Succeeded().Json.GetProperty("patients").GetInt32());
        Assert.Equal([true, false], Rebuild());
        As("marie", "dataset", "open", home.Beside("rebuilt"), "--project", "suivi", "--tenant", "chu").Succeeded();
        var report = As("dpo", "opposition", "report", "7", "--tenant", "chu", "--json").Succeeded().Json.GetProperty("projects")[0];
        Assert.True(report.GetProperty("withheld").GetBoolean());
        Assert.Equal([true, false], report.GetProperty("datasets").EnumerateArray().Select(d => d.GetProperty("holds").GetBoolean()));
        Assert.False(As("dpo", "opposition", "report", "9", "--tenant", "chu", "--json").Succeeded().Json.GetProperty("projects")[0].GetProperty("withheld").GetBoolean());
        As("marie", "opposition", "report", "7", "--tenant", "chu").Failed(3, "access.denied");

        Assert.Contains("zoe is researcher from 2199-01-01 00:00 until 2199-06-30: not today.", home.Run("role", "grant", "zoe", "researcher", "--from", "2199-01-01", "--until", "2199-06-30", "--tenant", "chu").Succeeded().Output, StringComparison.Ordinal);
        home.Run("audit", "verify", "--tenant", "chu", "--checkpoint", home.Beside("nowhere")).Failed(4, "audit.file-missing");
        home.Run("role", "revoke", "luc", "researcher", "--tenant", "chu").Succeeded();
        As("luc", Open("three")).Failed(3, "access.denied");
        home.Run("project", "suspend", "suivi", "--reason", "audit", "--tenant", "chu").Succeeded();
        As("marie", Open("three")).Failed(3, "permit.suspended");
        home.Run(build).Failed(3, "permit.suspended");
        home.Run("project", "resume", "suivi", "--tenant", "chu").Succeeded();
        home.Run("tenant", "seal", "chu").Succeeded();
        As("marie", Open("three")).Failed(3, "tenant.sealed");
        home.Run("tenant", "unseal", "chu").Succeeded();

        var pages = home.Beside("public");
        home.Run("register", "export", pages, "--tenant", "chu", "--contact", "dpo@chu.example").Succeeded();
        Assert.Contains("Follow-up", File.ReadAllText(Path.Combine(pages, "projects.html")), StringComparison.Ordinal);
        As("marie", "register", "export", pages, "--tenant", "chu", "--contact", "x").Failed(3, "access.denied");

        TwoOfficersNameOnePatient(home, home.Beside("one"));
        ResultsLeaveOnlyOnceSomeoneElseAgreed(home, home.Beside("one"));
        As("marie", "publication", "add", "--project", "suivi", "--title", "What we found", "--reference", "doi:10.1000/182", "--tenant", "chu").Succeeded();
        As("luc", "publication", "add", "--project", "suivi", "--title", "x", "--reference", "y", "--tenant", "chu").Failed(3, "access.denied");
        Assert.False(As("dpo", "publication", "list", "--tenant", "chu", "--json").Succeeded().Json[0].GetProperty("late").GetBoolean());
        home.Run("register", "export", pages, "--tenant", "chu", "--contact", "dpo@chu.example").Succeeded();
        Assert.Contains("doi:10.1000/182", File.ReadAllText(Path.Combine(pages, "projects.html")), StringComparison.Ordinal);
        As("marie", "category", "confirm", "observation_period", "--project", "suivi", "--reason", "still", "--tenant", "chu").Succeeded();
        Assert.All(home.Run("category", "list", "--tenant", "chu", "--json").Succeeded().Json.EnumerateArray(), c => Assert.False(c.GetProperty("lapsed").GetBoolean()));
        Assert.Equal(0, home.Run("category", "purge", "--tenant", "chu", "--json").Succeeded().Json.GetArrayLength());

        Assert.Contains(Directory.EnumerateFiles(home.Path, "*", SearchOption.AllDirectories), IsDataset);
        home.Run("project", "close", "suivi", "--reason", "done", "--tenant", "chu").Succeeded();
        Assert.DoesNotContain(Directory.EnumerateFiles(home.Path, "*", SearchOption.AllDirectories), IsDataset);
        As("marie", Open("three")).Failed(3, "permit.closed");
        As("anne", "reidentify", "request", "--tenant", "chu", "--project", "suivi", "--pseudonym", "1", "--reason", "CareAlert", "--reference", "letter").Failed(4, "dataset.no-key");
        home.Run("dataset", "expire", "--project", "suivi", "--tenant", "chu", "--confirm", "suivi").Succeeded();
        Assert.False(Directory.Exists(home.Beside("three")));

        var denied = home.Run("audit", "list", "--last", "500", "--tenant", "chu", "--json").Succeeded().Json.EnumerateArray().Where(e => e.GetProperty("outcome").GetString() == "denied").Select(e => e.GetProperty("actor").GetString()).ToHashSet();
        Assert.Superset(new HashSet<string?> { "marie", "luc", "paul", "claire" }, denied);
        home.Run("audit", "verify", "--tenant", "chu").Succeeded();

        static bool IsDataset(string path) => path.Contains("/datasets/suivi/", StringComparison.Ordinal) && !path.EndsWith("expired.json", StringComparison.Ordinal);
        IEnumerable<bool> Rebuild() => As("marie", "dataset", "list", "--project", "suivi", "--tenant", "chu", "--json").Succeeded().Json.EnumerateArray().Select(d => d.GetProperty("rebuild").GetBoolean());
        Ran As(string name, params string[] args) => home.Run(["--as", name, .. args]);
        string[] Open(string folder) => ["dataset", "open", home.Beside(folder), "--project", "suivi", "--tenant", "chu", "--number", "1"];
    }

    static void ResultsLeaveOnlyOnceSomeoneElseAgreed(TemporaryHome home, string dataset)
    {
        var (table, rows, left) = (home.Beside("table.csv"), home.Beside("rows.csv"), home.Beside("left"));
        File.WriteAllText(table, "sex,patients\nF,120\nM,4\n");
        File.Copy(Path.Combine(dataset, "csv", "person.csv"), rows);
        As("dpo", "airlock", "submit", table, "--project", "suivi", "--description", "Table 1", "--tenant", "chu").Failed(3, "access.denied");
        As("paul", "airlock", "submit", table, "--project", "suivi", "--description", "Table 1", "--tenant", "chu").Failed(3, "project.not-a-member");
        var asked = As("marie", "airlock", "submit", table, "--project", "suivi", "--description", "Table 1", "--tenant", "chu", "--json").Succeeded().Json;
        var number = $"{asked.GetProperty("number").GetInt64()}";
        Assert.Equal(["smallCount"], asked.GetProperty("findings").EnumerateArray().Select(f => f.GetProperty("kind").GetString()));
        As("marie", "airlock", "release", number, left, "--project", "suivi", "--tenant", "chu").Failed(3, "airlock.not-approved");
        As("marie", "airlock", "approve", number, "--reason", "mine", "--tenant", "chu").Failed(3, "access.denied");
        home.Run("role", "grant", "marie", "data-protection-officer", "--tenant", "chu").Succeeded();
        As("marie", "airlock", "approve", number, "--reason", "mine", "--tenant", "chu").Failed(3, "airlock.own-request");
        home.Run("role", "revoke", "marie", "data-protection-officer", "--tenant", "chu").Succeeded();
        As("marie", "airlock", "look", number, home.Beside("look"), "--tenant", "chu").Failed(3, "access.denied");
        As("dpo", "airlock", "look", number, home.Beside("look"), "--tenant", "chu").Succeeded();
        Assert.Equal(File.ReadAllText(table), File.ReadAllText(Path.Combine(home.Beside("look"), "table.csv")));
        As("dpo", "airlock", "approve", number, "--reason", "beds", "--tenant", "chu").Succeeded();
        File.WriteAllText(table, "changed since");
        As("paul", "airlock", "release", number, left, "--project", "suivi", "--tenant", "chu").Failed(3, "project.not-a-member");
        As("marie", "airlock", "release", number, left, "--project", "suivi", "--tenant", "chu").Succeeded();
        Assert.Contains("M,4", File.ReadAllText(Path.Combine(left, "table.csv")), StringComparison.Ordinal);

        var second = $"{As("marie", "airlock", "submit", rows, "--project", "suivi", "--description", "rows", "--tenant", "chu", "--json").Succeeded().Json.GetProperty("number").GetInt64()}";
        As("dpo", "airlock", "approve", second, "--reason", "by mistake", "--tenant", "chu").Failed(3, "airlock.blocked");
        As("dpo", "airlock", "refuse", second, "--reason", "rows", "--tenant", "chu").Succeeded();
        Assert.Equal(["released", "refused"], As("marie", "airlock", "list", "--tenant", "chu", "--json").Succeeded().Json.EnumerateArray().Select(r => r.GetProperty("state").GetString()));
        var french = As("marie", "airlock", "list", "--tenant", "chu", "--lang", "fr").Succeeded().Output;
        Assert.True(french.Contains("sortie", StringComparison.Ordinal) && french.Contains("refusée", StringComparison.Ordinal) && !french.Contains("Released", StringComparison.Ordinal), french);

        Ran As(string name, params string[] args) => home.Run(["--as", name, .. args]);
    }

    /// <param name="dataset">What a member opened.</param>
    static void TwoOfficersNameOnePatient(TemporaryHome home, string dataset)
    {
        foreach (var name in new[] { "anne", "bruno" }) home.Run("role", "grant", name, "reidentification-officer", "--tenant", "chu").Succeeded();
        var pseudonyms = File.ReadLines(Path.Combine(dataset, "csv", "person.csv")).Skip(1).Select(l => l.Split(',')[0]).ToList();
        string[] Ask(string pseudonym, string project = "suivi") => ["reidentify", "request", "--tenant", "chu", "--project", project, "--pseudonym", pseudonym, "--reason", "CareAlert", "--reference", "letter-12", "--json"];

        As("marie", Ask(pseudonyms[0])).Failed(3, "access.denied");
        home.Run(Ask(pseudonyms[0])).Failed(3, "access.denied");
        As("anne", Ask(pseudonyms[0], "another")).Failed(4, "dataset.no-key");
        As("anne", [.. Ask(pseudonyms[0])[..^4], "Curiosity", "--reference", "x"]).Failed(2, "cli.usage");
        var first = As("anne", Ask(pseudonyms[0])).Succeeded().Json.GetProperty("number").GetInt64();
        As("bruno", Ask(pseudonyms[0])).Failed(5, "reidentify.asked-already");
        As("anne", Approve(first)).Failed(3, "reidentify.same-officer");
        As("marie", Approve(first)).Failed(3, "access.denied");
        var named = As("bruno", Approve(first)).Succeeded().Json;
        var person = named.GetProperty("person").GetInt64();
        Assert.Equal($"IPP-planted-{person}", named.GetProperty("identities").EnumerateArray().Single().GetProperty("value").GetString());
        As("bruno", Approve(first)).Failed(5, "reidentify.decided");
        As("bruno", Approve(99)).Failed(4, "reidentify.unknown-request");

        var second = As("bruno", Ask(pseudonyms[1])).Succeeded().Json.GetProperty("number").GetInt64();
        As("anne", "reidentify", "refuse", $"{second}", "--tenant", "chu").Succeeded();
        As("anne", Approve(second)).Failed(5, "reidentify.decided");
        var third = As("bruno", Ask(pseudonyms[1])).Succeeded().Json.GetProperty("number").GetInt64();
        Assert.NotEqual(person, As("anne", Approve(third)).Succeeded().Json.GetProperty("person").GetInt64());
        var nobody = As("anne", Ask("12345")).Succeeded().Json.GetProperty("number").GetInt64();
        As("bruno", Approve(nobody)).Failed(4, "reidentify.unknown-patient");

        // An erasure sweeps up keys that no release needs any more: the journal's is not among them.
        home.Run("erase", $"{person}", "--tenant", "chu").Succeeded();
        Assert.Equal(["approved", "refused", "approved", "waiting"], As("anne", "reidentify", "list", "--tenant", "chu", "--json").Succeeded().Json.EnumerateArray().Select(r => r.GetProperty("state").GetString()?.ToLowerInvariant()));
        Assert.Contains("en attente", As("anne", "reidentify", "list", "--tenant", "chu", "--lang", "fr").Succeeded().Output, StringComparison.Ordinal);
        var trace = home.Run("audit", "list", "--last", "500", "--tenant", "chu", "--json").Succeeded().Json.EnumerateArray().Where(e => e.GetProperty("action").GetString() == "reidentify").ToList();
        Assert.Contains(trace, e => e.GetProperty("actor").GetString() == "bruno" && e.GetProperty("outcome").GetString() == "done" && e.GetProperty("patients").GetInt64() == 1);
        Assert.Contains(trace, e => e.GetProperty("actor").GetString() == "marie" && e.GetProperty("outcome").GetString() == "denied");
        Assert.DoesNotContain(trace, e => e.GetRawText().Contains("planted", StringComparison.Ordinal) || e.GetRawText().Contains(pseudonyms[0], StringComparison.Ordinal));

        Ran As(string name, params string[] args) => home.Run(["--as", name, .. args]);
        string[] Approve(long number) => ["reidentify", "approve", $"{number}", "--tenant", "chu", "--json"];
    }

    static string Hospital(TemporaryHome home, int patients)
    {
        var source = home.Beside("cdm");
        Directory.CreateDirectory(source);
        var (persons, periods) = (new StringBuilder("person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id,person_source_value\n"), new StringBuilder("observation_period_id,person_id,observation_period_start_date,observation_period_end_date,period_type_concept_id\n"));
        for (var p = 1; p <= patients; p++)
        {
            persons.Append(System.Globalization.CultureInfo.InvariantCulture, $"{p},8507,1961,0,0,IPP-planted-{p}\n");
            periods.Append(System.Globalization.CultureInfo.InvariantCulture, $"{p},{p},2020-01-01,2021-01-01,0\n");
        }
        File.WriteAllText(Path.Combine(source, "person.csv"), persons.ToString());
        File.WriteAllText(Path.Combine(source, "observation_period.csv"), periods.ToString());
        File.WriteAllText(Path.Combine(source, "concept.csv"), "concept_id,concept_name,domain_id,vocabulary_id,concept_class_id,standard_concept,concept_code,valid_start_date,valid_end_date,invalid_reason\n8507,MALE,Gender,Gender,Gender,S,M,1970-01-01,2099-12-31,\n");
        File.WriteAllText(Path.Combine(source, "concept_ancestor.csv"), "ancestor_concept_id,descendant_concept_id,min_levels_of_separation,max_levels_of_separation\n8507,8507,0,0\n");
        File.WriteAllText(Path.Combine(source, "concept_relationship.csv"), "concept_id_1,concept_id_2,relationship_id,valid_start_date,valid_end_date,invalid_reason\n8507,8507,Maps to,1970-01-01,2099-12-31,\n");
        return source;
    }
}
