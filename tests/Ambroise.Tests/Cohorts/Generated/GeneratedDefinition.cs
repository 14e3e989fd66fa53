using System.Text.Json.Nodes;
using Ambroise.Lake.Cdm;

namespace Ambroise.Tests.Cohorts.Generated;

/// <summary>Definitions over the whole language, small enough that most of them find someone.</summary>
sealed class GeneratedDefinition(Dice dice)
{
    /// <summary>Attributes by kind. d: day range, n: whole range, f: decimal range, a: age range, c: concepts (list or set), x: concepts that may be excluded, s: concept set, t: text, b: set only.</summary>
    static readonly Dictionary<string, string> Kinds = new()
    {
        ["ConditionOccurrence"] = "OccurrenceStartDate d,OccurrenceEndDate d,ConditionType x,StopReason t,ConditionSourceConcept s,Age a,Gender c,ProviderSpecialty c,VisitType c,ConditionStatus c",
        ["DrugExposure"] = "OccurrenceStartDate d,OccurrenceEndDate d,DrugType x,StopReason t,Refills n,Quantity f,DaysSupply n,RouteConcept c,LotNumber t,DrugSourceConcept s,Age a,Gender c,ProviderSpecialty c,VisitType c",
        ["ProcedureOccurrence"] = "OccurrenceStartDate d,ProcedureType x,Modifier c,Quantity n,ProcedureSourceConcept s,Age a,Gender c,ProviderSpecialty c,VisitType c",
        ["DeviceExposure"] = "OccurrenceStartDate d,OccurrenceEndDate d,DeviceType x,UniqueDeviceId t,Quantity n,DeviceSourceConcept s,Age a,Gender c,ProviderSpecialty c,VisitType c",
        ["Measurement"] = "OccurrenceStartDate d,MeasurementType x,Operator c,ValueAsNumber f,ValueAsConcept c,Unit c,RangeLow f,RangeHigh f,RangeLowRatio f,RangeHighRatio f,Abnormal !,MeasurementSourceConcept s,Age a,Gender c,ProviderSpecialty c,VisitType c",
        ["Observation"] = "OccurrenceStartDate d,ObservationType x,ValueAsNumber f,ValueAsString t,ValueAsConcept c,Qualifier c,Unit c,ObservationSourceConcept s,Age a,Gender c,ProviderSpecialty c,VisitType c",
        ["VisitOccurrence"] = "OccurrenceStartDate d,OccurrenceEndDate d,VisitType x,VisitLength n,VisitSourceConcept s,Age a,Gender c,ProviderSpecialty c,PlaceOfService c",
        ["VisitDetail"] = "VisitDetailStartDate d,VisitDetailEndDate d,VisitDetailType b,VisitDetailLength n,VisitDetailSourceConcept s,Age a,Gender b,ProviderSpecialty b,PlaceOfService b",
        ["Specimen"] = "OccurrenceStartDate d,SpecimenType x,Quantity f,Unit c,AnatomicSite c,DiseaseStatus c,SourceId t,Age a,Gender c",
        ["Death"] = "OccurrenceStartDate d,DeathType x,DeathSourceConcept s,Age a,Gender c",
        ["ConditionEra"] = "EraStartDate d,EraEndDate d,OccurrenceCount n,EraLength n,AgeAtStart a,AgeAtEnd a,Gender c",
        ["DrugEra"] = "EraStartDate d,EraEndDate d,OccurrenceCount n,EraLength n,GapDays n,AgeAtStart a,AgeAtEnd a,Gender c",
        ["DoseEra"] = "EraStartDate d,EraEndDate d,Unit c,DoseValue f,EraLength n,AgeAtStart a,AgeAtEnd a,Gender c",
        ["ObservationPeriod"] = "PeriodStartDate d,PeriodEndDate d,PeriodType c,PeriodLength n,AgeAtStart a,AgeAtEnd a,UserDefinedPeriod p",
        ["PayerPlanPeriod"] = "PeriodStartDate d,PeriodEndDate d,PeriodLength n,AgeAtStart a,AgeAtEnd a,Gender c,UserDefinedPeriod p,PayerConcept s,PlanConcept s,SponsorConcept s,StopReasonConcept s,PayerSourceConcept s,PlanSourceConcept s,SponsorSourceConcept s,StopReasonSourceConcept s",
        ["LocationRegion"] = "",
    };

