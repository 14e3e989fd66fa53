using System.Collections.Immutable;
using Ambroise.Lake.Cdm;

namespace Ambroise.Sources.Omop;

/// <summary>Which field of a file holds which column of the CDM: by name, 5.4 or 5.3, in any letter case and order.</summary>
/// <param name="Columns">For each field of the file its column, null where the CDM has none.</param>
/// <param name="Fields">For each column of the table its field in the file, -1 where the file lacks it.</param>
/// <param name="Extra">Fields that are left out, by name.</param>
sealed record ColumnMatch(CdmTable Table, CdmColumn?[] Columns, ImmutableArray<int> Fields, IReadOnlyList<string> Extra)
{
    /// <remarks>Where a file has a column under both its names, the first one counts.</remarks>
    public static ColumnMatch Of(CdmTable table, IEnumerable<string> names)
    {
        var columns = new List<CdmColumn?>();
        var fields = new int[table.Columns.Length];
        Array.Fill(fields, -1);
        var extra = new List<string>();
        foreach (var name in names)
        {
            var column = table.Find(name.Trim());
            if (column is not null && fields[column.Ordinal] < 0) fields[column.Ordinal] = columns.Count;
            else
            {
                column = null;
                extra.Add(name);
            }
            columns.Add(column);
        }
        return new(table, [.. columns], [.. fields], extra);
    }
}
