namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>What became of a resource: every one read has exactly one fate, and the report counts them.</summary>
enum FateKind : byte { Used, Aside, Refused, Deferred, Waits }

/// <param name="Reason">Stable code, e.g. <c>status-cancelled</c>; <c>used</c> where rows were made.</param>
/// <param name="Field">The element at fault, for a refused resource.</param>
readonly record struct Fate(FateKind Kind, string Reason, string? Field = null)
{
    public static readonly Fate Used = new(FateKind.Used, "used");

    /// <summary>Waits for a resource it refers to: it is mapped again at the end.</summary>
    public static readonly Fate Deferred = new(FateKind.Deferred, "deferred");

    /// <summary>Refers to what no load has brought: kept for the one that does.</summary>
    public static Fate Waits(string reason) => new(FateKind.Waits, reason);

    /// <summary>Valid, and rightly no row of the CDM.</summary>
    public static Fate Aside(string reason) => new(FateKind.Aside, reason);

    /// <summary>Set aside for what an element says, or for want of it.</summary>
    public static Fate Aside(string element, Json.JsonNode says) => Aside(says.Exists ? $"{element}-{(FhirCodes.Known(says.Text) ? says : "other")}" : $"{element}-missing");

    /// <summary>Cannot be used: to the quarantine, with its place.</summary>
    public static Fate Refused(string field, string reason) => new(FateKind.Refused, reason, field);
}
