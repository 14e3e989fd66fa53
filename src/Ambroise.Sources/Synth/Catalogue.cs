namespace Ambroise.Sources.Synth;

/// <param name="Code">In its source vocabulary.</param>
public sealed record SynthConcept(int Id, string Code, string Name, string French, string Domain, string Vocabulary, string Class);

/// <summary>A long illness: who gets it, what is taken for it, what is measured.</summary>
/// <param name="At50">Probability for a man of 50; it doubles every <paramref name="DoublingYears"/> years.</param>
/// <param name="VisitsPerYear">Consultations it brings.</param>
sealed record ChronicIllness(SynthConcept Condition, double At50, double DoublingYears, double WomenRatio, double VisitsPerYear, int[] Drugs, int[] Labs);

/// <summary>A laboratory test or a measure at the bedside: its usual values, and the shift an illness brings.</summary>
/// <param name="Shifts">Index of a chronic illness, and what it adds to the mean.</param>
sealed record LabTest(SynthConcept Concept, int UnitConcept, string Unit, double Mean, double Deviation, double Low, double High, int Decimals, (int Illness, double Shift)[] Shifts);

/// <summary>What the synthetic hospital meets. Codes of ICD-10, ATC, LOINC and CCAM are facts; every label is ours. Concepts from 2,000,000,000 on are our own,
/// the others are OMOP's.</summary>
static class Catalogue
{
    const int Own = 2_000_000_000;

    public static readonly SynthConcept[] Drugs =
    [
        Drug(1503297, "A10BA02", "metformin", "metformine"), Drug(1502905, "A10AE04", "insulin glargine", "insuline glargine"), Drug(1545958, "C10AA05", "atorvastatin", "atorvastatine"),
        Drug(1112807, "B01AC06", "aspirin", "acide acétylsalicylique"), Drug(1322184, "B01AC04", "clopidogrel", "clopidogrel"), Drug(43013024, "B01AF02", "apixaban", "apixaban"),
        Drug(1332418, "C08CA01", "amlodipine", "amlodipine"), Drug(1334456, "C09AA05", "ramipril", "ramipril"), Drug(956874, "C03CA01", "furosemide", "furosémide"), Drug(1154343, "R03AC02", "salbutamol", "salbutamol"),
        Drug(1501700, "H03AA01", "levothyroxine", "lévothyroxine"), Drug(1125315, "N02BE01", "paracetamol", "paracétamol"), Drug(1713332, "J01CA04", "amoxicillin", "amoxicilline"), Drug(923645, "A02BC01", "omeprazole", "oméprazole"),
        Drug(1314002, "C07AB03", "atenolol", "aténolol"), Drug(739138, "N06AB06", "sertraline", "sertraline"), Drug(1149196, "R03BA01", "beclometasone", "béclométasone"), Drug(1177480, "M01AE01", "ibuprofen", "ibuprofène"),
        .. Enumerable.Range(0, 282).Select(i => new SynthConcept(Own + 100_000 + i, $"Z{i / 26 % 10:D2}{(char)('A' + i % 26)}{(char)('A' + i / 26 % 26)}{i % 100:D2}", $"synthetic substance {i + 1}", $"substance synthétique {i + 1}", "Drug", "ATC", "ATC 5th")),
    ];

    public static readonly LabTest[] Labs =
    [
        Lab(3004410, "4548-4", "Hemoglobin A1c", "Hémoglobine glyquée", 8554, "%", 5.4, .35, 4, 6, 1, (0, 2.1)), Lab(3016723, "2160-0", "Creatinine, serum", "Créatinine", 8749, "umol/L", 78, 14, 50, 110, 0, (5, 95)),
        Lab(3004501, "2345-7", "Glucose, blood", "Glycémie", 8753, "mmol/L", 5.1, .6, 3.9, 6.1, 1, (0, 3.8)), Lab(3000963, "718-7", "Hemoglobin", "Hémoglobine", 8713, "g/dL", 13.9, 1.3, 12, 17, 1, (5, -1.6)),
        Lab(3028437, "13457-7", "LDL cholesterol", "LDL-cholestérol", 8753, "mmol/L", 3.1, .8, 1, 4.1, 1, (2, 1.2)), Lab(3023103, "2823-3", "Potassium", "Potassium", 8753, "mmol/L", 4.2, .35, 3.5, 5.1, 1),
        Lab(3019550, "2951-2", "Sodium", "Sodium", 8753, "mmol/L", 140, 2.5, 136, 145, 0), Lab(3004249, "8480-6", "Systolic blood pressure", "Pression artérielle systolique", 8876, "mm[Hg]", 124, 11, 90, 140, 0, (1, 22)),
        Lab(3012888, "8462-4", "Diastolic blood pressure", "Pression artérielle diastolique", 8876, "mm[Hg]", 76, 8, 60, 90, 0, (1, 11)), Lab(3025315, "29463-7", "Body weight", "Poids", 9529, "kg", 72, 13, 45, 110, 1, (9, 24)),
        Lab(3020460, "1988-5", "C reactive protein", "Protéine C réactive", 8751, "mg/L", 6, 4, 0, 10, 0), Lab(3024929, "777-3", "Platelets", "Plaquettes", 9444, "10*9/L", 250, 55, 150, 400, 0),
        Lab(3000905, "6690-2", "Leukocytes", "Leucocytes", 9444, "10*9/L", 7, 1.9, 4, 10, 1), Lab(3006923, "1742-6", "Alanine aminotransferase", "ALAT", 8645, "U/L", 26, 11, 5, 45, 0), Lab(3009201, "3016-3", "Thyrotropin", "TSH", 9093, "m[IU]/L", 2.1, .9, .4, 4, 2, (10, 5)),
        .. Enumerable.Range(0, 85).Select(i => Lab(Own + 200_000 + i, $"S{10000 + i}-{i % 10}", $"Synthetic test {i + 1}", $"Dosage synthétique {i + 1}", 8753, "mmol/L", 10 + i, 2, 5 + i, 15 + i, 1)),
    ];

