using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;

namespace Ambroise.Governance.Datasets;

/// <summary>The rows of one table as given: pseudonyms for identifiers, dates moved, rare codes withheld, columns that no category of the row lists left empty. Ordered by the patients'
/// pseudonyms, then by date, so that the order of the warehouse shows nowhere.</summary>
sealed class GivenRows(PlannedTable table, DatasetPlan plan, ProjectKeys keys, RareCodes rare)
{
    readonly uint[] givenBy = [.. table.Sources.Select(c => Bits(table, c))];

    public static uint Bits(PlannedTable table, CdmColumn column)
    {
        uint bits = 0;
        for (var c = 0; c < table.Categories.Length; c++)
            if (table.Categories[c].Columns.Contains(column.Ordinal)) bits |= 1u << c;
        return bits;
    }

    /// <param name="memoryBytes">Rows are gathered so many bytes at a time; each time the shard's table is scanned and decoded again.</param>
    public IEnumerable<Batch> Of(ShardPatients patients, long memoryBytes)
    {
        if (patients.Shard.Table(table.Source) is not { } source) yield break;
        // Rows before each patient, in the order of the dataset.
        var before = new int[patients.InOrder.Count + 1];
        RowScan.Each(patients, table, plan, (_, ordinal, _, _, _) => before[patients.Ranks[ordinal] + 1]++);
        for (var rank = 0; rank + 1 < before.Length; rank++) before[rank + 1] += before[rank];
        var total = before[^1];
        // Whole row groups, so that the file's bytes do not depend on the memory there was.
        var take = (int)Math.Clamp(memoryBytes / (48L + 24L * table.Sources.Length) / IShardTable.BlockRows, 1, 1 << 14) * IShardTable.BlockRows;
        var named = table.Output.Key >= 0 ? new long[total] : [];
        for (var from = 0; from < total; from += take)
        {
            var rows = Gather(patients, before, from, Math.Min(take, total - from));
            var batch = new Batch(table.Output, rows.Count);
            for (var c = 0; c < table.Sources.Length; c++) Fill(batch.Columns[c], c, rows, source, patients);
            if (table.Output.Key >= 0) ((Int64Column)batch.Columns[table.Output.Key]).Values.CopyTo(named.AsSpan(from));
            yield return batch;
        }
        // 63 bits make a collision unlikely, not impossible. Within a shard it is looked for; a person's is, across all of them, before anything is written.
        Array.Sort(named);
        for (var i = 1; i < named.Length; i++)
            if (named[i] == named[i - 1] && named[i] != Null.Int64) throw DatasetBuild.Collision(table.Source.Name);
    }

    /// <summary>Some rows of a shard's table, in the dataset's order.</summary>
    /// <param name="Rows">In the shard's table.</param>
    /// <param name="Categories">Those that give each.</param>
    /// <param name="ByRow">Places among these, in ascending order of row: a column is read in one go, each block once.</param>
    sealed record Gathered(int[] Rows, uint[] Categories, int[] ByRow)
    {
        public int Count => Rows.Length;
    }

    /// <summary>Finds the rows that stand at <paramref name="from"/> and after in the dataset's order: by patient, then by start date, then as recorded.</summary>
    Gathered Gather(ShardPatients patients, int[] before, int from, int count)
    {
        var first = Holder(before, from);
        var end = Holder(before, from + count - 1) + 1;
        var (keysOf, given, next) = (new long[before[end] - before[first]], new uint[before[end] - before[first]], before.AsSpan(first, end - first).ToArray());
        RowScan.Each(patients, table, plan, (row, ordinal, _, start, categories) =>
        {
            var rank = patients.Ranks[ordinal] - first;
            if ((uint)rank >= (uint)next.Length) return;
            var place = next[rank]++ - before[first];
            (keysOf[place], given[place]) = ((long)start << 32 | (uint)row, categories);
        });
        for (var rank = first; rank < end; rank++) Array.Sort(keysOf, given, before[rank] - before[first], before[rank + 1] - before[rank]);
        var skip = from - before[first];
        var (rows, categoriesOf, byRow) = (new int[count], new uint[count], new int[count]);
        for (var i = 0; i < count; i++) (rows[i], categoriesOf[i], byRow[i]) = ((int)(uint)keysOf[skip + i], given[skip + i], i);
        Array.Sort((int[])rows.Clone(), byRow);
        return new(rows, categoriesOf, byRow);
    }

