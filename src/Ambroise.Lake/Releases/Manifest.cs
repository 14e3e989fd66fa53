using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ambroise.Lake.Kept;

namespace Ambroise.Lake.Releases;

public enum LoadMode { Replace, Merge, Erase }

/// <summary>What of a table a file holds.</summary>
public enum FilePart { Analytic, Identity, Quarantine, Trace, Report, Keys }

/// <summary>One sealed file of a release.</summary>
/// <param name="Path">Relative to the tenant's folder, with forward slashes.</param>
/// <param name="Shard">From 0; -1 for the tenant's shared tables. A file kept from an earlier release may have had another number there.</param>
/// <param name="Keys">Key group whose data keys seal it, e.g. <c>r3</c>: a file kept from an earlier release keeps its keys.</param>
/// <param name="Sha256">Of the whole file, lower-case hexadecimal.</param>
/// <param name="FooterSha256">Of its footer, see docs/formats/lake.md.</param>
/// <param name="Content">Keyed hash of the rows, whatever keys seal them.</param>
/// <param name="Patients">Distinct patients with a row; 0 for shared tables.</param>
/// <param name="First">First start date, where the table has one.</param>
/// <param name="Last">Last start date.</param>
public sealed record LakeFile(string Path, string Table, int Shard, FilePart Part, string Keys, long Rows, int Patients, long Bytes, string Sha256, string FooterSha256, string Content,
    DateOnly? First, DateOnly? Last)
{
    /// <summary>Rows of it that count no more: <see cref="Departed"/> says whose.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Departed { get; init; }

    /// <summary>Rows of it that count.</summary>
    [JsonIgnore]
    public long Living => Rows - Departed;

    /// <summary>Whether a key of its group, by name, opens it or is needed to write its table anew.</summary>
    internal bool Needs(string key) => Part switch
    {
        FilePart.Quarantine => key == "quarantine",
        FilePart.Report => key == (Table is SealedRecords.Waiting or SealedRecords.Decisions ? "quarantine" : "report"),
        _ => key == Table || key.StartsWith(Table + ".", StringComparison.Ordinal),
    };
}

/// <summary>A release that was dropped: its number does not come again.</summary>
/// <param name="Created">When its load made it.</param>
/// <param name="At">When it was dropped.</param>
/// <param name="By">Who dropped it.</param>
public sealed record DroppedRelease(int Release, DateTimeOffset Created, DateTimeOffset At, string By)
{
    /// <returns>Every release of a tenant that was ever dropped, in ascending order of number.</returns>
    /// <param name="releases">All that are left.</param>
    public static IReadOnlyList<DroppedRelease> Of(IEnumerable<Manifest> releases) => [.. releases.SelectMany(m => m.Dropped ?? []).DistinctBy(d => d.Release).OrderBy(d => d.Release)];
}

/// <summary>One release: what the lake held after a load. Written once, authenticated with a tenant key.</summary>
/// <param name="Format">1, or 2 where releases were <see cref="Dropped"/>: a program that does not know of these must not write what follows.</param>
/// <param name="Parent">The release before it that is left, 0 for the first.</param>
/// <param name="Content">Keyed hash of everything the release holds: equal for equal content in shards cut alike.</param>
public sealed record Manifest(int Format, string Tenant, int Release, int Parent, string ParentSha256, string LoadId, DateTimeOffset Created, LoadMode Mode, string Source, long Patients,
    int Shards, string Content, long Quarantined, ImmutableArray<LakeFile> Files)
{
    public const int PlainFormat = 1, DroppedFormat = 2;

    /// <summary>Releases that were dropped while this was the newest, and those that manifests dropped since had told of; null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<DroppedRelease>? Dropped { get; init; }

    /// <summary>The bytes of the file: the manifest and its HMAC-SHA-256.</summary>
    public byte[] Seal(ReadOnlySpan<byte> key)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(this, ManifestJson.Default.Manifest);
        return [.. Encoding.UTF8.GetBytes($"{{\"hmacSha256\":\"{Convert.ToHexStringLower(HMACSHA256.HashData(key, body))}\",\"manifest\":"), .. body, .. "}\n"u8];
    }

    /// <returns>The manifest, or a failure when a byte of it is not what the tenant's key authenticated.</returns>
    public static Result<Manifest> Open(ReadOnlySpan<byte> file, ReadOnlySpan<byte> key, string name)
    {
        var tampered = new Failure(FailureKind.Tampered, "lake.manifest-changed", $"{name} is not what the tenant's key authenticated.");
        var prefix = "{\"hmacSha256\":\""u8;
        var middle = "\",\"manifest\":"u8;
        var at = prefix.Length + 64 + middle.Length;
        if (file.Length < at + 2 || !file.StartsWith(prefix) || !file[(prefix.Length + 64)..at].SequenceEqual(middle) || !file.EndsWith("}\n"u8)) return tampered;
        var body = file[at..^2];
        Span<byte> mac = stackalloc byte[32];
        HMACSHA256.HashData(key, body, mac);
        var hex = Encoding.UTF8.GetBytes(Convert.ToHexStringLower(mac));
        if (!CryptographicOperations.FixedTimeEquals(hex, file.Slice(prefix.Length, 64))) return tampered;
        return JsonSerializer.Deserialize(body, ManifestJson.Default.Manifest) is { Format: PlainFormat or DroppedFormat } manifest ? manifest
            : new Failure(FailureKind.Unavailable, "lake.manifest-format", $"{name} was written by another version of the program.");
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(Manifest))]
sealed partial class ManifestJson : JsonSerializerContext;
