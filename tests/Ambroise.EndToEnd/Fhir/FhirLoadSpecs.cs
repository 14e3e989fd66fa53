namespace Ambroise.EndToEnd.Fhir;

/// <summary>A hospital's FHIR through the whole program.</summary>
public sealed class FhirLoadSpecs
{
    /// <summary>The same 120 patients, once as transaction bundles with conditional references and once as NDJSON by type.</summary>
    [Fact]
    public void Bundles_and_ndjson_of_the_same_patients_are_one_release_and_every_resource_is_accounted_for()
    {
        var (bundles, ndjson) = (Conformance.Path("fhir/synthea-r4-bundles"), Conformance.Path("fhir/synthea-r4"));
        using var home = TemporaryHome.With("chu");
        home.Run("vocabulary", "load", Conformance.Path("omop/synthea27nj")).Succeeded();
        var first = home.Run("load", "fhir", ndjson, "--tenant", "chu", "--json").Succeeded().Json;
        var second = home.Run("load", "fhir", bundles, "--tenant", "chu", "--json").Succeeded().Json;
        Assert.Equal(first.GetProperty("contentHash").GetString(), second.GetProperty("contentHash").GetString());
        Assert.Equal(120, first.GetProperty("patients").GetInt64());

        // What was read of each type is what the folder's own list says, and each resource has one fate.
        var expected = File.ReadLines(Path.Combine(ndjson, "COUNTS.tsv")).Select(l => l.Split('\t')).Where(f => f[0] is not ("TOTAL" or "type") && f.Length > 1).ToDictionary(f => f[0], f => long.Parse(f[1], null));
        var read = first.GetProperty("fates").EnumerateArray().GroupBy(f => f.GetProperty("type").GetString()!).ToDictionary(g => g.Key, g => g.Sum(f => f.GetProperty("count").GetInt64()));
        Assert.Equal(expected.OrderBy(e => e.Key, StringComparer.Ordinal), read.OrderBy(e => e.Key, StringComparer.Ordinal));

        var report = home.Run("load", "report", "--tenant", "chu", "--release", "1", "--json").Succeeded().Json;
        Assert.Equal(read.Values.Sum(), report.GetProperty("fates").EnumerateArray().Sum(f => f.GetProperty("count").GetInt64()));
        static long Of(System.Text.Json.JsonElement fates, string name) => fates.GetProperty(name).GetInt64();
        var types = report.GetProperty("types").EnumerateArray().ToList();
        Assert.Equal(expected, types.ToDictionary(t => t.GetProperty("type").GetString()!, t => Of(t, "read")));
        Assert.All(types.Append(report), t => Assert.Equal(Of(t, "read"), Of(t, "used") + Of(t, "setAside") + Of(t, "quarantined")));
        Assert.Equal(expected.Values.Sum(), Of(report, "read"));

        // A person sees the same, as their language writes it.
        var (english, french) = (home.Run("load", "report", "--tenant", "chu", "--release", "1").Succeeded().Output, home.Run("load", "report", "--tenant", "chu", "--release", "1", "--lang", "fr").Succeeded().Output);
        Assert.Matches($@"All +{expected.Values.Sum():N0} +{Of(report, "used"):N0} +{Of(report, "setAside"):N0} +{Of(report, "quarantined"):N0}", english);
        Assert.Contains($"by Ambroise {report.GetProperty("software").GetString()}. Vocabulary: {report.GetProperty("vocabulary").GetString()}. Times: as written.", english, StringComparison.Ordinal);
        Assert.Matches($@"Toutes +{expected.Values.Sum():N0} ".Replace(",", "\u202f", StringComparison.Ordinal), french);
        Assert.DoesNotMatch(@"\b(set-aside|quarantined|used)\b|[0-9],[0-9]{3}", french);
        home.Run("verify", "--tenant", "chu").Succeeded();
    }

