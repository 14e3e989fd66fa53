namespace Ambroise.Lake.Quarantine;

/// <summary>A row that cannot be accepted, and where it stands in its source.</summary>
/// <param name="File">Name of the source file, without its folder.</param>
/// <param name="Line">From 1: the line of a text file (its header is line 1), the row of a Parquet file, the line of an NDJSON file.</param>
/// <param name="Field">The column at fault, or null for the whole row.</param>
/// <param name="Reason">A stable code, e.g. <c>value-unparseable</c>, <c>person-missing</c>, <c>key-duplicate</c>, <c>end-before-start</c>.</param>
/// <param name="Person">The row's person where it could be read: an erasure takes the row too.</param>
/// <param name="Row">The row as its source holds it, UTF-8; sealed with the rest, never logged. Empty where the source is kept elsewhere.</param>
public sealed record Rejected(string Table, string File, long Line, string? Field, string Reason, long? Person, ReadOnlyMemory<byte> Row);
