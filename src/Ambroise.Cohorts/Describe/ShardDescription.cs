namespace Ambroise.Cohorts.Describe;

/// <summary>Days around the index date in which records count.</summary>
public sealed record DescribeOptions(int DaysBefore = 365, int DaysAfter = 30);

/// <summary>What one shard adds to a description: counts that merge by addition, in any order. Holds no patient.</summary>
public sealed class ShardDescription
{
    public long Patients { get; internal set; }
    public long Rows { get; internal set; }

    /// <summary>Patients by age in years at index and gender concept (0: unknown).</summary>
    public Dictionary<(int Age, int Gender), long> Ages { get; } = [];

    public Dictionary<int, long> IndexYears { get; } = [];

    /// <summary>Patients with the concept in the window, by CDM table and concept. Concept 0 is left out.</summary>
    public Dictionary<(string Table, int Concept), long> Prevalence { get; } = [];

    /// <summary>Values in the window by measurement concept and unit concept (0: none).</summary>
    public Dictionary<(int Measurement, int Unit), (QuantileSketch Values, long Patients)> Laboratory { get; } = [];

    /// <summary>Days from index to the end of the observation period.</summary>
    public QuantileSketch FollowUp { get; private set; } = new();

    /// <summary>Patients by whole years of follow-up.</summary>
    public Dictionary<int, long> FollowUpYears { get; } = [];

    /// <summary>Days of a patient's first stay in the cohort.</summary>
    public QuantileSketch TimeInCohort { get; private set; } = new();

    public void Merge(ShardDescription other)
    {
        Patients += other.Patients;
        Rows += other.Rows;
        Sum(Ages, other.Ages);
        Sum(IndexYears, other.IndexYears);
        Sum(Prevalence, other.Prevalence);
        Sum(FollowUpYears, other.FollowUpYears);
        foreach (var (key, more) in other.Laboratory)
        {
            var (values, patients) = Laboratory.GetValueOrDefault(key, (new(), 0));
            values.Merge(more.Values);
            Laboratory[key] = (values, patients + more.Patients);
        }
        FollowUp.Merge(other.FollowUp);
        TimeInCohort.Merge(other.TimeInCohort);
    }

    static void Sum<TKey>(Dictionary<TKey, long> into, Dictionary<TKey, long> from) where TKey : notnull
    {
        foreach (var (key, count) in from) Add(into, key, count);
    }

    internal static void Add<TKey>(Dictionary<TKey, long> counts, TKey key, long count = 1) where TKey : notnull => counts[key] = counts.GetValueOrDefault(key) + count;
}
