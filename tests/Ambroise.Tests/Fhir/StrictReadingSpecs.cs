using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Ambroise.Cohorts.Vocabulary;
using Ambroise.Lake.Releases;
using Ambroise.Sources.Csv;
using Ambroise.Sources.Fhir.Codes;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Tests.Fhir;

/// <summary>What is easily read wrong: said a second time, said in words, cut short, of the wrong type.</summary>
public sealed class StrictReadingSpecs
{
    const string Patient = """{"resourceType":"Patient","id":"p1","gender":"female","birthDate":"1980-05-06"}""";
    const string Of = "\"subject\":{\"reference\":\"Patient/p1\"}";

    static FhirHospital Loaded(params string[] lines)
    {
        var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, [Patient, .. lines]);
        Assert.Equal(lines.Length + 1, hospital.Report.Fates.Sum(f => f.Count));
        return hospital;
    }

    [Fact]
    public void Of_a_gzip_file_cut_anywhere_only_what_was_written_is_read()
    {
        var text = string.Concat(Enumerable.Range(0, 400).Select(i => $"{{\"id\":\"o{i}\",\"value\":{i * 7919 % 97},\"day\":\"2020-01-{i % 28 + 1:D2}\"}}\n"));
        var packed = FhirHospital.Gzip(text);
        var plain = Encoding.UTF8.GetBytes(text);
        for (var cut = 0; cut < packed.Length; cut++)
        {
            using var file = new GzipFile(new MemoryStream(packed[..cut]));
            var (read, whole) = (new MemoryStream(), false);
            try
            {
                file.CopyTo(read, 777);
                whole = true;
            }
            catch (InvalidDataException)
            {
                Assert.True(file.IsCutShort);
            }
            Assert.Equal(cut == 0, whole); // nothing at all is an empty file
            Assert.True(plain.AsSpan().StartsWith(read.ToArray()), $"cut at {cut}");
        }
        using var all = new GzipFile(new MemoryStream([.. packed, .. packed]));
        var twice = new MemoryStream();
        all.CopyTo(twice);
        Assert.Equal([.. plain, .. plain], twice.ToArray());
    }

    [Fact]
    public void A_packed_file_whose_checksum_is_wrong_gives_nothing_and_is_told()
    {
        using var hospital = new FhirHospital();
        var lines = string.Join('\n', Enumerable.Range(0, 9_000).Select(i => $$"""{"resourceType":"Observation","id":"o{{i}}","status":"final",{{Of}},"code":{"coding":[{"system":"urn:x","code":"a"}]},"effectiveDateTime":"2020-01-01","valueQuantity":{"value":40} }"""));
        var stored = new MemoryStream();
        using (var gzip = new GZipStream(stored, CompressionLevel.NoCompression, leaveOpen: true)) gzip.Write(Encoding.UTF8.GetBytes(lines));
        var packed = stored.ToArray();
        packed[packed.AsSpan().IndexOf("\"value\":40"u8) + 8] = (byte)'9';
        hospital.LoadFiles(LoadMode.Replace, new() { ["p.ndjson"] = Encoding.UTF8.GetBytes(Patient), ["flipped.ndjson.gz"] = packed, ["good.ndjson.gz"] = FhirHospital.Gzip(lines.Replace("\"o", "\"n", StringComparison.Ordinal)) });
        Assert.All(hospital.Rows("measurement", "value_as_number"), value => Assert.Equal("40.0", value));
        Assert.Equal(9_000, hospital.Rows("measurement", "measurement_id").Count);
        Assert.Contains(hospital.Report.Notes, n => n is { Type: "file", Reason: "file-damaged", Count: 1 });
    }

    [Theory]
    [InlineData("0001-01-01T00:00:00+01:00")]
    [InlineData("9999-12-31T23:59:59-05:00")]
    public void Times_beyond_the_calendar_are_none(string at)
    {
        using var hospital = Loaded($$"""{"resourceType":"Condition","id":"c1",{{Of}},"code":{"text":"x"},"onsetDateTime":"2020-01-01","meta":{"lastUpdated":"{{at}}"} }""");
        Assert.Equal(1, hospital.Fate("Condition", "used", "used"));
        Assert.False(FhirTime.TryParse(Encoding.UTF8.GetBytes(at), TimeZoneInfo.Utc, out _));
    }

    /// <summary>A condition, an ingredient, a concept that is not standard; and what the site maps: to each of the three, and to none there is. Prepared once: its file is held open, and gone from the disk.</summary>
    static readonly Lazy<CodeBook> Words = new(static () =>
    {
        var folder = Directory.CreateTempSubdirectory("ambroise-words-");
        try
        {
            var (words, home, local) = (folder.CreateSubdirectory("words").FullName, Path.Combine(folder.FullName, "vocabulary"), Path.Combine(folder.FullName, "local.csv"));
            File.WriteAllLines(Path.Combine(words, "concept.csv"), ["concept_id,concept_name,domain_id,vocabulary_id,concept_class_id,standard_concept,concept_code,valid_start_date,valid_end_date,invalid_reason",
                "101,flu,Condition,SNOMED,Disorder,S,flu,1970-01-01,2099-12-31,", "102,paracetamol,Drug,RxNorm,Ingredient,S,161,1970-01-01,2099-12-31,", "103,old,Condition,SNOMED,Disorder,,old,1970-01-01,2099-12-31,",
                "104,mask,Device,SNOMED,Physical Object,S,mask,1970-01-01,2099-12-31,", "105,milligram,Unit,UCUM,Unit,S,mg,1970-01-01,2099-12-31,", "4166257,allergy to substance,Observation,SNOMED,Clinical Finding,S,419199007,1970-01-01,2099-12-31,"]);
            File.WriteAllLines(Path.Combine(words, "concept_relationship.csv"), ["concept_id_1,concept_id_2,relationship_id,valid_start_date,valid_end_date,invalid_reason", "101,101,Maps to,1970-01-01,2099-12-31,", "102,102,Maps to,1970-01-01,2099-12-31,", "104,104,Maps to,1970-01-01,2099-12-31,", "105,105,Maps to,1970-01-01,2099-12-31,", "4166257,4166257,Maps to,1970-01-01,2099-12-31,"]);
            File.WriteAllLines(local, ["source_code,source_vocabulary_id,target_concept_id,valid_start_date,valid_end_date", "A,urn:x,101,,", "B,urn:x,103,,", "C,urn:x,999999999,,", "D,urn:x,2000000001,1970-01-01,2099-12-31",
                "E,urn:x,101,2020-01-01,20210630", "F,urn:x,102,2020-01-01,20210630", "cpm,http://local/u,105,,"]);
            VocabularyFolder.Load(words, home, static (_, _) => { }, CancellationToken.None).OrThrow();
            return VocabularyCodes.Read(home, local, 1 << 28, 1).OrThrow();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    });

    internal static void WithWords(Action<FhirHospital> test)
    {
        using var hospital = new FhirHospital { Codes = Words.Value };
        test(hospital);
    }

    [Fact]
    public void No_supply_lasts_a_hundred_years_and_an_ingredient_is_its_own() => WithWords(hospital =>
    {
        hospital.Load(LoadMode.Replace, Patient,
            $$"""{"resourceType":"MedicationRequest","id":"m1","status":"active","intent":"order",{{Of}},"authoredOn":"2020-01-01","medicationCodeableConcept":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"161"}]},"dispenseRequest":{"expectedSupplyDuration":{"value":2147483646,"code":"d"} } }""");
        Assert.Equal(["102|2020-01-02"], hospital.Rows("drug_era", "drug_concept_id", "drug_era_end_date"));
        Assert.Equal(["2020-01-01"], hospital.Rows("drug_exposure", "drug_exposure_end_date"));
    });

    [Fact]
    public void A_site_maps_to_standard_concepts_alone() => WithWords(hospital =>
    {
        hospital.Load(LoadMode.Replace, [Patient, .. "ABCD".Select(c => $$"""{"resourceType":"Condition","id":"{{c}}",{{Of}},"code":{"coding":[{"system":"urn:x","code":"{{c}}"}]},"onsetDateTime":"2020-01-01"}""")]);
        Assert.Equal(["A|101", "B|0", "C|0"], hospital.Rows("condition_occurrence", "condition_source_value", "condition_concept_id").Order());
        Assert.Equal(["D|2000000001"], hospital.Rows("observation", "observation_source_value", "observation_concept_id")); // its own, of which no vocabulary says what it is
        Assert.Equal(["B", "C"], hospital.Report.Unmapped.Select(u => u.Code).Order());
    });

    [Theory]
    [InlineData("Condition", "refuted")]
    [InlineData("Condition", "entered-in-error")]
    [InlineData("AllergyIntolerance", "refuted")]
    public void A_doubt_counts_whatever_coding_stands_before_it(string type, string doubt)
    {
        using var hospital = Loaded($$"""{"resourceType":"{{type}}","id":"c1",{{Of.Replace("subject", type == "Condition" ? "subject" : "patient", StringComparison.Ordinal)}},"code":{"text":"x"},"recordedDate":"2020-01-01","verificationStatus":{"coding":[{"system":"urn:local","code":"R"},{"code":"{{doubt}}"}]} }""");
        Assert.Equal(1, hospital.Fate(type, "set-aside", $"verification-{doubt}"));
    }

    [Theory]
    [InlineData("""{"scope":{"coding":[{"system":"urn:local","code":"R"},{"code":"research"}]},"provision":{"type":"deny"}}""")]
    [InlineData("""{"scope":{"coding":[{"code":"research"}]},"policyRule":{"coding":[{"system":"urn:local","code":"P9"},{"code":"OPTOUT"}]}}""")]
    public void An_opposition_counts_whatever_coding_stands_before_it(string says)
    {
        using var hospital = Loaded($$"""{"resourceType":"Consent","id":"k1","status":"active","patient":{"reference":"Patient/p1"},"dateTime":"2020-01-01",{{says[1..^1]}} }""");
        Assert.Equal(["all"], Assert.Single(hospital.Consents).Denied);
    }

    [Theory]
    [InlineData("Encounter", "\"status\":\"finished\",\"period\":{\"start\":\"2023-02-10\",\"end\":\"2023-02-31\"}", "period.end")]
    [InlineData("Condition", "\"code\":{\"text\":\"x\"},\"onsetDateTime\":\"2023-02-10\",\"abatementDateTime\":\"2023-02-31\"", "abatement")]
    [InlineData("Procedure", "\"code\":{\"text\":\"x\"},\"performedPeriod\":{\"start\":\"2023-02-10\",\"end\":\"soon\"}", "performedPeriod.end")]
    [InlineData("MedicationStatement", "\"status\":\"active\",\"medicationCodeableConcept\":{\"text\":\"x\"},\"effectivePeriod\":{\"start\":\"2023-02-10\",\"end\":\"2020-13-01\"}", "effectivePeriod.end")]
    public void An_end_that_is_no_date_is_told_with_its_place(string type, string says, string field)
    {
        using var hospital = Loaded($$"""{"resourceType":"{{type}}","id":"r1",{{Of}},{{says}} }""");
        Assert.Equal(1, hospital.Fate(type, "quarantined", $"{field}: date-invalid"));
    }

    [Theory]
    [InlineData("2023-02", "2023-02-10")]
    [InlineData("2023", "2023-02-10")]
    [InlineData("2023-03", "2023-03-01")]
    public void A_month_or_year_ends_no_sooner_than_what_began_in_it(string end, string ends)
    {
        using var hospital = Loaded($$"""{"resourceType":"Encounter","id":"e1","status":"finished",{{Of}},"period":{"start":"2023-02-10","end":"{{end}}"} }""");
        Assert.Equal([ends], hospital.Rows("visit_occurrence", "visit_end_date"));
        using var before = Loaded($$"""{"resourceType":"Encounter","id":"e1","status":"finished",{{Of}},"period":{"start":"2023-02-10","end":"2023-01"} }""");
        Assert.Equal(["2023-02-10"], before.Rows("visit_occurrence", "visit_end_date"));
    }

    [Fact]
    public void A_note_has_the_title_of_its_own_document()
    {
        static string Document(string id, string title) => $$"""{"resourceType":"DocumentReference","id":"{{id}}","status":"current",{{Of}},"date":"2020-01-01T08:00:00Z","type":{"coding":[{"system":"http://loinc.org","code":"11488-4","display":"{{title}}"}]},"content":[{"attachment":{"contentType":"text/plain","data":"YQ=="} }]}""";
        using var hospital = Loaded(Document("d1", "CR de Mme Dupont"), Document("d2", "Consultation"));
        Assert.Equal(["CR de Mme Dupont", "Consultation"], hospital.Rows("note", "note_title").Order());
    }

    [Fact]
    public void A_question_in_words_keeps_its_answer()
    {
        using var hospital = Loaded($$"""{"resourceType":"Observation","id":"o1","status":"final",{{Of}},"code":{"text":"Remarque"},"effectiveDateTime":"2020-01-01","valueString":"RAS"}""");
        Assert.Equal(["Remarque: RAS"], hospital.Rows("observation", "value_as_string"));
    }

    [Fact]
    public void Entries_that_hold_no_resource_are_told()
    {
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, Patient, """{"resourceType":"Bundle","type":"batch","entry":[{"resource":"nonsense"},{"resource":[1]},"text",{"request":{"method":"DELETE","url":"Patient?identifier=x"}}]}""");
        Assert.Equal(3, hospital.Fate("unknown", "quarantined", "entry: resource-type-missing"));
        Assert.Equal(1, hospital.Fate("Patient", "quarantined", "request.url: deletion-unresolved"));
    }

    [Fact]
    public void Devices_contained_and_medications_named_by_identifier_are_found()
    {
        using var hospital = Loaded(
            $$"""{"resourceType":"DeviceUseStatement","id":"u1","status":"active",{{Of}},"timingDateTime":"2020-01-01","contained":[{"resourceType":"Device","id":"dv","type":{"coding":[{"system":"urn:x","code":"pump"}]} }],"device":{"reference":"#dv"} }""",
            $$"""{"resourceType":"MedicationRequest","id":"m1","status":"active","intent":"order",{{Of}},"authoredOn":"2020-01-01","medicationReference":{"reference":"Medication?identifier=urn:cip|34009"} }""",
            """{"resourceType":"Medication","id":"med","identifier":[{"system":"urn:cip","value":"34009"}],"code":{"coding":[{"system":"urn:x","code":"drug"}]}}""");
        Assert.Equal(["pump"], hospital.Rows("device_exposure", "device_source_value"));
        Assert.Equal(["drug"], hospital.Rows("drug_exposure", "drug_source_value"));
    }

    [Theory]
    [InlineData("Observation", "\"status\":\"FINAL\",\"code\":{\"text\":\"x\"},\"effectiveDateTime\":\"2020-01-01\"", "quarantined", "status: code-unknown")]
    [InlineData("Observation", "\"status\":[\"cancelled\"],\"code\":{\"text\":\"x\"},\"effectiveDateTime\":\"2020-01-01\"", "quarantined", "status: code-unknown")]
    [InlineData("Procedure", "\"status\":\"jeandupont\",\"code\":{\"text\":\"x\"},\"performedDateTime\":\"2020-01-01\"", "quarantined", "status: code-unknown")]
    [InlineData("MedicationRequest", "\"status\":\"active\",\"intent\":\"jeandupont\",\"authoredOn\":\"2020-01-01\"", "set-aside", "intent-other")]
    [InlineData("MedicationRequest", "\"status\":\"active\",\"authoredOn\":\"2020-01-01\"", "set-aside", "intent-missing")]
    [InlineData("MedicationRequest", "\"status\":\"active\",\"intent\":\"order\",\"doNotPerform\":\"true\",\"authoredOn\":\"2020-01-01\"", "set-aside", "do-not-perform")]
    [InlineData("Observation", "\"status\":\"final\",\"code\":{\"text\":\"x\"},\"effectiveDateTime\":\"2020-01-01\",\"valueQuantity\":5", "quarantined", "value: value-unparseable")]
    [InlineData("Observation", "\"status\":\"final\",\"code\":{\"text\":\"x\"},\"effectiveDateTime\":\"2020-01-01\",\"valueQuantity\":{\"value\":true}", "quarantined", "value: value-unparseable")]
    public void What_is_no_code_and_no_value_is_not_used(string type, string says, string kind, string reason)
    {
        using var hospital = Loaded($$"""{"resourceType":"{{type}}","id":"r1",{{Of}},{{says}} }""");
        Assert.Equal(1, hospital.Fate(type, kind, reason));
    }

    [Fact]
    public void Bundles_and_lines_tell_alike_who_said_it()
    {
        static string Observation(string patient) => $$"""{"resourceType":"Observation","id":"o1","status":"final","subject":{"reference":"{{patient}}"},"performer":[{"reference":"{{patient}}"}],"code":{"text":"x"},"effectiveDateTime":"2020-01-01"}""";
        using var lines = Loaded(Observation("Patient/p1"));
        using var absolute = Loaded(Observation("https://chu.example/fhir/Patient/p1"));
        using var bundle = new FhirHospital();
        bundle.Load(LoadMode.Replace, $$"""{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"urn:uuid:1","resource":{{Patient}} },{"fullUrl":"urn:uuid:2","resource":{{Observation("urn:uuid:1")}} }]}""");
        foreach (var hospital in new[] { lines, absolute, bundle }) Assert.Equal(["32865"], hospital.Rows("observation", "observation_type_concept_id"));
    }

    [Fact]
    public void Answers_without_a_concept_are_among_the_unmapped()
    {
        using var hospital = Loaded($$"""{"resourceType":"Observation","id":"o1","status":"final",{{Of}},"code":{"coding":[{"system":"urn:x","code":"q"}]},"effectiveDateTime":"2020-01-01","valueCodeableConcept":{"coding":[{"system":"urn:x","code":"ZZ"}]} }""");
        Assert.Equal(["ZZ", "q"], hospital.Report.Unmapped.Select(u => u.Code).Order());
    }

    [Fact]
    public void A_stay_is_found_by_its_number_in_whatever_order_and_a_stay_in_it_too()
    {
        string[] lines =
        [
            $$"""{"resourceType":"Condition","id":"c1",{{Of}},"code":{"text":"x"},"onsetDateTime":"2020-01-01","encounter":{"reference":"Encounter?identifier=urn:nda|V1"} }""",
            $$"""{"resourceType":"Condition","id":"c2",{{Of}},"code":{"text":"x"},"onsetDateTime":"2020-01-02","encounter":{"identifier":{"system":"urn:nda","value":"V2"} } }""",
            $$"""{"resourceType":"Condition","id":"c3",{{Of}},"code":{"text":"x"},"onsetDateTime":"2020-01-03","encounter":{"identifier":{"value":"nobody's"} } }""",
            $$"""{"resourceType":"Encounter","id":"e2","status":"finished","identifier":[{"system":"urn:nda","value":"V2"}],{{Of}},"period":{"start":"2020-01-01","end":"2020-01-02"},"partOf":{"identifier":{"system":"urn:nda","value":"V1"} } }""",
            $$"""{"resourceType":"Encounter","id":"e1","status":"finished","identifier":[{"system":"urn:nda","value":"V1"}],{{Of}},"period":{"start":"2020-01-01","end":"2020-01-05"} }""",
            $$"""{"resourceType":"Encounter","id":"e9","status":"finished","identifier":[{"system":"urn:nda","value":"V9"}],{{Of}},"period":{"start":"2020-02-01"} }""",
        ];
        var rows = new HashSet<string>();
        foreach (var order in new[] { lines, [.. lines.Reverse()] })
        {
            using var hospital = Loaded(order);
            var visits = hospital.Rows("visit_occurrence", "visit_start_date", "visit_occurrence_id").ToDictionary(r => r.Split('|')[0], r => r.Split('|')[1]);
            var detail = Assert.Single(hospital.Rows("visit_detail", "visit_detail_id", "visit_occurrence_id"));
            Assert.Equal(visits["2020-01-01"], detail.Split('|')[1]);
            var seen = hospital.Rows("observation", "observation_date", "visit_occurrence_id", "visit_detail_id").Order().ToList();
            Assert.Equal($"2020-01-01|{visits["2020-01-01"]}|", seen[0]);
            Assert.Equal($"2020-01-02|{visits["2020-01-01"]}|{detail.Split('|')[0]}", seen[1]);
            Assert.Equal(1, hospital.Report.Notes.Where(n => n.Reason == "reference-unresolved").Sum(n => n.Count));
            Assert.Equal(1, hospital.Fate("Encounter", "used", "used") - 2);
        }
    }

    [Fact]
    public void A_stay_of_another_load_is_found_by_its_number_whichever_comes_first()
    {
        string[] stays = [.. new[] { ("e1", "V1", ""), ("e2", "V2", ""","partOf":{"identifier":{"value":"V1"} }""") }.Select(e => $$"""{"resourceType":"Encounter","id":"{{e.Item1}}","status":"finished","identifier":[{"system":"urn:nda","value":"{{e.Item2}}"}],{{Of}},"period":{"start":"2020-01-01"}{{e.Item3}} }""")];
        string[] others =
        [
            $$"""{"resourceType":"Condition","id":"c1",{{Of}},"code":{"text":"x"},"onsetDateTime":"2020-01-01","encounter":{"reference":"Encounter?identifier=urn:nda|V1"} }""",
            $$"""{"resourceType":"Condition","id":"c2",{{Of}},"code":{"text":"x"},"onsetDateTime":"2020-01-02","encounter":{"identifier":{"value":"V2"} } }""",
            $$"""{"resourceType":"Claim","id":"k1","status":"active","use":"claim","patient":{"reference":"Patient/p1"},"item":[{"encounter":[{"identifier":{"system":"urn:nda","value":"V2"} }]}],"total":{"value":12} }""",
        ];
        using var hospital = Loaded([.. stays, .. others]);
        string[] Seen() => [.. hospital.Rows("observation", "observation_date", "visit_occurrence_id", "visit_detail_id").Order(), .. hospital.Rows("visit_detail", "visit_detail_id", "visit_occurrence_id"), .. hospital.Rows("cost", "cost_event_id")];
        var expected = Seen();
        Assert.Equal(hospital.Rows("visit_occurrence", "visit_occurrence_id"), hospital.Rows("cost", "cost_event_id"));
        Assert.Empty(hospital.Report.Notes);

        hospital.Load(LoadMode.Replace, [Patient, .. others]);
        Assert.Equal(["Claim.cost_event_id 1", "Condition.visit_occurrence_id 2"], hospital.Report.Notes.Where(n => n.Reason == "reference-unresolved").Select(n => $"{n.Type} {n.Count}"));
        hospital.Load(LoadMode.Merge, [stays[1]]);
        hospital.Load(LoadMode.Merge, [stays[0]]);
        Assert.Equal(expected, Seen());

        hospital.Load(LoadMode.Replace, [Patient, .. stays]);
        foreach (var other in others) hospital.Load(LoadMode.Merge, [other]);
        Assert.Equal(expected, Seen());
        Assert.DoesNotContain(hospital.Report.Notes, n => n.Reason == "reference-unresolved");
    }

    [Theory]
    [InlineData("""{"resourceType":"Observation","id":"o1","status":"final","subject":{"reference":"Patient/p1"},"code":{"text":"x"},"effectiveDateTime":"2020-01-01","component":[{"code":{"text":"y"},"modifierExtension":[{"url":"urn:not","valueBoolean":true}],"valueString":"z"}]}""", "modifierExtension: modifier-unknown")]
    [InlineData("""{"resourceType":"Observation","id":"o1","implicitRules":"urn:backwards","status":"final","subject":{"reference":"Patient/p1"},"code":{"text":"x"},"effectiveDateTime":"2020-01-01","valueString":"z"}""", "implicitRules: rules-unknown")]
    public void What_may_turn_the_meaning_round_is_quarantined_wherever_it_stands(string observation, string reason)
    {
        using var hospital = Loaded(observation);
        Assert.Equal(1, hospital.Fate("Observation", "quarantined", reason));
        Assert.Empty(hospital.Rows("observation", "observation_id"));
        using var bundle = new FhirHospital();
        bundle.Load(LoadMode.Replace, Patient, $$"""{"resourceType":"Bundle","type":"collection","entry":[{"resource":{{observation}} },{"resource":{{observation.Replace("modifierExtension", "extension", StringComparison.Ordinal).Replace("implicitRules", "language", StringComparison.Ordinal).Replace("o1", "o2", StringComparison.Ordinal)}} }]}""");
        Assert.Equal(1, bundle.Fate("Observation", "quarantined", reason));
        Assert.NotEmpty(bundle.Rows("observation", "observation_id"));
    }

    [Theory]
    [InlineData(""" "entry":[{"modifierExtension":[{"url":"urn:not"}],"resource":{0} }]""", "modifierExtension: modifier-unknown")]
    [InlineData(""" "implicitRules":"urn:backwards","entry":[{"resource":{0} }]""", "implicitRules: rules-unknown")]
    public void What_may_turn_round_a_bundle_turns_round_each_resource_in_it(string bundle, string reason)
    {
        using var hospital = Loaded($$"""{"resourceType":"Bundle","type":"collection",{{bundle.Replace("{0}", $$"""{"resourceType":"Condition","id":"c1",{{Of}},"code":{"text":"x"},"onsetDateTime":"2020-01-01"}""", StringComparison.Ordinal)}} }""");
        Assert.Equal(1, hospital.Fate("Condition", "quarantined", reason));
        Assert.Empty(hospital.Rows("observation", "observation_id"));
    }

    [Fact]
    public void The_last_moment_of_the_calendar_is_an_end_that_has_not_come()
    {
        foreach (var end in new[] { "9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999999+02:00" })
        {
            using var hospital = Loaded($$"""{"resourceType":"Encounter","id":"e1","status":"finished",{{Of}},"period":{"start":"2023-01-01","end":"{{end}}"} }""");
            Assert.Equal(["2023-01-01"], hospital.Rows("visit_occurrence", "visit_end_date"));
            Assert.True(FhirTime.TryParse(Encoding.UTF8.GetBytes(end), null, out var last) && last.Day == Ambroise.Lake.Columns.Days.Last);
        }
        Assert.True(FhirTime.TryParse("1969-12-31T23:59:59.5Z"u8, null, out var before) && before.Day == -1);
        Assert.True(FhirTime.TryParse("1969-12-31T00:00:00Z"u8, null, out before) && before.Day == -1);
        Assert.True(FhirTime.TryParse("2023-01-01T24:00:00"u8, null, out var midnight) && midnight.Day == 19_359);
        Assert.False(FhirTime.TryParse("2023-01-01T24:01:00"u8, null, out _));
    }

    [Theory]
    [InlineData(""" "valueRange":{"low":{"value":"Dupont"} }""")]
    [InlineData(""" "valueRatio":{"numerator":{"value":"Dupont"},"denominator":{"value":2} }""")]
    [InlineData(""" "valueBoolean":"Dupont" """)]
    [InlineData(""" "valuePeriod":{"start":"2023-02-31"}""")]
    [InlineData(""" "valueDateTime":"2023-02-31" """)]
    [InlineData(""" "valueString":{"a":1}""")]
    public void A_value_of_another_kind_than_its_name_is_quarantined(string value)
    {
        using var hospital = Loaded($$"""{"resourceType":"Observation","id":"o1","status":"final",{{Of}},"code":{"coding":[{"system":"urn:x","code":"q"}]},"effectiveDateTime":"2020-01-01",{{value}} }""");
        Assert.Equal(1, hospital.Fate("Observation", "quarantined", "value: value-unparseable"));
    }

    [Theory]
    [InlineData("""{"low":{"value":-2},"high":{"value":-1} }""", "-2 - -1")]
    [InlineData("""{"high":{"value":2} }""", "<= 2")]
    [InlineData("""{"low":{"value":1} }""", ">= 1")]
    [InlineData("{}", "")]
    public void One_end_of_a_range_is_no_difference(string range, string told)
    {
        using var hospital = Loaded($$"""{"resourceType":"Observation","id":"o1","status":"final",{{Of}},"code":{"coding":[{"system":"urn:x","code":"q"}]},"effectiveDateTime":"2020-01-01","valueRange":{{range}} }""");
        Assert.Equal([told], hospital.Rows("observation", "value_source_value"));
    }

    [Fact]
    public void A_range_that_was_found_is_not_the_range_of_what_is_normal()
    {
        using var hospital = Loaded($$"""{"resourceType":"Observation","id":"o1","status":"final",{{Of}},"category":[{"coding":[{"code":"laboratory"}]}],"code":{"coding":[{"system":"urn:x","code":"q"}]},"effectiveDateTime":"2020-01-01","valueRange":{"low":{"value":3,"unit":"mg"},"high":{"value":5,"unit":"mg"} },"referenceRange":[{"low":{"value":1},"high":{"value":9} }] }""");
        Assert.Equal(["|3 - 5|mg|1.0|9.0"], hospital.Rows("measurement", "value_as_number", "value_source_value", "unit_source_value", "range_low", "range_high"));
    }

    [Fact]
    public void Results_that_a_report_contains_are_its_rows()
    {
        string Report(string more) => $$"""{"resourceType":"DiagnosticReport","id":"r1","status":"final",{{Of}},"code":{"coding":[{"system":"urn:x","code":"panel"}]},"effectiveDateTime":"2020-01-01","contained":[{"resourceType":"Observation","id":"a","status":"final","category":[{"coding":[{"code":"laboratory"}]}],"code":{"coding":[{"system":"urn:x","code":"K"}]},"valueQuantity":{"value":4.5} },{"resourceType":"Observation","id":"b","status":"final","effectiveDateTime":"2020-01-03","category":[{"coding":[{"code":"laboratory"}]}],"code":{"coding":[{"system":"urn:x","code":"Na"}]},"valueQuantity":{"value":{{more}} } },{"resourceType":"Observation","id":"c","status":"cancelled","code":{"text":"x"} }],"result":[{"reference":"#a"},{"reference":"#b"}] }""";
        using var hospital = Loaded(Report("140"));
        Assert.Equal(["2020-01-01|K|4.5", "2020-01-03|Na|140.0"], hospital.Rows("measurement", "measurement_date", "measurement_source_value", "value_as_number").Order());
        Assert.Equal(1, hospital.Fate("DiagnosticReport", "used", "used"));
        hospital.Load(LoadMode.Merge, [Report("\"much\"")]);
        Assert.Equal(1, hospital.Fate("DiagnosticReport", "quarantined", "value: value-unparseable"));
    }

    [Theory]
    [InlineData(""","subject":{"reference":"Patient/p2"}""", "contained.subject: subject-differs")]
    [InlineData(""","status":"FINAL" """, "contained.status: code-unknown")]
    [InlineData(""","effectiveInstant":"2020-02-31T08:00:00Z" """, "contained.effective: date-invalid")]
    public void A_result_that_a_report_contains_is_read_as_strictly_as_one_of_its_own(string more, string reason)
    {
        using var hospital = Loaded($$"""{"resourceType":"DiagnosticReport","id":"r1","status":"final",{{Of}},"code":{"text":"x"},"effectiveDateTime":"2020-01-01","contained":[{"resourceType":"Observation","id":"a","code":{"coding":[{"system":"urn:x","code":"K"}]},"valueQuantity":{"value":4.5}{{more}} }] }""");
        Assert.Equal(1, hospital.Fate("DiagnosticReport", "quarantined", reason));
        Assert.Empty(hospital.Rows("measurement", "measurement_id"));
    }

    [Fact]
    public void What_a_result_says_of_itself_goes_before_what_its_report_says()
    {
        using var hospital = Loaded($$"""{"resourceType":"DiagnosticReport","id":"r1","status":"final",{{Of}},"code":{"text":"x"},"effectiveDateTime":"2020-01-01","encounter":{"reference":"Encounter/e1"},"contained":[{"resourceType":"Observation","id":"a",{{Of}},"code":{"coding":[{"system":"urn:x","code":"K"}]},"effectiveInstant":"2020-01-04T08:00:00Z","encounter":{"reference":"Encounter/e2"},"valueQuantity":{"value":4.5} }] }""",
            $$"""{"resourceType":"Encounter","id":"e1","status":"finished",{{Of}},"period":{"start":"2020-01-01"} }""", $$"""{"resourceType":"Encounter","id":"e2","status":"finished",{{Of}},"period":{"start":"2020-01-04"} }""");
        var second = hospital.Rows("visit_occurrence", "visit_start_date", "visit_occurrence_id").Single(v => v.StartsWith("2020-01-04", StringComparison.Ordinal)).Split('|')[1];
        Assert.Equal([$"2020-01-04|{second}"], hospital.Rows("measurement", "measurement_date", "visit_occurrence_id"));
    }

    [Fact]
    public void A_cda_document_stays_as_it_is_under_whatever_type_and_what_is_no_base64_is_refused()
    {
        string Document(string id, string type, string text) => $$"""{"resourceType":"DocumentReference","id":"{{id}}","status":"current",{{Of}},"date":"2020-01-01T08:00:00Z","type":{"text":"x"},"content":[{"attachment":{"contentType":"{{type}}","data":"{{text}}"} }]}""";
        static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
        const string Cda = """<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3">bonjour</ClinicalDocument>""";
        using var hospital = Loaded(Document("n1", "text/xml", Base64(Cda)), Document("n2", "TEXT/PLAIN; charset=utf-8", Base64("bonjour")), Document("n3", "application/pdf", "not base64!"), Document("n4", "application/pdf", "JVBERi0="), Document("n5", "application/xml", Base64("<a/>")));
        Assert.Equal(["<a/>|application/xml", "JVBERi0=|application/pdf;base64", $"{Base64(Cda)}|text/xml;base64", "bonjour|TEXT/PLAIN; charset=utf-8"], hospital.Rows("note", "note_text", "note_source_value").Order(StringComparer.Ordinal));
        Assert.Equal(1, hospital.Fate("DocumentReference", "quarantined", "attachment.data: base64-invalid"));
    }

    [Theory]
    [InlineData("text/plain", "63 9C 75 72 20 80", "cœur €")] // Windows-1252, as French systems write it
    [InlineData("text/plain;charset=UTF-8", "E9", "é")]
    [InlineData("text/plain; charset=\"iso-8859-15\"", "A4", "€")]
    [InlineData("text/plain; charset=iso-8859-15", "C3 A9", "é")] // UTF-8 all the same
    [InlineData("text/plain; charset=of-nobody", "E9", "é")]
    [InlineData("text/plain; charset=utf-7", "E9", "é")]
    [InlineData("text/plain; charset=", "E9", "é")]
    [InlineData("text/plain", "EF BB BF 61", "a")]
    [InlineData("text/plain", "FF FE E9 00", "é")]
    [InlineData("text/plain", "FE FF 00 E9", "é")]
    [InlineData("text/plain; charset=utf-16le", "E9 00 61 00", "éa")]
    public void Text_is_read_in_the_characters_it_was_sent_in(string type, string bytes, string text)
    {
        using var hospital = Loaded($$"""{"resourceType":"DocumentReference","id":"n","status":"current",{{Of}},"date":"2020-01-01T08:00:00Z","type":{"text":"x"},"content":[{"attachment":{"contentType":{{JsonSerializer.Serialize(type)}},"data":"{{Convert.ToBase64String(Convert.FromHexString(bytes.Replace(" ", "", StringComparison.Ordinal)))}}"} }]}""");
        Assert.Equal(text, Assert.Single(hospital.Rows("note", "note_text")));
    }

    [Theory]
    [InlineData("<cda:ClinicalDocument xmlns:cda='urn:hl7-org:v3'/>", false)]
    [InlineData("<ClinicalDocument/>", true)]
    public void A_cda_document_is_known_by_any_prefix_and_in_any_characters(string document, bool wide)
    {
        var data = Convert.ToBase64String(wide ? [0xFF, 0xFE, .. Encoding.Unicode.GetBytes(document)] : Encoding.UTF8.GetBytes(document));
        using var hospital = Loaded($$"""{"resourceType":"DocumentReference","id":"n","status":"current",{{Of}},"date":"2020-01-01T08:00:00Z","type":{"text":"x"},"content":[{"attachment":{"contentType":"text/xml","data":"{{data}}"} }]}""");
        Assert.Equal($"{data}|text/xml;base64", Assert.Single(hospital.Rows("note", "note_text", "note_source_value")));
    }

    [Fact]
    public void Stays_that_are_part_of_one_another_are_told()
    {
        using var hospital = Loaded([.. new[] { ("e1", "e2"), ("e2", "e1"), ("e3", "e3") }.Select(e => $$"""{"resourceType":"Encounter","id":"{{e.Item1}}","status":"finished",{{Of}},"period":{"start":"2020-01-01"},"partOf":{"reference":"Encounter/{{e.Item2}}"} }""")]);
        Assert.Equal(3, hospital.Report.Notes.Single(n => n is { Type: "Encounter.partOf", Reason: "circle" }).Count);
    }

    [Fact]
    public void Mappings_hold_on_their_days() => WithWords(hospital =>
    {
        hospital.Load(LoadMode.Replace, [Patient, .. new[] { "2019-12-31", "2020-01-01", "2021-06-30", "2021-07-01" }.Select((day, i) => $$"""{"resourceType":"Condition","id":"c{{i}}",{{Of}},"code":{"coding":[{"system":"urn:x","code":"E"}]},"onsetDateTime":"{{day}}"}""")]);
        Assert.Equal(["2019-12-31|0", "2020-01-01|101", "2021-06-30|101", "2021-07-01|0"], hospital.Rows("condition_occurrence", "condition_start_date", "condition_concept_id").Order());
    });

    [Fact]
    public void Who_was_the_last_patient_can_be_deleted()
    {
        using var hospital = Loaded($$"""{"resourceType":"Condition","id":"c1",{{Of}},"code":{"text":"x"},"onsetDateTime":"2020-01-01"}""");
        hospital.Load(LoadMode.Merge, """{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"DELETE","url":"Patient/p1"}}]}""");
        Assert.Empty(hospital.Rows("person", "person_id"));
        hospital.Load(LoadMode.Merge, Patient.Replace("p1", "p2", StringComparison.Ordinal));
        Assert.Single(hospital.Rows("person", "person_id"));
    }
}
