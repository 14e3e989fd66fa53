using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ambroise.Sources.Fhir;

/// <summary>What a load knew of resources that are about no patient, for the loads merged into it: what they are called, what they define, and in which version they came. Keys are keyed codes; no person is in it.</summary>
/// <param name="Names">Conditional references and roles, as the key they mean.</param>
/// <param name="Versions">Of resources that no row of a patient tells of, those deleted among them: an older one that comes later changes nothing.</param>
sealed record KeptLinks(int Format, IReadOnlyList<KeptLinks.Name> Names, IReadOnlyList<KeptLinks.Role> Roles, IReadOnlyList<KeptLinks.Definition> Definitions, IReadOnlyList<KeptLinks.Version> Versions)
{
    /// <param name="Record">The resource that says so.</param>
    public sealed record Name(long Record, long Key, long Means);

    /// <param name="Record">The role.</param>
    /// <param name="Practitioner">Whom it is of.</param>
    public sealed record Role(long Record, long Practitioner, int Specialty, string Source, long CareSite);

    /// <summary>A medication's or a device's code; null where it has none.</summary>
    public sealed record Definition(long Key, string? Vocabulary, string? Code, string? Display, long Updated, long Number, ulong Hash);

    public sealed record Version(long Key, long Updated, long Number);

    /// <summary>Systems whose numbers make patients one person, as some load was told: a later one that is not told goes on so.</summary>
    public IReadOnlyList<string> NumberSystems { get; init; } = [];

    public static KeptLinks None { get; } = new(1, [], [], [], []);

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, KeptLinksJson.Default.KeptLinks);

    public static KeptLinks Parse(byte[]? json) => json is null ? None : JsonSerializer.Deserialize(json, KeptLinksJson.Default.KeptLinks) ?? None;
}

[JsonSerializable(typeof(KeptLinks))]
sealed partial class KeptLinksJson : JsonSerializerContext;
