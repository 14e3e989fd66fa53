namespace Ambroise.EndToEnd.Cohorts;

/// <summary>A definition is counted, run, explained, checked and described as a researcher would, and one that is not valid says where.</summary>
public sealed class CohortCommandsSpecs
{
    const string Rules = """
        {"ConceptSets":[{"id":0,"name":"Diabetes","expression":{"items":[{"concept":{"CONCEPT_ID":201826},"includeDescendants":true}]}},{"id":1,"name":"HbA1c","expression":{"items":[{"concept":{"CONCEPT_ID":3004410}}]}}],
         "PrimaryCriteria":{"CriteriaList":[{"ConditionOccurrence":{"CodesetId":0}}],"ObservationWindow":{"PriorDays":0,"PostDays":0},"PrimaryCriteriaLimit":{"Type":"First"}},
         "QualifiedLimit":{"Type":"First"},"ExpressionLimit":{"Type":"All"},
         "InclusionRules":[{"name":"HbA1c measured","expression":{"Type":"ALL","CriteriaList":[{"Criteria":{"Measurement":{"CodesetId":1}},"StartWindow":{"Start":{"Days":365,"Coeff":-1},"End":{"Days":365,"Coeff":1}},"Occurrence":{"Type":2,"Count":1}}],"DemographicCriteriaList":[],"Groups":[]}}],
         "CensoringCriteria":[],"CollapseSettings":{"CollapseType":"ERA","EraPad":0},"CensorWindow":{}}
        """;

    [Fact]
    public void A_definition_is_counted_run_explained_checked_and_described()
    {
        using var home = TemporaryHome.With("chu");
        var source = home.Beside("synth");
        home.Run("synth", "--patients", "2000", "--out", source).Succeeded();
        home.Run("vocabulary", "load", source).Succeeded();
        home.Run("load", "omop", source, "--tenant", "chu").Succeeded();
        var library = Directory.CreateDirectory(home.Beside("library")).FullName;
        var definition = Path.Combine(library, "diabetes.json");
        File.WriteAllText(definition, Rules);

        var count = home.Run("cohort", "count", definition, "--tenant", "chu", "--json").Succeeded().Json;
        var patients = count.GetProperty("patients").GetInt64();
        Assert.InRange(patients, 10, 1000);
        var rule = Assert.Single(count.GetProperty("rules").EnumerateArray());
        Assert.Equal(("HbA1c measured", patients), (rule.GetProperty("name").GetString(), rule.GetProperty("satisfied").GetInt64()));
        Assert.True(count.GetProperty("criteria").GetArrayLength() >= 2);
        Assert.True(count.GetProperty("elapsedMs").GetDouble() > 0);

        var rows = home.Beside("rows.csv");
        home.Run("cohort", "run", definition, "--out", rows, "--tenant", "chu").Succeeded();
        var lines = File.ReadAllLines(rows);
        Assert.Equal("subject_id,cohort_start_date,cohort_end_date", lines[0]);
        Assert.Equal(patients, lines.Skip(1).Select(l => l.Split(',')[0]).Distinct().Count());
        home.Run("cohort", "run", definition, "--out", home.Beside("rows.parquet"), "--tenant", "chu").Succeeded();
        Assert.Equal("PAR1"u8.ToArray(), File.ReadAllBytes(home.Beside("rows.parquet"))[..4]);

        // A folder: the definition that fails is named, with its place, and the other goes on.
        File.WriteAllText(Path.Combine(library, "broken.json"), Rules.Replace("\"PrimaryCriteriaLimit\"", "\"PrimaryCriteriaLimits\"", StringComparison.Ordinal));
        var out2 = home.Beside("out");
        var ran = home.Run("cohort", "run", library, "--out", out2, "--tenant", "chu", "--json");
        Assert.Equal(2, ran.ExitCode);
        var failed = Assert.Single(ran.Json.GetProperty("failed").EnumerateArray());
        Assert.Equal(("broken.json", "cohort.invalid"), (failed.GetProperty("definition").GetString(), failed.GetProperty("code").GetString()));
        Assert.StartsWith("$.PrimaryCriteria.PrimaryCriteriaLimits:", failed.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(File.ReadAllText(rows), File.ReadAllText(Path.Combine(out2, "diabetes.csv")));
        Assert.False(File.Exists(Path.Combine(out2, "broken.csv")));

        Assert.Contains("HbA1c measured", home.Run("cohort", "explain", definition).Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains("Règles d’inclusion", home.Run("cohort", "explain", definition, "--lang", "fr").Succeeded().Output, StringComparison.Ordinal);
        home.Run("cohort", "explain", Path.Combine(library, "broken.json")).Failed(2, "$.PrimaryCriteria.PrimaryCriteriaLimits");
        Assert.Equal(["exit-at-end-of-observation"], home.Run("cohort", "check", definition, "--json").Succeeded().Json.EnumerateArray().Select(f => f.GetProperty("code").GetString()));
        var refused = Assert.Single(home.Run("cohort", "check", Path.Combine(library, "broken.json"), "--json").Succeeded().Json.EnumerateArray());
        Assert.Equal(("definition-invalid", "$.PrimaryCriteria.PrimaryCriteriaLimits"), (refused.GetProperty("code").GetString(), refused.GetProperty("path").GetString()));
        home.Run("cohort", "check", Path.Combine(library, "broken.json"), "--strict").Failed(2, "cohort.check-failed");

        var page = home.Beside("page.html");
        var told = home.Run("cohort", "describe", definition, "--tenant", "chu", "--html", page, "--json").Succeeded().Json;
        Assert.Equal(patients, told.GetProperty("patients").GetInt64());
        Assert.Equal(patients, told.GetProperty("sexes").EnumerateArray().Sum(s => s.GetProperty("patients").GetInt64()));
        Assert.Equal(patients, told.GetProperty("ages").EnumerateArray().Sum(a => a.GetProperty("women").GetInt64() + a.GetProperty("men").GetInt64() + a.GetProperty("other").GetInt64()));
        Assert.Contains("<svg", File.ReadAllText(page), StringComparison.Ordinal);
        Assert.Equal(told.GetRawText(), home.Run("cohort", "describe", rows, "--tenant", "chu", "--json").Succeeded().Json.GetRawText());
        home.Run("cohort", "describe", definition, "--tenant", "chu", "--html", Path.Combine(home.Beside("absent"), "page.html")).Failed(7, "cohort.out-unwritable");
    }
}
