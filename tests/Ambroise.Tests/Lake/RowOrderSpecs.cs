using Ambroise.Lake.Columns;
using Ambroise.Lake.Writing;

namespace Ambroise.Tests.Lake;

public sealed class RowOrderSpecs
{
    /// <summary>As the platform's stable sort orders them, whatever is said of them.</summary>
    [Theory]
    [InlineData(1, 63)]
    [InlineData(2, 63)]
    [InlineData(3_000, 63)]
    [InlineData(300_000, 63)]
    [InlineData(300_000, 21)]
    [InlineData(300_000, 5)]
    public void Rows_are_in_the_order_of_their_keys_and_of_one_key_in_their_own(int count, int bits)
    {
        var dice = new Cohorts.Generated.Dice(7);
        foreach (var clustered in new[] { false, true })
        {
            var keys = Enumerable.Range(0, count).Select(n => (ulong)dice.Of(0, int.MaxValue - 1) << 32 | (uint)dice.Of(0, int.MaxValue - 1)).Select(k => clustered ? k & 0xFFFF | 1UL << (int)(k >> 40 & 31) << 20 : k >> 64 - bits).ToArray();
            int[] expected = [.. Enumerable.Range(0, count).OrderBy(n => keys[n])];
            foreach (var areSpread in new[] { false, true })
            {
                var (shelf, sorted) = (new ArrayShelf(1 << 30), keys.ToArray());
                var rows = RowOrder.Sort(sorted, count, shelf, areSpread);
                Assert.True(expected.AsSpan().SequenceEqual(rows.AsSpan(0, count)), $"{count} keys of {bits} bits, {(clustered ? "clustered" : "spread")}, {(areSpread ? "said to be spread" : "of which nothing is said")}");
                Assert.True(keys.Order().SequenceEqual(sorted));
                shelf.Give(rows);
                Assert.Equal(0, shelf.Used);
            }
        }
    }
}
