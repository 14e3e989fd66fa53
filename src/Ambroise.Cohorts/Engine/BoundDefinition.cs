using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Ambroise.Cohorts.Definitions;
using Ambroise.Cohorts.Vocabulary;
using Ambroise.Lake.Columns;

namespace Ambroise.Cohorts.Engine;

/// <summary>A definition whose concept sets are resolved to concepts: all that a shard needs to answer it.</summary>
public sealed class BoundDefinition
{
    internal BoundDefinition(CohortDefinition definition, Binder binder)
    {
        Definition = definition;
        foreach (var asked in definition.InclusionRules.Select(r => r.Expression).Append(definition.Additional)) EntryNeeds |= asked is null ? Needs.Nothing : Binder.OfIndex(asked);
        if (definition.EndStrategy is EndStrategy.DateOffset { FromEnd: true }) EntryNeeds |= Needs.End;
        // Events of one day that differ in nothing that is asked for need not be told apart.
        if (EntryNeeds != Needs.Nothing) EntryNeeds |= Needs.Id;
        EntryLimit = definition is { Primary.Limit: Limit.All, Additional: null, InclusionRules.IsEmpty: true, ExpressionLimit: Limit.First } && definition.Primary.Criteria.All(static c => c.UserDefined is null)
            ? Limit.First : definition.Primary.Limit;
        // Where each patient's first event is all that is wanted, it is found in any order.
        // Where all of them are wanted and nothing but their day is asked for, it is enough that a patient's stand together.
        var own = definition.Primary.Criteria.Any(static c => c.UserDefined is not null);
        if (EntryNeeds == Needs.Nothing && EntryLimit == Limit.All && !own) EntryNeeds = Needs.Patient;
        else if (EntryNeeds != Needs.Nothing || EntryLimit != Limit.First || own) EntryNeeds |= Needs.Order;
        Primary = [.. definition.Primary.Criteria.Select((c, i) => binder.Criterion(c, null, $"PrimaryCriteria.CriteriaList[{i}]", EntryNeeds))];
        Additional = definition.Additional is { IsEmpty: false } group ? binder.Group(group, "AdditionalCriteria") : null;
        Rules = [.. definition.InclusionRules.Select((r, i) => binder.Group(r.Expression, $"InclusionRules[{i}].expression"))];
        Censoring = [.. definition.CensoringCriteria.Select((c, i) => binder.Criterion(c, null, $"CensoringCriteria[{i}]"))];
        if (definition.EndStrategy is EndStrategy.CustomEra era)
            EraDrugs =
            [
                binder.Criterion(new(CriterionKind.DrugExposure, era.DrugConceptSet, null, false, null, null, [], null), null, "EndStrategy.CustomEra", Needs.End | Needs.Order),
                binder.Criterion(new(CriterionKind.DrugExposure, null, era.DrugConceptSet, false, null, null, [], null), null, "EndStrategy.CustomEra", Needs.End | Needs.Order),
            ];
        Criteria = [.. binder.Criteria];
        EntryKey = binder.Key($"entry {string.Join(',', Primary.Select(c => c.Key))} {definition.Primary.PriorDays} {definition.Primary.PostDays} {EntryLimit} {EntryNeeds} {definition.QualifiedLimit}", definition.Additional);
        RuleKeys = [.. definition.InclusionRules.Select(r => binder.Key($"rule {EntryKey}", r.Expression))];
    }

    public CohortDefinition Definition { get; }

    /// <summary>What is asked of the events that let patients in.</summary>
    internal Needs EntryNeeds { get; }

    /// <summary>The limit on entry events: the first alone where each patient's first is all that can come out.</summary>
    internal Limit EntryLimit { get; }

    /// <summary>Each patient's first entry event is all that counts, and nothing ends or cuts what it gives: how many there are can be told without them.</summary>
    internal bool CountsFirsts => EntryNeeds == Needs.Nothing && EntryLimit == Limit.First && Rules.IsEmpty && Additional is null && EndsWithPeriods;

    /// <summary>Every event that lets a patient in gives a span.</summary>
    bool EndsWithPeriods => Censoring.IsEmpty && Definition is { EndStrategy: not (EndStrategy.DateOffset or EndStrategy.CustomEra), CensorWindow: null or { Start: null, End: null } };

    /// <summary>Each patient who has an event that passes all rules gives one span: how many there are, the rules' statistics tell.</summary>
    internal bool CountsBest => Definition.ExpressionLimit == Limit.First && !Rules.IsEmpty && EndsWithPeriods;

    internal ImmutableArray<BoundCriterion> Primary { get; }
    internal BoundGroup? Additional { get; }

    /// <summary>Names all that decides which events let patients in.</summary>
    internal UInt128 EntryKey { get; }

    /// <summary>Names all that decides which of those events pass each rule.</summary>
    internal ImmutableArray<UInt128> RuleKeys { get; }