    static readonly string[] Ops = ["lt", "lte", "eq", "!eq", "gt", "gte", "gte", "bt", "bt", "!bt"];

    public JsonObject Whole()
    {
        var definition = new JsonObject
        {
            ["ConceptSets"] = new JsonArray([.. Enumerable.Range(0, 4).Select(ConceptSet)]),
            ["PrimaryCriteria"] = new JsonObject
            {
                ["CriteriaList"] = Primary(),
                ["ObservationWindow"] = new JsonObject { ["PriorDays"] = dice.Pick(0, 0, 0, 1, 5), ["PostDays"] = dice.Pick(0, 0, 0, 1, 5) },
                ["PrimaryCriteriaLimit"] = Limit(),
            },
            ["QualifiedLimit"] = Limit(),
            ["ExpressionLimit"] = Limit(),
            ["InclusionRules"] = new JsonArray([.. Enumerable.Range(0, dice.Pick(0, 1, 1, 2)).Select(i => (JsonNode)new JsonObject { ["name"] = $"r{i}", ["expression"] = Group(0) })]),
            ["CensoringCriteria"] = new JsonArray([.. Enumerable.Range(0, dice.Chance(25) ? dice.Of(1, 2) : 0).Select(_ => (JsonNode)Criterion(1))]),
            ["CollapseSettings"] = new JsonObject { ["CollapseType"] = "ERA", ["EraPad"] = dice.Pick(0, 0, 1, 5) },
        };
        if (dice.Chance(25)) definition["AdditionalCriteria"] = dice.Chance(20) ? Empty() : Group(0);
        if (dice.Chance(40))
            definition["EndStrategy"] = new JsonObject { ["DateOffset"] = new JsonObject { ["DateField"] = dice.Pick("StartDate", "EndDate"), ["Offset"] = dice.Pick(0, 1, 3, 10, -1) } };
        else if (dice.Chance(30))
            definition["EndStrategy"] = new JsonObject { ["CustomEra"] = CustomEra() };
        if (dice.Chance(10)) definition["CensorWindow"] = Period();
        return definition;
    }

    JsonArray Primary()
    {
        var criteria = new JsonArray();
        for (var n = dice.Pick(1, 1, 1, 2, 3); n > 0; n--)
        {
            var next = Criterion(0);
            // The same record taken with two sets of dates would tie with itself: the language leaves the order open.
            var kind = next.Single().Key;
            if (!criteria.Any(c => c!.AsObject().ContainsKey(kind))) criteria.Add(next);
        }
        return criteria;
    }

    JsonObject CustomEra()
    {
        var era = new JsonObject { ["DrugCodesetId"] = dice.Of(0, 3), ["GapDays"] = dice.Pick(0, 1, 5), ["Offset"] = dice.Pick(0, 1, 4) };
        if (dice.Chance(30)) era["DaysSupplyOverride"] = dice.Of(0, 6);
        return era;
    }

    static JsonObject Empty() => new() { ["Type"] = "ALL", ["CriteriaList"] = new JsonArray(), ["DemographicCriteriaList"] = new JsonArray(), ["Groups"] = new JsonArray() };

    JsonObject Limit() => new() { ["Type"] = dice.Pick("First", "Last", "All", "All") };

    JsonNode ConceptSet(int id) => new JsonObject
    {
        ["id"] = id,
        ["name"] = $"s{id}",
        ["expression"] = new JsonObject
        {
            ["items"] = new JsonArray([.. Enumerable.Range(0, dice.Pick(0, 1, 2, 3, 4)).Select(_ => (JsonNode)new JsonObject
            {
                ["concept"] = new JsonObject { ["CONCEPT_ID"] = dice.Of(0, 10) },
                ["isExcluded"] = dice.Chance(15),
                ["includeDescendants"] = dice.Chance(50),
                ["includeMapped"] = dice.Chance(15),
            })]),
        },
    };