    [Fact]
    public void Unmapped_codes_go_out_and_come_back_mapped()
    {
        using var home = TemporaryHome.With("chu");
        home.Run("vocabulary", "load", Conformance.Path("omop/synthea27nj")).Succeeded();
        var (sent, list, mapped) = (home.Beside("sent.ndjson"), home.Beside("unmapped.csv"), home.Beside("mapped.csv"));
        File.WriteAllText(sent, """
            {"resourceType":"Patient","id":"p","gender":"male","birthDate":"1950"}
            {"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p"},"code":{"coding":[{"system":"urn:hospital:codes","code":"DIAB","display":"Diabète"}]},"onsetDateTime":"2020-01-01"}
            {"resourceType":"Condition","id":"d","subject":{"reference":"Patient/p"},"code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"E11.X"}]},"onsetDateTime":"2020-01-01"}
            """);
        home.Run("load", "fhir", sent, "--tenant", "chu").Succeeded();
        home.Run("mappings", "list", "--tenant", "chu", "--export", list).Succeeded();
        Assert.Contains("DIAB,urn:hospital:codes,Diabète,1,condition_occurrence", File.ReadAllText(list), StringComparison.Ordinal);
        File.WriteAllText(mapped, "source_code,source_vocabulary_id,target_concept_id\nDIAB,urn:hospital:codes,201826\nE11.X,http://hl7.org/fhir/sid/icd-10,44054006\n");
        home.Run("mappings", "import", mapped, "--tenant", "chu").Succeeded();
        File.WriteAllText(mapped, "source_code,target_concept_id\nDIAB,x\n");
        home.Run("mappings", "import", mapped, "--tenant", "chu").Failed(2, "mappings.unreadable");
        home.Run("load", "fhir", sent, "--tenant", "chu").Succeeded();
        // 44054006 is SNOMED's own code, no concept: that one stays on the list until its line names 201826.
        Assert.Equal("E11.X", Assert.Single(home.Run("mappings", "list", "--tenant", "chu", "--json").Succeeded().Json.EnumerateArray()).GetProperty("code").GetString());
        File.WriteAllText(mapped, "source_code,source_vocabulary_id,target_concept_id\nE11.X,http://hl7.org/fhir/sid/icd-10,201826\n");
        home.Run("mappings", "import", mapped, "--tenant", "chu").Succeeded();
        home.Run("load", "fhir", sent, "--tenant", "chu").Succeeded();
        Assert.Empty(home.Run("mappings", "list", "--tenant", "chu", "--json").Succeeded().Json.EnumerateArray());
        home.Run("load", "omop", Conformance.Path("omop/synthea27nj"), "--tenant", "chu").Succeeded();
        home.Run("load", "report", "--tenant", "chu").Failed(4, "load.report-none");
    }