    internal ImmutableArray<BoundGroup> Rules { get; }
    internal ImmutableArray<BoundCriterion> Censoring { get; }
    internal ImmutableArray<BoundCriterion> EraDrugs { get; } = [];
    internal ImmutableArray<BoundCriterion> Criteria { get; }

    /// <summary>Resolves every concept set once.</summary>
    public static BoundDefinition Bind(CohortDefinition definition, IVocabulary vocabulary) =>
        new(definition, new(definition.ConceptSets.ToDictionary(s => s.Id, s => vocabulary.Resolve(s.Items).ToArray())));
}

/// <summary>What of an event is asked for, beside its patient and start.</summary>
[Flags]
enum Needs
{
    Nothing = 0,
    End = 1,
    Visit = 2,

    /// <summary>Events of one day must come in order of their ids.</summary>
    Id = 4,

    /// <summary>Events must come in order of patient and start.</summary>
    Order = 8,

    /// <summary>Events must come patient by patient.</summary>
    Patient = 16,
}

static class NeedsOrder
{
    /// <returns>The least order that will do.</returns>
    public static EventOrder Order(this Needs needs) => needs.HasFlag(Needs.Order) ? EventOrder.Full : needs.HasFlag(Needs.Patient) ? EventOrder.Patient : EventOrder.None;
}

/// <summary>A criterion with its concepts. Two with the same <see cref="Key"/> pick the same records of a shard.</summary>
/// <param name="Ordinal">Its place among the definition's criteria.</param>
/// <param name="Counted">The column a distinct count needs, where it is neither a date nor the visit.</param>
sealed record BoundCriterion(int Ordinal, string Path, Criterion Criterion, KindTable Kind, int[]? Concepts, int[]? SourceConcepts, ImmutableArray<BoundFilter> Filters, BoundGroup? Correlated,
    CountColumn? Counted, Needs Needs, UInt128 Key);

sealed record BoundFilter(Subject Subject, ValueTest Test);

sealed record BoundGroup(GroupRule Rule, int Count, ImmutableArray<BoundCorrelated> Criteria, ImmutableArray<ImmutableArray<BoundFilter>> Demographics, ImmutableArray<BoundGroup> Groups)
{
    public bool IsEmpty => Criteria.IsEmpty && Demographics.IsEmpty && Groups.IsEmpty;
}

sealed record BoundCorrelated(CorrelatedCriterion Correlated, BoundCriterion Criterion);

/// <summary>Turns criteria into bound ones, and names each by a hash of everything that decides which records it picks.</summary>
sealed class Binder(Dictionary<int, int[]> sets)
{
    readonly Dictionary<int, string> setNames = [];

    public List<BoundCriterion> Criteria { get; } = [];

    int[] Set(int id) => sets.GetValueOrDefault(id, []);

    public BoundGroup Group(CriteriaGroup group, string path) => new(group.Rule, group.Count,
        [.. group.Criteria.Select((c, i) => new BoundCorrelated(c, Criterion(c.Criterion, c.Occurrence.DistinctBy, $"{path}.CriteriaList[{i}].Criteria", OfEvent(c))))],
        [.. group.Demographics.Select(d => Filters(d.Filters))],
        [.. group.Groups.Select((g, i) => Group(g, $"{path}.Groups[{i}]"))]);

    /// <returns>What a group asks of the events it is asked of.</returns>
    public static Needs OfIndex(CriteriaGroup group)
    {
        var needs = Needs.Nothing;
        foreach (var c in group.Criteria)
        {
            if (c.StartWindow.UseIndexEnd == true || c.EndWindow?.UseIndexEnd == true) needs |= Needs.End;
            if (c.RestrictVisit) needs |= Needs.Visit;
        }
        if (group.Demographics.Any(static d => d.Filters.Any(static f => f.Subject is Subject.End or Subject.Length or Subject.AgeAtEnd))) needs |= Needs.End;
        foreach (var nested in group.Groups) needs |= OfIndex(nested);
        return needs;
    }

    /// <returns>What a condition asks of the events it counts: where their starts alone decide, they are all compared, in whatever order.</returns>
    static Needs OfEvent(CorrelatedCriterion c) => OfColumns(c) is var columns && columns == Needs.Nothing && c.Occurrence.DistinctBy is null ? Needs.Patient : columns | Needs.Order;

    static Needs OfColumns(CorrelatedCriterion c) => (c.StartWindow.UseEventEnd == true || (c.EndWindow is { } second && second.UseEventEnd != false) || c.Occurrence.DistinctBy == CountColumn.EndDate ? Needs.End : Needs.Nothing)
        | (c.RestrictVisit || c.Occurrence.DistinctBy == CountColumn.VisitId ? Needs.Visit : Needs.Nothing);

