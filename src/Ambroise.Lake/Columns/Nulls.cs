namespace Ambroise.Lake.Columns;

/// <summary>How an absent value is held in memory: one reserved value per type, so that hot loops test no bitmap.</summary>
public static class Null
{
    /// <summary>Absent <c>Int32</c> or <c>Date</c>.</summary>
    public const int Int32 = int.MinValue;

    /// <summary>Absent <c>Int64</c> or <c>Timestamp</c>.</summary>
    public const long Int64 = long.MinValue;

    /// <summary>Absent <c>Float64</c>; a source's own NaN is absent too.</summary>
    public const double Float64 = double.NaN;
}
