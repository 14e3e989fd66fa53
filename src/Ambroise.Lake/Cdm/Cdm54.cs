using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Ambroise.Lake.Cdm;

/// <summary>The tables of the OMOP CDM 5.4 that hold a hospital's data, with LOCATION_HISTORY and LOCATION.region_concept_id, which cohort definitions use (CDM 6.0).
/// The vocabulary tables are public reference data and live outside the lake.</summary>
/// <remarks>OHDSI CommonDataModel 5.4.2, field level. Types: <c>l</c> integer key (64 bits), <c>i</c> integer, <c>f</c> numeric,
/// <c>d</c> date, <c>t</c> datetime, <c>s</c> text; <c>!</c> required, <c>@</c> identity, <c>~</c> free text, <c>^</c> place in the source, <c>=x</c> the name in 5.3.</remarks>
public static class Cdm54
{
    public static readonly CdmTable Person = Table("person", key: "person_id", person: "person_id", columns: """
        person_id l!, gender_concept_id i!, year_of_birth i!, month_of_birth i, day_of_birth i, birth_datetime t, race_concept_id i!, ethnicity_concept_id i!,
        location_id l, provider_id l, care_site_id l, person_source_value s@, gender_source_value s, gender_source_concept_id i, race_source_value s,
        race_source_concept_id i, ethnicity_source_value s, ethnicity_source_concept_id i
        """);

    public static readonly CdmTable ObservationPeriod = Table("observation_period", key: "observation_period_id", person: "person_id",
        start: "observation_period_start_date", end: "observation_period_end_date", columns: """
        observation_period_id l!, person_id l!, observation_period_start_date d!, observation_period_end_date d!, period_type_concept_id i!
        """);

    public static readonly CdmTable VisitOccurrence = Table("visit_occurrence", "visit_occurrence_id", "person_id", "visit_concept_id", "visit_start_date", "visit_end_date", """
        visit_occurrence_id l!, person_id l!, visit_concept_id i!, visit_start_date d!, visit_start_datetime t, visit_end_date d!, visit_end_datetime t,
        visit_type_concept_id i!, provider_id l, care_site_id l, visit_source_value s, visit_source_concept_id i, admitted_from_concept_id i=admitting_source_concept_id,
        admitted_from_source_value s=admitting_source_value, discharged_to_concept_id i=discharge_to_concept_id, discharged_to_source_value s=discharge_to_source_value,
        preceding_visit_occurrence_id l
        """);

    public static readonly CdmTable VisitDetail = Table("visit_detail", "visit_detail_id", "person_id", "visit_detail_concept_id", "visit_detail_start_date", "visit_detail_end_date", """
        visit_detail_id l!, person_id l!, visit_detail_concept_id i!, visit_detail_start_date d!, visit_detail_start_datetime t, visit_detail_end_date d!,
        visit_detail_end_datetime t, visit_detail_type_concept_id i!, provider_id l, care_site_id l, visit_detail_source_value s, visit_detail_source_concept_id i,
        admitted_from_concept_id i=admitting_source_concept_id, admitted_from_source_value s=admitting_source_value, discharged_to_source_value s=discharge_to_source_value,
        discharged_to_concept_id i=discharge_to_concept_id, preceding_visit_detail_id l, parent_visit_detail_id l=visit_detail_parent_id, visit_occurrence_id l!
        """);

    public static readonly CdmTable ConditionOccurrence = Table("condition_occurrence", "condition_occurrence_id", "person_id", "condition_concept_id", "condition_start_date", "condition_end_date", """
        condition_occurrence_id l!, person_id l!, condition_concept_id i!, condition_start_date d!, condition_start_datetime t, condition_end_date d, condition_end_datetime t,
        condition_type_concept_id i!, condition_status_concept_id i, stop_reason s, provider_id l, visit_occurrence_id l, visit_detail_id l, condition_source_value s,
        condition_source_concept_id i, condition_status_source_value s
        """);

    public static readonly CdmTable DrugExposure = Table("drug_exposure", "drug_exposure_id", "person_id", "drug_concept_id", "drug_exposure_start_date", "drug_exposure_end_date", """
        drug_exposure_id l!, person_id l!, drug_concept_id i!, drug_exposure_start_date d!, drug_exposure_start_datetime t, drug_exposure_end_date d!, drug_exposure_end_datetime t,
        verbatim_end_date d, drug_type_concept_id i!, stop_reason s, refills i, quantity f, days_supply i, sig s~, route_concept_id i, lot_number s, provider_id l,
        visit_occurrence_id l, visit_detail_id l, drug_source_value s, drug_source_concept_id i, route_source_value s, dose_unit_source_value s
        """);

