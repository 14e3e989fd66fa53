using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;

namespace Ambroise.Sources.Synth;

/// <summary>The rows of a block of patients, table by table. A column is filled on every row or on none.</summary>
sealed class StoryRows
{
    public readonly Batch Person = new(Cdm54.Person), Period = new(Cdm54.ObservationPeriod), Death = new(Cdm54.Death), Visit = new(Cdm54.VisitOccurrence), Condition = new(Cdm54.ConditionOccurrence),
        Drug = new(Cdm54.DrugExposure), Detail = new(Cdm54.VisitDetail), Observation = new(Cdm54.Observation), Payer = new(Cdm54.PayerPlanPeriod), Procedure = new(Cdm54.ProcedureOccurrence), Measurement = new(Cdm54.Measurement), Note = new(Cdm54.Note), ConditionEra = new(Cdm54.ConditionEra), DrugEra = new(Cdm54.DrugEra);

    /// <summary>Of each person, in order: the CDM has no place for names.</summary>
    public readonly List<(string Surname, string Forename)> Names = [];

    // OMOP: type concepts, diagnosis status, route.
    const int Ehr = 32817, Prescription = 32838, Laboratory = 32856, PrimaryDiagnosis = 32902, SecondaryDiagnosis = 32908, Oral = 4132161;
    const long MicrosPerDay = 86_400_000_000;

    public StoryRows()
    {
        visit = new(Visit, "visit_occurrence_id", "person_id", "provider_id", "care_site_id", "visit_start_datetime");
        condition = new(Condition, "condition_occurrence_id", "person_id", "provider_id", "visit_occurrence_id", "condition_start_datetime");
        drug = new(Drug, "drug_exposure_id", "person_id", "provider_id", "visit_occurrence_id");
        procedure = new(Procedure, "procedure_occurrence_id", "person_id", "provider_id", "visit_occurrence_id");
        measurement = new(Measurement, "measurement_id", "person_id", "provider_id", "visit_occurrence_id", "measurement_datetime");
        visitInts = Ints(Visit, "visit_concept_id", "visit_start_date", "visit_end_date", "visit_type_concept_id");
        conditionInts = Ints(Condition, "condition_concept_id", "condition_start_date", "condition_type_concept_id", "condition_source_concept_id", "condition_status_concept_id");
        drugInts = Ints(Drug, "drug_concept_id", "drug_exposure_start_date", "drug_exposure_end_date", "drug_type_concept_id", "days_supply", "refills", "drug_source_concept_id", "route_concept_id");
        procedureInts = Ints(Procedure, "procedure_concept_id", "procedure_date", "procedure_type_concept_id", "procedure_source_concept_id");
        measurementInts = Ints(Measurement, "measurement_concept_id", "measurement_date", "measurement_type_concept_id", "unit_concept_id", "measurement_source_concept_id");
        detail = new(Detail, "visit_detail_id", "person_id", "provider_id", "care_site_id", "visit_occurrence_id");
        detailInts = Ints(Detail, "visit_detail_concept_id", "visit_detail_start_date", "visit_detail_end_date", "visit_detail_type_concept_id");
        visitSource = Visit.Text("visit_source_value");
        sig = Drug.Text("sig");
        conditionSource = Condition.Text("condition_source_value");
        drugSource = Drug.Text("drug_source_value");
        procedureSource = Procedure.Text("procedure_source_value");
        measurementSource = Measurement.Text("measurement_source_value");
        unitSource = Measurement.Text("unit_source_value");
        (value, low, high, quantity) = (Measurement.Float64("value_as_number"), Measurement.Float64("range_low"), Measurement.Float64("range_high"), Drug.Float64("quantity"));
    }

    readonly Longs visit, detail, condition, drug, procedure, measurement;
    readonly Int32Column[] visitInts, detailInts, conditionInts, drugInts, procedureInts, measurementInts;
    readonly TextColumn visitSource, sig, conditionSource, drugSource, procedureSource, measurementSource, unitSource;
    readonly Float64Column value, low, high, quantity;

