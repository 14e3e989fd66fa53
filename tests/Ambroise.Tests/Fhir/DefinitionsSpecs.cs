using Ambroise.Sources.Fhir;
using Ambroise.Sources.Fhir.Codes;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Tests.Fhir;

public sealed class DefinitionsSpecs
{
    static Coded Code(string code) => new(new("ATC", code, 0, []), $"word of {code}");

    static Definitions Earlier()
    {
        var definitions = new Definitions();
        definitions.Know([new(1, 10, 0, 100, 0), new(2, 10, 0, 200, 1), new(3, 10, 0, 300, -1), new(5, 10, 0, 500, 0)], [Code("A"), Code("B")]);
        return definitions;
    }

    static string Of(Definitions definitions, long key) => definitions.TryGet(key, out var code) ? code.Meaning.Code : "none";

    [Fact]
    public void What_earlier_loads_knew_is_known_but_for_what_had_no_code()
    {
        var definitions = Earlier();
        Assert.Equal(["A", "B", "none", "none", "A"], new long[] { 1, 2, 3, 4, 5 }.Select(k => Of(definitions, k)));
        Assert.Empty(definitions.Recoded);
        Assert.Empty(definitions.Changed);
    }

    [Fact]
    public void A_later_version_counts_and_an_older_one_does_not_whichever_comes_first()
    {
        var definitions = Earlier();
        definitions.Add(1, Code("C"), new(11, 0, 0));
        definitions.Add(2, Code("C"), new(9, 0, 0));
        definitions.Add(3, Code("C"), new(9, 0, 0)); // the earlier one said nothing
        definitions.Add(4, Code("C"), new(20, 0, 0));
        definitions.Add(4, Code("D"), new(19, 0, 0));
        definitions.Add(5, Code("A"), new(12, 0, 0));
        Assert.Equal(["C", "B", "C", "C", "A"], new long[] { 1, 2, 3, 4, 5 }.Select(k => Of(definitions, k)));
        Assert.Equal([1, 3], definitions.Recoded.Order());
        Assert.Equal([1, 2, 4], definitions.Changed.Keys.Order());
    }

    [Fact]
    public void The_loads_to_come_get_all_of_them_each_code_told_once()
    {
        var definitions = Earlier();
        definitions.Add(4, Code("B"), new(20, 0, 7));
        definitions.Add(1, Code("Z"), new(11, 1, 8));
        var (codes, defined) = definitions.Kept();
        Assert.Equal([new("ATC", "A", "word of A"), new("ATC", "B", "word of B"), new KeptLinks.DefinedCode("ATC", "Z", "word of Z")], codes);
        Assert.Equal([new(1, 11, 1, 8, 2), new(2, 10, 0, 200, 1), new(4, 20, 0, 7, 1), new KeptLinks.Definition(5, 10, 0, 500, 0)], defined);
    }
}
