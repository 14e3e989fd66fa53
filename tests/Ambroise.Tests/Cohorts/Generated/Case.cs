using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ambroise.Cohorts.Definitions;
using Ambroise.Cohorts.Engine;
using Ambroise.Cohorts.Vocabulary;
using Ambroise.Lake.Cdm;
using Ambroise.Tests.Cohorts.Reference;

namespace Ambroise.Tests.Cohorts.Generated;

/// <summary>A definition and a CDM, answered by the engine and by the reference.</summary>
sealed record Case(JsonObject Definition, List<GeneratedRow> Rows)
{
    public static Case Of(ulong seed)
    {
        var dice = new Dice(seed);
        return new(new GeneratedDefinition(dice).Whole(), GeneratedCdm.Rows(dice));
    }

    public string? Disagreement()
    {
        var utf8 = Encoding.UTF8.GetBytes(Definition.ToJsonString());
        var batches = GeneratedCdm.Batches(Rows);
        if (batches.All(b => b.Table.Name != "person")) return null;
        if (CohortDefinition.Parse(utf8).Failed(out var failure, out var parsed)) return $"the parser refuses it: {failure.Detail}";

        using var document = JsonDocument.Parse(utf8);
        var expected = new ReferenceCohort(document.RootElement, ReferenceCdm.FromBatches(batches), SmallVocabulary.Reference).Rows().Distinct().Order().ToList();
        List<Membership> given;
        try
        {
            var shard = new MemoryShard(batches);
            var firsts = parsed with { Additional = null, InclusionRules = [], EndStrategy = null, CensoringCriteria = [], CensorWindow = null, QualifiedLimit = Limit.All, ExpressionLimit = Limit.First };
            foreach (var (asked, of) in new[] { (parsed, shard), (firsts, shard), (firsts, new MemoryShard(GeneratedCdm.Batches(Observed()))) })
            {
                var (bound, engine) = (BoundDefinition.Bind(asked, new SmallVocabulary()), new CohortEngine());
                var counted = Counts(new CohortEngine(0).Count(bound, [of], threads: 1));
                var listed = Counts(engine.Run(bound, [of], threads: 1));
                var again = Counts(engine.Count(bound, [of], threads: 1));
                if (counted != listed || again != listed) return $"{(asked == parsed ? "" : of == shard ? "without its rules " : "without its rules, all of it observed, ")}counts {counted} without rows, {again} from what was kept, {listed} with them";
            }
            given = [.. new CohortEngine().Run(BoundDefinition.Bind(parsed, new SmallVocabulary()), [shard], threads: 1).Rows.Select(r => new Membership(r.Subject, r.Start, r.End)).Order()];
        }
        catch (Exception broken) when (broken is not OutOfMemoryException)
        {
            return $"the engine throws {broken.GetType().Name} {broken.Message} {broken.StackTrace?.Split('\n').FirstOrDefault()}";
        }
        return expected.SequenceEqual(given) ? null : $"reference {string.Join(' ', expected)} | engine {string.Join(' ', given)}";
    }

    /// <summary>The rows that begin inside an observation period, nearly all: patients who have one are observed all the time.</summary>
    List<GeneratedRow> Observed()
    {
        var (start, end) = (Cdm54.ObservationPeriod.Start, Cdm54.ObservationPeriod.End);
        var periods = Rows.Where(r => r.Table == Cdm54.ObservationPeriod).GroupBy(r => (long)r.Values[Cdm54.ObservationPeriod.Person]!).ToDictionary(g => g.Key, g => g.Select(r => r with { Values = [.. r.Values] }).ToList());
        foreach (var only in periods.Values.Where(p => p.Count == 1)) (only[0].Values[start], only[0].Values[end]) = (GeneratedCdm.FirstDay, GeneratedCdm.FirstDay + GeneratedCdm.Days);
        return [.. periods.Values.SelectMany(p => p), .. Rows.Where(r => r.Table != Cdm54.ObservationPeriod && (r.Table.Person < 0 || r.Table.Start < 0 || r.Table == Cdm54.Person
            || (periods.TryGetValue((long)r.Values[r.Table.Person]!, out var of) && of.Any(p => (int)r.Values[r.Table.Start]! >= (int)p.Values[start]! && (int)r.Values[r.Table.Start]! <= (int)p.Values[end]!))))];
    }

