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

    /// <summary>Given as it is.</summary>
    Value,
}

static class ColumnUses
{
    /// <summary>Tables a dataset can hold: those whose rows belong to a person, and what was read in notes. Organisations and providers would name who cares for whom; costs, episodes' events and links between facts
    /// name rows of any table by a number alone.</summary>
    public static bool Available(CdmTable table) => table == Cdm54.NoteNlp || table.Person >= 0 && table != Cdm54.Cohort && table != Cdm54.LocationHistory;

    // A device's or a lot's number finds its bearer; a specimen's too.
    static readonly FrozenSet<string> Serials = new[] { "unique_device_id", "production_id", "lot_number", "specimen_source_id", "measurement_event_id", "observation_event_id", "note_event_id" }.ToFrozenSet();

    static readonly FrozenSet<string> OfPerson = new[] { "person_id", "gender_concept_id", "year_of_birth", "race_concept_id", "ethnicity_concept_id", "location_id", "care_site_id" }.ToFrozenSet();

    public static ColumnUse Of(CdmTable table, CdmColumn column) => column switch
    {
        { Sensitivity: Sensitivity.Identity or Sensitivity.Trace } => ColumnUse.Never,
        _ when Serials.Contains(column.Name) || (table == Cdm54.Person && !OfPerson.Contains(column.Name)) => ColumnUse.Never,
        { Sensitivity: Sensitivity.FreeText } => ColumnUse.FreeText,
        { Type: ColumnType.Int64 } => ColumnUse.Pseudonym,
        { Type: ColumnType.Date or ColumnType.Timestamp } => ColumnUse.Date,
        { Type: ColumnType.Text } => ColumnUse.Code,
        { Type: ColumnType.Int32 } when column.Name.EndsWith("_concept_id", StringComparison.Ordinal) => ColumnUse.Code,
        _ => ColumnUse.Value,
    };

    /// <returns>What the identifier names: the same thing has the same pseudonym in every table of a project.</returns>
    public static string Domain(CdmColumn column) => column.Name switch
    {
        "preceding_visit_occurrence_id" => "visit_occurrence",
        "preceding_visit_detail_id" or "parent_visit_detail_id" => "visit_detail",
        "episode_parent_id" => "episode",
        var name => name.EndsWith("_id", StringComparison.Ordinal) ? name[..^3] : name,
    };
}
