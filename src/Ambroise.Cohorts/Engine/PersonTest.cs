using System.Collections.Immutable;
using Ambroise.Cohorts.Definitions;
using Ambroise.Lake.Columns;

namespace Ambroise.Cohorts.Engine;

/// <summary>Attributes of an event's dates and of its patient.</summary>
static class PersonTest
{
    /// <returns>Null.Int32 where absent.</returns>
    public static int Value(Subject subject, ShardIndex index, ushort patient, int start, int end) => subject switch
    {
        Subject.Start => start,
        Subject.End => end,
        Subject.Length => end == Null.Int32 ? Null.Int32 : end - start,
        Subject.AgeAtStart => Age(index, patient, start),
        Subject.AgeAtEnd => Age(index, patient, end),
        Subject.Gender => index.Gender[patient],
        Subject.Race => index.Race[patient],
        Subject.Ethnicity => index.Ethnicity[patient],
        _ => Null.Int32,
    };

    public static bool Holds(ValueTest test, int value) => test switch
    {
        ValueTest.Whole whole => whole.Holds(value),
        ValueTest.Real real => value != Null.Int32 && real.Holds(value),
        _ => false,
    };

    public static bool All(ImmutableArray<BoundFilter> filters, ShardIndex index, ushort patient, int start, int end)
    {
        foreach (var filter in filters)
            if (!Holds(filter.Test, Value(filter.Subject, index, patient, start, end))) return false;
        return true;
    }

    /// <summary>Year of the day less year of birth: the CDM promises no more of a birth.</summary>
    static int Age(ShardIndex index, ushort patient, int day) =>
        day == Null.Int32 || index.YearOfBirth[patient] == Null.Int32 ? Null.Int32 : Days.Date(day).Year - index.YearOfBirth[patient];
}
