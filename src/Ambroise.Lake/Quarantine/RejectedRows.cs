using System.Text.Json;
using Ambroise.Lake.Kept;
using Ambroise.Lake.Releases;

namespace Ambroise.Lake.Quarantine;

/// <summary>The rejected rows of a release on their way into its quarantine: each is sealed as it comes, and only numbers stay in memory. Its file is made with the first row.</summary>
/// <remarks>Call from one thread. Read back by <see cref="SealedQuarantine"/>.</remarks>
/// <param name="keys">The release's key group.</param>
sealed class RejectedRows(TenantLake lake, int release, string keys) : IDisposable
{
    readonly SealedPieces pieces = new(lake, release, keys, "rejected");
    readonly Dictionary<(string Table, string Field, string Reason), long> counts = [];

    /// <summary>As many as a message has room for.</summary>
    const int MostFirst = 3;

    readonly List<Rejected> first = [];

    public long Total { get; private set; }

    /// <summary>Where the first few stand, in the order of files and lines: without their content.</summary>
    public string First => string.Join("; ", first.Select(f => $"{f.File}, line {f.Line} ({(f.Field is null ? "" : $"{f.Field}: ")}{f.Reason})"));

    /// <summary>Rows by table, field (empty for the whole row) and reason.</summary>
    public IReadOnlyDictionary<(string Table, string Field, string Reason), long> Counts => counts;

    public void Add(Rejected row)
    {
        pieces.Add(row, Put);
        Total++;
        if (first.Count < MostFirst || Order(row, first[^1]) < 0) TakeAsFirst(row);
        var kind = (row.Table, row.Field ?? "", row.Reason);
        counts[kind] = counts.GetValueOrDefault(kind) + 1;
    }

    void TakeAsFirst(Rejected row)
    {
        var at = first.FindIndex(f => Order(row, f) < 0);
        first.Insert(at < 0 ? first.Count : at, row with { Row = default });
        if (first.Count > MostFirst) first.RemoveAt(MostFirst);
    }

    static int Order(Rejected one, Rejected other) => (string.CompareOrdinal(one.File, other.File), one.Line.CompareTo(other.Line)).CompareTo((0, 0));

    /// <returns>The file, or null where no row was rejected.</returns>
    public LakeFile? Finish() => pieces.Finish("quarantine", FilePart.Quarantine);

    public void Dispose() => pieces.Dispose();

    static void Put(Utf8JsonWriter json, Rejected row)
    {
        json.WriteStartObject();
        json.WriteString("table", row.Table);
        json.WriteString("file", row.File);
        json.WriteNumber("line", row.Line);
        if (row.Field is not null) json.WriteString("field", row.Field);
        json.WriteString("reason", row.Reason);
        if (row.Person is { } person) json.WriteNumber("person", person);
        json.WriteBase64String("row", row.Row.Span);
        json.WriteEndObject();
    }
}
