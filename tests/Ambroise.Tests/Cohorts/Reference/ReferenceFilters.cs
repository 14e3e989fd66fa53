using System.Text.Json;

namespace Ambroise.Tests.Cohorts.Reference;

/// <summary>Every attribute a criterion may carry, one line each. A comparison with an absent value is never true, negated or not.</summary>
sealed class ReferenceFilters
{
    public List<Func<Event, Row, bool>> All { get; } = [];

    readonly JsonElement json;
    readonly ReferenceContext context;
    readonly string name;

    public ReferenceFilters(string name, JsonElement json, ReferenceContext context)
    {
        (this.name, this.json, this.context) = (name, json, context);
        if (name == "LocationRegion") return;

        if (json.Get("DateAdjustment") is not null && name != "Specimen") All.Add((e, _) => e.End >= e.Start);
        Dates();
        PersonAndPlace();
        Attributes();
        Periods();
    }

    void Dates()
    {
        Day("OccurrenceStartDate", e => e.Start);
        Day("OccurrenceEndDate", e => name == "DrugExposure" ? e.Start : e.End);
        Day("EraStartDate", e => e.Start);
        Day("EraEndDate", e => e.End);
        Day("PeriodStartDate", e => e.Start);
        Day("PeriodEndDate", e => e.End);
        Day("VisitDetailStartDate", e => e.Start);
        Day("VisitDetailEndDate", e => e.End);
        foreach (var length in new[] { "EraLength", "PeriodLength", "VisitLength", "VisitDetailLength" }) Whole(length, (e, _) => e.End - e.Start);
    }

    void PersonAndPlace()
    {
        Whole("Age", (e, p) => Year(name == "VisitDetail" ? e.End : e.Start) - p.Whole("year_of_birth"));
        Whole("AgeAtStart", (e, p) => Year(e.Start) - p.Whole("year_of_birth"));
        Whole("AgeAtEnd", (e, p) => Year(e.End) - p.Whole("year_of_birth"));
        Concept("Gender", (_, p) => p.Whole("gender_concept_id"));
        Concept("ProviderSpecialty", (e, _) => context.Shared("provider", e.Row.Whole("provider_id"))?.Whole("specialty_concept_id"));
        if (name == "VisitOccurrence")
        {
            Concept("VisitType", (e, _) => e.Row.Whole("visit_type_concept_id"));
        }
        else
        {
            // The event must belong to a visit of the same person.
            if (json.Items("VisitType").Any() || json.Get("VisitTypeCS") is not null) All.Add((e, p) => Visit(e, p) is not null);
            Concept("VisitType", (e, p) => Visit(e, p)?.Whole("visit_concept_id"));
        }
        if (json.Items("PlaceOfService").Any() || json.Get("PlaceOfServiceCS") is not null) All.Add((e, _) => context.Shared("care_site", e.Row.Whole("care_site_id")) is not null);
        Concept("PlaceOfService", (e, _) => context.Shared("care_site", e.Row.Whole("care_site_id"))?.Whole("place_of_service_concept_id"));
        if (json.Whole("PlaceOfServiceLocation") is { } region) All.Add((e, _) => context.CareSiteWasIn(e, region));
    }

    void Attributes()
    {
        foreach (var (prefix, column) in new[]
        {
            ("ConditionType", "condition_type_concept_id"), ("DrugType", "drug_type_concept_id"), ("ProcedureType", "procedure_type_concept_id"),
            ("DeviceType", "device_type_concept_id"), ("MeasurementType", "measurement_type_concept_id"), ("ObservationType", "observation_type_concept_id"),
            ("SpecimenType", "specimen_type_concept_id"), ("DeathType", "death_type_concept_id"), ("VisitDetailType", "visit_detail_type_concept_id"),
            ("ConditionStatus", "condition_status_concept_id"), ("RouteConcept", "route_concept_id"), ("Modifier", "modifier_concept_id"),
            ("Operator", "operator_concept_id"), ("ValueAsConcept", "value_as_concept_id"), ("Unit", "unit_concept_id"), ("Qualifier", "qualifier_concept_id"),
            ("AnatomicSite", "anatomic_site_concept_id"), ("DiseaseStatus", "disease_status_concept_id"), ("DoseUnit", "dose_unit_concept_id"),
            ("PeriodType", "period_type_concept_id"),
        })
            Concept(prefix, (e, _) => e.Row.Whole(column));

        Whole("OccurrenceCount", (e, _) => e.Row.Whole(name == "ConditionEra" ? "condition_occurrence_count" : "drug_exposure_count"));
        Whole("GapDays", (e, _) => e.Row.Whole("gap_days"));
        Whole("Refills", (e, _) => e.Row.Whole("refills"));
        Whole("DaysSupply", (e, _) => e.Row.Whole("days_supply"));
        Number("Quantity", (e, _) => e.Row.Number("quantity"), whole: name is not ("DrugExposure" or "Specimen"));
        Number("EffectiveDrugDose", (e, _) => e.Row.Number("effective_drug_dose"));
        Number("DoseValue", (e, _) => e.Row.Number("dose_value"));
        Number("ValueAsNumber", (e, _) => e.Row.Number("value_as_number"));
        Number("RangeLow", (e, _) => e.Row.Number("range_low"));
        Number("RangeHigh", (e, _) => e.Row.Number("range_high"));
        Number("RangeLowRatio", (e, _) => Ratio(e.Row, "range_low"));
        Number("RangeHighRatio", (e, _) => Ratio(e.Row, "range_high"));
        if (json.Flag("Abnormal")) All.Add((e, _) => Abnormal(e.Row));
        Text("StopReason", "stop_reason");
        Text("LotNumber", "lot_number");
        Text("UniqueDeviceId", "unique_device_id");
        Text("ValueAsString", "value_as_string");
        Text("SourceId", "specimen_source_id");
    }

