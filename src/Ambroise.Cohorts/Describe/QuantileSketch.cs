namespace Ambroise.Cohorts.Describe;

/// <summary>Counts of values in geometric buckets: quantiles within 1 % of the value, whatever the order of arrival, and sketches merge exactly.</summary>
/// <remarks>Masson, Rim and Lee, DDSketch, PVLDB 2019;12(12):2195-2205, doi:10.14778/3352063.3352135, with relative accuracy 0.01.</remarks>
public sealed class QuantileSketch
{
    const double Accuracy = 0.01;
    const double Smallest = 1e-9; // nearer to zero is zero
    static readonly double LogGamma = Math.Log((1 + Accuracy) / (1 - Accuracy));

    readonly SortedDictionary<int, long> buckets = []; // negative values mirror: key order is value order

    public long Count { get; private set; }
    public double Minimum { get; private set; } = double.PositiveInfinity;
    public double Maximum { get; private set; } = double.NegativeInfinity;

    /// <summary>NaN and infinities are left out.</summary>
    public void Add(double value, long times = 1)
    {
        if (!double.IsFinite(value)) return;
        var key = Key(value);
        buckets[key] = buckets.GetValueOrDefault(key) + times;
        Count += times;
        (Minimum, Maximum) = (Math.Min(Minimum, value), Math.Max(Maximum, value));
    }

    public void Merge(QuantileSketch other)
    {
        foreach (var (key, count) in other.buckets) buckets[key] = buckets.GetValueOrDefault(key) + count;
        Count += other.Count;
        (Minimum, Maximum) = (Math.Min(Minimum, other.Minimum), Math.Max(Maximum, other.Maximum));
    }

    /// <param name="share">0 to 1.</param>
    /// <returns>The value below which that share of the values is; null where there are none.</returns>
    public double? Quantile(double share)
    {
        if (Count == 0) return null;
        var rank = (long)Math.Floor(share * (Count - 1));
        long before = 0;
        foreach (var (key, count) in buckets)
        {
            before += count;
            if (before > rank) return Math.Clamp(Value(key), Minimum, Maximum);
        }
        return Maximum;
    }

    // Bucket keys of positive values are shifted above zero, so that their mirror image serves negative ones.
    static readonly int Shift = 1 - (int)Math.Ceiling(Math.Log(Smallest) / LogGamma);

    static int Key(double value) => Math.Abs(value) <= Smallest ? 0 : Math.Sign(value) * ((int)Math.Ceiling(Math.Log(Math.Abs(value)) / LogGamma) + Shift);

    static double Value(int key) => key == 0 ? 0 : Math.Sign(key) * 2 * Math.Exp((Math.Abs(key) - Shift) * LogGamma) / (Math.Exp(LogGamma) + 1);
}
