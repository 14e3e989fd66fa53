using System.Collections.Frozen;
using Ambroise.Lake.Cdm;

namespace Ambroise.Governance.Datasets;

/// <summary>What a dataset does with a column of the CDM.</summary>
enum ColumnUse
{
    /// <summary>Never given: identities, serial numbers, the day of birth, links whose table is not known.</summary>
    Never,

    /// <summary>An identifier, given as the project's pseudonym.</summary>
    Pseudonym,

    /// <summary>A date or timestamp, moved by the patient's shift.</summary>
    Date,

    /// <summary>A code or a source's word: withheld where too few patients share it.</summary>
    Code,

    /// <summary>Words written about a patient: only where the permit names the column and allows free text.</summary>
    FreeText,

    /// <summary>A quantity: one beyond what enough patients reach is given as the nearest that they do.</summary>
    Number,

    /// <summary>Given as it is.</summary>
    Value,
}

static class ColumnUses
{
    /// <summary>Tables a dataset can hold: those whose rows belong to a person, those that hang on such rows, and the places and people of care that such rows refer to. COHORT holds the patients of other questions,
    /// LOCATION_HISTORY a patient's moves from one address to the next: neither can be protected.</summary>
    public static bool Available(CdmTable table) =>
        table == Cdm54.NoteNlp || EventLink.Of(table).Count > 0 || IsReferred(table) || table.Person >= 0 && table != Cdm54.Cohort && table != Cdm54.LocationHistory;

    /// <summary>Tables of which a dataset holds the rows that its other rows refer to.</summary>
    public static bool IsReferred(CdmTable table) => table == Cdm54.Location || table == Cdm54.CareSite || table == Cdm54.Provider;

    // A device's or a lot's number finds its bearer; a specimen's too.
    static readonly FrozenSet<string> Serials = new[] { "unique_device_id", "production_id", "lot_number", "specimen_source_id", "measurement_event_id", "observation_event_id", "note_event_id" }.ToFrozenSet();

    // Which table a row hangs on: a closed list of the CDM's own.
    static readonly FrozenSet<string> Kinds = new[] { "cost_domain_id", "domain_concept_id_1", "domain_concept_id_2", "episode_event_field_concept_id" }.ToFrozenSet();

    // Of tables about people and places, only what is here: the rest names someone or somewhere.
    static readonly FrozenDictionary<string, FrozenSet<string>> OfIdentifying = new Dictionary<string, string[]>
    {
        ["person"] = ["person_id", "gender_concept_id", "year_of_birth", "race_concept_id", "ethnicity_concept_id", "location_id", "care_site_id"],
        ["location"] = ["location_id", "state", "zip", "country_concept_id", "country_source_value", "region_concept_id"],
        ["care_site"] = ["care_site_id", "place_of_service_concept_id"],
        ["provider"] = ["provider_id", "specialty_concept_id", "care_site_id", "gender_concept_id", "specialty_source_value", "specialty_source_concept_id", "gender_source_value", "gender_source_concept_id"],
    }.ToFrozenDictionary(t => t.Key, t => t.Value.ToFrozenSet());

    public static ColumnUse Of(CdmTable table, CdmColumn column) => column switch
    {
        { Sensitivity: Sensitivity.Identity or Sensitivity.Trace } => ColumnUse.Never,
        _ when Serials.Contains(column.Name) || OfIdentifying.TryGetValue(table.Name, out var only) && !only.Contains(column.Name) => ColumnUse.Never,
        _ when column == Cdm54.SourceRecord["left_out"] => ColumnUse.Never, // dates in it would not be moved
        { Sensitivity: Sensitivity.FreeText } => ColumnUse.FreeText,
        _ when Kinds.Contains(column.Name) => ColumnUse.Value,
        { Type: ColumnType.Int64 } => ColumnUse.Pseudonym,
        { Type: ColumnType.Date or ColumnType.Timestamp } => ColumnUse.Date,
        { Type: ColumnType.Text } => ColumnUse.Code,
        { Type: ColumnType.Int32 } when column.Name.EndsWith("_concept_id", StringComparison.Ordinal) => ColumnUse.Code,
        _ => column == Cdm54.Person["year_of_birth"] ? ColumnUse.Value : ColumnUse.Number,
    };

    const int PostcodeGiven = 2;

    /// <returns>A text as given at most: of a postcode its first two characters (a French department), or nothing where it has no more than that.</returns>
    public static string? Cut(CdmColumn column, string? text) =>
        column != Cdm54.Location["zip"] ? text : text?.Trim() is { Length: > PostcodeGiven } whole ? whole[..PostcodeGiven] : null;

    /// <returns>What the identifier names: the same thing has the same pseudonym in every table of a project.</returns>
    public static string Domain(CdmColumn column) => column.Name switch
    {
        "preceding_visit_occurrence_id" => "visit_occurrence",
        "preceding_visit_detail_id" or "parent_visit_detail_id" => "visit_detail",
        "episode_parent_id" => "episode",
        var name => name.EndsWith("_id", StringComparison.Ordinal) ? name[..^3] : name,
    };
}
