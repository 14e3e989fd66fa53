namespace Ambroise.Sources.Synth;

/// <summary>A small generator (SplitMix64) that a patient's number seeds: patient n is the same whatever the others.</summary>
/// <remarks>Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014.</remarks>
struct Chance(ulong seed)
{
    ulong state = seed;

    public static Chance Of(long seed, long patient)
    {
        var first = new Chance((ulong)seed * 0xD1342543DE82EF95 + (ulong)patient);
        return new(first.Next() ^ first.Next() << 1);
    }

    public ulong Next()
    {
        var z = state += 0x9E3779B97F4A7C15;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return z ^ z >> 31;
    }

    /// <returns>0 or more, below 1.</returns>
    public double Unit() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <returns>0 or more, below <paramref name="below"/>.</returns>
    public int Below(int below) => (int)((UInt128)Next() * (uint)below >> 64);

    public bool Hits(double probability) => Unit() < probability;

    /// <returns>About normal: the sum of four uniform draws, standardised.</returns>
    public double Normal(double mean, double deviation) => mean + deviation * (Unit() + Unit() + Unit() + Unit() - 2) * 1.7320508;

    /// <returns>A rank from 0, below <paramref name="count"/>, with frequencies falling about as 1/(rank + 1).</returns>
    public int Zipf(int count) => Math.Min(count - 1, (int)(Math.Exp(Unit() * Math.Log(count + 1)) - 1));

    /// <returns>Days until the next of events that come <paramref name="perYear"/> times a year, at least 1.</returns>
    public int Wait(double perYear) => 1 + (int)Math.Min(40_000, -Math.Log(1 - Unit()) * 365.25 / perYear);
}
