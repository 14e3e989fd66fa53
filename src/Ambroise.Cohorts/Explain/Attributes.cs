using Ambroise.Cohorts.Definitions;

namespace Ambroise.Cohorts.Explain;

/// <summary>What each attribute of a criterion is called, and its unit.</summary>
static class Attributes
{
    static readonly Dictionary<string, (string English, string French)> Labels = new(StringComparer.Ordinal)
    {
        ["OccurrenceStartDate"] = ("starting", "débutant"),
        ["OccurrenceEndDate"] = ("ending", "se terminant"),
        ["EraStartDate"] = ("starting", "débutant"),
        ["EraEndDate"] = ("ending", "se terminant"),
        ["PeriodStartDate"] = ("starting", "débutant"),
        ["PeriodEndDate"] = ("ending", "se terminant"),
        ["VisitDetailStartDate"] = ("starting", "débutant"),
        ["VisitDetailEndDate"] = ("ending", "se terminant"),
        ["EraLength"] = ("length", "durée"),
        ["PeriodLength"] = ("length", "durée"),
        ["VisitLength"] = ("length", "durée"),
        ["VisitDetailLength"] = ("length", "durée"),
        ["Age"] = ("age", "âge"),
        ["AgeAtStart"] = ("age at its start", "âge au début"),
        ["AgeAtEnd"] = ("age at its end", "âge à la fin"),
        ["Gender"] = ("sex", "sexe"),
        ["Race"] = ("race", "origine (race)"),
        ["Ethnicity"] = ("ethnicity", "origine ethnique"),
        ["ProviderSpecialty"] = ("provider’s specialty", "spécialité du soignant"),
        ["VisitType"] = ("visit type", "type de venue"),
        ["PlaceOfService"] = ("place of care", "lieu de soins"),
        ["PlaceOfServiceLocation"] = ("region of the place of care", "région du lieu de soins"),
        ["ConditionType"] = ("record type", "type d’enregistrement"),
        ["DrugType"] = ("record type", "type d’enregistrement"),
        ["ProcedureType"] = ("record type", "type d’enregistrement"),
        ["DeviceType"] = ("record type", "type d’enregistrement"),
        ["MeasurementType"] = ("record type", "type d’enregistrement"),
        ["ObservationType"] = ("record type", "type d’enregistrement"),
        ["SpecimenType"] = ("record type", "type d’enregistrement"),
        ["DeathType"] = ("record type", "type d’enregistrement"),
        ["VisitDetailType"] = ("record type", "type d’enregistrement"),
        ["PeriodType"] = ("record type", "type d’enregistrement"),
        ["ConditionStatus"] = ("status", "statut"),
        ["StopReason"] = ("stop reason", "motif d’arrêt"),
        ["RouteConcept"] = ("route", "voie d’administration"),
        ["Refills"] = ("refills", "renouvellements"),
        ["Quantity"] = ("quantity", "quantité"),
        ["DaysSupply"] = ("days’ supply", "durée délivrée"),
        ["EffectiveDrugDose"] = ("effective dose", "dose effective"),
        ["DoseUnit"] = ("dose unit", "unité de dose"),
        ["DoseValue"] = ("dose", "dose"),
        ["LotNumber"] = ("lot number", "numéro de lot"),
        ["Modifier"] = ("modifier", "modificateur"),
        ["UniqueDeviceId"] = ("device identifier", "identifiant du dispositif"),
        ["Operator"] = ("operator", "opérateur"),
        ["ValueAsNumber"] = ("value", "valeur"),
        ["ValueAsConcept"] = ("result", "résultat"),
        ["ValueAsString"] = ("text value", "valeur textuelle"),
        ["Unit"] = ("unit", "unité"),
        ["RangeLow"] = ("lower limit of normal", "borne inférieure de la normale"),
        ["RangeHigh"] = ("upper limit of normal", "borne supérieure de la normale"),
        ["RangeLowRatio"] = ("value ÷ lower limit of normal", "valeur ÷ borne inférieure"),
        ["RangeHighRatio"] = ("value ÷ upper limit of normal", "valeur ÷ borne supérieure"),
        ["Qualifier"] = ("qualifier", "qualificatif"),
        ["AnatomicSite"] = ("anatomic site", "site anatomique"),
        ["DiseaseStatus"] = ("disease status", "statut de la maladie"),
        ["SourceId"] = ("source identifier", "identifiant source"),
        ["OccurrenceCount"] = ("number of occurrences", "nombre de survenues"),
        ["GapDays"] = ("days without treatment", "jours sans traitement"),
        ["PayerConcept"] = ("payer", "payeur"),
        ["PlanConcept"] = ("plan", "régime"),
        ["SponsorConcept"] = ("sponsor", "souscripteur"),
        ["StopReasonConcept"] = ("stop reason", "motif d’arrêt"),
        ["PayerSourceConcept"] = ("source payer", "payeur source"),
        ["PlanSourceConcept"] = ("source plan", "régime source"),
        ["SponsorSourceConcept"] = ("source sponsor", "souscripteur source"),
        ["StopReasonSourceConcept"] = ("source stop reason", "motif d’arrêt source"),
    };