    public static readonly CdmTable ProcedureOccurrence = Table("procedure_occurrence", "procedure_occurrence_id", "person_id", "procedure_concept_id", "procedure_date", "procedure_end_date", """
        procedure_occurrence_id l!, person_id l!, procedure_concept_id i!, procedure_date d!, procedure_datetime t, procedure_end_date d, procedure_end_datetime t,
        procedure_type_concept_id i!, modifier_concept_id i, quantity i, provider_id l, visit_occurrence_id l, visit_detail_id l, procedure_source_value s,
        procedure_source_concept_id i, modifier_source_value s
        """);

    public static readonly CdmTable DeviceExposure = Table("device_exposure", "device_exposure_id", "person_id", "device_concept_id", "device_exposure_start_date", "device_exposure_end_date", """
        device_exposure_id l!, person_id l!, device_concept_id i!, device_exposure_start_date d!, device_exposure_start_datetime t, device_exposure_end_date d,
        device_exposure_end_datetime t, device_type_concept_id i!, unique_device_id s, production_id s, quantity i, provider_id l, visit_occurrence_id l, visit_detail_id l,
        device_source_value s, device_source_concept_id i, unit_concept_id i, unit_source_value s, unit_source_concept_id i
        """);

    public static readonly CdmTable Measurement = Table("measurement", "measurement_id", "person_id", "measurement_concept_id", "measurement_date", null, """
        measurement_id l!, person_id l!, measurement_concept_id i!, measurement_date d!, measurement_datetime t, measurement_time s, measurement_type_concept_id i!,
        operator_concept_id i, value_as_number f, value_as_concept_id i, unit_concept_id i, range_low f, range_high f, provider_id l, visit_occurrence_id l, visit_detail_id l,
        measurement_source_value s, measurement_source_concept_id i, unit_source_value s, unit_source_concept_id i, value_source_value s, measurement_event_id l,
        meas_event_field_concept_id i
        """);

    public static readonly CdmTable Observation = Table("observation", "observation_id", "person_id", "observation_concept_id", "observation_date", null, """
        observation_id l!, person_id l!, observation_concept_id i!, observation_date d!, observation_datetime t, observation_type_concept_id i!, value_as_number f,
        value_as_string s~, value_as_concept_id i, qualifier_concept_id i, unit_concept_id i, provider_id l, visit_occurrence_id l, visit_detail_id l, observation_source_value s,
        observation_source_concept_id i, unit_source_value s, qualifier_source_value s, value_source_value s, observation_event_id l, obs_event_field_concept_id i
        """);

    public static readonly CdmTable Death = Table("death", null, "person_id", null, "death_date", null, """
        person_id l!, death_date d!, death_datetime t, death_type_concept_id i, cause_concept_id i, cause_source_value s, cause_source_concept_id i
        """);

    public static readonly CdmTable Note = Table("note", "note_id", "person_id", "note_class_concept_id", "note_date", null, """
        note_id l!, person_id l!, note_date d!, note_datetime t, note_type_concept_id i!, note_class_concept_id i!, note_title s~, note_text s!~, encoding_concept_id i!,
        language_concept_id i!, provider_id l, visit_occurrence_id l, visit_detail_id l, note_source_value s, note_event_id l, note_event_field_concept_id i
        """);

    public static readonly CdmTable NoteNlp = Table("note_nlp", key: "note_nlp_id", parent: ("note_id", "note"), concept: "note_nlp_concept_id", start: "nlp_date", columns: """
        note_nlp_id l!, note_id l!, section_concept_id i, snippet s~, offset s, lexical_variant s!~, note_nlp_concept_id i, note_nlp_source_concept_id i, nlp_system s, nlp_date d!,
        nlp_datetime t, term_exists s, term_temporal s, term_modifiers s
        """);

    public static readonly CdmTable Specimen = Table("specimen", "specimen_id", "person_id", "specimen_concept_id", "specimen_date", null, """
        specimen_id l!, person_id l!, specimen_concept_id i!, specimen_type_concept_id i!, specimen_date d!, specimen_datetime t, quantity f, unit_concept_id i,
        anatomic_site_concept_id i, disease_status_concept_id i, specimen_source_id s, specimen_source_value s, unit_source_value s, anatomic_site_source_value s,
        disease_status_source_value s
        """);

