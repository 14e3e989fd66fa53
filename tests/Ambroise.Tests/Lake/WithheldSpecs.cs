using Ambroise.Lake.Cdm;
using Ambroise.Lake.Reading;

namespace Ambroise.Tests.Lake;

/// <summary>What a scope sees when patients are withheld: the very release that would be there had they never been loaded.</summary>
public sealed class WithheldSpecs
{
    /// <summary>Every patient but some, with events in all kinds of tables.</summary>
    static Rows Hospital(int patients, int conditionsEach, Func<int, bool>? without = null)
    {
        var rows = new Rows();
        for (var p = 1; p <= patients; p++)
        {
            if (without?.Invoke(p) == true) continue;
            rows.Person(p * 3L, $"INS-{p}");
            for (var c = 0; c < conditionsEach; c++) rows.Condition(p * 1000L + c, p * 3L, 1000 + (p + c) % 7, $"20{10 + c % 10}-0{1 + p % 9}-15");
            rows.Hanging(p).Claim(p);
        }
        return rows;
    }

    [Theory]
    [InlineData(40, 5, 7)]
    [InlineData(40, 5, 1)] // everyone
    [InlineData(700, 200, 13)] // 140,000 conditions: blocks begin elsewhere once rows are gone
    public void Nothing_tells_a_withheld_patient_from_one_who_was_never_there(int patients, int conditionsEach, int every)
    {
        bool Objects(int p) => p % every == 0;
        using var whole = new TestLake();
        using var without = new TestLake();
        whole.Load(Hospital(patients, conditionsEach));
        if (every > 1) without.Load(Hospital(patients, conditionsEach, Objects));
        using var seen = Open(whole, [.. Enumerable.Range(1, patients).Where(Objects).Select(p => p * 3L), 77_777_777]);
        using var expected = every > 1 ? Open(without, null) : null;

        Assert.Equal(expected?.Patients ?? 0, seen.Patients);
        var shard = Assert.Single(seen.Shards);
        Assert.Equal(expected?.Shards[0].PersonIds.ToArray() ?? [], shard.PersonIds.ToArray());
        foreach (var table in Cdm54.All)
        {
            Same(expected?.Shards[0].Table(table), shard.Table(table), table);
            Same(expected?.Shards[0].Shared(table), shard.Shared(table), table);
        }
        Assert.Equal(patients - patients / every, (shard.Table(Cdm54.Cost)?.Rows ?? 0));
        Assert.Equal(patients - patients / every, (shard.Shared(Cdm54.Cost)?.Rows ?? 0));
    }

    [Fact]
    public void Without_opposition_nothing_is_read_that_was_not_asked_for()
    {
        using var test = new TestLake();
        test.Load(Hospital(20, 5));
        using var open = Open(test, []);
        Assert.Equal(20, open.Shards[0].Patients);
        Assert.Equal(0, open.Cache.Bytes);
    }

    static OpenRelease Open(TestLake test, long[]? withheld) => Door.Open(test.Lake, new("t", "test", null, "test", null), (_, _) => { }, 1 << 26, withheld).OrThrow();

    internal static void Same(IShardTable? expected, IShardTable? seen, CdmTable table)
    {
        Assert.True(expected?.Rows == seen?.Rows, $"{table}: {seen?.Rows} rows, not {expected?.Rows}");
        if (expected is null || seen is null) return;
        Assert.Equal(expected.Runs.ToArray(), seen.Runs.ToArray());
        for (var block = 0; block * IShardTable.BlockRows < expected.Rows; block++)
        {
            if (table.Placement is Placement.WithPerson || table == Cdm54.Cost && expected.Int64(table.Columns[table.Key], block).All(id => id > 100_000)) Assert.Equal(expected.Patients(block), seen.Patients(block));
            foreach (var column in table.Columns.Where(c => c.Sensitivity is not (Sensitivity.Identity or Sensitivity.Trace)))
                switch (column.Type)
                {
                    case ColumnType.Int32 or ColumnType.Date: Assert.Equal(expected.Int32(column, block), seen.Int32(column, block)); break;
                    case ColumnType.Int64 or ColumnType.Timestamp: Assert.Equal(expected.Int64(column, block), seen.Int64(column, block)); break;
                    case ColumnType.Float64: Assert.Equal(expected.Float64(column, block), seen.Float64(column, block)); break;
                    default: Assert.Equal(expected.Text(column, block), seen.Text(column, block)); break;
                }
        }
    }
}
