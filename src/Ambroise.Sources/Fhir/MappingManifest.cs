using Ambroise.Lake.Cdm;
using Ambroise.Sources.Fhir.Mapping;
using Ambroise.Sources.Fhir.Resources;

namespace Ambroise.Sources.Fhir;

/// <summary>What a load of FHIR reads and which tables it fills, for programs.</summary>
/// <param name="Fhir">Version of FHIR that is read.</param>
/// <param name="Derived">Tables made from the finished release.</param>
/// <param name="Load">Tables that describe the load as a whole.</param>
public sealed record MappingManifest(int Format, string Software, string Guide, string Fhir, string Cdm, IReadOnlyList<MappingManifest.Resource> Resources, IReadOnlyList<string> Derived, IReadOnlyList<string> Load)
{
    /// <param name="Profile">Resources of whatever profile are read: the canonical address of the type itself.</param>
    /// <param name="Tables">That it may fill; none for what only other resources lead to.</param>
    public sealed record Resource(string Type, string Profile, IReadOnlyList<string> Tables);

    static readonly CdmTable[] Events = [.. new[] { EventColumns.Condition, EventColumns.Drug, EventColumns.Procedure, EventColumns.Device, EventColumns.Measurement, EventColumns.Observation }.Select(c => c.Table)];

    public static MappingManifest Of(string guide) => new(1, typeof(MappingManifest).Assembly.GetName().Version?.ToString() ?? "", guide, "4.0.1", "5.4",
        [.. ResourceTypes.Maps.Keys.Order(StringComparer.Ordinal).Select(t => new Resource(t, $"http://hl7.org/fhir/StructureDefinition/{t}", [.. Tables(t).Select(table => table.Name)]))],
        [Cdm54.ObservationPeriod.Name, Cdm54.ConditionEra.Name, Cdm54.DrugEra.Name], [Cdm54.CdmSource.Name]);

    /// <summary>The tables of a type. A test holds every load of every test to it.</summary>
    static CdmTable[] Tables(string type) => type switch
    {
        "Device" or "Medication" => [],
        "Organization" or "Location" => [Cdm54.CareSite, Cdm54.Location],
        "Practitioner" or "PractitionerRole" => [Cdm54.Provider],
        "Patient" => [Cdm54.Person, Cdm54.Death, Cdm54.Location, Cdm54.PersonIdentity, Cdm54.MergedPatient, Cdm54.SourceRecord],
        "Encounter" => [Cdm54.VisitOccurrence, Cdm54.VisitDetail, Cdm54.SourceRecord],
        "Claim" or "ExplanationOfBenefit" => [Cdm54.Cost, .. Events, Cdm54.SourceRecord],
        "Coverage" => [Cdm54.PayerPlanPeriod, Cdm54.SourceRecord],
        "Consent" => [Cdm54.ConsentRecord, Cdm54.SourceRecord],
        "DiagnosticReport" => [Cdm54.Note, .. Events, Cdm54.SourceRecord],
        "DocumentReference" => [Cdm54.Note, Cdm54.SourceRecord],
        "Specimen" => [Cdm54.Specimen, Cdm54.SourceRecord],
        "FamilyMemberHistory" => [Cdm54.Observation, Cdm54.SourceRecord],
        "Provenance" => [Cdm54.SourceRecord],
        _ => [.. Events, Cdm54.SourceRecord], // the domain of the code decides
    };
}
