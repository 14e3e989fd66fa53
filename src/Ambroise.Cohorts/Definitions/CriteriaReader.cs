using System.Collections.Immutable;
using System.Globalization;
using Ambroise.Cohorts.Vocabulary;

namespace Ambroise.Cohorts.Definitions;

/// <summary>Reads criteria and groups of criteria from JSON.</summary>
static class CriteriaReader
{
    static readonly string[] ConceptFields =
    [
        "CONCEPT_NAME", "STANDARD_CONCEPT", "STANDARD_CONCEPT_CAPTION", "INVALID_REASON", "INVALID_REASON_CAPTION", "CONCEPT_CODE", "DOMAIN_ID", "VOCABULARY_ID", "CONCEPT_CLASS_ID",
        "VALID_START_DATE", "VALID_END_DATE",
    ];

    public static CriteriaGroup Group(JsonMembers json)
    {
        var criteria = json.Items("CriteriaList").Select(c => Correlated(new(c.Json, c.Path))).ToImmutableArray();
        var demographics = json.Items("DemographicCriteriaList").Select(d => Demographic(new(d.Json, d.Path))).ToImmutableArray();
        var groups = json.Items("Groups").Select(g => Group(new(g.Json, g.Path))).ToImmutableArray();
        var type = json.Text("Type")?.ToUpperInvariant();
        var count = json.Whole("Count");
        var group = new CriteriaGroup(type switch
        {
            "ALL" => GroupRule.All,
            "ANY" => GroupRule.Any,
            "AT_LEAST" => GroupRule.AtLeast,
            "AT_MOST" => GroupRule.AtMost,
            null when criteria.IsEmpty && demographics.IsEmpty && groups.IsEmpty => GroupRule.All,
            _ => throw json.Path["Type"].Because($"'{type}' is not ALL, ANY, AT_LEAST or AT_MOST."),
        }, count ?? 0, criteria, demographics, groups);
        json.RefuseOthers();
        if (group.Rule is GroupRule.AtLeast or GroupRule.AtMost && count is null && !group.IsEmpty) throw json.Path["Count"].Because("is required with AT_LEAST and AT_MOST.");
        return group.Rule is GroupRule.AtLeast or GroupRule.AtMost ? group : group with { Count = 0 };
    }

    static CorrelatedCriterion Correlated(JsonMembers json)
    {
        var criterion = json.Object("Criteria") ?? throw json.Path["Criteria"].Because("is required.");
        var occurrence = json.Object("Occurrence") ?? throw json.Path["Occurrence"].Because("is required.");
        var read = new CorrelatedCriterion(Criterion(criterion), json.Object("StartWindow") is { } start ? Window(start) : new(new(null, -1), new(null, 1), null, null),
            json.Object("EndWindow") is { } end ? Window(end) : null, Occurrence(occurrence), json.Flag("RestrictVisit") ?? false, json.Flag("IgnoreObservationPeriod") ?? false);
        json.RefuseOthers();
        return read;
    }

    static Window Window(JsonMembers json)
    {
        WindowBound Bound(string name, int coefficient)
        {
            var bound = json.Object(name);
            var read = bound is null ? new WindowBound(null, coefficient) : new(bound.Whole("Days"), bound.Whole("Coeff") ?? 0);
            bound?.RefuseOthers();
            return read;
        }

        var window = new Window(Bound("Start", -1), Bound("End", 1), json.Flag("UseIndexEnd"), json.Flag("UseEventEnd"));
        json.RefuseOthers();
        return window;
    }

    static Occurrence Occurrence(JsonMembers json)
    {
        var rule = (json.Whole("Type") ?? 0) switch
        {
            0 => OccurrenceRule.Exactly,
            1 => OccurrenceRule.AtMost,
            2 => OccurrenceRule.AtLeast,
            var other => throw json.Path["Type"].Because($"{other} is not 0 (exactly), 1 (at most) or 2 (at least)."),
        };
        var column = json.Text("CountColumn");
        CountColumn? counted = column is null ? null
            : Enum.TryParse<CountColumn>(column.Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out var known) ? known
            : throw json.Path["CountColumn"].Because($"'{column}' is not a column that can be counted.");
        var distinct = json.Flag("IsDistinct") ?? false;
        var occurrence = new Occurrence(rule, json.Whole("Count") ?? 0, distinct ? counted ?? CountColumn.DomainConcept : null);
        json.RefuseOthers();
        return occurrence;
    }

