using System.Collections.Immutable;
using System.Globalization;
using Ambroise.Cohorts.Definitions;
using Ambroise.Cohorts.Explain;

namespace Ambroise.Cohorts.Check;

/// <summary>Looks for slips in a definition's design.</summary>
public sealed class CheckCohort
{
    /// <summary>The oldest age with a record is 122 (J. Calment); past 130 an age range can only be a slip.</summary>
    const int OldestAge = 130;

    readonly Wording words;
    readonly CohortDefinition definition;
    readonly List<Finding> findings = [];
    readonly HashSet<int> usedSets = [];

    CheckCohort(CohortDefinition definition, Wording words) => (this.definition, this.words) = (definition, words);

    /// <returns>Findings in the order of the document's parts: entry, restriction, rules, exit, concept sets.</returns>
    public static IReadOnlyList<Finding> Findings(CohortDefinition definition, Wording words)
    {
        var check = new CheckCohort(definition, words);
        check.All();
        return check.findings;
    }

    /// <param name="because"><c>cohort.invalid</c>: what the reader of definitions refuses, with its place.</param>
    public static Finding Refused(Failure because, Wording words)
    {
        var (path, reason) = because.Detail.IndexOf(": ", StringComparison.Ordinal) is var at and > 0 ? (because.Detail[..at], because.Detail[(at + 2)..]) : ("$", because.Detail);
        return new(Gravity.Error, path, "definition-invalid", words.Say($"The definition is refused here: {reason}", $"La définition est refusée ici\u00a0: {reason}"));
    }

    void All()
    {
        var primary = definition.Primary;
        var onlyDeath = primary.Criteria.All(c => c.Kind == CriterionKind.Death);
        Criteria(primary.Criteria, "$.PrimaryCriteria.CriteriaList");
        foreach (var (side, days) in new[] { ("PriorDays", primary.PriorDays), ("PostDays", primary.PostDays) })
            if (days < 0) Add(Gravity.Error, $"$.PrimaryCriteria.ObservationWindow.{side}", "observation-negative", "Days of observation cannot be negative.", "Un nombre de jours d’observation ne peut être négatif.");

        if (definition.Additional is { IsEmpty: false } additional) Group(additional, "$.AdditionalCriteria", onlyDeath);
        Rules(onlyDeath);
        Exit();
        ConceptSets();
    }

    void Rules(bool onlyDeath)
    {
        var rules = definition.InclusionRules;
        for (var i = 0; i < rules.Length; i++)
        {
            var path = $"$.InclusionRules[{i}]";
            var twin = Enumerable.Range(0, i).FirstOrDefault(j => Sameness.Same(rules[i].Expression, rules[j].Expression), -1);
            if (twin >= 0) Add(Gravity.Warning, path, "rule-repeated", $"Inclusion rule {i + 1} asks the same as rule {twin + 1}.", $"La règle d’inclusion {i + 1} demande la même chose que la règle {twin + 1}.");
            if (rules[i].Name is { Length: > 0 } name && rules.Take(i).Any(r => r.Name == name))
                Add(Gravity.Note, $"{path}.name", "rule-name-repeated", "Another inclusion rule has the same name.", "Une autre règle d’inclusion porte le même nom.");
            Group(rules[i].Expression, $"{path}.expression", onlyDeath);
        }
    }

    void Criteria(ImmutableArray<Criterion> list, string path)
    {
        Duplicates(list, path, Sameness.Same);
        for (var i = 0; i < list.Length; i++) Criterion(list[i], $"{path}[{i}]");
    }

    void Duplicates<T>(ImmutableArray<T> list, string path, Func<T, T, bool> same)
    {
        for (var i = 1; i < list.Length; i++)
            if (list.Take(i).Any(earlier => same(earlier, list[i])))
                Add(Gravity.Warning, $"{path}[{i}]", "criterion-repeated", "The same criterion stands earlier in this list.", "Le même critère figure plus haut dans cette liste.");
    }

