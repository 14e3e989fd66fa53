using System.Globalization;
using System.Text.Json;
using Ambroise.Cohorts.Explain;

namespace Ambroise.Cohorts.Check;

/// <summary>Looks for slips in a definition's design. It reads the exchanged JSON as it stands, since each finding names a place in it, and never throws on a JSON object.</summary>
public sealed class CheckCohort
{
    /// <summary>The oldest age with a record is 122 (J. Calment); past 130 an age range can only be a slip.</summary>
    const int OldestAge = 130;

    readonly Wording words;
    readonly JsonElement definition;
    readonly List<Finding> findings = [];
    readonly Dictionary<long, int> setIndexes = [];
    readonly HashSet<long> usedSets = [];

    CheckCohort(JsonElement definition, Wording words) => (this.definition, this.words) = (definition, words);

    /// <returns>Findings in the order of the document's parts: concept sets, entry, restriction, rules, exit.</returns>
    public static IReadOnlyList<Finding> Findings(JsonElement definition, Wording words)
    {
        var check = new CheckCohort(definition, words);
        check.All();
        return check.findings;
    }

    void All()
    {
        var sets = definition.Items("ConceptSets");
        for (var i = 0; i < sets.Count; i++)
            if (sets[i].Whole("id") is { } id && !setIndexes.TryAdd(id, i))
                Add(Gravity.Error, $"$.ConceptSets[{i}].id", "concept-set-id-repeated", $"Two concept sets share the id {id}.", $"Deux ensembles de concepts partagent l’identifiant {id}.");

        var primary = definition.Get("PrimaryCriteria");
        var entries = primary?.Items("CriteriaList") ?? [];
        if (entries.Count == 0) Add(Gravity.Error, "$.PrimaryCriteria.CriteriaList", "entry-missing", "There is no entry event: nobody enters the cohort.", "Aucun événement d’entrée\u00a0: personne n’entre dans la cohorte.");
        var onlyDeath = entries.Count > 0 && entries.All(e => e.Get("Death") is not null);
        Duplicates(entries, "$.PrimaryCriteria.CriteriaList");
        for (var i = 0; i < entries.Count; i++) Criterion(entries[i], $"$.PrimaryCriteria.CriteriaList[{i}]");
        foreach (var side in new[] { "PriorDays", "PostDays" })
            if (primary?.Get("ObservationWindow")?.Whole(side) < 0)
                Add(Gravity.Error, $"$.PrimaryCriteria.ObservationWindow.{side}", "observation-negative", "Days of observation cannot be negative.", "Un nombre de jours d’observation ne peut être négatif.");

        if (definition.Get("AdditionalCriteria") is { } additional) Group(additional, "$.AdditionalCriteria", onlyDeath, mayBeEmpty: true);
        Rules(onlyDeath);
        Exit();
        ConceptSets(sets);
    }

    void Rules(bool onlyDeath)
    {
        var rules = definition.Items("InclusionRules");
        for (var i = 0; i < rules.Count; i++)
        {
            var path = $"$.InclusionRules[{i}]";
            var twin = Enumerable.Range(0, i).FirstOrDefault(j => Same(rules[i].Get("expression"), rules[j].Get("expression")), -1);
            if (twin >= 0) Add(Gravity.Warning, path, "rule-repeated", $"Inclusion rule {i + 1} asks the same as rule {twin + 1}.", $"La règle d’inclusion {i + 1} demande la même chose que la règle {twin + 1}.");
            if (rules[i].Text("name") is { Length: > 0 } name && rules.Take(i).Any(r => r.Text("name") == name))
                Add(Gravity.Note, $"{path}.name", "rule-name-repeated", "Another inclusion rule has the same name.", "Une autre règle d’inclusion porte le même nom.");
            if (rules[i].Get("expression") is { } group) Group(group, $"{path}.expression", onlyDeath, mayBeEmpty: false);
        }
    }

