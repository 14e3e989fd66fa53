using System.Text.Json;
using Ambroise.Cohorts.Definitions;
using Ambroise.Cohorts.Engine;
using Ambroise.Cohorts.Vocabulary;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;

namespace Ambroise.Tests.Cohorts.Engine;

/// <summary>OHDSI's own small cases: given tables, definitions, expected rows.</summary>
public sealed class FixtureSpecs
{
    [Fact]
    public void Every_fixture_gives_its_expected_rows()
    {
        using var fixtures = JsonDocument.Parse(File.ReadAllBytes(Conformance.Path("cohorts/fixtures.json")));
        var compared = 0;
        foreach (var fixture in fixtures.RootElement.EnumerateArray())
        {
            var expected = fixture.GetProperty("expected").EnumerateObject().FirstOrDefault(t => t.Name.EndsWith(".cohort", StringComparison.Ordinal));
            if (expected.Value.ValueKind != JsonValueKind.Array) continue;
            var prep = fixture.GetProperty("prep").EnumerateObject().ToDictionary(t => t.Name["cdm.".Length..], t => t.Value.EnumerateArray().ToList());
            var batches = prep.Where(t => Cdm54.Find(t.Key) is not null).Select(t => Rows(Cdm54.Find(t.Key)!, t.Value)).ToList();
            var shard = new MemoryShard(batches);
            var vocabulary = new Given(prep);
            var ours = new List<string>();
            foreach (var cohort in fixture.GetProperty("cohorts").EnumerateArray())
            {
                var definition = CohortDefinition.Parse(System.Text.Encoding.UTF8.GetBytes(cohort.GetProperty("json").GetRawText())).OrThrow();
                var id = cohort.GetProperty("options").GetProperty("cohortId").GetInt32();
                ours.AddRange(new CohortEngine().Run(BoundDefinition.Bind(definition, vocabulary), [shard], 1, TestContext.Current.CancellationToken).Rows
                    .Select(r => $"{id} {r.Subject} {Day(r.Start)} {Day(r.End)}"));
            }
            var theirs = expected.Value.EnumerateArray().Select(r => $"{r.GetProperty("cohort_definition_id")} {r.GetProperty("subject_id")} {r.GetProperty("cohort_start_date").GetString()} {r.GetProperty("cohort_end_date").GetString()}");
            Assert.True(theirs.Order(StringComparer.Ordinal).SequenceEqual(ours.Order(StringComparer.Ordinal)),
                $"{fixture.GetProperty("test")}\nexpected:\n{string.Join('\n', theirs.Order(StringComparer.Ordinal))}\nours:\n{string.Join('\n', ours.Order(StringComparer.Ordinal))}");
            compared++;
        }
        Assert.Equal(14, compared);
    }

    static string Day(int days) => Days.Date(days).ToString("yyyy-MM-dd");

    static Batch Rows(CdmTable table, List<JsonElement> rows)
    {
        var batch = new Batch(table);
        foreach (var row in rows)
            foreach (var column in table.Columns)
            {
                var value = row.TryGetProperty(column.Name, out var found) ? found : default;
                switch (batch.Columns[column.Ordinal])
                {
                    case var c when value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null: c.AppendNull(); break;
                    case Int32Column c when column.Type == ColumnType.Date: c.Append(Days.Of(DateOnly.Parse(value.GetString()![..10]))); break;
                    case Int32Column c: c.Append(value.GetInt32()); break;
                    case Int64Column c when column.Type == ColumnType.Int64: c.Append(value.GetInt64()); break;
                    case Float64Column c: c.Append(value.GetDouble()); break;
                    case TextColumn c: c.Append(value.ToString()); break;
                    case var c: c.AppendNull(); break;
                }
            }
        return batch;
    }

    /// <summary>The fixture's own concepts and their descendants.</summary>
    sealed class Given(Dictionary<string, List<JsonElement>> prep) : IVocabulary
    {
        readonly HashSet<int> concepts = [.. prep["concept"].Select(c => c.GetProperty("concept_id").GetInt32())];
        readonly ILookup<int, int> descendants = prep["concept_ancestor"].ToLookup(a => a.GetProperty("ancestor_concept_id").GetInt32(), a => a.GetProperty("descendant_concept_id").GetInt32());

        public IReadOnlyList<int> Resolve(IReadOnlyList<ConceptSetItem> items) =>
            [.. Of(items.Where(i => !i.Excluded)).Except(Of(items.Where(i => i.Excluded))).Where(concepts.Contains).Order()];

        IEnumerable<int> Of(IEnumerable<ConceptSetItem> items) => items.SelectMany(i => (i.Descendants ? descendants[i.Concept] : []).Append(i.Concept));

        public string? Name(int concept) => null;
    }
}
