using System.Text.Json;

namespace Ambroise.Cohorts.Explain;

/// <summary>One criterion as a phrase: what kind of event, of which concepts, with which attributes.</summary>
sealed class CriterionWords(Wording words, ConceptSetNames sets)
{
    /// <returns>The noun with its indefinite article.</returns>
    public string Noun(string kind) => kind switch
    {
        "ConditionOccurrence" => words.Say("a condition", "un diagnostic"),
        "DrugExposure" => words.Say("a drug exposure", "une exposition à un médicament"),
        "ProcedureOccurrence" => words.Say("a procedure", "un acte"),
        "DeviceExposure" => words.Say("a device exposure", "un recours à un dispositif"),
        "Measurement" => words.Say("a measurement", "une mesure"),
        "Observation" => words.Say("an observation", "une observation"),
        "VisitOccurrence" => words.Say("a visit", "une venue"),
        "VisitDetail" => words.Say("a stay within a visit", "un passage dans une unité"),
        "Specimen" => words.Say("a specimen", "un prélèvement"),
        "Death" => words.Say("a death", "un décès"),
        "Note" => words.Say("a note", "un compte rendu"),
        "ConditionEra" => words.Say("a condition era", "une période de maladie"),
        "DrugEra" => words.Say("a drug era", "une période de traitement"),
        "DoseEra" => words.Say("an era at constant dose", "une période à dose constante"),
        "ObservationPeriod" => words.Say("an observation period", "une période d’observation"),
        "PayerPlanPeriod" => words.Say("a payer plan period", "une période de couverture"),
        "LocationRegion" => words.Say("a residence in a region", "une résidence dans une région"),
        _ => words.Say($"an event “{ConceptSetNames.Plain(kind)}”", $"un événement {words.Quoted(ConceptSetNames.Plain(kind))}"),
    };

    /// <returns>The noun, its concepts and every attribute given; correlated criteria are told apart.</returns>
    public string Of(string kind, JsonElement criterion)
    {
        var head = Noun(kind);
        if (criterion.Whole("CodesetId") is { } set) head += words.Say(" in ", " parmi ") + sets.Of(set);
        else if (kind is not ("ObservationPeriod" or "PayerPlanPeriod" or "Death")) head += words.Say(" of any concept", ", quel que soit le concept");
        List<string> clauses = [head];
        if (criterion.Flag("First")) clauses.Add(words.Say("the first in the patient’s history", "première fois dans l’histoire du patient"));
        if (criterion.Flag("Abnormal")) clauses.Add(words.Say("abnormal result", "résultat anormal"));
        foreach (var member in criterion.EnumerateObject())
            if (Clause(kind, member.Name, member.Value, criterion) is { } clause) clauses.Add(clause);
        return string.Join(", ", clauses);
    }

    string? Clause(string kind, string member, JsonElement value, JsonElement criterion)
    {
        if (member is "CodesetId" or "First" or "Abnormal" or "CorrelatedCriteria" || member.EndsWith("Exclude", StringComparison.Ordinal) || value.ValueKind == JsonValueKind.Null) return null;
        if (member == "DateAdjustment") return Adjustment(value);
        if (member == "UserDefinedPeriod") return Period(value);
        var label = Attributes.Label(kind, member, words);
        return value.ValueKind switch
        {
            JsonValueKind.Array => value.GetArrayLength() == 0 ? null : Concepts(label, value, criterion.Flag(member + "Exclude")),
            JsonValueKind.Number => words.Say($"{label} in {SetOf(value)}", $"{label} parmi {SetOf(value)}"),
            JsonValueKind.Object when value.Get("Text") is not null => Text(label, value),
            JsonValueKind.Object when value.TryGetProperty("CodesetId", out _) || value.TryGetProperty("IsExclusion", out _) => Selection(label, value),
            JsonValueKind.Object when value.Get("Value") is { ValueKind: JsonValueKind.String } => Dates(label, value),
            JsonValueKind.Object => Range(label, value, Attributes.Unit(member, words)),
            _ => null,
        };
    }

    string SetOf(JsonElement id) => id.TryGetInt64(out var set) ? sets.Of(set) : id.ToString();

    public string Concepts(string label, JsonElement list, bool except)
    {
        var names = words.Or([.. list.EnumerateArray().Select(sets.ConceptName)]);
        return except ? words.Say($"{label} other than {names}", $"{label} autre que {names}") : $"{label}{words.Colon} {names}";
    }

