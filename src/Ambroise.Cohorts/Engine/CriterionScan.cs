using System.Buffers;
using System.Runtime.InteropServices;
using Ambroise.Cohorts.Definitions;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;

namespace Ambroise.Cohorts.Engine;

/// <summary>Picks a criterion's events from a shard: rows of its concepts, narrowed column by column, each column read for the rows still in play alone.
/// Correlated conditions come later.</summary>
sealed class CriterionScan
{
    /// <summary>2099-12-31: the end of an address that has none.</summary>
    const int OpenEnd = 47481;

    readonly BoundCriterion criterion;
    readonly ShardIndex index;
    readonly IShardTable table;
    readonly CancellationToken cancel;
    int[] rows = [];
    ushort[] patient = [];
    int[] start = [], end = [];
    int count;

    CriterionScan(BoundCriterion criterion, ShardIndex index, IShardTable table, CancellationToken cancel) => (this.criterion, this.index, this.table, this.cancel) = (criterion, index, table, cancel);

    public static EventList Run(BoundCriterion criterion, ShardIndex index, CancellationToken cancel) =>
        index.Shard.Table(criterion.Kind.Table) is { Rows: > 0 } table ? new CriterionScan(criterion, index, table, cancel).Scan() : EventList.None;

    EventList Scan()
    {
        rows = Rows();
        count = rows.Length;
        if (count == 0) return EventList.None;
        var single = Concepts();
        if (criterion.Criterion.First) KeepFirst();
        foreach (var filter in criterion.Filters) Narrow(filter);
        if (count == 0) return EventList.None;
        Dates();
        foreach (var filter in criterion.Filters) NarrowByDates(filter);
        return count == 0 ? EventList.None : List(single);
    }

    ReadOnlySpan<int> Current => rows.AsSpan(0, count);

    /// <summary>Rows of the criterion's concepts, or every row where the table is not sorted by them.</summary>
    int[] Rows()
    {
        if (criterion.Concepts is not { } concepts || !criterion.Kind.SortsByConcept) return Every(table.Rows);
        var runs = table.Runs.Span;
        var found = new List<ConceptRun>();
        if (concepts.Length * 4L < runs.Length)
        {
            foreach (var concept in concepts)
                if (Find(runs, concept) is >= 0 and var at) found.Add(runs[at]);
        }
        else
        {
            for (int c = 0, r = 0; c < concepts.Length && r < runs.Length;)
            {
                if (concepts[c] < runs[r].Concept) c++;
                else if (concepts[c] > runs[r].Concept) r++;
                else (found, c, r) = (Added(found, runs[r]), c + 1, r + 1);
            }
        }
        var total = 0;
        foreach (var run in found) total += run.End - run.Start;
        var all = new int[total];
        var to = 0;
        foreach (var run in found)
            for (var row = run.Start; row < run.End; row++) all[to++] = row;
        return all;
    }

    static List<ConceptRun> Added(List<ConceptRun> runs, ConceptRun run)
    {
        runs.Add(run);
        return runs;
    }

