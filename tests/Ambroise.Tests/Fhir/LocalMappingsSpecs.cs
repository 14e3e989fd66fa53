using System.Text;
using Ambroise.Sources.Fhir.Codes;

namespace Ambroise.Tests.Fhir;

/// <summary>A site's own mappings as spreadsheets and people write them.</summary>
public sealed class LocalMappingsSpecs
{
    const string Header = "source_code,source_vocabulary_id,source_code_description,target_concept_id,valid_start_date,valid_end_date";

    static Result<IReadOnlyList<LocalMapping>> Read(byte[] text)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, text);
            return LocalMappings.Read(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    static Result<IReadOnlyList<LocalMapping>> Read(params string[] lines) => Read(Encoding.UTF8.GetBytes(string.Join('\n', lines)));

    [Fact]
    public void Blanks_about_a_code_are_nobodys_and_semicolons_are_commas()
    {
        Assert.Equal([("A 1", "urn:x", 101)], Read(Header, " A 1 , urn:x\t,été, 101,,").OrThrow().Select(m => (m.Code, m.Vocabulary, m.Target)));
        Assert.Equal([("A", "urn:x", "fièvre, toux", 101)], Read("\uFEFF" + Header.Replace(',', ';'), "A;urn:x;fièvre, toux;101;;").OrThrow().Select(m => (m.Code, m.Vocabulary, m.Description, m.Target)));
    }

    [Theory]
    [InlineData("A,urn:x,,101,2021-01-01,2020-01-01", "line 2")]
    [InlineData("A,urn:x,,101,2021-13-01,", "line 2")]
    [InlineData(" ,urn:x,,101,,", "line 2")]
    [InlineData("A,urn:x,,one,,", "line 2")]
    [InlineData("A,urn:x,,,,", "line 2")]
    [InlineData("A,urn:x,,101,,,R", "line 2")]
    public void A_mapping_that_would_never_hold_is_refused_with_its_line(string line, string place)
    {
        Assert.True(Read(Header + ",invalid_reason", line).Failed(out var failure, out _));
        Assert.Equal("mappings.unreadable", failure.Code);
        Assert.Contains(place, failure.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_quote_within_a_field_is_text_and_one_that_is_never_closed_loses_no_line_in_silence()
    {
        Assert.Equal([("A", "5\" tube", 2), ("B", "two\nlines, \"quoted\"", 3), ("C", "", 5)], Read(Header, "A,urn:x,5\" tube,101,,", "B,urn:x,\"two", "lines, \"\"quoted\"\"\",101,,", "C,urn:x,\"\",101,,").OrThrow().Select(m => (m.Code, m.Description, m.Line)));
        Assert.True(Read(Header, "A,urn:x,,101,,", "B,urn:x,\"5 tube,101,,", "C,urn:x,,101,,").Failed(out var failure, out _));
        Assert.Equal("mappings.unreadable", failure.Code);
        Assert.Contains("line 3: a quote", failure.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_may_end_as_an_old_Macintosh_ends_them() =>
        Assert.Equal(["A", "B"], Read(Encoding.UTF8.GetBytes($"{Header},comment\rA,urn:x,,101,,,x\rB,urn:x,,101,,,\r")).OrThrow().Select(m => m.Code));

    [Fact]
    public void Empty_rows_of_a_spreadsheet_are_skipped() =>
        Assert.Equal(["A", "B"], Read(Header, ",,,,,", "A,urn:x,,101,,", "", "B,urn:x,,101,,", ",,").OrThrow().Select(m => m.Code));

    [Theory]
    [InlineData("A,urn:x,,101,,,D", "A102 B103 E104", 1, 0)]
    [InlineData("A,urn:x,,,,,D", "B103 E104", 2, 0)]
    [InlineData("A,urn:x,,0,someday,,U", "B103 E104", 2, 0)]
    [InlineData("A,urn:x,,999,,,D", "A101 A102 B103 E104", 0, 1)]
    [InlineData("A,urn:y,,101,,,D", "A101 A102 B103 E104", 0, 1)]
    [InlineData("E,http://hl7.org/fhir/sid/icd-10,,104,,,D", "A101 A102 B103", 1, 0)]
    [InlineData("A,urn:x,,101,,,U\nA,urn:x,,105,,,", "A105 B103 E104", 1, 0)]
    [InlineData("E,http://hl7.org/fhir/sid/icd-10,,105,,,", "A101 A102 B103 E105", 0, 0)]
    public void A_line_with_an_invalid_reason_takes_the_mapping_away(string given, string left, int removed, int nothing)
    {
        var before = Read(Header, "A,urn:x,,101,,", "A,urn:x,,102,2020-01-01,", "B,urn:x,,103,,", "E,ICD10,,104,,").OrThrow();
        var change = LocalMappings.Apply(before, Read(Header + ",invalid_reason", given).OrThrow());
        Assert.Equal((left, removed, nothing), (string.Join(' ', change.InForce.Select(m => $"{m.Code}{m.Target}").Order()), change.Removed.Count, change.RemoveNothing.Count));
        Assert.Equal(change.InForce.Select(m => m.Target), Read(LocalMappings.Write(change.InForce)).OrThrow().Select(m => m.Target));
    }

    [Fact]
    public void A_file_in_other_characters_than_it_must_be_in_is_refused_and_not_read_wrong()
    {
        Assert.True(Read(Encoding.Latin1.GetBytes($"{Header}\nA,urn:x,fièvre,101,,\n")).Failed(out var failure, out _));
        Assert.Contains("UTF-8", failure.Detail, StringComparison.Ordinal);
    }
}
