using Ambroise.EndToEnd.Governance;

namespace Ambroise.EndToEnd.Fhir;

/// <summary>A patient objects in the hospital's own system, and the next answer is without them.</summary>
public sealed class ConsentSpecs
{
    const string Everyone = """
        {"ConceptSets":[],"PrimaryCriteria":{"CriteriaList":[{"ObservationPeriod":{}}],"ObservationWindow":{"PriorDays":0,"PostDays":0},"PrimaryCriteriaLimit":{"Type":"First"}},
         "QualifiedLimit":{"Type":"First"},"ExpressionLimit":{"Type":"First"},"InclusionRules":[],"CensoringCriteria":[],"CollapseSettings":{"CollapseType":"ERA","EraPad":0},"CensorWindow":{}}
        """;

    static string[] Patient(string id) =>
    [
        $$"""{"resourceType":"Patient","id":"{{id}}","gender":"female","birthDate":"1950"}""",
        $$"""{"resourceType":"Encounter","id":"e{{id}}","status":"finished","class":{"code":"IMP"},"subject":{"reference":"Patient/{{id}}"},"period":{"start":"2020-03-01","end":"2020-03-04"} }""",
    ];

    static string Consent(string patient, string type, int version, string status = "active") =>
        $$"""{"resourceType":"Consent","id":"c{{patient}}","meta":{"versionId":"{{version}}"},"status":"{{status}}","scope":{"coding":[{"code":"research"}]},"patient":{"reference":"Patient/{{patient}}"},"dateTime":"2024-05-06","provision":{"type":"{{type}}"} }""";

    /// <summary>A hospital without patients or words, with a data protection officer.</summary>
    static TemporaryHome Hospital()
    {
        var home = TemporaryHome.With("chu");
        File.WriteAllText(home.Beside("everyone.json"), Everyone);
        var words = Directory.CreateDirectory(home.Beside("words")).FullName;
        foreach (var table in new[] { "concept", "concept_ancestor", "concept_relationship" }) File.WriteAllText(Path.Combine(words, $"{table}.csv"), OppositionCommandsSpecs.Header(table));
        home.Run("vocabulary", "load", words).Succeeded();
        home.Run("role", "grant", "dpo", "data-protection-officer", "--tenant", "chu").Succeeded();
        return home;
    }

    /// <summary>Loads resources; what their consents did, and whom a count of everyone finds then.</summary>
    static (int Recorded, int Withdrawn, int Counted) Load(TemporaryHome home, string mode, params string[] lines)
    {
        var sent = home.Beside("sent.ndjson");
        File.WriteAllLines(sent, lines);
        var loaded = home.Run("load", "fhir", sent, "--tenant", "chu", "--mode", mode, "--json").Succeeded().Json;
        var counted = home.Run("cohort", "count", home.Beside("everyone.json"), "--tenant", "chu", "--json").Succeeded().Json.GetProperty("patients").GetInt32();
        return (loaded.GetProperty("oppositionsRecorded").GetInt32(), loaded.GetProperty("oppositionsWithdrawn").GetInt32(), counted);
    }

