using System.Diagnostics;
using Ambroise.Cohorts.Definitions;

namespace Ambroise.Cohorts.Explain;

/// <summary>One criterion as a phrase: what kind of event, of which concepts, with which attributes.</summary>
sealed class CriterionWords(Wording words, ConceptSetNames sets)
{
    /// <returns>The noun with its indefinite article.</returns>
    string Noun(CriterionKind kind) => kind switch
    {
        CriterionKind.ConditionOccurrence => words.Say("a condition", "un diagnostic"),
        CriterionKind.DrugExposure => words.Say("a drug exposure", "une exposition à un médicament"),
        CriterionKind.ProcedureOccurrence => words.Say("a procedure", "un acte"),
        CriterionKind.DeviceExposure => words.Say("a device exposure", "un recours à un dispositif"),
        CriterionKind.Measurement => words.Say("a measurement", "une mesure"),
        CriterionKind.Observation => words.Say("an observation", "une observation"),
        CriterionKind.VisitOccurrence => words.Say("a visit", "une venue"),
        CriterionKind.VisitDetail => words.Say("a stay within a visit", "un passage dans une unité"),
        CriterionKind.Specimen => words.Say("a specimen", "un prélèvement"),
        CriterionKind.Death => words.Say("a death", "un décès"),
        CriterionKind.ConditionEra => words.Say("a condition era", "une période de maladie"),
        CriterionKind.DrugEra => words.Say("a drug era", "une période de traitement"),
        CriterionKind.DoseEra => words.Say("an era at constant dose", "une période à dose constante"),
        CriterionKind.ObservationPeriod => words.Say("an observation period", "une période d’observation"),
        CriterionKind.PayerPlanPeriod => words.Say("a payer plan period", "une période de couverture"),
        CriterionKind.LocationRegion => words.Say("a residence in a region", "une résidence dans une région"),
        _ => throw new UnreachableException($"{kind}"),
    };

    /// <returns>The noun, its concepts and every attribute given; correlated criteria are told apart.</returns>
    public string Of(Criterion criterion)
    {
        var head = Noun(criterion.Kind);
        if (criterion.ConceptSet is { } set) head += words.Say(" in ", " parmi ") + sets.Of(set);
        else if (criterion.Kind is not (CriterionKind.ObservationPeriod or CriterionKind.PayerPlanPeriod or CriterionKind.Death)) head += words.Say(" of any concept", ", quel que soit le concept");
        List<string> clauses = [head];
        if (criterion.First) clauses.Add(words.Say("the first in the patient’s history", "première fois dans l’histoire du patient"));
        if (criterion.SourceConceptSet is { } source) clauses.Add(words.Say($"source code in {sets.Of(source)}", $"code source parmi {sets.Of(source)}"));
        if (criterion.UserDefined is { } period) clauses.Add(Period(period));
        clauses.AddRange(criterion.Filters.Select(f => Clause(criterion.Kind, f)));
        if (criterion.Adjustment is { } adjustment) clauses.Add(Adjustment(adjustment));
        return string.Join(", ", clauses);
    }

    /// <param name="kind">Null for a condition on the patient.</param>
    public string Clause(CriterionKind? kind, Filter filter)
    {
        var label = Attributes.Label(kind, filter.Field, words);
        return filter switch
        {
            Filter.Date date => $"{label} {Dates(date)}",
            Filter.Number number => $"{label} {Range(number, Attributes.Unit(filter.Field, words))}",
            Filter.AnyOf some => Concepts(label, some),
            Filter.InSet selection => Selection(label, selection),
            Filter.Text text => $"{label} {Text(text)}",
            Filter.IsAbnormal => words.Say("abnormal result", "résultat anormal"),
            _ => throw new UnreachableException(filter.GetType().Name),
        };
    }

    string Concepts(string label, Filter.AnyOf some)
    {
        var names = words.Or([.. some.Concepts.Select(sets.ConceptName)]);
        return some.Excluded ? words.Say($"{label} other than {names}", $"{label} autre que {names}") : $"{label}{words.Colon} {names}";
    }

    string Selection(string label, Filter.InSet selection)
    {
        var not = selection.Excluded;
        if (selection.ConceptSet is not { } set) return not ? words.Say($"{label} not recorded", $"{label} non renseigné") : words.Say($"{label} recorded", $"{label} renseigné");
        return words.Say($"{label} {(not ? "not in" : "in")} {sets.Of(set)}", $"{label} {(not ? "hors de" : "parmi")} {sets.Of(set)}");
    }

