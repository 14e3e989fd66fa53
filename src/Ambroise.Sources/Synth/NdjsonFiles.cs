using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Ambroise.Lake.Columns;

namespace Ambroise.Sources.Synth;

/// <summary>FHIR resources as NDJSON, a file a type, each written as it comes.</summary>
/// <param name="suffix">Between the type and <c>.ndjson</c>: empty, or the number of a part.</param>
sealed class NdjsonFiles(string folder, string suffix) : IDisposable
{
    readonly Dictionary<string, FileStream> files = [];
    readonly ArrayBufferWriter<byte> line = new(4096);
    readonly Utf8JsonWriter json = new(Stream.Null, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
    readonly string?[] days = new string?[DayRange];
    const int FirstDay = -30_000, DayRange = 60_000; // 1887 to 2052

    /// <summary>Resources written, by type.</summary>
    public Dictionary<string, long> Counts { get; } = [];

    /// <param name="profile">Of FR Core, by its short name; null for none.</param>
    public void Write(string type, string id, string? profile, Action<NdjsonFiles> content)
    {
        line.ResetWrittenCount();
        json.Reset(line);
        json.WriteStartObject();
        Text("resourceType", type);
        Text("id", id);
        json.WriteStartObject("meta");
        Text("versionId", "1");
        Text("lastUpdated", "2026-01-01T00:00:00Z");
        if (profile is not null) json.WriteStartArray("profile");
        if (profile is not null) json.WriteStringValue(FrCore(profile));
        if (profile is not null) json.WriteEndArray();
        json.WriteEndObject();
        content(this);
        json.WriteEndObject();
        json.Flush();
        line.GetSpan(1)[0] = (byte)'\n';
        line.Advance(1);
        if (!files.TryGetValue(type, out var file)) files[type] = file = new(Path.Combine(folder, $"{type}{suffix}.ndjson"), FileMode.Create, FileAccess.Write, FileShare.None, 1 << 18);
        file.Write(line.WrittenSpan);
        Counts[type] = Counts.GetValueOrDefault(type) + 1;
    }

    public static string FrCore(string name) => $"https://hl7.fr/ig/fhir/core/StructureDefinition/{name}";

    public void Text(string name, string value) => json.WriteString(name, value);

    public void Text(string name, ReadOnlySpan<byte> utf8) => json.WriteString(name, utf8);

    public void Number(string name, double value) => json.WriteNumber(name, value);

    /// <summary>A whole number where it is one: quantities of packs and days are.</summary>
    public void Whole(string name, long value) => json.WriteNumber(name, value);

    public void Base64(string name, ReadOnlySpan<byte> bytes) => json.WriteBase64String(name, bytes);

    public void Reference(string name, string type, string id) => Object(name, o => o.Text("reference", $"{type}/{id}"));

    public void Object(string name, Action<NdjsonFiles> content)
    {
        json.WriteStartObject(name);
        content(this);
        json.WriteEndObject();
    }

    /// <summary>An array of objects.</summary>
    public void Array(string name, params ReadOnlySpan<Action<NdjsonFiles>> items)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            json.WriteStartObject();
            item(this);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    public void Strings(string name, params ReadOnlySpan<string> items)
    {
        json.WriteStartArray(name);
        foreach (var item in items) json.WriteStringValue(item);
        json.WriteEndArray();
    }

    public void Coding(string system, string code, string? display = null)
    {
        Text("system", system);
        Text("code", code);
        if (display is not null) Text("display", display);
    }

    /// <summary>A CodeableConcept of one coding.</summary>
    public void Concept(string name, string system, string code, string? display = null) => Object(name, o => o.Array("coding", c => c.Coding(system, code, display)));

    /// <param name="day">In days since 1970-01-01.</param>
    public string Day(int day) => days[day - FirstDay] ??= Days.Date(day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <param name="micros">Wall clock of the hospital, in microseconds since 1970-01-01.</param>
    public string Time(long micros)
    {
        var day = (int)Math.DivRem(micros, 86_400_000_000, out var rest);
        var second = (int)(rest / 1_000_000);
        return string.Create(CultureInfo.InvariantCulture, $"{Day(day)}T{second / 3600:D2}:{second / 60 % 60:D2}:{second % 60:D2}+01:00");
    }

    public void Dispose()
    {
        json.Dispose();
        foreach (var file in files.Values) file.Dispose();
    }
}
