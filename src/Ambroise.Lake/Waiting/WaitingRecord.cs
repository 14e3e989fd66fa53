namespace Ambroise.Lake.Waiting;

/// <summary>A source record that cannot be placed yet: what it refers to has not come. It stays with the release, and a load merged into it reads it again.</summary>
/// <param name="Type">Its type, as the report counts it.</param>
/// <param name="File">Name of the source file it was read from, without its folder.</param>
/// <param name="Line">From 1.</param>
/// <param name="Person">The person it is about, known or not: an erasure takes the record too.</param>
/// <param name="Context">What its source needs to read it again besides its text; the lake does not look into it.</param>
/// <param name="Text">As its source holds it, UTF-8.</param>
public sealed record WaitingRecord(string Type, string File, long Line, long Person, ReadOnlyMemory<byte> Context, ReadOnlyMemory<byte> Text);