    JsonObject Criterion(int depth)
    {
        var (kind, attributes) = dice.Pick([.. Kinds]);
        var criterion = new JsonObject();
        // Regions need a column that some CDM versions lack.
        var sets = kind is not ("ObservationPeriod" or "PayerPlanPeriod") && (kind != "LocationRegion" || Cdm54.Location.Find("region_concept_id") is not null);
        if (sets && dice.Chance(70)) criterion["CodesetId"] = dice.Chance(2) ? 9 : dice.Of(0, 3);
        if (kind is not ("Death" or "LocationRegion") && dice.Chance(15)) criterion["First"] = true;
        var all = attributes.Split(',', StringSplitOptions.RemoveEmptyEntries);
        for (var n = all.Length == 0 ? 0 : dice.Pick(0, 0, 1, 1, 2); n > 0; n--)
        {
            var parts = dice.Pick(all).Split(' ');
            Attribute(criterion, parts[0], parts[1][0]);
        }
        if (dice.Chance(8))
            criterion["DateAdjustment"] = new JsonObject
            {
                ["StartWith"] = dice.Pick("START_DATE", "END_DATE"),
                ["StartOffset"] = dice.Of(-3, 3),
                ["EndWith"] = dice.Pick("START_DATE", "END_DATE"),
                ["EndOffset"] = dice.Of(-3, 5),
            };
        if (depth < 2 && dice.Chance(15)) criterion["CorrelatedCriteria"] = Group(depth + 1);
        return new() { [kind] = criterion };
    }

    void Attribute(JsonObject criterion, string name, char shape)
    {
        switch (shape)
        {
            case 'd': criterion[name] = Days(); break;
            case 'n': criterion[name] = Range(() => dice.Of(0, 8)); break;
            case 'a': criterion[name] = Range(() => dice.Of(18, 21)); break;
            case 'f': criterion[name] = Range(() => dice.Of(0, 20) / 2.0); break;
            case 's': criterion[name] = dice.Of(0, 3); break;
            case '!': criterion[name] = true; break;
            case 'p': criterion[name] = Period(); break;
            case 't': criterion[name] = new JsonObject { ["Text"] = dice.Pick("A", "B", "AB", "C"), ["Op"] = dice.Pick("startsWith", "endsWith", "contains", "!startsWith", "!endsWith", "!contains") }; break;
            default:
                if (shape == 'b' || dice.Chance(40))
                {
                    criterion[name + "CS"] = dice.Chance(25) ? new JsonObject { ["IsExclusion"] = dice.Chance(50) } : new JsonObject { ["CodesetId"] = dice.Of(0, 3), ["IsExclusion"] = dice.Chance(40) };
                    break;
                }
                criterion[name] = Concepts();
                if (shape == 'x') criterion[name + "Exclude"] = dice.Chance(40);
                break;
        }
    }

    JsonArray Concepts() => new([.. Enumerable.Range(0, dice.Of(0, 3)).Select(_ => (JsonNode)new JsonObject { ["CONCEPT_ID"] = dice.Of(0, 9) })]);

    JsonObject Range(Func<double> value)
    {
        var range = new JsonObject { ["Value"] = Number(value()), ["Op"] = dice.Pick(Ops) };
        if (range["Op"]!.GetValue<string>().EndsWith("bt", StringComparison.Ordinal)) range["Extent"] = Number(value());
        return range;
    }

    static JsonValue Number(double value) => value == Math.Truncate(value) ? JsonValue.Create((int)value) : JsonValue.Create(value);

    string Date() => DateOnly.FromDayNumber(GeneratedCdm.FirstDay + GeneratedCdm.Epoch + dice.Of(0, GeneratedCdm.Days)).ToString("yyyy-MM-dd");

    JsonObject Days()
    {
        var range = new JsonObject { ["Value"] = Date(), ["Op"] = dice.Pick(Ops) };
        if (range["Op"]!.GetValue<string>().EndsWith("bt", StringComparison.Ordinal)) range["Extent"] = Date();
        return range;
    }

    JsonObject Period()
    {
        var period = new JsonObject();
        if (dice.Chance(70)) period["StartDate"] = Date();
        if (dice.Chance(70)) period["EndDate"] = Date();
        return period;
    }

