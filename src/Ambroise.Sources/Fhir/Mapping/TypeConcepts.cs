namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>Where a record comes from, as OMOP's standard Type Concepts say it (vocabulary "Type Concept", v5.0).</summary>
static class TypeConcepts
{
    public const int Ehr = 32817, Administration = 32818, Dispensing = 32825, Encounter = 32827, MedicationList = 32830, Note = 32831, PhysicalExamination = 32836, Prescription = 32838,
        ProblemList = 32840, Claim = 32810, Enrolment = 32813, Lab = 32856, PatientFilledSurvey = 32862, SelfReport = 32865;
}
