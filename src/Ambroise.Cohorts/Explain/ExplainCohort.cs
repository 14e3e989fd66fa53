using System.Text;
using System.Text.Json;
using Ambroise.Cohorts.Vocabulary;

namespace Ambroise.Cohorts.Explain;

/// <summary>A cohort definition in plain words, as nested Markdown, for clinicians. It reads the exchanged JSON as it stands, so that
/// a definition which the engine refuses can still be read; it never throws on a JSON object.</summary>
public sealed class ExplainCohort
{
    readonly Wording words;
    readonly ConceptSetNames sets;
    readonly CriterionWords criteria;
    readonly StringBuilder text = new();

    ExplainCohort(JsonElement definition, Wording words, IVocabulary? vocabulary)
    {
        this.words = words;
        sets = new(definition, words, vocabulary);
        criteria = new(words, sets);
    }

    /// <param name="vocabulary">Counts concept sets after descendants and exclusions; without it, the concepts listed are counted.</param>
    /// <returns>Markdown, lines ended by \n.</returns>
    public static string ToMarkdown(JsonElement definition, Wording words, IVocabulary? vocabulary = null)
    {
        var explain = new ExplainCohort(definition, words, vocabulary);
        explain.All(definition);
        return explain.text.ToString();
    }

    void All(JsonElement definition)
    {
        Heading(words.Say("Entry", "Entrée"));
        Entry(definition.Get("PrimaryCriteria"));
        if (definition.Get("AdditionalCriteria") is { } additional && Parts(additional) > 0)
        {
            Heading(words.Say("Restriction of the entry events", "Restriction des événements d’entrée"));
            Group(additional, 0, words.Say("the entry event", "l’événement d’entrée"));
            Paragraph(Limit(definition.Get("QualifiedLimit")?.Text("Type")));
        }
        Rules(definition);
        Heading(words.Say("Exit", "Sortie"));
        Exit(definition);
        ConceptSets();
    }

    void Entry(JsonElement? primary)
    {
        var list = primary?.Items("CriteriaList") ?? [];
        Paragraph(list.Count switch
        {
            0 => words.Say("No entry event is defined: nobody enters the cohort.", "Aucun événement d’entrée n’est défini\u00a0: personne n’entre dans la cohorte."),
            1 => words.Say("A patient enters the cohort at this event:", "Un patient entre dans la cohorte à cet événement\u00a0:"),
            _ => words.Say("A patient enters the cohort at any of these events:", "Un patient entre dans la cohorte à l’un de ces événements\u00a0:"),
        });
        foreach (var item in list) Criterion(item, 0, "");
        if (list.Count > 0) text.Append('\n');
        var window = primary?.Get("ObservationWindow");
        var (prior, post) = (window?.Whole("PriorDays") ?? 0, window?.Whole("PostDays") ?? 0);
        if (prior != 0 || post != 0)
            Paragraph(words.Say($"The patient has been observed for at least {words.Days(prior)} before and {words.Days(post)} after the event.",
                $"Le patient est suivi depuis au moins {words.Days(prior)} avant et {words.Days(post)} après l’événement."));
        Paragraph(Limit(primary?.Get("PrimaryCriteriaLimit")?.Text("Type")));
    }

    string Limit(string? type) => (type ?? "First").ToUpperInvariant() switch
    {
        "ALL" => words.Say("All such events of a patient count.", "Tous ces événements d’un patient comptent."),
        "LAST" => words.Say("Only the patient’s last such event counts.", "Seul le dernier de ces événements compte pour un patient."),
        _ => words.Say("Only the patient’s earliest such event counts.", "Seul le premier de ces événements compte pour un patient."),
    };

    void Rules(JsonElement definition)
    {
        var rules = definition.Items("InclusionRules");
        if (rules.Count > 0)
        {
            Heading(words.Say("Inclusion rules", "Règles d’inclusion"));
            for (var i = 0; i < rules.Count; i++)
            {
                text.Append($"{i + 1}. **{ConceptSetNames.Plain(rules[i].Text("name") is { Length: > 0 } name ? name : words.Say("unnamed rule", "règle sans nom"))}**");
                if (rules[i].Text("description") is { Length: > 0 } description) text.Append($" — {ConceptSetNames.Plain(description)}");
                text.Append('\n');
                if (rules[i].Get("expression") is { } group) Group(group, 1, words.Say("the index event", "l’événement index"));
            }
            text.Append('\n');
        }
        Paragraph(words.Say("Among the events that remain: ", "Parmi les événements restants\u00a0: ") + Lower(Limit(definition.Get("ExpressionLimit")?.Text("Type"))));
    }

