using Ambroise.Cohorts.Definitions;
using Ambroise.Lake.Columns;

namespace Ambroise.Cohorts.Engine;

/// <summary>Dates of the rows, and what is asked of them and of their patients.</summary>
sealed partial class CriterionScan
{
    /// <summary>2099-12-31: the end of an address that has none.</summary>
    const int OpenEnd = 47481;

    /// <summary>Finds patient and dates of each row, and asks what is asked of them.</summary>
    /// <returns>False where no row is left.</returns>
    bool Dates()
    {
        ReadDates();
        if (AgeAndSex.Of(criterion.Filters) is { } both)
        {
            cancel.ThrowIfCancellationRequested();
            KeepAt(both.Places(index, patient.Span, start.Span, scratch));
        }
        // What a patient is costs less to look up than an age to reckon.
        foreach (var filter in criterion.Filters) if (IsOfPerson(filter.Subject)) NarrowByDates(filter);
        foreach (var filter in criterion.Filters) if (!IsOfPerson(filter.Subject)) NarrowByDates(filter);
        return rows.Count > 0;
    }

    bool ReadsEnd => criterion.Needs.HasFlag(Needs.End) || criterion.Criterion.Adjustment is not null || criterion.Criterion.UserDefined is not null || criterion.Counted == CountColumn.Duration
        || criterion.Filters.Any(static f => f.Subject is Subject.End or Subject.Length or Subject.AgeAtEnd);

    /// <summary>Patients and dates of the rows left, defaults and adjustments applied.</summary>
    void ReadDates()
    {
        var of = table.Definition;
        (patient, start) = (Patients(), Int32(of.Columns[of.Start]));
        if (!ReadsEnd) return;
        end = Ends();
        if (criterion.Criterion.Adjustment is { } adjust && criterion.Criterion.Kind is not (CriterionKind.Specimen or CriterionKind.LocationRegion)) Adjust(adjust);
        if (criterion.Criterion.UserDefined is { } own) NarrowToPeriods(own);
    }

    ReadOnlyMemory<int> Ends()
    {
        var (of, rule) = (table.Definition, criterion.Kind.End);
        var recorded = rule == EndRule.NextDay ? start : Int32(of.Columns[of.End]);
        if (rule == EndRule.Recorded || (rule != EndRule.NextDay && !recorded.Span.Contains(Null.Int32))) return recorded;
        var made = scratch.Rent<int>(recorded.Length);
        var to = made.Span;
        var from = recorded.Span;
        var starts = start.Span;
        switch (rule)
        {
            case EndRule.NextDay:
                for (var i = 0; i < to.Length; i++) to[i] = starts[i] + 1;
                break;
            case EndRule.RecordedOrNextDay:
                for (var i = 0; i < to.Length; i++) to[i] = from[i] == Null.Int32 ? starts[i] + 1 : from[i];
                break;
            case EndRule.RecordedOrOpen:
                for (var i = 0; i < to.Length; i++) to[i] = from[i] == Null.Int32 ? OpenEnd : from[i];
                break;
            default:
                var supply = Int32(of["days_supply"]).Span;
                for (var i = 0; i < to.Length; i++) to[i] = from[i] != Null.Int32 ? from[i] : starts[i] + (supply[i] == Null.Int32 ? 1 : supply[i]);
                break;
        }
        return made;
    }

    void Adjust(DateAdjustment adjust)
    {
        // A death always runs from its day to the next, whatever the adjustment counts from.
        var (fromEnd, fromStart) = criterion.Criterion.Kind == CriterionKind.Death ? (false, false) : (adjust.StartFromEnd, adjust.EndFromStart);
        var starts = start.Span;
        var ends = end.Span;
        var places = scratch.Rent<int>(rows.Count).Span;
        var kept = 0;
        var (newStarts, newEnds) = (scratch.Rent<int>(rows.Count), scratch.Rent<int>(rows.Count));
        for (var i = 0; i < starts.Length; i++)
        {
            var (s, e) = (fromEnd ? ends[i] : starts[i], fromStart ? starts[i] : ends[i]);
            if (s == Null.Int32 || e == Null.Int32 || e + adjust.EndOffsetDays < s + adjust.StartOffsetDays) continue;
            (places[kept++], newStarts.Span[i], newEnds.Span[i]) = (i, s + adjust.StartOffsetDays, e + adjust.EndOffsetDays);
        }
        (start, end) = (newStarts, newEnds);
        KeepAt(places[..kept]);
    }

    void NarrowToPeriods(Definitions.Period own)
    {
        var starts = start.Span;
        var ends = end.Span;
        var places = scratch.Rent<int>(rows.Count).Span;
        var kept = 0;
        for (var i = 0; i < starts.Length; i++)
        {
            if (own.Start is { } s && !(starts[i] <= Days.Of(s) && ends[i] >= Days.Of(s))) continue;
            if (own.End is { } e && !(starts[i] <= Days.Of(e) && ends[i] >= Days.Of(e))) continue;
            places[kept++] = i;
        }
        KeepAt(places[..kept]);
    }

    void NarrowByDates(BoundFilter filter)
    {
        if (rows.Count == 0 || !IsOfDatesOrPerson(filter.Subject) || AgeAndSex.Is(filter)) return;
        cancel.ThrowIfCancellationRequested();
        // The filter on a drug exposure's end looks at its start, as the language's own implementation does.
        var subject = filter.Subject == Subject.End && criterion.Criterion.Kind == CriterionKind.DrugExposure ? Subject.Start : filter.Subject;
        var values = PersonTest.Values(subject, index, patient.Span, start.Span, end.Span, scratch);
        switch (filter.Test)
        {
            case ValueTest.Whole test: KeepWhere(values, new IsWhole(test)); break;
            case ValueTest.Real test: KeepWhere(values, new IsReal(test)); break;
            default: KeepAt([]); break;
        }
    }

    void KeepWhere<TTest>(ReadOnlySpan<int> values, TTest test) where TTest : struct, IHolds<int>
    {
        var places = scratch.Rent<int>(values.Length + 1).Span;
        var kept = 0;
        for (var i = 0; i < values.Length; i++)
        {
            places[kept] = i;
            kept += test.Holds(values[i]) ? 1 : 0;
        }
        KeepAt(places[..kept]);
    }
}
