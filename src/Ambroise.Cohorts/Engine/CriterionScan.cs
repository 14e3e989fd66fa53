using Ambroise.Cohorts.Definitions;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;

namespace Ambroise.Cohorts.Engine;

/// <summary>Picks a criterion's events from a shard: rows of its concepts, narrowed column by column, each column read for the rows still in play alone.
/// Correlated conditions come later.</summary>
sealed partial class CriterionScan
{
    readonly BoundCriterion criterion;
    readonly ShardIndex index;
    readonly IShardTable table;
    readonly Scratch scratch;
    readonly CancellationToken cancel;
    readonly RowSet rows;
    readonly List<ConceptRun> runs;

    /// <summary>Rows are in order of (patient, start, key) as they stand.</summary>
    readonly bool ordered;

    ReadOnlyMemory<ushort> patient;
    ReadOnlyMemory<int> start, end;

    CriterionScan(BoundCriterion criterion, ShardIndex index, IShardTable table, Scratch scratch, CancellationToken cancel)
    {
        (this.criterion, this.index, this.table, this.scratch, this.cancel) = (criterion, index, table, scratch, cancel);
        runs = Runs();
        ordered = !criterion.Kind.SortsByConcept || (runs.Count <= 1 && (criterion.Concepts is not null || table.Runs.Length <= 1));
        rows = new(runs, scratch, cancel);
    }

    public static EventList Run(BoundCriterion criterion, ShardIndex index, Scratch scratch, CancellationToken cancel)
    {
        var list = index.Shard.Table(criterion.Kind.Table) is { Rows: > 0 } table ? new CriterionScan(criterion, index, table, scratch, cancel).Scan() : EventList.None;
        index.Read(criterion.Kind.Table);
        return list;
    }

    /// <returns>The patients of the events, without their dates; null where some event may begin outside of every observation period, or correlated conditions decide.</returns>
    public static PatientList? Patients(BoundCriterion criterion, ShardIndex index, Scratch scratch, CancellationToken cancel)
    {
        if (criterion.Correlated is not null || criterion.Criterion is not { Adjustment: null, UserDefined: null }) return null;
        var scan = index.Shard.Table(criterion.Kind.Table) is { Rows: > 0 } table ? new CriterionScan(criterion, index, table, scratch, cancel) : null;
        if (scan?.BeginInside() == false) return null;
        var found = new PatientList(scan?.ordered ?? true);
        if (scan?.Narrow() == true) scan.AddPatients(found);
        index.Read(criterion.Kind.Table);
        return found;
    }

    /// <summary>Adds the patients of the rows left. Runs none of whose rows was left out are passed over where they lie.</summary>
    void AddPatients(PatientList to)
    {
        var both = AgeAndSex.IsAll(criterion.Filters) ? AgeAndSex.Of(criterion.Filters) : null;
        if (both is null && criterion.Filters.Any(static f => IsOfDatesOrPerson(f.Subject)))
        {
            if (Dates()) to.Add(patient);
            return;
        }
        var day = table.Definition.Columns[table.Definition.Start];
        foreach (var (block, from, count) in rows.Stretches())
        {
            cancel.ThrowIfCancellationRequested();
            var patients = table.Patients(block).AsMemory(from, count);
            to.Add(both is null ? patients : both.Patients(index, patients.Span, both.OfAge ? table.Int32(day, block).AsSpan(from, count) : default, scratch));
        }
        if (rows.IsChosen) to.Add(both is null ? Patients() : both.Patients(index, Patients().Span, both.OfAge ? Int32(day).Span : default, scratch));
    }

    /// <returns>Whether every row of the concepts begins inside an observation period.</returns>
    bool BeginInside()
    {
        var next = 0;
        foreach (var run in runs)
        {
            for (var block = Math.Max(next, run.Start >> RowSet.Shift); block <= (run.End - 1) >> RowSet.Shift; block++)
            {
                cancel.ThrowIfCancellationRequested();
                if (!index.BeginsInside(table, block)) return false;
                next = block + 1;
            }
        }
        return true;
    }

    EventList Scan() => Narrow() && Dates() ? List() : EventList.None;

    /// <summary>Finds the rows, by all but dates and patient.</summary>
    /// <returns>False where there is none.</returns>
    bool Narrow()
    {
        Concepts();
        if (criterion.Criterion.First) KeepFirst();
        foreach (var filter in criterion.Filters) Narrow(filter);
        return rows.Count > 0;
    }