    void Group(CriteriaGroup group, string path, bool indexIsDeath)
    {
        if (group.IsEmpty)
        {
            Add(Gravity.Warning, path, "group-empty", "This group has no criterion: everyone passes.", "Ce groupe n’a aucun critère\u00a0: tout le monde le satisfait.");
            return;
        }
        var (count, parts) = (group.Count, group.Parts);
        if (group.Rule == GroupRule.AtLeast && count > parts) Add(Gravity.Error, $"{path}.Count", "group-count-too-high", $"At least {count} of {parts}: nobody can pass.", $"Au moins {count} sur {parts}\u00a0: personne ne peut satisfaire ce groupe.");
        if ((group.Rule == GroupRule.AtLeast && count <= 0) || (group.Rule == GroupRule.AtMost && count >= parts))
            Add(Gravity.Warning, $"{path}.Count", "group-always-true", "Everyone passes this group.", "Tout le monde satisfait ce groupe.");

        Duplicates(group.Criteria, $"{path}.CriteriaList", Sameness.Same);
        for (var i = 0; i < group.Criteria.Length; i++) Correlated(group.Criteria[i], $"{path}.CriteriaList[{i}]", indexIsDeath);
        for (var i = 0; i < group.Demographics.Length; i++) Filters(group.Demographics[i].Filters, $"{path}.DemographicCriteriaList[{i}]");
        for (var i = 0; i < group.Groups.Length; i++) Group(group.Groups[i], $"{path}.Groups[{i}]", indexIsDeath);
    }

    void Correlated(CorrelatedCriterion item, string path, bool indexIsDeath)
    {
        Occurrence(item.Occurrence, $"{path}.Occurrence");
        Window(item.StartWindow, $"{path}.StartWindow");
        if (item.EndWindow is { } end) Window(end, $"{path}.EndWindow");

        var wanted = item.Occurrence is { Rule: OccurrenceRule.AtLeast or OccurrenceRule.Exactly, Count: > 0 };
        var isDeath = item.Criterion.Kind == CriterionKind.Death;
        if (indexIsDeath && wanted && !isDeath && item.StartWindow.Start.SignedDays > 0)
            Add(Gravity.Warning, $"{path}.StartWindow", "after-death", "The criterion must be met after the patient’s death.", "Le critère doit être satisfait après le décès du patient.");
        if (wanted && isDeath && item.StartWindow.End.SignedDays < 0)
            Add(Gravity.Warning, $"{path}.StartWindow", "after-death", "The death must come before the index event.", "Le décès doit précéder l’événement index.");
        Criterion(item.Criterion, $"{path}.Criteria");
    }

    void Occurrence(Occurrence occurrence, string path)
    {
        if (occurrence.Count < 0) Add(Gravity.Error, $"{path}.Count", "occurrence-negative", "A count of occurrences cannot be negative.", "Un nombre de survenues ne peut être négatif.");
        if (occurrence is { Rule: OccurrenceRule.AtLeast, Count: 0 }) Add(Gravity.Warning, path, "occurrence-always-true", "At least 0 occurrences: everyone passes.", "Au moins 0 survenue\u00a0: tout le monde satisfait ce critère.");
        if (occurrence is { Rule: not OccurrenceRule.AtLeast, Count: 0, DistinctBy: not null })
            Add(Gravity.Warning, path, "occurrence-zero-distinct", "“No occurrence” gains nothing from counting distinct values, and events without the value pass.",
                "«\u00a0Aucune survenue\u00a0» ne gagne rien à compter des valeurs distinctes, et les événements sans valeur passent.");
    }

    void Window(Window window, string path)
    {
        var (from, to) = (window.Start.SignedDays, window.End.SignedDays);
        if (from > to) Add(Gravity.Error, path, "window-impossible", $"The window starts ({Signed(from)}) after it ends ({Signed(to)}): nothing is in it.", $"La fenêtre débute ({Signed(from)}) après sa fin ({Signed(to)})\u00a0: rien n’y entre.");
        if (window.Start is { Days: null, Coefficient: 1 } && (to is not null || window.End.Coefficient == -1)) OpenSide("Start");
        if (window.End is { Days: null, Coefficient: -1 } && from is not null) OpenSide("End");

        void OpenSide(string end) => Add(Gravity.Warning, $"{path}.{end}", "window-open-side", "The open bound is on the wrong side: the window holds at most one end of the observation period.",
            "La borne ouverte est du mauvais côté\u00a0: la fenêtre se réduit au plus à un bout de la période d’observation.");
    }

