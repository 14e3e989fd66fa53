using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir;

/// <summary>What a load knew of resources that are about no patient, for the loads merged into it: what they are called, what they define, and in which version they came. Keys are keyed codes; no person is in it.</summary>
/// <param name="Names">Conditional references and roles, as the key they mean.</param>
/// <param name="Versions">Of resources that no row of a patient tells of, those deleted among them: an older one that comes later changes nothing.</param>
sealed record KeptLinks(int Format, [property: JsonConverter(typeof(PackedNumbers<KeptLinks.Name>))] IReadOnlyList<KeptLinks.Name> Names, IReadOnlyList<KeptLinks.Role> Roles, [property: JsonConverter(typeof(PackedNumbers<KeptLinks.Version>))] IReadOnlyList<KeptLinks.Version> Versions)
{
    /// <param name="Record">The resource that says so.</param>
    [StructLayout(LayoutKind.Sequential)]
    public readonly record struct Name(long Record, long Key, long Means);

    /// <param name="Record">The role.</param>
    /// <param name="Practitioner">Whom it is of.</param>
    public sealed record Role(long Record, long Practitioner, int Specialty, string Source, long CareSite);

    /// <summary>What medications and devices are, each told once.</summary>
    public sealed record DefinedCode(string Vocabulary, string Code, string Display);

    /// <summary>A medication or a device.</summary>
    /// <param name="Code">Place in <see cref="Codes"/>; -1 where an earlier version of the program took one that has none.</param>
    [StructLayout(LayoutKind.Sequential)]
    public readonly record struct Definition(long Key, long Updated, long Number, ulong Hash, long Code)
    {
        [JsonIgnore]
        public ResourceVersion Version => new(Updated, Number, Hash);
    }

    public IReadOnlyList<DefinedCode> Codes { get => field ?? []; init; }

    /// <summary>By key, ascending: some hospitals have one for every prescription.</summary>
    [JsonConverter(typeof(PackedNumbers<Definition>))]
    public IReadOnlyList<Definition> Defined { get => field ?? []; init; }

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

    public static KeptLinks None { get; } = new(2, [], [], []) { Open = [] };

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, KeptLinksJson.Default.KeptLinks);

    public static KeptLinks Parse(byte[]? json)
    {
        if (json is null) return None;
        var links = JsonSerializer.Deserialize(json, KeptLinksJson.Default.KeptLinks) ?? None;
        return links.Format >= 2 ? links : links.Pooled(JsonSerializer.Deserialize(json, KeptLinksJson.Default.LinksBefore2)?.Definitions ?? []);
    }

    /// <summary>The first format told every definition's code with it.</summary>
    KeptLinks Pooled(IReadOnlyList<LinksBefore2.CodedDefinition> definitions)
    {
        var codes = definitions.Where(d => d.Code is not null).Select(d => new DefinedCode(d.Vocabulary!, d.Code!, d.Display ?? "")).Distinct().ToList();
        var places = codes.Select((code, at) => (code, at)).ToDictionary(c => c.code, c => c.at);
        return this with
        {
            Codes = codes,
            Defined = [.. definitions.Select(d => new Definition(d.Key, d.Updated, d.Number, d.Hash, d.Code is null ? -1 : places[new(d.Vocabulary!, d.Code, d.Display ?? "")])).OrderBy(d => d.Key)],
        };
    }
}

/// <summary>What else the first format has.</summary>
sealed record LinksBefore2(IReadOnlyList<LinksBefore2.CodedDefinition>? Definitions)
{
    public sealed record CodedDefinition(long Key, string? Vocabulary, string? Code, string? Display, long Updated, long Number, ulong Hash);
}

/// <summary>Values made of 64-bit numbers, as base64 of them, little-endian: there are a hundred thousand where a hospital is large, and every load reads them. An array of objects, as earlier versions of the program wrote it, is read too.</summary>
sealed class PackedNumbers<T> : JsonConverter<IReadOnlyList<T>> where T : unmanaged
{
    public override IReadOnlyList<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? MemoryMarshal.Cast<byte, T>(reader.GetBytesFromBase64()).ToArray() : JsonSerializer.Deserialize(ref reader, (JsonTypeInfo<T[]>)KeptLinksJson.Default.GetTypeInfo(typeof(T[]))!) ?? [];

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<T> value, JsonSerializerOptions options) => writer.WriteBase64StringValue(MemoryMarshal.AsBytes<T>(value.ToArray()));
}

[JsonSerializable(typeof(KeptLinks))]
[JsonSerializable(typeof(LinksBefore2))]
[JsonSerializable(typeof(KeptLinks.Definition[]))]
[JsonSerializable(typeof(KeptLinks.Name[]))]
[JsonSerializable(typeof(KeptLinks.Version[]))]
[JsonSerializable(typeof(long[]))]
sealed partial class KeptLinksJson : JsonSerializerContext;
