using System.Text;
using Ambroise.Governance.Airlock;
using Ambroise.Governance.Projects;

namespace Ambroise.Tests.Governance.Airlock;

public abstract class AirlockBookSpecs(string? server) : BookHouse(server)
{
    AirlockBook Book => Plane.Airlock(Chu, Keys);

    static Permit Permit(int reviewers) => new("chu", "statins", 1, 1, ProjectRequest.Parse(Encoding.UTF8.GetBytes($$$"""
        {"title":"t","summary":"s","investigator":"marie","team":["luc"],"purpose":"publicHealth","legalBasis":{"kind":"mr004","number":"F1"},"population":{},
         "data":[{"table":"drug_exposure","justification":"why"}],"retainUntil":"2027-12-31","protection":{"exportReviewers":{{{reviewers}}}}}
        """)).OrThrow(), new(2026, 1, 1), new(2027, 1, 1), default, "ada");

    ExportRequest Submit(int reviewers = 1, params Finding[] findings) => Book.Submit(Book.Next, Permit(reviewers), "Table 1", [new("t.csv", 3, "00")], [.. findings], "marie").OrThrow();

    Result<ExportRequest> Approve(long number, string by) => Book.Decide(number, true, "seen", ["marie", "luc"], by);

    [Fact]
    public void Nothing_leaves_before_someone_who_is_not_of_the_project_approves()
    {
        var request = Submit();
        Fails("airlock.not-approved", Book.Release(1, "marie"));
        Fails("airlock.own-request", Approve(1, "marie"));
        Fails("airlock.own-request", Approve(1, "luc"));
        Fails("airlock.own-request", Book.Decide(1, true, "seen", [], "marie")); // who left the project since has asked all the same
        Fails("airlock.note-missing", Book.Decide(1, true, " ", [], "dpo"));
        Assert.Equal(AirlockState.Approved, Approve(request.Number, "dpo").OrThrow().State);
        Fails("airlock.decided", Approve(1, "claire"));
        Assert.Equal(AirlockState.Released, Book.Release(1, "marie").OrThrow().State);
        Assert.Equal(AirlockState.Released, Book.Release(1, "luc").OrThrow().State);
        Fails("airlock.unknown", Approve(99, "dpo"));
        Fails("airlock.unknown", Book.Release(99, "marie"));
    }

    [Fact]
    public void Where_two_must_approve_one_person_is_not_two()
    {
        Submit(2);
        Assert.Equal(AirlockState.Waiting, Approve(1, "dpo").OrThrow().State);
        Fails("airlock.approved-already", Approve(1, "dpo"));
        Fails("airlock.not-approved", Book.Release(1, "marie"));
        Assert.Equal(AirlockState.Approved, Approve(1, "claire").OrThrow().State);
    }

    [Fact]
    public void A_refusal_is_final_and_what_names_patients_is_approved_by_nobody()
    {
        Submit();
        Assert.Equal(AirlockState.Refused, Book.Decide(1, false, "rows", [], "dpo").OrThrow().State);
        Fails("airlock.decided", Approve(1, "claire"));
        Fails("airlock.not-approved", Book.Release(1, "marie"));

        var blocked = Submit(1, new Finding("t.csv", FindingKind.Pseudonym, 1, 1));
        Fails("airlock.blocked", Approve(blocked.Number, "dpo"));
        var judged = Submit(1, new Finding("t.csv", FindingKind.SmallCount, 1, 1));
        Assert.Equal(AirlockState.Approved, Approve(judged.Number, "dpo").OrThrow().State);
        Fails("airlock.busy", Book.Submit(1, Permit(1), "again", [], [], "marie"));
    }
}

public sealed class AirlockBookInFileSpecs() : AirlockBookSpecs(null);

public sealed class AirlockBookOnServerSpecs(ThrowawayServer server) : AirlockBookSpecs(server.NewDatabase());
