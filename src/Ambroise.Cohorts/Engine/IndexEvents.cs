namespace Ambroise.Cohorts.Engine;

/// <summary>Events that conditions are asked of, each inside an observation period; in order of patient. Days since 1970-01-01.</summary>
/// <param name="End">May be absent.</param>
/// <param name="Visit">Empty where none is known.</param>
/// <param name="Key">Which event a row stands for: rows of one event (in two overlapping observation periods, or of two deaths) follow one another. Null: each its own.</param>
sealed record IndexEvents(ushort[] Patient, int[] Start, int[] End, long[] Visit, int[] PeriodStart, int[] PeriodEnd, int[]? Key, int Keys)
{
    public int Count => Patient.Length;

    public int KeyOf(int row) => Key is null ? row : Key[row];

    /// <summary>How many rows stand for each event; null where one does.</summary>
    public int[]? Multiplicity { get; } = Multiply(Key, Keys);

    static int[]? Multiply(int[]? key, int keys)
    {
        if (key is null || key.Length == keys) return null;
        var rows = new int[keys];
        foreach (var k in key) rows[k]++;
        return rows;
    }

    /// <summary>The rows at these places, each its own event.</summary>
    public IndexEvents Only(List<int> kept) => kept.Count == Count ? this : new(Pick(Patient, kept), Pick(Start, kept), Pick(End, kept), Visit.Length == 0 ? Visit : Pick(Visit, kept),
        Pick(PeriodStart, kept), Pick(PeriodEnd, kept), null, kept.Count);

    static T[] Pick<T>(T[] from, List<int> rows)
    {
        var picked = new T[rows.Count];
        for (var i = 0; i < picked.Length; i++) picked[i] = from[rows[i]];
        return picked;
    }
}
