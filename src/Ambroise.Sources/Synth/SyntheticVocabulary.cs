using System.Text;

namespace Ambroise.Sources.Synth;

/// <summary>The vocabulary of the synthetic hospital, as Athena's tab-separated files: its concepts, a hierarchy over them, French synonyms.</summary>
static class SyntheticVocabulary
{
    public const string Version = "Ambroise synthetic 1";

    // The hierarchy's upper part: chapters of conditions, ATC levels, laboratory and procedures.
    const int Root = 2_001_000_000;

    public static void Write(string folder)
    {
        var concepts = Catalogue.Conditions.Concat(Catalogue.Drugs).Concat(Catalogue.Procedures).Concat(Catalogue.Labs.Select(l => l.Concept)).ToList();
        var groups = new Dictionary<string, SynthConcept>();
        SynthConcept Group(SynthConcept of)
        {
            var (key, name) = of.Domain switch
            {
                "Condition" => ($"C{of.Code[0]}", $"Conditions of ICD-10 letter {of.Code[0]}"),
                "Drug" => ($"D{of.Code[..1]}", $"Drugs of ATC group {of.Code[..1]}"),
                "Procedure" => ($"P{of.Code[0]}", $"Procedures of CCAM letter {of.Code[0]}"),
                _ => ("M", "Laboratory and vital measurements"),
            };
            if (!groups.TryGetValue(key, out var group)) groups[key] = group = new(Root + groups.Count, key, name, name, of.Domain, "Ambroise", "Group");
            return group;
        }
        var parents = concepts.ToDictionary(c => c, Group);
        var plain = new (int Id, string Name, string Domain, string Vocabulary, string Code)[]
        {
            (0, "No matching concept", "Metadata", "None", "No matching concept"), (8507, "MALE", "Gender", "Gender", "M"), (8532, "FEMALE", "Gender", "Gender", "F"), (9201, "Inpatient Visit", "Visit", "Visit", "IP"),
            (9202, "Outpatient Visit", "Visit", "Visit", "OP"), (9203, "Emergency Room Visit", "Visit", "Visit", "ER"), (262, "Emergency Room and Inpatient Visit", "Visit", "Visit", "ERIP"), (32817, "EHR", "Type Concept", "Type Concept", "OMOP4976890"),
            (32838, "EHR prescription", "Type Concept", "Type Concept", "OMOP4976911"), (32856, "Lab", "Type Concept", "Type Concept", "OMOP4976929"), (32831, "EHR note", "Type Concept", "Type Concept", "OMOP4976904"),
        };
        var units = Catalogue.Labs.Select(l => (Id: l.UnitConcept, Name: l.Unit, Domain: "Unit", Vocabulary: "UCUM", Code: l.Unit)).DistinctBy(u => u.Id);
        Lines(folder, "CONCEPT", "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\tconcept_code\tvalid_start_date\tvalid_end_date\tinvalid_reason",
            concepts.Select(c => $"{c.Id}\t{c.Name}\t{c.Domain}\t{c.Vocabulary}\t{c.Class}\tS\t{c.Code}\t19700101\t20991231\t")
                .Concat(groups.Values.Select(g => $"{g.Id}\t{g.Name}\t{g.Domain}\t{g.Vocabulary}\t{g.Class}\tC\t{g.Code}\t19700101\t20991231\t"))
                .Concat(plain.Concat(units).Select(c => $"{c.Id}\t{c.Name}\t{c.Domain}\t{c.Vocabulary}\tUndefined\tS\t{c.Code}\t19700101\t20991231\t")));
        Lines(folder, "CONCEPT_ANCESTOR", "ancestor_concept_id\tdescendant_concept_id\tmin_levels_of_separation\tmax_levels_of_separation",
            concepts.Select(c => c.Id).Concat(groups.Values.Select(g => g.Id)).Select(id => $"{id}\t{id}\t0\t0").Concat(parents.Select(p => $"{p.Value.Id}\t{p.Key.Id}\t1\t1")));
        Lines(folder, "CONCEPT_RELATIONSHIP", "concept_id_1\tconcept_id_2\trelationship_id\tvalid_start_date\tvalid_end_date\tinvalid_reason", concepts.Select(c => $"{c.Id}\t{c.Id}\tMaps to\t19700101\t20991231\t"));
        Lines(folder, "CONCEPT_SYNONYM", "concept_id\tconcept_synonym_name\tlanguage_concept_id", concepts.Select(c => $"{c.Id}\t{c.French}\t4180190"));
        Lines(folder, "VOCABULARY", "vocabulary_id\tvocabulary_name\tvocabulary_reference\tvocabulary_version\tvocabulary_concept_id",
            concepts.Select(c => c.Vocabulary).Distinct().Append("Ambroise").Select(v => $"{v}\t{v}\tAmbroise synthetic hospital\t{Version}\t0"));
    }

    static void Lines(string folder, string table, string header, IEnumerable<string> lines) =>
        File.WriteAllText(Path.Combine(folder, $"{table}.csv"), string.Join('\n', lines.Prepend(header)) + '\n', new UTF8Encoding(false));
}
