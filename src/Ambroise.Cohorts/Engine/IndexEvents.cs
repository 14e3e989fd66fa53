namespace Ambroise.Cohorts.Engine;

/// <summary>Events that conditions are asked of, each inside an observation period; in order of patient. Days since 1970-01-01.</summary>
/// <param name="End">Empty where nothing asks for it; single ends may be absent.</param>
/// <param name="Visit">Empty where nothing asks for it.</param>
/// <param name="Period">The observation period of each, among <paramref name="Periods"/>.</param>
/// <param name="Key">Which event a row stands for: rows of one event (in two overlapping observation periods, or of two deaths) follow one another. Empty: each its own.</param>
sealed record IndexEvents(ReadOnlyMemory<ushort> Patient, ReadOnlyMemory<int> Start, ReadOnlyMemory<int> End, ReadOnlyMemory<long> Visit, ReadOnlyMemory<int> Period, Periods Periods, ReadOnlyMemory<int> Key, int Keys)
{
    public int Count => Patient.Length;

    /// <summary>How many rows stand for each event; null where one does.</summary>
    public int[]? Multiplicity { get; } = Multiply(Key.Span, Keys);

    static int[]? Multiply(ReadOnlySpan<int> key, int keys)
    {
        if (key.Length == 0 || key.Length == keys) return null;
        var rows = new int[keys];
        foreach (var k in key) rows[k]++;
        return rows;
    }

    /// <summary>The rows at these places, each its own event.</summary>
    public IndexEvents Only(ReadOnlySpan<int> places, Scratch scratch) => places.Length == Count ? this : new(scratch.Pick(Patient, places), scratch.Pick(Start, places), scratch.Pick(End, places),
        scratch.Pick(Visit, places), scratch.Pick(Period, places), Periods, default, places.Length);
}
