namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>What a site chooses about its FHIR.</summary>
/// <param name="Zone">Where given, times with an offset are moved to this zone; else they stay as written.</param>
/// <param name="Intents">MedicationRequest.intent values that count as an exposure.</param>
public sealed record FhirOptions(TimeZoneInfo? Zone, IReadOnlyCollection<string> Intents)
{
    /// <summary>Systems of hospital numbers: two patients with one number of such a system are one person.</summary>
    public IReadOnlyCollection<string> NumberSystems { get; init; } = [];

    /// <summary>FHIR R4's value set medicationrequest-intent.</summary>
    public static IReadOnlyList<string> KnownIntents { get; } = ["proposal", "plan", "order", "original-order", "reflex-order", "filler-order", "instance-order", "option"];

    public static FhirOptions Default { get; } = new(null, ["order"]);
}
