using System.Globalization;
using System.Text;
using Ambroise.Lake.Releases;
using Ambroise.Sources.Fhir.Codes;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Tests.Fhir;

/// <summary>Records that give no day of their own, though their stay has one: a hospital's discharge diagnoses and acts, mostly.</summary>
public sealed class DayOfStaySpecs
{
    const string Patient = """{"resourceType":"Patient","id":"p1","gender":"female","birthDate":"1961-04-02"}""";

    static string Stay(string start = "2020-05-04T08:00:00+02:00", int version = 1, string state = "finished", string partOf = "") =>
        $$"""{"resourceType":"Encounter","id":"e","meta":{"versionId":"{{version}}"},"identifier":[{"system":"urn:nda","value":"77"}],"status":"{{state}}","class":{"code":"IMP"},"subject":{"reference":"Patient/p1"},{{partOf}}"period":{"start":"{{start}}","end":"2020-06-30"} }""";

    static string Diagnosis(string more = "", string stay = """{"reference":"Encounter/e"}""") =>
        $$"""{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p1"},"encounter":{{stay}},"code":{"coding":[{"system":"urn:x","code":"E11"}]}{{more}} }""";

    [Fact]
    public void Are_of_the_day_it_began_and_say_so()
    {
        using var hospital = new FhirHospital();
        const string of = "\"subject\":{\"reference\":\"Patient/p1\"},\"encounter\":{\"reference\":\"Encounter/e\"}", drug = "\"subject\":{\"reference\":\"Patient/p1\"},\"context\":{\"reference\":\"Encounter/e\"},\"medicationCodeableConcept\":{\"coding\":[{\"system\":\"urn:drugs\",\"code\":\"M1\"}]}", code = "\"code\":{\"coding\":[{\"system\":\"urn:x\",\"code\":\"X\"}]}";
        hospital.Load(LoadMode.Replace, Patient, Diagnosis(),
            $$"""{"resourceType":"Procedure","id":"a","status":"completed",{{of}},{{code}} }""",
            $$"""{"resourceType":"Observation","id":"o","status":"final","category":[{"coding":[{"code":"laboratory"}]}],{{of}},{{code}},"valueQuantity":{"value":3} }""",
            $$"""{"resourceType":"MedicationDispense","id":"d","status":"completed",{{drug}},"daysSupply":{"value":10} }""",
            $$"""{"resourceType":"DiagnosticReport","id":"r","status":"final",{{of}},{{code}},"conclusion":"ok"}""",
            """{"resourceType":"DocumentReference","id":"n","status":"current","subject":{"reference":"Patient/p1"},"context":{"encounter":[{"reference":"Encounter/e"}]},"content":[{"attachment":{"contentType":"text/plain","data":"Qm9uam91cg=="} }] }""",
            Stay());
        Assert.Empty(hospital.Rejected);
        Assert.Equal(["2020-05-04|"], hospital.Rows("condition_occurrence", "condition_start_date", "condition_start_datetime"));
        Assert.Equal(["2020-05-04"], hospital.Rows("procedure_occurrence", "procedure_date"));
        Assert.Equal(["2020-05-04"], hospital.Rows("measurement", "measurement_date"));
        Assert.Equal(["2020-05-04|2020-05-13"], hospital.Rows("drug_exposure", "drug_exposure_start_date", "drug_exposure_end_date"));
        Assert.Equal(["2020-05-04", "2020-05-04"], hospital.Rows("note", "note_date"));
        Assert.Equal(6, hospital.Rows("source_record", "date_precision").Count(p => p == "stay"));
    }

