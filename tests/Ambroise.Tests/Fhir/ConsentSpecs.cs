using Ambroise.Lake.Columns;
using Ambroise.Lake.Releases;

namespace Ambroise.Tests.Fhir;

/// <summary>Which Consents are oppositions.</summary>
public sealed class ConsentSpecs
{
    const string Patient = """{"resourceType":"Patient","id":"p","gender":"male","birthDate":"1950"}""";
    const string Research = """ "scope":{"coding":[{"code":"research"}]} """, Privacy = """ "scope":{"coding":[{"code":"patient-privacy"}]} """, Treatment = """ "scope":{"coding":[{"code":"treatment"}]} """;

    static string Consent(string status, string rest, string id = "c", int version = 1, string patient = "p") =>
        $$"""{"resourceType":"Consent","id":"{{id}}","meta":{"versionId":"{{version}}"},"status":"{{status}}","patient":{"reference":"Patient/{{patient}}"},"dateTime":"2024-05"{{(rest.Length == 0 ? "" : ",")}}{{rest}}}""";

    /// <summary>Status, the rest of the resource, and what is denied: empty for nothing, null where nothing is said.</summary>
    public static TheoryData<string, string, string?> Decisions => new()
    {
        { "active", $$"""{{Research}},"provision":{"type":"deny"}""", "all" },
        { "active", $$"""{{Research}},"provision":{"type":"permit"}""", "" },
        { "active", Research, "" },
        { "active", $$"""{{Research}},"policyRule":{"coding":[{"code":"OPTOUT"}]}""", "all" },
        { "active", $$"""{{Research}},"policyRule":{"coding":[{"code":"OPTIN"}]}""", "" },
        { "rejected", Research, "all" },
        { "rejected", $$"""{{Research}},"provision":{"type":"permit"}""", "all" },
        { "rejected", $$"""{{Research}},"policyRule":{"coding":[{"code":"OPTIN"}]}""", "all" },
        { "rejected", Treatment, null },
        { "active", $$"""{{Research}},"policyRule":{"text":"opt out"},"provision":{"provision":[{"type":"deny","purpose":[{"code":"HRESCH"}]}]}""", "all" },
        { "inactive", $$"""{{Research}},"provision":{"type":"deny"}""", "" },
        { "entered-in-error", $$"""{{Research}},"provision":{"type":"deny"}""", "" },
        { "draft", $$"""{{Research}},"provision":{"type":"deny"}""", null },
        { "proposed", $$"""{{Research}},"provision":{"type":"deny"}""", null },
        { "active", $$"""{{Privacy}},"provision":{"type":"deny"}""", "all" },
        { "active", """ "provision":{"type":"deny"} """, "all" },
        { "active", $$"""{{Treatment}},"provision":{"type":"deny"}""", null },
        { "active", $$"""{{Treatment}},"category":[{"coding":[{"code":"research"}]}],"provision":{"type":"deny"}""", "all" },
        { "active", $$"""{{Treatment}},"provision":{"type":"deny","purpose":[{"code":"HRESCH"}]}""", "all" },
        { "active", $$"""{{Privacy}},"provision":{"type":"deny","purpose":[{"code":"TREAT"}]}""", "" },
        { "active", $$"""{{Privacy}},"provision":{"type":"deny","purpose":[{"code":"TRAIN"},{"code":"PUBHLTH"}]}""", "purpose:education,purpose:publichealth" },
        { "active", $$"""{{Privacy}},"provision":{"type":"permit","provision":[{"type":"deny","purpose":[{"code":"CLINTRCH"}]}]}""", "all" },
        { "active", $$"""{{Privacy}},"provision":{"type":"permit","provision":[{"type":"deny","actor":[{"role":{"coding":[{"code":"CST"}]} }]}]}""", "" },
        { "active", $$"""{{Research}},"provision":{"type":"deny","provision":[{"type":"permit","purpose":[{"code":"HRESCH"}]}]}""", "all" },
    };

