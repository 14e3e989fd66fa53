using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ambroise.Sources.Fhir;

/// <summary>How many resources met one fate.</summary>
/// <param name="Kind"><c>used</c>, <c>set-aside</c> or <c>quarantined</c>.</param>
public sealed record FateCount(string Type, string Kind, string Reason, long Count);

public sealed record TypeRows(string Type, string Table, long Rows);

/// <summary>A code without a standard concept, and how often it was met.</summary>
public sealed record UnmappedCount(string Vocabulary, string Code, string Display, string Table, long Count);

/// <summary>What a load of FHIR did: every resource read met one fate. Holds codes and counts, no person.</summary>
/// <param name="Guide">The mapping guide followed.</param>
/// <param name="Notes">Counts of what was seen inside of resources, e.g. identities left out because nobody qualified them.</param>
public sealed record FhirReport(int Format, string Software, string Cdm, string Guide, string Vocabulary, DateTimeOffset At, string Zone, IReadOnlyList<string> Intents,
    IReadOnlyList<FateCount> Fates, IReadOnlyList<TypeRows> Rows, IReadOnlyList<UnmappedCount> Unmapped, IReadOnlyList<FateCount> Notes)
{
    /// <summary>Why a resource was set aside of which the release has the same rows already.</summary>
    public const string Unchanged = "unchanged";

    /// <summary>A note: servers whose resources a load brought beside those of another.</summary>
    public const string Servers = "Bundle.server", OtherServer = "other-server";

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, FhirReportJson.Default.FhirReport);

    /// <returns>The report, or null where the bytes are none.</returns>
    public static FhirReport? Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, FhirReportJson.Default.FhirReport);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSerializable(typeof(FhirReport))]
sealed partial class FhirReportJson : JsonSerializerContext;
