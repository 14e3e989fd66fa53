using System.Globalization;
using System.Text.Json;

namespace Ambroise.Cli.Disclosure;

/// <summary>Criteria that people without a permit may use: dates at the grain of the month, since "admitted on 14 March" picks out a person.</summary>
static class CoarseDates
{
    /// <returns>Null, or <c>disclosure.day-grain</c> with the place of the first date that is neither the first nor the last day of a month.</returns>
    public static Failure? Check(JsonElement definition, string path = "$")
    {
        switch (definition.ValueKind)
        {
            case JsonValueKind.Object:
                return definition.EnumerateObject().Select(p => Check(p.Value, $"{path}.{p.Name}")).FirstOrDefault(f => f is not null);
            case JsonValueKind.Array:
                return definition.EnumerateArray().Select((e, i) => Check(e, $"{path}[{i}]")).FirstOrDefault(f => f is not null);
            case JsonValueKind.String when definition.GetString() is { Length: >= 10 } text && !path.Contains("ConceptSets", StringComparison.Ordinal)
                && DateOnly.TryParseExact(text[..10], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day.Day != 1 && day.Day != DateTime.DaysInMonth(day.Year, day.Month):
                return new(FailureKind.Forbidden, "disclosure.day-grain", $"{path}: without a permit a date is the first or the last day of a month.");
            default:
                return null;
        }
    }
}
