using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Quarantine;
using Ambroise.Sources.Omop;

namespace Ambroise.Tests.Omop;

/// <summary>A folder of small OMOP files, removed when disposed, and what reading it gives.</summary>
sealed class OmopFiles : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("ambroise-omop-").FullName;

    public IReadOnlyList<string> Notes { get; private set; } = [];

    public OmopFiles With(string name, string content) => With(name, System.Text.Encoding.UTF8.GetBytes(content));

    public OmopFiles With(string name, byte[] content)
    {
        var path = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return this;
    }

    /// <returns>Each accepted row as its values with a blank between them, <c>-</c> for null, then its file and line; and each rejected row as line, field and reason.</returns>
    public (List<string> Rows, List<string> Rejects) Read(CdmTable table, int threads = 1)
    {
        using var source = new OmopSource(OmopFolder.Open(Folder).OrThrow(), 1L << 28, threads);
        var rows = new List<string>();
        var rejected = new List<Rejected>();
        foreach (var batch in source.Read(table, rejected.Add, TestContext.Current.CancellationToken))
            for (var row = 0; row < batch.Rows; row++) rows.Add($"{string.Join(' ', batch.Columns.Select((c, i) => Shown(c, table.Columns[i].Type, row)))} {batch.SourceFile}:{batch.Line(row)}");
        Notes = source.Notes;
        return (rows, [.. rejected.Select(r => $"{r.File}:{r.Line} {r.Field ?? "-"} {r.Reason}")]);
    }

    static string Shown(Column column, ColumnType type, int row) => column switch
    {
        _ when column.IsNull(row) => "-",
        Int32Column c when type == ColumnType.Date => DateOnly.FromDayNumber(c.Array[row] + 719162).ToString("yyyy-MM-dd"),
        Int32Column c => $"{c.Array[row]}",
        Int64Column c when type == ColumnType.Timestamp => DateTime.UnixEpoch.AddMicroseconds(c.Array[row]).ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF"),
        Int64Column c => $"{c.Array[row]}",
        Float64Column c => $"{c.Array[row]:R}",
        TextColumn c => $"'{c.Text(row)}'",
        _ => "?",
    };

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