    public string Selection(string label, JsonElement selection)
    {
        var not = selection.Flag("IsExclusion");
        if (selection.Whole("CodesetId") is not { } set) return not ? words.Say($"{label} not recorded", $"{label} non renseigné") : words.Say($"{label} recorded", $"{label} renseigné");
        return words.Say($"{label} {(not ? "not in" : "in")} {sets.Of(set)}", $"{label} {(not ? "hors de" : "parmi")} {sets.Of(set)}");
    }

    public string Range(string label, JsonElement range, string unit)
    {
        string Bound(string member) => range.Get(member) is { } n ? words.Number(n) : "?";
        var (value, extent) = (Bound("Value"), Bound("Extent"));
        return range.Text("Op") switch
        {
            "lt" => $"{label} < {value}{unit}",
            "lte" => $"{label} ≤ {value}{unit}",
            "eq" => $"{label} = {value}{unit}",
            "!eq" => $"{label} ≠ {value}{unit}",
            "gt" => $"{label} > {value}{unit}",
            "gte" => $"{label} ≥ {value}{unit}",
            "bt" => words.Say($"{label} between {value} and {extent}{unit}", $"{label} entre {value} et {extent}{unit}"),
            "!bt" => words.Say($"{label} not between {value} and {extent}{unit}", $"{label} hors de l’intervalle de {value} à {extent}{unit}"),
            _ => $"{label} {value}{unit}",
        };
    }

    public string Dates(string label, JsonElement range)
    {
        var (value, extent) = (words.Date(range.Text("Value") ?? "?"), words.Date(range.Text("Extent") ?? "?"));
        return label + " " + range.Text("Op") switch
        {
            "lt" => words.Say($"before {value}", $"avant le {value}"),
            "lte" => words.Say($"on or before {value}", $"au plus tard le {value}"),
            "eq" => words.Say($"on {value}", $"le {value}"),
            "!eq" => words.Say($"not on {value}", $"un autre jour que le {value}"),
            "gt" => words.Say($"after {value}", $"après le {value}"),
            "gte" => words.Say($"on or after {value}", $"à partir du {value}"),
            "bt" => words.Say($"from {value} to {extent}", $"du {value} au {extent}"),
            "!bt" => words.Say($"outside {value} to {extent}", $"en dehors de la période du {value} au {extent}"),
            _ => value,
        };
    }

    string Text(string label, JsonElement filter)
    {
        var text = words.Quoted(ConceptSetNames.Plain(filter.Text("Text") ?? ""));
        return label + " " + filter.Text("Op") switch
        {
            "startsWith" => words.Say($"starting with {text}", $"commençant par {text}"),
            "endsWith" => words.Say($"ending with {text}", $"se terminant par {text}"),
            "contains" => words.Say($"containing {text}", $"contenant {text}"),
            "!startsWith" => words.Say($"not starting with {text}", $"ne commençant pas par {text}"),
            "!endsWith" => words.Say($"not ending with {text}", $"ne se terminant pas par {text}"),
            "!contains" => words.Say($"not containing {text}", $"ne contenant pas {text}"),
            _ => text,
        };
    }

    string Period(JsonElement period) => (period.Text("StartDate"), period.Text("EndDate")) switch
    {
        ({ Length: > 0 } from, { Length: > 0 } to) => words.Say($"covering {words.Date(from)} to {words.Date(to)}, taken as its dates", $"couvrant du {words.Date(from)} au {words.Date(to)}, dates retenues"),
        ({ Length: > 0 } from, _) => words.Say($"covering {words.Date(from)}, taken as its start", $"couvrant le {words.Date(from)}, date retenue comme début"),
        (_, { Length: > 0 } to) => words.Say($"covering {words.Date(to)}, taken as its end", $"couvrant le {words.Date(to)}, date retenue comme fin"),
        _ => words.Say("with its own dates", "avec ses propres dates"),
    };

    string Adjustment(JsonElement adjust)
    {
        string Side(string with, string offset, string usual)
        {
            var anchor = (adjust.Text(with) ?? usual) == "END_DATE" ? words.Say("its end", "sa fin") : words.Say("its start", "son début");
            var days = adjust.Whole(offset) ?? 0;
            return days == 0 ? anchor : days > 0 ? words.Say($"{anchor} + {words.Days(days)}", $"{anchor} + {words.Days(days)}") : $"{anchor} − {words.Days(-days)}";
        }
        return words.Say($"taken from {Side("StartWith", "StartOffset", "START_DATE")} to {Side("EndWith", "EndOffset", "END_DATE")}",
            $"compté de {Side("StartWith", "StartOffset", "START_DATE")} à {Side("EndWith", "EndOffset", "END_DATE")}");
    }
}
