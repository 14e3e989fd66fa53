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

    public long Total { get; private set; }

    /// <summary>Rows by table, field (empty for the whole row) and reason.</summary>
    public IReadOnlyDictionary<(string Table, string Field, string Reason), long> Counts => counts;

    public void Add(Rejected row)
    {
        pieces.Add(row, Put);
        Total++;
        var kind = (row.Table, row.Field ?? "", row.Reason);
        counts[kind] = counts.GetValueOrDefault(kind) + 1;
    }

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
