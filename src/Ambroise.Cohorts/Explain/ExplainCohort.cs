using System.Text;
using Ambroise.Cohorts.Definitions;
using Ambroise.Cohorts.Vocabulary;

namespace Ambroise.Cohorts.Explain;

/// <summary>A cohort definition in plain words, as nested Markdown, for clinicians.</summary>
public sealed class ExplainCohort
{
    readonly Wording words;
    readonly ConceptSetNames sets;
    readonly CriterionWords criteria;
    readonly StringBuilder text = new();

    ExplainCohort(CohortDefinition definition, Wording words, IVocabulary? vocabulary)
    {
        this.words = words;
        sets = new(definition, words, vocabulary);
        criteria = new(words, sets);
    }

    /// <param name="vocabulary">Counts concept sets after descendants and exclusions; without it, the concepts listed are counted.</param>
    /// <returns>Markdown, lines ended by \n.</returns>
    public static string ToMarkdown(CohortDefinition definition, Wording words, IVocabulary? vocabulary = null)
    {
        var explain = new ExplainCohort(definition, words, vocabulary);
        explain.All(definition);
        return explain.text.ToString();
    }

    void All(CohortDefinition definition)
    {
        Heading(words.Say("Entry", "Entrée"));
        Entry(definition.Primary);
        if (definition.Additional is { } additional && (!additional.IsEmpty || definition.QualifiedLimit != Limit.All)) // an empty group lets the limit act
        {
            Heading(words.Say("Restriction of the entry events", "Restriction des événements d’entrée"));
            Group(additional, 0, words.Say("the entry event", "l’événement d’entrée"));
            Paragraph(LimitWords(definition.QualifiedLimit));
        }
        Rules(definition);
        Heading(words.Say("Exit", "Sortie"));
        Exit(definition);
        ConceptSets();
    }

    void Entry(PrimaryCriteria primary)
    {
        Paragraph(primary.Criteria.Length == 1 ? words.Say("A patient enters the cohort at this event:", "Un patient entre dans la cohorte à cet événement\u00a0:")
            : words.Say("A patient enters the cohort at any of these events:", "Un patient entre dans la cohorte à l’un de ces événements\u00a0:"));
        foreach (var criterion in primary.Criteria) Criterion(criterion, 0, "");
        text.Append('\n');
        if (primary.PriorDays != 0 || primary.PostDays != 0)
            Paragraph(words.Say($"The patient has been observed for at least {words.Days(primary.PriorDays)} before and {words.Days(primary.PostDays)} after the event.",
                $"Le patient est suivi depuis au moins {words.Days(primary.PriorDays)} avant et {words.Days(primary.PostDays)} après l’événement."));
        Paragraph(LimitWords(primary.Limit));
    }

    string LimitWords(Limit limit) => limit switch
    {
        Limit.All => words.Say("All such events of a patient count.", "Tous ces événements d’un patient comptent."),
        Limit.Last => words.Say("Only the patient’s last such event counts.", "Seul le dernier de ces événements compte pour un patient."),
        _ => words.Say("Only the patient’s earliest such event counts.", "Seul le premier de ces événements compte pour un patient."),
    };

    void Rules(CohortDefinition definition)
    {
        foreach (var (rule, i) in definition.InclusionRules.Select((r, i) => (r, i)))
        {
            if (i == 0) Heading(words.Say("Inclusion rules", "Règles d’inclusion"));
            text.Append($"{i + 1}. **{ConceptSetNames.Plain(rule.Name is { Length: > 0 } name ? name : words.Say("unnamed rule", "règle sans nom"))}**");
            if (rule.Description is { Length: > 0 } description) text.Append($" — {ConceptSetNames.Plain(description)}");
            text.Append('\n');
            Group(rule.Expression, 1, words.Say("the index event", "l’événement index"));
        }
        if (!definition.InclusionRules.IsEmpty) text.Append('\n');
        Paragraph(words.Say("Among the events that remain: ", "Parmi les événements restants\u00a0: ") + Lower(LimitWords(definition.ExpressionLimit)));
    }

    static string Lower(string sentence) => char.ToLowerInvariant(sentence[0]) + sentence[1..];

    void Group(CriteriaGroup group, int depth, string index)
    {
        if (group.IsEmpty)
        {
            Line(depth, words.Say("no condition", "aucune condition"));
            return;
        }
        if (group.Parts > 1 || group.Rule is GroupRule.AtLeast or GroupRule.AtMost)
        {
            Line(depth, group.Rule switch
            {
                GroupRule.Any => words.Say("any of the following:", "l’un au moins de ce qui suit\u00a0:"),
                GroupRule.AtLeast => words.Say($"at least {group.Count} of the following:", $"au moins {group.Count} de ce qui suit\u00a0:"),
                GroupRule.AtMost => words.Say($"at most {group.Count} of the following:", $"au plus {group.Count} de ce qui suit\u00a0:"),
                _ => words.Say("all of the following:", "tout ce qui suit\u00a0:"),
            });
            depth++;
        }
        foreach (var item in group.Criteria) Criterion(item.Criterion, depth, HowMany(item.Occurrence), new WindowWords(words).Of(item, index));
        foreach (var demographic in group.Demographics) Line(depth, Demographic(demographic, index));
        foreach (var nested in group.Groups) Group(nested, depth, index);
    }

    string Demographic(DemographicCriterion demographic, string index)
    {
        var clauses = demographic.Filters.Select(f => (f is Filter.Date ? $"{index} " : "") + criteria.Clause(null, f)).ToList();
        return words.Say("patient: ", "patient\u00a0: ") + (clauses.Count == 0 ? words.Say("anyone", "n’importe qui") : string.Join(", ", clauses));
    }

