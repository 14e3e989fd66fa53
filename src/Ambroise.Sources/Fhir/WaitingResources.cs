using System.Text.Json;
using System.Text.Json.Serialization;
using Ambroise.Lake.Kept;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir;

/// <summary>Resources as the lake keeps those that wait for others, and back.</summary>
static class WaitingResources
{
    /// <param name="Id">Its id where its bundle gave it.</param>
    /// <param name="Names">Of its bundle's <c>fullUrl</c>s those it refers to.</param>
    internal sealed record Context(string? Id, Dictionary<string, string>? Names);

    /// <param name="person">Whom it is about, as far as is known by now.</param>
    public static KeptRecord Keep(CollectedResource resource, long person)
    {
        var of = resource.Resource;
        return new(resource.Type, of.File, of.Line, person, ContextOf(of), of.Json);
    }

    static byte[] ContextOf(DeferredResource of)
    {
        var names = of.Names is { Count: > 0 } all ? Used(of.Json, all) : null;
        return of.Id is null && names is null ? [] : JsonSerializer.SerializeToUtf8Bytes(new Context(of.Id, names), WaitingJson.Default.Context);
    }

    /// <summary>A resource as its record keeps it: what its bundle said of it, if anything, a line end, and the resource.</summary>
    public static byte[] Text(DeferredResource of) => [.. ContextOf(of), (byte)'\n', .. of.Json];

    /// <param name="text">What <see cref="Text"/> gave.</param>
    public static DeferredResource Read(string file, long line, ReadOnlySpan<byte> text)
    {
        var end = text.IndexOf((byte)'\n');
        var context = end == 0 ? null : JsonSerializer.Deserialize(text[..end], WaitingJson.Default.Context);
        return new(file, line, text[(end + 1)..].ToArray(), context?.Id, context?.Names);
    }

    public static DeferredResource Read(KeptRecord record)
    {
        var context = record.Context.Length == 0 ? null : JsonSerializer.Deserialize(record.Context.Span, WaitingJson.Default.Context);
        return new(record.File, record.Line, record.Text.ToArray(), context?.Id, context?.Names);
    }

    /// <summary>Cuts resources into portions that are mapped together: some thousands, of some megabytes.</summary>
    public static IEnumerable<List<DeferredResource>> Portions(IEnumerable<DeferredResource> all)
    {
        var (portion, bytes) = (new List<DeferredResource>(), 0L);
        foreach (var one in all)
        {
            portion.Add(one);
            bytes += one.Json.Length;
            if (portion.Count < MostTogether && bytes < MostBytes) continue;
            yield return portion;
            (portion, bytes) = ([], 0);
        }
        if (portion.Count > 0) yield return portion;
    }

    const int MostTogether = 10_000;
    const long MostBytes = 4 << 20;

    /// <summary>A bundle of thousands names thousands, and each resource a few of them.</summary>
    static Dictionary<string, string>? Used(ReadOnlySpan<byte> json, IReadOnlyDictionary<string, string> names)
    {
        var used = new Dictionary<string, string>(StringComparer.Ordinal);
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
            if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("reference"u8) && reader.Read() && reader.TokenType == JsonTokenType.String
                && reader.GetString() is { } url && names.TryGetValue(BundleEntry.Name(url), out var name)) used[BundleEntry.Name(url)] = name;
        return used.Count > 0 ? used : null;
    }
}

[JsonSerializable(typeof(WaitingResources.Context))]
sealed partial class WaitingJson : JsonSerializerContext;