    public BoundCriterion Criterion(Criterion criterion, CountColumn? distinctBy, string path, Needs needs = Needs.Order)
    {
        var kind = KindTable.Of(criterion.Kind);
        var counted = distinctBy is CountColumn.StartDate or CountColumn.EndDate or CountColumn.VisitId ? null : distinctBy;
        var correlated = criterion.Correlated is { } group ? Group(group, path + ".CorrelatedCriteria") : null;
        if (criterion.Correlated is { } asked) needs |= OfIndex(asked) | Needs.Order;
        var text = new StringBuilder();
        Write(text, criterion);
        text.Append(CultureInfo.InvariantCulture, $"|{counted}|{needs}");
        var key = Hash(text);
        var bound = new BoundCriterion(Criteria.Count, path, criterion, kind, criterion.ConceptSet is { } set ? Set(set) : null, criterion.SourceConceptSet is { } source ? Set(source) : null,
            Filters(criterion.Filters), correlated, counted, needs, key);
        Criteria.Add(bound);
        return bound;
    }

    static UInt128 Hash(StringBuilder text) => MemoryMarshal.Read<UInt128>(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));

    /// <returns>A name for a group asked of the events that <paramref name="of"/> says.</returns>
    public UInt128 Key(string of, CriteriaGroup? group)
    {
        var text = new StringBuilder(of);
        if (group is not null) Write(text, group);
        return Hash(text);
    }

    ImmutableArray<BoundFilter> Filters(ImmutableArray<Filter> filters) => [.. filters.Where(f => f.Subject is not (Subject.RegionStart or Subject.RegionEnd or Subject.SpecimenSource)).Select(Filter)];

    BoundFilter Filter(Filter filter) => new(filter.Subject, filter switch
    {
        Filter.Date(_, _, var comparison, var value, var extent) => ValueTest.Whole.Range(comparison, Days.Of(value), Days.Of(extent)),
        Filter.Number(var subject, _, var comparison, var value, var extent) => ValueTest.Real.Range(comparison, (double)value, (double)extent),
        Filter.AnyOf(_, _, var concepts, var excluded) => ValueTest.Whole.Among([.. concepts.Select(c => c.Id).Distinct().Order()], excluded, listed: true),
        Filter.InSet(_, _, null, var excluded) => ValueTest.Whole.Presence(absent: excluded),
        Filter.InSet(_, _, { } set, var excluded) => ValueTest.Whole.Among(Set(set), excluded, listed: false),
        Filter.Text(_, _, var match, var negated, var pattern) => new ValueTest.Like(
            (match is TextMatch.EndsWith or TextMatch.Contains ? "%" : "") + pattern + (match is TextMatch.StartsWith or TextMatch.Contains ? "%" : ""), negated),
        _ => new ValueTest.Abnormal(),
    });

    void Write(StringBuilder text, Criterion criterion)
    {
        text.Append(criterion.Kind).Append(SetName(criterion.ConceptSet)).Append(SetName(criterion.SourceConceptSet)).Append(criterion.First ? '1' : '*').Append(criterion.Adjustment).Append(criterion.UserDefined);
        foreach (var filter in criterion.Filters) Write(text, filter);
        if (criterion.Correlated is { } group) Write(text, group);
    }

    void Write(StringBuilder text, Filter filter)
    {
        text.Append('<').Append(filter.Field).Append(' ');
        switch (filter)
        {
            case Filter.AnyOf any: text.Append(any.Excluded).AppendJoin(',', any.Concepts.Select(c => c.Id)); break;
            case Filter.InSet selected: text.Append(selected.Excluded).Append(SetName(selected.ConceptSet)); break;
            case Filter.Text pattern: text.Append(pattern.Match).Append(pattern.Negated).Append(pattern.Pattern.Length).Append(' ').Append(pattern.Pattern); break;
            default: text.Append(filter); break;
        }
        text.Append('>');
    }

    void Write(StringBuilder text, CriteriaGroup group)
    {
        text.Append('{').Append(group.Rule).Append(group.Count);
        foreach (var c in group.Criteria)
        {
            text.Append('(').Append(c.StartWindow).Append(c.EndWindow).Append(c.Occurrence).Append(c.RestrictVisit).Append(c.IgnoreObservationPeriod);
            Write(text, c.Criterion);
            text.Append(')');
        }
        foreach (var d in group.Demographics)
        {
            text.Append('[');
            foreach (var filter in d.Filters) Write(text, filter);
            text.Append(']');
        }
        foreach (var g in group.Groups) Write(text, g);
        text.Append('}');
    }

    /// <summary>A set named by its content, since numbers are the definition's own.</summary>
    string SetName(int? id)
    {
        if (id is not { } set) return "#";
        if (!setNames.TryGetValue(set, out var name)) setNames[set] = name = "#" + Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes(Set(set).AsSpan())).AsSpan(0, 16));
        return name;
    }
}