    /// <summary>Runs of the criterion's concepts, or the whole table where it is not sorted by them.</summary>
    List<ConceptRun> Runs()
    {
        if (criterion.Concepts is not { } concepts || !criterion.Kind.SortsByConcept) return [new(0, 0, table.Rows)];
        var runs = table.Runs.Span;
        var found = new List<ConceptRun>();
        if (concepts.Length * 4L < runs.Length)
        {
            foreach (var concept in concepts)
                if (Find(runs, concept) is >= 0 and var at) found.Add(runs[at]);
            return found;
        }
        for (int c = 0, r = 0; c < concepts.Length && r < runs.Length;)
        {
            if (concepts[c] < runs[r].Concept) c++;
            else if (concepts[c] > runs[r].Concept) r++;
            else
            {
                found.Add(runs[r++]);
                c++;
            }
        }
        return found;
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

    ReadOnlyMemory<int> Int32(CdmColumn column) => rows.Take(b => table.Int32(column, b));

    ReadOnlyMemory<long> Int64(CdmColumn column) => rows.Take(b => table.Int64(column, b));

    ReadOnlyMemory<ushort> Patients() => rows.Take(table.Patients);

    /// <summary>Any numeric column as real numbers; NaN where absent.</summary>
    ReadOnlyMemory<double> Real(CdmColumn column)
    {
        if (column.Type == ColumnType.Float64) return rows.Take(b => table.Float64(column, b));
        var whole = Int32(column).Span;
        var real = scratch.Rent<double>(whole.Length);
        for (var i = 0; i < whole.Length; i++) real.Span[i] = whole[i] == Null.Int32 ? double.NaN : whole[i];
        return real;
    }

    /// <summary>Any numeric column as 64 bits that are equal where values are; absent values are <see cref="Null.Int64"/>.</summary>
    ReadOnlyMemory<long> Bits(CdmColumn column)
    {
        if (column.Type is ColumnType.Int64 or ColumnType.Timestamp) return Int64(column);
        var real = Real(column).Span;
        var bits = scratch.Rent<long>(real.Length);
        // Adding zero makes one of the two zeros.
        for (var i = 0; i < real.Length; i++) bits.Span[i] = double.IsNaN(real[i]) ? Null.Int64 : BitConverter.DoubleToInt64Bits(real[i] + 0.0);
        return bits;
    }

    readonly struct Is<T>(Func<T, bool> holds) : IHolds<T>
    {
        public bool Holds(T value) => holds(value);
    }

    readonly struct IsWhole(ValueTest.Whole test) : IHolds<int>
    {
        public bool Holds(int value) => test.Holds(value);
    }

    readonly struct IsReal(ValueTest.Real test) : IHolds<double>, IHolds<int>
    {
        public bool Holds(double value) => test.Holds(value);
        public bool Holds(int value) => test.Holds(value);
    }

    void Keep(CdmColumn column, ValueTest.Whole test) => rows.Keep(b => table.Int32(column, b), new IsWhole(test));

    void KeepBy(CdmColumn id, Func<long, bool> holds) => rows.Keep(b => table.Int64(id, b), new Is<long>(holds));

    /// <summary>Keeps what is in play at some places, ascending.</summary>
    void KeepAt(ReadOnlySpan<int> places)
    {
        if (places.Length == rows.Count) return;
        (patient, start, end) = (scratch.Pick(patient, places), scratch.Pick(start, places), scratch.Pick(end, places));
        rows.Keep(places);
    }

    /// <summary>Concepts the runs cannot tell: of unsorted tables, of the source, of an address.</summary>
    void Concepts()
    {
        if (criterion.Criterion.Kind == CriterionKind.LocationRegion)
        {
            rows.Keep(b => table.Text(Cdm54.LocationHistory["domain_id"], b), new Is<string?>(d => d == "PERSON"));
            KeepBy(Cdm54.LocationHistory["location_id"], l => index.Location(l, out var region) && (criterion.Concepts is not { } regions || (region != Null.Int32 && Array.BinarySearch(regions, region) >= 0)));
            return;
        }
        if (criterion.Concepts is { } concepts && !criterion.Kind.SortsByConcept) Keep(criterion.Kind.Concept!, ValueTest.Whole.Among(concepts, false, false));
        if (criterion.SourceConcepts is { } sources && criterion.Kind.SourceConcept is { } source) Keep(source, ValueTest.Whole.Among(sources, false, false));
    }

    /// <summary>The patient's first row by recorded start, then key, before any filter.</summary>
    void KeepFirst()
    {
        var patients = Patients().Span;
        var places = scratch.Rent<int>(patients.Length + 1).Span;
        var kept = 0;
        if (ordered)
        {
            for (var i = 0; i < patients.Length; i++)
            {
                places[kept] = i;
                if (i == 0 || patients[i] != patients[i - 1]) kept++;
            }
        }
        else
        {
            var starts = Int32(table.Definition.Columns[table.Definition.Start]).Span;
            var keys = Int64(table.Definition.Columns[table.Definition.Key]).Span;
            var best = scratch.Rent<int>(index.Shard.Patients).Span;
            best.Fill(-1);
            for (var i = 0; i < patients.Length; i++)
            {
                ref var b = ref best[patients[i]];
                if (b < 0 || starts[i] < starts[b] || (starts[i] == starts[b] && keys[i] < keys[b])) b = i;
            }
            for (var i = 0; i < patients.Length; i++)
                if (best[patients[i]] == i) places[kept++] = i;
        }
        rows.Keep(places[..kept]);
    }

    /// <summary>Filters on a column of the row.</summary>
    void Narrow(BoundFilter filter)
    {
        if (rows.Count == 0 || IsOfDatesOrPerson(filter.Subject)) return;
        if (filter.Test is ValueTest.Abnormal)
        {
            NarrowToAbnormal();
            return;
        }
        if (criterion.Kind.Column(filter.Subject) is not { } column)
        {
            // The CDM has no such column (the dose of a drug exposure, since 5.1): absent for every row.
            if (filter.Test is not ValueTest.Whole whole || !whole.Holds(Null.Int32)) rows.Keep([]);
            return;
        }
        switch (filter.Subject, filter.Test)
        {
            case (Subject.ProviderSpecialty, ValueTest.Whole test): KeepBy(column, p => test.Holds(index.Specialty(p))); break;
            case (Subject.VisitType, ValueTest.Whole test) when criterion.Criterion.Kind != CriterionKind.VisitOccurrence: NarrowByVisit(column, test); break;
            case (Subject.PlaceOfService, ValueTest.Whole test): KeepBy(column, s => index.Place(s, out var place) && test.Holds(place)); break;
            case (Subject.PlaceOfServiceRegion, ValueTest.Whole test): KeepBy(column, s => test.Holds(index.CareSiteRegion(s))); break;
            case (Subject.RangeLowRatio or Subject.RangeHighRatio, ValueTest.Real test): NarrowByRatio(column, test); break;
            case (_, ValueTest.Whole test): Keep(column, test); break;
            case (_, ValueTest.Real test) when column.Type == ColumnType.Float64: rows.Keep<double, IsReal>(b => table.Float64(column, b), new(test)); break;
            case (_, ValueTest.Real test): rows.Keep<int, IsReal>(b => table.Int32(column, b), new(test)); break;
            case (_, ValueTest.Like test): rows.Keep(b => table.Text(column, b), new Is<string?>(test.Holds)); break;
        }
    }

    public static bool IsOfDatesOrPerson(Subject subject) => subject is Subject.Start or Subject.End or Subject.Length or Subject.AgeAtStart or Subject.AgeAtEnd || IsOfPerson(subject);

    static bool IsOfPerson(Subject subject) => subject is Subject.Gender or Subject.Race or Subject.Ethnicity;

    void NarrowByVisit(CdmColumn column, ValueTest.Whole test)
    {
        var visits = Int64(column).Span;
        var patients = Patients().Span;
        var places = scratch.Rent<int>(rows.Count).Span;
        var kept = 0;
        for (var i = 0; i < visits.Length; i++)
            if (index.Visits.Find(visits[i], patients[i], out var concept) && test.Holds(concept)) places[kept++] = i;
        rows.Keep(places[..kept]);
    }

    void NarrowByRatio(CdmColumn range, ValueTest.Real test)
    {
        var values = Real(criterion.Kind.Column(Subject.ValueAsNumber)!).Span;
        var bounds = Real(range).Span;
        var places = scratch.Rent<int>(rows.Count).Span;
        var kept = 0;
        for (var i = 0; i < values.Length; i++)
            if (bounds[i] != 0 && test.Holds(values[i] / bounds[i])) places[kept++] = i;
        rows.Keep(places[..kept]);
    }

    /// <summary>Below or above its range, or said to be low (4155142) or high (4155143) by the concept of its value.</summary>
    void NarrowToAbnormal()
    {
        var values = Real(criterion.Kind.Column(Subject.ValueAsNumber)!).Span;
        var lows = Real(criterion.Kind.Column(Subject.RangeLow)!).Span;
        var highs = Real(criterion.Kind.Column(Subject.RangeHigh)!).Span;
        var concepts = Int32(criterion.Kind.Column(Subject.ValueAsConcept)!).Span;
        var places = scratch.Rent<int>(rows.Count).Span;
        var kept = 0;
        for (var i = 0; i < values.Length; i++)
            if (values[i] < lows[i] || values[i] > highs[i] || concepts[i] is 4155142 or 4155143) places[kept++] = i;
        rows.Keep(places[..kept]);
    }

    /// <summary>The events in order of (patient, start, id).</summary>
    EventList List()
    {
        var of = table.Definition;
        var visit = criterion.Needs.HasFlag(Needs.Visit) && criterion.Kind.HasVisit && of.Find("visit_occurrence_id") is { } column ? Int64(column) : default;
        // Equal starts are told apart by their key, those of a table without one not at all.
        var id = criterion.Needs.HasFlag(Needs.Id) && of.Key >= 0 ? Int64(of.Columns[of.Key]) : default;
        var list = new EventList(patient, start, criterion.Needs.HasFlag(Needs.End) ? end : default, default, id, visit, Counted(), ordered && criterion.Criterion.Adjustment is null ? EventOrder.Full : EventOrder.None);
        list = list.In(criterion.Needs.Order(), index.Shard.Patients, scratch);
        if (criterion.Criterion.UserDefined is not { } own) return list;
        return list with
        {
            Start = own.Start is { } from ? Every(list.Count, Days.Of(from)) : list.Start,
            End = own.End is { } to && !list.End.IsEmpty ? Every(list.Count, Days.Of(to)) : list.End,
            Sort = list.Start,
        };
    }

    ReadOnlyMemory<int> Every(int count, int day)
    {
        var days = scratch.Rent<int>(count);
        days.Span.Fill(day);
        return days;
    }

    Memory<long> Absent()
    {
        var absent = scratch.Rent<long>(rows.Count);
        absent.Span.Fill(Null.Int64);
        return absent;
    }

    ReadOnlyMemory<long> Counted()
    {
        if (criterion.Counted is not { } wanted) return default;
        if (wanted == CountColumn.Duration) return Durations();
        if (wanted == CountColumn.DomainConcept && criterion.Criterion.Kind == CriterionKind.LocationRegion)
        {
            var places = Int64(Cdm54.LocationHistory["location_id"]).Span;
            var regions = Absent();
            for (var i = 0; i < places.Length; i++)
                if (index.Region(places[i]) is var region && region != Null.Int32) regions.Span[i] = region;
            return regions;
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
        if (column is null) return Absent();
        var bits = Bits(column);
        if (criterion.Criterion.Kind != CriterionKind.Death || wanted != CountColumn.DomainConcept) return bits;
        // A death without a cause counts as one of concept 0.
        var causes = bits.ToArray();
        causes.AsSpan().Replace(Null.Int64, 0);
        return causes;
    }

    ReadOnlyMemory<long> Durations()
    {
        var days = scratch.Rent<long>(rows.Count);
        var to = days.Span;
        var starts = start.Span;
        var ends = end.Span;
        var (ownStart, ownEnd) = (criterion.Criterion.UserDefined?.Start, criterion.Criterion.UserDefined?.End);
        for (var i = 0; i < to.Length; i++)
            to[i] = criterion.Kind.IsDay ? 1 : ends[i] == Null.Int32 ? Null.Int64 : (ownEnd is { } e ? Days.Of(e) : ends[i]) - (ownStart is { } s ? Days.Of(s) : starts[i]);
        return days;
    }
}
