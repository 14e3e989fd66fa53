using System.Text;
using Ambroise.Lake.Columns;
using Ambroise.Sources.Fhir;
using Ambroise.Tests.Cohorts.Generated;

namespace Ambroise.Tests.Fhir;

public sealed class KeptLinksSpecs
{
    static readonly KeptLinks Links = new()
    {
        Names = [new(3, long.MaxValue, -5), new(4, 7, 8)],
        Roles = [new(9, 10, 11, 0, 12)],
        Sources = ["cardiologie"],
        Versions = [new(16, long.MinValue, 17)],
        Codes = [new("ATC", "N02BE01", "paracetamol")],
        Defined = [new(12, 1, 2, 3, -1), new(13, 14, 15, ulong.MaxValue, 0), new(14, long.MinValue, 0, 1, 0)],
        NumberSystems = ["urn:ipp"],
        Former = [new(20, 21, 22)],
        Open = [18, 19],
        OpenStays = [18, 19],
        NamesPatients = true,
        Servers = [5],
    };

    static string Shown(KeptLinks links) => string.Join('\n', [.. links.Names, .. links.Roles, .. links.Sources, .. links.Codes, .. links.Defined, .. links.Versions, .. links.Former, .. links.NumberSystems, .. links.Servers, $"{(links.NamesPatients ? "named " : "")}{(links.Open is null ? "null" : string.Join(',', links.Open))} {string.Join(',', links.OpenStays)}"]);

    [Fact]
    public void They_come_back_as_they_were()
    {
        Assert.Equal(Shown(Links), Shown(KeptLinks.Parse(Links.ToBytes())));
        Assert.Equal(" ", Shown(KeptLinks.Parse(null)));
        Assert.EndsWith("null 18,19", Shown(KeptLinks.Parse((Links with { Open = null }).ToBytes())), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_servers_as_the_program_wrote_it_before_they_are_read()
    {
        var bytes = Links.ToBytes();
        var at = bytes.AsSpan().IndexOf(",\"Servers\":[5]"u8);
        Assert.Equal(Shown(Links with { Servers = [] }), Shown(KeptLinks.Parse([.. bytes[..at], (byte)'}'])));
    }

    [Fact]
    public void Two_rows_in_order_become_one()
    {
        var dice = new Dice(7);
        for (var round = 0; round < 100; round++)
        {
            long[] Some() => [.. Enumerable.Range(0, dice.Of(0, 9)).Select(_ => (long)dice.Of(0, 12)).Order()];
            var (one, other) = (Some(), Some());
            Assert.Equal(one.Concat(other).Order(), Ascending.Merged(one, other));
        }
    }

    [Fact]
    public void What_the_version_before_wrote_is_read() => Assert.Equal(Shown(Links with { Servers = [] }), Shown(KeptLinks.Parse(Encoding.UTF8.GetBytes("""{"Format":2,"Names":"AwAAAAAAAAD/////////f/v/////////BAAAAAAAAAAHAAAAAAAAAAgAAAAAAAAA","Roles":[{"Record":9,"Practitioner":10,"Specialty":11,"Source":"cardiologie","CareSite":12}],"Versions":"EAAAAAAAAAAAAAAAAAAAgBEAAAAAAAAA","Codes":[{"Vocabulary":"ATC","Code":"N02BE01","Display":"paracetamol"}],"Defined":"DAAAAAAAAAABAAAAAAAAAAIAAAAAAAAAAwAAAAAAAAD//////////w0AAAAAAAAADgAAAAAAAAAPAAAAAAAAAP//////////AAAAAAAAAAAOAAAAAAAAAAAAAAAAAACAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAA","Former":"FAAAAAAAAAAVAAAAAAAAABYAAAAAAAAA","NumberSystems":["urn:ipp"],"NamesPatients":true,"Open":"EgAAAAAAAAATAAAAAAAAAA=="}"""))));

    [Fact]
    public void What_an_earlier_version_of_the_program_wrote_is_read()
    {
        var links = KeptLinks.Parse(Encoding.UTF8.GetBytes("""{"Format":1,"Names":[{"Record":3,"Key":9223372036854775807,"Means":-5},{"Record":4,"Key":7,"Means":8}],"Roles":[{"Record":9,"Practitioner":10,"Specialty":11,"Source":"cardiologie","CareSite":12}],"Definitions":[{"Key":14,"Vocabulary":"ATC","Code":"N02BE01","Display":"paracetamol","Updated":-9223372036854775808,"Number":0,"Hash":1},{"Key":12,"Vocabulary":null,"Code":null,"Display":null,"Updated":1,"Number":2,"Hash":3},{"Key":13,"Vocabulary":"ATC","Code":"N02BE01","Display":"paracetamol","Updated":14,"Number":15,"Hash":18446744073709551615}],"Versions":[{"Key":16,"Updated":-9223372036854775808,"Number":17}],"NumberSystems":["urn:ipp"]}"""));
        Assert.Equal(Shown(Links with { Open = null, OpenStays = [], Former = [], Servers = [], NamesPatients = false }), Shown(links));
    }
}
