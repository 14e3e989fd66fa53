using System.Text.Json;

namespace Ambroise.Tests.Cohorts.Reference;

/// <summary>A span of a person in a cohort, both days included, as days since 1970-01-01.</summary>
readonly record struct Membership(long Person, int Start, int End) : IComparable<Membership>
{
    public int CompareTo(Membership other) => (Person, Start, End).CompareTo((other.Person, other.Start, other.End));

    public override string ToString() => $"{Person},{Text(Start)},{Text(End)}";

    static string Text(int day) => DateOnly.FromDayNumber(day + Row.Epoch).ToString("yyyy-MM-dd");
}

/// <summary>The judge: a definition answered one person at a time, in the order the language is explained. Slow and plain on purpose.</summary>
sealed class ReferenceCohort
{
    readonly JsonElement json;
    readonly ReferenceContext context;
    readonly List<ReferenceCriterion> primary;
    readonly ReferenceGroup? additional;
    readonly List<ReferenceGroup> rules;
    readonly List<ReferenceCriterion> censoring;

    public ReferenceCohort(JsonElement definition, ReferenceCdm cdm, ReferenceVocabulary vocabulary)
    {
        json = definition;
        context = new(cdm, vocabulary.Resolve(definition));
        primary = [.. json.Get("PrimaryCriteria")!.Value.Items("CriteriaList").Select(c => new ReferenceCriterion(c, context))];
        if (json.Get("AdditionalCriteria") is { } group && !ReferenceGroup.IsEmpty(group)) additional = new(group, context);
        rules = [.. json.Items("InclusionRules").Select(r => new ReferenceGroup(r.Get("expression")!.Value, context))];
        censoring = [.. json.Items("CensoringCriteria").Select(c => new ReferenceCriterion(c, context))];
    }

    public List<Membership> Rows() => [.. context.Cdm.Persons.SelectMany(Of)];

    IEnumerable<Membership> Of(long person)
    {
        var qualified = Qualified(person);
        if (qualified.Count == 0) return [];
        var passes = rules.Select(r => r.Passing(person, qualified)).ToList();
        var included = Limited([.. qualified.Where(q => passes.All(p => p.Contains(q.Id)))], json.Get("ExpressionLimit"));
        var spans = included.SelectMany(i => Exit(person, i) is { } end ? [(Start: i.Start!.Value, End: end)] : Array.Empty<(int Start, int End)>());
        return Windowed(Collapsed(spans, (int)(json.Get("CollapseSettings")?.Whole("EraPad") ?? 0))).Select(s => new Membership(person, s.Start, s.End));
    }

    List<IndexEvent> Qualified(long person)
    {
        var criteria = json.Get("PrimaryCriteria")!.Value;
        var window = criteria.Get("ObservationWindow");
        var (prior, post) = ((int)(window?.Whole("PriorDays") ?? 0), (int)(window?.Whole("PostDays") ?? 0));
        var found = from criterion in primary
                    from e in criterion.Events(person)
                    from period in context.Periods(person)
                    where period.Holds(e.Start) && period.Start + prior <= e.Start && e.Start + post <= period.End
                    select (Event: e, Period: period);
        var limit = criteria.Get("PrimaryCriteriaLimit")?.Text("Type") ?? "First";
        var ordered = Is(limit, "LAST") ? found.OrderByDescending(f => f.Event.SortDay).ThenBy(f => f.Event.Id) : found.OrderBy(f => f.Event.SortDay).ThenBy(f => f.Event.Id);
        var numbered = ordered.Select((f, i) => new IndexEvent(i + 1, f.Event.Start, f.Event.End, f.Event.Visit, f.Period)).ToList();
        var events = Is(limit, "ALL") ? numbered : numbered.Take(1).ToList();

        if (additional is not null)
        {
            var passing = additional.Passing(person, events);
            events = [.. events.Where(e => passing.Contains(e.Id))];
        }
        return json.Get("AdditionalCriteria") is null ? events : Limited(events, json.Get("QualifiedLimit"));
    }

    static List<IndexEvent> Limited(List<IndexEvent> events, JsonElement? limit)
    {
        var type = limit?.Text("Type") ?? "First";
        if (Is(type, "ALL")) return events;
        var ordered = Is(type, "LAST") ? events.OrderByDescending(e => e.Start) : events.OrderBy(e => e.Start);
        return [.. ordered.ThenBy(e => e.Id).Take(1)];
    }

    /// <returns>The earliest of the ends that apply, on or after the start; null where none does.</returns>
    int? Exit(long person, IndexEvent index)
    {
        var ends = new List<int?>();
        var strategy = json.Get("EndStrategy");
        if (strategy?.Get("DateOffset") is { } offset)
        {
            var day = (offset.Text("DateField") == "EndDate" ? index.End : index.Start) + (int)(offset.Whole("Offset") ?? 0);
            ends.Add(day > index.Period.End ? index.Period.End : day);
        }
        else
        {
            ends.Add(index.Period.End);
        }
        if (strategy?.Get("CustomEra") is { } era) ends.AddRange(EraEnds(person, index, era));
        foreach (var criterion in censoring)
            ends.AddRange(criterion.Events(person).Where(e => e.Start >= index.Start && e.Start <= index.Period.End).Select(e => e.Start).Order().Take(1));
        return ends.Where(e => e >= index.Start).Min();
    }

    IEnumerable<int?> EraEnds(long person, IndexEvent index, JsonElement era)
    {
        var set = era.Whole("DrugCodesetId") ?? throw new NotSupportedException("DrugCodesetId");
        var (gap, offset) = ((int)(era.Whole("GapDays") ?? 0), (int)(era.Whole("Offset") ?? 0));
        var exposures = context.Cdm.Of("drug_exposure", person)
            .Where(r => context.In(set, r.Whole("drug_concept_id")) || context.In(set, r.Whole("drug_source_concept_id")))
            .Select(r => (Start: r.Day("drug_exposure_start_date")!.Value,
                End: (era.Whole("DaysSupplyOverride") is { } days ? r.Day("drug_exposure_start_date") + (int)days : Kind.DrugEnd(r))!.Value + gap + offset));
        return Collapsed(exposures, 0).Select(e => (e.Start, End: e.End - gap)).Where(e => e.Start <= index.Start && index.Start <= e.End).Select(e => (int?)e.End);
    }

    /// <summary>Joins spans that touch or come within <paramref name="pad"/> days of one another.</summary>
    static List<(int Start, int End)> Collapsed(IEnumerable<(int Start, int End)> spans, int pad)
    {
        var joined = new List<(int Start, int End)>();
        foreach (var (start, end) in spans.OrderBy(s => s.Start).ThenBy(s => s.End).Select(s => (s.Start, s.End + pad)))
            if (joined.Count > 0 && joined.Max(j => j.End) >= start) joined[^1] = (joined[^1].Start, Math.Max(joined[^1].End, end));
            else joined.Add((start, end));
        return [.. joined.Select(j => (j.Start, j.End - pad))];
    }

    IEnumerable<(int Start, int End)> Windowed(List<(int Start, int End)> spans)
    {
        var (from, to) = (json.Get("CensorWindow")?.Date("StartDate"), json.Get("CensorWindow")?.Date("EndDate"));
        if (from is null && to is null) return spans;
        return spans.Select(s => (Start: Math.Max(s.Start, from ?? s.Start), End: Math.Min(s.End, to ?? s.End))).Where(s => s.Start <= s.End);
    }

    static bool Is(string type, string wanted) => type.Equals(wanted, StringComparison.OrdinalIgnoreCase);
}