    static string Lower(string sentence) => char.ToLowerInvariant(sentence[0]) + sentence[1..];

    static int Parts(JsonElement group) => group.Items("CriteriaList").Count + group.Items("DemographicCriteriaList").Count + group.Items("Groups").Count;

    void Group(JsonElement group, int depth, string index)
    {
        var parts = Parts(group);
        if (parts == 0)
        {
            Line(depth, words.Say("no condition", "aucune condition"));
            return;
        }
        var count = group.Whole("Count") ?? 0;
        var type = (group.Text("Type") ?? "ALL").ToUpperInvariant();
        if (parts > 1 || type.StartsWith("AT_", StringComparison.Ordinal))
        {
            Line(depth, type switch
            {
                "ANY" => words.Say("any of the following:", "l’un au moins de ce qui suit\u00a0:"),
                "AT_LEAST" => words.Say($"at least {count} of the following:", $"au moins {count} de ce qui suit\u00a0:"),
                "AT_MOST" => words.Say($"at most {count} of the following:", $"au plus {count} de ce qui suit\u00a0:"),
                _ => words.Say("all of the following:", "tout ce qui suit\u00a0:"),
            });
            depth++;
        }
        foreach (var item in group.Items("CriteriaList")) Correlated(item, depth, index);
        foreach (var demographic in group.Items("DemographicCriteriaList")) Line(depth, Demographic(demographic, index));
        foreach (var nested in group.Items("Groups")) Group(nested, depth, index);
    }

    string Demographic(JsonElement demographic, string index)
    {
        List<string> clauses = [];
        foreach (var member in demographic.EnumerateObject())
        {
            var label = Attributes.Label("", member.Name, words);
            if (member.Name is "OccurrenceStartDate" or "OccurrenceEndDate" && member.Value.ValueKind == JsonValueKind.Object) clauses.Add($"{index} {criteria.Dates(label, member.Value)}");
            else if (member.Value.ValueKind == JsonValueKind.Array && member.Value.GetArrayLength() > 0) clauses.Add(criteria.Concepts(label, member.Value, except: false));
            else if (member.Value.ValueKind == JsonValueKind.Object && member.Name.EndsWith("CS", StringComparison.Ordinal)) clauses.Add(criteria.Selection(label, member.Value));
            else if (member.Value.ValueKind == JsonValueKind.Object) clauses.Add(criteria.Range(label, member.Value, Attributes.Unit(member.Name, words)));
        }
        return words.Say("patient: ", "patient\u00a0: ") + (clauses.Count == 0 ? words.Say("anyone", "n’importe qui") : string.Join(", ", clauses));
    }

    void Correlated(JsonElement item, int depth, string index)
    {
        if (item.Get("Criteria") is not { } criterion) return;
        var occurrence = item.Get("Occurrence");
        var windows = new WindowWords(words).Of(item, index);
        Criterion(criterion, depth, HowMany(occurrence), windows);
    }

    string HowMany(JsonElement? occurrence)
    {
        var (type, count) = (occurrence?.Whole("Type") ?? 2, occurrence?.Whole("Count") ?? 1);
        var distinct = occurrence?.Flag("IsDistinct") == true;
        if (count == 0 && type is 0 or 1 && !distinct) return words.Say("no occurrence of ", "aucune survenue d’");
        var amount = type switch
        {
            0 => words.Say($"exactly {count} ", $"exactement {count} "),
            1 => words.Say($"at most {count} ", $"au plus {count} "),
            _ => words.Say($"at least {count} ", $"au moins {count} "),
        };
        return distinct ? words.Say($"{amount}{Attributes.Counted(occurrence?.Text("CountColumn"), words)} among occurrences of ", $"{amount}{Attributes.Counted(occurrence?.Text("CountColumn"), words)} parmi les survenues d’")
            : words.Say($"{amount}{(count == 1 ? "occurrence" : "occurrences")} of ", $"{amount}{(count < 2 ? "survenue" : "survenues")} d’");
    }

