using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Quarantine;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Sealing;

namespace Ambroise.Lake.Writing;

/// <param name="MemoryBytes">Rows held in memory at most, before they are sealed on disk.</param>
/// <param name="Threads">Shards sorted and written at once.</param>
public sealed record WriteOptions(long MemoryBytes, int Threads)
{
    /// <summary>Where long texts go; null to hold them.</summary>
    public LongTexts? Apart { get; init; }
}

/// <summary>Writes one release: tables one after the other, each gathered by shard, sorted and sealed while the next one is read.
/// Nothing of it counts until <see cref="TenantLake"/> commits the manifest.</summary>
/// <remarks>Call from one thread; the shards are written by others.</remarks>
public sealed class ReleaseWriter : IAsyncDisposable
{
    readonly TenantLake lake;
    readonly WriteOptions options;
    readonly PersonIndex persons;
    readonly int firstShard;
    readonly string keyGroup;
    readonly SemaphoreSlim slots;
    readonly List<Task> writing = [];
    readonly ConcurrentBag<LakeFile> files = [];
    readonly Dictionary<string, ParentIndex> parents = [];
    readonly HashSet<string> parentsWanted;
    readonly RejectedRows rejected;
    readonly CancellationTokenSource stop;
    readonly ArrayShelf shelf;
    TableLoad? table;
    Exception? fault;

    internal ReleaseWriter(TenantLake lake, int release, long[] persons, int firstShard, IEnumerable<CdmTable> tables, RejectedRows rejected, WriteOptions options, CancellationToken cancel)
    {
        (this.lake, this.options, this.persons, this.firstShard, this.rejected, Release) = (lake, options, new(persons), firstShard, rejected, release);
        keyGroup = $"r{release}";
        shelf = new(options.MemoryBytes);
        slots = new(options.Threads);
        stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        parentsWanted = [.. tables.Select(t => t.Placement).OfType<Placement.WithParent>().Select(p => p.Parent)];
    }

    /// <summary>Makes the keys of a release: rows may be rejected before it is known whose others are written.</summary>
    /// <returns>Their group.</returns>
    internal static string MakeKeys(TenantLake lake, int release)
    {
        var group = $"r{release}";
        var names = Cdm54.All.SelectMany(t => new[] { t.Name, $"{t.Name}.identity", $"{t.Name}.text" }).Append($"{Cdm54.SourceRecord.Name}.trace").Append("quarantine").Append("report");
        lake.Keys.Drop(group);
        lake.Keys.Create(group, names);
        return group;
    }

    public int Release { get; }

    /// <summary>Lends the memory of the rows, and takes over that of rows which a source gave.</summary>
    public ArrayShelf Shelf => shelf;

    /// <returns>Whether the release's rows of a person are written here.</returns>
    public bool Holds(long person) => persons.Rank(person) >= 0;

    /// <summary>Patients written.</summary>
    public long Patients => persons.Ids.Length;

    /// <summary>Numbers of the shards written.</summary>
    public IEnumerable<int> Shards => Enumerable.Range(firstShard, persons.Shards);

    public IReadOnlyCollection<LakeFile> Files => files;

    /// <summary>Starts a table; parents come before the tables placed with them.</summary>
    /// <param name="keysDiffer">No two rows of patients have one key, whatever comes.</param>
    public void Begin(CdmTable next, bool keysDiffer = false)
    {
        var parent = next.Placement is Placement.WithParent(_, var name) ? parents.GetValueOrDefault(name) ?? new() : null;
        ParentIndex? places = parentsWanted.Contains(next.Name) ? parents[next.Name] = new() : null;
        table = new(next, persons, parent, keysDiffer, shelf, options.Apart, OpenSpill, Reject) { Places = places };
    }

    /// <summary>Records a row that the source refused.</summary>
    public void Reject(Rejected row) => rejected.Add(row);

    /// <exception cref="FailureException">The disk refuses (<c>lake.disk</c>).</exception>
    public async Task AppendAsync(Batch batch, bool fromEarlierRelease = false)
    {
        table!.Append(batch, fromEarlierRelease);
        if (shelf.Used <= options.MemoryBytes) return;
        await DrainAsync();
        // Few rows and many keys: to spill them again and again would gain nothing.
        if (shelf.Used > options.MemoryBytes && table.Buffered > options.MemoryBytes / 8) table.SpillAll();
    }

    /// <summary>Ends the table: its shards are sorted and sealed in the background.</summary>
    public async Task EndAsync()
    {
        var done = table!;
        table = null;
        done.Complete();
        var left = done.Shards().Count();
        if (left == 0) done.Dispose();
        foreach (var shard in done.Shards().ToList())
        {
            try
            {
                await slots.WaitAsync(stop.Token);
            }
            catch (OperationCanceledException) when (fault is not null)
            {
                ExceptionDispatchInfo.Throw(fault);
            }
            writing.RemoveAll(t => t.IsCompletedSuccessfully);
            // Where memory is short, shards are written one after the other.
            while (writing.Any(t => !t.IsCompleted) && shelf.Used + Math.Min(done.Weight(shard), options.MemoryBytes) > options.MemoryBytes) await Task.WhenAny(writing.Where(t => !t.IsCompleted));
            var number = shard == TableLoad.Shared ? shard : firstShard + shard;
            var rows = done.IsLarge(shard, options.MemoryBytes / 2) ? null : done.Take(shard);
            writing.Add(Task.Run(() =>
            {
                try
                {
                    stop.Token.ThrowIfCancellationRequested();
                    var made = rows is null ? done.WriteLarge(lake, keyGroup, shard, number, Math.Max(1, options.MemoryBytes / 2), stop.Token) : ShardFiles.Write(lake, keyGroup, rows, number, shelf);
                    foreach (var file in made) files.Add(file);
                    rows?.Release();
                }
                catch (Exception e)
                {
                    // The first fault is the one to tell; the others stop because of it.
                    Interlocked.CompareExchange(ref fault, e, null);
                    stop.Cancel();
                    throw;
                }
                finally
                {
                    slots.Release();
                    if (Interlocked.Decrement(ref left) == 0) done.Dispose();
                }
            }, CancellationToken.None));
        }
    }

    /// <summary>Waits for every file to be on disk.</summary>
    public async Task DrainAsync()
    {
        try
        {
            await Task.WhenAll(writing);
        }
        catch when (fault is not null)
        {
            ExceptionDispatchInfo.Throw(fault);
        }
        finally
        {
            writing.Clear();
        }
    }

    Spill OpenSpill() => new(lake.Runs, keyGroup, shelf);

    internal async Task<IReadOnlyCollection<LakeFile>> FinishAsync()
    {
        await DrainAsync();
        return files;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        try
        {
            await Task.WhenAll(writing);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or FailureException or UnauthorizedAccessException or ParquetSharp.ParquetException)
        {
            // Already reported to whoever awaited it; what was written is removed with the release.
        }
        table?.Dispose();
        stop.Dispose();
        slots.Dispose();
    }
}