    static string Counts(CohortResult of) => $"{of.Patients} {of.Records} {of.Entered}, by criterion {string.Join(' ', of.Criteria.Select(c => c.Patients))}, by rule {string.Join(' ', of.Rules.Select(r => $"{r.Satisfied}/{r.Gained}/{r.Remaining}"))}";

    /// <summary>Takes away rows and members one at a time as long as the two still disagree.</summary>
    public Case Shrunk()
    {
        var smallest = this;
        for (var again = true; again;)
        {
            again = false;
            foreach (var smaller in smallest.Smaller())
                if (StillWrong(smaller))
                {
                    (smallest, again) = (smaller, true);
                    break;
                }
        }
        return smallest;
    }

    static bool StillWrong(Case smaller)
    {
        try
        {
            return smaller.Disagreement() is { } why && !why.StartsWith("the parser", StringComparison.Ordinal);
        }
        catch (Exception) // the definition lost a part that it needs
        {
            return false;
        }
    }

    IEnumerable<Case> Smaller()
    {
        foreach (var person in Rows.Where(r => r.Table.Name == "person").Select(r => r.Values[0]).ToList())
            yield return this with { Rows = [.. Rows.Where(r => r.Table.Person < 0 || !Equals(r.Values[r.Table.Person], person))] };
        foreach (var table in Rows.Select(r => r.Table).Distinct().ToList()) yield return this with { Rows = [.. Rows.Where(r => r.Table != table)] };
        for (var i = 0; i < Rows.Count; i++) yield return this with { Rows = [.. Rows.Where((_, at) => at != i)] };
        foreach (var path in Paths(Definition, [])) yield return this with { Definition = Without(path) };
    }

    static IEnumerable<object[]> Paths(JsonNode node, object[] here)
    {
        IEnumerable<(object Step, JsonNode? Node)> inside = node switch
        {
            JsonObject members => members.Select(m => ((object)m.Key, m.Value)),
            JsonArray items => items.Select((item, i) => ((object)i, item)),
            _ => [],
        };
        foreach (var (step, child) in inside.ToList())
        {
            yield return [.. here, step];
            if (child is not null)
                foreach (var deeper in Paths(child, [.. here, step])) yield return deeper;
        }
    }

    JsonObject Without(object[] path)
    {
        var copy = Definition.DeepClone().AsObject();
        JsonNode at = copy;
        foreach (var step in path[..^1]) at = step is int i ? at[i]! : at[(string)step]!;
        if (path[^1] is int index) at.AsArray().RemoveAt(index);
        else at.AsObject().Remove((string)path[^1]);
        return copy;
    }

    public override string ToString() => $"{Disagreement()}\n{Definition.ToJsonString()}\n{string.Join('\n', Rows)}\n";
}

/// <summary>Eleven concepts: 1 over 2 over 3, 4 over 5 and the invalid 8, 9 mapped to 5, and 10 unknown.</summary>
sealed class SmallVocabulary : IVocabulary
{
    public static readonly ReferenceVocabulary Reference = Make();

    static ReferenceVocabulary Make()
    {
        var vocabulary = new ReferenceVocabulary();
        for (var concept = 0; concept <= 9; concept++) vocabulary.Concept(concept, isValid: concept != 8);
        foreach (var (above, below) in new[] { (1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (4, 4), (4, 5), (4, 8), (5, 5) }) vocabulary.Ancestor(above, below);
        vocabulary.MapsTo(9, 5);
        return vocabulary;
    }

    public IReadOnlyList<int> Resolve(IReadOnlyList<ConceptSetItem> items) =>
        [.. Reference.Resolve([.. items.Select(i => ((long)i.Concept, i.Descendants, i.Mapped, i.Excluded))]).Select(c => (int)c).Order()];

    public string? Name(int concept) => null;
}
