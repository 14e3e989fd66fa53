using System.Text;
using Ambroise.Governance;
using Ambroise.Governance.Access;
using Ambroise.Governance.Control;
using Ambroise.Governance.Projects;
using Ambroise.Governance.Tenants;
using Ambroise.Tests.Vault;
using Ambroise.Vault;

namespace Ambroise.Tests.Governance.Projects;

/// <summary>What projects and permits promise, on either database.</summary>
public abstract class ProjectBookSpecs : IDisposable
{
    const string Asked = """
        {"title":"Statins","summary":"Do statins help?","investigator":"marie","team":["luc"],"purpose":"scientificResearch","legalBasis":{"kind":"mr004","number":"F20260101"},
         "population":{"PrimaryCriteria":{"CriteriaList":[]}},"data":[{"table":"drug_exposure","columns":["drug_concept_id"],"justification":"the exposure"}],"retainUntil":"2027-12-31"}
        """;

    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ambroise-projects-");
    readonly SetClock clock = new(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    readonly Home home;
    readonly ControlPlane plane;
    readonly KeyRing keys;
    readonly SigningKey signature;

    protected ProjectBookSpecs(string? server)
    {
        home = new Home(Path.Combine(folder.FullName, "home"));
        home.Initialise(clock, server);
        plane = home.OpenControlPlane(clock).OrThrow();
        plane.AddTenant(Chu, "CHU", "file").OrThrow();
        keys = KeyRing.Create(Path.Combine(folder.FullName, "keys"), "chu", new Passphrase("a passphrase"), KeyFolderFixture.Cheap).OrThrow();
        signature = SigningKey.Of(keys, "governance", "signature");
    }

    public void Dispose()
    {
        signature.Dispose();
        keys.Dispose();
        plane.Dispose();
        folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    static TenantId Chu { get; } = TenantId.Parse("chu").OrThrow();

    ProjectBook Book => plane.Projects(Chu);

    static ProjectRequest Request(string json = Asked) => ProjectRequest.Parse(Encoding.UTF8.GetBytes(json)).OrThrow();

    static string Code<T>(Result<T> result) => result.Failed(out var failure, out _) ? failure.Code : "";

    Permit Activated()
    {
        Book.Create("statins", Request(), "marie").OrThrow();
        Book.Take("statins", ProjectStep.Submit, "luc").OrThrow();
        Book.Take("statins", ProjectStep.Opinion, "claire", "sound", Opinion.Favourable).OrThrow();
        Book.Take("statins", ProjectStep.Approve, "ada", "as the committee says").OrThrow();
        return Book.Activate("statins", "ada", 3, new(2027, 6, 30), signature).OrThrow();
    }

    [Fact]
    public void The_documented_table_is_the_one_in_force()
    {
        var expected = new List<string> { "| step | from | to | by |", "|---|---|---|---|" };
        expected.AddRange(StepRule.All.Select(r => $"| {Lower(r.Step)} | {string.Join(", ", r.From.Select(s => Lower(s)))} | {(r.Step == ProjectStep.Resume ? "as before" : Lower(r.To))} | {Names.Of(r.By)} |"));
        Assert.Equal(expected, File.ReadAllLines(Path.Combine(Checkout.Root, "docs", "projects.md")).Where(l => l.StartsWith('|')).TakeWhile(l => !l.StartsWith("| field", StringComparison.Ordinal)));
        static string Lower<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
    }

    [Fact]
    public void From_the_question_to_the_permit()
    {
        var permit = Activated();
        Assert.Equal((1, 3, "ada"), (permit.Version, permit.Release, permit.IssuedBy));
        Assert.Equal(permit.Until, Book.InForce("statins", "luc", signature).OrThrow().Until);
        Assert.Equal(ProjectState.Active, Book.Find("statins").OrThrow().State);
        Assert.Equal(["marie", "luc", "claire", "ada", "ada"], Book.Find("statins").OrThrow().Events.Select(e => e.Actor));
    }

    [Fact]
    public void Every_step_from_every_other_state_is_refused()
    {
        Book.Create("statins", Request(), "marie").OrThrow();
        foreach (var step in Enum.GetValues<ProjectStep>().Except([ProjectStep.Submit, ProjectStep.Amend, ProjectStep.Suspend, ProjectStep.Close]))
            Assert.Equal("project.step-refused", Code(Book.Take("statins", step, "marie", "why", Opinion.Favourable)));
        Assert.Equal("project.exists", Code(Book.Create("statins", Request(), "marie")));
        Assert.Equal("project.unknown", Code(Book.Take("other", ProjectStep.Submit, "marie")));
        Book.Take("statins", ProjectStep.Close, "ada", "withdrawn").OrThrow();
        foreach (var step in Enum.GetValues<ProjectStep>()) Assert.Equal("project.step-refused", Code(Book.Take("statins", step, "marie", "why", Opinion.Favourable)));
    }

    [Fact]
    public void Nobody_judges_their_own_request_and_nobody_acts_for_another_project()
    {
        Assert.Equal("project.not-a-member", Code(Book.Create("statins", Request(), "paul")));
        Book.Create("statins", Request(), "marie").OrThrow();
        Assert.Equal("project.not-a-member", Code(Book.Take("statins", ProjectStep.Submit, "paul")));
        Book.Take("statins", ProjectStep.Submit, "marie").OrThrow();
        Assert.Equal("project.own-request", Code(Book.Take("statins", ProjectStep.Opinion, "luc", "good", Opinion.Favourable)));
        Assert.Equal("project.reason-missing", Code(Book.Take("statins", ProjectStep.Opinion, "claire", " ", Opinion.Favourable)));
        Book.Take("statins", ProjectStep.Opinion, "claire", "too wide", Opinion.Reserved).OrThrow();
        Assert.Equal("project.opinion-missing", Code(Book.Take("statins", ProjectStep.Approve, "ada", "go")));
        Book.Take("statins", ProjectStep.Opinion, "claire", "narrowed", Opinion.Favourable).OrThrow();
        Assert.Equal("project.own-request", Code(Book.Take("statins", ProjectStep.Approve, "marie", "go")));
        Book.Take("statins", ProjectStep.Approve, "ada", "go").OrThrow();
        Assert.Equal("project.own-request", Code(Book.Activate("statins", "luc", 1, new(2027, 6, 30), signature)));
        Assert.Equal("permit.missing", Code(Book.InForce("statins", "marie", signature)));
    }

    [Fact]
    public void A_permit_holds_for_its_members_between_its_dates_and_no_longer_than_the_project()
    {
        Book.Create("statins", Request(), "marie").OrThrow();
        Assert.Equal("permit.missing", Code(Book.InForce("statins", "marie", signature)));
        Book.Take("statins", ProjectStep.Close, "ada", "again").OrThrow();
        Book.Create("two", Request(), "marie").OrThrow();
        Book.Take("two", ProjectStep.Submit, "marie").OrThrow();
        Book.Take("two", ProjectStep.Opinion, "claire", "sound", Opinion.Favourable).OrThrow();
        Book.Take("two", ProjectStep.Approve, "ada", "go").OrThrow();
        Assert.Equal("permit.dates-invalid", Code(Book.Activate("two", "ada", 1, new(2028, 1, 1), signature)));
        Assert.Equal("permit.dates-invalid", Code(Book.Activate("two", "ada", 1, new(2026, 2, 28), signature)));
        Book.Activate("two", "ada", 1, new(2027, 6, 30), signature).OrThrow();
        Assert.Equal("project.not-a-member", Code(Book.InForce("two", "claire", signature)));
        Book.Take("two", ProjectStep.Suspend, "ada", "audit").OrThrow();
        Assert.Equal("permit.suspended", Code(Book.InForce("two", "marie", signature)));
        Assert.Equal(ProjectState.Active, Book.Take("two", ProjectStep.Resume, "ada").OrThrow().State);
        Assert.Equal("", Code(Book.InForce("two", "marie", signature)));
        clock.Now = new(2027, 6, 30, 23, 59, 0, TimeSpan.Zero);
        Assert.Equal("", Code(Book.InForce("two", "marie", signature)));
        clock.Now = new(2027, 7, 1, 0, 0, 0, TimeSpan.Zero);
        Assert.Equal("permit.expired", Code(Book.InForce("two", "marie", signature)));
        clock.Now = new(2027, 6, 1, 0, 0, 0, TimeSpan.Zero);
        Book.Take("two", ProjectStep.Close, "ada", "done").OrThrow();
        Assert.Equal("permit.closed", Code(Book.InForce("two", "marie", signature)));
    }

    [Fact]
    public void An_amendment_leaves_the_permit_in_force_until_the_next()
    {
        Activated();
        Book.Take("statins", ProjectStep.Amend, "marie", null, null, Request(Asked.Replace("Statins", "Statins and more", StringComparison.Ordinal))).OrThrow();
        Assert.Equal((1, "Statins"), (Book.InForce("statins", "marie", signature).OrThrow().Version, Book.InForce("statins", "marie", signature).OrThrow().Request.Title));
        Book.Take("statins", ProjectStep.Submit, "marie").OrThrow();
        // The opinion on the first request does not stand for the second.
        Book.Take("statins", ProjectStep.Opinion, "claire", "too much", Opinion.Unfavourable).OrThrow();
        Assert.Equal("project.opinion-missing", Code(Book.Take("statins", ProjectStep.Approve, "ada", "go")));
        Book.Take("statins", ProjectStep.Opinion, "claire", "well then", Opinion.Favourable).OrThrow();
        Book.Take("statins", ProjectStep.Approve, "ada", "go").OrThrow();
        Book.Activate("statins", "ada", 4, new(2027, 6, 30), signature).OrThrow();
        Assert.Equal((2, "Statins and more", 4), (Book.InForce("statins", "marie", signature).OrThrow().Version, Book.InForce("statins", "marie", signature).OrThrow().Request.Title, Book.InForce("statins", "marie", signature).OrThrow().Release));
    }

    [Theory]
    [InlineData("update permit set permit = replace(permit, '2027-06-30', '2099-06-30')")]
    [InlineData("update permit set permit = replace(permit, '\"release\":3', '\"release\":4')")]
    [InlineData("update permit set signature = 'AAAA'")]
    public void A_permit_that_was_changed_gives_nothing(string sql)
    {
        Activated();
        using (var connection = home.Database.Connect())
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            Assert.Equal(1, command.ExecuteNonQuery());
        }
        Assert.Equal("permit.tampered", Code(Book.InForce("statins", "marie", signature)));
    }

    [Fact]
    public void A_permit_of_another_project_or_tenant_gives_nothing()
    {
        var permit = Activated();
        Book.Create("two", Request(), "marie").OrThrow();
        using (var connection = home.Database.Connect())
        {
            using var command = connection.CreateCommand();
            command.CommandText = "insert into permit (tenant, project, version, permit, signature) select tenant, 'two', version, permit, signature from permit where project = 'statins'";
            Assert.Equal(1, command.ExecuteNonQuery());
            Assert.Equal("permit.tampered", Code(Book.InForce("two", "marie", signature)));
            var signed = (permit with { Tenant = "autre" }).Sign(signature);
            command.CommandText = $"update permit set permit = '{signed.Text.Replace("'", "''", StringComparison.Ordinal)}', signature = '{signed.Signature}' where project = 'statins'";
            Assert.Equal(1, command.ExecuteNonQuery());
        }
        Assert.Equal("permit.tampered", Code(Book.InForce("statins", "marie", signature)));
    }

    [Theory]
    [InlineData("\"retainUntil\":\"2027-12-31\"}", "", "$ is where the file breaks off or is no JSON, line 2")]
    [InlineData("2027-12-31", "31.12.2027", "$.retainUntil is no day: write it as 2028-12-31")]
    [InlineData("mr004", "mr003", "$.legalBasis.kind is none of mr004, cnilAuthorisation, other")]
    [InlineData("\"justification\":\"the exposure\"", "\"justification\":\" \"", "$.data[0].justification")]
    [InlineData("drug_exposure", "drug_exposures", "$.data[0].table")]
    [InlineData("drug_exposure", "person_identity", "$.data[0].table")]
    [InlineData("drug_concept_id", "name", "$.data[0].columns")]
    [InlineData("scientificResearch", "insurance", "$.purpose is none of scientificResearch, publicHealth,")]
    [InlineData("F20260101", "", "$.legalBasis.number")]
    [InlineData("\"title\":\"Statins\",", "", "$ lacks 'title'.")]
    [InlineData("\"title\":\"Statins\"", "\"title\":7", "$.title is empty or of another type")]
    [InlineData("\"title\":", "\"colour\":1,\"title\":", "$.colour is no field of a request")]
    public void A_request_that_lacks_something_says_what(string from, string to, string path)
    {
        Assert.True(ProjectRequest.Parse(Encoding.UTF8.GetBytes(Asked.Replace(from, to, StringComparison.Ordinal))).Failed(out var failure, out _));
        Assert.Equal("project.request-invalid", failure.Code);
        Assert.StartsWith(path, failure.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("drug_concept_id", "lot_number", "dataset.column-unavailable")]
    [InlineData("drug_concept_id", "sig", "dataset.column-unavailable")]
    [InlineData("\"table\":\"drug_exposure\",\"columns\":[\"drug_concept_id\"]", "\"table\":\"location_history\"", "dataset.table-unavailable")]
    [InlineData("\"table\":\"drug_exposure\",\"columns\":[\"drug_concept_id\"]", "\"table\":\"location\",\"concepts\":[]", "dataset.concepts-unsorted")]
    [InlineData("2027-12-31", "2026-02-28", "project.request-invalid")]
    public void What_no_dataset_could_give_is_refused_when_it_is_asked_for(string from, string to, string code)
    {
        var request = Request(Asked.Replace(from, to, StringComparison.Ordinal));
        Assert.Equal(code, Code(Book.Create("statins", request, "marie")));
        Book.Create("statins", Request(), "marie").OrThrow();
        Assert.Equal(code, Code(Book.Take("statins", ProjectStep.Amend, "marie", request: request)));
        Assert.Equal(1, Book.Find("statins").OrThrow().Version);
    }
}

public sealed class ProjectBookInFileSpecs() : ProjectBookSpecs(null);

public sealed class ProjectBookOnServerSpecs(ThrowawayServer server) : ProjectBookSpecs(server.NewDatabase());
