using Ambroise.Cohorts.Vocabulary;
using DuckDB.NET.Data;

namespace Ambroise.Tests.Vocabulary;

public sealed class VocabularySpecs : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("ambroise-vocabulary-").FullName;

    string Target => Path.Combine(folder, "vocabulary");

    VocabularyReport Load(string from) => VocabularyFolder.Load(from, Target, (_, _) => { }, TestContext.Current.CancellationToken).OrThrow();

    [Theory]
    [InlineData("omop/synthea27nj")]
    [InlineData("cohorts/cdm")]
    public void A_concept_set_resolves_as_the_same_question_in_sql(string dataset)
    {
        Load(Conformance.Path(dataset));
        var graph = ConceptGraph.Load(Target).OrThrow();
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        List<int> Sql(string sql)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql.Replace("{v}", Target, StringComparison.Ordinal);
            using var reader = command.ExecuteReader();
            var values = new List<int>();
            while (reader.Read()) values.Add(reader.GetInt32(0));
            return values;
        }
        foreach (var concept in Sql("select concept_id from read_parquet('{v}/concept.parquet') order by hash(concept_id) limit 60"))
        {
            var expected = Sql($$"""
                with own as (select concept_id from read_parquet('{v}/concept.parquet') where concept_id = {{concept}}
                    union select c.concept_id from read_parquet('{v}/concept.parquet') c join read_parquet('{v}/concept_ancestor.parquet') a on a.descendant_concept_id = c.concept_id
                        where c.invalid_reason is null and a.ancestor_concept_id = {{concept}})
                select concept_id from own union select r.concept_id_1 from read_parquet('{v}/concept_relationship.parquet') r join own on own.concept_id = r.concept_id_2
                    where r.relationship_id = 'Maps to' and r.invalid_reason is null order by 1
                """);
            Assert.Equal(expected, graph.Resolve([new(concept, true, true, false)]));
        }
    }

    [Fact]
    public void What_is_excluded_is_taken_away_with_its_descendants()
    {
        Write("concept.csv", "concept_id,concept_name,domain_id,vocabulary_id,concept_class_id,standard_concept,concept_code,valid_start_date,valid_end_date,invalid_reason",
            "1,Disease,Condition,V,C,S,A,1970-01-01,2099-12-31,", "2,\"Diabète, type 2\",Condition,V,C,S,B,1970-01-01,2099-12-31,", "3,Old,Condition,V,C,,C,1970-01-01,2099-12-31,D", "4,Child,Condition,V,C,S,D,1970-01-01,2099-12-31,");
        Write("concept_ancestor.csv", "ancestor_concept_id,descendant_concept_id,min_levels_of_separation,max_levels_of_separation", "1,1,0,0", "1,2,1,1", "1,3,1,1", "2,4,1,1", "1,4,2,2");
        Load(Source);
        var graph = ConceptGraph.Load(Target).OrThrow();
        Assert.Equal([1, 2, 4], graph.Resolve([new(1, true, false, false)]));
        Assert.Equal([1], graph.Resolve([new(1, true, false, false), new(2, true, false, true)]));
        Assert.Equal([3], graph.Resolve([new(3, false, false, false), new(99, false, false, false)]));
        Assert.Equal("Diabète, type 2", graph.Name(2));
        var found = ConceptSearch.Find(Target, "DIABETE ty", null, null, true, 10).OrThrow();
        Assert.Equal(2, Assert.Single(found).ConceptId);
        Assert.Equal(3, ConceptSearch.Find(Target, "3", null, null, false, 10).OrThrow()[0].ConceptId);
        Assert.True(ConceptSearch.Find(Target, "\" OR *", null, null, false, 10).OrThrow().Count == 0);
    }

    [Fact]
    public void A_word_of_every_name_is_answered_at_once_and_a_filter_misses_nothing()
    {
        const int count = 30_000;
        Write("concept.csv", Enumerable.Range(1, count).Select(i => $"{i},injection of substance {i % 977} form {i % 13},{(i == count ? "Device" : "Drug")},V,C,{(i % 3 == 0 ? "S" : "")},K{i},1970-01-01,2099-12-31,")
            .Prepend("concept_id,concept_name,domain_id,vocabulary_id,concept_class_id,standard_concept,concept_code,valid_start_date,valid_end_date,invalid_reason").ToArray());
        Load(Source);
        Assert.Equal(count, Assert.Single(ConceptSearch.Find(Target, "injection", "device", null, false, 10).OrThrow()).ConceptId);
        Assert.All(ConceptSearch.Find(Target, "injection", "device", null, false, 10).OrThrow(), c => Assert.Equal("Device", c.Domain));
        Assert.Empty(ConceptSearch.Find(Target, "injection", "DRUG", "W", false, 10).OrThrow());
        Assert.Equal(10, ConceptSearch.Find(Target, "injection", "DRUG", "v", true, 10).OrThrow().Count);
        // The words that stand for a domain are nobody's to look for.
        foreach (var facet in new[] { "\uE000ddevice", "ddevice", "sstandard" }) Assert.Empty(ConceptSearch.Find(Target, facet, null, null, false, 10).OrThrow());
        Assert.Equal(17, ConceptSearch.Find(Target, "k17", null, null, false, 10).OrThrow()[0].ConceptId);
        var milliseconds = new List<double>();
        for (var i = 0; i < 15; i++)
        {
            var clock = System.Diagnostics.Stopwatch.StartNew();
            var found = ConceptSearch.Find(Target, i % 2 == 0 ? "injection" : "i", null, null, false, 20).OrThrow();
            milliseconds.Add(clock.Elapsed.TotalMilliseconds);
            Assert.Equal(20, found.Count);
            Assert.All(found, c => Assert.Equal("S", c.Standard));
        }
        Assert.InRange(milliseconds.Order().ElementAt(milliseconds.Count / 4), 0, 50);
    }

    [Fact]
    public void Loading_twice_changes_nothing()
    {
        var from = Conformance.Path("omop/synthea27nj");
        var first = Load(from);
        var written = File.GetLastWriteTimeUtc(Path.Combine(Target, "concept.parquet"));
        var second = Load(from);
        Assert.True(first.Changed);
        Assert.False(second.Changed);
        Assert.Equal((first.ContentHash, written), (second.ContentHash, File.GetLastWriteTimeUtc(Path.Combine(Target, "concept.parquet"))));
        Assert.Equal(2294, second.Rows["concept"]);
    }

    string Source => Path.Combine(folder, "source");

    void Write(string name, params string[] lines)
    {
        Directory.CreateDirectory(Source);
        File.WriteAllLines(Path.Combine(Source, name), lines);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
