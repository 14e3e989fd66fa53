using System.Text;
using System.Text.Json;
using Ambroise.Governance.Projects;
using Ambroise.Governance.Register;

namespace Ambroise.Tests.Governance.Register;

public sealed class RegisterSpecs
{
    static readonly DateOnly Today = new(2026, 6, 1);

    static ProjectRequest Request(string title = "Statins") => ProjectRequest.Parse(Encoding.UTF8.GetBytes($$$"""
        {"title":{{{JsonSerializer.Serialize(title)}}},"summary":"Do statins help?","investigator":"marie","team":["planted-member"],"purpose":"publicHealth","legalBasis":{"kind":"mr004","number":"F20260101"},
         "population":{"planted":"definition"},"data":[{"table":"drug_exposure","columns":["drug_concept_id"],"justification":"planted-reason"}],"retainUntil":"2027-12-31"}
        """)).OrThrow();

    static Project Project(string id, ProjectState state, ProjectRequest asked, ProjectRequest? permitted, DateOnly until) => new(id, state, asked, 1, [],
        permitted is null ? null : new SignedPermit(JsonSerializer.Serialize(new Permit("chu", id, 1, 1, permitted, new(2026, 3, 1), until, default, "ada"), Web), ""));

    static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web) { Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter(JsonNamingPolicy.CamelCase) } };

    static System.Collections.Immutable.ImmutableArray<PublicProject> Listed(params Project[] projects) => PublicProject.Of(projects, p => JsonSerializer.Deserialize<Permit>(p.Text, Web)!, Today);

    static PublicWarehouse Warehouse => new("CHU <d'ici>", "dpo@chu.example", "https://chu.example/eds/", 1200, 56000, new(2026, 5, 4));

    [Fact]
    public void Who_was_given_data_is_listed_and_who_was_not_is_nobodys_business()
    {
        var listed = Listed(Project("draft", ProjectState.Draft, Request(), null, default), Project("refused", ProjectState.Refused, Request(), null, default), Project("a", ProjectState.Active, Request(), Request(), new(2026, 12, 31)),
            Project("b", ProjectState.Active, Request(), Request(), new(2026, 5, 31)), Project("c", ProjectState.Closed, Request(), Request(), new(2026, 12, 31)), Project("d", ProjectState.Suspended, Request(), Request(), new(2026, 12, 31)),
            Project("e", ProjectState.Draft, Request("what an amendment asks for"), Request(), new(2026, 12, 31)));
        Assert.Equal([("a", "active"), ("b", "ended"), ("c", "closed"), ("d", "suspended"), ("e", "active")], listed.Select(p => (p.Id, p.State)));
        Assert.All(listed, p => Assert.Equal("Statins", p.Title));
    }

    [Fact]
    public void A_permit_that_is_not_the_one_signed_stops_the_register()
    {
        var project = Project("a", ProjectState.Active, Request(), Request(), new(2026, 12, 31));
        Assert.Throws<FailureException>(() => PublicProject.Of([project], _ => new Failure(FailureKind.Tampered, "permit.tampered", ""), Today));
    }

    [Theory]
    [InlineData(true, "santé publique")]
    [InlineData(false, "public health")]
    public void The_page_tells_purpose_dates_and_how_to_object_and_no_more(bool french, string purpose)
    {
        var page = RegisterPage.Html(Warehouse, Listed(Project("a", ProjectState.Active, Request("<script>x</script>"), Request("<script>x</script>"), new(2026, 12, 31))), french);
        Assert.All(new[] { purpose, "2026-03-01", "2026-12-31", "2027-12-31", "MR-004, F20260101", "marie", "dpo@chu.example", "drug_exposure", "CHU &lt;d&#39;ici&gt;" }, word => Assert.Contains(word, page, StringComparison.Ordinal));
        Assert.All(new[] { "<script", "planted", "http://", "https://", "src=" }, word => Assert.DoesNotContain(word, page, StringComparison.Ordinal));
    }

    [Fact]
    public void The_list_for_programs_holds_no_team_no_reason_and_no_definition() =>
        Assert.DoesNotContain("planted", JsonSerializer.Serialize(Listed(Project("a", ProjectState.Active, Request(), Request(), new(2026, 12, 31)))), StringComparison.Ordinal);

    /// <summary>What the shapes of HealthDCAT-AP release 5 for NON_PUBLIC data give a minimum of one, class by class, with DCAT-AP 3.0.0's own for the same classes.</summary>
    [Theory]
    [InlineData("", "dct:title dct:description dct:publisher dcatap:applicableLegislation dcat:dataset")]
    [InlineData("dcat:dataset", "dct:title dct:description dct:accessRights dcatap:applicableLegislation dcat:distribution dct:identifier dct:publisher dcat:theme healthdcatap:hdab healthdcatap:healthCategory dcat:contactPoint dcat:keyword dct:type dct:provenance")]
    [InlineData("dcat:dataset/dcat:distribution", "dcat:accessURL dcatap:applicableLegislation")]
    [InlineData("dcat:dataset/dct:publisher", "foaf:name dcat:contactPoint")]
    [InlineData("dcat:dataset/healthdcatap:hdab", "foaf:name dcat:contactPoint")]
    [InlineData("dcat:dataset/dct:publisher/dcat:contactPoint", "vcard:hasEmail")]
    [InlineData("dcat:dataset/healthdcatap:hdab/dcat:contactPoint", "vcard:hasURL")]
    public void Every_property_that_the_shapes_require_is_there(string path, string required)
    {
        foreach (var contact in new[] { "dpo@chu.example", "by letter, 1 rue du Port" })
        {
            var at = JsonDocument.Parse(HealthDcat.JsonLd(Warehouse with { Contact = contact })).RootElement;
            var context = at.GetProperty("@context");
            foreach (var step in path.Split('/', StringSplitOptions.RemoveEmptyEntries)) at = at.GetProperty(step) is { ValueKind: JsonValueKind.Array } many ? many[0] : at.GetProperty(step);
            foreach (var property in required.Split(' ').Select(p => p == "vcard:hasEmail" && !contact.Contains('@', StringComparison.Ordinal) ? "vcard:hasURL" : p))
            {
                Assert.True(at.TryGetProperty(property, out var value), $"{path} lacks {property}");
                Assert.True(context.TryGetProperty(property.Split(':')[0], out _), property);
                // Shapes ask for an IRI there, not for text.
                if (property is "vcard:hasEmail" or "vcard:hasURL" or "dcat:accessURL" or "dcatap:applicableLegislation" or "dcat:theme" or "healthdcatap:healthCategory" or "dct:accessRights")
                    Assert.True(Uri.IsWellFormedUriString(value.GetProperty("@id").GetString(), UriKind.Absolute), property);
            }
        }
    }

    [Fact]
    public void The_catalogue_has_what_HealthDCAT_AP_asks_of_data_that_is_not_public()
    {
        var catalogue = JsonDocument.Parse(HealthDcat.JsonLd(Warehouse)).RootElement;
        Assert.Equal("dcat:Catalog", catalogue.GetProperty("@type").GetString());
        var dataset = catalogue.GetProperty("dcat:dataset")[0];
        foreach (var needed in new[] { "dct:identifier", "dct:title", "dct:description", "dct:publisher", "dcat:contactPoint", "dcat:theme", "healthdcatap:healthCategory" }) Assert.True(dataset.TryGetProperty(needed, out _), needed);
        Assert.EndsWith("/NON_PUBLIC", dataset.GetProperty("dct:accessRights").GetProperty("@id").GetString(), StringComparison.Ordinal);
        Assert.Equal("http://data.europa.eu/eli/reg/2025/327/oj", dataset.GetProperty("dcatap:applicableLegislation").GetProperty("@id").GetString());
        Assert.Equal("1200", dataset.GetProperty("healthdcatap:numberOfUniqueIndividuals").GetProperty("@value").GetString());
        Assert.False(JsonDocument.Parse(HealthDcat.JsonLd(Warehouse with { Patients = null })).RootElement.GetProperty("dcat:dataset")[0].TryGetProperty("healthdcatap:numberOfUniqueIndividuals", out _));
    }
}
