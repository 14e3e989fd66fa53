using System.Runtime.ExceptionServices;

namespace Ambroise.Lake.Releases;

/// <summary>Work on several shards at once, on every core; a fault comes out as it would of work on one after the other.</summary>
public static class SideBySide
{
    /// <exception cref="FailureException">The first that a shard's work threw.</exception>
    public static void Run<T>(IReadOnlyList<T> all, Action<int, T> work, CancellationToken cancel = default)
    {
        try
        {
            Parallel.For(0, all.Count, new ParallelOptions { CancellationToken = cancel, MaxDegreeOfParallelism = Environment.ProcessorCount }, i => work(i, all[i]));
        }
        catch (AggregateException e) when (e.InnerExceptions.OfType<FailureException>().FirstOrDefault() is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }
}
