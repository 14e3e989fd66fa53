using System.Globalization;

namespace Ambroise.Tests.Cohorts;

/// <summary>What OHDSI's own SQL gave for one definition on the conformance CDM.</summary>
/// <param name="Name">Empty where the summary names none.</param>
/// <param name="Sha256">Of its rows, as the conformance data says.</param>
sealed record ExpectedCohort(string Id, string Name, int Rows, string Sha256)
{
    /// <summary>Without the definitions that OHDSI's SQL cannot run, and the two attributes it tests against the wrong column.</summary>
    public static List<ExpectedCohort> Read(string summary)
    {
        var lines = File.ReadAllLines(summary).Select(Cells).ToList();
        int At(string column) => Array.IndexOf(lines[0], column);
        return [.. lines.Skip(1).Where(l => l[At("ran")] == "1")
            .Select(l => new ExpectedCohort(l[At("cohort_id")], At("name") < 0 ? "" : l[At("name")], int.Parse(l[At("rows")], CultureInfo.InvariantCulture), l[At("sha256")]))
            .Where(e => !e.Name.Contains("RaceCS", StringComparison.Ordinal) && !e.Name.Contains("EthnicityCS", StringComparison.Ordinal))];
    }

    static string[] Cells(string line)
    {
        var cells = new List<string> { "" };
        var quoted = false;
        foreach (var c in line)
            if (c == '"') quoted = !quoted;
            else if (c == ',' && !quoted) cells.Add("");
            else cells[^1] += c;
        return [.. cells];
    }
}
