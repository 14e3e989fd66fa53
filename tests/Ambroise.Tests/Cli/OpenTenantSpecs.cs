using System.Text;
using Ambroise.Cli.Frame;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Projects;
using Ambroise.Tests.Governance;

namespace Ambroise.Tests.Cli;

/// <summary>What stands between a permit and its data.</summary>
public sealed class OpenTenantSpecs() : BookHouse(null)
{
    [Fact]
    public void Data_asks_for_a_permit_in_force_and_for_categories_confirmed_within_the_year_and_refusals_are_written()
    {
        var book = Plane.Projects(Chu);
        var request = ProjectRequest.Parse(Encoding.UTF8.GetBytes("""
            {"title":"t","summary":"s","investigator":"marie","team":[],"purpose":"publicHealth","legalBasis":{"kind":"mr004","number":"F1"},"population":{},
             "data":[{"table":"measurement","justification":"why"}],"retainUntil":"2029-12-31"}
            """)).OrThrow();
        book.Create("statins", request, "marie").OrThrow();
        book.Take("statins", ProjectStep.Submit, "marie").OrThrow();
        book.Take("statins", ProjectStep.Opinion, "claire", "sound", Opinion.Favourable).OrThrow();
        book.Take("statins", ProjectStep.Approve, "ada", "yes").OrThrow();
        book.Activate("statins", "ada", 1, new(2028, 12, 31), Signature).OrThrow();
        var open = new OpenTenant(Plane.Find(Chu).OrThrow(), Beside("chu"), Keys, Plane, new("marie", "root"), "dataset.open", "statins"); // its keys are the house's to close

        Assert.Equal(1, open.PermitForData("marie").OrThrow().Version);
        Fails("project.not-a-member", open.PermitForData("paul"));
        On(3, 1, 2027);
        Assert.Equal(1, open.PermitInForce("marie").OrThrow().Version);
        Fails("category.unconfirmed", open.PermitForData("marie"));
        Fails("category.unconfirmed", open.PermitForData(null));
        Plane.Categories(Chu, Keys).Confirm(open.PermitInForce("marie").OrThrow(), "measurement", "second analysis", "marie").OrThrow();
        Assert.Equal(1, open.PermitForData("marie").OrThrow().Version);
        On(1, 1, 2029);
        Fails("permit.expired", open.PermitForData("marie"));
        Assert.Equal(["permit.expired", "category.unconfirmed", "category.unconfirmed", "project.not-a-member"],
            Plane.Audit(Chu).List(9).Where(e => e.Outcome == Outcome.Denied).Select(e => e.Detail!["because"]));
    }
}