    [Fact]
    public void Mappings_by_itself_lists_the_codes_as_its_list_does()
    {
        using var home = TemporaryHome.With("chu");
        var sent = home.Beside("sent.ndjson");
        File.WriteAllText(sent, """
            {"resourceType":"Patient","id":"p","gender":"male","birthDate":"1950"}
            {"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p"},"code":{"coding":[{"system":"urn:hospital:codes","code":"DIAB"}]},"onsetDateTime":"2020-01-01"}
            """);
        home.Run("load", "fhir", sent, "--tenant", "chu").Succeeded();
        string Listed(params string[] more)
        {
            var file = home.Beside($"{more.Length}.csv");
            string[] options = ["--tenant", "chu", "--release", "1", "--export", file];
            return home.Run(["mappings", .. more, .. options, "--json"]).Succeeded().Output + home.Run(["mappings", .. more, .. options]).Succeeded().Output.Replace(file, "", StringComparison.Ordinal) + File.ReadAllText(file);
        }
        Assert.Equal(Listed("list"), Listed());
        Assert.Contains("DIAB", Listed(), StringComparison.Ordinal);
        home.Run("mappings").Failed(2, "'--tenant' is required");
        home.Run("mappings", "lists", "--tenant", "chu").Failed(2, "Unrecognized command or argument 'lists'");
        Assert.Contains("  ambroise mappings --tenant chu\n", home.Run("mappings", "--help").Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Quarantine_gives_the_place_of_every_resource_and_the_content_of_none()
    {
        using var home = TemporaryHome.With("chu");
        var sent = home.Beside("sent");
        Directory.CreateDirectory(sent);
        File.WriteAllText(Path.Combine(sent, "a.ndjson"), """{"resourceType":"Patient","id":"p","gender":"male","birthDate":"1950"}""" + "\n" + string.Join('\n', Enumerable.Range(1, 5).Select(i => $$"""{"resourceType":"Condition","id":"CANARY{{i}}","subject":{"reference":"Patient/p"},"code":{"text":"CANARY"},"onsetDateTime":"CANARY-31"}""")) + "\n");
        File.WriteAllText(Path.Combine(sent, "cut.ndjson"), """{"resourceType":"Condition","id":"CANARY""");
        Ran Said(params string[] more) => home.Run(["quarantine", "--tenant", "chu", .. more]).Succeeded();

        var file = Assert.Single(home.Run("load", "fhir", sent, "--tenant", "chu", "--json").Succeeded().Json.GetProperty("files").EnumerateArray()).GetProperty("reason").GetString();
        Assert.Contains("'ambroise quarantine --tenant chu --all' names them.", home.Run("load", "fhir", sent, "--tenant", "chu").Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains("« ambroise quarantine --tenant chu --all » les nomme.", home.Run("load", "fhir", sent, "--tenant", "chu", "--lang", "fr").Succeeded().Output, StringComparison.Ordinal);

        var all = Said("--all").Output.TrimEnd().Split('\n').Order(StringComparer.Ordinal).ToList();
        Assert.Equal([.. Enumerable.Range(2, 5).Select(line => $"a.ndjson:{line}\tCondition\tonset\tdate-invalid"), $"cut.ndjson:1\tfile\t\t{file}"], all);
        Assert.Equal(all[..5], Said("--all", "--reason", "date-invalid").Output.TrimEnd().Split('\n').Order(StringComparer.Ordinal));
        Assert.Equal("No row was set aside.", Said("--all", "--reason", "none").Output.Trim());

        var (few, every) = (Said("--json", "--reason", "date-invalid").Json, Said("--json", "--all").Json);
        Assert.Equal((5, 3), (Assert.Single(few.EnumerateArray()).GetProperty("rows").GetInt32(), few[0].GetProperty("first").GetArrayLength()));
        Assert.False(few[0].TryGetProperty("all", out _));
        Assert.Equal([2, 3, 4, 5, 6], every[0].GetProperty("all").EnumerateArray().Select(p => p.GetProperty("line").GetInt32()).Order());
        Assert.Equal(3, every[0].GetProperty("first").GetArrayLength());
        Assert.Contains("--all gives every place.", Said().Output, StringComparison.Ordinal);
        Assert.DoesNotContain("--all", Said("--reason", file!).Output, StringComparison.Ordinal);
        foreach (var said in new[] { Said(), Said("--all"), Said("--all", "--json") }) Assert.DoesNotContain("CANARY", said.Output + said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_load_says_what_the_vocabulary_lacks_and_how_to_mend_it()
    {
        using var home = TemporaryHome.With("chu");
        var (sent, words) = (home.Beside("sent.ndjson"), Directory.CreateDirectory(home.Beside("words")).FullName);
        void Write(string table, string text) => File.WriteAllText(Path.Combine(words, $"{table}.csv"), text);
        string Load(params string[] more) => home.Run(["load", "fhir", sent, "--tenant", "chu", .. more]).Succeeded().Output;
        (string? Vocabulary, bool Told) Told()
        {
            var json = System.Text.Json.JsonDocument.Parse(Load("--json")).RootElement;
            return (json.GetProperty("vocabulary").GetString(), json.TryGetProperty("erasOfIngredientsAlone", out var told) && told.GetBoolean());
        }
        const string Person = """{"resourceType":"Patient","id":"p","gender":"male","birthDate":"1950"}""";
        const string Drug = """{"resourceType":"MedicationRequest","id":"m","status":"active","intent":"order","subject":{"reference":"Patient/p"},"authoredOn":"2020-01-01","medicationCodeableConcept":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"1"}]}}""";
        File.WriteAllText(sent, $"{Person}\n{Drug}\n");

        Assert.Equal(("none", false), Told());
        var bare = Load();
        Assert.Contains("No vocabulary is loaded: every code is kept without a standard concept. Load one with 'ambroise vocabulary load FOLDER', then load this again.", bare, StringComparison.Ordinal);
        Assert.DoesNotContain("CONCEPT_ANCESTOR", bare, StringComparison.Ordinal);
        Assert.Contains("Aucun vocabulaire n'est chargé", Load("--lang", "fr"), StringComparison.Ordinal);
        Assert.Contains("Vocabulaire : aucun.", home.Run("load", "report", "--tenant", "chu", "--lang", "fr").Succeeded().Output, StringComparison.Ordinal);

        Write("concept", Governance.OppositionCommandsSpecs.Header("concept"));
        Write("vocabulary", "vocabulary_id,vocabulary_version\nNone,v1\n");
        foreach (var ancestors in new[] { null, Governance.OppositionCommandsSpecs.Header("concept_ancestor").Split('\n')[0] + "\n" })
        {
            if (ancestors is not null) Write("concept_ancestor", ancestors);
            home.Run("vocabulary", "load", words).Succeeded();
            Assert.Equal(("v1", true), Told());
            var english = Load();
            Assert.Contains("The vocabulary has no CONCEPT_ANCESTOR: of drugs, only ingredients given as such have eras.", english, StringComparison.Ordinal);
            Assert.DoesNotContain("No vocabulary", english, StringComparison.Ordinal);
            Assert.Contains("Le vocabulaire n'a pas de CONCEPT_ANCESTOR", Load("--lang", "fr"), StringComparison.Ordinal);
        }

        File.WriteAllText(sent, Person + "\n"); // no drug has an era to lose
        Assert.Equal(("v1", false), Told());
        File.WriteAllText(sent, $"{Person}\n{Drug}\n");
        Write("concept_ancestor", Governance.OppositionCommandsSpecs.Header("concept_ancestor"));
        home.Run("vocabulary", "load", words).Succeeded();
        Assert.Equal(("v1", false), Told());
        Assert.DoesNotContain("ambroise vocabulary load", Load(), StringComparison.Ordinal);
    }

    /// <summary>One of each: no plural of one, and no table of nothing.</summary>
    [Fact]
    public void One_patient_is_told_as_one_in_both_languages()
    {
        using var home = TemporaryHome.With("chu");
        var sent = home.Beside("sent.ndjson");
        File.WriteAllText(sent, """{"resourceType":"Patient","id":"p","gender":"male","birthDate":"1950"}""");
        var english = home.Run("load", "fhir", sent, "--tenant", "chu").Succeeded().Output;
        Assert.Contains(": 1 patient,", english, StringComparison.Ordinal);
        Assert.Contains("1 resource read: 1 used, 0 set aside with a reason, 0 quarantined; 0 codes without", english, StringComparison.Ordinal);
        var french = home.Run("load", "fhir", sent, "--tenant", "chu", "--lang", "fr").Succeeded().Output;
        Assert.Contains(" : 1 patient,", french, StringComparison.Ordinal);
        Assert.Contains("1 ressource lue : 1 utilisée, 0 écartée avec raison, 0 en quarantaine ; 0 code sans", french, StringComparison.Ordinal);
        Assert.Equal("Every code has a standard concept.", home.Run("mappings", "list", "--tenant", "chu").Succeeded().Output.Trim());
        Assert.Equal("Tous les codes ont un concept standard.", home.Run("mappings", "list", "--tenant", "chu", "--lang", "fr").Succeeded().Output.Trim());
        File.WriteAllText(sent, """{"resourceType":"Practitioner","id":"m"}""");
        Assert.Contains("ni ressource Patient", home.Run("load", "fhir", sent, "--tenant", "chu", "--lang", "fr").Failed(2, "load.no-person").Error, StringComparison.Ordinal);
    }

    /// <summary>One release then holds two zones: whoever forgot it once is told.</summary>
    [Fact]
    public void A_merge_with_other_options_than_the_release_has_is_told()
    {
        using var home = TemporaryHome.With("chu");
        var sent = home.Beside("sent.ndjson");
        File.WriteAllText(sent, """{"resourceType":"Patient","id":"p","gender":"male","birthDate":"1950"}""");
        string[] load = ["load", "fhir", sent, "--tenant", "chu"], same = ["--mode", "merge", "--zone", "Europe/Paris", "--intent", "plan", "order"];
        Assert.False(home.Run([.. load, "--zone", "Europe/Paris", "--intent", "order", "plan", "--json"]).Succeeded().Json.TryGetProperty("optionsDiffer", out _));
        Assert.False(home.Run([.. load, .. same, "--json"]).Succeeded().Json.TryGetProperty("optionsDiffer", out _));
        Assert.Equal(["zone", "intent"], home.Run([.. load, "--mode", "merge", "--json"]).Succeeded().Json.GetProperty("optionsDiffer").EnumerateArray().Select(o => o.GetString()));
        Assert.Contains("autrement que la version fusionnée : --zone, --intent.", home.Run([.. load, .. same, "--lang", "fr"]).Succeeded().Output.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Directory.CreateDirectory(home.Beside("cdm")); // tables that are merged in between say nothing
        File.WriteAllText(home.Beside("cdm/person.csv"), "person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id\n7,8507,1950,0,0\n");
        home.Run("load", "omop", home.Beside("cdm"), "--tenant", "chu", "--mode", "merge").Succeeded();
        Assert.Equal(["zone", "intent"], home.Run([.. load, "--mode", "merge", "--json"]).Succeeded().Json.GetProperty("optionsDiffer").EnumerateArray().Select(o => o.GetString()));
        Assert.False(home.Run([.. load, "--json"]).Succeeded().Json.TryGetProperty("optionsDiffer", out _)); // in place of all: nothing is merged
    }

    [Theory]
    [InlineData("--same-number", "")]
    [InlineData("--same-number", " \t")]
    [InlineData("--intent", "")]
    [InlineData("--max-rejects", "-1")]
    [InlineData("--max-rejects", "many")]
    public void An_option_that_says_nothing_is_refused_before_anything_is_done(string option, string value)
    {
        using var home = TemporaryHome.With("chu");
        home.Run("load", "fhir", "https://nowhere.invalid/r4", "--tenant", "chu", option, value).Failed(2, "cli.usage");
    }

    [Theory]
    [InlineData("synth", "--patients", "many", "--out", "nowhere")]
    [InlineData("synth", "--patients", "0", "--out", "nowhere")]
    [InlineData("synth", "--patients", "1", "--density", "much", "--out", "nowhere")]
    [InlineData("synth", "--patients", "1", "--density", "4", "--out", "nowhere")]
    [InlineData("demo", "--patients", "many")]
    public void What_is_no_number_is_told(params string[] command)
    {
        using var home = new TemporaryHome();
        home.Run(command).Failed(2, "cli.usage");
    }

    [Fact]
    public void Too_much_that_is_refused_is_told_where_it_begins()
    {
        using var home = TemporaryHome.With("chu");
        var sent = home.Beside("sent.ndjson");
        File.WriteAllText(sent, """
            {"resourceType":"Patient","id":"p","gender":"male","birthDate":"1950"}
            {"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p"},"onsetDateTime":"DUPONT"}
            {"resourceType":"Condition","subject":{"reference":"Patient/p"}}
            [DUPONT]
            """ + "\n");
        var error = home.Run("load", "fhir", sent, "--tenant", "chu", "--max-rejects", "0").Failed(2, "load.rejects").Error.ReplaceLineEndings(" ");
        Assert.Contains("More than 0 resources were refused: nothing was loaded. The first: sent.ndjson, line 2 (", error, StringComparison.Ordinal);
        Assert.Contains("sent.ndjson, line 3 (id: id-missing)", error, StringComparison.Ordinal);
        Assert.DoesNotContain("DUPONT", error, StringComparison.Ordinal);
        Assert.Contains("ressources ont été refusées", home.Run("load", "fhir", sent, "--tenant", "chu", "--max-rejects", "0", "--lang", "fr").Failed(2, "load.rejects").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Mappings_that_map_nothing_are_taken_and_told()
    {
        using var home = TemporaryHome.With("chu");
        home.Run("vocabulary", "load", Conformance.Path("omop/synthea27nj")).Succeeded();
        var mapped = home.Beside("mapped.csv");
        const string header = "source_code,source_vocabulary_id,target_concept_id\n";
        File.WriteAllText(mapped, header + "A,urn:h,201826\nB,urn:h,44054006\nC,urn:h,2000000007\nD,urn:h,0\nE,urn:h,40316773\n");
        var told = home.Run("mappings", "import", mapped, "--tenant", "chu", "--json").Succeeded().Json;
        Assert.Equal("5 5 2", $"{told.GetProperty("taken")} {told.GetProperty("codes")} {told.GetProperty("idle")}");
        Assert.Equal(["3 B 44054006 target-unknown", "6 E 40316773 target-not-standard"], told.GetProperty("firstIdle").EnumerateArray().Select(l => $"{l.GetProperty("line")} {l.GetProperty("code")} {l.GetProperty("target")} {l.GetProperty("reason")}"));

        var english = home.Run("mappings", "import", mapped, "--tenant", "chu").Succeeded().Output;
        Assert.Contains("2 mappings map nothing", english, StringComparison.Ordinal);
        Assert.Contains("line 6, E (urn:h): 40316773 is no standard concept", english, StringComparison.Ordinal);
        Assert.Contains("ligne 3, B (urn:h) : le vocabulaire chargé n'a pas de concept 44054006", home.Run("mappings", "import", mapped, "--tenant", "chu", "--lang", "fr").Succeeded().Output, StringComparison.Ordinal);

        File.WriteAllText(mapped, header + "A,urn:h,201826\n");
        Assert.Equal("1 mapping taken; 5 codes are mapped locally from the next load on.", home.Run("mappings", "import", mapped, "--tenant", "chu").Succeeded().Output.Trim());
        File.WriteAllText(mapped, header);
        Assert.Equal("The file holds no mapping in force: nothing was changed. 5 codes are mapped locally, as before.", home.Run("mappings", "import", mapped, "--tenant", "chu").Succeeded().Output.Trim());
    }

    [Fact]
    public void A_mapping_taken_away_maps_nothing_from_the_next_load_on()
    {
        using var home = TemporaryHome.With("chu");
        home.Run("vocabulary", "load", Conformance.Path("omop/synthea27nj")).Succeeded();
        var (sent, mapped) = (home.Beside("sent.ndjson"), home.Beside("mapped.csv"));
        File.WriteAllText(sent, """
            {"resourceType":"Patient","id":"p","gender":"male","birthDate":"1950"}
            {"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p"},"code":{"coding":[{"system":"urn:h","code":"A"}]},"onsetDateTime":"2020-01-01"}
            {"resourceType":"Condition","id":"d","subject":{"reference":"Patient/p"},"code":{"coding":[{"system":"urn:h","code":"B"}]},"onsetDateTime":"2020-01-01"}
            """);
        const string header = "source_code,source_vocabulary_id,target_concept_id,invalid_reason\n";
        File.WriteAllText(mapped, header + "A,urn:h,201826,\n");
        home.Run("mappings", "import", mapped, "--tenant", "chu").Succeeded();
        Assert.Equal(1, home.Run("load", "fhir", sent, "--tenant", "chu", "--json").Succeeded().Json.GetProperty("unmappedCodes").GetInt32());
        File.WriteAllText(mapped, header + "A,urn:h,,D\nB,urn:h,201826,\nC,urn:h,0,D\n");
        var told = home.Run("mappings", "import", mapped, "--tenant", "chu", "--json").Succeeded().Json;
        Assert.Equal("1 1 1 1 4 C", $"{told.GetProperty("taken")} {told.GetProperty("codes")} {told.GetProperty("removed")} {told.GetProperty("removeNothing")} {told.GetProperty("firstRemoveNothing")[0].GetProperty("line")} {told.GetProperty("firstRemoveNothing")[0].GetProperty("code")}");
        home.Run("load", "fhir", sent, "--tenant", "chu", "--mode", "merge").Succeeded();
        Assert.Equal("A", Assert.Single(home.Run("mappings", "list", "--tenant", "chu", "--json").Succeeded().Json.EnumerateArray()).GetProperty("code").GetString());
        File.WriteAllText(mapped, header + "B,urn:h,201826,U\nC,urn:h,0,D\n");
        var english = home.Run("mappings", "import", mapped, "--tenant", "chu").Succeeded().Output;
        Assert.Contains("1 mapping removed; 0 codes are mapped locally from the next load on.", english, StringComparison.Ordinal);
        Assert.Contains("1 line removes nothing, for no such mapping was there:", english, StringComparison.Ordinal);
        Assert.Contains("line 3, C (urn:h)", english, StringComparison.Ordinal);
        home.Run("mappings", "import", home.Path, "--tenant", "chu").Failed(2, "mappings.folder");
    }

    [Fact]
    public void Codes_of_every_load_behind_a_release_are_listed_until_they_are_mapped()
    {
        using var home = TemporaryHome.With("chu");
        home.Run("vocabulary", "load", Conformance.Path("omop/synthea27nj")).Succeeded();
        var (sent, mapped, list) = (home.Beside("sent.ndjson"), home.Beside("mapped.csv"), home.Beside("list.csv"));
        static string Condition(string id, string code) => $$$"""{"resourceType":"Condition","id":"{{{id}}}","subject":{"reference":"Patient/p"},"code":{"coding":[{"system":"urn:h","code":"{{{code}}}"}]},"onsetDateTime":"2020-01-01"}""";
        string Listed(params string[] more) => string.Join(' ', home.Run(["mappings", "list", "--tenant", "chu", "--json", .. more]).Succeeded().Json.EnumerateArray().Select(u => $"{u.GetProperty("code")}:{u.GetProperty("count")}"));
        void Load(string mode, params string[] lines)
        {
            File.WriteAllText(sent, "{\"resourceType\":\"Patient\",\"id\":\"p\",\"gender\":\"male\",\"birthDate\":\"1950\"}\n" + string.Join('\n', lines));
            home.Run("load", "fhir", sent, "--tenant", "chu", "--mode", mode).Succeeded();
        }
        Load("replace", Condition("z", "Z"));
        Load("replace", Condition("a", "A"), Condition("b", "B"), Condition("b2", "B"));
        Load("merge", Condition("c", "A"));
        Load("merge");
        Assert.Equal(("A:2 B:2", "Z:1", "A:1", "B:2"), (Listed(), Listed("--release", "1"), Listed("--release", "2").Split(' ')[1], Listed("--release", "2").Split(' ')[0]));
        Assert.Contains("of what loads 2-4 brought:", home.Run("mappings", "list", "--tenant", "chu").Succeeded().Output, StringComparison.Ordinal);

        File.WriteAllText(mapped, "source_code,source_vocabulary_id,target_concept_id\nA,urn:h,201826\n");
        home.Run("mappings", "import", mapped, "--tenant", "chu").Succeeded();
        Assert.Equal("B:2", Listed());
        Assert.Contains("1 code is mapped since", home.Run("mappings", "list", "--tenant", "chu").Succeeded().Output, StringComparison.Ordinal);
        File.WriteAllText(mapped, "source_code,source_vocabulary_id,target_concept_id\nB,urn:h,201826\n");
        home.Run("mappings", "import", mapped, "--tenant", "chu").Succeeded();
        Assert.Contains("Every code that loads 2-4 brought has a standard concept.", home.Run("mappings", "list", "--tenant", "chu").Succeeded().Output, StringComparison.Ordinal);

        home.Run("releases", "drop", "--tenant", "chu", "--keep", "1").Succeeded();
        var french = home.Run("mappings", "list", "--tenant", "chu", "--lang", "fr", "--export", list).Succeeded().Output;
        Assert.Contains("Tous les codes du chargement 4 ont un concept standard.", french, StringComparison.Ordinal);
        Assert.Contains("versions supprimées", french, StringComparison.Ordinal);
        Assert.Contains("0 code écrit dans", french, StringComparison.Ordinal);
        home.Run("mappings", "list", "--tenant", "chu", "--export", home.Beside("none/list.csv")).Failed(7, "mappings.out-unwritable");
    }
}
