using System.Buffers;
using System.Buffers.Text;
using System.Collections.Immutable;
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

    /// <summary>Bytes of the longest row: a number of 64 bits, two dates and what stands between.</summary>
    const int LongestRow = 20 + 1 + 10 + 1 + 10 + 1;

    static void Csv(string path, IReadOnlyList<CohortRow> rows)
    {
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 16);
        var at = 0;
        var written = 0L;
        void Flush()
        {
            RandomAccess.Write(file, buffer.AsSpan(0, at), written);
            (written, at) = (written + at, 0);
        }
        "subject_id,cohort_start_date,cohort_end_date\n"u8.CopyTo(buffer);
        at = "subject_id,cohort_start_date,cohort_end_date\n"u8.Length;
        foreach (var row in rows)
        {
            if (at + LongestRow > buffer.Length) Flush();
            Utf8Formatter.TryFormat(row.Subject, buffer.AsSpan(at), out var digits);
            at += digits;
            buffer[at++] = (byte)',';
            Date(row.Start, buffer.AsSpan(at, 10));
            buffer[at + 10] = (byte)',';
            Date(row.End, buffer.AsSpan(at + 11, 10));
            buffer[at + 21] = (byte)'\n';
            at += 22;
        }
        Flush();
        ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
    }

    /// <summary>Writes a day as yyyy-MM-dd.</summary>
    static void Date(int day, Span<byte> to)
    {
        Days.Date(day).Deconstruct(out var year, out var month, out var dayOfMonth);
        Two(year / 100, to);
        Two(year % 100, to[2..]);
        to[4] = to[7] = (byte)'-';
        Two(month, to[5..]);
        Two(dayOfMonth, to[8..]);
    }

    static void Two(int number, Span<byte> to) => (to[0], to[1]) = ((byte)('0' + number / 10), (byte)('0' + number % 10));
}
