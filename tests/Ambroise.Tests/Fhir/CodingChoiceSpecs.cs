using Ambroise.Cohorts.Vocabulary;
using Ambroise.Lake.Releases;
using Ambroise.Sources.Fhir.Codes;

namespace Ambroise.Tests.Fhir;

/// <summary>Of several codings the most specific that the vocabulary maps.</summary>
public sealed class CodingChoiceSpecs : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ambroise-words-");

    /// <summary>Codes, a user's choice after a star; then the code that is taken.</summary>
    [Theory]
    [InlineData("parent child", "child")]
    [InlineData("child parent", "child")]
    [InlineData("parent* child", "child")]
    [InlineData("child parent*", "child")]
    [InlineData("grandparent child parent", "child")]
    [InlineData("parent other*", "other")]
    [InlineData("other parent", "other")]
    [InlineData("unknown parent", "parent")]
    [InlineData("unknown* child", "child")]
    [InlineData("parent", "parent")]
    public void A_child_goes_before_its_parent(string codings, string taken)
    {
        var words = Directory.CreateDirectory(Path.Combine(folder.FullName, "words")).FullName;
        (string Code, int Concept)[] concepts = [("grandparent", 101), ("parent", 102), ("child", 103), ("other", 104)];
        File.WriteAllLines(Path.Combine(words, "concept.csv"), ["concept_id,concept_name,domain_id,vocabulary_id,concept_class_id,standard_concept,concept_code,valid_start_date,valid_end_date,invalid_reason",
            .. concepts.Select(c => $"{c.Concept},{c.Code},Condition,SNOMED,Disorder,S,{c.Code},1970-01-01,2099-12-31,")]);
        File.WriteAllLines(Path.Combine(words, "concept_ancestor.csv"), ["ancestor_concept_id,descendant_concept_id,min_levels_of_separation,max_levels_of_separation", "101,101,0,0", "101,102,1,1", "101,103,2,2", "102,102,0,0", "102,103,1,1", "103,103,0,0", "104,104,0,0"]);
        File.WriteAllLines(Path.Combine(words, "concept_relationship.csv"), ["concept_id_1,concept_id_2,relationship_id,valid_start_date,valid_end_date,invalid_reason", .. concepts.Select(c => $"{c.Concept},{c.Concept},Maps to,1970-01-01,2099-12-31,")]);
        var home = Path.Combine(folder.FullName, "vocabulary");
        VocabularyFolder.Load(words, home, static (_, _) => { }, TestContext.Current.CancellationToken).OrThrow();
        using var hospital = new FhirHospital { Codes = VocabularyCodes.Read(home, null, 1 << 28, 1).OrThrow() };
        var all = string.Join(',', codings.Split(' ').Select(c => $$"""{"system":"http://snomed.info/sct","code":"{{c.TrimEnd('*')}}"{{(c.EndsWith('*') ? ",\"userSelected\":true" : "")}}}"""));
        hospital.Load(LoadMode.Replace, """{"resourceType":"Patient","id":"p","gender":"male","birthDate":"1950"}""", $$"""{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p"},"code":{"coding":[{{all}}]},"onsetDateTime":"2020-01-01"}""");
        Assert.Equal([$"{taken}|{concepts.Single(c => c.Code == taken).Concept}"], hospital.Rows("condition_occurrence", "condition_source_value", "condition_concept_id"));
    }

    /// <summary>Of every concept of a resource, once; of one with a single coding, nothing; an INS is none.</summary>
    [Fact]
    public void All_codings_are_kept_with_the_record_the_chosen_first()
    {
        static string Result(string id, string code, string value) => $$"""{"resourceType":"Observation","id":"{{id}}","status":"final","subject":{"reference":"Patient/p"},"effectiveDateTime":"2020-01-01","code":{{code}},"valueCodeableConcept":{{value}} }""";
        static string Concept(params string[] codings) => $$"""{"coding":[{{string.Join(',', codings.Select(c => c.Split('|') is [var system, var code] ? $$"""{"system":"{{system}}","code":"{{code}}"}""" : ""))}}]}""";
        using var hospital = new FhirHospital();
        var lines = new[]
        {
            """{"resourceType":"Patient","id":"p","gender":"male","birthDate":"1950"}""",
            Result("1", Concept("http://loinc.org|718-7", "urn:lab|HB"), Concept("urn:a|1", "urn:b|2", "urn:a|1")),
            Result("2", Concept("http://loinc.org|718-7"), Concept("urn:a|1", "urn:oid:1.2.250.1.213.1.4.8|150017500000001")),
            Result("3", Concept("http://loinc.org|718-7", "urn:lab|HB"), Concept("urn:a|1")),
        };
        var whole = hospital.Load(LoadMode.Replace, lines);
        Assert.Equal(["", "", """[["http://loinc.org|718-7","urn:lab|HB"],["urn:a|1","urn:b|2"]]""", """[["http://loinc.org|718-7","urn:lab|HB"]]"""], hospital.Rows("source_record", "codings").Order(StringComparer.Ordinal));
        hospital.Load(LoadMode.Replace, lines[0], lines[3]);
        Assert.Equal(whole, hospital.Load(LoadMode.Merge, lines));
    }

    public void Dispose() => folder.Delete(recursive: true);
}
