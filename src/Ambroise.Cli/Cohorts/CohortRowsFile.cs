using System.Globalization;
using Ambroise.Cohorts.Engine;
using Ambroise.Lake.Columns;

namespace Ambroise.Cli.Cohorts;

/// <summary>Rows of a cohort as <c>cohort run --out F.csv</c> writes them.</summary>
static class CohortRowsFile
{
    const string Header = "subject_id,cohort_start_date,cohort_end_date";

    /// <returns>The rows; or <c>cohort.file-missing</c>, <c>cohort.rows-invalid</c> naming the line, never what it holds.</returns>
    public static Result<List<CohortRow>> Read(FileInfo file)
    {
        if (!file.Exists) return new Failure(FailureKind.NotFound, "cohort.file-missing", $"{file.Name} is not a file.");
        var rows = new List<CohortRow>();
        var number = 0;
        foreach (var line in File.ReadLines(file.FullName))
        {
            number++;
            if (number == 1)
            {
                if (line.Trim('\uFEFF', ' ') != Header) return new Failure(FailureKind.Invalid, "cohort.rows-invalid", $"{file.Name} must begin with the line {Header}.");
                continue;
            }
            if (line.Length == 0) continue;
            var cells = line.Split(',');
            if (cells.Length != 3 || !long.TryParse(cells[0], out var subject) || !Day(cells[1], out var start) || !Day(cells[2], out var end))
                return new Failure(FailureKind.Invalid, "cohort.rows-invalid", $"{file.Name}, line {number}: not a number and two dates.");
            rows.Add(new(subject, start, end));
        }
        return rows;
    }

    static bool Day(string text, out int day)
    {
        var read = DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date);
        day = Days.Of(date);
        return read;
    }
}
