using Ambroise.Sources.Fhir.Reading;

namespace Ambroise.Tests.Fhir;

/// <summary>Work on several threads gives what it gives on one, is never far ahead of whoever takes it, and ends whatever happens.</summary>
public sealed class WorkersSpecs
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_result_comes_once(int threads) =>
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => i * 2), Workers.Map(Enumerable.Range(0, 1000), i => i * 2, threads, TestContext.Current.CancellationToken).Order());

    [Fact]
    public void Nothing_is_made_far_ahead()
    {
        var (made, most, taken) = (0, 0, 0);
        foreach (var _ in Workers.Map(Enumerable.Range(0, 300), i => Interlocked.Increment(ref made), 3, TestContext.Current.CancellationToken))
        {
            if (taken < 20) Thread.Sleep(2);
            most = Math.Max(most, Volatile.Read(ref made) - ++taken);
        }
        Assert.Equal(300, taken);
        Assert.InRange(most, 0, 3 * 2 + 3);
    }

    [Fact]
    public void What_fails_is_told_once_and_nothing_more_is_read()
    {
        var read = 0;
        IEnumerable<int> Numbers()
        {
            for (; read < 100_000; read++) yield return read;
        }
        var told = Assert.Throws<InvalidDataException>(() => Workers.Map(Numbers(), i => i == 50 ? throw new InvalidDataException("fifty") : i, 4, TestContext.Current.CancellationToken).Count());
        Assert.Equal("fifty", told.Message);
        Assert.InRange(read, 50, 200);

        static IEnumerable<int> Broken()
        {
            yield return 1;
            throw new InvalidDataException("the input");
        }
        Assert.Equal("the input", Assert.Throws<InvalidDataException>(() => Workers.Map(Broken(), i => i, 2, TestContext.Current.CancellationToken).Count()).Message);
    }

    [Fact]
    public void Whoever_stops_taking_leaves_nobody_at_work()
    {
        var made = 0;
        Assert.Equal(3, Workers.Map(Enumerable.Range(0, 1_000_000), i => Interlocked.Increment(ref made), 4, TestContext.Current.CancellationToken).Take(3).Count());
        var stopped = made;
        Thread.Sleep(20);
        Assert.Equal(stopped, made);
        using var cancel = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => Workers.Map(Enumerable.Range(0, 1_000_000), i => i, 2, cancel.Token).Count(i =>
        {
            if (i == 10) cancel.Cancel();
            return true;
        }));
    }
}
