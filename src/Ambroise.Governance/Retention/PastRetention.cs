using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;

namespace Ambroise.Governance.Retention;

/// <summary>Finds the patients whose last activity is too long ago, in every release that holds them.</summary>
/// <remarks>Activity is any date of a row of theirs, an end of observation or a death too, but no later than the day its release was made. A patient without any dated row counts from that day.
/// In memory: the patients found, and one shard's days.</remarks>
public sealed class PastRetention(DateOnly since)
{
    readonly HashSet<long> past = [];
    readonly int firstKept = Days.Of(since);

    /// <summary>Ascending.</summary>
    public IReadOnlyList<long> Persons => [.. past.Order()];

    /// <summary>First pass, over each release: who is past it there.</summary>
    public void Find(OpenRelease release, CancellationToken cancel) => Each(release, (person, last) =>
    {
        if (last < firstKept) past.Add(person);
    }, cancel);

    /// <summary>Second pass, where there are several releases: who was active later in another stays.</summary>
    public void Keep(OpenRelease release, CancellationToken cancel) => Each(release, (person, last) =>
    {
        if (last >= firstKept) past.Remove(person);
    }, cancel);

    static void Each(OpenRelease release, Action<long, int> patient, CancellationToken cancel)
    {
        var made = Days.Of(DateOnly.FromDateTime(release.Manifest.Created.UtcDateTime));
        foreach (var shard in release.Shards)
        {
            cancel.ThrowIfCancellationRequested();
            var last = new int[shard.Patients];
            Array.Fill(last, int.MinValue);
            foreach (var table in Cdm54.All.Where(static t => t.Person >= 0 && !t.IsBeside && t != Cdm54.Person))
                if (shard.Table(table) is { } rows)
                    foreach (var column in table.Columns.Where(static c => c.Type == ColumnType.Date))
                        Latest(rows, column, last, made);
            var persons = shard.PersonIds.Span;
            for (var i = 0; i < last.Length; i++) patient(persons[i], last[i] == int.MinValue ? made : last[i]);
        }
    }

    static void Latest(IShardTable rows, CdmColumn column, int[] last, int made)
    {
        for (var block = 0; block * IShardTable.BlockRows < rows.Rows; block++)
        {
            var (patients, days) = (rows.Patients(block), rows.Int32(column, block));
            for (var i = 0; i < days.Length; i++)
                if (days[i] != Null.Int32) last[patients[i]] = Math.Max(last[patients[i]], Math.Min(days[i], made));
        }
    }
}