    string HowMany(Occurrence occurrence)
    {
        var count = occurrence.Count;
        if (count == 0 && occurrence.Rule is not OccurrenceRule.AtLeast && occurrence.DistinctBy is null) return words.Say("no occurrence of ", "aucune survenue d’");
        var amount = occurrence.Rule switch
        {
            OccurrenceRule.Exactly => words.Say($"exactly {count} ", $"exactement {count} "),
            OccurrenceRule.AtMost => words.Say($"at most {count} ", $"au plus {count} "),
            _ => words.Say($"at least {count} ", $"au moins {count} "),
        };
        return occurrence.DistinctBy is { } column ? words.Say($"{amount}{Attributes.Counted(column, words)} among occurrences of ", $"{amount}{Attributes.Counted(column, words)} parmi les survenues d’")
            : words.Say($"{amount}{(count == 1 ? "occurrence" : "occurrences")} of ", $"{amount}{(count < 2 ? "survenue" : "survenues")} d’");
    }

    void Criterion(Criterion criterion, int depth, string before, string after = "")
    {
        Line(depth, before + criteria.Of(criterion) + after + (criterion.Correlated is null ? "" : words.Say(", with:", ", avec\u00a0:")));
        if (criterion.Correlated is { } inner) Group(inner, depth + 1, words.Say("the event above", "l’événement ci-dessus"));
    }

    void Exit(CohortDefinition definition)
    {
        Paragraph(definition.EndStrategy switch
        {
            EndStrategy.DateOffset offset => AfterDays(offset),
            EndStrategy.CustomEra era => AfterExposure(era),
            _ => words.Say("The patient leaves at the end of the observation period.", "Le patient sort à la fin de sa période d’observation."),
        });
        if (!definition.CensoringCriteria.IsEmpty)
        {
            Paragraph(words.Say("The patient leaves sooner at the first of:", "Le patient sort plus tôt au premier de ces événements\u00a0:"));
            foreach (var criterion in definition.CensoringCriteria) Criterion(criterion, 0, "");
            text.Append('\n');
        }
        var pad = definition.CollapseGapDays;
        Paragraph(pad == 0 ? words.Say("Stays in the cohort that overlap are joined.", "Les séjours dans la cohorte qui se chevauchent sont réunis.")
            : words.Say($"Stays in the cohort at most {words.Days(pad)} apart are joined.", $"Les séjours dans la cohorte distants d’au plus {words.Days(pad)} sont réunis."));
        if (definition.CensorWindow?.Start is { } from) Paragraph(words.Say($"Time before {words.Date(from)} is cut off.", $"Le temps antérieur au {words.Date(from)} est retranché."));
        if (definition.CensorWindow?.End is { } to) Paragraph(words.Say($"Time after {words.Date(to)} is cut off.", $"Le temps postérieur au {words.Date(to)} est retranché."));
    }

    string AfterDays(EndStrategy.DateOffset offset)
    {
        var (days, apart) = (offset.OffsetDays, words.Days(Math.Abs((long)offset.OffsetDays)));
        var (english, french) = offset.FromEnd ? ("the end", "la fin") : ("the start", "le début");
        return words.Say($"The patient leaves {(days == 0 ? "at" : $"{apart} {(days > 0 ? "after" : "before")}")} {english} of the index event, at the latest at the end of observation.",
            $"Le patient sort {(days == 0 ? $"à {(offset.FromEnd ? "la fin" : "la date de début")}" : $"{apart} {(days > 0 ? "après" : "avant")} {french}")} de l’événement index, au plus tard à la fin de l’observation.");
    }

    string AfterExposure(EndStrategy.CustomEra era)
    {
        var supply = era.DaysSupplyOverride is { } days ? words.Say($", each exposure lasting {words.Days(days)}", $", chaque exposition durant {words.Days(days)}") : "";
        var set = sets.Of(era.DrugConceptSet);
        return words.Say($"The patient leaves when continuous exposure to {set} ends: gaps of at most {words.Days(era.GapDays)}, plus {words.Days(era.OffsetDays)} after the last exposure{supply}.",
            $"Le patient sort quand s’achève l’exposition continue à {set}\u00a0: interruptions d’au plus {words.Days(era.GapDays)}, plus {words.Days(era.OffsetDays)} après la dernière exposition{supply}.");
    }

    void ConceptSets()
    {
        foreach (var (set, i) in sets.All.Select((s, i) => (s, i)))
        {
            if (i == 0) Heading(words.Say("Concept sets", "Ensembles de concepts"));
            List<string> notes = [sets.Size(set)];
            void Note(Func<ConceptSetItem, bool> has, string one, string many)
            {
                if (set.Items.Count(has) is var n and > 0) notes.Add(words.Count(n, one, many));
            }
            Note(x => x.Descendants, words.Say("with descendants", "avec descendants"), words.Say("with descendants", "avec descendants"));
            Note(x => x.Mapped, words.Say("with mapped", "avec correspondances"), words.Say("with mapped", "avec correspondances"));
            Note(x => x.Excluded, words.Say("excluded", "exclu"), words.Say("excluded", "exclus"));
            Line(0, $"**{sets.Name(set)}**{words.Colon} {string.Join(", ", notes)}");
        }
    }

    void Heading(string title) => text.Append(text.Length == 0 || text[^1] != '\n' || (text.Length > 1 && text[^2] == '\n') ? "" : "\n").Append("## ").Append(title).Append("\n\n");

    void Paragraph(string sentence) => text.Append(sentence).Append("\n\n");

    void Line(int depth, string content) => text.Append(' ', 3 * depth).Append("- ").Append(content).Append('\n');
}
