using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ambroise.Lake.Columns;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>What an event says and its row does not, for the table of its concept has no place for it. Kept with the record of a resource that names a medication or a device: another code may bring the row to a table that has one.</summary>
/// <param name="End">Days since 1970-01-01.</param>
/// <param name="EndTime">Microseconds since 1970-01-01T00:00 local.</param>
sealed record LeftOut(int? End, long? EndTime, double? Quantity, string? StopReason, int? Days, int? Refills, string? Sig, int? Route, string? RouteSource, string? DoseUnit)
{
    static readonly LeftOut Nothing = new(null, null, null, null, null, null, null, null, null, null);

    /// <returns>Null where the table holds all of it. The same for the same event, whichever table it came from.</returns>
    public static LeftOut? Of(in ClinicalEvent e, EventColumns table)
    {
        if (table == EventColumns.Drug) return null;
        int? Whole(int value, int column) => column < 0 && value != Null.Int32 ? value : null;
        string? Text(byte[]? value, int column) => column < 0 && value is { Length: > 0 } ? Encoding.UTF8.GetString(value) : null;
        // An end before the start is a date of DRUG_EXPOSURE alone, and has a time nowhere.
        var follows = e.End.Exists && e.End.Day >= e.Start.Day;
        var ends = e.End.Exists && !(follows && table.End >= 0);
        var left = new LeftOut(ends ? e.End.Day : null, ends && follows && e.End.Micros != Null.Int64 ? e.End.Micros : null, double.IsNaN(e.Quantity) || table.Holds(e.Quantity) ? null : e.Quantity,
            Text(e.StopReason, table.StopReason), Whole(e.Days, table.Days), Whole(e.Refills, table.Refills), Text(e.Sig, table.Sig), Whole(e.Route, table.Route), Text(e.RouteSource, table.RouteSource), Text(e.DoseUnit, table.DoseUnit));
        return left == Nothing ? null : left;
    }

    /// <summary>Gives an event that was read from its row back what the row lacks.</summary>
    public void AddTo(ref ClinicalEvent e)
    {
        static byte[]? Text(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);
        if (End is { } day) e.End = new(day, EndTime ?? Null.Int64, Precision.Time);
        (e.Quantity, e.Days, e.Refills, e.Route) = (Quantity ?? e.Quantity, Days ?? e.Days, Refills ?? e.Refills, Route ?? e.Route);
        (e.StopReason, e.Sig, e.RouteSource, e.DoseUnit) = (Text(StopReason) ?? e.StopReason, Text(Sig) ?? e.Sig, Text(RouteSource) ?? e.RouteSource, Text(DoseUnit) ?? e.DoseUnit);
    }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, LeftOutJson.Default.LeftOut);

    public static LeftOut? Parse(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize(json, LeftOutJson.Default.LeftOut);
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LeftOut))]
sealed partial class LeftOutJson : JsonSerializerContext;
