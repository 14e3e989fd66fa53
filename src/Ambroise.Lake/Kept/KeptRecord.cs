namespace Ambroise.Lake.Kept;

/// <summary>What a source keeps with a release about a person, outside of its tables: a record that cannot be placed yet, or what was decided about who a patient is.</summary>
/// <param name="Type">Its type, as the report counts it.</param>
/// <param name="File">Name of the source file it was read from, without its folder; empty where it was read from none.</param>
/// <param name="Line">From 1; 0 where it was read from no file.</param>
/// <param name="Person">The person it is about, known or not: an erasure takes the record too.</param>
/// <param name="Context">What its source needs to read it again besides its text; the lake does not look into it.</param>
/// <param name="Text">UTF-8, as its source holds it.</param>
public sealed record KeptRecord(string Type, string File, long Line, long Person, ReadOnlyMemory<byte> Context, ReadOnlyMemory<byte> Text)
{
    /// <summary>A second person it names; 0 for none. An erasure of either takes it.</summary>
    public long Other { get; init; }
}
