using Ambroise.Cohorts.Definitions;

namespace Ambroise.Cli.Disclosure;

/// <summary>Criteria that people without a permit may use: dates at the grain of the month, since "admitted on 14 March" picks out a person; no number that is borne by one patient.</summary>
static class OpenCriteria
{
    /// <returns>Null; or <c>disclosure.day-grain</c> with the place of a date that is neither the first nor the last day of a month, <c>disclosure.identifier</c> with that of an identifier.</returns>
    public static Failure? Check(CohortDefinition definition)
    {
        foreach (var (path, filter) in definition.Filters())
        {
            if (filter is Filter.Date date && (TooFine(path, "Value", date.Value) ?? TooFine(path, "Extent", date.Extent)) is { } tooFine) return tooFine;
            // The number of a device or a specimen is its bearer's alone; a lot is given to few.
            if (filter.Subject is Subject.UniqueDeviceId or Subject.SourceId or Subject.LotNumber)
                return new(FailureKind.Forbidden, "disclosure.identifier", $"{path}: without a permit nobody is found by a device's, a specimen's or a lot's number.");
        }
        foreach (var (path, criterion) in definition.Criteria())
            if (TooFine($"{path}.UserDefinedPeriod", criterion.UserDefined) is { } tooFine) return tooFine;
        return TooFine("$.CensorWindow", definition.CensorWindow);
    }

    static Failure? TooFine(string path, Period? period) => period is null ? null : TooFine(path, "StartDate", period.Start) ?? TooFine(path, "EndDate", period.End);

    static Failure? TooFine(string path, string member, DateOnly? day) => day is not { } given || given.Day == 1 || given.Day == DateTime.DaysInMonth(given.Year, given.Month) ? null
        : new(FailureKind.Forbidden, "disclosure.day-grain", $"{path}.{member}: without a permit a date is the first or the last day of a month.");
}
