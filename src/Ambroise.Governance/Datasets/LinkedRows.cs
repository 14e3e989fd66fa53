using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;

namespace Ambroise.Governance.Datasets;

/// <summary>A row that hangs on given rows, with the patient whose rows those are: of the first, where it names two.</summary>
/// <param name="Row">In its table.</param>
readonly record struct LinkedRow(int Row, uint Categories, ShardPatients Patients, int Ordinal, int Start);

/// <summary>Finds the rows of COST, FACT_RELATIONSHIP and EPISODE_EVENT that a dataset gives: those of which every row they name is given too. What names a table that is not in the dataset, or whose numbers are not
/// given, is left out: it would hang on nothing.</summary>
/// <remarks>The tables they hang on are gone through once for every <see cref="ChunkBlocks"/> blocks, always as many, so that the bytes do not depend on the memory there is: some 80 MB.</remarks>
sealed class LinkedRows(PlannedTable table, DatasetPlan plan)
{
    const int ChunkBlocks = 16;
    readonly IReadOnlyList<EventLink> links = EventLink.Of(table.Source);

    /// <returns>The given rows, some at a time, each time in the dataset's order: by shard, patient, and start of the first row they hang on. Rows of no patient's shard come last.</returns>
    public IEnumerable<(IShardTable Source, LinkedRow[] Rows)> Of(IReadOnlyList<ShardPatients> shards)
    {
        foreach (var from in table.Source.Placement is Lake.Cdm.Placement.Shared ? [] : shards)
            foreach (var some in Of(from.Shard.Table(table.Source), [from], isShared: false)) yield return some;
        // They are the same from every shard.
        if (shards.Count == 0) yield break;
        foreach (var some in Of(shards[0].Shard.Shared(table.Source), shards, isShared: true)) yield return some;
    }

    IEnumerable<(IShardTable Source, LinkedRow[] Rows)> Of(IShardTable? source, IReadOnlyList<ShardPatients> among, bool isShared)
    {
        for (var block = 0; block * IShardTable.BlockRows < source?.Rows; block += ChunkBlocks)
            if (Given(source, block, among, isShared) is { Length: > 0 } rows) yield return (source, rows);
    }

    /// <returns>The same, as the dataset holds them.</returns>
    public IEnumerable<Batch> Given(IReadOnlyList<ShardPatients> shards, GivenColumns columns)
    {
        foreach (var (source, rows) in Of(shards))
        {
            var named = new List<long>(table.Output.Key >= 0 ? rows.Length : 0);
            foreach (var some in rows.Chunk(IShardTable.BlockRows))
            {
                var batch = columns.Of(source, GatheredRows.Of(Array.ConvertAll(some, r => r.Row), Array.ConvertAll(some, r => r.Categories)), null);
                if (table.Output.Key >= 0) named.AddRange(((Int64Column)batch.Columns[table.Output.Key]).Values);
                yield return batch;
            }
            named.Sort();
            for (var i = 1; i < named.Count; i++)
                if (named[i] == named[i - 1] && named[i] != Null.Int64) throw DatasetBuild.Collision(table.Source.Name);
        }
    }

