using Ambroise.Cli.Lake;
using Ambroise.Governance.Oppositions;
using Ambroise.Lake.Releases;
using Ambroise.Tests.Governance;

namespace Ambroise.Tests.Fhir;

/// <summary>Whom an opposition holds for when patients become one person and come apart, are erased and are sent again.</summary>
public sealed class OppositionsOfPatientsSpecs : BookHouse
{
    readonly FhirHospital hospital = new() { VerifiesEachLoad = false };
    readonly OppositionRegister register;
    readonly Dictionary<string, long> keys = [];

    public OppositionsOfPatientsSpecs() : base(null)
    {
        register = Plane.Oppositions(Chu, Keys);
        hospital.Committing = source => ConsentsHeard.Follow(register, hospital.Lake, source, new(2026, 3, 1), "loader");
        hospital.Load(LoadMode.Replace, Apart);
        foreach (var row in hospital.Rows("person", "person_id", "year_of_birth")) keys[row[^2..]] = long.Parse(row.Split('|')[0], null);
    }

    static string Patient(int born, string link = "") => $$"""{"resourceType":"Patient","id":"p{{born}}"{{link}},"gender":"female","birthDate":"19{{born}}"}""";

    static string[] Apart { get; } = [Patient(50), Patient(60), Patient(70)];

    static string[] One { get; } = [Patient(50), Patient(60, ""","link":[{"type":"replaces","other":{"reference":"Patient/p50"}}]"""), Patient(70)];

    static string Consent(int born) => $$"""{"resourceType":"Consent","id":"k","status":"active","scope":{"coding":[{"code":"research"}]},"patient":{"reference":"Patient/p{{born}}"},"dateTime":"2024-05-01","provision":{"type":"deny"} }""";

    /// <summary>The person whom the patients born in 1950 and 1960 are, while they are one.</summary>
    long Person => Math.Min(keys["50"], keys["60"]);

    OppositionRegister.Said Said(long person) => new(person, new Reach.AllResearch(), Channel.Post, new(2026, 1, 2)) { Patients = OnePerson.Keys(OnePerson.Of(hospital.Lake)).GetValueOrDefault(person) ?? [] };

    void Object(long person) => register.Add([Said(person)], "dpo").OrThrow();

    /// <summary>The years of birth of those in the release who are withheld.</summary>
    string Withheld() => string.Join(' ', hospital.Rows("person", "year_of_birth", "person_id").Where(r => register.Against().Contains(long.Parse(r.Split('|')[1], null))).Select(r => r[2..4]));

    void Load(LoadMode mode, params string[] lines) => hospital.Load(mode, lines);

    void Erase() => Erasure.Run(hospital.Lake, [Person], null, TestContext.Current.CancellationToken).OrThrow();

    [Theory]
    [InlineData(LoadMode.Replace)]
    [InlineData(LoadMode.Merge)]
    public void By_hand_of_a_merged_person_it_holds_for_each_once_they_are_apart(LoadMode mode)
    {
        Load(mode, One);
        Object(Person);
        Load(mode, Apart);
        Assert.Equal("50 60", Withheld());
    }

    [Theory]
    [InlineData("50", LoadMode.Replace)]
    [InlineData("60", LoadMode.Replace)]
    [InlineData("50", LoadMode.Merge)]
    [InlineData("60", LoadMode.Merge)]
    public void By_hand_of_a_patient_it_holds_for_whom_they_become_and_for_both_once_they_are_apart(string born, LoadMode mode)
    {
        Object(keys[born]);
        Load(mode, One);
        Assert.Equal(1, Withheld().Split(' ').Count(w => w is "50" or "60"));
        Load(mode, Apart);
        Assert.Equal("50 60", Withheld());
    }

    [Fact]
    public void It_holds_for_one_of_them_who_was_not_sent_for_a_while()
    {
        Load(LoadMode.Replace, One);
        Object(Person);
        Load(LoadMode.Replace, Patient(50), Patient(70));
        Assert.Equal("50", Withheld());
        Load(LoadMode.Replace, Apart);
        Assert.Equal("50 60", Withheld());
    }

    [Fact]
    public void One_that_knows_the_person_alone_follows_as_well()
    {
        Load(LoadMode.Replace, One);
        register.Add([Said(Person) with { Patients = [] }], "dpo").OrThrow(); // as an earlier version of the program wrote it
        Load(LoadMode.Replace, Apart);
        Assert.Equal("50 60", Withheld());
    }

    [Fact]
    public void After_an_erasure_one_by_hand_holds_for_each_who_is_sent_again()
    {
        Load(LoadMode.Merge, One);
        Object(Person);
        Erase();
        Load(LoadMode.Merge, Apart);
        Assert.Equal("50 60", Withheld());
    }

    [Theory]
    [InlineData(50)]
    [InlineData(60)]
    public void After_an_erasure_that_of_a_consent_holds_for_its_own_patient(int born)
    {
        Load(LoadMode.Merge, [.. One, Consent(born)]);
        Assert.Equal([Person], register.Against());
        Erase();
        Load(LoadMode.Merge, Apart);
        Assert.Equal($"{born}", Withheld());
        Load(LoadMode.Merge, One.Select(l => l.Replace("\"gender\"", "\"meta\":{\"versionId\":\"2\"},\"gender\"", StringComparison.Ordinal)).ToArray());
        Assert.Equal([Person], register.Against());
    }

    [Theory]
    [InlineData(50, true)]
    [InlineData(60, true)]
    [InlineData(50, false)]
    [InlineData(60, false)]
    public void That_of_a_consent_follows_its_patient_in_a_load_that_replaces_all_with_the_consent_and_without(int born, bool again)
    {
        string[] consent = again ? [Consent(born)] : [];
        Load(LoadMode.Replace, [.. One, Consent(born)]);
        Load(LoadMode.Replace, [.. Apart, .. consent]);
        Assert.Equal($"{born}", Withheld());
        Load(LoadMode.Replace, [.. One, .. consent]);
        Assert.Equal([Person], register.Against());
    }

    [Fact]
    public void Withdrawn_for_a_merged_person_it_stays_withdrawn_for_both()
    {
        foreach (var mode in new[] { LoadMode.Merge, LoadMode.Replace })
        {
            Load(mode, [.. One, Consent(60)]);
            Object(Person);
            Load(mode, [.. Apart, Consent(60)]);
            Load(mode, [.. One, Consent(60)]);
            register.Withdraw(Said(Person), "dpo").OrThrow();
            Load(mode, [.. Apart, Consent(60)]);
            Assert.Equal("", Withheld());
        }
    }

    public override void Dispose()
    {
        hospital.Dispose();
        base.Dispose();
    }
}
