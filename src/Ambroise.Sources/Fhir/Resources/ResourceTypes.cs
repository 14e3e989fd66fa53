using System.Collections.Frozen;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir.Resources;

/// <summary>A resource type that is read, and what maps it.</summary>
sealed record MappedType(string Name, Func<ResourceMapper, Fate> Map)
{
    public byte[] Text { get; } = System.Text.Encoding.UTF8.GetBytes(Name);
}

/// <summary>The resource types that are read, and what maps each. Any other is set aside as <c>type-unused</c>.</summary>
static class ResourceTypes
{
    public static readonly FrozenDictionary<string, MappedType> Maps = new Dictionary<string, Func<ResourceMapper, Fate>>
    {
        ["Patient"] = PatientMap.Map,
        ["Organization"] = PlaceMap.Organization,
        ["Location"] = PlaceMap.Location,
        ["Practitioner"] = PlaceMap.Practitioner,
        ["PractitionerRole"] = PlaceMap.PractitionerRole,
        ["Encounter"] = EncounterMap.Map,
        ["Condition"] = ConditionMap.Condition,
        ["AllergyIntolerance"] = ConditionMap.Allergy,
        ["FamilyMemberHistory"] = ConditionMap.FamilyHistory,
        ["Procedure"] = ProcedureMap.Procedure,
        ["ImagingStudy"] = ProcedureMap.Imaging,
        ["SupplyDelivery"] = ProcedureMap.Supply,
        ["Device"] = ProcedureMap.Device,
        ["DeviceUseStatement"] = ProcedureMap.DeviceUse,
        ["Observation"] = ObservationMap.Map,
        ["Specimen"] = ObservationMap.Specimen,
        ["Medication"] = DrugMap.Medication,
        ["MedicationRequest"] = DrugMap.Request,
        ["MedicationAdministration"] = DrugMap.Administration,
        ["MedicationDispense"] = DrugMap.Dispense,
        ["MedicationStatement"] = DrugMap.Statement,
        ["Immunization"] = DrugMap.Immunization,
        ["DiagnosticReport"] = NoteMap.Report,
        ["DocumentReference"] = NoteMap.Document,
        ["Consent"] = ConsentMap.Consent,
        ["Coverage"] = ClaimMap.Coverage,
        ["Claim"] = ClaimMap.Claim,
        ["ExplanationOfBenefit"] = ClaimMap.Explanation,
        ["QuestionnaireResponse"] = AnswerMap.Questionnaire,
        ["CarePlan"] = AnswerMap.Plan,
        ["Provenance"] = AnswerMap.Provenance,
    }.ToFrozenDictionary(m => m.Key, m => new MappedType(m.Key, m.Value), StringComparer.Ordinal);

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