    [Theory, MemberData(nameof(Decisions))]
    public void A_consent_denies_what_it_says(string status, string rest, string? denied)
    {
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, Consent(status, rest), Patient);
        Assert.Equal(denied, hospital.Consents is [var one] ? string.Join(',', one.Denied) : null);
        if (denied is not null) Assert.Equal("2024-05-01", $"{Days.Date(hospital.Consents[0].Day):yyyy-MM-dd}");
    }

    [Fact]
    public void The_last_version_counts_whatever_the_order_and_a_patient_nobody_knows_is_told_of()
    {
        using var hospital = new FhirHospital();
        var (deny, permit) = (Consent("active", $$"""{{Research}},"provision":{"type":"deny"}"""), Consent("active", Research, version: 2));
        hospital.Load(LoadMode.Replace, permit, deny, Patient, Consent("active", $$"""{{Research}},"provision":{"type":"deny"}""", "d", patient: "nobody"));
        Assert.Equal((2L, 0), (Assert.Single(hospital.Consents).Number, hospital.Consents[0].Denied.Count));
        Assert.Equal(1, hospital.Fate("Consent", "set-aside", "waiting-patient"));
        hospital.Load(LoadMode.Merge, deny);
        Assert.Empty(hospital.Consents);
    }

    /// <summary>A draft says nothing, and a deletion withdraws nothing: whatever came first, and in how many loads.</summary>
    [Theory]
    [InlineData("draft")]
    [InlineData("proposed")]
    [InlineData("deleted")]
    public void What_was_said_before_a_version_that_says_nothing_holds(string then)
    {
        var deny = Consent("active", $$"""{{Research}},"provision":{"type":"deny"}""");
        var after = then == "deleted" ? """{"resourceType":"Bundle","type":"transaction","timestamp":"2024-12-15T10:00:00Z","entry":[{"request":{"method":"DELETE","url":"Consent/c"} }]}""" : Consent(then, Research, version: 2);
        using var hospital = new FhirHospital();
        void Denies() => Assert.Equal((1L, "all"), (Assert.Single(hospital.Consents).Number, string.Join(',', hospital.Consents[0].Denied)));
        hospital.Load(LoadMode.Replace, Patient, deny, after);
        Denies();
        hospital.Load(LoadMode.Replace, Patient, after);
        Assert.Empty(hospital.Consents);
        hospital.Load(LoadMode.Merge, deny);
        Denies();
        hospital.Load(LoadMode.Replace, Patient, deny);
        hospital.Load(LoadMode.Merge, after);
        Assert.Empty(hospital.Consents); // the register has it
        // What a later version said goes before it, though it is older than what says nothing.
        hospital.Load(LoadMode.Replace, Patient, Consent("inactive", Research, version: 2));
        hospital.Load(LoadMode.Merge, deny, then == "deleted" ? after : Consent(then, Research, version: 3));
        Assert.Empty(hospital.Consents);
    }

    /// <summary>Versions of one Consent as they come, load by load; then whether it denies, as the register knows.</summary>
    [Theory]
    [InlineData("p permit2 draft3 | deny1", false)]
    [InlineData("p permit2 | deleted | deny1", false)]
    [InlineData("p permit2 | draft3 | deny1", false)]
    [InlineData("p inactive2 proposed3 | deny1 deleted", false)]
    [InlineData("p draft3 | deny2 | permit1", true)]
    [InlineData("p draft3 | permit1 | deny2", true)]
    [InlineData("p draft3 | deny1 | permit2", false)]
    [InlineData("p deleted | deny2 | deny1", true)]
    [InlineData("deny2 draft3 | p", true)]
    [InlineData("deny2 deleted | p", true)]
    [InlineData("deny2 | draft3 | p", true)]
    [InlineData("deny2 | deleted | p", true)]
    [InlineData("deny1 permit2 draft3 | p", false)]
    [InlineData("deny2 draft3 | permit1 | p", true)]
    [InlineData("p deny1 | permit2 draft3", false)]
    [InlineData("p deny1 | draft2 | draft3 | permit2", false)]
    public void The_last_version_that_says_something_counts_in_whatever_loads_they_come(string loads, bool denies)
    {
        static string Version(string of) => of == "p" ? Patient : of == "deleted" ? """{"resourceType":"Bundle","type":"transaction","timestamp":"2024-12-15T10:00:00Z","entry":[{"request":{"method":"DELETE","url":"Consent/c"} }]}"""
            : (of[..^1], of[^1] - '0') is (var what, var number) && what == "deny" ? Consent("active", $$"""{{Research}},"provision":{"type":"deny"}""", version: number) : Consent(what == "permit" ? "active" : what, Research, version: number);
        using var hospital = new FhirHospital();
        var (heard, told) = (0L, false);
        void Load(LoadMode mode, string[] versions)
        {
            hospital.Load(mode, [.. versions.Select(Version)]);
            foreach (var one in hospital.Consents.Where(c => c.Number >= heard)) (heard, told) = (one.Number, one.Denied.Count > 0); // as the register does
        }
        string[][] split = [.. loads.Split(" | ").Select(l => l.Split(' '))];
        for (var i = 0; i < split.Length; i++) Load(LoadMode.Merge, split[i]);
        Assert.Equal(denies, told);
        (heard, told) = (0, false);
        Load(LoadMode.Replace, [.. split.SelectMany(s => s)]);
        Assert.Equal(denies, told);
    }

    /// <summary>As a source without versions sends them: of one version two texts, before their patient.</summary>
    [Fact]
    public void Of_two_texts_of_one_version_the_one_that_says_something_waits_too()
    {
        // Which of the two counts, their bytes decide: of eight Consents either is.
        string[] both = [.. Enumerable.Range(0, 8).SelectMany(n => new[] { "active", "draft" }.Select(s => Consent(s, $$"""{{Research}},"provision":{"type":"deny"}""", $"c{n}").Replace("\"meta\":{\"versionId\":\"1\"},", "", StringComparison.Ordinal)))];
        using var hospital = new FhirHospital();
        hospital.Load(LoadMode.Merge, both);
        hospital.Load(LoadMode.Merge, both);
        hospital.Load(LoadMode.Merge, """{"resourceType":"Patient","id":"other","gender":"male","birthDate":"1950"}""");
        Assert.Empty(hospital.Consents);
        hospital.Load(LoadMode.Merge, Patient);
        Assert.Equal(8, hospital.Consents.Count(c => c.Denied is ["all"]));
    }
}