    /// <summary>Whichever of the keys is the lesser: what a patient said holds for the person they are.</summary>
    [Fact]
    public void An_opposition_holds_for_the_person_that_the_patient_turns_out_to_be_and_goes_back_with_them()
    {
        using var home = Hospital();
        static string Again(string id, int version, string more) => $$"""{"resourceType":"Patient","id":"{{id}}","meta":{"versionId":"{{version}}"},{{more}}"gender":"female","birthDate":"1950"}""";
        const string linked = """ "link":[{"type":"replaces","other":{"reference":"Patient/p1"}}],""";
        Assert.Equal(2, Load("replace", [.. Patient("p1"), .. Patient("p2"), .. Patient("p3"), Consent("p1", "deny", 1)]));
        Assert.Equal(1, Load("merge", Again("p2", 2, linked)));
        Assert.Equal("merged", home.Run("load", "report", "--tenant", "chu", "--decisions", "--json").Succeeded().Json[0].GetProperty("what").GetString());
        Assert.Equal(2, Load("merge", Again("p2", 3, "")));
        Assert.Contains("split", home.Run("load", "report", "--tenant", "chu", "--decisions").Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains("séparé", home.Run("load", "report", "--tenant", "chu", "--decisions", "--lang", "fr").Succeeded().Output, StringComparison.Ordinal);

        // What somebody wrote down about a patient holds for both once they were one: nobody knows which of them it was.
        Load("merge", Consent("p1", "permit", 2));
        var mine = home.Run("--as", "dpo", "opposition", "list", "--tenant", "chu", "--json").Succeeded().Json;
        Assert.Equal(0, mine.GetArrayLength());
        Load("merge", Consent("p3", "deny", 1));
        var person = home.Run("--as", "dpo", "opposition", "list", "--tenant", "chu", "--json").Succeeded().Json[0].GetProperty("person").ToString();
        home.Run("--as", "dpo", "opposition", "add", person, "--tenant", "chu", "--channel", "post").Succeeded();
        Assert.Equal(2, Load("merge", Consent("p3", "permit", 2)));
        Assert.Equal(1, Load("merge", Again("p3", 2, linked)));
        Assert.Equal(1, Load("merge", Again("p3", 3, "")));

        int Load(string mode, params string[] lines) => ConsentSpecs.Load(home, mode, lines).Counted;
    }

    [Fact]
    public void By_hand_of_a_merged_person_it_holds_for_each_after_a_load_that_replaces_all_and_so_does_its_withdrawal()
    {
        using var home = Hospital();
        const string second = """{"resourceType":"Patient","id":"p2","link":[{"type":"replaces","other":{"reference":"Patient/p1"} }],"gender":"female","birthDate":"1950"}""";
        string[] apart = [.. Patient("p1"), .. Patient("p2"), .. Patient("p3")], one = [.. Patient("p1"), .. Patient("p2").Skip(1), second, .. Patient("p3")];
        Assert.Equal(2, Load(home, "replace", one).Counted);
        var person = home.Run("load", "report", "--tenant", "chu", "--decisions", "--json").Succeeded().Json[0].GetProperty("person").ToString();
        var said = home.Run("--as", "dpo", "opposition", "add", person, "--tenant", "chu", "--channel", "post", "--json").Succeeded().Json;
        Assert.Equal((1, 0, 0), (said.GetProperty("patients").GetInt32(), said.GetProperty("alreadyKnown").GetInt32(), said.GetProperty("unknownPersons").GetArrayLength()));
        Assert.Equal(1, Load(home, "replace", apart).Counted);
        Assert.Equal(1, Load(home, "replace", one).Counted);
        home.Run("--as", "dpo", "opposition", "withdraw", person, "--tenant", "chu", "--channel", "phone").Succeeded();
        Assert.Equal(3, Load(home, "replace", apart).Counted);

        // Two servers in one tenant are told of.
        static string Of(string server) => $$"""{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"http://{{server}}/fhir/Patient/p1","resource":{"resourceType":"Patient","id":"p1","gender":"female","birthDate":"1950"} }]}""";
        File.WriteAllLines(home.Beside("two.ndjson"), [Of("a.example"), Of("b.example")]);
        Assert.Contains("2 servers", home.Run("load", "fhir", home.Beside("two.ndjson"), "--tenant", "chu").Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains("2 serveurs", home.Run("load", "fhir", home.Beside("two.ndjson"), "--tenant", "chu", "--lang", "fr").Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_consent_that_denies_research_is_an_opposition_until_the_same_consent_says_otherwise()
    {
        using var home = Hospital();
        string[] patients = [.. Patient("p1"), .. Patient("p2"), .. Patient("p3")];
        Assert.Equal((0, 0, 3), Load("replace", patients));
        Assert.Equal((2, 0, 1), Load("replace", [.. patients, Consent("p1", "deny", 1), Consent("p2", "deny", 1), Consent("p3", "permit", 1)]));
        Assert.Equal((0, 0, 1), Load("replace", [.. patients, Consent("p1", "deny", 1), Consent("p2", "deny", 1), Consent("p3", "permit", 1)]));
        var notes = home.Run("load", "report", "--tenant", "chu", "--release", "2", "--json").Succeeded().Json.GetProperty("notes").ToString();
        Assert.Contains("Consent.opposition", notes, StringComparison.Ordinal);

        // That a consent is absent lifts nothing, nor does an older version of it; a newer one that permits does.
        Assert.Equal((0, 0, 1), Load("replace", patients));
        Assert.Equal((0, 1, 2), Load("merge", Consent("p1", "permit", 2)));
        Assert.Equal((0, 0, 2), Load("merge", Consent("p1", "deny", 1)));
        Assert.Equal((0, 0, 2), Load("merge", """{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Consent/cp2"}}]}"""));
        Assert.Equal((0, 1, 3), Load("merge", Consent("p2", "deny", 3, "entered-in-error")));

        // Said by hand it stands by itself, whatever a consent says.
        var person = home.Run("--as", "dpo", "opposition", "list", "--tenant", "chu", "--person", "0", "--json").Succeeded().Json;
        Assert.Equal(0, person.GetArrayLength());
        Assert.Equal((1, 0, 2), Load("merge", Consent("p3", "deny", 2)));
        var listed = Assert.Single(home.Run("--as", "dpo", "opposition", "list", "--tenant", "chu", "--json").Succeeded().Json.EnumerateArray());
        Assert.Equal(("Fhir", "2024-05-06"), (listed.GetProperty("channel").GetString(), listed.GetProperty("received").GetString()));
        var origin = home.Run("lineage", listed.GetProperty("proof").GetString()!, "--tenant", "chu", "--json").Succeeded().Json[0].GetProperty("origin");
        Assert.Equal("Consent/cp3", origin.GetProperty("resource").GetString());
        var id = listed.GetProperty("person").ToString();
        home.Run("--as", "dpo", "opposition", "add", id, "--tenant", "chu", "--channel", "post").Succeeded();
        Assert.Equal((0, 1, 2), Load("merge", Consent("p3", "permit", 3)));
        home.Run("--as", "dpo", "opposition", "add", id, "--tenant", "chu", "--channel", "fhir").Failed(2, "opposition.channel-fhir");
        home.Run("--as", "dpo", "opposition", "withdraw", id, "--tenant", "chu", "--channel", "phone").Succeeded();
        Assert.Equal((0, 0, 3), Load("replace", [.. patients, Consent("p3", "permit", 3)]));
        home.Run("--as", "dpo", "audit", "verify", "--tenant", "chu").Succeeded();

        (int Recorded, int Withdrawn, int Counted) Load(string mode, params string[] lines) => ConsentSpecs.Load(home, mode, lines);
    }
}
