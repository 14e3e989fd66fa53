using Ambroise.Lake.Reading;

namespace Ambroise.Lake.Sealing;

/// <summary>The concepts of a file and how many rows each has, as text for the (sealed) footer: base64 of unsigned LEB128 pairs, the concept as
/// difference from the one before (the first from -2^31), then its rows. So too its patients, from -2^63: see <see cref="PatientRuns"/>.</summary>
static class RunsText
{
    public static string Encode(ReadOnlySpan<ConceptRun> runs)
    {
        var bytes = new List<byte>(runs.Length * 4);
        long before = int.MinValue;
        foreach (var run in runs) Put(bytes, run.Concept, ref before, run.End - run.Start);
        return Convert.ToBase64String([.. bytes]);
    }

    /// <exception cref="FormatException">Not what <see cref="Encode"/> wrote.</exception>
    public static ConceptRun[] Decode(string text)
    {
        var runs = new List<ConceptRun>();
        var start = 0;
        foreach (var (concept, rows) in Pairs(text, int.MinValue)) runs.Add(new(checked((int)concept), start, start += rows));
        return [.. runs];
    }

    /// <summary>Appends a pair.</summary>
    /// <param name="before">The value of the pair before, which is less.</param>
    public static void Put(List<byte> to, long value, ref long before, int rows)
    {
        Put(to, (ulong)(value - before));
        Put(to, (ulong)rows);
        before = value;
    }

    static void Put(List<byte> to, ulong number)
    {
        for (; number >= 0x80; number >>= 7) to.Add((byte)(number | 0x80));
        to.Add((byte)number);
    }

    /// <param name="least">What the first value is a difference from.</param>
    /// <exception cref="FormatException">Not such pairs.</exception>
    public static IEnumerable<(long Value, int Rows)> Pairs(string text, long least)
    {
        var bytes = Convert.FromBase64String(text);
        for (var at = 0; at < bytes.Length;)
        {
            least += (long)Get(bytes, ref at);
            yield return (least, checked((int)Get(bytes, ref at)));
        }
    }

    static ulong Get(byte[] bytes, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; at < bytes.Length && shift < 64; shift += 7)
        {
            var b = bytes[at++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }
        throw new FormatException();
    }
}
