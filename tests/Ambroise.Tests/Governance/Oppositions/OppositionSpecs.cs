using Ambroise.Governance;
using Ambroise.Governance.Control;
using Ambroise.Governance.Oppositions;
using Ambroise.Governance.Projects;
using Ambroise.Governance.Tenants;
using Ambroise.Tests.Vault;
using Ambroise.Vault;

namespace Ambroise.Tests.Governance.Oppositions;

/// <summary>What the register of oppositions promises, on either database.</summary>
public abstract class OppositionSpecs : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ambroise-oppositions-");
    readonly Home home;
    readonly KeyRing keys;
    readonly ControlPlane plane;
    readonly OppositionRegister register;

    protected OppositionSpecs(string? server)
    {
        home = new Home(Path.Combine(folder.FullName, "home"));
        home.Initialise(TimeProvider.System, server);
        keys = KeyRing.Create(Path.Combine(folder.FullName, "keys"), "chu", new Passphrase("a passphrase"), KeyFolderFixture.Cheap).OrThrow();
        plane = home.OpenControlPlane(TimeProvider.System).OrThrow();
        plane.AddTenant(Chu, "CHU", "file").OrThrow();
        plane.AddTenant(Other, "Autre", "file").OrThrow();
        register = plane.Oppositions(Chu, keys);
    }

    public void Dispose()
    {
        plane.Dispose();
        keys.Dispose();
        folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    static TenantId Chu { get; } = TenantId.Parse("chu").OrThrow();

    static TenantId Other { get; } = TenantId.Parse("autre").OrThrow();

    static OppositionRegister.Said Of(long person, string reach = "all", string proof = "") => new(person, Reach.Parse(reach).OrThrow(), Channel.Post, new(2026, 1, 2), proof);

    void Tamper(string sql)
    {
        using var connection = home.Database.Connect();
        Assert.True(connection.Execute(sql) > 0, sql);
    }

    [Theory]
    [InlineData("all", null, null, true)]
    [InlineData("all", "p1", Purpose.Education, true)]
    [InlineData("project:p1", null, null, false)]
    [InlineData("project:p1", "p1", Purpose.PublicHealth, true)]
    [InlineData("project:p1", "p2", Purpose.PublicHealth, false)]
    [InlineData("purpose:education", null, null, false)]
    [InlineData("purpose:education", "p1", Purpose.Education, true)]
    [InlineData("purpose:education", "p1", Purpose.PublicHealth, false)]
    public void A_patient_is_withheld_from_what_they_object_to_and_from_nothing_else(string reach, string? project, Purpose? purpose, bool withheld)
    {
        register.Add([Of(1042, reach)], "dpo").OrThrow();
        Assert.Equal(withheld ? [1042L] : [], register.Against(project, purpose));
        Assert.Empty(plane.Oppositions(Other, keys).Against(project, purpose));
    }

    [Fact]
    public void An_opposition_holds_until_it_is_withdrawn_and_again_when_it_is_said_again()
    {
        Assert.Equal(2, register.Add([Of(1), Of(2), Of(1)], "dpo").OrThrow().Count);
        Assert.Empty(register.Add([Of(2)], "dpo").OrThrow());
        Assert.Equal([1L, 2L], register.Against());
        Assert.Equal(3, register.Withdraw(Of(1), "dpo").OrThrow().Number);
        Assert.Equal([2L], register.Against());
        Assert.True(register.Withdraw(Of(1), "dpo").Failed(out var failure, out _));
        Assert.Equal("opposition.none", failure.Code);
        register.Add([Of(1)], "dpo").OrThrow();
        Assert.Equal([1L, 2L], register.Against());
        Assert.Equal([1, 2, 3, 4], register.List().Select(o => o.Number));
        register.Withdraw(Of(2), "dpo").OrThrow();
        register.Add([Of(2, "project:p1")], "dpo").OrThrow();
        Assert.Equal([1L], register.Against());
        Assert.Equal([1L, 2L], register.Against("p1"));
    }

    /// <summary>Steps of one word each: what a consent record says in a version, or what a person does by hand; then who is withheld, of patients 1 and 2.</summary>
    [Theory]
    [InlineData("A1:1", "1")]
    [InlineData("A1:1 A1:1", "1")]
    [InlineData("A1:1 A2:", "")]
    [InlineData("A1:1 A1:", "")] // the source gives no version: what it says now counts
    [InlineData("A2: A1:1", "1")] // of a record that never denied anything nothing is known
    [InlineData("A2:1 A3: A1:1", "")]
    [InlineData("A1:1 B1:1 A2:", "1")]
    [InlineData("A1:1 B1:1 A2: B2:", "")]
    [InlineData("hand A1:1 A2:", "1")]
    [InlineData("A1:1 hand A2:", "1")]
    [InlineData("A1:1 lift", "")]
    [InlineData("A1:1 hand lift", "")]
    [InlineData("A1:1 lift A1:1", "")]
    [InlineData("A1:1 lift A2:1", "1")]
    [InlineData("A1:1 A1:2", "2")] // two patients became one, or were told apart
    [InlineData("A1:1 B1:2", "1,2")]
    [InlineData("A1:1 lift A1:2", "")]
    [InlineData("A1:1 lift A2:2", "2")]
    public void Consent_records_are_followed(string steps, string withheld)
    {
        var written = 0;
        foreach (var step in steps.Split(' '))
        {
            if (step == "hand") register.Add([Of(1)], "dpo").OrThrow();
            else if (step == "lift") register.Withdraw(Of(1), "dpo").OrThrow();
            else
            {
                var version = new ConsentVersion(step[0], long.MinValue, step[1] - '0');
                OppositionRegister.Decided said = new(version, step[3..] is { Length: > 0 } who ? long.Parse(who, null) : 1, 1, step.EndsWith(':') ? [] : [new Reach.AllResearch()], new(2026, 1, 2));
                written = register.Follow([said], "loader").OrThrow().Count;
                Assert.Empty(register.Follow([said], "loader").OrThrow());
            }
        }
        Assert.Equal(withheld, string.Join(',', register.Against()));
        Assert.All(register.List().Where(o => o.Channel == Channel.Fhir), o => Assert.Equal($"consent_record:{o.Consent!.Record}", o.Proof));
    }

    [Fact]
    public void What_is_said_of_patients_who_are_one_person_is_said_and_taken_back_of_each()
    {
        register.Add([Of(1) with { Patients = [1, 2, 3] }], "dpo").OrThrow();
        Assert.Equal([1L, 2L, 3L], register.Against());
        Assert.Empty(register.Add([Of(2) with { Patients = [1, 2, 3] }], "dpo").OrThrow());
        register.Withdraw(Of(3) with { Patients = [1, 2, 3] }, "dpo").OrThrow();
        Assert.Empty(register.Against());
    }

    [Fact]
    public void A_consent_of_which_one_denial_of_two_was_taken_back_moves_with_its_patient()
    {
        var (all, education) = (new Reach.AllResearch(), Reach.Parse("purpose:education").OrThrow());
        register.Follow([new(new(7, 0, 1), 1, 2, [all, education], new(2026, 1, 2))], "loader").OrThrow();
        register.Follow([new(new(7, 0, 2), 1, 2, [all], new(2026, 1, 2))], "loader").OrThrow();
        Assert.Empty(register.Moved(new Dictionary<long, long>(), patient => patient == 2 ? 1 : patient));
        var moved = register.Moved(new Dictionary<long, long>(), patient => patient);
        Assert.Equal((2L, 2L), (Assert.Single(moved).Person, moved[0].Version.Number));
        register.Follow(moved, "loader").OrThrow();
        Assert.Equal([2L], register.Against());
    }

    [Fact]
    public void Nobody_writes_by_hand_what_only_a_consent_says()
    {
        Assert.True(register.Add([Of(1) with { Channel = Channel.Fhir }], "dpo").Failed(out var failure, out _));
        Assert.Equal("opposition.channel-fhir", failure.Code);
    }

    [Fact]
    public void A_list_with_one_bad_line_changes_nothing()
    {
        Assert.True(register.Add([Of(1), Of(2) with { Received = new(9999, 1, 1) }], "dpo").Failed(out var failure, out _));
        Assert.Equal("opposition.received-later", failure.Code);
        Assert.Empty(register.List());
    }

    [Theory]
    [InlineData("delete from opposition where number = 2")]
    [InlineData("update opposition set number = 99 where number = 3")]
    [InlineData("update opposition set sealed = (select sealed from opposition where number = 1) where number = 2")]
    [InlineData("update opposition set sealed = replace(sealed, 'A', 'B')")]
    [InlineData("update opposition set sealed = 'no base64' where number = 1")]
    [InlineData("update opposition set tenant = 'autre'")]
    public void A_register_that_was_edited_opens_nothing(string sql)
    {
        register.Add(Enumerable.Range(1, 40).Select(p => Of(p)), "dpo").OrThrow();
        Tamper(sql);
        var read = sql.Contains("autre", StringComparison.Ordinal) ? plane.Oppositions(Other, keys) : register;
        Assert.Equal("opposition.tampered", Assert.Throws<FailureException>(() => read.Against()).Failure.Code);
    }

    [Fact]
    public void The_database_does_not_say_who_objects()
    {
        register.Add([Of(424_242_424_242, "all", "planted-proof")], "dpo").OrThrow();
        using var connection = home.Database.Connect();
        var stored = connection.Query(static r => r.GetString(0), "select sealed from opposition").Single();
        var text = System.Text.Encoding.Latin1.GetString(Convert.FromBase64String(stored));
        Assert.DoesNotContain("424242", stored + text, StringComparison.Ordinal);
        Assert.DoesNotContain("planted", stored + text, StringComparison.Ordinal);
    }
}

public sealed class OppositionInFileSpecs() : OppositionSpecs(null);

public sealed class OppositionOnServerSpecs(ThrowawayServer server) : OppositionSpecs(server.NewDatabase());
