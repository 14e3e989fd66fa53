using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ambroise.Governance.Audit;

/// <summary>How an action ended.</summary>
public enum Outcome
{
    /// <summary>Let through: written before the action begins.</summary>
    Allowed,

    /// <summary>Refused: who asked had no right to it, or the tenant was sealed.</summary>
    Denied,

    /// <summary>Done: written after it, with what came of it.</summary>
    Done,
}

/// <summary>What someone did or tried to do. Names acts and amounts, never what the data says.</summary>
/// <param name="Sequence">0 or more, without a gap in a tenant's log.</param>
/// <param name="Actor">Who acts.</param>
/// <param name="Account">The account of the machine, or of the sign-in, that acted under this name.</param>
/// <param name="Action">A capability, e.g. <c>cohort.exact</c>.</param>
/// <param name="Project">The project acted for; null for work under a role.</param>
/// <param name="Release">The release that was read or written.</param>
/// <param name="Patients">Patients concerned, where they are counted.</param>
/// <param name="Detail">Codes, hashes and numbers that tell what it was.</param>
public sealed record AuditEntry(long Sequence, DateTimeOffset At, string Actor, string Account, string Action, Outcome Outcome, string? Project, int? Release, long? Patients, IReadOnlyDictionary<string, string>? Detail)
{
    static readonly AuditJson Json = new(new(AuditJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }); // the text is hashed and shown, never put in a page

    /// <summary>The text that is stored and hashed, one line.</summary>
    public string ToText() => JsonSerializer.Serialize(this, Json.AuditEntry);

    /// <exception cref="JsonException">It is not an entry.</exception>
    public static AuditEntry Read(string text) => JsonSerializer.Deserialize(text, Json.AuditEntry) ?? throw new JsonException();
}

/// <summary>Made when the program is built: every command writes an entry before it begins, and to look at the type by reflection took longer than to write it.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = [typeof(OutcomeNames)])]
[JsonSerializable(typeof(AuditEntry))]
sealed partial class AuditJson : JsonSerializerContext;

sealed class OutcomeNames() : JsonStringEnumConverter<Outcome>(JsonNamingPolicy.CamelCase);

/// <summary>An entry before it has its place.</summary>
public sealed record AuditAct(string Actor, string Account, string Action, Outcome Outcome, string? Project = null, int? Release = null, long? Patients = null, IReadOnlyDictionary<string, string>? Detail = null);