    public static readonly SynthConcept[] Procedures =
    [
        Procedure(0, "ACQK001", "CT of the brain", "Scanner de l'encéphale"), Procedure(1, "DEQP003", "Electrocardiogram", "Électrocardiogramme"), Procedure(2, "ZBQK002", "Chest X-ray", "Radiographie du thorax"),
        Procedure(3, "DZQM006", "Echocardiogram", "Échocardiographie"), Procedure(4, "DDAF006", "Coronary angioplasty with stent", "Angioplastie coronaire avec stent"), Procedure(5, "HHQE002", "Colonoscopy", "Coloscopie"),
        Procedure(6, "NEKA020", "Total hip replacement", "Prothèse totale de hanche"), Procedure(7, "JVJF004", "Haemodialysis session", "Séance d'hémodialyse"), Procedure(8, "BFGA004", "Cataract surgery", "Chirurgie de la cataracte"),
        .. Enumerable.Range(9, 191).Select(i => Procedure(i, $"{(char)('A' + i % 26)}{(char)('A' + i / 26)}SY{i:D3}", $"Synthetic procedure {i + 1}", $"Acte synthétique {i + 1}")),
    ];

    public static readonly ChronicIllness[] Illnesses =
    [
        new(Condition(201826, "E11", "Type 2 diabetes", "Diabète de type 2"), .06, 12, .75, 3, [0, 0, 0, 1], [0, 2, 1]), new(Condition(316866, "I10", "Hypertension", "Hypertension artérielle"), .2, 11, .9, 2, [6, 7, 14], [7, 8, 5, 1]),
        new(Condition(432867, "E78", "Hyperlipidaemia", "Hyperlipidémie"), .16, 14, .9, 1.5, [2], [4, 13]), new(Condition(317009, "J45", "Asthma", "Asthme"), .06, 60, 1.15, 1.5, [9, 16], [12]),
        new(Condition(255573, "J44", "Chronic obstructive lung disease", "Bronchopneumopathie chronique obstructive"), .03, 11, .6, 2.5, [9, 16], [10, 12]), new(Condition(46271022, "N18", "Chronic kidney disease", "Maladie rénale chronique"), .02, 9, .85, 3, [8, 7], [1, 5, 3]),
        new(Condition(313217, "I48", "Atrial fibrillation", "Fibrillation atriale"), .01, 8, .7, 2.5, [5, 14], [5, 3]), new(Condition(316139, "I50", "Heart failure", "Insuffisance cardiaque"), .008, 7.5, .8, 4, [8, 7], [1, 5, 6]),
        new(Condition(440383, "F32", "Depression", "Épisode dépressif"), .08, 80, 1.9, 2, [15], [14]), new(Condition(433736, "E66", "Obesity", "Obésité"), .15, 50, 1.1, 1, [], [9, 2]),
        new(Condition(140673, "E03", "Hypothyroidism", "Hypothyroïdie"), .02, 18, 4, 1.5, [10], [14]),
    ];

    public const int Diabetes = 0, Hypertension = 1, Kidney = 5, Fibrillation = 6;

    public static readonly SynthConcept Stroke = Condition(443454, "I63", "Cerebral infarction", "Infarctus cérébral"), Infarction = Condition(312327, "I21", "Acute myocardial infarction", "Infarctus aigu du myocarde");

    /// <summary>Everything else people come for, the most frequent first.</summary>
    public static readonly SynthConcept[] Acute =
    [
        Condition(257011, "J06", "Acute upper respiratory infection", "Infection aiguë des voies respiratoires supérieures"), Condition(194133, "M54", "Back pain", "Dorsalgie"), Condition(81902, "N39", "Urinary tract infection", "Infection urinaire"),
        Condition(255848, "J18", "Pneumonia", "Pneumopathie"), Condition(378253, "R51", "Headache", "Céphalée"), Condition(200219, "R10", "Abdominal pain", "Douleur abdominale"), Condition(318800, "K21", "Gastro-oesophageal reflux", "Reflux gastro-œsophagien"),
        Condition(80180, "M17", "Osteoarthritis of the knee", "Gonarthrose"), Condition(442077, "F41", "Anxiety", "Trouble anxieux"), Condition(77670, "R07", "Chest pain", "Douleur thoracique"),
        .. Enumerable.Range(0, 590).Select(i => new SynthConcept(Own + i, $"{(char)('A' + i / 30)}{10 + i % 30}.{i % 9}", $"Synthetic condition {i + 1}", $"Affection synthétique {i + 1}", "Condition", "ICD10", "ICD10 code")),
    ];

    public static IEnumerable<SynthConcept> Conditions => Illnesses.Select(i => i.Condition).Append(Stroke).Append(Infarction).Concat(Acute);

    static SynthConcept Condition(int id, string code, string name, string french) => new(id, code, name, french, "Condition", "ICD10", "ICD10 code");
    static SynthConcept Drug(int id, string code, string name, string french) => new(id, code, name, french, "Drug", "ATC", "ATC 5th");
    static SynthConcept Procedure(int at, string code, string name, string french) => new(Own + 300_000 + at, code, name, french, "Procedure", "CCAM", "CCAM act");

    static LabTest Lab(int id, string code, string name, string french, int unitConcept, string unit, double mean, double deviation, double low, double high, int decimals, params (int, double)[] shifts) =>
        new(new(id, code, name, french, "Measurement", "LOINC", "Lab Test"), unitConcept, unit, mean, deviation, low, high, decimals, shifts);
}