    public IEnumerable<Batch> All => [Person, Period, Payer, Death, Visit, Detail, Observation, Condition, Drug, Procedure, Measurement, Note, ConditionEra, DrugEra];

    public void Clear()
    {
        foreach (var batch in All) batch.Clear();
        Names.Clear();
    }

    /// <summary>Columns that no row filled are as long as the others: null all the way.</summary>
    public void Complete()
    {
        foreach (var batch in All)
            foreach (var column in batch.Columns)
                if (column.Count < batch.Rows) column.AppendNulls(batch.Rows - column.Count);
    }

    public void AddVisit(long id, long person, int concept, int start, int end, int secondOfDay, int provider)
    {
        visit.Append(id, person, provider, CareSite(provider), start * MicrosPerDay + secondOfDay * 1_000_000L);
        Append(visitInts, concept, start, end, Ehr);
        visitSource.Append(concept switch { 9201 or 262 => "Hospitalisation"u8, 9203 => "Urgences"u8, _ => "Consultation externe"u8 });
    }

    public void AddDetail(long id, long person, long visitId, int concept, int start, int end, int provider)
    {
        detail.Append(id, person, provider, CareSite(provider), visitId);
        Append(detailInts, concept, start, end, Ehr);
    }

    public void AddCondition(long id, long person, long visitId, int start, int secondOfDay, int provider, SynthCode what, bool primary)
    {
        condition.Append(id, person, provider, visitId, start * MicrosPerDay + secondOfDay * 1_000_000L);
        Append(conditionInts, what.Standard.Id, start, Ehr, what.Id, primary ? PrimaryDiagnosis : SecondaryDiagnosis);
        conditionSource.Append(what.Utf8);
    }

    /// <param name="last">The patient's last day here: what is taken ends by then.</param>
    public void AddDrug(long id, long person, long visitId, int start, int days, int last, int provider, SynthCode atc, SynthConcept product, bool twice)
    {
        drug.Append(id, person, provider, visitId);
        Append(drugInts, product.Id, start, Math.Min(start + days - 1, Math.Max(start, last)), Prescription, days, 0, atc.Id, Oral);
        quantity.Append(twice ? 2 * days : days);
        drugSource.Append(atc.Utf8);
        sig.Append(twice ? "1 matin et soir"u8 : "1 par jour"u8);
    }

    public void AddProcedure(long id, long person, long visitId, int on, int provider, SynthCode what)
    {
        procedure.Append(id, person, provider, visitId);
        Append(procedureInts, what.Standard.Id, on, Ehr, what.Id);
        procedureSource.Append(what.Utf8);
    }

    public void AddMeasurement(long id, long person, long visitId, int on, int secondOfDay, int provider, LabTest what, double result)
    {
        measurement.Append(id, person, provider, visitId, on * MicrosPerDay + secondOfDay * 1_000_000L);
        Append(measurementInts, what.Code.Standard.Id, on, Laboratory, what.UnitConcept, what.Code.Id);
        value.Append(Math.Round(Math.Max(result, what.Mean / 20), what.Decimals));
        low.Append(what.Low);
        high.Append(what.High);
        measurementSource.Append(what.Code.Utf8);
        unitSource.Append(what.Unit);
    }

    static int CareSite(int provider) => 1 + provider % 40;

    public static void Append(Int32Column[] columns, params ReadOnlySpan<int> values)
    {
        for (var i = 0; i < columns.Length; i++) columns[i].Append(values[i]);
    }

    public static Int32Column[] Ints(Batch batch, params string[] names) => [.. names.Select(batch.Int32)];

    readonly struct Longs(Batch batch, params string[] names)
    {
        readonly Int64Column[] columns = [.. names.Select(batch.Int64)];

        public void Append(params ReadOnlySpan<long> values)
        {
            for (var i = 0; i < columns.Length; i++) columns[i].Append(values[i]);
        }
    }
}
