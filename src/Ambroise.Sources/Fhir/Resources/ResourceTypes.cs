using System.Collections.Frozen;
using System.Text;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir.Resources;

/// <summary>A resource type that is read, and what maps it.</summary>
sealed class MappedType(string name, Func<ResourceMapper, Fate> map, string statuses)
{
    readonly byte[][] statuses = [.. statuses.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Encoding.UTF8.GetBytes)];

    public string Name => name;

    public byte[] Text { get; } = Encoding.UTF8.GetBytes(name);

    public Fate Map(ResourceMapper mapper) => map(mapper);

    /// <summary>Whether FHIR R4 lets the status of such a resource say this; of a type without a status anything may stand there.</summary>
    public bool HasStatus(ReadOnlySpan<byte> code)
    {
        foreach (var status in statuses)
            if (code.SequenceEqual(status)) return true;
        return statuses.Length == 0;
    }
}

/// <summary>The resource types that are read, what maps each, and what its status may say (FHIR R4, the required value set of each type's <c>status</c>). Any other is set aside as <c>type-unused</c>.</summary>
static class ResourceTypes
{
    public static readonly FrozenDictionary<string, MappedType> Maps = new Dictionary<string, (Func<ResourceMapper, Fate> Map, string Statuses)>
    {
        ["Patient"] = (PatientMap.Map, ""),
        ["Organization"] = (PlaceMap.Organization, ""),
        ["Location"] = (PlaceMap.Location, "active suspended inactive"),
        ["Practitioner"] = (PlaceMap.Practitioner, ""),
        ["PractitionerRole"] = (PlaceMap.PractitionerRole, ""),
        ["Encounter"] = (EncounterMap.Map, "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown"),
        ["Condition"] = (ConditionMap.Condition, ""),
        ["AllergyIntolerance"] = (ConditionMap.Allergy, ""),
        ["FamilyMemberHistory"] = (ConditionMap.FamilyHistory, "partial completed entered-in-error health-unknown"),
        ["Procedure"] = (ProcedureMap.Procedure, "preparation in-progress not-done on-hold stopped completed entered-in-error unknown"),
        ["ImagingStudy"] = (ProcedureMap.Imaging, "registered available cancelled entered-in-error unknown"),
        ["SupplyDelivery"] = (ProcedureMap.Supply, "in-progress completed abandoned entered-in-error"),
        ["Device"] = (ProcedureMap.Device, "active inactive entered-in-error unknown"),
        ["DeviceUseStatement"] = (ProcedureMap.DeviceUse, "active completed entered-in-error intended stopped on-hold"),
        ["Observation"] = (ObservationMap.Map, "registered preliminary final amended corrected cancelled entered-in-error unknown"),
        ["Specimen"] = (ObservationMap.Specimen, "available unavailable unsatisfactory entered-in-error"),
        ["Medication"] = (DrugMap.Medication, "active inactive entered-in-error"),
        ["MedicationRequest"] = (DrugMap.Request, "active on-hold cancelled completed entered-in-error stopped draft unknown"),
        ["MedicationAdministration"] = (DrugMap.Administration, "in-progress not-done on-hold completed entered-in-error stopped unknown"),
        ["MedicationDispense"] = (DrugMap.Dispense, "preparation in-progress cancelled on-hold completed entered-in-error stopped declined unknown"),
        ["MedicationStatement"] = (DrugMap.Statement, "active completed entered-in-error intended stopped on-hold unknown not-taken"),
        ["Immunization"] = (DrugMap.Immunization, "completed entered-in-error not-done"),
        ["DiagnosticReport"] = (NoteMap.Report, "registered partial preliminary final amended corrected appended cancelled entered-in-error unknown"),
        ["DocumentReference"] = (NoteMap.Document, "current superseded entered-in-error"),
        ["Consent"] = (ConsentMap.Consent, "draft proposed active rejected inactive entered-in-error"),
        ["Coverage"] = (ClaimMap.Coverage, "active cancelled draft entered-in-error"),
        ["Claim"] = (ClaimMap.Claim, "active cancelled draft entered-in-error"),
        ["ExplanationOfBenefit"] = (ClaimMap.Explanation, "active cancelled draft entered-in-error"),
        ["QuestionnaireResponse"] = (AnswerMap.Questionnaire, "in-progress completed amended entered-in-error stopped"),
        ["CarePlan"] = (AnswerMap.Plan, "draft active on-hold revoked completed entered-in-error unknown"),
        ["Provenance"] = (AnswerMap.Provenance, ""),
    }.ToFrozenDictionary(m => m.Key, m => new MappedType(m.Key, m.Value.Map, m.Value.Statuses), StringComparer.Ordinal);

    public static readonly MappedType Observation = Maps["Observation"];

    public static bool IsAboutSomebody(string type) => Maps.ContainsKey(type) && type is not ("Organization" or "Location" or "Practitioner" or "PractitionerRole" or "Medication" or "Device");

    /// <summary>Types a count may name; what else calls itself a resource is <c>unknown</c>, since an unknown name may hold anything.</summary>
    public static readonly FrozenSet<string> Known =
        """
        Account ActivityDefinition AdverseEvent AllergyIntolerance Appointment AppointmentResponse AuditEvent Basic Binary BiologicallyDerivedProduct BodyStructure Bundle CapabilityStatement CarePlan CareTeam
        CatalogEntry ChargeItem ChargeItemDefinition Claim ClaimResponse ClinicalImpression CodeSystem Communication CommunicationRequest CompartmentDefinition Composition ConceptMap Condition Consent Contract
        Coverage CoverageEligibilityRequest CoverageEligibilityResponse DetectedIssue Device DeviceDefinition DeviceMetric DeviceRequest DeviceUseStatement DiagnosticReport DocumentManifest DocumentReference
        EffectEvidenceSynthesis Encounter Endpoint EnrollmentRequest EnrollmentResponse EpisodeOfCare EventDefinition Evidence EvidenceVariable ExampleScenario ExplanationOfBenefit FamilyMemberHistory Flag Goal
        GraphDefinition Group GuidanceResponse HealthcareService ImagingStudy Immunization ImmunizationEvaluation ImmunizationRecommendation ImplementationGuide InsurancePlan Invoice Library Linkage List Location
        Measure MeasureReport Media Medication MedicationAdministration MedicationDispense MedicationKnowledge MedicationRequest MedicationStatement MedicinalProduct MessageDefinition MessageHeader MolecularSequence
        NamingSystem NutritionOrder Observation ObservationDefinition OperationDefinition OperationOutcome Organization OrganizationAffiliation Parameters Patient PaymentNotice PaymentReconciliation Person
        PlanDefinition Practitioner PractitionerRole Procedure Provenance Questionnaire QuestionnaireResponse RelatedPerson RequestGroup ResearchDefinition ResearchElementDefinition ResearchStudy ResearchSubject
        RiskAssessment RiskEvidenceSynthesis Schedule SearchParameter ServiceRequest Slot Specimen SpecimenDefinition StructureDefinition StructureMap Subscription Substance SupplyDelivery SupplyRequest Task
        TerminologyCapabilities TestReport TestScript ValueSet VerificationResult VisionPrescription
        """.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToFrozenSet(StringComparer.Ordinal);
}