    /// <returns>The rank of the patient whose row stands at a place.</returns>
    static int Holder(int[] before, int place)
    {
        var (low, high) = (0, before.Length - 1);
        while (low + 1 < high)
        {
            var middle = (low + high) / 2;
            if (before[middle] <= place) low = middle;
            else high = middle;
        }
        return low;
    }

    void Fill(Column to, int index, Gathered rows, IShardTable source, ShardPatients patients)
    {
        var column = table.Sources[index];
        var use = ColumnUses.Of(table.Source, column);
        var ordinals = NeedsPatient(column, use) ? Read(RowHolders.Of(patients.Shard, source), rows) : [];
        var given = givenBy[index];
        switch (to)
        {
            case Int32Column ints:
                {
                    var values = Read(b => source.Int32(column, b), rows);
                    var counted = use == ColumnUse.Code && RareCodes.Counts(table, column);
                    for (var i = 0; i < rows.Count; i++)
                    {
                        var value = (rows.Categories[i] & given) == 0 ? Null.Int32 : values[i];
                        if (value == Null.Int32) ints.Append(value);
                        else if (use == ColumnUse.Date) ints.Append(Moved(value, patients.Shift(ordinals[i])));
                        else if (column == Cdm54.Person["year_of_birth"]) ints.Append((int)Anonymity.Band(patients.BirthYear(ordinals[i]), plan.Options.BirthBand));
                        else ints.Append(counted && value != 0 && rare.IsRare(table.Source, column, value) ? 0 : value);
                    }
                    break;
                }
            case Int64Column longs when use == ColumnUse.Pseudonym:
                {
                    var values = Read(b => source.Int64(column, b), rows);
                    var domain = ColumnUses.Domain(column);
                    var known = column.Ordinal == table.Source.Key ? null : new Dictionary<long, long>();
                    for (var i = 0; i < rows.Count; i++)
                    {
                        if (column.Ordinal == table.Source.Person) longs.Append(patients.Pseudonym(ordinals[i]));
                        else if ((rows.Categories[i] & given) == 0 || values[i] == Null.Int64) longs.Append(Null.Int64);
                        else longs.Append(Pseudonym(domain, values[i], known));
                    }
                    break;
                }
            case Int64Column longs:
                {
                    var values = Read(b => source.Int64(column, b), rows);
                    for (var i = 0; i < rows.Count; i++)
                        longs.Append((rows.Categories[i] & given) == 0 || values[i] == Null.Int64 ? Null.Int64 : Moved(values[i], patients.Shift(ordinals[i])));
                    break;
                }
            case Float64Column floats:
                {
                    var values = Read(b => source.Float64(column, b), rows);
                    for (var i = 0; i < rows.Count; i++) floats.Append((rows.Categories[i] & given) == 0 ? Null.Float64 : values[i]);
                    break;
                }
            case TextColumn text:
                {
                    var values = Read(b => source.Text(column, b), rows);
                    for (var i = 0; i < rows.Count; i++)
                    {
                        var value = (rows.Categories[i] & given) == 0 ? null : values[i];
                        text.Append(value is not null && use == ColumnUse.Code && rare.IsRare(table.Source, column, RareCodes.Code(value)) ? null : value);
                    }
                    break;
                }
        }
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
    static T[] Read<T>(Func<int, T[]> fetch, Gathered rows)
    {
        var values = new T[rows.Count];
        var blocks = new CurrentBlock<T>(fetch);
        foreach (var at in rows.ByRow) values[at] = blocks[rows.Rows[at]];
        return values;
    }
}