    static int Find(ReadOnlySpan<ConceptRun> runs, int concept)
    {
        int low = 0, high = runs.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (runs[middle].Concept == concept) return middle;
            if (runs[middle].Concept < concept) low = middle + 1;
            else high = middle - 1;
        }
        return -1;
    }

    static int[] Every(int rows)
    {
        var all = new int[rows];
        for (var i = 0; i < all.Length; i++) all[i] = i;
        return all;
    }

    /// <summary>Concepts the runs cannot tell: of unsorted tables, of the source, of an address.</summary>
    /// <returns>Rows are of one run, so already in order of patient and start.</returns>
    bool Concepts()
    {
        cancel.ThrowIfCancellationRequested();
        if (criterion.Criterion.Kind == CriterionKind.LocationRegion)
        {
            Keep<string?>(Cdm54.LocationHistory["domain_id"], Gather.Text, d => d == "PERSON");
            if (criterion.Concepts is { } regions)
                Keep<long>(Cdm54.LocationHistory["location_id"], Gather.Int64, l => index.Region(l) is var region && region != Null.Int32 && Array.BinarySearch(regions, region) >= 0);
            return true;
        }
        if (criterion.Concepts is { } concepts && !criterion.Kind.SortsByConcept) KeepWhole(criterion.Kind.Concept!, ValueTest.Whole.Among(concepts, false, false));
        if (criterion.SourceConcepts is { } sources && criterion.Kind.SourceConcept is { } source) KeepWhole(source, ValueTest.Whole.Among(sources, false, false));
        return !criterion.Kind.SortsByConcept || criterion.Concepts is { Length: <= 1 };
    }

    delegate void Reader<T>(IShardTable table, CdmColumn column, ReadOnlySpan<int> rows, Span<T> to);

    void Keep<T>(CdmColumn column, Reader<T> read, Func<T, bool> holds)
    {
        if (count == 0) return;
        cancel.ThrowIfCancellationRequested();
        var values = new T[count];
        read(table, column, Current, values);
        var kept = 0;
        for (var i = 0; i < count; i++)
            if (holds(values[i])) rows[kept++] = rows[i];
        count = kept;
    }

    void KeepWhole(CdmColumn column, ValueTest.Whole test)
    {
        if (count == 0) return;
        cancel.ThrowIfCancellationRequested();
        var values = ArrayPool<int>.Shared.Rent(count);
        Gather.Int32(table, column, Current, values);
        var kept = 0;
        for (var i = 0; i < count; i++)
            if (test.Holds(values[i])) rows[kept++] = rows[i];
        count = kept;
        ArrayPool<int>.Shared.Return(values);
    }

    /// <summary>The patient's first row by recorded start, then key, before any filter.</summary>
    void KeepFirst()
    {
        if (count == 0) return;
        cancel.ThrowIfCancellationRequested();
        var (patients, starts, keys) = (new ushort[count], new int[count], new long[count]);
        Gather.Patients(table, Current, patients);
        Gather.Int32(table, table.Definition.Columns[table.Definition.Start], Current, starts);
        Gather.Int64(table, table.Definition.Columns[table.Definition.Key], Current, keys);
        var best = ArrayPool<int>.Shared.Rent(index.Shard.Patients);
        best.AsSpan(0, index.Shard.Patients).Fill(-1);
        for (var i = 0; i < count; i++)
        {
            ref var b = ref best[patients[i]];
            if (b < 0 || starts[i] < starts[b] || (starts[i] == starts[b] && keys[i] < keys[b])) b = i;
        }
        var kept = 0;
        for (var i = 0; i < count; i++)
            if (best[patients[i]] == i) rows[kept++] = rows[i];
        count = kept;
        ArrayPool<int>.Shared.Return(best);
    }

    /// <summary>Filters on a column of the row.</summary>
    void Narrow(BoundFilter filter)
    {
        if (count == 0 || IsOfDatesOrPerson(filter.Subject)) return;
        if (filter.Test is ValueTest.Abnormal)
        {
            NarrowToAbnormal();
            return;
        }
        if (criterion.Kind.Column(filter.Subject) is not { } column)
        {
            // The CDM has no such column (the dose of a drug exposure, since 5.1): absent for every row.
            if (filter.Test is not ValueTest.Whole whole || !whole.Holds(Null.Int32)) count = 0;
            return;
        }
        switch (filter.Subject, filter.Test)
        {
            case (Subject.ProviderSpecialty, ValueTest.Whole test): Keep<long>(column, Gather.Int64, p => test.Holds(index.Specialty(p))); break;
            case (Subject.VisitType, ValueTest.Whole test) when criterion.Criterion.Kind != CriterionKind.VisitOccurrence: NarrowByVisit(column, test); break;
            case (Subject.PlaceOfService, ValueTest.Whole test): Keep<long>(column, Gather.Int64, s => index.Place(s, out var place) && test.Holds(place)); break;
            case (Subject.PlaceOfServiceRegion, ValueTest.Whole test): Keep<long>(column, Gather.Int64, s => test.Holds(index.CareSiteRegion(s))); break;
            case (Subject.RangeLowRatio or Subject.RangeHighRatio, ValueTest.Real test): NarrowByRatio(column, test); break;
            case (_, ValueTest.Whole test): KeepWhole(column, test); break;
            case (_, ValueTest.Real test): Keep<double>(column, Gather.Real, test.Holds); break;
            case (_, ValueTest.Like test): Keep<string?>(column, Gather.Text, test.Holds); break;
        }
    }

    static bool IsOfDatesOrPerson(Subject subject) => subject is Subject.Start or Subject.End or Subject.Length or Subject.AgeAtStart or Subject.AgeAtEnd or Subject.Gender or Subject.Race or Subject.Ethnicity;

    void NarrowByVisit(CdmColumn column, ValueTest.Whole test)
    {
        var (visits, patients) = (new long[count], new ushort[count]);
        Gather.Int64(table, column, Current, visits);
        Gather.Patients(table, Current, patients);
        var kept = 0;
        for (var i = 0; i < count; i++)
            if (index.Visits.Find(visits[i], patients[i], out var concept) && test.Holds(concept)) rows[kept++] = rows[i];
        count = kept;
    }

    void NarrowByRatio(CdmColumn range, ValueTest.Real test)
    {
        var (values, bounds) = (new double[count], new double[count]);
        Gather.Real(table, criterion.Kind.Column(Subject.ValueAsNumber)!, Current, values);
        Gather.Real(table, range, Current, bounds);
        var kept = 0;
        for (var i = 0; i < count; i++)
            if (bounds[i] != 0 && test.Holds(values[i] / bounds[i])) rows[kept++] = rows[i];
        count = kept;
    }

    /// <summary>Below or above its range, or said to be low (4155142) or high (4155143) by the concept of its value.</summary>
    void NarrowToAbnormal()
    {
        var (values, lows, highs, concepts) = (new double[count], new double[count], new double[count], new int[count]);
        Gather.Real(table, criterion.Kind.Column(Subject.ValueAsNumber)!, Current, values);
        Gather.Real(table, criterion.Kind.Column(Subject.RangeLow)!, Current, lows);
        Gather.Real(table, criterion.Kind.Column(Subject.RangeHigh)!, Current, highs);
        Gather.Int32(table, criterion.Kind.Column(Subject.ValueAsConcept)!, Current, concepts);
        var kept = 0;
        for (var i = 0; i < count; i++)
            if (values[i] < lows[i] || values[i] > highs[i] || concepts[i] is 4155142 or 4155143) rows[kept++] = rows[i];
        count = kept;
    }

    /// <summary>Patients and dates of the rows left, defaults and adjustments applied.</summary>
    void Dates()
    {
        cancel.ThrowIfCancellationRequested();
        var of = table.Definition;
        (patient, start, end) = (new ushort[count], new int[count], new int[count]);
        Gather.Patients(table, Current, patient);
        Gather.Int32(table, of.Columns[of.Start], Current, start);
        if (criterion.Kind.End != EndRule.NextDay) Gather.Int32(table, of.Columns[of.End], Current, end);
        switch (criterion.Kind.End)
        {
            case EndRule.NextDay:
                for (var i = 0; i < count; i++) end[i] = start[i] + 1;
                break;
            case EndRule.RecordedOrNextDay:
                for (var i = 0; i < count; i++)
                    if (end[i] == Null.Int32) end[i] = start[i] + 1;
                break;
            case EndRule.RecordedOrOpen:
                for (var i = 0; i < count; i++)
                    if (end[i] == Null.Int32) end[i] = OpenEnd;
                break;
            case EndRule.DaysSupply when end.AsSpan().Contains(Null.Int32):
                var supply = new int[count];
                Gather.Int32(table, of["days_supply"], Current, supply);
                for (var i = 0; i < count; i++)
                    if (end[i] == Null.Int32) end[i] = start[i] + (supply[i] == Null.Int32 ? 1 : supply[i]);
                break;
        }
        if (criterion.Criterion.Adjustment is { } adjust && criterion.Criterion.Kind is not (CriterionKind.Specimen or CriterionKind.LocationRegion)) Adjust(adjust);
        if (criterion.Criterion.UserDefined is { } own) NarrowToPeriods(own);
    }

    void Adjust(DateAdjustment adjust)
    {
        // A death always runs from its day to the next, whatever the adjustment counts from.
        var (fromEnd, fromStart) = criterion.Criterion.Kind == CriterionKind.Death ? (false, false) : (adjust.StartFromEnd, adjust.EndFromStart);
        var kept = 0;
        for (var i = 0; i < count; i++)
        {
            var (s, e) = (fromEnd ? end[i] : start[i], fromStart ? start[i] : end[i]);
            if (s == Null.Int32 || e == Null.Int32 || e + adjust.EndOffsetDays < s + adjust.StartOffsetDays) continue;
            (rows[kept], patient[kept], start[kept], end[kept]) = (rows[i], patient[i], s + adjust.StartOffsetDays, e + adjust.EndOffsetDays);
            kept++;
        }
        count = kept;
    }

    void NarrowToPeriods(Definitions.Period own)
    {
        var kept = 0;
        for (var i = 0; i < count; i++)
        {
            if (own.Start is { } s && !(start[i] <= Days.Of(s) && end[i] >= Days.Of(s))) continue;
            if (own.End is { } e && !(start[i] <= Days.Of(e) && end[i] >= Days.Of(e))) continue;
            (rows[kept], patient[kept], start[kept], end[kept]) = (rows[i], patient[i], start[i], end[i]);
            kept++;
        }
        count = kept;
    }

    void NarrowByDates(BoundFilter filter)
    {
        if (count == 0 || !IsOfDatesOrPerson(filter.Subject)) return;
        cancel.ThrowIfCancellationRequested();
        var kept = 0;
        // The filter on a drug exposure's end looks at its start, as the language's own implementation does.
        var subject = filter.Subject == Subject.End && criterion.Criterion.Kind == CriterionKind.DrugExposure ? Subject.Start : filter.Subject;
        for (var i = 0; i < count; i++)
        {
            if (!PersonTest.Holds(filter.Test, PersonTest.Value(subject, index, patient[i], start[i], end[i]))) continue;
            (rows[kept], patient[kept], start[kept], end[kept]) = (rows[i], patient[i], start[i], end[i]);
            kept++;
        }
        count = kept;
    }

    /// <summary>The events in order of (patient, start, id).</summary>
    EventList List(bool single)
    {
        var of = table.Definition;
        long[] ids = [], visits = [];
        var needsOrder = criterion.NeedsId || criterion.Correlated is not null;
        if (needsOrder && of.Key >= 0) Gather.Int64(table, of.Columns[of.Key], Current, ids = new long[count]);
        if (criterion.Kind.HasVisit && of.Find("visit_occurrence_id") is { } visit) Gather.Int64(table, visit, Current, visits = new long[count]);
        var counted = Counted();
        var (p, s, e) = (patient.AsSpan(0, count).ToArray(), start.AsSpan(0, count).ToArray(), end.AsSpan(0, count).ToArray());
        if (needsOrder && of.Key < 0)
        {
            ids = new long[count];
            for (var i = 0; i < count; i++) ids[i] = p[i];
        }
        if (!single || criterion.Criterion.Adjustment is not null)
        {
            var order = EventOrder.Of(p, s, ids, index.Shard.Patients);
            if (order is not null) (p, s, e, ids, visits, counted) = (Ordered(p, order), Ordered(s, order), Ordered(e, order), Ordered(ids, order), Ordered(visits, order), Ordered(counted, order));
        }
        var sort = s;
        if (criterion.Criterion.UserDefined is { } own)
        {
            if (own.Start is { } from) Array.Fill(s = new int[count], Days.Of(from));
            if (own.End is { } to) Array.Fill(e, Days.Of(to));
        }
        return new(p, s, e, sort, ids, visits, counted);
    }

    static T[] Ordered<T>(T[] values, int[] order)
    {
        if (values.Length == 0) return values;
        var ordered = new T[values.Length];
        for (var i = 0; i < order.Length; i++) ordered[i] = values[order[i]];
        return ordered;
    }

    long[] Counted()
    {
        if (criterion.Counted is not { } wanted) return [];
        if (wanted == CountColumn.Duration)
        {
            var days = new long[count];
            var (ownStart, ownEnd) = (criterion.Criterion.UserDefined?.Start, criterion.Criterion.UserDefined?.End);
            for (var i = 0; i < count; i++)
                days[i] = criterion.Kind.IsDay ? 1 : end[i] == Null.Int32 ? Null.Int64 : (ownEnd is { } e ? Days.Of(e) : end[i]) - (ownStart is { } s ? Days.Of(s) : start[i]);
            return days;
        }
        if (wanted == CountColumn.DomainConcept && criterion.Criterion.Kind == CriterionKind.LocationRegion)
        {
            var places = new long[count];
            Gather.Int64(table, Cdm54.LocationHistory["location_id"], Current, places);
            return Array.ConvertAll(places, l => index.Region(l) is var region && region == Null.Int32 ? Null.Int64 : region);
        }
        var column = wanted switch
        {
            CountColumn.DomainConcept => criterion.Kind.Concept,
            CountColumn.DomainSourceConcept => criterion.Kind.SourceConcept,
            CountColumn.ValueAsNumber => criterion.Kind.Column(Subject.DoseValue) ?? criterion.Kind.Column(Subject.ValueAsNumber),
            CountColumn.VisitDetailId => table.Definition.Find("visit_detail_id"),
            CountColumn.EraOccurrences => criterion.Kind.Column(Subject.OccurrenceCount),
            CountColumn.GapDays => criterion.Kind.Column(Subject.GapDays),
            CountColumn.DaysSupply => criterion.Kind.Column(Subject.DaysSupply),
            CountColumn.Quantity => criterion.Kind.Column(Subject.Quantity),
            CountColumn.RangeHigh => criterion.Kind.Column(Subject.RangeHigh),
            CountColumn.RangeLow => criterion.Kind.Column(Subject.RangeLow),
            CountColumn.Refills => criterion.Kind.Column(Subject.Refills),
            CountColumn.Unit => criterion.Kind.Column(Subject.Unit),
            _ => null,
        };
        if (column is null)
        {
            var absent = new long[count];
            Array.Fill(absent, Null.Int64);
            return absent;
        }
        var bits = Gather.Bits(table, column, Current);
        // A death without a cause counts as one of concept 0.
        if (criterion.Criterion.Kind == CriterionKind.Death && wanted == CountColumn.DomainConcept)
            for (var i = 0; i < bits.Length; i++)
                if (bits[i] == Null.Int64) bits[i] = 0;
        return bits;
    }
}
