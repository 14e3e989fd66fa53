using System.Text.Json;

namespace Ambroise.Tests.Cohorts.Reference;

/// <summary>Something that happened to a person, as a criterion sees it. Days since 1970-01-01; the end may be absent.</summary>
/// <param name="SortDay">What orders first and last among primary events; differs from the start only for periods with user-defined dates.</param>
sealed record Event(long Id, int? Start, int? End, long? Visit, int? SortDay, Row Row);

/// <summary>Where a criterion's kind keeps its dates, concepts and key.</summary>
sealed record Kind(string Table, string? Key, string? Concept, string? SourceConcept, string? SourceMember, string StartColumn, Func<Row, int?> End, string? Visit,
    Func<Row, Event, double?> Duration)
{
    static int? PlusOne(int? day) => day + 1;

    static readonly Func<Row, Event, double?> Span = (_, e) => e.End - e.Start;
    static readonly Func<Row, Event, double?> One = (_, _) => 1;
    const string V = "visit_occurrence_id";

    public static Kind Of(string name) => name switch
    {
        "ConditionOccurrence" => new("condition_occurrence", "condition_occurrence_id", "condition_concept_id", "condition_source_concept_id", "ConditionSourceConcept",
            "condition_start_date", r => r.Day("condition_end_date") ?? PlusOne(r.Day("condition_start_date")), V, Span),
        "DrugExposure" => new("drug_exposure", "drug_exposure_id", "drug_concept_id", "drug_source_concept_id", "DrugSourceConcept", "drug_exposure_start_date", DrugEnd, V, Span),
        "ProcedureOccurrence" => new("procedure_occurrence", "procedure_occurrence_id", "procedure_concept_id", "procedure_source_concept_id", "ProcedureSourceConcept",
            "procedure_date", r => PlusOne(r.Day("procedure_date")), V, One),
        "DeviceExposure" => new("device_exposure", "device_exposure_id", "device_concept_id", "device_source_concept_id", "DeviceSourceConcept", "device_exposure_start_date",
            r => r.Day("device_exposure_end_date") ?? PlusOne(r.Day("device_exposure_start_date")), V, Span),
        "Measurement" => new("measurement", "measurement_id", "measurement_concept_id", "measurement_source_concept_id", "MeasurementSourceConcept", "measurement_date",
            r => PlusOne(r.Day("measurement_date")), V, One),
        "Observation" => new("observation", "observation_id", "observation_concept_id", "observation_source_concept_id", "ObservationSourceConcept", "observation_date",
            r => PlusOne(r.Day("observation_date")), V, One),
        "VisitOccurrence" => new("visit_occurrence", V, "visit_concept_id", "visit_source_concept_id", "VisitSourceConcept", "visit_start_date", r => r.Day("visit_end_date"), V, Span),
        "VisitDetail" => new("visit_detail", "visit_detail_id", "visit_detail_concept_id", "visit_detail_source_concept_id", "VisitDetailSourceConcept",
            "visit_detail_start_date", r => r.Day("visit_detail_end_date"), V, Span),
        "Specimen" => new("specimen", "specimen_id", "specimen_concept_id", null, null, "specimen_date", r => PlusOne(r.Day("specimen_date")), null, One),
        "Death" => new("death", null, "cause_concept_id", "cause_source_concept_id", "DeathSourceConcept", "death_date", r => PlusOne(r.Day("death_date")), null, One),
        "ConditionEra" => new("condition_era", "condition_era_id", "condition_concept_id", null, null, "condition_era_start_date", r => r.Day("condition_era_end_date"), null, Span),
        "DrugEra" => new("drug_era", "drug_era_id", "drug_concept_id", null, null, "drug_era_start_date", r => r.Day("drug_era_end_date"), null, Span),
        "DoseEra" => new("dose_era", "dose_era_id", "drug_concept_id", null, null, "dose_era_start_date", r => r.Day("dose_era_end_date"), null, Span),
        "ObservationPeriod" => new("observation_period", "observation_period_id", "period_type_concept_id", null, null, "observation_period_start_date",
            r => r.Day("observation_period_end_date"), null, Span),
        "PayerPlanPeriod" => new("payer_plan_period", "payer_plan_period_id", "payer_concept_id", null, null, "payer_plan_period_start_date",
            r => r.Day("payer_plan_period_end_date"), null, Span),
        "LocationRegion" => new("location_history", "location_history_id", "region_concept_id", null, null, "start_date", r => r.Day("end_date") ?? Json.ParseDay("2099-12-31"), null, Span),
        _ => throw new NotSupportedException($"criterion {name}"),
    };

    public static int? DrugEnd(Row r) => r.Day("drug_exposure_end_date") ?? (int?)(r.Day("drug_exposure_start_date") + r.Whole("days_supply")) ?? PlusOne(r.Day("drug_exposure_start_date"));
}

/// <summary>One criterion of a definition: which of a person's rows it picks, as events, and what each counts as.</summary>
sealed class ReferenceCriterion
{
    readonly string name;
    readonly JsonElement json;
    readonly ReferenceContext context;
    readonly Kind kind;
    readonly ReferenceGroup? correlated;
    readonly List<Func<Event, Row, bool>> filters;

