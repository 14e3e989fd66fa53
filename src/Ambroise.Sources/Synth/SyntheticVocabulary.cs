using System.Text;

namespace Ambroise.Sources.Synth;

/// <summary>The vocabulary of the synthetic hospital, as Athena's tab-separated files: standard concepts and the codes that map to them, a hierarchy over them, French synonyms.</summary>
static class SyntheticVocabulary
{
    public const string Version = "Ambroise synthetic 2", Standard = "Ambroise";

    /// <summary>Smoking status and its answers: smoker, former smoker, never smoked.</summary>
    public const int Smoking = 43054909, Smoker = 2_000_450_000;

    // The hierarchy's upper part: letters of ICD-10, levels of ATC, laboratory, letters of CCAM.
    const int Root = 2_001_000_000, French = 4180190;

    static readonly (int Id, string Name, string Domain, string Vocabulary, string Code)[] Plain =
    [
        (0, "No matching concept", "Metadata", "None", "No matching concept"), (8507, "MALE", "Gender", "Gender", "M"), (8532, "FEMALE", "Gender", "Gender", "F"), (9201, "Inpatient Visit", "Visit", "Visit", "IP"),
        (9202, "Outpatient Visit", "Visit", "Visit", "OP"), (9203, "Emergency Room Visit", "Visit", "Visit", "ER"), (262, "Emergency Room and Inpatient Visit", "Visit", "Visit", "ERIP"), (32037, "Intensive Care", "Visit", "Visit", "OMOP4822460"),
        (32817, "EHR", "Type Concept", "Type Concept", "OMOP4976890"), (32838, "EHR prescription", "Type Concept", "Type Concept", "OMOP4976911"), (32856, "Lab", "Type Concept", "Type Concept", "OMOP4976929"),
        (32831, "EHR note", "Type Concept", "Type Concept", "OMOP4976904"), (32902, "Primary diagnosis", "Condition Status", "Condition Status", "OMOP4976973"), (32908, "Secondary diagnosis", "Condition Status", "Condition Status", "OMOP4976979"),
        (4132161, "Oral", "Route", Standard, "oral"), (French, "French language", "Language", Standard, "fr"), (Smoking, "Tobacco smoking status", "Observation", "LOINC", "72166-2"),
        (Smoker, "Smoker", "Meas Value", Standard, "smoker"), (Smoker + 1, "Former smoker", "Meas Value", Standard, "former-smoker"), (Smoker + 2, "Never smoked", "Meas Value", Standard, "never-smoked"),
        (8717, "Inpatient Hospital", "Visit", "CMS Place of Service", "21"), (756265, "OMOP CDM Version 5.4.0", "Metadata", "CDM", "CDM v5.4.0"),
        .. Enumerable.Range(0, 5).Select(i => (38004446 + i, $"Physician specialty {i + 1}", "Provider", "Medicare Specialty", $"S{i + 1}")),
    ];

    static readonly string[] CodeVocabularies = ["ICD10", "ATC", "LOINC", "CCAM"];

    sealed record Group(int Id, string Code, string Name, string Domain, string Class, int Parent);