    /// <returns>The label of a member; its concept set twin (<c>…CS</c>) has the same.</returns>
    /// <param name="kind">Null for a condition on the patient.</param>
    public static string Label(CriterionKind? kind, string member, Wording words)
    {
        var plain = member.EndsWith("CS", StringComparison.Ordinal) ? member[..^2] : member;
        if (kind == CriterionKind.VisitOccurrence && plain == "VisitType") return words.Say("record type", "type d’enregistrement");
        if (Labels.TryGetValue(plain, out var label)) return words.Say(label.English, label.French);
        return plain.EndsWith("SourceConcept", StringComparison.Ordinal) ? words.Say("source code", "code source") : ConceptSetNames.Plain(plain);
    }

    /// <returns>The unit with the space before it, or nothing.</returns>
    public static string Unit(string member, Wording words) => member switch
    {
        "Age" or "AgeAtStart" or "AgeAtEnd" => words.Say("\u00a0years", "\u00a0ans"),
        "EraLength" or "PeriodLength" or "VisitLength" or "VisitDetailLength" or "DaysSupply" or "GapDays" => words.Say("\u00a0days", "\u00a0jours"),
        _ => "",
    };

    /// <returns>What a distinct count counts.</returns>
    public static string Counted(CountColumn column, Wording words) => column switch
    {
        CountColumn.DomainConcept => words.Say("distinct concepts", "concepts distincts"),
        CountColumn.DomainSourceConcept => words.Say("distinct source codes", "codes sources distincts"),
        CountColumn.StartDate => words.Say("distinct start dates", "dates de début distinctes"),
        CountColumn.EndDate => words.Say("distinct end dates", "dates de fin distinctes"),
        CountColumn.VisitId => words.Say("distinct visits", "venues distinctes"),
        CountColumn.VisitDetailId => words.Say("distinct stays within visits", "passages distincts"),
        CountColumn.Duration => words.Say("distinct durations", "durées distinctes"),
        CountColumn.Quantity => words.Say("distinct quantities", "quantités distinctes"),
        CountColumn.ValueAsNumber => words.Say("distinct values", "valeurs distinctes"),
        CountColumn.Unit => words.Say("distinct units", "unités distinctes"),
        CountColumn.DaysSupply => words.Say("distinct days’ supplies", "durées délivrées distinctes"),
        CountColumn.Refills => words.Say("distinct numbers of refills", "nombres de renouvellements distincts"),
        CountColumn.RangeLow or CountColumn.RangeHigh => words.Say("distinct limits of normal", "bornes de la normale distinctes"),
        CountColumn.EraOccurrences => words.Say("distinct numbers of occurrences", "nombres de survenues distincts"),
        CountColumn.GapDays => words.Say("distinct gaps", "interruptions distinctes"),
        _ => throw new System.Diagnostics.UnreachableException($"{column}"),
    };
}
