using System.Collections.Immutable;
using System.Text.Json;
using Ambroise.Cohorts.Vocabulary;

namespace Ambroise.Cohorts.Definitions;

/// <summary>Reads a definition from JSON. Throws inside, for the depth of it; <see cref="Read"/> turns that back into a value.</summary>
static class DefinitionReader
{
    /// <summary>What one machine word can say of an event's rules.</summary>
    const int MostRules = 62;

    public static Result<CohortDefinition> Read(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            if (utf8.Span.StartsWith("\uFEFF"u8)) utf8 = utf8[3..];
            using var document = JsonDocument.Parse(utf8, new() { MaxDepth = 256 });
            return Definition(new(document.RootElement, JsonPath.Root));
        }
        catch (FailureException failed) when (failed.Failure.Code == "cohort.invalid")
        {
            return failed.Failure;
        }
        catch (JsonException because)
        {
            return new Failure(FailureKind.Invalid, "cohort.invalid", $"{because.Path ?? "$"}: not JSON at line {because.LineNumber + 1}, byte {because.BytePositionInLine + 1}.");
        }
    }

    static CohortDefinition Definition(JsonMembers json)
    {
        var primary = json.Object("PrimaryCriteria") ?? throw json.Path["PrimaryCriteria"].Because("is required: it says which events let a patient in.");
        var collapse = json.Object("CollapseSettings");
        if (collapse?.Text("CollapseType") is { } type && type != "ERA") throw collapse.Path["CollapseType"].Because($"'{type}' is not a way to collapse (ERA).");
        var definition = new CohortDefinition
        {
            Title = json.Text("Title"),
            CdmVersionRange = json.Text("cdmVersionRange"),
            ConceptSets = [.. json.Items("ConceptSets").Select(s => ConceptSet(new(s.Json, s.Path)))],
            Primary = Primary(primary),
            Additional = json.Object("AdditionalCriteria") is { } group ? CriteriaReader.Group(group) : null,
            QualifiedLimit = Limit(json.Object("QualifiedLimit")),
            ExpressionLimit = Limit(json.Object("ExpressionLimit")),
            InclusionRules = [.. json.Items("InclusionRules").Select(r => Rule(new(r.Json, r.Path)))],
            EndStrategy = json.Object("EndStrategy") is { } strategy ? End(strategy) : null,
            CensoringCriteria = [.. json.Items("CensoringCriteria").Select(c => CriteriaReader.Criterion(new(c.Json, c.Path)))],
            CollapseGapDays = collapse?.Whole("EraPad") ?? 0,
            CensorWindow = json.Object("CensorWindow") is { } window ? CriteriaReader.Period(window) : null,
        };
        collapse?.RefuseOthers();
        json.RefuseOthers();
        if (definition.InclusionRules.Length > MostRules) throw json.Path["InclusionRules"].Because($"has more than {MostRules} rules.");
        if (definition.ConceptSets.GroupBy(s => s.Id).FirstOrDefault(g => g.Count() > 1) is { } twice) throw json.Path["ConceptSets"].Because($"has two concept sets numbered {twice.Key}.");
        return definition;
    }

    static PrimaryCriteria Primary(JsonMembers json)
    {
        var window = json.Object("ObservationWindow");
        var primary = new PrimaryCriteria([.. json.Items("CriteriaList").Select(c => CriteriaReader.Criterion(new(c.Json, c.Path)))], window?.Whole("PriorDays") ?? 0, window?.Whole("PostDays") ?? 0,
            Limit(json.Object("PrimaryCriteriaLimit")));
        if (primary.Criteria.IsEmpty) throw json.Path["CriteriaList"].Because("needs at least one criterion.");
        window?.RefuseOthers();
        json.RefuseOthers();
        return primary;
    }

    /// <summary>Any word but <c>All</c> and <c>Last</c> keeps the first.</summary>
    static Limit Limit(JsonMembers? json)
    {
        var type = json?.Text("Type");
        json?.RefuseOthers();
        return type switch
        {
            null => Definitions.Limit.First,
            _ when type.Equals("All", StringComparison.OrdinalIgnoreCase) => Definitions.Limit.All,
            _ when type.Equals("Last", StringComparison.OrdinalIgnoreCase) => Definitions.Limit.Last,
            _ when type.Equals("First", StringComparison.OrdinalIgnoreCase) => Definitions.Limit.First,
            _ => throw json!.Path["Type"].Because($"'{type}' is not First, Last or All."),
        };
    }

    static InclusionRule Rule(JsonMembers json)
    {
        var expression = json.Object("expression") ?? throw json.Path["expression"].Because("is required.");
        var rule = new InclusionRule(json.Text("name"), json.Text("description"), CriteriaReader.Group(expression));
        json.RefuseOthers();
        return rule;
    }

    static EndStrategy End(JsonMembers json)
    {
        EndStrategy strategy;
        if (json.Object("DateOffset") is { } offset)
        {
            var field = offset.Text("DateField") ?? "StartDate";
            if (field is not ("StartDate" or "EndDate")) throw offset.Path["DateField"].Because($"'{field}' is not StartDate or EndDate.");
            strategy = new EndStrategy.DateOffset(field == "EndDate", offset.Whole("Offset") ?? 0);
            offset.RefuseOthers();
        }
        else if (json.Object("CustomEra") is { } era)
        {
            strategy = new EndStrategy.CustomEra(era.Whole("DrugCodesetId") ?? throw era.Path["DrugCodesetId"].Because("is required."), era.Whole("GapDays") ?? 0, era.Whole("Offset") ?? 0, era.Whole("DaysSupplyOverride"));
            era.RefuseOthers();
        }
        else
        {
            throw json.Path.Because("a DateOffset or a CustomEra is expected.");
        }
        json.RefuseOthers();
        return strategy;
    }

    static ConceptSet ConceptSet(JsonMembers json)
    {
        var expression = json.Object("expression");
        var set = new ConceptSet(json.Whole("id") ?? 0, json.Text("name") ?? "", expression is null ? [] : [.. expression.Items("items").Select(i => Item(new(i.Json, i.Path)))]);
        expression?.RefuseOthers();
        json.RefuseOthers();
        return set;
    }

    static ConceptSetItem Item(JsonMembers json)
    {
        var concept = json.Object("concept") ?? throw json.Path["concept"].Because("is required.");
        var item = new ConceptSetItem(CriteriaReader.Concept(concept).Id, json.Flag("includeDescendants") ?? false, json.Flag("includeMapped") ?? false, json.Flag("isExcluded") ?? false);
        json.RefuseOthers();
        return item;
    }
}