    JsonObject Group(int depth)
    {
        var group = Empty();
        group["Type"] = dice.Pick("ALL", "ALL", "ANY", "AT_LEAST", "AT_MOST");
        if (group["Type"]!.GetValue<string>().StartsWith("AT_", StringComparison.Ordinal)) group["Count"] = dice.Of(0, 2);
        for (var n = dice.Pick(0, 1, 1, 2); n > 0; n--) group["CriteriaList"]!.AsArray().Add((JsonNode)Correlated(depth));
        for (var n = dice.Chance(20) ? 1 : 0; n > 0; n--) group["DemographicCriteriaList"]!.AsArray().Add((JsonNode)Demographic());
        for (var n = depth < 2 && dice.Chance(15) ? 1 : 0; n > 0; n--) group["Groups"]!.AsArray().Add((JsonNode)Group(depth + 1));
        return group;
    }

    JsonObject Demographic()
    {
        var demographic = new JsonObject();
        foreach (var (name, shape) in new[] { ("Age", 'a'), ("Gender", 'c'), ("Race", 'c'), ("Ethnicity", 'c'), ("OccurrenceStartDate", 'd'), ("OccurrenceEndDate", 'd') })
            if (dice.Chance(25)) Attribute(demographic, name, shape);
        return demographic;
    }

    JsonObject Correlated(int depth)
    {
        var criterion = Criterion(depth + 1);
        var occurrence = new JsonObject { ["Type"] = dice.Pick(0, 1, 2, 2, 2), ["Count"] = dice.Pick(0, 1, 1, 1, 2), ["IsDistinct"] = dice.Chance(25) };
        if (occurrence["IsDistinct"]!.GetValue<bool>() && dice.Chance(70)) occurrence["CountColumn"] = dice.Pick(Columns(criterion.Single().Key));
        var correlated = new JsonObject
        {
            ["Criteria"] = criterion,
            ["StartWindow"] = Window(),
            ["RestrictVisit"] = dice.Chance(12),
            ["IgnoreObservationPeriod"] = dice.Chance(25),
            ["Occurrence"] = occurrence,
        };
        if (dice.Chance(20)) correlated["EndWindow"] = Window();
        return correlated;
    }

    static string[] Columns(string kind) => kind switch
    {
        "ConditionEra" => ["DOMAIN_CONCEPT", "START_DATE", "END_DATE", "DURATION", "ERA_OCCURRENCES"],
        "DrugEra" => ["DOMAIN_CONCEPT", "START_DATE", "END_DATE", "DURATION", "ERA_OCCURRENCES", "GAP_DAYS"],
        "DoseEra" => ["DOMAIN_CONCEPT", "START_DATE", "END_DATE", "DURATION", "UNIT", "VALUE_AS_NUMBER"],
        "DrugExposure" => ["DOMAIN_CONCEPT", "START_DATE", "END_DATE", "DURATION", "VISIT_ID", "QUANTITY", "DAYS_SUPPLY", "REFILLS"],
        "Measurement" => ["DOMAIN_CONCEPT", "START_DATE", "DURATION", "VISIT_ID", "VALUE_AS_NUMBER", "RANGE_HIGH", "RANGE_LOW"],
        "Observation" => ["DOMAIN_CONCEPT", "START_DATE", "DURATION", "VISIT_ID", "VALUE_AS_NUMBER"],
        "ProcedureOccurrence" or "DeviceExposure" => ["DOMAIN_CONCEPT", "START_DATE", "DURATION", "VISIT_ID", "QUANTITY"],
        "VisitDetail" => ["DOMAIN_CONCEPT", "START_DATE", "DURATION", "VISIT_DETAIL_ID"],
        "ConditionOccurrence" or "VisitOccurrence" => ["DOMAIN_CONCEPT", "START_DATE", "END_DATE", "DURATION", "VISIT_ID"],
        "PayerPlanPeriod" or "LocationRegion" => ["START_DATE", "END_DATE"],
        _ => ["DOMAIN_CONCEPT", "START_DATE", "END_DATE", "DURATION"],
    };

    JsonObject Window()
    {
        var window = new JsonObject { ["Start"] = Endpoint(dice.Chance(80) ? -1 : 1), ["End"] = Endpoint(dice.Chance(80) ? 1 : -1) };
        foreach (var flag in new[] { "UseIndexEnd", "UseEventEnd" })
            if (dice.Chance(60)) window[flag] = dice.Chance(40);
        return window;
    }

    JsonObject Endpoint(int coeff)
    {
        var endpoint = new JsonObject { ["Coeff"] = coeff };
        if (dice.Chance(75)) endpoint["Days"] = dice.Pick(0, 0, 1, 2, 7, 20);
        return endpoint;
    }
}
