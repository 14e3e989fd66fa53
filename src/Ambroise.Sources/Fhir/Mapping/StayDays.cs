using System.Collections.Concurrent;
using Ambroise.Lake.Columns;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>The days on which stays began that records without a day of their own name. They are asked for while the input is read, and told once it was. Safe for use from several threads.</summary>
sealed class StayDays
{
    /// <summary>What the record of a resource says of its day's precision, where it is that of its stay.</summary>
    public static ReadOnlySpan<byte> Precision => "stay"u8;

    readonly ConcurrentDictionary<long, int> told = [];
    readonly ConcurrentDictionary<long, bool> asked = [];

    /// <summary>Some record is of the day of its stay.</summary>
    public bool AreUsed { get; private set; }

    /// <summary>More that wait for an answer are not held: they are to be read again.</summary>
    public bool IsFull { get; set; }

    /// <summary>Stays asked for that nobody told of so far, by the key by which records name them.</summary>
    public IReadOnlyCollection<long> Asked => (IReadOnlyCollection<long>)asked.Keys;

    /// <param name="day">When the stay began; <see cref="Null.Int32"/> where no load has brought it.</param>
    /// <returns>False where that is not known yet: from now on it is asked for.</returns>
    public bool TryGet(long stay, out int day)
    {
        if (!told.TryGetValue(stay, out day)) return asked.TryAdd(stay, true) & false;
        if (day != Null.Int32) AreUsed = true;
        return true;
    }

    /// <summary>Answers all that was asked.</summary>
    /// <param name="days">Of those that there are.</param>
    public void Tell(IReadOnlyDictionary<long, int> days)
    {
        foreach (var stay in asked.Keys) told[stay] = days.GetValueOrDefault(stay, Null.Int32);
        asked.Clear();
    }
}
