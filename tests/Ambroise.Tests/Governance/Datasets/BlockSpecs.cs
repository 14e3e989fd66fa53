using Ambroise.Governance.Datasets;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Reading;

namespace Ambroise.Tests.Governance.Datasets;

/// <summary>However small the cache behind a release, a pass over a table asks for each block once: asked for row by row, a block too large for the cache would be decrypted again for each.</summary>
public sealed class BlockSpecs
{
    [Fact]
    public void A_pass_asks_for_each_block_of_a_column_once()
    {
        using var house = new DatasetHouse();
        var plan = house.Plan(DatasetHouse.Permit()).OrThrow();
        var shard = new CountingShard(house.Release().Shards[0]);
        var patients = ShardPatients.Of(shard, 0, DatasetHouse.Population(), plan, ProjectKeys.Make(house.Test.Keys, "cardio"));
        Pass(1, () => patients.Generalise(plan, 0));
        var rare = new RareCodes(plan);
        // A unit is a code, and what its numbers are in.
        foreach (var table in plan.Tables) Pass(2, () => rare.Count(patients, table));
        // Rows are found, then gathered column by column: what orders them is read for both.
        foreach (var table in plan.Tables) Pass(table.Sources.Length + 2, () => Assert.True(new GivenRows(table, plan, new(table, plan, ProjectKeys.Make(house.Test.Keys, "cardio"), rare)).Of(patients, 1 << 26).Sum(b => b.Rows) > 100));
        Pass(8, () => Assert.Equal(DatasetHouse.Patients, new WideTable(plan, rare).Of(patients).Rows));

        void Pass(int most, Action pass)
        {
            shard.Asked.Clear();
            pass();
            Assert.All(shard.Asked, a => Assert.InRange(a.Value, 1, most));
            Assert.NotEmpty(shard.Asked);
        }
    }

    /// <summary>Counts how often each block of each column is asked for.</summary>
    sealed class CountingShard(IShard inner) : IShard
    {
        public Dictionary<(string Table, string Column, int Block), int> Asked { get; } = [];

        public int Patients => inner.Patients;
        public ReadOnlyMemory<long> PersonIds => inner.PersonIds;
        public IShardTable? Table(CdmTable table) => inner.Table(table) is { } found ? new CountingTable(found, Asked) : null;
        public IShardTable? Shared(CdmTable table) => inner.Shared(table) is { } found ? new CountingTable(found, Asked) : null;
    }

    sealed class CountingTable(IShardTable inner, Dictionary<(string, string, int), int> asked) : IShardTable
    {
        public CdmTable Definition => inner.Definition;
        public int Rows => inner.Rows;
        public ReadOnlyMemory<ConceptRun> Runs => inner.Runs;
        public ushort[] Patients(int block) => Counted("", block, inner.Patients(block));
        public int[] Int32(CdmColumn column, int block) => Counted(column.Name, block, inner.Int32(column, block));
        public long[] Int64(CdmColumn column, int block) => Counted(column.Name, block, inner.Int64(column, block));
        public double[] Float64(CdmColumn column, int block) => Counted(column.Name, block, inner.Float64(column, block));
        public string?[] Text(CdmColumn column, int block) => Counted(column.Name, block, inner.Text(column, block));

        T Counted<T>(string column, int block, T values)
        {
            asked[(Definition.Name, column, block)] = asked.GetValueOrDefault((Definition.Name, column, block)) + 1;
            return values;
        }
    }
}
