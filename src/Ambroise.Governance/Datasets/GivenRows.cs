using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;

namespace Ambroise.Governance.Datasets;

/// <summary>The rows of one table that name their patient, as given: ordered by the patients' pseudonyms, then by date, so that the order of the warehouse shows nowhere.</summary>
sealed class GivenRows(PlannedTable table, DatasetPlan plan, GivenColumns columns)
{
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
            var batch = columns.Of(source, rows, patients);
            if (table.Output.Key >= 0) ((Int64Column)batch.Columns[table.Output.Key]).Values.CopyTo(named.AsSpan(from));
            yield return batch;
        }
        // 63 bits make a collision unlikely, not impossible. Within a shard it is looked for; a person's is, across all of them, before anything is written.
        Array.Sort(named);
        for (var i = 1; i < named.Length; i++)
            if (named[i] == named[i - 1] && named[i] != Null.Int64) throw DatasetBuild.Collision(table.Source.Name);
    }

    /// <summary>Finds the rows that stand at <paramref name="from"/> and after in the dataset's order: by patient, then by start date, then as recorded.</summary>
    GatheredRows Gather(ShardPatients patients, int[] before, int from, int count)
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
        var (rows, categoriesOf) = (new int[count], new uint[count]);
        for (var i = 0; i < count; i++) (rows[i], categoriesOf[i]) = ((int)(uint)keysOf[skip + i], given[skip + i]);
        return GatheredRows.Of(rows, categoriesOf);
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
}
