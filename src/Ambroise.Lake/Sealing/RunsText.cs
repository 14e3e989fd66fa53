using Ambroise.Lake.Reading;

namespace Ambroise.Lake.Sealing;

/// <summary>The concepts of a file and how many rows each has, as text for the (sealed) footer: base64 of unsigned LEB128 pairs, the concept as
/// difference from the one before (the first from -2^31), then its rows.</summary>
static class RunsText
{
    public static string Encode(ReadOnlySpan<ConceptRun> runs)
    {
        var bytes = new List<byte>(runs.Length * 4);
        void Put(ulong value)
        {
            for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
            bytes.Add((byte)value);
        }
        long before = int.MinValue;
        foreach (var run in runs)
        {
            Put((ulong)(run.Concept - before));
            Put((ulong)(run.End - run.Start));
            before = run.Concept;
        }
        return Convert.ToBase64String([.. bytes]);
    }

    /// <exception cref="FormatException">Not what <see cref="Encode"/> wrote.</exception>
    public static ConceptRun[] Decode(string text)
    {
        var bytes = Convert.FromBase64String(text);
        var at = 0;
        ulong Get()
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
        var runs = new List<ConceptRun>();
        long concept = int.MinValue;
        var start = 0;
        while (at < bytes.Length)
        {
            concept += checked((long)Get());
            var count = checked((int)Get());
            runs.Add(new(checked((int)concept), start, start += count));
        }
        return [.. runs];
    }
}