    [Fact]
    public void A_day_of_their_own_goes_first_one_that_is_none_is_refused_and_words_are_of_another_time()
    {
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, Patient, Stay(), Diagnosis(",\"recordedDate\":\"2020-05-20\""), Diagnosis(",\"onsetDateTime\":\"2020-02-31\"").Replace("\"c\"", "\"c2\"", StringComparison.Ordinal),
            """{"resourceType":"Procedure","id":"a","status":"completed","subject":{"reference":"Patient/p1"},"encounter":{"reference":"Encounter/e"},"performedString":"in childhood","code":{"coding":[{"system":"urn:x","code":"X"}]}}""",
            Diagnosis(stay: "{\"display\":\"Cardiologie\"}").Replace("\"c\"", "\"c3\"", StringComparison.Ordinal));
        Assert.Equal(["2020-05-20"], hospital.Rows("condition_occurrence", "condition_start_date"));
        Assert.Equal(["Condition|onset|date-invalid", "Condition|onset|date-missing", "Procedure|performed|date-missing"], hospital.Rejected.Select(r => $"{r.Table}|{r.Field}|{r.Reason}").Order());
    }

    [Theory]
    [InlineData("""{"reference":"Encounter/e"}""")]
    [InlineData("""{"reference":"https://h.example/fhir/Encounter/e/_history/1"}""")]
    [InlineData("""{"reference":"Encounter?identifier=urn:nda|77"}""")]
    [InlineData("""{"identifier":{"value":"77"} }""")]
    public void Whichever_comes_first_and_however_the_stay_is_named(string stay)
    {
        using var hospital = new FhirHospital();
        var whole = hospital.Load(LoadMode.Replace, Patient, Diagnosis(stay: stay), Stay());
        Assert.Equal(["2020-05-04"], hospital.Rows("condition_occurrence", "condition_start_date"));
        hospital.Load(LoadMode.Replace, Patient, Diagnosis(stay: stay));
        Assert.Equal(1, hospital.Fate("Condition", "set-aside", "waiting-encounter"));
        Assert.Equal(whole, hospital.Load(LoadMode.Merge, Stay()));
        Assert.Equal(1, hospital.Report.Notes.Single(n => n is { Type: "Condition.waiting", Reason: "taken-up" }).Count);
        Assert.Equal(whole, hospital.Load(LoadMode.Merge, Diagnosis(stay: stay)));
        hospital.Load(LoadMode.Replace, Patient, Stay());
        Assert.Equal(whole, hospital.Load(LoadMode.Merge, Diagnosis(stay: stay)));
        Assert.Equal(whole, hospital.Load(LoadMode.Merge, Stay()));
    }

    [Fact]
    public void Where_a_later_version_of_the_stay_begins_another_day_they_follow()
    {
        using var hospital = new FhirHospital();
        const string outer = """{"resourceType":"Encounter","id":"f","status":"finished","class":{"code":"IMP"},"subject":{"reference":"Patient/p1"},"period":{"start":"2020-05-01","end":"2020-06-30"}}""", within = "\"partOf\":{\"reference\":\"Encounter/f\"},";
        const string drug = """{"resourceType":"MedicationDispense","id":"d","status":"completed","subject":{"reference":"Patient/p1"},"context":{"reference":"Encounter/e"},"medicationCodeableConcept":{"coding":[{"system":"urn:drugs","code":"M1"}]},"daysSupply":{"value":10}}""";
        var abated = Diagnosis(",\"abatementDateTime\":\"2020-05-20\"").Replace("\"c\"", "\"c2\"", StringComparison.Ordinal);
        foreach (var partOf in new[] { "", within })
        {
            var whole = hospital.Load(LoadMode.Replace, Patient, outer, Diagnosis(), abated, drug, Stay("2020-05-10", 2, partOf: partOf));
            Assert.Equal(["2020-05-10|", "2020-05-10|2020-05-20"], hospital.Rows("condition_occurrence", "condition_start_date", "condition_end_date"));
            hospital.Load(LoadMode.Replace, Patient, outer, Stay(), Diagnosis(), abated, drug);
            Assert.Equal(whole, hospital.Load(LoadMode.Merge, Stay("2020-05-10", 2, partOf: partOf)));
            Assert.Equal(["2020-05-10|2020-05-19"], hospital.Rows("drug_exposure", "drug_exposure_start_date", "drug_exposure_end_date"));
            // An older version, and the records again, change nothing.
            Assert.Equal(whole, hospital.Load(LoadMode.Merge, Stay(), Diagnosis(), drug));
        }
    }

    static string Gone(int version) => $$"""{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"DELETE","url":"Encounter/e/_history/{{version}}"} }]}""";

    /// <summary>Whatever becomes of the stay, and of the medication, what loads make one after the other is what one load makes of all.</summary>
    [Fact]
    public void As_if_all_had_come_at_once()
    {
        const string request = """{"resourceType":"MedicationRequest","id":"r","status":"active","intent":"order","subject":{"reference":"Patient/p1"},"encounter":{"reference":"Encounter/e"},"medicationReference":{"reference":"Medication/m"},"dosageInstruction":[{"timing":{"repeat":{"boundsPeriod":{"end":"2020-05-15"}}}}],"dispenseRequest":{"expectedSupplyDuration":{"value":5,"code":"d"}}}""";
        static string Medication(int version, string code) => $$"""{"resourceType":"Medication","id":"m","meta":{"versionId":"{{version}}"},"code":{"coding":[{"system":"urn:drugs","code":"{{code}}"}]} }""";
        var abated = Diagnosis(",\"abatementDateTime\":\"2020-05-08\"");
        string[][][] stories =
        [
            [[Stay(), Diagnosis()], [Stay("2020-05-10", 2, "cancelled")], [Stay("2020-05-12", 3)]],
            [[Stay(), Diagnosis()], [Stay("2020-05-10", 2, "entered-in-error")]],
            [[Stay(), Diagnosis()], [Stay("2020-05-10", 2, "cancelled")], [Diagnosis()], [Stay("2020-05-12", 3)]],
            [[Stay("2020-05-10", 2)], [Diagnosis(), Stay()]],
            [[Stay(), request, Medication(1, "M2")], [Medication(2, "M3"), Stay("2020-05-10", 2)]],
            [[Stay(), request, Medication(1, "M2")], [Stay("2020-05-20", 2)], [Medication(2, "M3")]],
            [[Stay("2020-05-20"), request, Medication(1, "M2")], [Stay("2020-05-10", 2)]],
            [[Stay("2020-05-10"), abated], [Stay("2020-05-04", 2)]],
            [[Stay(), Diagnosis(stay: "{\"identifier\":{\"value\":\"77\"} }")], [Stay("2020-05-10", 2)]],
            [[Stay(), Diagnosis()], [Stay("2020-05-10", 2), Diagnosis()], [Stay("2020-05-10", 2)]],
        ];
        foreach (var story in stories)
        {
            using var hospital = new FhirHospital { Codes = SentHospital.Codes };
            var whole = hospital.Load(LoadMode.Replace, [Patient, .. story.SelectMany(lines => lines)]);
            hospital.Load(LoadMode.Replace, [Patient, .. story[0]]);
            var last = "";
            foreach (var lines in story.Skip(1)) last = hospital.Load(LoadMode.Merge, lines);
            Assert.Equal((whole, story[^1][0]), (last, story[^1][0]));
        }
    }

    [Fact]
    public void Of_a_stay_that_is_deleted_they_wait_and_of_one_that_was_before_it_came_too()
    {
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, Patient, Stay(), Diagnosis());
        hospital.Load(LoadMode.Merge, Gone(1).Replace("/_history/1", "", StringComparison.Ordinal));
        Assert.Empty(hospital.Rows("condition_occurrence", "condition_start_date"));
        Assert.Equal(1, hospital.Report.Notes.Single(n => n is { Type: "Condition.day", Reason: "follows-stay" }).Count);
        hospital.Load(LoadMode.Merge, Stay("2020-05-11", 9));
        Assert.Equal(["2020-05-11"], hospital.Rows("condition_occurrence", "condition_start_date"));
        Assert.Equal(2, hospital.Report.Fates.Sum(f => f.Count)); // the stay, and what waited
        static string At(string json, int hour) => json.Replace("\"versionId\"", $"\"lastUpdated\":\"2024-01-01T{hour:D2}:00:00Z\",\"versionId\"", StringComparison.Ordinal);
        hospital.Load(LoadMode.Replace, Patient, """{"resourceType":"Bundle","type":"batch","timestamp":"2024-01-01T12:00:00Z","entry":[{"request":{"method":"DELETE","url":"Encounter/e"}}]}""");
        hospital.Load(LoadMode.Merge, At(Stay(), 10), Diagnosis());
        Assert.Equal(1, hospital.Fate("Condition", "set-aside", "waiting-encounter"));
    }

    /// <summary>A site maps the code otherwise from a day on: the concept, and the table, are those of the day.</summary>
    [Fact]
    public void What_its_code_means_follows_too()
    {
        LocalMapping until = new("urn:x", "E11", "", LocalMapping.FirstOwn + 1) { To = new(2020, 5, 7) }, from = new("urn:x", "E11", "", LocalMapping.FirstOwn + 2) { From = new(2020, 5, 8) };
        using var hospital = new FhirHospital { Codes = new(null, new() { [("urn:x", "E11")] = [(until, new(until.Target, Domain.Condition)), (from, new(from.Target, Domain.Observation))] }, null) };
        hospital.Load(LoadMode.Replace, Patient, Stay(), Diagnosis());
        Assert.Equal([$"{until.Target}"], hospital.Rows("condition_occurrence", "condition_concept_id"));
        hospital.Load(LoadMode.Merge, Stay("2020-05-10", 2));
        Assert.Equal([$"2020-05-10|{from.Target}"], hospital.Rows("observation", "observation_date", "observation_concept_id"));
        Assert.Empty(hospital.Rows("condition_occurrence", "condition_concept_id"));
    }

    /// <summary>A discharge diagnosis of each of many stays, in a file that comes before theirs: their texts are more than a load holds.</summary>
    [Fact]
    public void However_many_there_are()
    {
        const int Count = 3000;
        using var hospital = new FhirHospital { Memory = 64 << 10 };
        string Of(string text, int n) => text.Replace("\"id\":\"c\"", $"\"id\":\"c{n}\"", StringComparison.Ordinal).Replace("\"id\":\"e\"", $"\"id\":\"e{n}\"", StringComparison.Ordinal).Replace("Encounter/e", $"Encounter/e{n}", StringComparison.Ordinal);
        byte[] Lines(Func<int, string> line, int from) => Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(from, Count - from).Select(line)));
        string Day(int n) => string.Create(CultureInfo.InvariantCulture, $"2020-0{1 + n % 6}-01");
        hospital.LoadFiles(LoadMode.Replace, new() { ["Condition.ndjson"] = Lines(n => Of(Diagnosis(), n), 0), ["Encounter.ndjson"] = Lines(n => Of(Stay(Day(n)), n), 100), ["Patient.ndjson"] = Encoding.UTF8.GetBytes(Patient) });
        Assert.Equal((100L, Count - 100L), (hospital.Fate("Condition", "set-aside", "waiting-encounter"), hospital.Fate("Condition", "used", "used")));
        // So do those that wait.
        hospital.LoadFiles(LoadMode.Replace, new() { ["Condition.ndjson"] = Lines(n => Of(Diagnosis(), n), 0), ["Patient.ndjson"] = Encoding.UTF8.GetBytes(Patient) });
        hospital.LoadFiles(LoadMode.Merge, new() { ["Encounter.ndjson"] = Lines(n => Of(Stay(Day(n)), n), 100) });
        Assert.Equal((Count - 100L, 100L), (hospital.Fate("Condition", "used", "used"), hospital.Report.Notes.Single(n => n is { Type: "Condition.waiting", Reason: "still-waiting" }).Count));
        hospital.Load(LoadMode.Merge, [.. Enumerable.Range(0, 100).Select(n => Of(Stay(Day(n)), n))]);
        Assert.Equal(Enumerable.Range(0, Count).GroupBy(Day).Select(g => $"{g.Key}|{g.Count()}").Order(), hospital.Query("select strftime(condition_start_date, '%Y-%m-%d') || '|' || count(*) from condition_occurrence group by condition_start_date order by 1"));
    }

    [Theory]
    [InlineData("cancelled")]
    [InlineData("planned")]
    public void A_stay_that_did_not_take_place_has_no_day(string state)
    {
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, Patient, Stay(), Diagnosis(), Stay("2020-05-04", 2, state));
        Assert.Equal((1L, 4L), (hospital.Fate("Condition", "set-aside", "waiting-encounter"), hospital.Report.Fates.Sum(f => f.Count)));
        Assert.Empty(hospital.Rows("condition_occurrence", "condition_start_date"));
        hospital.Load(LoadMode.Merge, Stay("2020-05-05", 3));
        Assert.Equal(["2020-05-05"], hospital.Rows("condition_occurrence", "condition_start_date"));
    }

    static string Of(string code, string more = "", string stay = """{"reference":"Encounter/e"}""") => Diagnosis(more, stay).Replace("E11", code, StringComparison.Ordinal);

    /// <summary>Sources that give no versions: which of two texts hashes to more must not matter, so that several pairs are tried.</summary>
    [Fact]
    public void What_this_load_says_goes_before_what_an_earlier_one_said_where_neither_has_a_version()
    {
        for (var n = 0; n < 3; n++)
        {
            using var hospital = new FhirHospital { VerifiesEachLoad = false };
            var (said, says) = ($"A{n}", $"B{n}");
            // Of the stay that moves in the same load; with a day of its own by now; withdrawn.
            hospital.Load(LoadMode.Replace, Patient, Stay(), Of(said));
            hospital.Load(LoadMode.Merge, Stay("2020-05-10", 2), Of(says));
            Assert.Equal([$"{says}|2020-05-10"], hospital.Rows("condition_occurrence", "condition_source_value", "condition_start_date"));
            hospital.Load(LoadMode.Merge, Stay("2020-05-11", 3), Of(said, ",\"recordedDate\":\"2020-05-20\""));
            Assert.Equal([$"{said}|2020-05-20"], hospital.Rows("condition_occurrence", "condition_source_value", "condition_start_date"));
            hospital.Load(LoadMode.Replace, Patient, Stay(), Of(said));
            hospital.Load(LoadMode.Merge, Stay("2020-05-10", 2), Of(said, ",\"verificationStatus\":{\"coding\":[{\"code\":\"entered-in-error\"}]}"));
            Assert.Empty(hospital.Rows("condition_occurrence", "condition_source_value"));
            // What waited, for its stay or its patient.
            hospital.Load(LoadMode.Replace, Patient, Of(said));
            hospital.Load(LoadMode.Merge, Stay(), Of(says));
            Assert.Equal([says], hospital.Rows("condition_occurrence", "condition_source_value"));
            hospital.Load(LoadMode.Replace, Patient.Replace("p1", "p2", StringComparison.Ordinal), Stay(), Of(said));
            hospital.Load(LoadMode.Merge, Patient, Of(says));
            Assert.Equal([says], hospital.Rows("condition_occurrence", "condition_source_value"));
            // Waits again, and is kept once.
            hospital.Load(LoadMode.Replace, Patient, Of(said));
            hospital.Load(LoadMode.Merge, Of(says));
            hospital.Load(LoadMode.Merge, Stay());
            Assert.Equal([says], hospital.Rows("condition_occurrence", "condition_source_value"));
            hospital.Verify();
        }
    }

    [Fact]
    public void A_prescription_that_its_load_took_stays_where_its_stay_moves_whatever_intents_later_loads_take()
    {
        const string plan = """{"resourceType":"MedicationRequest","id":"r","status":"active","intent":"plan","subject":{"reference":"Patient/p1"},"encounter":{"reference":"Encounter/e"},"medicationCodeableConcept":{"coding":[{"system":"urn:drugs","code":"M1"}]}}""";
        using var hospital = new FhirHospital();
        FhirOptions plans = new(null, ["order", "plan"]);
        string Load(LoadMode mode, FhirOptions options, params string[] lines) => hospital.LoadFiles(mode, new() { ["all.ndjson"] = Encoding.UTF8.GetBytes(string.Join('\n', lines)) }, options);
        Load(LoadMode.Replace, plans, Patient, Stay(), plan);
        Load(LoadMode.Merge, FhirOptions.Default, Stay("2020-05-10", 2));
        Assert.Equal(["2020-05-10"], hospital.Rows("drug_exposure", "drug_exposure_start_date"));
        // Sent again, it is this load's.
        Load(LoadMode.Merge, FhirOptions.Default, plan);
        Assert.Empty(hospital.Rows("drug_exposure", "drug_exposure_start_date"));
        // What no load took is none for having waited.
        Load(LoadMode.Replace, FhirOptions.Default, Patient.Replace("p1", "p2", StringComparison.Ordinal), Stay(), plan);
        Load(LoadMode.Merge, FhirOptions.Default, Patient);
        Assert.Empty(hospital.Rows("drug_exposure", "drug_exposure_start_date"));
    }

    /// <summary>By an identifier that one version of the stay bears and another does not, the older of them sent later.</summary>
    [Fact]
    public void A_stay_is_named_by_what_its_version_that_counts_bears()
    {
        static string Other(string stay) => stay.Replace("\"77\"", "\"old\"", StringComparison.Ordinal);
        const string by77 = """{"identifier":{"system":"urn:nda","value":"77"} }""", byOld = """{"identifier":{"system":"urn:nda","value":"old"} }""";
        string[][][] stories =
        [
            [[Stay(version: 8)], [Stay("2020-05-09", 7, "cancelled"), Diagnosis(stay: by77)]],
            [[Stay(version: 8)], [Other(Stay("2020-05-09", 7)), Diagnosis(stay: by77)]],
            [[Stay(version: 8)], [Other(Stay("2020-05-09", 7)), Diagnosis(stay: byOld)]],
            [[Stay(version: 8)], [Gone(7), Diagnosis(stay: by77)]],
        ];
        foreach (var story in stories)
        {
            using var hospital = new FhirHospital();
            var whole = hospital.Load(LoadMode.Replace, [Patient, .. story.SelectMany(lines => lines)]);
            var waits = hospital.Fate("Condition", "set-aside", "waiting-encounter");
            hospital.Load(LoadMode.Replace, [Patient, .. story[0]]);
            Assert.Equal((whole, waits), (hospital.Load(LoadMode.Merge, story[1]), hospital.Fate("Condition", "set-aside", "waiting-encounter")));
        }
        // What named it stays with it where a later version bears another, on another day too.
        using var moved = new FhirHospital();
        moved.Load(LoadMode.Replace, Patient, Stay(), Diagnosis(stay: by77));
        moved.Load(LoadMode.Merge, Other(Stay("2020-05-10", 2)));
        Assert.Equal(["2020-05-10"], moved.Rows("condition_occurrence", "condition_start_date"));
        Assert.Equal(moved.Rows("visit_occurrence", "visit_occurrence_id"), moved.Rows("condition_occurrence", "visit_occurrence_id"));
        // And though another stay bears the old one by now.
        moved.Load(LoadMode.Replace, Patient, Stay(), Diagnosis(stay: by77));
        string taker = Stay("2020-05-12").Replace("\"id\":\"e\"", "\"id\":\"f\"", StringComparison.Ordinal);
        moved.Load(LoadMode.Merge, Other(Stay("2020-05-10", 2)), taker);
        Assert.Equal(["2020-05-10"], moved.Rows("condition_occurrence", "condition_start_date"));
        // Unless it is no stay any more.
        moved.Load(LoadMode.Replace, Patient, Stay(), Diagnosis(stay: by77));
        var taken = moved.Load(LoadMode.Merge, Other(Stay("2020-05-10", 2, "cancelled")), taker);
        Assert.Equal(["2020-05-12"], moved.Rows("condition_occurrence", "condition_start_date"));
        Assert.Equal(taken, moved.Load(LoadMode.Merge, Other(Stay("2020-05-10", 2, "cancelled")), taker));
        // What a report contains has a stay of its own.
        const string report = """{"resourceType":"DiagnosticReport","id":"d","status":"final","subject":{"reference":"Patient/p1"},"encounter":{"identifier":{"system":"urn:nda","value":"77"}},"code":{"text":"x"},"contained":[{"resourceType":"Observation","id":"o","status":"final","encounter":{"identifier":{"system":"urn:nda","value":"99"}},"code":{"coding":[{"system":"urn:x","code":"O"}]},"valueQuantity":{"value":1}}]}""";
        var other = taker.Replace("\"77\"", "\"99\"", StringComparison.Ordinal);
        moved.Load(LoadMode.Replace, Patient, Stay(), other, report);
        var stay = moved.Rows("measurement", "visit_occurrence_id");
        moved.Load(LoadMode.Merge, Stay("2020-05-10", 2));
        Assert.Equal([$"{Assert.Single(stay)}|2020-05-10"], moved.Rows("measurement", "visit_occurrence_id", "measurement_date"));
    }

    /// <summary>Longer than a shard of them fits in the memory that a load has.</summary>
    [Fact]
    public void However_long_their_texts_are()
    {
        using var hospital = new FhirHospital { Memory = 64 << 10 };
        var note = $",\"note\":[{{\"text\":\"{new string('x', 20_000)}\"}}]";
        string Each(string text, int n) => text.Replace("\"id\":\"c\"", $"\"id\":\"c{n}\"", StringComparison.Ordinal);
        string[] all = [.. Enumerable.Range(0, 300).Select(n => Each(Diagnosis(note), n))];
        var whole = hospital.Load(LoadMode.Replace, [Patient, Stay("2020-05-10", 2), .. all]);
        hospital.Load(LoadMode.Replace, [Patient, Stay(), .. all]);
        Assert.Equal(whole, hospital.Load(LoadMode.Merge, Stay("2020-05-10", 2)));
        Assert.Equal(300, hospital.Report.Notes.Single(n => n is { Type: "Condition.day", Reason: "follows-stay" }).Count);
        hospital.Load(LoadMode.Merge, Stay("2020-05-11", 3, "cancelled"));
        hospital.Load(LoadMode.Merge, Stay("2020-05-10", 4));
        Assert.Equal(300, hospital.Rows("condition_occurrence", "condition_start_date").Count(d => d == "2020-05-10"));
    }
}
