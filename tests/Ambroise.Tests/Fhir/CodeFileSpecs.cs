using Ambroise.Cohorts.Vocabulary;
using Ambroise.Sources.Fhir.Codes;

namespace Ambroise.Tests.Fhir;

/// <summary>Codes are looked up in a file made of the vocabulary, which is made anew when it does not belong to it.</summary>
public sealed class CodeFileSpecs : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ambroise-codes-");

    string Home => Path.Combine(folder.FullName, "vocabulary");

    string Codes => Path.Combine(Home, "codes.db");

    void Load(params string[] concepts)
    {
        var words = Directory.CreateDirectory(Path.Combine(folder.FullName, "words")).FullName;
        File.WriteAllLines(Path.Combine(words, "concept.csv"), ["concept_id,concept_name,domain_id,vocabulary_id,concept_class_id,standard_concept,concept_code,valid_start_date,valid_end_date,invalid_reason", .. concepts]);
        File.WriteAllLines(Path.Combine(words, "concept_relationship.csv"), ["concept_id_1,concept_id_2,relationship_id,valid_start_date,valid_end_date,invalid_reason",
            "2,1,Maps to,1970-01-01,2099-12-31,", "2,1,Maps to,1980-01-01,2099-12-31,", "2,9,Maps to value,1970-01-01,2099-12-31,", "2,8,Maps to,1970-01-01,2099-12-31,D", "2,7,Maps to,1970-01-01,2099-12-31,", "3,2,Maps to,1970-01-01,2099-12-31,"]);
        VocabularyFolder.Load(words, Home, static (_, _) => { }, TestContext.Current.CancellationToken).OrThrow();
    }

    string Means(string code, int? day = null)
    {
        using var book = VocabularyCodes.Read(Home, null, 256 << 20, 1).OrThrow();
        var meaning = day is { } on ? book.Find("http://snomed.info/sct", code, on) : book.Find("http://snomed.info/sct", code);
        return $"{meaning.Source}: {string.Join(' ', meaning.Targets.Select(t => $"{t.Concept}{(t.Value ? "v" : "")}/{t.Domain}"))}";
    }

    static readonly string[] Concepts =
    [
        "1,one,Condition,SNOMED,C,S,one,1970-01-01,2099-12-31,", "2,two,Condition,SNOMED,C,,two,1970-01-01,2099-12-31,", "3,three,Condition,SNOMED,C,,three,1970-01-01,2099-12-31,",
        "7,no longer,Condition,SNOMED,C,S,seven,1970-01-01,2000-01-01,D", "8,eight,Drug,SNOMED,C,S,eight,1970-01-01,2099-12-31,", "9,nine,Meas Value,SNOMED,C,S,nine,1970-01-01,2099-12-31,",
        "10,other,Condition,ICD10,C,S,one,1970-01-01,2099-12-31,", "11,was,Drug,SNOMED,C,S,again,1970-01-01,1999-12-31,D", "12,is,Procedure,SNOMED,C,S,again,2000-01-01,2099-12-31,",
    ];

    [Theory]
    [InlineData("one", "1: 1/Condition")] // standard: it means itself
    [InlineData("two", "2: 1/Condition 9v/Value")] // once each; neither what is invalid nor what maps by an invalid line
    [InlineData("three", "3: ")] // what it maps to is no standard concept
    [InlineData("seven", "7: ")]
    [InlineData("again", "12: 12/Procedure")] // of two concepts the one that holds
    [InlineData("ONE", "0: ")]
    [InlineData("", "0: ")]
    public void A_code_means_what_the_vocabulary_says(string code, string means)
    {
        Load(Concepts);
        Assert.Equal(means, Means(code));
    }

    [Fact]
    public void A_code_that_was_used_twice_means_what_it_meant_that_day()
    {
        Load(Concepts);
        Assert.Equal("11: ", Means("again", 1000)); // the first use is no longer standard
        Assert.Equal("12: 12/Procedure", Means("again", 20_000));
    }

    [Fact]
    public void The_file_is_made_once_and_again_when_the_vocabulary_is_another_or_the_file_is_damaged()
    {
        Load(Concepts);
        Means("one");
        var made = File.GetLastWriteTimeUtc(Codes);
        Means("two");
        Assert.Equal(made, File.GetLastWriteTimeUtc(Codes));
        File.WriteAllText(Codes, "no database");
        Assert.Equal("1: 1/Condition", Means("one"));
        using (var cut = File.Open(Codes, FileMode.Open)) cut.SetLength(1000);
        Assert.Equal("1: 1/Condition", Means("one"));
        Load([.. Concepts, "13,more,Condition,SNOMED,C,S,more,1970-01-01,2099-12-31,"]);
        Assert.Equal("13: 13/Condition", Means("more"));
        Assert.Equal([Codes], Directory.GetFiles(Home, "codes*"));
    }

    public void Dispose() => folder.Delete(recursive: true);
}
