using Ambroise.Cohorts.Vocabulary;

namespace Ambroise.Cohorts.Describe;

/// <summary>A cohort described: exact counts, for permit holders. The aggregates-only role must see it through disclosure.</summary>
/// <param name="Ages">Five-year bands from 0; 90 and over are one.</param>
public sealed record CohortDescription(long Patients, long Rows, int DaysBefore, int DaysAfter, IReadOnlyList<SexCount> Sexes, IReadOnlyList<AgeBand> Ages, IReadOnlyList<YearCount> IndexYears,
    IReadOnlyList<ConceptCount> Conditions, IReadOnlyList<ConceptCount> Drugs, IReadOnlyList<ConceptCount> Procedures, IReadOnlyList<LaboratoryValues> Laboratory,
    Quantiles? FollowUpDays, IReadOnlyList<YearCount> FollowUpYears, Quantiles? CohortDays)
{
    const int Female = 8532, Male = 8507;

    /// <param name="top">How many concepts of each kind are kept, the most frequent first.</param>
    public static CohortDescription From(ShardDescription all, DescribeOptions options, IVocabulary? vocabulary, int top = 20)
    {
        string Name(int concept) => concept == 0 ? "" : vocabulary?.Name(concept) is { Length: > 0 } name ? name : $"{concept}";
        List<ConceptCount> Top(string table) =>
            [.. all.Prevalence.Where(p => p.Key.Table == table).OrderByDescending(p => p.Value).ThenBy(p => p.Key.Concept).Take(top)
                .Select(p => new ConceptCount(p.Key.Concept, Name(p.Key.Concept), p.Value, Share(p.Value, all.Patients)))];

        return new(all.Patients, all.Rows, options.DaysBefore, options.DaysAfter,
            [.. all.Ages.GroupBy(a => a.Key.Gender).OrderByDescending(g => g.Sum(a => a.Value)).Select(g => new SexCount(g.Key, Name(g.Key), g.Sum(a => a.Value), Share(g.Sum(a => a.Value), all.Patients)))],
            Bands(all), Years(all.IndexYears), Top("condition_occurrence"), Top("drug_exposure"), Top("procedure_occurrence"),
            [.. all.Laboratory.OrderByDescending(l => l.Value.Patients).ThenBy(l => l.Key).Take(top).Select(l => new LaboratoryValues(l.Key.Measurement, Name(l.Key.Measurement),
                l.Key.Unit, Name(l.Key.Unit), l.Value.Patients, l.Value.Values.Count, Quantiles.Of(l.Value.Values)!))],
            Quantiles.Of(all.FollowUp), Years(all.FollowUpYears), Quantiles.Of(all.TimeInCohort));
    }

    static double Share(long part, long whole) => whole == 0 ? 0 : Math.Round((double)part / whole, 4);

    static List<AgeBand> Bands(ShardDescription all)
    {
        if (all.Ages.Count == 0) return [];
        long Of(int band, Func<int, bool> gender) => all.Ages.Where(a => Math.Min(a.Key.Age / 5, 18) == band && gender(a.Key.Gender)).Sum(a => a.Value);
        var (first, last) = (all.Ages.Keys.Min(k => Math.Min(k.Age / 5, 18)), all.Ages.Keys.Max(k => Math.Min(k.Age / 5, 18)));
        return [.. Enumerable.Range(first, last - first + 1).Select(b => new AgeBand(5 * b, b == 18 ? null : 5 * b + 4, Of(b, g => g == Female), Of(b, g => g == Male), Of(b, g => g is not (Female or Male))))];
    }

    static List<YearCount> Years(Dictionary<int, long> counts) =>
        counts.Count == 0 ? [] : [.. Enumerable.Range(counts.Keys.Min(), counts.Keys.Max() - counts.Keys.Min() + 1).Select(y => new YearCount(y, counts.GetValueOrDefault(y)))];
}

/// <param name="Concept">Gender concept, 0 where unknown.</param>
/// <param name="Share">Of the patients, 0 to 1.</param>
public sealed record SexCount(int Concept, string Name, long Patients, double Share);

/// <param name="To">Last year of the band; null: no limit.</param>
public sealed record AgeBand(int From, int? To, long Women, long Men, long Other);

public sealed record YearCount(int Year, long Patients);

public sealed record ConceptCount(int Concept, string Name, long Patients, double Prevalence);

public sealed record LaboratoryValues(int Concept, string Name, int UnitConcept, string Unit, long Patients, long Values, Quantiles Quantiles);

/// <summary>Within 1 % of the value; the extremes are exact.</summary>
public sealed record Quantiles(double Minimum, double P5, double P25, double Median, double P75, double P95, double Maximum)
{
    public static Quantiles? Of(QuantileSketch sketch)
    {
        if (sketch.Count == 0) return null;
        double At(double share) => double.Parse(sketch.Quantile(share)!.Value.ToString("G4"));
        return new(sketch.Minimum, At(0.05), At(0.25), At(0.5), At(0.75), At(0.95), sketch.Maximum);
    }
}
