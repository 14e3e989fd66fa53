using Ambroise.Governance;
using Ambroise.Governance.Control;
using Ambroise.Governance.Reidentification;
using Ambroise.Governance.Tenants;
using Ambroise.Tests.Vault;
using Ambroise.Vault;

namespace Ambroise.Tests.Governance.Reidentification;

/// <summary>What the journal of re-identifications promises, on either database.</summary>
public abstract class ReidentificationSpecs : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ambroise-reidentification-");
    readonly SetClock clock = new(new(2026, 3, 2, 8, 0, 0, TimeSpan.Zero));
    readonly Home home;
    readonly KeyRing keys;
    readonly ControlPlane plane;
    readonly ReidentificationBook book;

    protected ReidentificationSpecs(string? server)
    {
        home = new Home(Path.Combine(folder.FullName, "home"));
        home.Initialise(clock, server);
        keys = KeyRing.Create(Path.Combine(folder.FullName, "keys"), "chu", new Passphrase("a passphrase"), KeyFolderFixture.Cheap).OrThrow();
        plane = home.OpenControlPlane(clock).OrThrow();
        plane.AddTenant(TenantId.Parse("chu").OrThrow(), "CHU", "file").OrThrow();
        book = plane.Reidentifications(TenantId.Parse("chu").OrThrow(), keys);
    }

    public void Dispose()
    {
        plane.Dispose();
        keys.Dispose();
        folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    long Ask(long pseudonym = 4711, string by = "anne") => book.Ask("statins", pseudonym, ReidentificationReason.MedicalEmergency, "letter-12", by).OrThrow().Number;

    string Refused(long number, string by, bool approves = true) => book.Decide(number, approves, by).Failed(out var failure, out _) ? failure.Code : "";

    [Fact]
    public void It_takes_a_second_officer_within_a_week_and_each_request_names_one_patient_once()
    {
        var request = Ask();
        Assert.Equal("reidentify.same-officer", Refused(request, "anne"));
        Assert.Equal("reidentify.unknown-request", Refused(request + 1, "bruno"));
        Assert.True(book.Ask("statins", 4711, ReidentificationReason.CareAlert, "letter-13", "bruno").Failed(out var again, out _));
        Assert.Equal("reidentify.asked-already", again.Code);
        var decided = book.Decide(request, true, "bruno").OrThrow();
        Assert.Equal((ReidentificationState.Approved, "bruno", "anne", 4711L), (decided.State, decided.DecidedBy, decided.By, decided.Pseudonym));
        Assert.Equal("reidentify.decided", Refused(request, "claire"));

        var late = Ask(4712);
        clock.Now += ReidentificationBook.Lasts + TimeSpan.FromSeconds(1);
        Assert.Equal("reidentify.lapsed", Refused(late, "bruno"));
        Assert.Equal([ReidentificationState.Approved, ReidentificationState.Expired], book.List().Select(r => r.State));
        Assert.NotEqual(late, Ask(4712)); // may be asked again
    }

    [Fact]
    public void Whoever_asked_may_take_it_back_and_nobody_approves_it_then()
    {
        var request = Ask();
        book.Decide(request, false, "anne").OrThrow();
        Assert.Equal("reidentify.decided", Refused(request, "bruno"));
    }

    [Fact]
    public void A_reason_without_a_reference_is_no_reason()
    {
        Assert.True(book.Ask("statins", 1, ReidentificationReason.PatientRight, "  ", "anne").Failed(out var failure, out _));
        Assert.Equal("reidentify.reference-missing", failure.Code);
        Assert.Empty(book.List());
    }

    [Theory]
    [InlineData("delete from reidentification where number = 1")]
    [InlineData("update reidentification set sealed = (select sealed from reidentification where number = 1) where number = 2")]
    [InlineData("update reidentification set sealed = 'no base64' where number = 2")]
    public void A_journal_that_was_edited_approves_nothing(string sql)
    {
        Ask(1);
        Ask(2);
        using (var connection = home.Database.Connect()) Assert.True(connection.Execute(sql) > 0, sql);
        Assert.Equal("reidentify.tampered", Assert.Throws<FailureException>(() => book.Decide(2, true, "bruno")).Failure.Code);
    }
}

public sealed class ReidentificationInFileSpecs() : ReidentificationSpecs(null);

public sealed class ReidentificationOnServerSpecs(ThrowawayServer server) : ReidentificationSpecs(server.NewDatabase());
