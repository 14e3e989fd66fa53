using System.Text.Json;

namespace Ambroise.Tests.Cohorts.Reference;

/// <summary>A span of observation, both days included.</summary>
readonly record struct Period(int Start, int End)
{
    public bool Holds(int? day) => day >= Start && day <= End;
}

/// <summary>An event that others are compared with, inside its observation period.</summary>
sealed record IndexEvent(long Id, int? Start, int? End, long? Visit, Period Period);

/// <summary>A group of criteria: which of a person's index events satisfy it.</summary>
sealed class ReferenceGroup(JsonElement json, ReferenceContext context)
{
    readonly List<ReferenceCorrelated> correlated = [.. json.Items("CriteriaList").Select(c => new ReferenceCorrelated(c, context))];
    readonly List<JsonElement> demographics = [.. json.Items("DemographicCriteriaList")];
    readonly List<ReferenceGroup> groups = [.. json.Items("Groups").Select(g => new ReferenceGroup(g, context))];

    public static bool IsEmpty(JsonElement group) => !group.Items("CriteriaList").Any() && !group.Items("DemographicCriteriaList").Any() && !group.Items("Groups").Any();

    /// <returns>The ids of the index events that pass.</returns>
    public HashSet<long> Passing(long person, List<IndexEvent> indexes)
    {
        if (IsEmpty(json)) return [.. indexes.Select(i => i.Id)];

        List<HashSet<long>> parts =
        [
            .. correlated.Select(c => c.Passing(person, indexes)),
            .. demographics.Select(d => indexes.Where(i => Demographic(d, i, context.Person(person))).Select(i => i.Id).ToHashSet()),
            .. groups.Select(g => g.Passing(person, indexes)),
        ];
        var type = json.Text("Type")!.ToUpperInvariant();
        var count = json.Whole("Count");
        // An event inside two overlapping observation periods stands twice, and its parts count twice.
        return [.. indexes.GroupBy(i => i.Id).Where(same => Enough(type, count, parts.Count, same.Count() * parts.Count(p => p.Contains(same.Key)))).Select(same => same.Key)];
    }

    static bool Enough(string type, long? count, int parts, int passed) => type switch
    {
        "ALL" => passed == parts,
        "ANY" => passed > 0,
        "AT_LEAST" => (passed > 0 || count == 0) && passed >= count,
        "AT_MOST" => passed <= count,
        _ => throw new NotSupportedException(type),
    };

    bool Demographic(JsonElement criterion, IndexEvent index, Row person)
    {
        bool Listed(string member, long? value)
        {
            var listed = criterion.Items(member).Select(c => c.Whole("CONCEPT_ID")!.Value).ToHashSet();
            return (listed.Count == 0 || (value is { } concept && listed.Contains(concept)))
                && (criterion.Get(member + "CS") is not { } selection || context.Selected(selection, value));
        }

        return (criterion.Get("Age") is not { } age || ReferenceFilters.InRange(age, ReferenceFilters.Year(index.Start) - person.Whole("year_of_birth"), whole: true))
            && Listed("Gender", person.Whole("gender_concept_id"))
            && Listed("Race", person.Whole("race_concept_id"))
            && Listed("Ethnicity", person.Whole("ethnicity_concept_id"))
            && (criterion.Get("OccurrenceStartDate") is not { } start || ReferenceFilters.InDays(start, index.Start))
            && (criterion.Get("OccurrenceEndDate") is not { } end || ReferenceFilters.InDays(end, index.End));
    }
}

/// <summary>A criterion tied to an index event by windows, and how many times it must be met.</summary>
sealed class ReferenceCorrelated(JsonElement json, ReferenceContext context)
{
    readonly ReferenceCriterion criterion = new(json.Get("Criteria")!.Value, context);
    readonly JsonElement occurrence = json.Get("Occurrence")!.Value;
    readonly bool ignorePeriod = json.Flag("IgnoreObservationPeriod");
    readonly bool sameVisit = json.Flag("RestrictVisit");

    public HashSet<long> Passing(long person, List<IndexEvent> indexes)
    {
        var events = criterion.Events(person);
        var passing = new HashSet<long>();
        foreach (var same in indexes.GroupBy(i => i.Id))
        {
            var met = same.SelectMany(index => events.Where(e => Related(index, e))).ToList();
            if (Enough(met, same.Count())) passing.Add(same.Key);
        }
        return passing;
    }

    bool Enough(List<Event> met, int copies)
    {
        var (type, wanted) = (occurrence.Whole("Type"), occurrence.Whole("Count") ?? 0);
        var zeroAllowed = type == 1 || wanted == 0;
        if (!zeroAllowed && met.Count == 0) return false;

        var counted = occurrence.Flag("IsDistinct")
            ? met.Select(e => criterion.Counted(e, occurrence.Text("CountColumn") ?? "DOMAIN_CONCEPT")).Where(v => v is not null).Distinct().Count()
            : met.Count * (zeroAllowed ? copies : 1);
        return type switch { 0 => counted == wanted, 1 => counted <= wanted, _ => counted >= wanted };
    }

    bool Related(IndexEvent index, Event e) =>
        (ignorePeriod || index.Period.Holds(e.Start))
        && InWindow(json.Get("StartWindow"), index, e, usesEventEnd: false)
        && InWindow(json.Get("EndWindow"), index, e, usesEventEnd: true)
        && (!sameVisit || (e.Visit is not null && e.Visit == index.Visit));

    bool InWindow(JsonElement? window, IndexEvent index, Event e, bool usesEventEnd)
    {
        if (window is not { } w) return true;
        var anchor = w.Flag("UseIndexEnd") ? index.End : index.Start;
        var day = w.MaybeFlag("UseEventEnd") ?? usesEventEnd ? e.End : e.Start;
        return Bound(w.Get("Start")!.Value, anchor, index.Period, day, (a, b) => a >= b) && Bound(w.Get("End")!.Value, anchor, index.Period, day, (a, b) => a <= b);
    }

    bool Bound(JsonElement endpoint, int? anchor, Period period, int? day, Func<int?, int?, bool> holds)
    {
        var coeff = (int)(endpoint.Whole("Coeff") ?? 0);
        if (endpoint.Whole("Days") is { } days) return holds(day, anchor + coeff * (int)days);
        return ignorePeriod || holds(day, coeff == -1 ? period.Start : period.End);
    }
}
