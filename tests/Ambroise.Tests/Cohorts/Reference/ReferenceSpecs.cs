using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Ambroise.Tests.Cohorts.Reference;

/// <summary>The judge is judged first: on the conformance CDM it gives the rows that OHDSI's own SQL gives. A bounded sample here;
/// every definition with <c>AMBROISE_REFERENCE_ALL=1</c>.</summary>
public sealed class ReferenceSpecs
{
    static readonly bool All = Environment.GetEnvironmentVariable("AMBROISE_REFERENCE_ALL") == "1";

    [Theory]
    [InlineData("definitions", "library", 25)]
    [InlineData("matrix", "matrix", 10)]
    public void The_reference_gives_the_expected_rows(string folder, string results, int every)
    {
        var cdm = Shared.Value;
        var vocabulary = ReferenceVocabulary.From(cdm);
        var given = Rows(Conformance.Path($"cohorts/expected/{results}-rows.parquet"));
        var asked = ExpectedCohort.Read(Conformance.Path($"cohorts/expected/{results}-summary.csv")).Where((_, i) => All || i % every == 0).ToList();
        var wrong = new System.Collections.Concurrent.ConcurrentBag<string>();
        Parallel.ForEach(asked, new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = TestContext.Current.CancellationToken }, e =>
        {
            using var definition = JsonDocument.Parse(File.ReadAllBytes(Conformance.Path($"cohorts/{folder}/{e.Id}.json")));
            var rows = new ReferenceCohort(definition.RootElement, cdm, vocabulary).Rows();
            if (Hash(rows) == e.Sha256) return;
            // Two events of one person share a start there and the given row is not that of the lower event id: the end may differ, nothing else.
            if (e.Id is "274" or "403" or "410" && rows.Select(r => (r.Person, r.Start)).Order().SequenceEqual(given[e.Id].Select(r => (r.Person, r.Start)).Order())) return;
            var (extra, missing) = (rows.Except(given[e.Id]).ToList(), given[e.Id].Except(rows).ToList());
            wrong.Add($"{e.Id} {e.Name}: {rows.Count} rows for {e.Rows}; too many {string.Join(' ', extra.Take(3))}; missing {string.Join(' ', missing.Take(3))}");
        });
        Assert.True(wrong.IsEmpty, string.Join("\n", wrong.Order()));
    }

    static readonly Lazy<ReferenceCdm> Shared = new(() => ReferenceCdm.FromParquet(Conformance.Path("cohorts/cdm")));

    static ILookup<string, Membership> Rows(string parquet)
    {
        using var duck = new DuckDB.NET.Data.DuckDBConnection("DataSource=:memory:");
        duck.Open();
        return ReferenceCdm.Read(duck, parquet).ToLookup(r => r.Whole("cohort_id")!.Value.ToString(CultureInfo.InvariantCulture),
            r => new Membership(r.Whole("subject_id")!.Value, r.Day("cohort_start_date")!.Value, r.Day("cohort_end_date")!.Value));
    }

    static string Hash(List<Membership> rows) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(rows.Order().Select(r => $"{r}\n")))));
}