    static bool Same(JsonElement? a, JsonElement? b) => a is { } one && b is { } other && JsonElement.DeepEquals(one, other);

    void Duplicates(IReadOnlyList<JsonElement> list, string path)
    {
        for (var i = 1; i < list.Count; i++)
            if (list.Take(i).Any(earlier => JsonElement.DeepEquals(earlier, list[i])))
                Add(Gravity.Warning, $"{path}[{i}]", "criterion-repeated", "The same criterion stands earlier in this list.", "Le même critère figure plus haut dans cette liste.");
    }

    void Group(JsonElement group, string path, bool indexIsDeath, bool mayBeEmpty)
    {
        var (criteria, demographics, groups) = (group.Items("CriteriaList"), group.Items("DemographicCriteriaList"), group.Items("Groups"));
        var parts = criteria.Count + demographics.Count + groups.Count;
        if (parts == 0)
        {
            if (!mayBeEmpty) Add(Gravity.Warning, path, "group-empty", "This group has no criterion: everyone passes.", "Ce groupe n’a aucun critère\u00a0: tout le monde le satisfait.");
            return;
        }
        var (type, count) = (group.Text("Type")?.ToUpperInvariant(), group.Whole("Count") ?? 0);
        if (type == "AT_LEAST" && count > parts) Add(Gravity.Error, $"{path}.Count", "group-count-too-high", $"At least {count} of {parts}: nobody can pass.", $"Au moins {count} sur {parts}\u00a0: personne ne peut satisfaire ce groupe.");
        if ((type == "AT_LEAST" && count <= 0) || (type == "AT_MOST" && count >= parts))
            Add(Gravity.Warning, $"{path}.Count", "group-always-true", "Everyone passes this group.", "Tout le monde satisfait ce groupe.");

        Duplicates(criteria, $"{path}.CriteriaList");
        for (var i = 0; i < criteria.Count; i++) Correlated(criteria[i], $"{path}.CriteriaList[{i}]", indexIsDeath);
        for (var i = 0; i < demographics.Count; i++) Attributes(demographics[i], $"{path}.DemographicCriteriaList[{i}]");
        for (var i = 0; i < groups.Count; i++) Group(groups[i], $"{path}.Groups[{i}]", indexIsDeath, mayBeEmpty: false);
    }

    void Correlated(JsonElement item, string path, bool indexIsDeath)
    {
        if (item.Get("Occurrence") is { } occurrence) Occurrence(occurrence, $"{path}.Occurrence");
        foreach (var name in new[] { "StartWindow", "EndWindow" })
            if (item.Get(name) is { } window) Window(window, $"{path}.{name}");

        var wanted = item.Get("Occurrence")?.Whole("Type") is 2 or 0 && item.Get("Occurrence")?.Whole("Count") > 0;
        var start = item.Get("StartWindow");
        if (indexIsDeath && wanted && item.Get("Criteria")?.Get("Death") is null && Days(start?.Get("Start")) > 0)
            Add(Gravity.Warning, $"{path}.StartWindow", "after-death", "The criterion must be met after the patient’s death.", "Le critère doit être satisfait après le décès du patient.");
        if (wanted && item.Get("Criteria")?.Get("Death") is not null && Days(start?.Get("End")) < 0)
            Add(Gravity.Warning, $"{path}.StartWindow", "after-death", "The death must come before the index event.", "Le décès doit précéder l’événement index.");
        if (item.Get("Criteria") is { } criterion) Criterion(criterion, $"{path}.Criteria");
    }

