using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Ambroise.Sources.Fhir.Reading;

/// <summary>Turns what comes one by one into something else on several threads, no further ahead of whoever takes it than each thread by two: results are large.</summary>
static class Workers
{
    /// <param name="from">Gone through by one thread at a time.</param>
    /// <returns>The results, in whatever order they are ready.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static IEnumerable<TResult> Map<T, TResult>(IEnumerable<T> from, Func<T, TResult> map, int threads, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var ready = new BlockingCollection<TResult>(2 * threads);
        using var items = from.GetEnumerator();
        var (gate, working, fault) = (new Lock(), threads, (Exception?)null);
        void Work()
        {
            try
            {
                while (true)
                {
                    T item;
                    lock (gate)
                    {
                        if (fault is not null || !items.MoveNext()) return;
                        item = items.Current;
                    }
                    ready.Add(map(item), stop.Token);
                }
            }
            catch (Exception e)
            {
                lock (gate) fault ??= e;
            }
            finally
            {
                if (Interlocked.Decrement(ref working) == 0) ready.CompleteAdding();
            }
        }
        var all = Enumerable.Range(0, threads).Select(_ => new Thread(Work) { IsBackground = true }).ToList();
        foreach (var thread in all) thread.Start();
        try
        {
            foreach (var result in ready.GetConsumingEnumerable(cancel)) yield return result;
        }
        finally
        {
            stop.Cancel();
            foreach (var thread in all) thread.Join();
        }
        if (fault is not null) ExceptionDispatchInfo.Throw(fault);
    }
}