    /// <param name="isShared">Else a row may be of a patient whom the file tells: what it hangs on is to be the same patient's.</param>
    LinkedRow[] Given(IShardTable source, int firstBlock, IReadOnlyList<ShardPatients> shards, bool isShared)
    {
        var first = firstBlock * IShardTable.BlockRows;
        var count = Math.Min(source.Rows - first, ChunkBlocks * IShardTable.BlockRows);
        var patients = isShared || table.Source.Placement is not Lake.Cdm.Placement.WithRecord ? null
            : Enumerable.Range(firstBlock, (count + IShardTable.BlockRows - 1) / IShardTable.BlockRows).SelectMany(source.Patients).ToArray();
        var found = new Holder[count];
        var categories = new uint[count];
        Array.Fill(categories, (uint)((1L << table.Categories.Length) - 1));
        foreach (var link in links)
        {
            var named = new Holder[count];
            foreach (var (target, numbers, rows) in ByTarget(source, link, firstBlock, count))
                for (var s = 0; s < shards.Count; s++) Find(shards[s], s, target, numbers, rows, named);
            for (var i = 0; i < count; i++)
            {
                // An episode's events are the same patient's, and a cost's event is the patient's whose claim it is.
                var same = (link == links[0] || table.Source != Lake.Cdm.Cdm54.EpisodeEvent || named[i].IsOf(found[i])) && (patients is null || patients[i] == named[i].Ordinal);
                categories[i] = named[i].IsGiven && same ? categories[i] & InPeriod(named[i].Recorded) : 0;
                if (link == links[0]) found[i] = named[i];
            }
        }
        return [.. Enumerable.Range(0, count).Where(i => categories[i] != 0)
            .OrderBy(i => found[i].Shard).ThenBy(i => shards[found[i].Shard].Ranks[found[i].Ordinal]).ThenBy(i => found[i].Recorded).ThenBy(i => i)
            .Select(i => new LinkedRow(first + i, categories[i], shards[found[i].Shard], found[i].Ordinal, found[i].Recorded))];
    }

    /// <returns>The categories whose period holds a day, as recorded: all where the row has none.</returns>
    uint InPeriod(int recorded)
    {
        uint bits = 0;
        for (var c = 0; c < table.Categories.Length; c++)
            if (recorded == Null.Int32 || table.Categories[c].From <= recorded && recorded <= table.Categories[c].Until) bits |= 1u << c;
        return bits;
    }

    /// <returns>For each table of the dataset that the rows name, the numbers named, ascending, with the place of each row.</returns>
    List<(PlannedTable Target, long[] Numbers, int[] Places)> ByTarget(IShardTable source, EventLink link, int firstBlock, int count)
    {
        var places = plan.Tables.Where(t => t.Output.Key >= 0 && EventLink.Of(t.Source).Count == 0).ToDictionary(t => t.Source.Name, t => (Table: t, Numbers: new List<long>(), Places: new List<int>()));
        for (var block = 0; block * IShardTable.BlockRows < count; block++)
        {
            var (ids, tables) = (source.Int64(link.Id, firstBlock + block), link.Tables(source, firstBlock + block));
            for (var i = 0; i < ids.Length; i++)
            {
                if (tables[i] is not { } name || !places.TryGetValue(name, out var target)) continue;
                target.Numbers.Add(ids[i]);
                target.Places.Add(block * IShardTable.BlockRows + i);
            }
        }
        return [.. places.Values.Where(t => t.Numbers.Count > 0).Select(t =>
        {
            var (numbers, rows) = (t.Numbers.ToArray(), t.Places.ToArray());
            Array.Sort(numbers, rows);
            return (t.Table, numbers, rows);
        })];
    }

    void Find(ShardPatients patients, int shard, PlannedTable target, long[] numbers, int[] places, Holder[] named)
    {
        if (patients.Shard.Table(target.Source) is not { } rows) return;
        var key = target.Source.Columns[target.Source.Key];
        var keyGiven = GivenRows.Bits(target, key);
        var keys = new CurrentBlock<long>(b => rows.Int64(key, b));
        RowScan.Each(patients, target, plan, (row, ordinal, _, start, categories) =>
        {
            if ((categories & keyGiven) == 0) return;
            var at = Array.BinarySearch(numbers, keys[row]);
            if (at < 0) return;
            while (at > 0 && numbers[at - 1] == numbers[at]) at--;
            for (var number = numbers[at]; at < numbers.Length && numbers[at] == number; at++)
                named[places[at]] = new(shard + 1, ordinal, start == Null.Int32 ? start : start - patients.Shift(ordinal));
        });
    }

    /// <param name="Number">Of the shard, from 1; 0 where no row was found.</param>
    /// <param name="Recorded">Start of the row that was found, as recorded.</param>
    readonly record struct Holder(int Number, int Ordinal, int Recorded)
    {
        public bool IsGiven => Number > 0;
        public int Shard => Number - 1;
        public bool IsOf(Holder other) => (Number, Ordinal) == (other.Number, other.Ordinal);
    }
}
