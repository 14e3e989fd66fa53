using System.IO.Hashing;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Sealing;
using Ambroise.Lake.Writing;
using Ambroise.Tests.Cohorts.Generated;

namespace Ambroise.Tests.Lake.Writing;

public sealed class PiecesSpecs
{
    static readonly CdmTable Table = Cdm54.Measurement;

    static Batch Rows(Dice dice, int rows, int first, Batch? into = null)
    {
        var batch = into ?? new Batch(Table);
        for (var row = 0; row < rows; row++)
        {
            batch.Int64("measurement_id").Append((first + row) * 7919L % 100_003);
            batch.Int64("person_id").Append(dice.Of(1, 40));
            batch.Int32("measurement_concept_id").Append(dice.Of(1, 5));
            batch.Int32("measurement_date").Append(dice.Of(1, 3));
            if (dice.Of(0, 3) == 0) batch.Text("measurement_source_value").AppendNull();
            else batch.Text("measurement_source_value").Append($"code {dice.Of(1, 9)}");
            if (dice.Of(0, 1) == 0) batch.Float64("value_as_number").AppendNull();
            else batch.Float64("value_as_number").Append(dice.Of(0, 1000));
        }
        foreach (var column in batch.Columns)
            if (column.Count < rows) column.AppendNulls(rows - column.Count);
        return batch;
    }

    static string Hash(Pieces rows)
    {
        var (hash, shelf) = (new XxHash128(), new ArrayShelf(long.MaxValue));
        var order = ShardOrder.Of(rows, shelf);
        using (var writer = new TableFileWriter(new MemoryStream(), Table, [.. Table.Columns.Select(c => c.Ordinal)], ShardFacts.Of(rows, order), null, null, hash, shelf)) writer.Append(rows, order.Rows.Span);
        return Convert.ToHexString(hash.GetCurrentHash());
    }

    [Fact]
    public void Batches_taken_over_are_written_as_those_that_are_copied_whatever_they_fill_of_a_piece()
    {
        var (dice, shelf) = (new Dice(11), new ArrayShelf(1L << 40));
        var (copied, mixed) = (new Pieces(Table), new Pieces(Table, shelf));
        var (first, taken, inTurn) = (0, 0, new List<long>());
        int[] sizes = [Pieces.LeastTaken, 1, Pieces.PieceRows, 17, 3, Pieces.PieceRows + 1, Pieces.LeastTaken - 1, 9_000, 12_000];
        foreach (var rows in sizes)
        {
            var batch = Rows(dice, rows, first);
            int[] ordinals = [.. batch.Int64("person_id").Values.ToArray().Select(p => (int)p % 7)];
            copied.Append(batch, ordinals);
            inTurn.AddRange(batch.Int64("measurement_id").Values);
            if (mixed.TryTakeOver(batch, ordinals, out var grown))
            {
                taken++;
                Assert.Equal(0, batch.Rows);
                Assert.All(batch.Columns, c => Assert.True(c.IsAbsent));
                Assert.True(grown > rows * 8);
                Rows(dice, 100, first, batch); // what was taken is nobody else's
            }
            else
            {
                mixed.Append(batch, ordinals);
            }
            first += rows;
        }
        Assert.Equal(4, taken);
        Assert.Equal(sizes.Sum(), mixed.Rows);
        Assert.Equal(inTurn, mixed.All.SelectMany(p => p.Rows.Int64("measurement_id").Values.ToArray()));
        Assert.Equal(Hash(copied), Hash(mixed));
        mixed.Release();
        Assert.Equal(0, shelf.Used);
    }
}
