using Ambroise.Lake.Releases;

namespace Ambroise.Tests.Lake.Releases;

public sealed class ReadAheadSpecs
{
    static IEnumerable<int> Some(int first, int count, Action? ended = null)
    {
        try
        {
            for (var i = 0; i < count; i++) yield return first + i;
        }
        finally
        {
            ended?.Invoke();
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    public void Sequences_come_one_after_the_other_whole_and_in_their_order(int threads)
    {
        int[] sizes = [3, 0, 50, 1, 7, 0, 20];
        Assert.Equal(sizes.SelectMany((size, n) => Some(n * 100, size)), ReadAhead.Concat([.. sizes.Select((size, n) => Some(n * 100, size))], threads));
        Assert.Empty(ReadAhead.Concat<int>([], threads));
    }

    [Fact]
    public void Others_are_read_while_the_first_is_gone_through()
    {
        using var second = new ManualResetEventSlim();
        IEnumerable<int> First()
        {
            yield return 1;
            Assert.True(second.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
            yield return 2;
        }
        IEnumerable<int> Second()
        {
            second.Set();
            yield return 3;
        }
        Assert.Equal([1, 2, 3], ReadAhead.Concat([First(), Second()], 2));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void What_one_throws_comes_out_in_its_turn_and_the_others_end(int threads)
    {
        IEnumerable<int> Broken()
        {
            yield return 10;
            throw new InvalidDataException("damaged");
        }
        var (seen, ended) = (new List<int>(), 0);
        var failure = Assert.Throws<InvalidDataException>(() =>
        {
            foreach (var item in ReadAhead.Concat([Some(1, 2), Broken(), Some(20, 1_000, () => Interlocked.Increment(ref ended))], threads)) seen.Add(item);
        });
        Assert.Equal("damaged", failure.Message);
        Assert.Equal([1, 2, 10], seen);
        Assert.Equal(threads == 1 ? 0 : 1, ended); // its files are closed
    }

    [Fact]
    public void Whoever_stops_early_leaves_no_thread_behind()
    {
        var ended = 0;
        foreach (var item in ReadAhead.Concat([.. Enumerable.Range(0, 5).Select(n => Some(n * 10_000, 10_000, () => Interlocked.Increment(ref ended)))], 3))
            if (item == 5) break;
        Assert.Equal(3, ended);
    }
}
