using Ambroise.Lake.Releases;

namespace Ambroise.Tests.Fhir;

/// <summary>Ids are of one server: what comes of another beside it is told of.</summary>
public sealed class OtherServerSpecs : IDisposable
{
    readonly FhirHospital hospital = new() { VerifiesEachLoad = false };

    public void Dispose() => hospital.Dispose();

    static string Bundle(string server, string id = "1") => $$"""{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"{{server}}Patient/{{id}}","resource":{"resourceType":"Patient","id":"{{id}}","gender":"male","birthDate":"1950"} }]}""";

    const string Plain = """{"resourceType":"Patient","id":"1","gender":"male","birthDate":"1950"}""";

    long Others(LoadMode mode, params string[] lines)
    {
        hospital.Load(mode, lines);
        return hospital.Report.Notes.Where(n => n is { Type: "Bundle.server", Reason: "other-server" }).Sum(n => n.Count);
    }

    [Fact]
    public void In_one_load()
    {
        Assert.Equal(1, Others(LoadMode.Replace, Bundle("http://a.example/fhir/"), Bundle("http://b.example/fhir/")));
        Assert.Equal(2, Others(LoadMode.Replace, Bundle("http://a.example/fhir/"), Bundle("http://b.example/fhir/"), Bundle("http://b.example/r4/"), Bundle("http://a.example/fhir/", "2")));
    }

    [Fact]
    public void Of_the_loads_before_and_once()
    {
        Assert.Equal(0, Others(LoadMode.Replace, Bundle("http://a.example/fhir/")));
        Assert.Equal(1, Others(LoadMode.Merge, Bundle("http://b.example/fhir/")));
        Assert.Equal(0, Others(LoadMode.Merge, Bundle("http://b.example/fhir/"), Bundle("http://a.example/fhir/")));
        Assert.Equal(0, Others(LoadMode.Merge, Plain));
        Assert.Equal(1, Others(LoadMode.Merge, Bundle("http://c.example/fhir/")));
        Assert.Equal(0, Others(LoadMode.Replace, Bundle("http://d.example/fhir/")));
    }

    [Fact]
    public void A_server_exported_from_is_one_too()
    {
        hospital.Server = "https://a.example/fhir";
        Assert.Equal(0, Others(LoadMode.Replace, Plain, Bundle("https://a.example/fhir/")));
        hospital.Server = "https://b.example/fhir";
        Assert.Equal(1, Others(LoadMode.Merge, Plain));
    }

    [Theory]
    [InlineData("https://A.example/fhir/")]
    [InlineData("urn:uuid:")]
    [InlineData("http://other.example/")] // of another resource
    public void What_is_the_same_or_no_server_is_not(string address) =>
        Assert.Equal(0, Others(LoadMode.Replace, Bundle("http://a.example/fhir/"), address.Contains("other", StringComparison.Ordinal) ? Bundle(address).Replace("Patient/1\"", "Patient/9\"", StringComparison.Ordinal) : Bundle(address)));

    [Fact]
    public void Its_address_is_not_kept_in_the_clear()
    {
        Others(LoadMode.Replace, Bundle("http://a.example/fhir/"));
        Assert.DoesNotContain(hospital.FilesAtRest(), bytes => bytes.AsSpan().IndexOf("a.example"u8) >= 0);
    }
}
