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

    /// <param name="memoryBytes">Rows are gathered so many bytes at a time; each time the shard's columns are decoded again.</param>
    public IEnumerable<Batch> Of(ShardPatients patients, long memoryBytes)
    {
        if (patients.Shard.Table(table.Source) is not { } source) yield break;
        var keysOf = new List<long>();
        var rows = new List<(int Row, uint Categories)>();
        RowScan.Each(patients, table, plan, (row, ordinal, _, start, categories) =>
        {
            keysOf.Add((long)patients.Ranks[ordinal] << 32 | (uint)(start ^ int.MinValue));
            rows.Add((row, categories));
        });
        var (order, chosen) = (keysOf.ToArray(), rows.ToArray());
        (keysOf, rows) = (null!, null!);
        Array.Sort(order, chosen);
        // Whole row groups, so that the file's bytes do not depend on the memory there was.
        var take = (int)Math.Clamp(memoryBytes / (16L * table.Sources.Length) / IShardTable.BlockRows, 1, 1 << 14) * IShardTable.BlockRows;
        var named = new List<long>();
        for (var from = 0; from < chosen.Length; from += take)
        {
            var part = chosen.AsMemory(from, Math.Min(take, chosen.Length - from));
            var batch = new Batch(table.Output, part.Length);
            for (var c = 0; c < table.Sources.Length; c++) Fill(batch.Columns[c], c, part.Span, source, patients);
            if (table.Output.Key >= 0) named.AddRange(((Int64Column)batch.Columns[table.Output.Key]).Values);
            yield return batch;
        }
        // 63 bits make a collision unlikely, not impossible. Within a shard it is looked for; a person's is, across all of them, before anything is written.
        named.Sort();
        for (var i = 1; i < named.Count; i++)
            if (named[i] == named[i - 1] && named[i] != Null.Int64) throw DatasetBuild.Collision(table.Source.Name);
    }

    void Fill(Column to, int index, ReadOnlySpan<(int Row, uint Categories)> rows, IShardTable source, ShardPatients patients)
    {
        var column = table.Sources[index];
        var use = ColumnUses.Of(table.Source, column);
        var ordinals = new Blocks<ushort>(source.Patients);
        var given = givenBy[index];
        switch (to)
        {
            case Int32Column ints:
                {
                    var values = new Blocks<int>(b => source.Int32(column, b));
                    var counted = use == ColumnUse.Code && RareCodes.Counts(table, column);
                    foreach (var (row, categories) in rows)
                    {
                        var value = (categories & given) == 0 ? Null.Int32 : values[row];
                        if (value == Null.Int32) ints.Append(value);
                        else if (use == ColumnUse.Date) ints.Append(Moved(value, patients.Shift(ordinals[row])));
                        else if (column == Cdm54.Person["year_of_birth"]) ints.Append((int)Anonymity.Band(patients.BirthYear(ordinals[row]), plan.Options.BirthBand));
                        else ints.Append(counted && value != 0 && rare.IsRare(table.Source, column, value) ? 0 : value);
                    }
                    break;
                }
            case Int64Column longs when use == ColumnUse.Pseudonym:
                {
                    var values = new Blocks<long>(b => source.Int64(column, b));
                    var domain = ColumnUses.Domain(column);
                    var known = column.Ordinal == table.Source.Key ? null : new Dictionary<long, long>();
                    foreach (var (row, categories) in rows)
                    {
                        if (column.Ordinal == table.Source.Person) longs.Append(patients.Pseudonym(ordinals[row]));
                        else if ((categories & given) == 0 || values[row] == Null.Int64) longs.Append(Null.Int64);
                        else longs.Append(Pseudonym(domain, values[row], known));
                    }
                    break;
                }
            case Int64Column longs:
                {
                    var values = new Blocks<long>(b => source.Int64(column, b));
                    foreach (var (row, categories) in rows)
                        longs.Append((categories & given) == 0 || values[row] == Null.Int64 ? Null.Int64 : Moved(values[row], patients.Shift(ordinals[row])));
                    break;
                }
            case Float64Column floats:
                {
                    var values = new Blocks<double>(b => source.Float64(column, b));
                    foreach (var (row, categories) in rows) floats.Append((categories & given) == 0 ? Null.Float64 : values[row]);
                    break;
                }
            case TextColumn text:
                {
                    var values = new Blocks<string?>(b => source.Text(column, b));
                    foreach (var (row, categories) in rows)
                    {
                        var value = (categories & given) == 0 ? null : values[row];
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

    /// <summary>A column's blocks, each fetched once.</summary>
    sealed class Blocks<T>(Func<int, T[]> fetch)
    {
        readonly List<T[]?> blocks = [];

        public T this[int row]
        {
            get
            {
                var block = row / IShardTable.BlockRows;
                while (blocks.Count <= block) blocks.Add(null);
                return (blocks[block] ??= fetch(block))[row % IShardTable.BlockRows];
            }
        }
    }
}
