using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;

namespace Ambroise.Governance.Datasets;

/// <summary>Some rows of a table, in the dataset's order.</summary>
/// <param name="Rows">In the warehouse's table.</param>
/// <param name="Categories">Those that give each.</param>
/// <param name="ByRow">Places among these, in ascending order of row: a column is read in one go, each block once.</param>
sealed record GatheredRows(int[] Rows, uint[] Categories, int[] ByRow)
{
    public int Count => Rows.Length;

    public static GatheredRows Of(int[] rows, uint[] categories)
    {
        int[] byRow = [.. Enumerable.Range(0, rows.Length)];
        Array.Sort((int[])rows.Clone(), byRow);
        return new(rows, categories, byRow);
    }
}

/// <summary>The columns of a table as given: pseudonyms for identifiers, dates moved, rare codes withheld, numbers bounded, columns that no category of the row lists left empty.</summary>
sealed class GivenColumns(PlannedTable table, DatasetPlan plan, ProjectKeys keys, RareCodes rare)
{
    readonly uint[] givenBy = [.. table.Sources.Select(c => GivenRows.Bits(table, c))];

    /// <param name="patients">Null where the table holds neither a patient nor a date.</param>
    public Batch Of(IShardTable source, GatheredRows rows, ShardPatients? patients)
    {
        var batch = new Batch(table.Output, rows.Count);
        for (var c = 0; c < table.Sources.Length; c++) Fill(batch.Columns[c], c, rows, source, patients);
        return batch;
    }

    void Fill(Column to, int index, GatheredRows rows, IShardTable source, ShardPatients? patients)
    {
        var column = table.Sources[index];
        var use = ColumnUses.Of(table.Source, column);
        var ordinals = NeedsPatient(column, use) ? Read(RowHolders.Of(patients!.Shard, source), rows) : [];
        var given = givenBy[index];
        switch (to)
        {
            case Int32Column ints:
                {
                    var values = Read(b => source.Int32(column, b), rows);
                    var counted = use == ColumnUse.Code && RareCodes.Counts(table, column);
                    var within = use == ColumnUse.Number ? Within(column, source, rows) : null;
                    for (var i = 0; i < rows.Count; i++)
                    {
                        var value = (rows.Categories[i] & given) == 0 ? Null.Int32 : values[i];
                        if (value == Null.Int32) ints.Append(value);
                        else if (use == ColumnUse.Date) ints.Append(Moved(value, patients!.Shift(ordinals[i])));
                        else if (column == Cdm54.Person["year_of_birth"]) ints.Append((int)Anonymity.Band(patients!.BirthYear(ordinals[i]), plan.Options.BirthBand));
                        else if (within is not null) ints.Append(within(i, value) is { } near ? (int)near : Null.Int32);
                        else ints.Append(counted && value != 0 && rare.IsRare(table.Source, column, value) ? 0 : value);
                    }
                    break;
                }
            case Int64Column longs when use == ColumnUse.Pseudonym:
                {
                    var values = Read(b => source.Int64(column, b), rows);
                    var domain = ColumnUses.Domain(column);
                    // Some hang on a row of another table from one to the next.
                    var tables = EventLink.Of(table.Source).FirstOrDefault(l => l.Id == column) is { } link ? Read(b => link.Tables(source, b), rows) : null;
                    var known = column.Ordinal == table.Source.Key || tables is not null ? null : new Dictionary<long, long>();
                    for (var i = 0; i < rows.Count; i++)
                    {
                        if (column.Ordinal == table.Source.Person) longs.Append(patients!.Pseudonym(ordinals[i]));
                        else if ((rows.Categories[i] & given) == 0 || values[i] == Null.Int64) longs.Append(Null.Int64);
                        else longs.Append(Pseudonym(tables?[i] ?? domain, values[i], known));
                    }
                    break;
                }
            case Int64Column longs:
                {
                    var values = Read(b => source.Int64(column, b), rows);
                    for (var i = 0; i < rows.Count; i++)
                        longs.Append((rows.Categories[i] & given) == 0 || values[i] == Null.Int64 ? Null.Int64 : Moved(values[i], patients!.Shift(ordinals[i])));
                    break;
                }
            case Float64Column floats:
                {
                    var values = Read(b => source.Float64(column, b), rows);
                    var within = Within(column, source, rows);
                    for (var i = 0; i < rows.Count; i++) floats.Append((rows.Categories[i] & given) == 0 || double.IsNaN(values[i]) ? Null.Float64 : within(i, values[i]) ?? Null.Float64);
                    break;
                }
            case TextColumn text:
                {
                    var values = Read(b => source.Text(column, b), rows);
                    for (var i = 0; i < rows.Count; i++)
                    {
                        var value = (rows.Categories[i] & given) == 0 ? null : ColumnUses.Cut(column, values[i]);
                        text.Append(value is not null && use == ColumnUse.Code && rare.IsRare(table.Source, column, RareCodes.Code(value)) ? null : value);
                    }
                    break;
                }
        }
    }

    /// <returns>From the place of a row and its number, the number as given.</returns>
    Func<int, double, double?> Within(CdmColumn column, IShardTable source, GatheredRows rows)
    {
        var concepts = table.Source.Concept < 0 ? null : Read(b => source.Int32(table.Source.Columns[table.Source.Concept], b), rows);
        var units = NumberBounds.UnitOf(table.Source) is { } unit ? Read(b => source.Int32(unit, b), rows) : null;
        return (i, value) =>
        {
            var given = rare.Numbers.Within(table.Source, column, concepts?[i] ?? 0, units?[i] ?? 0, value);
            if (given != value) rare.Numbers.CountCut(table.Source, column);
            return given;
        };
    }

    long Pseudonym(string domain, long identifier, Dictionary<long, long>? known)
    {
        if (known is null) return keys.Pseudonym(domain, identifier);
        if (known.TryGetValue(identifier, out var pseudonym)) return pseudonym;
        return known[identifier] = keys.Pseudonym(domain, identifier);
    }

    /// <summary>Cut to the window: an end past it would say how far its patient was moved.</summary>
    int Moved(int day, int shift) => Math.Clamp(day + shift, plan.Window.From, plan.Window.Until);

    long Moved(long microseconds, int shift)
    {
        const long day = 86_400_000_000;
        var moved = microseconds + shift * day;
        return plan.Shifts ? Math.Clamp(moved, plan.Window.From * day, plan.Window.Until * day + day - 1_000_000) : moved;
    }

    bool NeedsPatient(CdmColumn column, ColumnUse use) => use == ColumnUse.Date || column.Ordinal == table.Source.Person || column == Cdm54.Person["year_of_birth"];

    /// <summary>A column's values for some rows, each block fetched once and let go.</summary>
    static T[] Read<T>(Func<int, T[]> fetch, GatheredRows rows)
    {
        var values = new T[rows.Count];
        var blocks = new CurrentBlock<T>(fetch);
        foreach (var at in rows.ByRow) values[at] = blocks[rows.Rows[at]];
        return values;
    }
}
