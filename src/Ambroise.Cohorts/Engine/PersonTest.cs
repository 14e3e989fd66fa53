using System.Collections.Immutable;
using Ambroise.Cohorts.Definitions;
using Ambroise.Lake.Columns;

namespace Ambroise.Cohorts.Engine;

/// <summary>Attributes of an event's dates and of its patient.</summary>
static class PersonTest
{
    /// <param name="ends">Read for subjects of the end alone.</param>
    /// <returns>By event; Null.Int32 where absent.</returns>
    public static ReadOnlySpan<int> Values(Subject subject, ShardIndex index, ReadOnlySpan<ushort> patients, ReadOnlySpan<int> starts, ReadOnlySpan<int> ends, Scratch scratch)
    {
        switch (subject)
        {
            case Subject.Start: return starts;
            case Subject.End: return ends;
        }
        var values = scratch.Rent<int>(patients.Length).Span;
        switch (subject)
        {
            case Subject.Length:
                for (var i = 0; i < values.Length; i++) values[i] = ends[i] == Null.Int32 ? Null.Int32 : ends[i] - starts[i];
                break;
            case Subject.AgeAtStart: Ages(index.YearOfBirth, patients, starts, values); break;
            case Subject.AgeAtEnd: Ages(index.YearOfBirth, patients, ends, values); break;
            case Subject.Gender: Of(index.Gender, patients, values); break;
            case Subject.Race: Of(index.Race, patients, values); break;
            case Subject.Ethnicity: Of(index.Ethnicity, patients, values); break;
            default: values.Fill(Null.Int32); break;
        }
        return values;
    }

    public static bool Holds(ValueTest test, int value) => test switch
    {
        ValueTest.Whole whole => whole.Holds(value),
        ValueTest.Real real => real.Holds(value),
        _ => false,
    };

    /// <summary>Clears what does not hold for an event that fails one of the filters.</summary>
    public static void All(ImmutableArray<BoundFilter> filters, ShardIndex index, IndexEvents of, Scratch scratch, Span<bool> holds)
    {
        holds.Fill(true);
        foreach (var filter in filters)
        {
            var values = Values(filter.Subject, index, of.Patient.Span, of.Start.Span, of.End.Span, scratch);
            for (var i = 0; i < holds.Length; i++) holds[i] &= Holds(filter.Test, values[i]);
        }
    }

    static void Of(int[] persons, ReadOnlySpan<ushort> patients, Span<int> values)
    {
        for (var i = 0; i < values.Length; i++) values[i] = persons[patients[i]];
    }

    /// <summary>Year of the day less year of birth: the CDM promises no more of a birth.</summary>
    static void Ages(int[] births, ReadOnlySpan<ushort> patients, ReadOnlySpan<int> days, Span<int> ages)
    {
        for (var i = 0; i < ages.Length; i++)
            ages[i] = days[i] == Null.Int32 || births[patients[i]] == Null.Int32 ? Null.Int32 : Days.Year(days[i]) - births[patients[i]];
    }
}