    public static readonly CdmTable FactRelationship = Table("fact_relationship", columns: """
        domain_concept_id_1 i!, fact_id_1 l!, domain_concept_id_2 i!, fact_id_2 l!, relationship_concept_id i!
        """);

    public static readonly CdmTable Location = Table("location", key: "location_id", columns: """
        location_id l!, address_1 s@, address_2 s@, city s, state s, zip s, county s, location_source_value s@, country_concept_id i, country_source_value s, latitude f@, longitude f@,
        region_concept_id i
        """);

    public static readonly CdmTable LocationHistory = Table("location_history", "location_history_id", "entity_id", null, "start_date", "end_date", """
        location_history_id l, location_id l!, relationship_type_concept_id i, domain_id s, entity_id l!, start_date d!, end_date d
        """);

    public static readonly CdmTable CareSite = Table("care_site", key: "care_site_id", columns: """
        care_site_id l!, care_site_name s, place_of_service_concept_id i, location_id l, care_site_source_value s, place_of_service_source_value s
        """);

    public static readonly CdmTable Provider = Table("provider", key: "provider_id", columns: """
        provider_id l!, provider_name s@, npi s@, dea s@, specialty_concept_id i, care_site_id l, year_of_birth i, gender_concept_id i, provider_source_value s@,
        specialty_source_value s, specialty_source_concept_id i, gender_source_value s, gender_source_concept_id i
        """);

    public static readonly CdmTable PayerPlanPeriod = Table("payer_plan_period", "payer_plan_period_id", "person_id", null, "payer_plan_period_start_date", "payer_plan_period_end_date", """
        payer_plan_period_id l!, person_id l!, payer_plan_period_start_date d!, payer_plan_period_end_date d!, payer_concept_id i, payer_source_value s, payer_source_concept_id i,
        plan_concept_id i, plan_source_value s, plan_source_concept_id i, sponsor_concept_id i, sponsor_source_value s, sponsor_source_concept_id i, family_source_value s@,
        stop_reason_concept_id i, stop_reason_source_value s, stop_reason_source_concept_id i
        """);

    public static readonly CdmTable Cost = Table("cost", key: "cost_id", ofRecord: true, columns: """
        cost_id l!, cost_event_id l!, cost_domain_id s!, cost_type_concept_id i!, currency_concept_id i, total_charge f, total_cost f, total_paid f, paid_by_payer f,
        paid_by_patient f, paid_patient_copay f, paid_patient_coinsurance f, paid_patient_deductible f, paid_by_primary f, paid_ingredient_cost f, paid_dispensing_fee f,
        payer_plan_period_id l, amount_allowed f, revenue_code_concept_id i, revenue_code_source_value s, drg_concept_id i, drg_source_value s
        """);

    public static readonly CdmTable ConditionEra = Table("condition_era", "condition_era_id", "person_id", "condition_concept_id", "condition_era_start_date", "condition_era_end_date", """
        condition_era_id l!, person_id l!, condition_concept_id i!, condition_era_start_date d!, condition_era_end_date d!, condition_occurrence_count i
        """);

    public static readonly CdmTable DrugEra = Table("drug_era", "drug_era_id", "person_id", "drug_concept_id", "drug_era_start_date", "drug_era_end_date", """
        drug_era_id l!, person_id l!, drug_concept_id i!, drug_era_start_date d!, drug_era_end_date d!, drug_exposure_count i, gap_days i
        """);

    public static readonly CdmTable DoseEra = Table("dose_era", "dose_era_id", "person_id", "drug_concept_id", "dose_era_start_date", "dose_era_end_date", """
        dose_era_id l!, person_id l!, drug_concept_id i!, unit_concept_id i!, dose_value f!, dose_era_start_date d!, dose_era_end_date d!
        """);

    public static readonly CdmTable Episode = Table("episode", "episode_id", "person_id", "episode_concept_id", "episode_start_date", "episode_end_date", """
        episode_id l!, person_id l!, episode_concept_id i!, episode_start_date d!, episode_start_datetime t, episode_end_date d, episode_end_datetime t, episode_parent_id l,
        episode_number i, episode_object_concept_id i!, episode_type_concept_id i!, episode_source_value s, episode_source_concept_id i
        """);

