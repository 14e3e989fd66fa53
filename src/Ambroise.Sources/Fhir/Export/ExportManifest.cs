using System.Text.Json;

namespace Ambroise.Sources.Fhir.Export;

/// <summary>What a file of an export holds.</summary>
enum ExportKind { Output, Deleted, Outcome }

/// <param name="Type">Of its resources; <c>Bundle</c> for deletions, <c>OperationOutcome</c> for errors.</param>
/// <param name="Count">Resources that it should hold; null where the server does not say.</param>
sealed record ExportFile(ExportKind Kind, string Type, string Url, long? Count);

/// <summary>What a finished export consists of.</summary>
/// <remarks>HL7 FHIR Bulk Data Access 2.0.0, "Response - Complete Status". Version 4 calls <c>error</c> <c>outcome</c>: both are read.</remarks>
/// <param name="TransactionTime">The server's instant of the export, as written: what the next one asks for changes since.</param>
sealed record ExportManifest(string TransactionTime, bool RequiresAccessToken, IReadOnlyList<ExportFile> Files)
{
    /// <param name="at">Where it was read, for addresses relative to it.</param>
    /// <param name="next">Where it goes on; null where this is all.</param>
    /// <returns>The manifest; null where the bytes are none.</returns>
    public static ExportManifest? Parse(byte[] json, Uri at, out Uri? next)
    {
        next = null;
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            var time = root.GetProperty("transactionTime").GetString()!;
            if (!ExportRequest.IsInstant(time)) return null;
            var files = new List<ExportFile>();
            foreach (var (name, kind) in new[] { ("output", ExportKind.Output), ("deleted", ExportKind.Deleted), ("error", ExportKind.Outcome), ("outcome", ExportKind.Outcome) })
                if (root.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array)
                    foreach (var file in list.EnumerateArray())
                        files.Add(new(kind, Word(file, kind), new Uri(at, file.GetProperty("url").GetString()).AbsoluteUri, file.TryGetProperty("count", out var count) && count.TryGetInt64(out var n) ? n : null));
            if (!root.TryGetProperty("output", out _)) return null;
            if (root.TryGetProperty("link", out var links) && links.ValueKind == JsonValueKind.Array)
                foreach (var link in links.EnumerateArray())
                    if (link.TryGetProperty("relation", out var relation) && relation.ValueEquals("next")) next = new Uri(at, link.GetProperty("url").GetString());
            return new(time, root.TryGetProperty("requiresAccessToken", out var requires) && requires.GetBoolean(), files);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or UriFormatException or ArgumentNullException)
        {
            return null;
        }
    }

    /// <summary>The type, where it is a word: it becomes part of a name that people read.</summary>
    static string Word(JsonElement file, ExportKind kind) =>
        file.TryGetProperty("type", out var type) && type.GetString() is { Length: > 0 and <= 60 } text && text.All(char.IsAsciiLetter) ? text : kind switch { ExportKind.Deleted => "Bundle", ExportKind.Outcome => "OperationOutcome", _ => "Resource" };
}
