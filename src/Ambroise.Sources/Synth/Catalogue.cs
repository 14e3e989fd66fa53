using System.Globalization;
using System.Text;

namespace Ambroise.Sources.Synth;

/// <summary>A code of the hospital's own coding, on its way to the standard concept it maps to.</summary>
/// <param name="Standard">What the CDM's concept column holds.</param>
sealed record SynthCode(int Id, string Code, byte[] Utf8, string Name, string French, SynthConcept Standard);

/// <summary>A standard concept.</summary>
/// <param name="Parent">The concept it is a kind of; 0 for none but its group.</param>
/// <param name="Code">In the classification it is filed under.</param>
sealed record SynthConcept(int Id, string Code, string Name, string French, string Domain, string Class, int Parent);

/// <summary>What people of one category come for: who may have it, and its codes, the most frequent first.</summary>
/// <param name="Sex">M, F, or a space for both.</param>
sealed record Complaint(SynthConcept Concept, char Sex, int From, int To, SynthCode[] Codes)
{
    public bool Fits(bool woman, int age) => age >= From && age <= To && Sex != (woman ? 'M' : 'F');
}

/// <summary>A substance and the products it is prescribed as.</summary>
sealed record Substance(SynthConcept Ingredient, SynthCode Atc, SynthConcept[] Products);

/// <summary>A laboratory test or a measure at the bedside: its usual values, and the shift an illness brings.</summary>
/// <param name="Shifts">Index of a chronic illness, and what it adds to the mean.</param>
sealed record LabTest(SynthCode Code, int UnitConcept, byte[] Unit, double Mean, double Deviation, double Low, double High, int Decimals, (int Illness, double Shift)[] Shifts);

/// <summary>What the synthetic hospital meets. Codes of ICD-10, ATC, LOINC and CCAM are facts; every label is ours. Concepts from 2,000,000,000 on are our own,
/// the others are OMOP's.</summary>
static class Catalogue
{
    const int Own = 2_000_000_000, OwnCodes = 2_000_500_000;

    static readonly List<string[]> conditionLines = Lines("conditions");
    static readonly Dictionary<string, Complaint> complaints = [];
    static readonly Dictionary<string, int> units = [];
    static readonly List<SynthConcept> concepts = [];
    static readonly List<SynthCode> codes = [];

    public static IReadOnlyDictionary<string, int> Units => units;

    /// <summary>Every standard concept, and every code that maps to one.</summary>
    public static IReadOnlyList<SynthConcept> Concepts => concepts;

    public static IReadOnlyList<SynthCode> Codes => codes;

    public static readonly ChronicIllness[] Illnesses = ReadIllnesses();

    /// <summary>Everything else people come for, the most frequent first.</summary>
    public static readonly Complaint[] Acute = ReadComplaints();

    public static readonly Substance[] Drugs = [.. Lines("drugs").Select(ReadDrug)];

    public static readonly LabTest[] Labs = [.. Lines("tests").Select(ReadTest)];

    public static readonly SynthCode[] Procedures = [.. Lines("acts").Select((l, i) => Code(l[0], l[1], l[2], Concept(Own + 300_000 + i, l[0], l[1], l[2], "Procedure", "Procedure")))];

    public const int Diabetes = 0, Hypertension = 1, Lipids = 2, Kidney = 5, Fibrillation = 6, Obesity = 9;

    public static readonly Complaint Stroke = complaints["I63"], Infarction = complaints["I21"], Retina = complaints["H35"], LegUlcer = complaints["L97"];

    public static string VocabularyOf(string domain) => domain switch { "Condition" => "ICD10", "Drug" => "ATC", "Measurement" => "LOINC", _ => "CCAM" };

    static ChronicIllness[] ReadIllnesses() =>
    [
        new(Long("E11", 201826, "Type 2 diabetes", "Diabète de type 2"), .06, 12, .75, 3, [0, 0, 0, 1, 24, 27], [0, 2, 1, 36]), new(Long("I10", 316866, "Hypertension", "Hypertension artérielle"), .2, 11, .9, 2, [6, 7, 14, 45], [7, 8, 5, 1]),
        new(Long("E78", 432867, "Hyperlipidaemia", "Hyperlipidémie"), .16, 14, .9, 1.5, [2, 48, 50], [4, 27, 28]), new(Long("J45", 317009, "Asthma", "Asthme"), .06, 60, 1.15, 1.5, [9, 16], [49]),
        new(Long("J44", 255573, "Chronic obstructive lung disease", "Bronchopneumopathie chronique obstructive"), .03, 11, .6, 2.5, [9, 16], [17, 12]), new(Long("N18", 46271022, "Chronic kidney disease", "Maladie rénale chronique"), .02, 9, .85, 3, [8, 7], [1, 35, 5, 3]),
        new(Long("I48", 313217, "Atrial fibrillation", "Fibrillation atriale"), .01, 8, .7, 2.5, [5, 5, 14], [15, 3]), new(Long("I50", 316139, "Heart failure", "Insuffisance cardiaque"), .008, 7.5, .8, 4, [8, 7], [31, 1, 5, 6]),
        new(Long("F32", 440383, "Depression", "Épisode dépressif"), .08, 80, 1.9, 2, [15], [14]), new(Long("E66", 433736, "Obesity", "Obésité"), .15, 50, 1.1, 1, [], [9, 37, 2]),
        new(Long("E03", 140673, "Hypothyroidism", "Hypothyroïdie"), .02, 18, 4, 1.5, [10], [14]),
    ];

