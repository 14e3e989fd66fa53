namespace Ambroise.Lake.Columns;

/// <summary>Dates as columns hold them: whole days since 1970-01-01.</summary>
public static class Days
{
    /// <summary><see cref="DateOnly.DayNumber"/> of 1970-01-01.</summary>
    public const int Epoch = 719162;

    public static int Of(DateOnly date) => date.DayNumber - Epoch;

    /// <exception cref="ArgumentOutOfRangeException">Before year 1 or after year 9999.</exception>
    public static DateOnly Date(int days) => DateOnly.FromDayNumber(Epoch + days);
}