    static string Signed(long? days) => days?.ToString("+0;−0;0", CultureInfo.InvariantCulture) ?? "";

    void Criterion(Criterion criterion, string wrapper)
    {
        var path = criterion.Place(wrapper);
        Uses(criterion.ConceptSet, $"{path}.CodesetId");
        Uses(criterion.SourceConceptSet, $"{path}.{CriterionFields.SourceConcept(criterion.Kind)}");
        Filters(criterion.Filters, path);
        if (criterion.UserDefined is { } period && period.Start > period.End)
            Add(Gravity.Error, $"{path}.UserDefinedPeriod", "range-contradictory", "The period ends before it starts.", "La période se termine avant de débuter.");
        if (criterion.Correlated is { } group) Group(group, $"{path}.CorrelatedCriteria", criterion.Kind == CriterionKind.Death);
        if (criterion is { ConceptSet: null, SourceConceptSet: null } && criterion.Kind is not (CriterionKind.ObservationPeriod or CriterionKind.PayerPlanPeriod or CriterionKind.Death
            or CriterionKind.VisitOccurrence or CriterionKind.VisitDetail or CriterionKind.LocationRegion))
            Add(Gravity.Note, path, "criterion-any-concept", "No concept set: every record of this kind counts.", "Aucun ensemble de concepts\u00a0: tout enregistrement de ce type compte.");
    }

    void Filters(ImmutableArray<Filter> filters, string path)
    {
        foreach (var filter in filters)
        {
            var here = $"{path}.{filter.Field}";
            switch (filter)
            {
                case Filter.InSet selection: Uses(selection.ConceptSet, selection.Field.EndsWith("CS", StringComparison.Ordinal) ? $"{here}.CodesetId" : here); break;
                case Filter.Number number: Range(number, here); break;
                case Filter.Date date when date.Value > date.Extent: Reversed(date.Comparison, here); break;
            }
        }
        Filter.Date? Day(Subject subject) => filters.OfType<Filter.Date>().FirstOrDefault(f => f.Subject == subject);
        // Starts that can only be after every end allowed.
        foreach (var (first, last) in new[] { (Subject.Start, Subject.End), (Subject.RegionStart, Subject.RegionEnd) })
            if (Day(first) is { Comparison: Comparison.Greater or Comparison.GreaterOrEqual or Comparison.Equal or Comparison.Between } start
                && Day(last) is { Comparison: Comparison.Less or Comparison.LessOrEqual or Comparison.Equal or Comparison.Between } end && start.Value > end.Extent)
                Add(Gravity.Error, $"{path}.{end.Field}", "range-contradictory", "It must end before it may start: nothing matches.", "La fin est exigée avant le début\u00a0: rien ne correspond.");
        Filter.Number? Age(Subject subject) => filters.OfType<Filter.Number>().FirstOrDefault(f => f.Subject == subject);
        if (Age(Subject.AgeAtStart) is { } young && Age(Subject.AgeAtEnd) is { } old && Lowest(young) > Highest(old))
            Add(Gravity.Error, $"{path}.{old.Field}", "range-contradictory", "The age at the end is below the age at the start: nothing matches.", "L’âge à la fin est inférieur à l’âge au début\u00a0: rien ne correspond.");
    }

    void Uses(int? id, string path)
    {
        if (id is not { } set) return;
        usedSets.Add(set);
        if (definition.ConceptSet(set) is null) Add(Gravity.Error, path, "concept-set-undefined", $"Concept set {set} is not defined: nothing matches.", $"L’ensemble de concepts {set} n’est pas défini\u00a0: rien ne correspond.");
    }

    void Range(Filter.Number range, string path)
    {
        if (range.Value > range.Extent) Reversed(range.Comparison, path);
        var isAge = range.Subject is Subject.AgeAtStart or Subject.AgeAtEnd;
        if (isAge && (Highest(range) < 0 || Lowest(range) > OldestAge))
            Add(Gravity.Error, path, "age-impossible", "Nobody has such an age.", "Personne n’a un tel âge.");
        else if (isAge && (range.Value < 0 || range.Extent < 0 || range.Value > OldestAge))
            Add(Gravity.Warning, path, "age-doubtful", $"An age is from 0 to {OldestAge}.", $"Un âge va de 0 à {OldestAge}.");
        if (range.Subject is Subject.DaysSupply or Subject.Refills or Subject.OccurrenceCount or Subject.GapDays && Highest(range) < 0)
            Add(Gravity.Error, path, "range-contradictory", "The value is never negative: nothing matches.", "Cette valeur n’est jamais négative\u00a0: rien ne correspond.");
    }

