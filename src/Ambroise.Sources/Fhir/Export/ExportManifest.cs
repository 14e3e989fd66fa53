using System.Globalization;
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
            using var document = JsonDocument.Parse(json.AsMemory(json.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0));
            var root = document.RootElement;
            if (root.GetProperty("transactionTime").GetString() is not { } time || !ExportRequest.IsInstant(time)) return null;
            var files = new List<ExportFile>();
            foreach (var (name, kind) in new[] { ("output", ExportKind.Output), ("deleted", ExportKind.Deleted), ("error", ExportKind.Outcome), ("outcome", ExportKind.Outcome) })
                if (root.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array)
                    foreach (var file in list.EnumerateArray())
                        files.Add(new(kind, Word(file, kind), Address(file, at).AbsoluteUri, Count(file)));
            if (!root.TryGetProperty("output", out _)) return null;
            if (root.TryGetProperty("link", out var links) && links.ValueKind == JsonValueKind.Array)
                foreach (var link in links.EnumerateArray())
                    if (link.TryGetProperty("relation", out var relation) && relation.ValueEquals("next")) next = Address(link, at);
            return new(time, root.TryGetProperty("requiresAccessToken", out var requires) && requires.ValueKind != JsonValueKind.Null && requires.GetBoolean(), files);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or UriFormatException or ArgumentNullException)
        {
            return null;
        }
    }

    /// <exception cref="ArgumentNullException">It is null: that is no address relative to the list's own.</exception>
    static Uri Address(JsonElement of, Uri at) => new(at, of.GetProperty("url").GetString() ?? throw new ArgumentNullException(nameof(of)));

    /// <summary>A number, or the digits of one: some servers write it so.</summary>
    static long? Count(JsonElement file) => !file.TryGetProperty("count", out var count) ? null : count.ValueKind switch
    {
        JsonValueKind.Number when count.TryGetInt64(out var number) => number,
        JsonValueKind.String when long.TryParse(count.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        _ => null,
    };

    /// <summary>The type, where it is a word: it becomes part of a name that people read.</summary>
    static string Word(JsonElement file, ExportKind kind) =>
        file.TryGetProperty("type", out var type) && type.GetString() is { Length: > 0 and <= 60 } text && text.All(char.IsAsciiLetter) ? text : kind switch { ExportKind.Deleted => "Bundle", ExportKind.Outcome => "OperationOutcome", _ => "Resource" };
}
