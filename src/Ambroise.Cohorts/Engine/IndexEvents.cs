namespace Ambroise.Cohorts.Engine;

/// <summary>Events that conditions are asked of, each inside an observation period; in order of patient. Days since 1970-01-01.</summary>
/// <param name="End">Empty where nothing asks for it; single ends may be absent.</param>
/// <param name="Visit">Empty where nothing asks for it.</param>
/// <param name="Opens">First day of the observation period each lies in.</param>
/// <param name="Closes">Last day of it.</param>
/// <param name="Key">Which event a row stands for: rows of one event (in two overlapping observation periods, or of two deaths) follow one another. Empty: each its own.</param>
/// <param name="Ascending">A patient's events are in order of their start.</param>
sealed record IndexEvents(ReadOnlyMemory<ushort> Patient, ReadOnlyMemory<int> Start, ReadOnlyMemory<int> End, ReadOnlyMemory<long> Visit, ReadOnlyMemory<int> Opens, ReadOnlyMemory<int> Closes,
    ReadOnlyMemory<int> Key, int Keys, bool Ascending)
{
    public int Count => Patient.Length;

    /// <summary>How many rows stand for each event; null where one does.</summary>
    public int[]? Multiplicity { get; } = Multiply(Key.Span, Keys);

    public long Bytes => 300 + 6L * Patient.Length + 4L * (Start.Length + End.Length + Opens.Length + Closes.Length + Key.Length) + 8L * Visit.Length;

    /// <summary>The same events in memory of their own.</summary>
    public IndexEvents Kept(Scratch scratch) => new(Patient.ToArray(), Start.ToArray(), End.ToArray(), Visit.ToArray(), Opens.ToArray(), Closes.ToArray(), Key.ToArray(), Keys, Ascending)
    {
        // Found now: what is kept is read by several threads, and must not hold memory that is only lent.
        begins = Begins(scratch).ToArray(),
    };

    ReadOnlyMemory<int> begins;

    /// <returns>Where the events of each patient who has some begin, and the end of the last one's; empty without events.</returns>
    public ReadOnlySpan<int> Begins(Scratch scratch) => (begins.IsEmpty ? begins = Stretches.Of(Patient.Span, scratch) : begins).Span;

    static int[]? Multiply(ReadOnlySpan<int> key, int keys)
    {
        if (key.Length == 0 || key.Length == keys) return null;
        var rows = new int[keys];
        foreach (var k in key) rows[k]++;
        return rows;
    }

    /// <summary>The rows at these places, each its own event.</summary>
    public IndexEvents Only(ReadOnlySpan<int> places, Scratch scratch) => places.Length == Count ? this : new(scratch.Pick(Patient, places), scratch.Pick(Start, places), scratch.Pick(End, places),
        scratch.Pick(Visit, places), scratch.Pick(Opens, places), scratch.Pick(Closes, places), default, places.Length, Ascending);
}
