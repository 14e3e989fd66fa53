using System.Text.Json;
using Ambroise.Lake.Releases;

namespace Ambroise.Lake.Kept;

/// <summary>What a source keeps with a release, each kind of record in one sealed file, as <see cref="SealedPieces"/>.</summary>
public static class SealedRecords
{
    /// <summary>Kinds, as the file's ending and as the table that a manifest names.</summary>
    public const string Waiting = "waiting", Decisions = "decisions";

    /// <param name="keys">The release's key group.</param>
    /// <returns>The file, or null where there is no record.</returns>
    internal static LakeFile? Write(TenantLake lake, int release, string keys, string kind, IEnumerable<KeptRecord> records)
    {
        using var pieces = new SealedPieces(lake, release, keys, kind);
        foreach (var record in records) pieces.Add(record, Put);
        return pieces.Finish(kind, FilePart.Report);
    }

    static void Put(Utf8JsonWriter json, KeptRecord record)
    {
        json.WriteStartObject();
        json.WriteString("type", record.Type);
        json.WriteString("file", record.File);
        json.WriteNumber("line", record.Line);
        json.WriteNumber("person", record.Person);
        if (record.Other != 0) json.WriteNumber("other", record.Other);
        if (record.Context.Length > 0) json.WriteBase64String("context", record.Context.Span);
        json.WriteBase64String("text", record.Text.Span);
        json.WriteEndObject();
    }

    static KeptRecord Record(JsonElement of) => new(of.GetProperty("type").GetString()!, of.GetProperty("file").GetString()!, of.GetProperty("line").GetInt64(), of.GetProperty("person").GetInt64(),
        of.TryGetProperty("context", out var context) ? context.GetBytesFromBase64() : default, of.GetProperty("text").GetBytesFromBase64())
    {
        Other = of.TryGetProperty("other", out var other) ? other.GetInt64() : 0,
    };

    /// <returns>The release's file of a kind, or null.</returns>
    internal static LakeFile? Of(Manifest manifest, string kind) => manifest.Files.FirstOrDefault(f => f.Part == FilePart.Report && f.Table == kind);

    /// <summary>A release's records of a kind, in the order they were written, each to be used before the next is asked for.</summary>
    /// <exception cref="FailureException"><c>lake.file-missing</c>, <c>lake.file-changed</c>, <c>lake.file-damaged</c>.</exception>
    public static IEnumerable<KeptRecord> Read(TenantLake lake, Manifest manifest, string kind) => Of(manifest, kind) is { } file ? Read(lake, file) : [];

    /// <summary>The records of a file, in the order they were written, each to be used before the next is asked for.</summary>
    /// <exception cref="FailureException"><c>lake.file-missing</c>, <c>lake.file-changed</c>, <c>lake.file-damaged</c>.</exception>
    internal static IEnumerable<KeptRecord> Read(TenantLake lake, LakeFile of) => SealedPieces.Read(lake, of).Select(Record);
}