    static DemographicCriterion Demographic(JsonMembers json)
    {
        var filters = Filters(json, CriterionFields.Demographic);
        json.RefuseOthers();
        return new(filters);
    }

    /// <summary>An object with one member, the kind.</summary>
    public static Criterion Criterion(JsonMembers wrapper)
    {
        var names = wrapper.Names.ToList();
        if (names.Count != 1) throw wrapper.Path.Because("a criterion is an object with one member, its kind.");
        if (!Enum.TryParse<CriterionKind>(names[0], out var kind) || kind.ToString() != names[0]) throw wrapper.Path[names[0]].Because("is not a kind of criterion.");

        var json = wrapper.Object(names[0]) ?? throw wrapper.Path[names[0]].Because("is null.");
        var source = CriterionFields.SourceConcept(kind);
        var criterion = new Criterion(kind,
            CriterionFields.HasConceptSet(kind) ? json.Whole("CodesetId") : null,
            source is null ? null : json.Whole(source),
            CriterionFields.HasFirst(kind) && (json.Flag("First") ?? false),
            json.Object("DateAdjustment") is { } adjust ? Adjustment(adjust) : null,
            CriterionFields.HasUserDefinedPeriod(kind) && json.Object("UserDefinedPeriod") is { } own ? Period(own) : null,
            Filters(json, CriterionFields.For(kind)),
            json.Object("CorrelatedCriteria") is { } group && Group(group) is { IsEmpty: false } correlated ? correlated : null);
        json.RefuseOthers();
        return criterion;
    }

    static DateAdjustment Adjustment(JsonMembers json)
    {
        bool FromEnd(string name, bool unset) => json.Text(name) switch
        {
            null => unset,
            "START_DATE" => false,
            "END_DATE" => true,
            var other => throw json.Path[name].Because($"'{other}' is not START_DATE or END_DATE."),
        };
        var adjustment = new DateAdjustment(FromEnd("StartWith", false), json.Whole("StartOffset") ?? 0, !FromEnd("EndWith", true), json.Whole("EndOffset") ?? 0);
        json.RefuseOthers();
        return adjustment;
    }

    static ImmutableArray<Filter> Filters(JsonMembers json, IReadOnlyDictionary<string, CriterionField> fields)
    {
        var filters = ImmutableArray.CreateBuilder<Filter>();
        foreach (var (name, field) in fields)
        {
            var excluded = field.ExcludeFlag is { } flag && (json.Flag(flag) ?? false);
            switch (field.Shape)
            {
                case FieldShape.Date when json.Object(name) is { } range: filters.Add(DateRange(range, field.Subject, name)); break;
                case FieldShape.Whole when json.Object(name) is { } range: filters.Add(NumberRange(range, field.Subject, name, whole: true)); break;
                case FieldShape.Decimal when json.Object(name) is { } range: filters.Add(NumberRange(range, field.Subject, name, whole: false)); break;
                case FieldShape.Text when json.Object(name) is { } text: filters.Add(Text(text, field.Subject, name)); break;
                case FieldShape.Flag when json.Flag(name) ?? false: filters.Add(new Filter.IsAbnormal()); break;
                case FieldShape.ConceptSetOnly when json.Whole(name) is { } set: filters.Add(new Filter.InSet(field.Subject, name, set, false)); break;
                case FieldShape.Concepts:
                    var concepts = json.Items(name).Select(c => Concept(new(c.Json, c.Path))).ToImmutableArray();
                    if (!concepts.IsEmpty) filters.Add(new Filter.AnyOf(field.Subject, name, concepts, excluded));
                    break;
                case FieldShape.Selection when json.Object(name) is { } selection:
                    filters.Add(new Filter.InSet(field.Subject, name, selection.Whole("CodesetId"), selection.Flag("IsExclusion") ?? false));
                    selection.RefuseOthers();
                    break;
            }
        }
        return filters.OrderBy(f => f.Subject).ThenBy(f => f.Field, StringComparer.Ordinal).ToImmutableArray();
    }