    string Range(Filter.Number range, string unit)
    {
        var (value, extent) = (words.Number(range.Value), words.Number(range.Extent));
        return range.Comparison switch
        {
            Comparison.Less => $"< {value}{unit}",
            Comparison.LessOrEqual => $"≤ {value}{unit}",
            Comparison.Equal => $"= {value}{unit}",
            Comparison.NotEqual => $"≠ {value}{unit}",
            Comparison.Greater => $"> {value}{unit}",
            Comparison.GreaterOrEqual => $"≥ {value}{unit}",
            Comparison.Between => words.Say($"between {value} and {extent}{unit}", $"entre {value} et {extent}{unit}"),
            Comparison.NotBetween => words.Say($"not between {value} and {extent}{unit}", $"hors de l’intervalle de {value} à {extent}{unit}"),
            _ => throw new UnreachableException($"{range.Comparison}"),
        };
    }

    string Dates(Filter.Date range)
    {
        var (value, extent) = (words.Date(range.Value), words.Date(range.Extent));
        return range.Comparison switch
        {
            Comparison.Less => words.Say($"before {value}", $"avant le {value}"),
            Comparison.LessOrEqual => words.Say($"on or before {value}", $"au plus tard le {value}"),
            Comparison.Equal => words.Say($"on {value}", $"le {value}"),
            Comparison.NotEqual => words.Say($"not on {value}", $"un autre jour que le {value}"),
            Comparison.Greater => words.Say($"after {value}", $"après le {value}"),
            Comparison.GreaterOrEqual => words.Say($"on or after {value}", $"à partir du {value}"),
            Comparison.Between => words.Say($"from {value} to {extent}", $"du {value} au {extent}"),
            Comparison.NotBetween => words.Say($"outside {value} to {extent}", $"en dehors de la période du {value} au {extent}"),
            _ => throw new UnreachableException($"{range.Comparison}"),
        };
    }

    string Text(Filter.Text filter)
    {
        var text = words.Quoted(ConceptSetNames.Plain(filter.Pattern));
        return (filter.Match, filter.Negated) switch
        {
            (TextMatch.StartsWith, false) => words.Say($"starting with {text}", $"commençant par {text}"),
            (TextMatch.EndsWith, false) => words.Say($"ending with {text}", $"se terminant par {text}"),
            (TextMatch.Contains, false) => words.Say($"containing {text}", $"contenant {text}"),
            (TextMatch.Equal, false) => text,
            (TextMatch.StartsWith, true) => words.Say($"not starting with {text}", $"ne commençant pas par {text}"),
            (TextMatch.EndsWith, true) => words.Say($"not ending with {text}", $"ne se terminant pas par {text}"),
            (TextMatch.Contains, true) => words.Say($"not containing {text}", $"ne contenant pas {text}"),
            (TextMatch.Equal, true) => words.Say($"other than {text}", $"autre que {text}"),
            _ => throw new UnreachableException($"{filter.Match}"),
        };
    }

    string Period(Period period) => (period.Start, period.End) switch
    {
        ({ } from, { } to) => words.Say($"covering {words.Date(from)} to {words.Date(to)}, taken as its dates", $"couvrant du {words.Date(from)} au {words.Date(to)}, dates retenues"),
        ({ } from, _) => words.Say($"covering {words.Date(from)}, taken as its start", $"couvrant le {words.Date(from)}, date retenue comme début"),
        (_, { } to) => words.Say($"covering {words.Date(to)}, taken as its end", $"couvrant le {words.Date(to)}, date retenue comme fin"),
        _ => words.Say("with its own dates", "avec ses propres dates"),
    };

    string Adjustment(DateAdjustment adjustment)
    {
        string Side(bool fromEnd, int days)
        {
            var anchor = fromEnd ? words.Say("its end", "sa fin") : words.Say("its start", "son début");
            return days == 0 ? anchor : days > 0 ? $"{anchor} + {words.Days(days)}" : $"{anchor} − {words.Days(-(long)days)}";
        }

        var (start, end) = (Side(adjustment.StartFromEnd, adjustment.StartOffsetDays), Side(!adjustment.EndFromStart, adjustment.EndOffsetDays));
        return words.Say($"taken from {start} to {end}", $"compté de {start} à {end}");
    }
}
