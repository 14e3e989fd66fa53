using Ambroise.Sources.Fhir;

namespace Ambroise.Tests.Fhir;

public sealed class MappingDocumentSpecs
{
    [Fact]
    public void The_document_names_the_types_that_are_read()
    {
        var named = File.ReadLines(Path.Combine(Checkout.Root, "docs", "mapping", "fhir.md")).Where(l => l.StartsWith("| ", StringComparison.Ordinal)).Select(l => l.Split('|')[1].Trim()).Where(t => t != "type");
        Assert.Equal(FhirSource.Types.Order(StringComparer.Ordinal), named);
    }
}