    public static readonly CdmTable EpisodeEvent = Table("episode_event", parent: ("episode_id", "episode"), columns: """
        episode_id l!, event_id l!, episode_event_field_concept_id i!
        """);

    public static readonly CdmTable Cohort = Table("cohort", null, "subject_id", null, "cohort_start_date", "cohort_end_date", """
        cohort_definition_id i!, subject_id l!, cohort_start_date d!, cohort_end_date d!
        """);

    public static readonly CdmTable CohortDefinition = Table("cohort_definition", key: "cohort_definition_id", columns: """
        cohort_definition_id l!, cohort_definition_name s!, cohort_definition_description s, definition_type_concept_id i!, cohort_definition_syntax s,
        subject_concept_id i!, cohort_initiation_date d
        """);

    public static readonly CdmTable CdmSource = Table("cdm_source", columns: """
        cdm_source_name s!, cdm_source_abbreviation s!, cdm_holder s!, source_description s, source_documentation_reference s, cdm_etl_reference s, source_release_date d!,
        cdm_release_date d!, cdm_version s, cdm_version_concept_id i!, vocabulary_version s!
        """);

    public static readonly CdmTable Metadata = Table("metadata", key: "metadata_id", columns: """
        metadata_id l, metadata_concept_id i!, metadata_type_concept_id i!, name s!, value_as_string s, value_as_concept_id i, value_as_number f, metadata_date d, metadata_datetime t
        """);

    /// <summary>Beside the CDM: who a person is for the hospital. Every value is an identity.</summary>
    /// <remarks><c>kind</c>: <c>INS</c> for a qualified national identity, <c>identifier</c>, <c>family</c>, <c>given</c>, <c>city</c>; <c>former</c> a Patient and an identifier, as keyed codes, that no longer is theirs. <c>system</c> names the identifier's issuer.</remarks>
    public static readonly CdmTable PersonIdentity = Table("person_identity", key: "person_identity_id", person: "person_id", columns: """
        person_identity_id l!, person_id l!, kind s@, system s@, value s@
        """);

    /// <summary>Beside the CDM: what a patient decided about the use of data, as the source recorded it.</summary>
    /// <remarks><c>decision</c>: <c>deny</c> or <c>permit</c>; <c>state</c>: HL7 Consent.status; <c>scope</c>: its code.</remarks>
    public static readonly CdmTable ConsentRecord = Table("consent_record", key: "consent_record_id", person: "person_id", start: "consent_date", end: "consent_end_date", columns: """
        consent_record_id l!, person_id l!, decision s, state s, scope s, category s, consent_date d, consent_end_date d
        """);

    /// <summary>Beside the CDM: the source record behind the rows of a person, one a record: version, fate, and where it was read.</summary>
    /// <remarks>Keys of the rows a record became follow from <c>source_record_id</c>: see docs/mapping/fhir.md. <c>version_at</c> is null where the source gives none. <c>patient_id</c> is the Patient that
    /// the record is about, where another one's person: null where <c>person_id</c> says so; <c>definition_id</c> the Medication or Device it names, or the Encounter whose cost it is or, of an Encounter, that it is part of;
    /// <c>left_out</c> what the table of its first row has no place for, as JSON, where another code of that Medication or Device may bring it elsewhere; <c>patient_named_by</c> the identifier by which it names its
    /// patient, <c>provider_named_by</c> and <c>care_site_named_by</c> the identifier or the role by which it names these, as keyed codes: whom they mean may change; <c>named_as</c> the identifiers of an Encounter, likewise, each with its system and without, as base64 of little-endian 64-bit numbers;
    /// <c>stay_id</c> the Encounter on whose first day (<c>stay_day</c>) it is, where it gives no day of its own, and <c>stay_text</c> the resource itself, to be mapped again should that stay begin another day;
    /// <c>codings</c> the concepts of it that have several codings, as JSON: of each concept an array of <c>system|code</c>, first the one that its row has;
    /// <c>fingerprint</c> what its rows follow from as a number, null where that is more than the resource itself tells: what comes again with the same one changes nothing.
    /// How a source writes a reference is no part of what it says: a Bundle and the NDJSON made from it are one release.</remarks>
    public static readonly CdmTable SourceRecord = Table("source_record", key: "source_record_id", person: "person_id", columns: """
        source_record_id l!, person_id l!, record_type s!, record_name s@, version_at t, version_name s, outcome s!, row_count i!, date_precision s, source_file s^, source_line l^, patient_id l, definition_id l, left_out s~, patient_named_by l^,
        provider_named_by l^, care_site_named_by l^, fingerprint l^, named_as s^, codings s, stay_id l^, stay_day i^,
        stay_text s^
        """);

