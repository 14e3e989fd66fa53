namespace Ambroise.Lake.Columns;

/// <summary>Dates as columns hold them: whole days since 1970-01-01.</summary>
public static class Days
{
    /// <summary><see cref="DateOnly.DayNumber"/> of 1970-01-01.</summary>
    public const int Epoch = 719162;

    /// <summary>9999-12-31, the last day that has a name.</summary>
    public const int Last = 2_932_896;

    public static int Of(DateOnly date) => date.DayNumber - Epoch;

    /// <exception cref="ArgumentOutOfRangeException">Before year 1 or after year 9999.</exception>
    public static DateOnly Date(int days) => DateOnly.FromDayNumber(Epoch + days);

    /// <returns>The calendar year of a day, by multiplication alone (C. Neri and L. Schneider, Euclidean affine functions and their application to calendar algorithms, 2022).</returns>
    /// <param name="days">From 0001-01-01 to 9999-12-31.</param>
    public static int Year(int days)
    {
        const uint ToMarchOfYear0 = 719468, Century = 146097, YearFactor = 2939745;
        var quarters = 4 * ((uint)days + ToMarchOfYear0) + 3;
        var (century, ofCentury) = (quarters / Century, quarters % Century / 4);
        var product = (ulong)YearFactor * (4 * ofCentury + 3);
        var dayOfYear = (uint)product / YearFactor / 4; // from 1 March
        return (int)(100 * century + (uint)(product >> 32) + (dayOfYear >= 306 ? 1u : 0u));
    }
}
