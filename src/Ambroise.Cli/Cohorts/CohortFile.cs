using System.Collections.Immutable;
using System.Text;
using Ambroise.Cohorts.Engine;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Sealing;

namespace Ambroise.Cli.Cohorts;

/// <summary>Writes a cohort's rows as <c>subject_id, cohort_start_date, cohort_end_date</c>: CSV, or Parquet by the file's name. The file appears whole or not at all.</summary>
static class CohortFile
{
    static readonly CdmTable Columns = new("cohort", [.. new[] { ("subject_id", ColumnType.Int64), ("cohort_start_date", ColumnType.Date), ("cohort_end_date", ColumnType.Date) }
        .Select((c, i) => new CdmColumn(c.Item1, c.Item2, true, Sensitivity.Analytic, null, i))], new Placement.Shared(), -1, -1, -1, -1);

    public static void Write(string path, IReadOnlyList<CohortRow> rows)
    {
        var partial = path + ".partial";
        if (path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase)) Parquet(partial, rows);
        else Csv(partial, rows);
        File.Move(partial, path, overwrite: true);
    }

    static void Parquet(string path, IReadOnlyList<CohortRow> rows)
    {
        var batch = new Batch(Columns, rows.Count);
        foreach (var row in rows)
        {
            batch.Int64("subject_id").Append(row.Subject);
            batch.Int32("cohort_start_date").Append(row.Start);
            batch.Int32("cohort_end_date").Append(row.End);
        }
        using var file = new PlainTableFile(path, Columns);
        file.Append(batch);
    }

    static void Csv(string path, IReadOnlyList<CohortRow> rows)
    {
        using var writer = new StreamWriter(path, false, new UTF8Encoding(false), 1 << 18) { NewLine = "\n" };
        writer.WriteLine("subject_id,cohort_start_date,cohort_end_date");
        Span<char> line = stackalloc char[64];
        foreach (var row in rows)
        {
            row.Subject.TryFormat(line, out var at);
            line[at++] = ',';
            Days.Date(row.Start).TryFormat(line[at..], out var written, "yyyy-MM-dd");
            at += written;
            line[at++] = ',';
            Days.Date(row.End).TryFormat(line[at..], out written, "yyyy-MM-dd");
            line[at + written] = '\n';
            writer.Write(line[..(at + written + 1)]);
        }
    }
}
