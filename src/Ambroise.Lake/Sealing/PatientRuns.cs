using Ambroise.Lake.Reading;

namespace Ambroise.Lake.Sealing;

/// <summary>Whose the rows of a file are where no column of its table tells: they lie patient by patient, and the (sealed) footer says how many each has.</summary>
sealed class PatientRuns
{
    /// <summary>Its name in the footer.</summary>
    public const string Name = "ambroise.patients";

    readonly long[] persons;
    readonly int[] ends;

    PatientRuns(IEnumerable<(long Person, int Rows)> runs)
    {
        var (all, upTo, end) = (new List<long>(), new List<int>(), 0);
        foreach (var (person, rows) in runs)
        {
            all.Add(person);
            upTo.Add(end = checked(end + rows));
        }
        (persons, ends) = ([.. all], [.. upTo]);
    }

    /// <param name="rows">How many rows each has, by person_id.</param>
    /// <returns>Null where there are none.</returns>
    public static PatientRuns? Of(Dictionary<long, int> rows) => rows.Count == 0 ? null : new(rows.OrderBy(r => r.Key).Select(r => (r.Key, r.Value)));

    /// <summary>person_id of those who have rows, ascending.</summary>
    public ReadOnlySpan<long> Persons => persons;

    public int Rows => ends.Length == 0 ? 0 : ends[^1];

    public string Encode()
    {
        var (bytes, before) = (new List<byte>(persons.Length * 10), long.MinValue);
        for (var i = 0; i < persons.Length; i++) RunsText.Put(bytes, persons[i], ref before, ends[i] - (i == 0 ? 0 : ends[i - 1]));
        return Convert.ToBase64String([.. bytes]);
    }

    /// <exception cref="FormatException">Not what <see cref="Encode"/> wrote.</exception>
    public static PatientRuns Parse(string text) => new(RunsText.Pairs(text, long.MinValue));

    /// <returns>What a file says, or null where its rows are about nobody or a column tells whom they are about.</returns>
    /// <exception cref="FailureException"><c>lake.file-damaged</c>: not of as many rows as the file has.</exception>
    public static PatientRuns? Of(TableFileReader file)
    {
        if (!file.Metadata.TryGetValue(Name, out var text)) return null;
        var runs = Parse(text);
        return runs.Rows == file.Rows ? runs : throw new Failure(FailureKind.Tampered, "lake.file-damaged", $"{file.Name} holds {file.Rows} rows and says whose {runs.Rows} are.").AsException();
    }

    /// <returns>The person of each row of a block.</returns>
    public long[] Block(int block)
    {
        var of = new long[Math.Clamp(Rows - block * IShardTable.BlockRows, 0, IShardTable.BlockRows)];
        Block(block, of);
        return of;
    }

    /// <summary>The same into an array lent for it, which may be longer.</summary>
    /// <returns>The rows.</returns>
    public int Block(int block, long[] into)
    {
        var first = block * IShardTable.BlockRows;
        var rows = Math.Clamp(Rows - first, 0, IShardTable.BlockRows);
        var run = Array.BinarySearch(ends, first + 1);
        if (run < 0) run = ~run;
        for (var row = 0; row < rows; run++)
        {
            var end = Math.Min(ends[run] - first, rows);
            into.AsSpan(row..end).Fill(persons[run]);
            row = end;
        }
        return rows;
    }
}
