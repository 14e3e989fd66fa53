using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Ambroise.Lake.Releases;

/// <summary>Goes through several sequences one after the other while the next are read on threads of their own: a merge reads every shard whose patients it writes anew.</summary>
static class ReadAhead
{
    /// <summary>Of each sequence so many are ready at most.</summary>
    const int Most = 2;

    /// <param name="all">Gone through by a thread each; what one throws comes out in its turn.</param>
    /// <param name="threads">Sequences read at once. With one, or of one sequence, none is read ahead.</param>
    public static IEnumerable<T> Concat<T>(IReadOnlyList<IEnumerable<T>> all, int threads)
    {
        if (threads <= 1 || all.Count <= 1)
        {
            foreach (var one in all)
                foreach (var item in one) yield return item;
            yield break;
        }
        using var stop = new CancellationTokenSource();
        var running = new Queue<(Thread Thread, BlockingCollection<T> Ready, StrongFault Fault)>();
        try
        {
            for (var next = 0; next < all.Count || running.Count > 0;)
            {
                while (next < all.Count && running.Count < threads) running.Enqueue(Start(all[next++], stop.Token));
                var (thread, ready, fault) = running.Peek();
                foreach (var item in ready.GetConsumingEnumerable()) yield return item;
                thread.Join();
                ready.Dispose();
                running.Dequeue();
                if (fault.Caught is { } caught) ExceptionDispatchInfo.Throw(caught);
            }
        }
        finally
        {
            stop.Cancel();
            foreach (var (thread, ready, _) in running)
            {
                thread.Join();
                ready.Dispose();
            }
        }
    }

    sealed class StrongFault
    {
        public Exception? Caught { get; set; }
    }

    static (Thread, BlockingCollection<T>, StrongFault) Start<T>(IEnumerable<T> from, CancellationToken stop)
    {
        var (ready, fault) = (new BlockingCollection<T>(Most), new StrongFault());
        var thread = new Thread(() =>
        {
            try
            {
                foreach (var item in from) ready.Add(item, stop);
            }
            catch (Exception e)
            {
                fault.Caught = e;
            }
            finally
            {
                ready.CompleteAdding();
            }
        })
        { IsBackground = true };
        thread.Start();
        return (thread, ready, fault);
    }
}
