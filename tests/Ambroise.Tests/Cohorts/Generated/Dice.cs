namespace Ambroise.Tests.Cohorts.Generated;

/// <summary>A seeded generator (SplitMix64): the same seed gives the same case on every machine.</summary>
sealed class Dice(ulong seed)
{
    ulong state = seed;

    ulong Next()
    {
        var z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <returns>From <paramref name="from"/> to <paramref name="to"/>, both included.</returns>
    public int Of(int from, int to) => from + (int)(Next() % (ulong)(to - from + 1));

    public bool Chance(int percent) => Of(1, 100) <= percent;

    public T Pick<T>(params IReadOnlyList<T> from) => from[Of(0, from.Count - 1)];
}
