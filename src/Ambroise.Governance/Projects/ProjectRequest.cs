using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Ambroise.Governance.Control;

namespace Ambroise.Governance.Projects;

/// <summary>What a project may be for: Regulation (EU) 2025/327, article 53. Promotion of health products and insurance decisions cannot be chosen.</summary>
public enum Purpose { ScientificResearch, PublicHealth, CareImprovement, OfficialStatistics, Education, Regulation }

public enum LegalKind
{
    /// <summary>Méthodologie de référence MR-004: its number is the one in the public directory.</summary>
    Mr004,

    /// <summary>An authorisation of the CNIL: its number is the decision's.</summary>
    CnilAuthorisation,

    /// <summary>Another basis, named in full.</summary>
    Other,
}

/// <param name="Number">The number or name that lets anyone find it; never empty.</param>
public sealed record LegalBasis(LegalKind Kind, string Number);

/// <summary>Data asked for, one category at a time: what no category lists is not extracted (CNIL EDS 5.4).</summary>
/// <param name="Table">A CDM table.</param>
/// <param name="Columns">Columns of it; empty for every column that is neither free text nor identity.</param>
/// <param name="Concepts">Lines of a concept set as ATLAS writes them, which rows must belong to by the table's concept; null for any concept.</param>
/// <param name="From">First day of the events; null is open.</param>
/// <param name="Until">Last day of the events; null is open.</param>
/// <param name="Justification">Why the project needs it; never empty.</param>
public sealed record DataCategory(string Table, string Justification, ImmutableArray<string> Columns = default, JsonElement? Concepts = null, DateOnly? From = null, DateOnly? Until = null)
{
    public ImmutableArray<string> Columns { get; init; } = Columns.IsDefault ? [] : Columns;
}

/// <summary>How the data must be protected.</summary>
/// <param name="ShiftDates">Moves each patient's dates by an amount of its own, the same for all of the patient's.</param>
/// <param name="FreeText">Free text is given too.</param>
/// <param name="K">Each combination of quasi-identifiers must be shared by at least so many patients; 11 by default (EMA 0070).</param>
/// <param name="ExportReviewers">So many people outside the project must approve what leaves its space, 1 to 5; 1 by default.</param>
/// <param name="L">Each such group must hold at least so many distinct sensitive diagnoses; 2 by default.</param>
/// <param name="QuasiIdentifiers">What is counted as known of a patient; empty for all that the dataset gives of PERSON, of where patients live, and of their death.</param>
public sealed record Protection(bool ShiftDates = true, bool FreeText = false, int K = 11, int L = 2, int ExportReviewers = 1, ImmutableArray<string> QuasiIdentifiers = default)
{
    public ImmutableArray<string> QuasiIdentifiers { get; init; } = QuasiIdentifiers.IsDefault ? [] : QuasiIdentifiers;
}

/// <summary>What a project asks for.</summary>
/// <param name="Summary">For the public, in plain words.</param>
/// <param name="Investigator">Who answers for it, as an actor's name.</param>
/// <param name="Team">Who else may open its data.</param>
/// <param name="Population">A cohort definition, as ATLAS exports it: only its patients are given.</param>
/// <param name="RetainUntil">The day its data must be gone.</param>
public sealed partial record ProjectRequest(string Title, string Summary, string Investigator, ImmutableArray<string> Team, Purpose Purpose, LegalBasis LegalBasis, JsonElement Population,
    ImmutableArray<DataCategory> Data, DateOnly RetainUntil, Protection? Protection = null)
{
    public ImmutableArray<string> Team { get; init; } = Team.IsDefault ? [] : Team;

    /// <summary>Everyone who may open the project's data.</summary>
    [JsonIgnore]
    public IEnumerable<string> Members => Team.Prepend(Investigator).Distinct();

    /// <returns>The request, or <c>project.request-invalid</c> naming the JSON path and the reason.</returns>
    public static Result<ProjectRequest> Parse(ReadOnlySpan<byte> utf8)
    {
        try
        {
            var request = JsonSerializer.Deserialize(utf8, KeptJson.Strict<ProjectRequest>());
            return request is null ? Invalid("$", "is empty") : request.Check() is { } failure ? failure : request;
        }
        catch (JsonException e)
        {
            return Invalid(e.Path ?? "$", Why(e));
        }
    }

    static string Why(JsonException broken) => broken switch
    {
        { InnerException: JsonException } => string.Create(CultureInfo.InvariantCulture, $"is where the file breaks off or is no JSON, line {broken.LineNumber + 1}"),
        { InnerException: FormatException } => "is no day: write it as 2028-12-31",
        { Path: "$.purpose" } => $"is none of {Values<Purpose>()}",
        { Path: "$.legalBasis.kind" } => $"is none of {Values<LegalKind>()}",
        _ when Lacking().Match(broken.Message) is { Success: true } lacking => $"lacks {lacking.Groups["fields"].Value.TrimEnd('.')}",
        _ when broken.Message.Contains("could not be mapped", StringComparison.Ordinal) => "is no field of a request: see docs/projects.md",
        _ => "is empty or of another type than it should be",
    };

    static string Values<T>() where T : struct, Enum => string.Join(", ", Enum.GetNames<T>().Select(JsonNamingPolicy.CamelCase.ConvertName));

    [GeneratedRegex("missing required properties including: (?<fields>.*)$")]
    private static partial Regex Lacking();

    public string ToJson() => JsonSerializer.Serialize(this, KeptJson.Strict<ProjectRequest>());

    Failure? Check()
    {
        if (string.IsNullOrWhiteSpace(Title) || Title.Length > 300) return Invalid("$.title", "has 1 to 300 characters");
        if (string.IsNullOrWhiteSpace(Summary)) return Invalid("$.summary", "is empty");
        if (string.IsNullOrWhiteSpace(Investigator)) return Invalid("$.investigator", "is empty");
        if (string.IsNullOrWhiteSpace(LegalBasis.Number)) return Invalid("$.legalBasis.number", "is empty: name the directory number or the decision");
        if (Population.ValueKind != JsonValueKind.Object) return Invalid("$.population", "is not a cohort definition");
        if (Data.IsDefaultOrEmpty) return Invalid("$.data", "lists no category");
        for (var i = 0; i < Data.Length; i++)
        {
            if (Lake.Cdm.Cdm54.Find(Data[i].Table) is not { IsBeside: false } table) return Invalid($"$.data[{i}].table", "is not a table of the CDM");
            if (string.IsNullOrWhiteSpace(Data[i].Justification)) return Invalid($"$.data[{i}].justification", "is empty: every category needs one");
            if (Data[i].From > Data[i].Until) return Invalid($"$.data[{i}].until", "is before its first day");
            foreach (var column in Data[i].Columns)
                if (table.Find(column) is null) return Invalid($"$.data[{i}].columns", $"names a column that {table.Name} does not have");
        }
        if (Protection is { ExportReviewers: < 1 or > 5 }) return Invalid("$.protection.exportReviewers", "is not 1 to 5");
        foreach (var name in Protection?.QuasiIdentifiers ?? [])
            if (!Datasets.QuasiIdentifier.Names.Contains(name)) return Invalid("$.protection.quasiIdentifiers", $"names something else than {string.Join(", ", Datasets.QuasiIdentifier.Names)}");
        return Protection is { K: < 1 } or { L: < 1 } ? Invalid("$.protection", "asks for fewer than 1") : null;
    }

    internal static Failure Invalid(string path, string reason) => new(FailureKind.Invalid, "project.request-invalid", $"{path} {reason}.");
}