    public static void Write(string folder)
    {
        // Reading the lists in order fills the catalogue.
        var (drugs, labs, acts) = (Catalogue.Drugs, Catalogue.Labs, Catalogue.Procedures);
        var groups = new Dictionary<string, Group>();
        int Of(string key, string code, string name, string domain, string kind, int parent = 0)
        {
            if (!groups.TryGetValue(key, out var group)) groups[key] = group = new(Root + groups.Count, code, name, domain, kind, parent);
            return group.Id;
        }
        int Above(SynthConcept concept)
        {
            if (concept.Parent != 0) return concept.Parent;
            var code = concept.Code;
            switch (concept.Domain)
            {
                case "Condition": return Of("C" + code[0], $"{code[0]}00-{code[0]}99", $"Conditions of ICD-10 letter {code[0]}", concept.Domain, "ICD10 chapter");
                case "Procedure": return Of("P" + code[0], code[..1], $"Procedures of CCAM letter {code[0]}", concept.Domain, "CCAM chapter");
                case "Measurement": return Of("M", "lab", "Laboratory and vital measurements", concept.Domain, "Group");
            }
            var above = Of("D" + code[..1], code[..1], $"Drugs of ATC group {code[..1]}", "Drug", "ATC 1st");
            foreach (var (length, level) in new[] { (3, "ATC 2nd"), (4, "ATC 3rd"), (5, "ATC 4th") }) above = Of("D" + code[..length], code[..length], $"Drugs of ATC group {code[..length]}", "Drug", level, above);
            return above;
        }
        var parents = Catalogue.Concepts.ToDictionary(c => c.Id, Above);
        foreach (var group in groups.Values) parents[group.Id] = group.Parent;
        var units = Catalogue.Units.Select(u => (Id: u.Value, Name: u.Key, Domain: "Unit", Vocabulary: "UCUM", Code: u.Key)).DistinctBy(u => u.Id);

        Lines(folder, "CONCEPT", "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\tconcept_code\tvalid_start_date\tvalid_end_date\tinvalid_reason",
            Catalogue.Concepts.Select(c => $"{c.Id}\t{c.Name}\t{c.Domain}\t{Standard}\t{c.Class}\tS\t{c.Code}\t19700101\t20991231\t")
                .Concat(Catalogue.Codes.Select(c => $"{c.Id}\t{c.Name}\t{c.Standard.Domain}\t{Catalogue.VocabularyOf(c.Standard.Domain)}\t{Catalogue.VocabularyOf(c.Standard.Domain)} code\t\t{c.Code}\t19700101\t20991231\t"))
                .Concat(groups.Values.Select(g => $"{g.Id}\t{g.Name}\t{g.Domain}\t{Standard}\t{g.Class}\tC\t{g.Code}\t19700101\t20991231\t"))
                .Concat(Plain.Concat(units).Select(c => $"{c.Id}\t{c.Name}\t{c.Domain}\t{c.Vocabulary}\tUndefined\tS\t{c.Code}\t19700101\t20991231\t")));
        Lines(folder, "CONCEPT_ANCESTOR", "ancestor_concept_id\tdescendant_concept_id\tmin_levels_of_separation\tmax_levels_of_separation", parents.Keys.SelectMany(id => Ancestors(id, parents).Select((above, level) => $"{above}\t{id}\t{level}\t{level}")));
        Lines(folder, "CONCEPT_RELATIONSHIP", "concept_id_1\tconcept_id_2\trelationship_id\tvalid_start_date\tvalid_end_date\tinvalid_reason",
            Catalogue.Codes.Select(c => (c.Id, To: c.Standard.Id)).Concat(Catalogue.Concepts.Select(c => (c.Id, To: c.Id))).SelectMany(c => new[] { $"{c.Id}\t{c.To}\tMaps to\t19700101\t20991231\t", $"{c.To}\t{c.Id}\tMapped from\t19700101\t20991231\t" })
                .Concat(parents.Where(p => p.Value != 0).SelectMany(p => new[] { $"{p.Key}\t{p.Value}\tIs a\t19700101\t20991231\t", $"{p.Value}\t{p.Key}\tSubsumes\t19700101\t20991231\t" })));
        Lines(folder, "CONCEPT_SYNONYM", "concept_id\tconcept_synonym_name\tlanguage_concept_id", Catalogue.Concepts.Select(c => $"{c.Id}\t{c.French}\t{French}").Concat(Catalogue.Codes.Select(c => $"{c.Id}\t{c.French}\t{French}")));
        Lines(folder, "VOCABULARY", "vocabulary_id\tvocabulary_name\tvocabulary_reference\tvocabulary_version\tvocabulary_concept_id",
            CodeVocabularies.Concat(Plain.Select(c => c.Vocabulary)).Append("UCUM").Distinct().Select(v => $"{v}\t{v}\tAmbroise synthetic hospital\t{Version}\t0"));
        var domains = Plain.Select(c => c.Domain).Concat(Catalogue.Concepts.Select(c => c.Domain)).Append("Unit").Distinct();
        Lines(folder, "DOMAIN", "domain_id\tdomain_name\tdomain_concept_id", domains.Select(d => $"{d}\t{d}\t0"));
        var classes = Catalogue.Concepts.Select(c => c.Class).Concat(groups.Values.Select(g => g.Class)).Concat(CodeVocabularies.Select(v => $"{v} code")).Append("Undefined").Distinct();
        Lines(folder, "CONCEPT_CLASS", "concept_class_id\tconcept_class_name\tconcept_class_concept_id", classes.Select(c => $"{c}\t{c}\t0"));
        Lines(folder, "RELATIONSHIP", "relationship_id\trelationship_name\tis_hierarchical\tdefines_ancestry\treverse_relationship_id\trelationship_concept_id",
            ["Maps to\tMaps to\t0\t0\tMapped from\t0", "Mapped from\tMapped from\t0\t0\tMaps to\t0", "Is a\tIs a\t1\t0\tSubsumes\t0", "Subsumes\tSubsumes\t1\t1\tIs a\t0"]);
    }

    /// <returns>The concept itself, then what is above it, one level after another.</returns>
    static IEnumerable<int> Ancestors(int id, Dictionary<int, int> parents)
    {
        for (; id != 0; id = parents[id]) yield return id;
    }

    static void Lines(string folder, string table, string header, IEnumerable<string> lines) =>
        File.WriteAllText(Path.Combine(folder, $"{table}.csv"), string.Join('\n', lines.Prepend(header)) + '\n', new UTF8Encoding(false));
}
