using System.Runtime.InteropServices;
using System.Text;
using Ambroise.Sources.Fhir.Export;
using Ambroise.Sources.Fhir.Json;
using Ambroise.Sources.Fhir.Resources;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>Bundles: each entry writes a resource, deletes one, or says that it does neither.</summary>
sealed partial class ChunkMapper
{
    void Bundle(JsonNode bundle)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in bundle["entry"u8].Items)
            if (entry["fullUrl"u8].TextOrNull is { } url && entry["resource"u8].IsObject) Server(url, names[BundleEntry.Name(url)] = NameOf(entry));
        HashSet<string>? written = null;
        // What others of the bundle refer to by its code comes first, so that they need not wait.
        for (var pass = 0; pass < 2; pass++)
            foreach (var entry in bundle["entry"u8].Items)
            {
                var resource = entry["resource"u8];
                if (counted is not null) ToLineOf(resource.Exists ? resource : entry);
                var named = resource["resourceType"u8];
                if (resource.IsObject && !BundleEntry.IsMethod(entry, "DELETE"u8))
                {
                    var isDefinition = named.Is("Medication"u8) || named.Is("Device"u8);
                    if (isDefinition == (pass == 0)) Write(bundle, entry, names);
                }
                else if (pass == 0) continue;
                else if (!entry.IsObject || resource.Exists && !resource.IsObject) Refuse("unknown", "entry", "resource-type-missing", null, entry.Whole);
                else if (BundleEntry.IsMethod(entry, "DELETE"u8)) Delete(bundle, entry, written ??= WrittenAfterDeletions(bundle));
                else if (!BundleEntry.IsMethod(entry, "GET"u8) && !BundleEntry.IsMethod(entry, "HEAD"u8)) chunk.Count("unknown", "entry-empty");
            }
    }

    /// <summary>Of a file that is one Bundle: a place in it and its line.</summary>
    (int Offset, long Line)? counted;

    /// <summary>An entry's place is the line on which its resource begins.</summary>
    void ToLineOf(JsonNode node)
    {
        var (offset, at) = counted!.Value;
        if (!MemoryMarshal.TryGetArray(node.Whole, out var whole)) return;
        if (whole.Offset < offset) (offset, at) = (0, 1);
        counted = (whole.Offset, line = at + whole.Array.AsSpan(offset..whole.Offset).Count((byte)'\n'));
    }

    string lastServer = "";

    /// <summary>Takes the server that a resource about somebody is of, where the address of its entry is one of a server: base, type and id. Those of a directory, of hospitals and doctors, may well be another's.</summary>
    void Server(string url, string name)
    {
        if (!ExportRequest.IsAddress(url) || !url.EndsWith(name, StringComparison.Ordinal) || !ResourceTypes.IsAboutSomebody(name.Split('/')[0])) return;
        var server = url.AsSpan(0, url.Length - name.Length);
        if (!server.SequenceEqual(lastServer)) lastServer = server.ToString();
        else if (chunk.Servers.Count > 0) return; // mostly the one of the entry before
        chunk.Servers.Add(keys.OfServer(lastServer));
    }

    static string NameOf(JsonNode entry) => $"{entry["resource"u8]["resourceType"u8]}/{BundleEntry.GivenId(entry) ?? entry["resource"u8]["id"u8].ToString()}";

    /// <summary>What a transaction writes is there at its end, whatever it deletes (FHIR R4, http.html#trules: deletions come first); a batch, which has no order, is read the same way.</summary>
    static HashSet<string> WrittenAfterDeletions(JsonNode bundle)
    {
        var written = new HashSet<string>(StringComparer.Ordinal);
        if (!bundle["type"u8].Is("transaction"u8) && !bundle["type"u8].Is("batch"u8)) return written;
        foreach (var entry in bundle["entry"u8].Items)
            if (entry["resource"u8].IsObject && !BundleEntry.IsMethod(entry, "DELETE"u8)) written.Add(NameOf(entry));
        return written;
    }

    /// <summary>What may turn round what the entry or the whole bundle means may turn round each resource in it, and each deletion.</summary>
    static bool IsTurned(JsonNode bundle, JsonNode entry) => entry["modifierExtension"u8].Exists || bundle["implicitRules"u8].Exists;

    void Write(JsonNode bundle, JsonNode entry, Dictionary<string, string> names)
    {
        var resource = entry["resource"u8];
        var type = resource["resourceType"u8].ToString();
        if (!ResourceTypes.Known.Contains(type)) type = "unknown";
        if (IsTurned(bundle, entry))
        {
            RefuseTurned(type, entry["modifierExtension"u8].Exists, resource);
            return;
        }
        if (entry["request"u8]["ifNoneExist"u8].Exists) chunk.Count($"{type}.ifNoneExist", "conditional-create");
        if (type == "Bundle") Bundle(resource);
        else Resource(resource, BundleEntry.GivenId(entry), names);
    }

    /// <summary>A resource that its server deleted: what an earlier load made of it goes.</summary>
    /// <param name="written">Names of resources that the bundle writes after it deleted them.</param>
    void Delete(JsonNode bundle, JsonNode entry, HashSet<string> written)
    {
        var type = BundleEntry.TypeOf(entry);
        if (IsTurned(bundle, entry))
        {
            RefuseTurned(type, entry["modifierExtension"u8].Exists, entry);
            return;
        }
        if (entry["response"u8]["status"u8] is { Exists: true } status && !status.Text.StartsWith("2"u8))
        {
            chunk.Count(type, "deletion-refused");
            return;
        }
        if (BundleEntry.Deletes(entry) is not { } gone)
        {
            Refuse(type, "request.url", "deletion-unresolved", null, entry.Whole);
            return;
        }
        if (!ResourceTypes.Maps.ContainsKey(gone.Type))
        {
            chunk.Count(gone.Type, "deleted");
            return;
        }
        if (written.Contains($"{gone.Type}/{gone.Id}"))
        {
            chunk.Count(gone.Type, "deleted-then-written");
            return;
        }
        var when = entry["response"u8]["lastModified"u8].Exists ? entry["response"u8]["lastModified"u8] : bundle["timestamp"u8].Exists ? bundle["timestamp"u8] : bundle["meta"u8]["lastUpdated"u8];
        var version = FhirTime.TryParse(when.Text, TimeZoneInfo.Utc, out var time) && time.Precision == Precision.Time ? new ResourceVersion(time.Micros, ResourceVersion.Deleted, 0)
            : new((asOf - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond, ResourceVersion.DeletedSometime, 0);
        chunk.Seen.Add(new(keys.Of(Encoding.UTF8.GetBytes($"{gone.Type}/{gone.Id}")), version, gone.Type, "deleted", line));
    }
}