    static Comparison Compare(JsonMembers json) => json.Text("Op") switch
    {
        "lt" => Comparison.Less,
        "lte" => Comparison.LessOrEqual,
        "eq" => Comparison.Equal,
        "!eq" => Comparison.NotEqual,
        "gt" => Comparison.Greater,
        "gte" => Comparison.GreaterOrEqual,
        "bt" => Comparison.Between,
        "!bt" => Comparison.NotBetween,
        var other => throw json.Path["Op"].Because($"'{other}' is not lt, lte, eq, !eq, gt, gte, bt or !bt."),
    };

    static bool IsBetween(Comparison comparison) => comparison is Comparison.Between or Comparison.NotBetween;

    static Filter.Date DateRange(JsonMembers json, Subject subject, string field)
    {
        var comparison = Compare(json);
        var value = Day(json, "Value") ?? throw json.Path["Value"].Because("is required.");
        var extent = IsBetween(comparison) ? Day(json, "Extent") ?? throw json.Path["Extent"].Because("is required with bt and !bt.") : value;
        _ = json["Extent"];
        json.RefuseOthers();
        return new(subject, field, comparison, value, extent);
    }

    static Filter.Number NumberRange(JsonMembers json, Subject subject, string field, bool whole)
    {
        var comparison = Compare(json);
        var value = json.Number("Value") ?? throw json.Path["Value"].Because("is required.");
        var extent = json.Number("Extent");
        if (!IsBetween(comparison)) extent = value;
        json.RefuseOthers();
        decimal Cut(decimal number) => whole ? decimal.Truncate(number) : decimal.Round(number, 4, MidpointRounding.AwayFromZero);
        return new(subject, field, comparison, Cut(value), Cut(extent ?? throw json.Path["Extent"].Because("is required with bt and !bt.")));
    }

    static Filter.Text Text(JsonMembers json, Subject subject, string field)
    {
        var op = json.Text("Op") ?? throw json.Path["Op"].Because("is required.");
        var text = json.Text("Text") ?? throw json.Path["Text"].Because("is required.");
        json.RefuseOthers();
        var match = op.TrimStart('!') switch
        {
            "contains" => TextMatch.Contains,
            "startsWith" => TextMatch.StartsWith,
            "endsWith" => TextMatch.EndsWith,
            "eq" => TextMatch.Equal,
            _ => throw json.Path["Op"].Because($"'{op}' is not eq, contains, startsWith, endsWith or one of these after '!'."),
        };
        return new(subject, field, match, op.StartsWith('!'), text);
    }

    public static ConceptReference Concept(JsonMembers json)
    {
        var id = json.Whole("CONCEPT_ID") ?? throw json.Path["CONCEPT_ID"].Because("is required.");
        foreach (var field in ConceptFields) _ = json[field];
        json.RefuseOthers();
        return new(id, json.Text("CONCEPT_NAME"));
    }

    public static Period Period(JsonMembers json)
    {
        var period = new Period(Day(json, "StartDate"), Day(json, "EndDate"));
        json.RefuseOthers();
        return period;
    }

    /// <summary>Year, month and day between dashes, with or without leading zeros; the empty text is no day.</summary>
    static DateOnly? Day(JsonMembers json, string name)
    {
        if (json.Text(name) is not { Length: > 0 } text) return null;
        var parts = text.Split('-');
        if (parts.Length == 3 && int.TryParse(parts[0], NumberStyles.None, null, out var year) && int.TryParse(parts[1], NumberStyles.None, null, out var month)
            && int.TryParse(parts[2], NumberStyles.None, null, out var day) && year is >= 1 and <= 9999 && month is >= 1 and <= 12 && day >= 1 && day <= DateTime.DaysInMonth(year, month))
            return new(year, month, day);
        throw json.Path[name].Because($"'{text}' is not a day (YYYY-MM-DD).");
    }
}