    void Occurrence(JsonElement occurrence, string path)
    {
        var (type, count) = (occurrence.Whole("Type"), occurrence.Whole("Count") ?? 0);
        if (count < 0) Add(Gravity.Error, $"{path}.Count", "occurrence-negative", "A count of occurrences cannot be negative.", "Un nombre de survenues ne peut être négatif.");
        if (type == 2 && count == 0) Add(Gravity.Warning, path, "occurrence-always-true", "At least 0 occurrences: everyone passes.", "Au moins 0 survenue\u00a0: tout le monde satisfait ce critère.");
        if (type is 0 or 1 && count == 0 && occurrence.Flag("IsDistinct"))
            Add(Gravity.Warning, path, "occurrence-zero-distinct", "“No occurrence” gains nothing from counting distinct values, and events without the value pass.",
                "«\u00a0Aucune survenue\u00a0» ne gagne rien à compter des valeurs distinctes, et les événements sans valeur passent.");
    }

    void Window(JsonElement window, string path)
    {
        var (from, to) = (Days(window.Get("Start")), Days(window.Get("End")));
        if (from > to) Add(Gravity.Error, path, "window-impossible", $"The window starts ({Signed(from)}) after it ends ({Signed(to)}): nothing is in it.", $"La fenêtre débute ({Signed(from)}) après sa fin ({Signed(to)})\u00a0: rien n’y entre.");
        foreach (var (end, wrong) in new[] { ("Start", 1L), ("End", -1L) })
            if (window.Get(end) is { } point && point.Whole("Days") is null && point.Whole("Coeff") == wrong && (end == "Start" ? to is not null || window.Get("End")?.Whole("Coeff") == -1 : from is not null))
                Add(Gravity.Warning, $"{path}.{end}", "window-open-side", "The open bound is on the wrong side: the window holds at most one end of the observation period.",
                    "La borne ouverte est du mauvais côté\u00a0: la fenêtre se réduit au plus à un bout de la période d’observation.");
    }

    static string Signed(long? days) => days?.ToString("+0;−0;0", CultureInfo.InvariantCulture) ?? "";

    static long? Days(JsonElement? endpoint) => endpoint?.Whole("Days") is { } days ? days * (endpoint?.Whole("Coeff") ?? 1) : null;

