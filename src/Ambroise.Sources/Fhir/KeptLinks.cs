using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Ambroise.Sources.Fhir;

/// <summary>What a load knew of resources that are about no patient, for the loads merged into it: what they are called, what they define, and in which version they came. Keys are keyed codes; no person is in it.</summary>
/// <param name="Names">Conditional references and roles, as the key they mean.</param>
/// <param name="Versions">Of resources that no row of a patient tells of, those deleted among them: an older one that comes later changes nothing.</param>
sealed record KeptLinks(int Format, [property: JsonConverter(typeof(PackedNumbers<KeptLinks.Name>))] IReadOnlyList<KeptLinks.Name> Names, IReadOnlyList<KeptLinks.Role> Roles, IReadOnlyList<KeptLinks.Definition> Definitions,
    [property: JsonConverter(typeof(PackedNumbers<KeptLinks.Version>))] IReadOnlyList<KeptLinks.Version> Versions)
{
    /// <param name="Record">The resource that says so.</param>
    [StructLayout(LayoutKind.Sequential)]
    public readonly record struct Name(long Record, long Key, long Means);

    /// <param name="Record">The role.</param>
    /// <param name="Practitioner">Whom it is of.</param>
    public sealed record Role(long Record, long Practitioner, int Specialty, string Source, long CareSite);

    /// <summary>A medication's or a device's code; null where an earlier version of the program took one that has none.</summary>
    public sealed record Definition(long Key, string? Vocabulary, string? Code, string? Display, long Updated, long Number, ulong Hash);

    [StructLayout(LayoutKind.Sequential)]
    public readonly record struct Version(long Key, long Updated, long Number);

    /// <summary>Names that the resource which told of them bears no more, or that is no more: where nobody else bears one, it means whom it meant.</summary>
    [JsonConverter(typeof(PackedNumbers<Name>))]
    public IReadOnlyList<Name> Former { get => field ?? []; init; }

    /// <summary>Systems whose numbers make patients one person, as some load was told: a later one that is not told goes on so.</summary>
    public IReadOnlyList<string> NumberSystems { get; init; } = [];

    /// <summary>Some record of this load or an earlier one names its patient by an identifier: whom that means is then followed.</summary>
    public bool NamesPatients { get; init; }

    /// <summary>More of them are not kept.</summary>
    public const int MostOpen = 1 << 17;

    /// <summary>What rows name as their practitioner, organization or encounter that no load brought: once it is known, they are looked for. Null where nobody kept that, or they are many.</summary>
    [JsonConverter(typeof(PackedNumbers<long>))]
    public IReadOnlyList<long>? Open { get; init; }

    public static KeptLinks None { get; } = new(1, [], [], [], []) { Open = [] };

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, KeptLinksJson.Default.KeptLinks);

    public static KeptLinks Parse(byte[]? json) => json is null ? None : JsonSerializer.Deserialize(json, KeptLinksJson.Default.KeptLinks) ?? None;
}

/// <summary>Values made of 64-bit numbers, as base64 of them, little-endian: there are a hundred thousand where a hospital is large, and every load reads them. An array of objects, as earlier versions of the program wrote it, is read too.</summary>
sealed class PackedNumbers<T> : JsonConverter<IReadOnlyList<T>> where T : unmanaged
{
    public override IReadOnlyList<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? MemoryMarshal.Cast<byte, T>(reader.GetBytesFromBase64()).ToArray() : JsonSerializer.Deserialize(ref reader, (JsonTypeInfo<T[]>)KeptLinksJson.Default.GetTypeInfo(typeof(T[]))!) ?? [];

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<T> value, JsonSerializerOptions options) => writer.WriteBase64StringValue(MemoryMarshal.AsBytes<T>(value.ToArray()));
}

[JsonSerializable(typeof(KeptLinks))]
[JsonSerializable(typeof(KeptLinks.Name[]))]
[JsonSerializable(typeof(KeptLinks.Version[]))]
[JsonSerializable(typeof(long[]))]
sealed partial class KeptLinksJson : JsonSerializerContext;
