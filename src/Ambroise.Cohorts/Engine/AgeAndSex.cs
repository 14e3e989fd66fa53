using System.Collections.Immutable;
using Ambroise.Cohorts.Definitions;
using Ambroise.Lake.Columns;

namespace Ambroise.Cohorts.Engine;

/// <summary>What filters ask of a patient's age at the start of an event and of their sex, as one test of a day: most definitions ask for both, and most events fail one.</summary>
sealed class AgeAndSex
{
    /// <summary>More years than the calendar has.</summary>
    const int Far = 20_000;

    /// <summary>By year the day it begins; before the first comes a day after the one that stands for an absent one, after the last none.</summary>
    static readonly int[] firstDays = [int.MinValue + 1, .. Enumerable.Range(1, 9999).Select(y => Days.Of(new(y, 1, 1))), int.MaxValue];

    int low = -Far, high = Far;
    bool ofAge, ofNone;
    int? sex;

    /// <returns>Null where no filter is one of these. Ages outside a range and several sexes are told by the filters themselves.</returns>
    public static AgeAndSex? Of(ImmutableArray<BoundFilter> filters)
    {
        AgeAndSex? made = null;
        foreach (var filter in filters)
        {
            if (!Is(filter)) continue;
            made ??= new();
            if (filter.Test is ValueTest.Whole { Members: [var only] })
            {
                made.ofNone |= made.sex is { } other && other != only;
                made.sex = only;
            }
            else if (filter.Test is ValueTest.Real age)
            {
                made.ofAge = true;
                made.low = Math.Max(made.low, Year(Math.Ceiling(age.Low)));
                made.high = Math.Min(made.high, Year(Math.Floor(age.High)));
            }
        }
        return made;
    }

    public static bool Is(BoundFilter filter) => filter switch
    {
        { Subject: Subject.AgeAtStart, Test: ValueTest.Real { Outside: false } } => true,
        { Subject: Subject.Gender, Test: ValueTest.Whole { Members.Length: 1, Outside: false, Always: false, IfAbsent: false, IfPresent: false } } => true,
        _ => false,
    };

    static int Year(double year) => (int)Math.Clamp(year, -Far, Far);

    /// <param name="starts">Read for an age alone.</param>
    /// <returns>The places that hold. A patient without a year of birth has no age.</returns>
    public ReadOnlySpan<int> Places(ShardIndex index, ReadOnlySpan<ushort> patients, ReadOnlySpan<int> starts, Scratch scratch)
    {
        if (ofNone) return default;
        var places = scratch.Rent<int>(patients.Length + 1).Span;
        starts = ofAge ? starts[..patients.Length] : default;
        var births = ofAge ? index.YearOfBirth : [];
        var sexes = sex is null ? births : index.Gender;
        var (wanted, either, from, to) = (sex ?? 0, sex is null, low, high + 1);
        var count = 0;
        for (var i = 0; i < patients.Length; i++)
        {
            places[count] = i;
            var patient = patients[i];
            var holds = either | sexes[patient] == wanted;
            if (ofAge) holds &= starts[i] >= firstDays[Math.Clamp(births[patient] + from, 0, 10_000)] & starts[i] < firstDays[Math.Clamp(births[patient] + to, 0, 10_000)];
            count += holds ? 1 : 0;
        }
        return places[..count];
    }
}
