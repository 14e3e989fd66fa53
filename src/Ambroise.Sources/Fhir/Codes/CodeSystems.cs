using System.Collections.Frozen;

namespace Ambroise.Sources.Fhir.Codes;

/// <summary>OMOP's name for each FHIR code system it has as a vocabulary.</summary>
/// <remarks>HL7 Terminology (THO) 6, "External Code Systems"; French systems as ANS publishes them.</remarks>
static class CodeSystems
{
    static readonly FrozenDictionary<string, string> Vocabularies = new Dictionary<string, string>
    {
        ["http://snomed.info/sct"] = "SNOMED",
        ["http://loinc.org"] = "LOINC",
        ["http://www.nlm.nih.gov/research/umls/rxnorm"] = "RxNorm",
        ["http://hl7.org/fhir/sid/cvx"] = "CVX",
        ["http://hl7.org/fhir/sid/ndc"] = "NDC",
        ["http://hl7.org/fhir/sid/icd-9-cm"] = "ICD9CM",
        ["http://hl7.org/fhir/sid/icd-10"] = "ICD10",
        ["http://hl7.org/fhir/sid/icd-10-cm"] = "ICD10CM",
        ["http://www.cms.gov/Medicare/Coding/ICD10"] = "ICD10PCS",
        ["https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"] = "HCPCS",
        ["http://www.ama-assn.org/go/cpt"] = "CPT4",
        ["http://www.whocc.no/atc"] = "ATC",
        ["http://unitsofmeasure.org"] = "UCUM",
        ["urn:iso:std:iso:4217"] = "Currency",
        ["http://nucc.org/provider-taxonomy"] = "NUCC",
        ["http://terminology.hl7.org/CodeSystem/icd-o-3"] = "ICDO3",
        ["http://fdasis.nlm.nih.gov"] = "UNII",
        // As documents of HL7 v2 and CDA name them (HL7 OID registry).
        ["urn:oid:2.16.840.1.113883.6.96"] = "SNOMED",
        ["urn:oid:2.16.840.1.113883.6.1"] = "LOINC",
        ["urn:oid:2.16.840.1.113883.6.88"] = "RxNorm",
        ["urn:oid:2.16.840.1.113883.12.292"] = "CVX",
        ["urn:oid:2.16.840.1.113883.6.69"] = "NDC",
        ["urn:oid:2.16.840.1.113883.6.103"] = "ICD9CM",
        ["urn:oid:2.16.840.1.113883.6.3"] = "ICD10",
        ["urn:oid:2.16.840.1.113883.6.90"] = "ICD10CM",
        ["urn:oid:2.16.840.1.113883.6.73"] = "ATC",
        ["urn:oid:2.16.840.1.113883.6.8"] = "UCUM",
        ["https://smt.esante.gouv.fr/terminologie-cim-10"] = "CIM10",
        ["http://hl7.org/fhir/sid/cim-10"] = "CIM10",
        ["https://smt.esante.gouv.fr/terminologie-ccam"] = "CCAM",
        ["https://smt.esante.gouv.fr/terminologie-atc"] = "ATC",
        [Synth.SyntheticFhir.Own] = Synth.SyntheticVocabulary.Standard,
        ["https://mos.esante.gouv.fr/NOS/TRE_R216-CCAM/FHIR/TRE-R216-CCAM"] = "CCAM",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <returns>The OMOP vocabulary, or the system itself where OMOP has none: local mappings name it so.</returns>
    public static string Vocabulary(string system) => Vocabularies.GetValueOrDefault(system) ?? Vocabularies.GetValueOrDefault(system.TrimEnd('/')) ?? system;

    /// <summary>Every vocabulary whose codes may be asked for.</summary>
    public static IEnumerable<string> Known => Vocabularies.Values.Distinct();
}
