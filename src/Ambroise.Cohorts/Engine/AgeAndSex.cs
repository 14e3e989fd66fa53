using System.Collections.Immutable;
using System.Runtime.CompilerServices;
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
    bool ofNone;
    int? sex;

    /// <summary>Asks for an age, not for a sex alone.</summary>
    public bool OfAge { get; private set; }

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
                made.OfAge = true;
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

    /// <returns>Whether nothing but these is asked of dates and patients.</returns>
    public static bool IsAll(ImmutableArray<BoundFilter> filters)
    {
        foreach (var filter in filters)
            if (!Is(filter) && CriterionScan.IsOfDatesOrPerson(filter.Subject)) return false;
        return true;
    }

    /// <summary>Who has an event that holds. Few events are looked at: what a patient is, is asked once, and of an age most often the last day decides.</summary>
    /// <param name="starts">Read for an age alone.</param>
    /// <returns>The patients, one for each stretch of events of one.</returns>
    public ReadOnlyMemory<ushort> Patients(ShardIndex index, ReadOnlySpan<ushort> patients, ReadOnlySpan<int> starts, Scratch scratch)
    {
        if (ofNone || patients.IsEmpty) return default;
        var begins = (OfAge ? Stretches.Ascending(patients, starts, scratch) : Stretches.Of(patients, scratch)).Span;
        var found = scratch.Rent<ushort>(begins.Length);
        var births = OfAge ? index.YearOfBirth : [];
        var count = Patients(patients, OfAge ? starts[..patients.Length] : default, begins, births, sex is null ? births : index.Gender, found.Span);
        return found[..count];
    }

    // By itself: inlined into more, it lacks registers.
    [MethodImpl(MethodImplOptions.NoInlining)]
    int Patients(ReadOnlySpan<ushort> patients, ReadOnlySpan<int> starts, ReadOnlySpan<int> begins, int[] births, int[] sexes, Span<ushort> found)
    {
        var (wanted, either, from, to, asksAge) = (sex ?? 0, sex is null, low, high + 1, OfAge);
        var count = 0;
        for (var s = 0; s < begins.Length - 1; s++)
        {
            var last = begins[s + 1] - 1;
            var patient = patients[last];
            found[count] = patient;
            var holds = either | sexes[patient] == wanted;
            if (asksAge)
            {
                var (first, end, day) = (firstDays[Math.Clamp(births[patient] + from, 0, 10_000)], firstDays[Math.Clamp(births[patient] + to, 0, 10_000)], starts[last]);
                if (day >= end & holds)
                {
                    var e = begins[s];
                    while (e < last && (starts[e] < first || starts[e] >= end)) e++;
                    day = starts[e];
                }
                holds &= day >= first & day < end;
            }
            count += holds ? 1 : 0;
        }
        return count;
    }

    /// <param name="starts">Read for an age alone.</param>
    /// <returns>The places that hold. A patient without a year of birth has no age.</returns>
    public ReadOnlySpan<int> Places(ShardIndex index, ReadOnlySpan<ushort> patients, ReadOnlySpan<int> starts, Scratch scratch)
    {
        if (ofNone) return default;
        var places = scratch.Rent<int>(patients.Length + 1).Span;
        starts = OfAge ? starts[..patients.Length] : default;
        var births = OfAge ? index.YearOfBirth : [];
        var sexes = sex is null ? births : index.Gender;
        var (wanted, either, from, to) = (sex ?? 0, sex is null, low, high + 1);
        var count = 0;
        for (var i = 0; i < patients.Length; i++)
        {
            places[count] = i;
            var patient = patients[i];
            var holds = either | sexes[patient] == wanted;
            if (OfAge) holds &= starts[i] >= firstDays[Math.Clamp(births[patient] + from, 0, 10_000)] & starts[i] < firstDays[Math.Clamp(births[patient] + to, 0, 10_000)];
            count += holds ? 1 : 0;
        }
        return places[..count];
    }
}
