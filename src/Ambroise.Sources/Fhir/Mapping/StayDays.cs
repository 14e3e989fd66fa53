using System.Collections.Concurrent;
using Ambroise.Lake.Columns;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>The days on which stays began that records without a day of their own name. They are asked for while the input is read, and told once it was. Safe for use from several threads.</summary>
sealed class StayDays
{
    /// <summary>What the record of a resource says of its day's precision, where it is that of its stay.</summary>
    public static ReadOnlySpan<byte> Precision => "stay"u8;

    /// <summary>A record of a text longer than this does not keep it: it is of the new day of its stay once it comes again.</summary>
    public const int MostText = 1 << 16;

    readonly ConcurrentDictionary<long, (long Encounter, int Day)> told = [];
    readonly ConcurrentDictionary<long, int> days = [];
    readonly ConcurrentDictionary<long, bool> asked = [];

    /// <summary>Some record is of the day of its stay.</summary>
    public bool AreUsed { get; private set; }

    /// <summary>More that wait for an answer are not held: they are to be read again.</summary>
    public bool IsFull { get; set; }

    /// <summary>Stays asked for that nobody told of so far, by the key by which records name them.</summary>
    public IReadOnlyCollection<long> Asked => (IReadOnlyCollection<long>)asked.Keys;

    /// <param name="stay">As a record names it.</param>
    /// <param name="found">The encounter, and the day on which it began: <see cref="Null.Int32"/> where no load has brought it.</param>
    /// <returns>False where that is not known yet: from now on it is asked for.</returns>
    public bool TryGet(long stay, out (long Encounter, int Day) found)
    {
        if (!told.TryGetValue(stay, out found)) return asked.TryAdd(stay, true) & false;
        if (found.Day != Null.Int32) AreUsed = true;
        return true;
    }

    /// <returns>When an encounter began, as this load knows; <see cref="Null.Int32"/> where it was not asked for or is none.</returns>
    public int Day(long encounter) => days.GetValueOrDefault(encounter, Null.Int32);

    /// <summary>Answers all that was asked.</summary>
    /// <param name="means">The encounters of those named by an identifier.</param>
    /// <param name="began">Days of the encounters that there are.</param>
    public void Tell(IReadOnlyDictionary<long, long> means, IReadOnlyDictionary<long, int> began)
    {
        foreach (var stay in asked.Keys)
        {
            var encounter = means.GetValueOrDefault(stay, stay);
            var day = began.GetValueOrDefault(encounter, Null.Int32);
            told[stay] = (encounter, day);
            days[encounter] = day;
        }
        asked.Clear();
    }
}