    void Reversed(Comparison comparison, string path) => Add(comparison == Comparison.NotBetween ? Gravity.Warning : Gravity.Error, path, "range-contradictory", "The range ends before it starts.", "L’intervalle se termine avant de débuter.");

    static decimal? Lowest(Filter.Number range) => range.Comparison is Comparison.Greater or Comparison.GreaterOrEqual or Comparison.Equal or Comparison.Between ? range.Value : null;

    static decimal? Highest(Filter.Number range) => range.Comparison is Comparison.Less or Comparison.LessOrEqual or Comparison.Equal or Comparison.Between ? range.Extent : null;

    void Exit()
    {
        if (definition.EndStrategy is null && definition.CensoringCriteria.IsEmpty)
            Add(Gravity.Note, "$.EndStrategy", "exit-at-end-of-observation", "There is no end strategy: patients stay until the end of observation.", "Aucune stratégie de sortie\u00a0: les patients restent jusqu’à la fin de l’observation.");
        if (definition.EndStrategy is EndStrategy.DateOffset { FromEnd: false, OffsetDays: < 0 })
            Add(Gravity.Error, "$.EndStrategy.DateOffset.Offset", "exit-before-entry", "The patient leaves before entering: nobody is in the cohort.", "Le patient sort avant d’entrer\u00a0: la cohorte est vide.");
        if (definition.EndStrategy is EndStrategy.CustomEra era)
        {
            Uses(era.DrugConceptSet, "$.EndStrategy.CustomEra.DrugCodesetId");
            if (era.GapDays < 0) Add(Gravity.Error, "$.EndStrategy.CustomEra.GapDays", "exit-gap-negative", "A gap cannot be negative.", "Une interruption ne peut être négative.");
        }
        Criteria(definition.CensoringCriteria, "$.CensoringCriteria");
        if (definition.CollapseGapDays < 0)
            Add(Gravity.Error, "$.CollapseSettings.EraPad", "collapse-negative", "The collapse gap cannot be negative.", "L’écart de regroupement ne peut être négatif.");
        if (definition.CensorWindow is { } window && window.Start > window.End)
            Add(Gravity.Error, "$.CensorWindow", "censor-window-impossible", "The census window ends before it starts: nobody is in the cohort.", "La fenêtre de recensement se termine avant de débuter\u00a0: la cohorte est vide.");
    }

    void ConceptSets()
    {
        foreach (var (set, i) in definition.ConceptSets.Select((s, i) => (s, i)))
        {
            var path = $"$.ConceptSets[{i}]";
            if (set.Items.IsEmpty) Add(Gravity.Error, path, "concept-set-empty", "The concept set is empty: nothing matches it.", "L’ensemble de concepts est vide\u00a0: rien n’y correspond.");
            else if (set.Items.All(x => x.Excluded)) Add(Gravity.Error, path, "concept-set-all-excluded", "Every concept of the set is excluded: nothing matches it.", "Tous les concepts de l’ensemble sont exclus\u00a0: rien n’y correspond.");
            var seen = new HashSet<(int, bool)>();
            for (var k = 0; k < set.Items.Length; k++)
                if (!seen.Add((set.Items[k].Concept, set.Items[k].Excluded)))
                    Add(Gravity.Note, $"{path}.expression.items[{k}]", "concept-repeated", $"Concept {set.Items[k].Concept} stands earlier in the set.", $"Le concept {set.Items[k].Concept} figure plus haut dans l’ensemble.");
            if (!usedSets.Contains(set.Id)) Add(Gravity.Warning, path, "concept-set-unused", "No criterion uses this concept set.", "Aucun critère n’emploie cet ensemble de concepts.");
        }
    }

    void Add(Gravity gravity, string path, string code, string english, string french) => findings.Add(new(gravity, path, code, words.Say(english, french)));
}
