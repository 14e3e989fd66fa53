using System.Text;
using Ambroise.Governance.Projects;

namespace Ambroise.Tests.Governance.Projects;

public abstract class CategoryBookSpecs(string? server) : BookHouse(server)
{
    CategoryBook Book => Plane.Categories(Chu, Keys);

    static Permit Permit { get; } = new("chu", "statins", 1, 1, ProjectRequest.Parse(Encoding.UTF8.GetBytes("""
        {"title":"t","summary":"s","investigator":"marie","team":[],"purpose":"publicHealth","legalBasis":{"kind":"mr004","number":"F1"},"population":{},
         "data":[{"table":"measurement","justification":"why"},{"table":"DRUG_EXPOSURE","justification":"why"}],"retainUntil":"2029-12-31"}
        """)).OrThrow(), new(2026, 3, 1), new(2029, 1, 1), default, "ada");

    [Fact]
    public void Data_nobody_confirmed_for_a_year_is_given_to_nobody()
    {
        On(2, 28, 2027);
        Assert.Null(Book.Refuses(Permit));
        On(3, 1, 2027);
        Assert.Equal("category.unconfirmed", Book.Refuses(Permit)!.Code);
        Book.Confirm(Permit, "measurement", "second analysis", "marie").OrThrow();
        Assert.Equal([("drug_exposure", true), ("measurement", false)], Book.Of(Permit).Select(c => (c.Table, c.Lapsed)));
        Assert.Equal("category.unconfirmed", Book.Refuses(Permit)!.Code);
        Book.Confirm(Permit, "drug_exposure", "second analysis", "marie").OrThrow();
        Assert.Null(Book.Refuses(Permit));
        Assert.NotNull(Book.Refuses(Permit with { Project = "another", From = new(2026, 3, 1) }));
        On(3, 1, 2028);
        Assert.NotNull(Book.Refuses(Permit));
    }

    [Fact]
    public void A_member_confirms_with_a_reason_what_was_permitted()
    {
        Fails("category.reason-missing", Book.Confirm(Permit, "measurement", "", "marie"));
        Fails("project.not-a-member", Book.Confirm(Permit, "measurement", "x", "paul"));
        Fails("category.unknown", Book.Confirm(Permit, "note", "x", "marie"));
    }
}

public sealed class CategoryBookInFileSpecs() : CategoryBookSpecs(null);

public sealed class CategoryBookOnServerSpecs(ThrowawayServer server) : CategoryBookSpecs(server.NewDatabase());

public sealed class PublicationBookSpecs() : BookHouse(null)
{
    [Fact]
    public void A_publication_is_of_a_project_that_had_data_and_by_one_of_its_members()
    {
        var request = ProjectRequest.Parse(Encoding.UTF8.GetBytes("""
            {"title":"t","summary":"s","investigator":"marie","team":[],"purpose":"publicHealth","legalBasis":{"kind":"mr004","number":"F1"},"population":{},
             "data":[{"table":"measurement","justification":"why"}],"retainUntil":"2029-12-31"}
            """)).OrThrow();
        var project = new Project("statins", ProjectState.Active, request, 1, [], new SignedPermit("", ""));
        var book = Plane.Publications(Chu, Keys);
        Fails("permit.missing", book.Add(project with { Permit = null }, "Title", "doi", new(2026, 3, 1), "marie"));
        Fails("project.not-a-member", book.Add(project, "Title", "doi", new(2026, 3, 1), "paul"));
        Fails("publication.invalid", book.Add(project, "", "doi", new(2026, 3, 1), "marie"));
        Fails("publication.invalid", book.Add(project, "Title", "doi", new(2026, 4, 1), "marie"));
        Assert.Equal(1, book.Add(project, "Title", "doi", new(2026, 3, 1), "marie").OrThrow().Number);
        Assert.Equal(new DateOnly(2028, 7, 1), PublicationBook.Due(new(2027, 1, 1)));
    }
}