    void Criterion(JsonElement wrapped, string path)
    {
        if (wrapped.ValueKind != JsonValueKind.Object) return;
        foreach (var member in wrapped.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Object) continue;
            var here = $"{path}.{member.Name}";
            Attributes(member.Value, here);
            if (member.Value.Get("CorrelatedCriteria") is { } group) Group(group, $"{here}.CorrelatedCriteria", member.Name == "Death", mayBeEmpty: true);
            if (member.Value.Whole("CodesetId") is null && member.Name is not ("ObservationPeriod" or "PayerPlanPeriod" or "Death" or "VisitOccurrence" or "VisitDetail" or "LocationRegion")
                && !member.Value.EnumerateObject().Any(m => m.Name.EndsWith("SourceConcept", StringComparison.Ordinal) && m.Value.ValueKind == JsonValueKind.Number))
                Add(Gravity.Note, here, "criterion-any-concept", "No concept set: every record of this kind counts.", "Aucun ensemble de concepts\u00a0: tout enregistrement de ce type compte.");
        }
    }

    void Attributes(JsonElement criterion, string path)
    {
        foreach (var member in criterion.EnumerateObject())
        {
            var here = $"{path}.{member.Name}";
            if (member.Value.ValueKind == JsonValueKind.Number && IsSetReference(member.Name)) Uses(member.Value, here);
            if (member.Value.ValueKind != JsonValueKind.Object || member.Name == "CorrelatedCriteria") continue;
            if (member.Name.EndsWith("CS", StringComparison.Ordinal) && member.Value.Get("CodesetId") is { } set) Uses(set, $"{here}.CodesetId");
            if (member.Value.Get("Op") is not null) Range(member.Name, member.Value, here);
        }
        Reversed(criterion, path, "OccurrenceStartDate", "OccurrenceEndDate");
        Reversed(criterion, path, "EraStartDate", "EraEndDate");
        Reversed(criterion, path, "PeriodStartDate", "PeriodEndDate");
        Reversed(criterion, path, "VisitDetailStartDate", "VisitDetailEndDate");
        if (criterion.Get("AgeAtStart") is { } young && criterion.Get("AgeAtEnd") is { } old && Lowest(young) is { } least && Highest(old) is { } most && least > most)
            Add(Gravity.Error, $"{path}.AgeAtEnd", "range-contradictory", "The age at the end is below the age at the start: nothing matches.", "L’âge à la fin est inférieur à l’âge au début\u00a0: rien ne correspond.");
        if (criterion.Get("UserDefinedPeriod") is { } period && Day(period, "StartDate") > Day(period, "EndDate"))
            Add(Gravity.Error, $"{path}.UserDefinedPeriod", "range-contradictory", "The period ends before it starts.", "La période se termine avant de débuter.");
    }

    static bool IsSetReference(string member) => member is "CodesetId" or "PlaceOfServiceLocation" || member.EndsWith("Concept", StringComparison.Ordinal);

    void Uses(JsonElement id, string path)
    {
        if (!id.TryGetInt64(out var set)) return;
        usedSets.Add(set);
        if (!setIndexes.ContainsKey(set)) Add(Gravity.Error, path, "concept-set-undefined", $"Concept set {set} is not defined: nothing matches.", $"L’ensemble de concepts {set} n’est pas défini\u00a0: rien ne correspond.");
    }

    void Range(string member, JsonElement range, string path)
    {
        var op = range.Text("Op") ?? "";
        var between = op.EndsWith("bt", StringComparison.Ordinal);
        if (Day(range, "Value") is { } from)
        {
            if (between && Day(range, "Extent") is { } to && from > to) Reverse();
            return;
        }
        var (value, extent) = (range.Number("Value"), range.Number("Extent"));
        if (between && value > extent) Reverse();
        var isAge = member is "Age" or "AgeAtStart" or "AgeAtEnd";
        if (isAge && (Highest(range) < 0 || Lowest(range) > OldestAge))
            Add(Gravity.Error, path, "age-impossible", "Nobody has such an age.", "Personne n’a un tel âge.");
        else if (isAge && (value < 0 || extent < 0 || value > OldestAge))
            Add(Gravity.Warning, path, "age-doubtful", $"An age is from 0 to {OldestAge}.", $"Un âge va de 0 à {OldestAge}.");
        if (member is "DaysSupply" or "Refills" or "OccurrenceCount" or "GapDays" && Highest(range) < 0)
            Add(Gravity.Error, path, "range-contradictory", "The value is never negative: nothing matches.", "Cette valeur n’est jamais négative\u00a0: rien ne correspond.");

        void Reverse() => Add(op.StartsWith('!') ? Gravity.Warning : Gravity.Error, path, "range-contradictory", "The range ends before it starts.", "L’intervalle se termine avant de débuter.");
    }

    /// <summary>Starts that can only be after every end allowed.</summary>
    void Reversed(JsonElement criterion, string path, string start, string end)
    {
        if (criterion.Get(start) is not { } first || criterion.Get(end) is not { } last) return;
        if (Day(first, "Value") is { } from && first.Text("Op") is "gt" or "gte" or "eq" or "bt" && Day(last, last.Text("Op") == "bt" ? "Extent" : "Value") is { } to && last.Text("Op") is "lt" or "lte" or "eq" or "bt" && from > to)
            Add(Gravity.Error, $"{path}.{end}", "range-contradictory", "It must end before it may start: nothing matches.", "La fin est exigée avant le début\u00a0: rien ne correspond.");
    }

    static double? Lowest(JsonElement range) => range.Text("Op") is "gt" or "gte" or "eq" or "bt" ? range.Number("Value") : null;

    static double? Highest(JsonElement range) => range.Text("Op") switch { "lt" or "lte" or "eq" => range.Number("Value"), "bt" => range.Number("Extent"), _ => null };

    static DateOnly? Day(JsonElement from, string member) => DateOnly.TryParse(from.Text(member), CultureInfo.InvariantCulture, out var date) ? date : null;

    void Exit()
    {
        var strategy = definition.Get("EndStrategy");
        if (strategy is null && definition.Items("CensoringCriteria").Count == 0)
            Add(Gravity.Note, "$.EndStrategy", "exit-at-end-of-observation", "There is no end strategy: patients stay until the end of observation.", "Aucune stratégie de sortie\u00a0: les patients restent jusqu’à la fin de l’observation.");
        if (strategy?.Get("DateOffset") is { } offset && offset.Text("DateField") != "EndDate" && offset.Whole("Offset") < 0)
            Add(Gravity.Error, "$.EndStrategy.DateOffset.Offset", "exit-before-entry", "The patient leaves before entering: nobody is in the cohort.", "Le patient sort avant d’entrer\u00a0: la cohorte est vide.");
        if (strategy?.Get("CustomEra") is { } era)
        {
            if (era.Get("DrugCodesetId") is { } set) Uses(set, "$.EndStrategy.CustomEra.DrugCodesetId");
            else Add(Gravity.Error, "$.EndStrategy.CustomEra", "exit-drug-missing", "The custom era names no drug concept set.", "La période de traitement ne désigne aucun ensemble de médicaments.");
            if (era.Whole("GapDays") < 0) Add(Gravity.Error, "$.EndStrategy.CustomEra.GapDays", "exit-gap-negative", "A gap cannot be negative.", "Une interruption ne peut être négative.");
        }
        var censoring = definition.Items("CensoringCriteria");
        Duplicates(censoring, "$.CensoringCriteria");
        for (var i = 0; i < censoring.Count; i++) Criterion(censoring[i], $"$.CensoringCriteria[{i}]");
        if (definition.Get("CollapseSettings")?.Whole("EraPad") < 0)
            Add(Gravity.Error, "$.CollapseSettings.EraPad", "collapse-negative", "The collapse gap cannot be negative.", "L’écart de regroupement ne peut être négatif.");
        if (definition.Get("CensorWindow") is { } window && Day(window, "StartDate") > Day(window, "EndDate"))
            Add(Gravity.Error, "$.CensorWindow", "censor-window-impossible", "The census window ends before it starts: nobody is in the cohort.", "La fenêtre de recensement se termine avant de débuter\u00a0: la cohorte est vide.");
    }

    void ConceptSets(IReadOnlyList<JsonElement> sets)
    {
        for (var i = 0; i < sets.Count; i++)
        {
            var path = $"$.ConceptSets[{i}]";
            var items = sets[i].Get("expression")?.Items("items") ?? [];
            if (items.Count == 0) Add(Gravity.Error, path, "concept-set-empty", "The concept set is empty: nothing matches it.", "L’ensemble de concepts est vide\u00a0: rien n’y correspond.");
            else if (items.All(x => x.Flag("isExcluded"))) Add(Gravity.Error, path, "concept-set-all-excluded", "Every concept of the set is excluded: nothing matches it.", "Tous les concepts de l’ensemble sont exclus\u00a0: rien n’y correspond.");
            var seen = new HashSet<(long?, bool)>();
            for (var k = 0; k < items.Count; k++)
            {
                var key = (items[k].Get("concept")?.Whole("CONCEPT_ID"), items[k].Flag("isExcluded"));
                if (!seen.Add(key)) Add(Gravity.Note, $"{path}.expression.items[{k}]", "concept-repeated", $"Concept {key.Item1} stands earlier in the set.", $"Le concept {key.Item1} figure plus haut dans l’ensemble.");
            }
            if (sets[i].Whole("id") is { } id && !usedSets.Contains(id)) Add(Gravity.Warning, path, "concept-set-unused", "No criterion uses this concept set.", "Aucun critère n’emploie cet ensemble de concepts.");
        }
    }

    void Add(Gravity gravity, string path, string code, string english, string french) => findings.Add(new(gravity, path, code, words.Say(english, french)));
}
