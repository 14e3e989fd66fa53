using Ambroise.Lake.Cdm;
using Ambroise.Lake.Reading;

namespace Ambroise.Lake.Releases;

/// <summary>Looks records up by key: what a load brings is little beside what is there, and to read every record for it would make each load slower than the one before.</summary>
/// <remarks>Eight bytes or fewer of each record are read, of the blocks alone whose keys may be among those asked for. See <see cref="Cdm54.RecordKeys"/>.</remarks>
static class RecordKeys
{
    static readonly CdmTable Table = Cdm54.RecordKeys;

    /// <param name="keys">Ascending.</param>
    /// <returns>Those that a shard has records of, and the blocks of SOURCE_RECORD that hold them; null where the shard was written by a version of the program that made no such file.</returns>
    /// <exception cref="FailureException">A file is missing or damaged.</exception>
    public static List<(long Key, int Block)>? Find(TenantLake lake, Manifest release, int shard, long[] keys)
    {
        if (release.Files.FirstOrDefault(f => f.Shard == shard && f.Table == Cdm54.SourceRecord.Name && f.Part == FilePart.Keys) is not { } file) return null;
        using var reader = lake.OpenFile(file);
        var (key, place) = (Table.Columns[Table.Key], Table["block"]);
        var found = new List<(long, int)>();
        var room = new long[IShardTable.BlockRows];
        for (var block = 0; block < reader.Blocks; block++)
        {
            var wanted = reader.Range(key, block) is { } range ? Between(keys, range) : keys;
            if (wanted.Length == 0) continue;
            var there = room.AsSpan(0, reader.Int64(key, block, room));
            int[]? places = null;
            for (int at = 0, next = 0; next < wanted.Length; next++)
            {
                // Few in many are looked for each, many in few side by side.
                if (wanted.Length < there.Length / 16)
                {
                    var hit = there[at..].BinarySearch(wanted[next]);
                    at += hit < 0 ? ~hit : hit;
                }
                else while (at < there.Length && there[at] < wanted[next]) at++;
                if (at == there.Length) break;
                if (there[at] == wanted[next]) found.Add((wanted[next], (places ??= reader.Int32(place, block))[at]));
            }
        }
        return found;
    }

    /// <returns>Of ascending numbers those in a range.</returns>
    public static ReadOnlySpan<long> Between(ReadOnlySpan<long> numbers, (long Least, long Greatest) range)
    {
        var (from, to) = (numbers.BinarySearch(range.Least), numbers.BinarySearch(range.Greatest));
        from = from < 0 ? ~from : from;
        return numbers[from..Math.Max(from, to < 0 ? ~to : to + 1)];
    }
}
