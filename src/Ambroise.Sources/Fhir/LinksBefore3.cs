using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Ambroise.Sources.Fhir;

/// <summary><see cref="KeptLinks"/> as earlier versions of the program wrote it, in JSON: the first told every definition's code with it (<paramref name="Definitions"/>), the second each code once.</summary>
sealed record LinksBefore3(
    [property: JsonConverter(typeof(PackedNumbers<KeptLinks.Name>))] KeptLinks.Name[]? Names, [property: JsonConverter(typeof(PackedNumbers<KeptLinks.Name>))] KeptLinks.Name[]? Former, IReadOnlyList<LinksBefore3.Role>? Roles,
    [property: JsonConverter(typeof(PackedNumbers<KeptLinks.Version>))] KeptLinks.Version[]? Versions, [property: JsonConverter(typeof(PackedNumbers<KeptLinks.Definition>))] KeptLinks.Definition[]? Defined,
    [property: JsonConverter(typeof(PackedNumbers<long>))] long[]? Open, IReadOnlyList<KeptLinks.DefinedCode>? Codes, IReadOnlyList<LinksBefore3.CodedDefinition>? Definitions, IReadOnlyList<string>? NumberSystems, bool NamesPatients)
{
    public sealed record Role(long Record, long Practitioner, int Specialty, string Source, long CareSite);

    public sealed record CodedDefinition(long Key, string? Vocabulary, string? Code, string? Display, long Updated, long Number, ulong Hash);

    public static KeptLinks Parse(ReadOnlySpan<byte> json)
    {
        if (JsonSerializer.Deserialize(json, LinksBefore3Json.Default.LinksBefore3) is not { } links) return new();
        var sources = (links.Roles ?? []).Select(r => r.Source).Distinct(StringComparer.Ordinal).ToList();
        var codes = links.Codes ?? [.. (links.Definitions ?? []).Where(d => d.Code is not null).Select(Coded).Distinct()];
        var places = codes.Select((code, at) => (code, at)).ToDictionary(c => c.code, c => c.at);
        return new()
        {
            Names = [.. (links.Names ?? []).Order()],
            Former = [.. (links.Former ?? []).Order()],
            Roles = [.. (links.Roles ?? []).Select(r => new KeptLinks.Role(r.Record, r.Practitioner, r.Specialty, sources.IndexOf(r.Source), r.CareSite)).Order()],
            Versions = [.. (links.Versions ?? []).Order()],
            Defined = [.. (links.Defined ?? [.. (links.Definitions ?? []).Select(d => new KeptLinks.Definition(d.Key, d.Updated, d.Number, d.Hash, d.Code is null ? -1 : places[Coded(d)]))]).Order()],
            Open = links.Open,
            OpenStays = links.Open ?? [],
            Codes = codes,
            Sources = sources,
            NumberSystems = links.NumberSystems ?? [],
            NamesPatients = links.NamesPatients,
        };
    }

    static KeptLinks.DefinedCode Coded(CodedDefinition definition) => new(definition.Vocabulary!, definition.Code!, definition.Display ?? "");
}

/// <summary>64-bit numbers as base64 of them, little-endian, or, earlier yet, as an array of objects.</summary>
sealed class PackedNumbers<T> : JsonConverter<T[]> where T : unmanaged
{
    public override T[] Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? MemoryMarshal.Cast<byte, T>(reader.GetBytesFromBase64()).ToArray() : JsonSerializer.Deserialize(ref reader, (JsonTypeInfo<List<T>>)LinksBefore3Json.Default.GetTypeInfo(typeof(List<T>))!)?.ToArray() ?? [];

    public override void Write(Utf8JsonWriter writer, T[] value, JsonSerializerOptions options) => throw new NotSupportedException("It is read alone.");
}

[JsonSerializable(typeof(LinksBefore3))]
[JsonSerializable(typeof(List<KeptLinks.Definition>))]
[JsonSerializable(typeof(List<KeptLinks.Name>))]
[JsonSerializable(typeof(List<KeptLinks.Version>))]
[JsonSerializable(typeof(List<long>))]
sealed partial class LinksBefore3Json : JsonSerializerContext;
