namespace Ambroise.EndToEnd.Governance;

/// <summary>A patient objects, and the next answer is without them.</summary>
public sealed class OppositionCommandsSpecs
{
    const string Everyone = """
        {"ConceptSets":[],"PrimaryCriteria":{"CriteriaList":[{"ObservationPeriod":{}}],"ObservationWindow":{"PriorDays":0,"PostDays":0},"PrimaryCriteriaLimit":{"Type":"First"}},
         "QualifiedLimit":{"Type":"First"},"ExpressionLimit":{"Type":"First"},"InclusionRules":[],"CensoringCriteria":[],"CollapseSettings":{"CollapseType":"ERA","EraPad":0},"CensorWindow":{}}
        """;

    [Fact]
    public void An_opposition_is_in_force_at_the_next_count_and_cohort_until_it_is_withdrawn()
    {
        using var home = TemporaryHome.With("chu", "autre");
        var (source, definition, rows) = (home.Beside("cdm"), home.Beside("everyone.json"), home.Beside("rows.csv"));
        Directory.CreateDirectory(source);
        File.WriteAllText(Path.Combine(source, "person.csv"), "person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id\n1,8507,1960,0,0\n2,8532,1970,0,0\n3,8532,1980,0,0\n");
        File.WriteAllText(Path.Combine(source, "observation_period.csv"), "observation_period_id,person_id,observation_period_start_date,observation_period_end_date,period_type_concept_id\n1,1,2020-01-01,2021-01-01,0\n2,2,2020-01-01,2021-01-01,0\n3,3,2020-01-01,2021-01-01,0\n");
        foreach (var table in new[] { "concept", "concept_ancestor", "concept_relationship" }) File.WriteAllText(Path.Combine(source, $"{table}.csv"), Header(table));
        File.WriteAllText(definition, Everyone);
        home.Run("vocabulary", "load", source).Succeeded();
        home.Run("load", "omop", source, "--tenant", "chu").Succeeded();
        Assert.Equal(3, Count());

        home.Run("opposition", "add", "2", "--tenant", "chu", "--channel", "post").Failed(3, "access.denied");
        home.Run("role", "grant", "dpo", "data-protection-officer", "--tenant", "chu").Succeeded();
        Dpo("add", "2", "--tenant", "chu", "--channel", "post", "--received", "2026-01-02", "--proof", "letter-1").Succeeded();
        Dpo("add", "2", "--tenant", "autre", "--channel", "post").Failed(3, "access.denied");
        Assert.Equal(2, Count());
        home.Run("cohort", "run", definition, "--tenant", "chu", "--out", rows).Succeeded();
        Assert.DoesNotContain("\n2,", File.ReadAllText(rows).Replace("\n1,2,", "\n2,", StringComparison.Ordinal), StringComparison.Ordinal);

        // Nothing that a patient says is refused, but what may be a slip of the pen is told.
        var early = Dpo("add", "3", "--tenant", "chu", "--channel", "portal", "--reach", "project:p1", "--json").Succeeded().Json;
        Assert.Equal(("[\"p1\"]", "[]"), (Packed(early, "unknownProjects"), Packed(early, "unknownPersons")));
        var absent = Dpo("add", "99", "--tenant", "chu", "--channel", "portal", "--json").Succeeded().Json;
        Assert.Equal(("[]", "[99]"), (Packed(absent, "unknownProjects"), Packed(absent, "unknownPersons")));
        Assert.Contains("nobody is withheld for: 99.", Dpo("add", "99", "--tenant", "chu", "--channel", "portal").Succeeded().Output, StringComparison.Ordinal);
        Assert.Equal(2, Count());
        Dpo("withdraw", "2", "--tenant", "chu", "--channel", "phone").Succeeded();
        Assert.Equal(3, Count());
        Dpo("withdraw", "2", "--tenant", "chu", "--channel", "phone").Failed(4, "opposition.none");

        var list = home.Beside("list.csv");
        File.WriteAllText(list, "person_id;channel;received\n1;email;2026-02-03\nplanted-word;email;2026-02-03\n");
        var refused = Dpo("import", list, "--tenant", "chu").Failed(2, "opposition.file-invalid");
        Assert.DoesNotContain("planted-word", refused.Error, StringComparison.Ordinal);
        Assert.Equal(3, Count());
        File.WriteAllText(list, "person_id;channel;received\n1;email;2026-02-03\n3;;\n");
        Assert.Equal(2, Dpo("import", list, "--tenant", "chu", "--json").Succeeded().Json.GetProperty("patients").GetInt32());
        Assert.Equal(1, Count());

        Assert.Equal(2, Dpo("list", "--tenant", "chu", "--person", "2", "--json").Succeeded().Json.GetArrayLength());
        home.Run("--as", "marie", "opposition", "list", "--tenant", "chu").Failed(3, "access.denied");
        home.Run("--as", "dpo", "audit", "verify", "--tenant", "chu").Succeeded();
        home.Run("tenant", "seal", "chu").Succeeded();
        Dpo("list", "--tenant", "chu").Failed(3, "tenant.sealed");

        static string Packed(System.Text.Json.JsonElement json, string name) => System.Text.Json.JsonSerializer.Serialize(json.GetProperty(name));
        int Count() => home.Run("cohort", "count", definition, "--tenant", "chu", "--json").Succeeded().Json.GetProperty("patients").GetInt32();
        Ran Dpo(params string[] args) => home.Run(["--as", "dpo", "opposition", .. args]);
    }

    internal static string Header(string table) => table switch
    {
        "concept" => "concept_id,concept_name,domain_id,vocabulary_id,concept_class_id,standard_concept,concept_code,valid_start_date,valid_end_date,invalid_reason\n8507,MALE,Gender,Gender,Gender,S,M,1970-01-01,2099-12-31,\n",
        "concept_ancestor" => "ancestor_concept_id,descendant_concept_id,min_levels_of_separation,max_levels_of_separation\n8507,8507,0,0\n",
        _ => "concept_id_1,concept_id_2,relationship_id,valid_start_date,valid_end_date,invalid_reason\n8507,8507,Maps to,1970-01-01,2099-12-31,\n",
    };
}