    public ReferenceCriterion(JsonElement wrapped, ReferenceContext context)
    {
        var member = wrapped.EnumerateObject().Single();
        (name, json, this.context, kind) = (member.Name, member.Value, context, Kind.Of(member.Name));
        if (json.Get("CorrelatedCriteria") is { } group && !ReferenceGroup.IsEmpty(group)) correlated = new(group, context);
        filters = new ReferenceFilters(name, json, context).All;
    }

    /// <returns>The person's events, correlated criteria applied.</returns>
    public List<Event> Events(long person)
    {
        var events = Plain(person);
        if (correlated is null) return events;

        // The nested group sees each event inside the observation period that holds its start; outside one it never passes.
        var indexes = events.SelectMany(e => context.Periods(person).Where(p => p.Holds(e.Start)).Select(p => new IndexEvent(e.Id, e.Start, e.End, e.Visit, p))).ToList();
        var passing = correlated.Passing(person, indexes);
        return [.. events.Where(e => passing.Contains(e.Id))];
    }

    List<Event> Plain(long person)
    {
        var who = context.Person(person);
        IEnumerable<Row> rows = context.Cdm.Of(kind.Table, person).Where(InConceptSets);
        if (json.Flag("First") && name is not ("Death" or "LocationRegion"))
            rows = rows.OrderBy(r => r.Day(kind.StartColumn)).ThenBy(r => r.Whole(kind.Key!)).Take(1);
        return [.. rows.Select(r => AsEvent(person, r)).Where(e => filters.All(f => f(e, who))).Select(Retimed)];
    }

    bool InConceptSets(Row row)
    {
        if (name is "ObservationPeriod" or "PayerPlanPeriod") return true;
        if (name == "LocationRegion" && !context.HasLocation(row)) return false;
        if (json.Whole("CodesetId") is { } set && !context.In(set, name == "LocationRegion" ? context.Region(row) : row.Whole(kind.Concept!))) return false;
        return kind.SourceMember is null || json.Whole(kind.SourceMember) is not { } source || context.In(source, row.Whole(kind.SourceConcept!));
    }

    Event AsEvent(long person, Row row)
    {
        var (start, end) = (row.Day(kind.StartColumn), kind.End(row));
        if (json.Get("DateAdjustment") is { } adjust && name is not ("Specimen" or "LocationRegion"))
        {
            // Death always starts with the death's day and ends with the day after, whatever the adjustment names.
            var from = name != "Death" && adjust.Text("StartWith") == "END_DATE" ? end : start;
            var to = name != "Death" && adjust.Text("EndWith") == "START_DATE" ? start : end;
            (start, end) = (from + (int?)(adjust.Whole("StartOffset") ?? 0), to + (int?)(adjust.Whole("EndOffset") ?? 0));
        }
        return new(kind.Key is null ? person : row.Whole(kind.Key)!.Value, start, end, kind.Visit is null ? null : row.Whole(kind.Visit), start, row);
    }

    Event Retimed(Event e)
    {
        if (name is not ("ObservationPeriod" or "PayerPlanPeriod") || json.Get("UserDefinedPeriod") is not { } own) return e;
        return e with { Start = own.Date("StartDate") ?? e.Start, End = own.Date("EndDate") ?? e.End };
    }

    /// <returns>What a distinct count counts for this event; null counts for nothing.</returns>
    public object? Counted(Event e, string column) => column switch
    {
        "START_DATE" => e.Start,
        "END_DATE" => e.End,
        "VISIT_ID" => e.Visit,
        "VISIT_DETAIL_ID" => e.Row.Whole("visit_detail_id"),
        "DURATION" => kind.Duration(e.Row, e),
        "DOMAIN_CONCEPT" when name == "Death" => e.Row.Whole("cause_concept_id") ?? 0,
        "DOMAIN_CONCEPT" when name == "LocationRegion" => context.Region(e.Row),
        "DOMAIN_CONCEPT" => e.Row.Whole(kind.Concept!),
        "DOMAIN_SOURCE_CONCEPT" => kind.SourceConcept is null ? null : e.Row.Whole(kind.SourceConcept),
        "ERA_OCCURRENCES" => e.Row.Whole(name == "ConditionEra" ? "condition_occurrence_count" : "drug_exposure_count"),
        "GAP_DAYS" => e.Row.Whole("gap_days"),
        "DAYS_SUPPLY" => e.Row.Whole("days_supply"),
        "REFILLS" => e.Row.Whole("refills"),
        "QUANTITY" => e.Row.Number("quantity"),
        "RANGE_HIGH" => e.Row.Number("range_high"),
        "RANGE_LOW" => e.Row.Number("range_low"),
        "VALUE_AS_NUMBER" => e.Row.Number(name == "DoseEra" ? "dose_value" : "value_as_number"),
        "UNIT" => e.Row.Whole("unit_concept_id"),
        _ => throw new NotSupportedException(column),
    };
}
