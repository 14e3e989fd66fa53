using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Quarantine;
using Ambroise.Lake.Writing;

namespace Ambroise.Sources.Fhir;

/// <summary>What cannot be accepted of an input, on its way into the quarantine: counted, and staged with its text as rows are, for it may be all of the input.</summary>
sealed class RefusedResources
{
    static readonly CdmTable Rows = new("refused", [.. new[] { ("type", ColumnType.Text), ("file", ColumnType.Text), ("line", ColumnType.Int64), ("field", ColumnType.Text), ("reason", ColumnType.Text), ("person", ColumnType.Int64), ("text", ColumnType.Text) }
        .Select((c, i) => new CdmColumn(c.Item1, c.Item2, false, Sensitivity.Analytic, null, i))], new Placement.Shared(), -1, -1, -1, -1);

    readonly Dictionary<(string Type, string? Field, string Reason), long> counts = [];
    readonly Batch batch = new(Rows);
    readonly Int32Column tags = new();

    /// <summary>By type (<c>file</c> for what is no resource), field at fault and reason.</summary>
    public IReadOnlyDictionary<(string Type, string? Field, string Reason), long> Counts => counts;

    /// <summary>The first in the order of files and lines; null for none.</summary>
    public Rejected? First { get; private set; }

    public void Count(Rejected one)
    {
        var of = (one.Table, one.Field, one.Reason);
        counts[of] = counts.GetValueOrDefault(of) + 1;
        if (First is null || (string.CompareOrdinal(one.File, First.File), one.Line.CompareTo(First.Line)).CompareTo((0, 0)) < 0) First = one with { Row = default };
    }

    public void Add(IReadOnlyCollection<Rejected> some, StagedRows to)
    {
        if (some.Count == 0) return;
        foreach (var one in some)
        {
            Count(one);
            batch.Text("type").Append(one.Table);
            batch.Text("file").Append(one.File);
            batch.Int64("line").Append(one.Line);
            batch.Text("field").Append(one.Field);
            batch.Text("reason").Append(one.Reason);
            batch.Int64("person").Append(one.Person ?? Null.Int64);
            batch.Text("text").Append(one.Row.Span);
            tags.Append(0);
        }
        to.Add(batch, tags);
        batch.Clear();
        tags.Clear();
    }

    /// <summary>Those added, in the order in which they came. Once.</summary>
    public static IEnumerable<Rejected> Take(StagedRows from)
    {
        foreach (var (rows, _) in from.Take(Rows, null))
            for (var row = 0; row < rows.Rows; row++)
                yield return new(rows.Text("type").Text(row)!, rows.Text("file").Text(row)!, rows.Int64("line").Array[row], rows.Text("field").Text(row), rows.Text("reason").Text(row)!,
                    rows.Int64("person").IsNull(row) ? null : rows.Int64("person").Array[row], rows.Text("text")[row].ToArray());
    }
}
