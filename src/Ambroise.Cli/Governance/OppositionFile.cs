using System.Globalization;
using Ambroise.Governance.Oppositions;

namespace Ambroise.Cli.Governance;

/// <summary>A list of patients who object, as another system gives it: CSV in UTF-8 with a header, fields by comma or semicolon, none of them quoted.</summary>
static class OppositionFile
{
    static readonly string[] Known = ["person_id", "reach", "channel", "received", "proof"];

    /// <returns>Its lines, or <c>opposition.file-missing</c>, <c>opposition.file-invalid</c> naming the line and the field, never what stands there.</returns>
    public static Result<List<OppositionRegister.Said>> Read(FileInfo file, DateOnly today)
    {
        if (!file.Exists) return new Failure(FailureKind.NotFound, "opposition.file-missing", $"There is no file '{file.FullName}'.");
        var all = new List<OppositionRegister.Said>();
        var header = Array.Empty<string>();
        var separator = ',';
        var number = 0;
        foreach (var line in File.ReadLines(file.FullName))
        {
            number++;
            if (number == 1)
            {
                separator = line.Contains(';', StringComparison.Ordinal) ? ';' : ',';
                header = [.. line.Split(separator).Select(f => f.Trim().ToLowerInvariant())];
                if (!header.Contains("person_id")) return Invalid(1, "person_id");
                if (Array.Find(header, f => !Known.Contains(f)) is not null) return Invalid(1, "one of them, which is not among person_id, reach, channel, received, proof");
                continue;
            }
            if (string.IsNullOrWhiteSpace(line)) continue;
            var fields = line.Split(separator);
            if (fields.Length != header.Length) return Invalid(number, "one more or one less than the header");
            string Field(string name) => Array.IndexOf(header, name) is >= 0 and var at ? fields[at].Trim() : "";
            if (!long.TryParse(Field("person_id"), NumberStyles.None, CultureInfo.InvariantCulture, out var person)) return Invalid(number, "person_id");
            if (Reach.Parse(Field("reach") is { Length: > 0 } text ? text : "all").Failed(out _, out var reach)) return Invalid(number, "reach");
            if (Channels(Field("channel")) is not { } channel) return Invalid(number, "channel");
            var received = today;
            if (Field("received") is { Length: > 0 } day && !DateOnly.TryParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out received)) return Invalid(number, "received");
            all.Add(new(person, reach, channel, received, Field("proof")));
        }
        return all;
    }

    static Channel? Channels(string text) =>
        text.Length == 0 ? Channel.Other : !char.IsAsciiDigit(text[0]) && Enum.TryParse<Channel>(text, ignoreCase: true, out var channel) && Enum.IsDefined(channel) && channel != Channel.Fhir ? channel : null;

    static Failure Invalid(int line, string field) => new(FailureKind.Invalid, "opposition.file-invalid", $"Line {line}: the field {field} cannot be read. Nothing was taken over.");
}
