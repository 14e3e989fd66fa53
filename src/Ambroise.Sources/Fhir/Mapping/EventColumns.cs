using Ambroise.Lake.Cdm;
using Ambroise.Sources.Fhir.Codes;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>Where each of an event's facts goes in the table of its domain; -1 where the table has no place for it.</summary>
sealed class EventColumns
{
    public static readonly EventColumns
        Condition = new(Cdm54.ConditionOccurrence, "condition", "condition_start_date", "condition_end_date"),
        Drug = new(Cdm54.DrugExposure, "drug", "drug_exposure_start_date", "drug_exposure_end_date"),
        Procedure = new(Cdm54.ProcedureOccurrence, "procedure", "procedure_date", "procedure_end_date"),
        Device = new(Cdm54.DeviceExposure, "device", "device_exposure_start_date", "device_exposure_end_date"),
        Measurement = new(Cdm54.Measurement, "measurement", "measurement_date", null),
        Observation = new(Cdm54.Observation, "observation", "observation_date", null);

    EventColumns(CdmTable table, string prefix, string start, string? end)
    {
        int At(string name) => table.Find(name)?.Ordinal ?? -1;
        Table = table;
        (Concept, Source, SourceConcept, Type) = (At($"{prefix}_concept_id"), At($"{prefix}_source_value"), At($"{prefix}_source_concept_id"), At($"{prefix}_type_concept_id"));
        (Start, StartTime) = (At(start), At(start + "time"));
        (End, EndTime) = end is null ? (-1, -1) : (At(end), At(end + "time"));
        (Provider, Visit) = (At("provider_id"), At("visit_occurrence_id"));
        (Number, ValueConcept, ValueText, ValueSource, Operator) = (At("value_as_number"), At("value_as_concept_id"), At("value_as_string"), At("value_source_value"), At("operator_concept_id"));
        (Unit, UnitSource, Low, High) = (At("unit_concept_id"), At("unit_source_value"), At("range_low"), At("range_high"));
        (Quantity, StopReason, Status, StatusSource) = (At("quantity"), At("stop_reason"), At("condition_status_concept_id"), At("condition_status_source_value"));
        (Days, Refills, Sig, Route, RouteSource, Lot, DoseUnit) = (At("days_supply"), At("refills"), At("sig"), At("route_concept_id"), At("route_source_value"), At("lot_number"), At("dose_unit_source_value"));
        (Verbatim, Qualifier) = (At("verbatim_end_date"), At("qualifier_source_value"));
    }

    public CdmTable Table { get; }
    public int Concept { get; }
    public int Source { get; }
    public int SourceConcept { get; }
    public int Type { get; }
    public int Start { get; }
    public int StartTime { get; }
    public int End { get; }
    public int EndTime { get; }
    public int Provider { get; }
    public int Visit { get; }
    public int Number { get; }
    public int ValueConcept { get; }
    public int ValueText { get; }
    public int ValueSource { get; }
    public int Operator { get; }
    public int Unit { get; }
    public int UnitSource { get; }
    public int Low { get; }
    public int High { get; }
    public int Quantity { get; }
    public int StopReason { get; }
    public int Status { get; }
    public int StatusSource { get; }
    public int Days { get; }
    public int Refills { get; }
    public int Sig { get; }
    public int Route { get; }
    public int RouteSource { get; }
    public int Lot { get; }
    public int DoseUnit { get; }
    public int Verbatim { get; }
    public int Qualifier { get; }

    /// <summary>Whether the table's column says just this quantity: it is any number in DRUG_EXPOSURE, a whole one elsewhere, and most tables have none.</summary>
    public bool Holds(double quantity) => Quantity >= 0 && (Table.Columns[Quantity].Type == ColumnType.Float64 || quantity < MostWhole && Math.Round(quantity) == quantity);

    /// <summary>A quantity beyond this is not written as a whole number.</summary>
    public const double MostWhole = 1e9;

    /// <summary>The table that a concept's domain names; what has no event table of its own is an observation.</summary>
    public static EventColumns Of(Domain domain) => domain switch
    {
        Domain.Condition => Condition,
        Domain.Drug => Drug,
        Domain.Procedure => Procedure,
        Domain.Device => Device,
        Domain.Measurement => Measurement,
        _ => Observation,
    };
}