    void Periods()
    {
        if (name is not ("ObservationPeriod" or "PayerPlanPeriod")) return;
        if (json.Get("UserDefinedPeriod") is { } own)
            foreach (var bound in new[] { own.Date("StartDate"), own.Date("EndDate") })
                if (bound is { } day) All.Add((e, _) => e.Start <= day && e.End >= day);
        if (name == "ObservationPeriod") return;
        foreach (var (member, column) in new[]
        {
            ("PayerConcept", "payer_concept_id"), ("PlanConcept", "plan_concept_id"), ("SponsorConcept", "sponsor_concept_id"), ("StopReasonConcept", "stop_reason_concept_id"),
            ("PayerSourceConcept", "payer_source_concept_id"), ("PlanSourceConcept", "plan_source_concept_id"), ("SponsorSourceConcept", "sponsor_source_concept_id"),
            ("StopReasonSourceConcept", "stop_reason_source_concept_id"),
        })
            if (json.Whole(member) is { } set) All.Add((e, _) => context.In(set, e.Row.Whole(column)));
    }

    Row? Visit(Event e, Row person) =>
        context.Shared("visit_occurrence", e.Row.Whole("visit_occurrence_id")) is { } visit && visit.Whole("person_id") == person.Whole("person_id") ? visit : null;

    static double? Ratio(Row row, string range) => row.Number(range) is { } bound and not 0 ? row.Number("value_as_number") / bound : null;

    static bool Abnormal(Row row) => row.Number("value_as_number") < row.Number("range_low") || row.Number("value_as_number") > row.Number("range_high")
        || row.Whole("value_as_concept_id") is 4155142 or 4155143;

    public static int? Year(int? day) => day is { } d ? DateOnly.FromDayNumber(d + Row.Epoch).Year : null;

    void Day(string member, Func<Event, int?> value)
    {
        if (json.Get(member) is { } range) All.Add((e, _) => InDays(range, value(e)));
    }

    void Whole(string member, Func<Event, Row, long?> value) => Number(member, (e, p) => value(e, p), whole: true);

    void Number(string member, Func<Event, Row, double?> value, bool whole = false)
    {
        if (json.Get(member) is { } range) All.Add((e, p) => InRange(range, value(e, p), whole));
    }

    void Text(string member, string column)
    {
        if (json.Get(member) is { } filter) All.Add((e, _) => Matches(filter, e.Row.Text(column)));
    }

    /// <summary>A list of concepts under <c>member</c> (with its <c>Exclude</c> flag) and a concept set under <c>memberCS</c>; both hold when both are given.</summary>
    void Concept(string member, Func<Event, Row, long?> value)
    {
        var listed = json.Items(member).Select(c => c.Whole("CONCEPT_ID")!.Value).ToHashSet();
        var except = json.Flag(member + "Exclude");
        if (listed.Count > 0) All.Add((e, p) => value(e, p) is { } concept && listed.Contains(concept) != except);
        if (json.Get(member + "CS") is { } selection) All.Add((e, p) => context.Selected(selection, value(e, p)));
    }

    public static bool InDays(JsonElement range, int? value)
    {
        if (value is not { } day) return false;
        var op = range.Text("Op")!;
        return Compare(op, day, range.Date("Value"), range.Date("Extent"));
    }

    /// <summary>Bounds of whole-number attributes lose their fraction; the others are rounded to four decimals.</summary>
    public static bool InRange(JsonElement range, double? value, bool whole)
    {
        if (value is not { } number) return false;
        double? Bound(string member) => range.Get(member) is not { } bound ? null
            : whole ? Math.Truncate(bound.GetDouble())
            : (double)Math.Round(bound.GetDecimal(), 4, MidpointRounding.AwayFromZero);
        return Compare(range.Text("Op")!, number, Bound("Value"), Bound("Extent"));
    }

    static bool Compare(string op, double value, double? bound, double? extent) => op switch
    {
        "lt" => value < bound,
        "lte" => value <= bound,
        "eq" => value == bound,
        "!eq" => bound is not null && value != bound,
        "gt" => value > bound,
        "gte" => value >= bound,
        "bt" => value >= bound && value <= extent,
        "!bt" => bound is not null && extent is not null && !(value >= bound && value <= extent),
        _ => throw new NotSupportedException(op),
    };

    static bool Matches(JsonElement filter, string? value)
    {
        if (value is null) return false;
        var (op, text) = (filter.Text("Op")!, filter.Text("Text") ?? "");
        var negated = op.StartsWith('!');
        var matches = op.TrimStart('!') switch
        {
            "startsWith" => value.StartsWith(text, StringComparison.Ordinal),
            "endsWith" => value.EndsWith(text, StringComparison.Ordinal),
            "contains" => value.Contains(text, StringComparison.Ordinal),
            "eq" => value == text,
            _ => throw new NotSupportedException(op),
        };
        return matches != negated;
    }
}
