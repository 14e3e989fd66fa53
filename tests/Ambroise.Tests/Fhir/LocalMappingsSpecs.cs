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
    public void A_mapping_that_would_never_hold_is_refused_with_its_line(string line, string place)
    {
        Assert.True(Read(Header, line).Failed(out var failure, out _));
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
    public void Empty_rows_of_a_spreadsheet_are_skipped() =>
        Assert.Equal(["A", "B"], Read(Header, ",,,,,", "A,urn:x,,101,,", "", "B,urn:x,,101,,", ",,").OrThrow().Select(m => m.Code));

    [Fact]
    public void A_file_in_other_characters_than_it_must_be_in_is_refused_and_not_read_wrong()
    {
        Assert.True(Read(Encoding.Latin1.GetBytes($"{Header}\nA,urn:x,fièvre,101,,\n")).Failed(out var failure, out _));
        Assert.Contains("UTF-8", failure.Detail, StringComparison.Ordinal);
    }
}
