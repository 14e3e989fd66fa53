using Ambroise.Lake.Cdm;
using Ambroise.Sources.Fhir;

namespace Ambroise.Tests.Fhir;

public sealed class MappingDocumentSpecs
{
    [Fact]
    public void The_document_names_the_types_that_are_read()
    {
        var named = File.ReadLines(Path.Combine(Checkout.Root, "docs", "mapping", "fhir.md")).Where(l => l.StartsWith("| ", StringComparison.Ordinal)).Select(l => l.Split('|')[1].Trim()).Where(t => t != "type");
        Assert.Equal(FhirSource.Types.Order(StringComparer.Ordinal), named);
        Assert.Equal(named, FhirSource.Manifest.Resources.Select(r => r.Type));
    }

    /// <summary>Every table that the document names for a type is in the manifest; where the domain decides, the manifest names all six.</summary>
    [Fact]
    public void The_manifest_has_the_tables_that_the_document_names()
    {
        foreach (var row in File.ReadLines(Path.Combine(Checkout.Root, "docs", "mapping", "fhir.md")).Where(l => l.StartsWith("| ", StringComparison.Ordinal)).Select(l => l.Split('|')).Where(r => r[1].Trim() != "type"))
        {
            var resource = FhirSource.Manifest.Resources.Single(r => r.Type == row[1].Trim());
            Assert.All(Cdm54.All.Where(t => row[2].Split([' ', ',', ';', ':', '.', '(', ')']).Contains(t.Name.ToUpperInvariant())), t => Assert.Contains(t.Name, resource.Tables));
        }
    }
}
