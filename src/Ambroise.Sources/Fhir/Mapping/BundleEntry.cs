using System.Text;
using Ambroise.Sources.Fhir.Json;
using Ambroise.Sources.Fhir.Resources;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>What an entry of a Bundle says besides its resource.</summary>
/// <remarks>FHIR R4, bundle.html and http.html#transaction.</remarks>
static class BundleEntry
{
    /// <summary>A <c>fullUrl</c> as it is compared: a uuid is the same in capitals (RFC 4122, 3).</summary>
    public static string Name(string url) => url.StartsWith("urn:uuid:", StringComparison.OrdinalIgnoreCase) ? url.ToLowerInvariant() : url;

    public static bool IsMethod(JsonNode entry, ReadOnlySpan<byte> method) => Ascii.EqualsIgnoreCase(entry["request"u8]["method"u8].Text, method);

    /// <summary>Its resource's id: for a PUT the one it is written under.</summary>
    /// <returns>Null where the resource says it itself, or nobody does.</returns>
    public static string? GivenId(JsonNode entry)
    {
        var resource = entry["resource"u8];
        if (resource["id"u8].Exists) return null;
        if (IsMethod(entry, "PUT"u8) && Resolve(entry["request"u8]["url"u8]) is { } put && resource["resourceType"u8].Is(Encoding.UTF8.GetBytes(put.Type))) return put.Id;
        if (entry["fullUrl"u8].TextOrNull is not { } url) return null;
        var path = WithoutVersion(url);
        return path[(path.LastIndexOfAny([':', '/']) + 1)..];
    }

    /// <summary>What the entry deletes, by its request's url, else by its own.</summary>
    /// <returns>Null where neither names one resource: a search does not.</returns>
    public static (string Type, string Id)? Deletes(JsonNode entry) => Resolve(entry["request"u8]["url"u8]) ?? Resolve(entry["fullUrl"u8]);

    /// <returns>The type that the entry's url names, <c>unknown</c> for none that FHIR knows: an unknown name may hold anything.</returns>
    public static string TypeOf(JsonNode entry) =>
        Deletes(entry)?.Type ?? entry["request"u8]["url"u8].ToString().Split('?')[0].Split('/', StringSplitOptions.RemoveEmptyEntries).LastOrDefault(ResourceTypes.Known.Contains) ?? "unknown";

    static (string Type, string Id)? Resolve(JsonNode url)
    {
        var parts = WithoutVersion(url.ToString().Split('?')[0]).Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts.Length >= 2 && ResourceTypes.Known.Contains(parts[^2]) ? (parts[^2], parts[^1]) : null;
    }

    static string WithoutVersion(string url) => url.IndexOf("/_history", StringComparison.Ordinal) is >= 0 and var version ? url[..version] : url;
}