    static Complaint[] ReadComplaints()
    {
        Long("I63", 443454, "Cerebral infarction", "Infarctus cérébral");
        Long("I21", 312327, "Acute myocardial infarction", "Infarctus aigu du myocarde");
        var acute = new List<Complaint>();
        foreach (var line in conditionLines.Where(l => !l[0].Contains('.')))
        {
            var sex = char.IsLetter(line[2][0]) ? line[2][0] : ' ';
            var ages = line[2].TrimStart('M', 'F').Split('-');
            acute.Add(Category(line[0], line[1].Length > 0 ? Int(line[1]) : Own + concepts.Count, sex, Int(ages[0]), Int(ages[1]), line[3], line[4]));
        }
        return [.. acute];

        Complaint Category(string code, int id, char sex, int from, int to, string name, string french)
        {
            var concept = Concept(id, code, name, french, "Condition", "Disorder");
            return complaints[code] = new(concept, sex, from, to, Kinds(concept));
        }
    }

    static Complaint Long(string code, int id, string name, string french)
    {
        var concept = Concept(id, code, name, french, "Condition", "Disorder");
        return complaints[code] = new(concept, ' ', 8, 120, Kinds(concept));
    }

    /// <summary>The codes of a category: itself, then its kinds as listed, or the "other" and "unspecified" that ICD-10 closes most categories with.</summary>
    static SynthCode[] Kinds(SynthConcept category)
    {
        var listed = conditionLines.Where(l => l[0].StartsWith(category.Code + ".", StringComparison.Ordinal)).ToList();
        if (listed.Count == 0)
            listed = [[category.Code + ".9", "", "", $"{category.Name}, unspecified", $"{category.French}, sans précision"], [category.Code + ".8", "", "", $"{category.Name}, other kind", $"{category.French}, autre forme"]];
        return [Code(category.Code, category.Name, category.French, category), .. listed.Select(l =>
            Code(l[0], l[3], l[4], Concept(Own + concepts.Count, l[0], l[3], l[4], "Condition", "Disorder", category.Id)))];
    }

    static Substance ReadDrug(string[] line, int at)
    {
        var ingredient = Concept(line[1].Length > 0 ? Int(line[1]) : Own + 100_000 + 10 * at, line[0], line[2], line[3], "Drug", "Ingredient");
        var products = line[4].Split(',').Select((strength, i) => Concept(Own + 100_000 + 10 * at + 1 + i, $"{line[0]}-{i + 1}", $"{line[2]} {strength}", $"{line[3]} {strength}", "Drug", "Clinical Drug", ingredient.Id)).ToArray();
        return new(ingredient, Code(line[0], line[2], line[3], ingredient), products);
    }

    static LabTest ReadTest(string[] line, int at)
    {
        var concept = Concept(line[1].Length > 0 ? Int(line[1]) : Own + 200_000 + at, line[0], line[10], line[11], "Measurement", "Lab Test");
        var shifts = line[9].Split(';', StringSplitOptions.RemoveEmptyEntries).Select(s => s.Split(':')).Select(s => (Int(s[0]), Real(s[1]))).ToArray();
        // A unit without an OMOP concept here has one of our own, above the tests'.
        if (!units.TryGetValue(line[3], out var unit)) units[line[3]] = unit = line[2].Length > 0 ? Int(line[2]) : Own + 250_000 + at;
        return new(Code(line[0], line[10], line[11], concept), unit, Encoding.UTF8.GetBytes(line[3]), Real(line[4]), Real(line[5]), Real(line[6]), Real(line[7]), Int(line[8]), shifts);
    }

    static SynthConcept Concept(int id, string code, string name, string french, string domain, string kind, int parent = 0)
    {
        var concept = new SynthConcept(id, code, name, french, domain, kind, parent);
        concepts.Add(concept);
        return concept;
    }

    static SynthCode Code(string code, string name, string french, SynthConcept standard)
    {
        var made = new SynthCode(OwnCodes + codes.Count, code, Encoding.UTF8.GetBytes(code), name, french, standard);
        codes.Add(made);
        return made;
    }

    static int Int(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    static double Real(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    static List<string[]> Lines(string list)
    {
        using var stream = typeof(Catalogue).Assembly.GetManifestResourceStream($"Ambroise.Sources.Synth.Lists.{list}.psv")!;
        using var reader = new StreamReader(stream);
        var lines = new List<string[]>();
        while (reader.ReadLine() is { } line)
            if (line.Length > 0 && line[0] != '#') lines.Add(line.Split('|'));
        return lines;
    }
}

/// <summary>A long illness: who gets it, what is taken for it, what is measured.</summary>
/// <param name="At50">Probability for a man of 50; it doubles every <paramref name="DoublingYears"/> years.</param>
/// <param name="VisitsPerYear">Consultations it brings.</param>
/// <param name="Drugs">Places in the drug list.</param>
/// <param name="Labs">Places in the test list.</param>
sealed record ChronicIllness(Complaint Condition, double At50, double DoublingYears, double WomenRatio, double VisitsPerYear, int[] Drugs, int[] Labs);