    /// <summary>No table of a release but a file beside each shard's <see cref="SourceRecord"/>: its records by ascending key, and the block that holds each, from 0. A load finds those it brings anew without going through all.</summary>
    public static readonly CdmTable RecordKeys = Table("record_keys", key: "source_record_id", columns: "source_record_id l!, block i!");

    /// <summary>Beside the CDM: a Patient who is another one's person, as PERSON and LOCATION would have them: for the day they come apart.</summary>
    /// <remarks><c>because</c>: what makes them one, <c>ins</c>, <c>link</c>, <c>number</c>, with a comma between.</remarks>
    public static readonly CdmTable MergedPatient = Table("merged_patient", key: "merged_patient_id", person: "person_id", columns: """
        merged_patient_id l!, person_id l!, because s!, gender_concept_id i!, year_of_birth i!, month_of_birth i, day_of_birth i, birth_datetime t, race_concept_id i!, ethnicity_concept_id i!,
        location_id l, provider_id l, care_site_id l, person_source_value s@, gender_source_value s, gender_source_concept_id i, race_source_value s,
        race_source_concept_id i, ethnicity_source_value s, ethnicity_source_concept_id i, place_state s, place_zip s, place_county s, place_country s
        """);

    /// <summary>Every table, persons first and parents before the rows placed with them.</summary>
    public static readonly ImmutableArray<CdmTable> All =
    [
        Person, ObservationPeriod, Death, VisitOccurrence, VisitDetail, ConditionOccurrence, DrugExposure, ProcedureOccurrence, DeviceExposure, Measurement, Observation, Note,
        NoteNlp, Specimen, ConditionEra, DrugEra, DoseEra, Episode, EpisodeEvent, PayerPlanPeriod, Cohort, LocationHistory, Location, CareSite, Provider, FactRelationship, Cost,
        CohortDefinition, CdmSource, Metadata, PersonIdentity, ConsentRecord, SourceRecord, MergedPatient,
    ];

    static readonly FrozenDictionary<string, CdmTable> ByName = All.ToFrozenDictionary(t => t.Name, StringComparer.OrdinalIgnoreCase);

    /// <returns>The table of that name in any letter case, or null.</returns>
    public static CdmTable? Find(string name) => ByName.GetValueOrDefault(name);

    static CdmTable Table(string name, string? key = null, string? person = null, string? concept = null, string? start = null, string? end = null, string columns = "",
        (string Column, string Table)? parent = null, bool ofRecord = false)
    {
        var all = columns.Split([',', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(Column).ToImmutableArray();
        int At(string? wanted) => wanted is null ? -1 : all.Single(c => c.Name == wanted).Ordinal;
        Placement placement = (person, parent) switch
        {
            ({ } p, _) => new Placement.WithPerson(At(p)),
            (_, { } p) => new Placement.WithParent(At(p.Column), p.Table),
            _ when ofRecord => new Placement.WithRecord(),
            _ => new Placement.Shared(),
        };
        return new(name, all, placement, At(key), At(concept), At(start), At(end));
    }

    static CdmColumn Column(string text, int ordinal)
    {
        var space = text.IndexOf(' ');
        var rest = text[(space + 1)..];
        var former = rest.IndexOf('=');
        var marks = former < 0 ? rest : rest[..former];
        var type = marks[0] switch
        {
            'i' => ColumnType.Int32,
            'l' => ColumnType.Int64,
            'f' => ColumnType.Float64,
            'd' => ColumnType.Date,
            't' => ColumnType.Timestamp,
            _ => ColumnType.Text,
        };
        var sensitivity = marks.Contains('@') ? Sensitivity.Identity : marks.Contains('~') ? Sensitivity.FreeText : marks.Contains('^') ? Sensitivity.Trace : Sensitivity.Analytic;
        return new(text[..space], type, marks.Contains('!'), sensitivity, former < 0 ? null : rest[(former + 1)..], ordinal);
    }
}
