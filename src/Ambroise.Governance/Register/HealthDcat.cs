using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ambroise.Governance.Register;

/// <summary>The warehouse described as HealthDCAT-AP asks (Regulation (EU) 2025/327, article 77), in JSON-LD: one catalogue with one dataset, not public, under the EHDS.</summary>
/// <remarks>Numbers are rounded down, since two catalogues of different days must not tell one patient. Holds every property that the shapes of HealthDCAT-AP release 5
/// require of data that is not public (healthdataeu/healthdcat-ap, Catalog, Dataset, Distribution, HealthPublisherAgent, HealthAgent and Kind shapes); a test walks the list.</remarks>
public static class HealthDcat
{
    static readonly JsonSerializerOptions Style = new() { WriteIndented = true };

    public static string JsonLd(PublicWarehouse warehouse)
    {
        var publisher = Agent("foaf:Organization", warehouse.Name, warehouse.Contact, warehouse);
        var legislation = Id("http://data.europa.eu/eli/reg/2025/327/oj");
        var dataset = new JsonObject
        {
            ["@id"] = warehouse.Address + "catalogue.jsonld#warehouse",
            ["@type"] = "dcat:Dataset",
            ["dct:identifier"] = warehouse.Address + "catalogue.jsonld#warehouse",
            ["dct:title"] = new JsonArray(Text($"Health data warehouse of {warehouse.Name}", "en"), Text($"Entrepôt de données de santé : {warehouse.Name}", "fr")),
            ["dct:description"] = new JsonArray(
                Text("Data recorded in care, as OMOP CDM 5.4 tables, pseudonymised for each project under a permit.", "en"),
                Text("Données recueillies dans les soins, en tables OMOP CDM 5.4, pseudonymisées pour chaque projet sous permis.", "fr")),
            ["dct:publisher"] = publisher.DeepClone(),
            ["dcat:contactPoint"] = Contact(warehouse.Name, warehouse.Contact, warehouse),
            ["healthdcatap:hdab"] = Agent("foaf:Agent", (warehouse.Body ?? new()).Name, (warehouse.Body ?? new()).Contact, warehouse),
            ["dcat:keyword"] = new JsonArray(Text("electronic health records", "en"), Text("dossiers de soins", "fr"), Text("OMOP CDM", "en")),
            ["dct:provenance"] = new JsonObject
            {
                ["@type"] = "dct:ProvenanceStatement",
                ["rdfs:label"] = new JsonArray(Text("Recorded in the course of care and converted to the OMOP CDM; each release is immutable and names its source.", "en"), Text("Recueillies au cours des soins et converties en OMOP CDM ; chaque version est immuable et nomme sa source.", "fr")),
            },
            ["dcat:distribution"] = new JsonObject
            {
                ["@type"] = "dcat:Distribution",
                ["dcat:accessURL"] = Id(warehouse.Address + "projects.html"),
                ["dcatap:applicableLegislation"] = legislation.DeepClone(),
                ["dct:description"] = Text("Given under a permit, pseudonymised, as OMOP Parquet and CSV, in the project's own sealed space.", "en"),
            },
            ["dct:accessRights"] = Id("http://publications.europa.eu/resource/authority/access-right/NON_PUBLIC"),
            ["dcatap:applicableLegislation"] = legislation.DeepClone(),
            ["dcat:theme"] = Id("http://publications.europa.eu/resource/authority/data-theme/HEAL"),
            ["dct:type"] = Id("http://publications.europa.eu/resource/authority/dataset-type/PERSONAL_DATA"),
            ["healthdcatap:healthCategory"] = Id("http://healthdataportal.eu/resource/authority/healthcategories/EHRS"),
            ["dct:conformsTo"] = Id("https://ohdsi.github.io/CommonDataModel/cdm54.html"),
            ["foaf:page"] = Id(warehouse.Address + "projects.html"),
        };
        if (warehouse.Patients is { } patients) dataset["healthdcatap:numberOfUniqueIndividuals"] = Number(patients);
        if (warehouse.Records is { } records) dataset["healthdcatap:numberOfRecords"] = Number(records);
        if (warehouse.Modified is { } modified) dataset["dct:modified"] = new JsonObject { ["@value"] = modified.ToString("yyyy-MM-dd", null), ["@type"] = "xsd:date" };
        var catalogue = new JsonObject
        {
            ["@context"] = new JsonObject
            {
                ["dcat"] = "http://www.w3.org/ns/dcat#",
                ["dcatap"] = "http://data.europa.eu/r5r/",
                ["dct"] = "http://purl.org/dc/terms/",
                ["foaf"] = "http://xmlns.com/foaf/0.1/",
                ["rdfs"] = "http://www.w3.org/2000/01/rdf-schema#",
                ["healthdcatap"] = "http://healthdataportal.eu/ns/health#",
                ["vcard"] = "http://www.w3.org/2006/vcard/ns#",
                ["xsd"] = "http://www.w3.org/2001/XMLSchema#",
            },
            ["@id"] = warehouse.Address + "catalogue.jsonld",
            ["@type"] = "dcat:Catalog",
            ["dct:title"] = Text($"Catalogue: {warehouse.Name}", "en"),
            ["dct:description"] = Text("What the warehouse holds and may be asked for.", "en"),
            ["dct:publisher"] = publisher,
            ["dcatap:applicableLegislation"] = legislation,
            ["dcat:dataset"] = new JsonArray(dataset),
        };
        return catalogue.ToJsonString(Style);
    }

    static JsonObject Agent(string type, string name, string contact, PublicWarehouse warehouse) => new() { ["@type"] = type, ["foaf:name"] = name, ["dcat:contactPoint"] = Contact(name, contact, warehouse) };

    /// <summary>A contact is an address of mail or of a page; any other way to write is told on the page of projects.</summary>
    static JsonObject Contact(string name, string contact, PublicWarehouse warehouse) => new()
    {
        ["@type"] = "vcard:Kind",
        ["vcard:fn"] = name,
        [contact.Contains('@', StringComparison.Ordinal) ? "vcard:hasEmail" : "vcard:hasURL"] = contact.Contains('@', StringComparison.Ordinal) ? Id("mailto:" + contact)
            : Id(Uri.IsWellFormedUriString(contact, UriKind.Absolute) ? contact : warehouse.Address + "projects.html"),
    };

    static JsonObject Text(string value, string language) => new() { ["@value"] = value, ["@language"] = language };

    static JsonObject Id(string iri) => new() { ["@id"] = iri };

    static JsonObject Number(long value) => new() { ["@value"] = value.ToString(System.Globalization.CultureInfo.InvariantCulture), ["@type"] = "xsd:nonNegativeInteger" };
}