    void Criterion(JsonElement wrapped, int depth, string before, string after = "")
    {
        if (wrapped.ValueKind != JsonValueKind.Object) return;
        foreach (var member in wrapped.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Object) continue;
            var nested = member.Value.Get("CorrelatedCriteria") is { } group && Parts(group) > 0 ? group : (JsonElement?)null;
            Line(depth, before + criteria.Of(member.Name, member.Value) + after + (nested is null ? "" : words.Say(", with:", ", avec\u00a0:")));
            if (nested is { } inner) Group(inner, depth + 1, words.Say("the event above", "l’événement ci-dessus"));
        }
    }

    void Exit(JsonElement definition)
    {
        var strategy = definition.Get("EndStrategy");
        if (strategy?.Get("DateOffset") is { } offset)
        {
            var anchor = offset.Text("DateField") == "EndDate" ? words.Say("the end", "la fin") : words.Say("the start", "le début");
            var days = offset.Whole("Offset") ?? 0;
            Paragraph(words.Say($"The patient leaves {(days == 0 ? "at" : $"{words.Days(Math.Abs(days))} {(days > 0 ? "after" : "before")}")} {anchor} of the index event, at the latest at the end of observation.",
                $"Le patient sort {(days == 0 ? $"à {(anchor == "la fin" ? "la fin" : "la date de début")}" : $"{words.Days(Math.Abs(days))} {(days > 0 ? "après" : "avant")} {anchor}")} de l’événement index, au plus tard à la fin de l’observation."));
        }
        else if (strategy?.Get("CustomEra") is { } era)
        {
            var supply = era.Whole("DaysSupplyOverride") is { } days ? words.Say($", each exposure lasting {words.Days(days)}", $", chaque exposition durant {words.Days(days)}") : "";
            var set = era.Whole("DrugCodesetId") is { } id ? sets.Of(id) : "?";
            Paragraph(words.Say($"The patient leaves when continuous exposure to {set} ends: gaps of at most {words.Days(era.Whole("GapDays") ?? 0)}, plus {words.Days(era.Whole("Offset") ?? 0)} after the last exposure{supply}.",
                $"Le patient sort quand s’achève l’exposition continue à {set}\u00a0: interruptions d’au plus {words.Days(era.Whole("GapDays") ?? 0)}, plus {words.Days(era.Whole("Offset") ?? 0)} après la dernière exposition{supply}."));
        }
        else
        {
            Paragraph(words.Say("The patient leaves at the end of the observation period.", "Le patient sort à la fin de sa période d’observation."));
        }

        var censoring = definition.Items("CensoringCriteria");
        if (censoring.Count > 0)
        {
            Paragraph(words.Say("The patient leaves sooner at the first of:", "Le patient sort plus tôt au premier de ces événements\u00a0:"));
            foreach (var item in censoring) Criterion(item, 0, "");
            text.Append('\n');
        }
        var pad = definition.Get("CollapseSettings")?.Whole("EraPad") ?? 0;
        Paragraph(pad == 0 ? words.Say("Stays in the cohort that overlap are joined.", "Les séjours dans la cohorte qui se chevauchent sont réunis.")
            : words.Say($"Stays in the cohort at most {words.Days(pad)} apart are joined.", $"Les séjours dans la cohorte distants d’au plus {words.Days(pad)} sont réunis."));
        var (from, to) = (definition.Get("CensorWindow")?.Text("StartDate"), definition.Get("CensorWindow")?.Text("EndDate"));
        if (from is { Length: > 0 }) Paragraph(words.Say($"Time before {words.Date(from)} is cut off.", $"Le temps antérieur au {words.Date(from)} est retranché."));
        if (to is { Length: > 0 }) Paragraph(words.Say($"Time after {words.Date(to)} is cut off.", $"Le temps postérieur au {words.Date(to)} est retranché."));
    }

    void ConceptSets()
    {
        var all = sets.All.ToList();
        if (all.Count == 0) return;
        Heading(words.Say("Concept sets", "Ensembles de concepts"));
        foreach (var set in all)
        {
            var items = set.Get("expression")?.Items("items") ?? [];
            List<string> notes = [sets.Size(set)];
            void Note(string member, string one, string many)
            {
                if (items.Count(i => i.Flag(member)) is var n and > 0) notes.Add(words.Count(n, one, many));
            }
            Note("includeDescendants", words.Say("with descendants", "avec descendants"), words.Say("with descendants", "avec descendants"));
            Note("includeMapped", words.Say("with mapped", "avec correspondances"), words.Say("with mapped", "avec correspondances"));
            Note("isExcluded", words.Say("excluded", "exclu"), words.Say("excluded", "exclus"));
            Line(0, $"**{sets.Name(set)}**{words.Colon} {string.Join(", ", notes)}");
        }
    }

    void Heading(string title) => text.Append(text.Length == 0 || text[^1] != '\n' || (text.Length > 1 && text[^2] == '\n') ? "" : "\n").Append("## ").Append(title).Append("\n\n");

    void Paragraph(string sentence) => text.Append(sentence).Append("\n\n");

    void Line(int depth, string content) => text.Append(' ', 3 * depth).Append("- ").Append(content).Append('\n');
}
