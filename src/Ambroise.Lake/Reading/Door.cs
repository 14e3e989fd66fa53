using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Sealing;

namespace Ambroise.Lake.Reading;

/// <summary>On whose behalf the lake is opened, and what for.</summary>
/// <param name="Project">Null for work under a role (loading, quality, reversibility).</param>
/// <param name="Release">Null for the newest.</param>
public sealed record Scope(string Tenant, string Actor, string? Project, string Purpose, int? Release);

/// <summary>The only way to patient-level data: opens a release for a scope, after the access is recorded.</summary>
public static class Door
{
    /// <param name="record">Writes the access to the audit; when it throws, nothing opens.</param>
    /// <param name="cacheBytes">Memory that decoded columns may take.</param>
    public static Result<OpenRelease> Open(TenantLake lake, Scope scope, Action<Scope, int> record, long cacheBytes)
    {
        if (scope.Tenant != lake.Tenant) return new Failure(FailureKind.Forbidden, "lake.other-tenant", "A scope opens the lake of its own tenant alone.");
        if (lake.Release(scope.Release).Failed(out var failure, out var manifest)) return failure;
        record(scope, manifest.Release);
        return new OpenRelease(lake, manifest, cacheBytes);
    }
}

/// <summary>A release opened by the <see cref="Door"/>: its shards, decrypted and decoded as they are asked for.</summary>
public sealed class OpenRelease : IDisposable
{
    const int OpenFiles = 1024;
    readonly TenantLake lake;
    readonly Dictionary<(int Shard, string Table, FilePart Part), int> byPlace = [];
    readonly Queue<SealedTable> opened = new();
    readonly Lock gate = new();
    readonly SealedTable?[] tables;

    internal OpenRelease(TenantLake lake, Manifest manifest, long cacheBytes)
    {
        (this.lake, Manifest, Cache) = (lake, manifest, new(cacheBytes));
        for (var i = 0; i < manifest.Files.Length; i++)
            byPlace[(manifest.Files[i].Shard, manifest.Files[i].Table, manifest.Files[i].Part)] = i;
        tables = new SealedTable?[manifest.Files.Length];
        Shards = [.. Enumerable.Range(0, manifest.Shards).Select(s => new SealedShard(this, s))];
    }

    public Manifest Manifest { get; }
    public IReadOnlyList<IShard> Shards { get; }
    internal BlockCache Cache { get; }

    /// <returns>The tenant's rows of a shared table, or null.</returns>
    public IShardTable? Shared(CdmTable table) => Find(Writing.TableLoad.Shared, table);

    internal SealedTable? Find(int shard, CdmTable table, FilePart part = FilePart.Analytic)
    {
        if (!byPlace.TryGetValue((shard, table.Name, part), out var at)) return null;
        lock (gate) return tables[at] ??= new(this, at, table, shard < 0 ? null : (SealedShard)Shards[shard]);
    }

    internal TableFileReader Read(SealedTable table, LakeFile file)
    {
        SealedTable? oldest = null;
        lock (gate)
        {
            if (opened.Count >= OpenFiles) oldest = opened.Dequeue();
            opened.Enqueue(table);
        }
        // Outside the gate, and never waiting: a thread that reads from it now is using it anyway.
        oldest?.TryClose();
        return lake.OpenFile(file);
    }

    public void Dispose()
    {
        foreach (var table in tables) table?.Close();
    }
}

sealed class SealedShard(OpenRelease release, int number) : IShard
{
    readonly Lock gate = new();
    long[]? ids;

    public int Patients { get; } = (int)(release.Manifest.Files.FirstOrDefault(f => f.Shard == number && f is { Table: "person", Part: FilePart.Analytic })?.Rows ?? 0);

    public ReadOnlyMemory<long> PersonIds => Ids();

    public IShardTable? Table(CdmTable table) => release.Find(table.Placement is Placement.Shared ? -1 : number, table);

    internal long[] Ids()
    {
        if (ids is not null) return ids;
        lock (gate)
        {
            if (ids is not null) return ids;
            var persons = release.Find(number, Cdm54.Person);
            return ids = persons is null ? [] : persons.Int64(Cdm54.Person["person_id"], 0);
        }
    }
}

sealed class SealedTable(OpenRelease release, int number, CdmTable table, SealedShard? shard) : IShardTable
{
    readonly LakeFile file = release.Manifest.Files[number];
    readonly Lock gate = new();
    TableFileReader? reader;
    ConceptRun[]? runs;

    public CdmTable Definition => table;
    public int Rows => (int)file.Rows;
    public int Blocks => (Rows + IShardTable.BlockRows - 1) / IShardTable.BlockRows;

    public ReadOnlyMemory<ConceptRun> Runs => runs ??= table.Concept < 0 ? [new(0, 0, Rows)] : With(r => RunsText.Decode(r.Metadata["ambroise.runs"]));

    public int[] Int32(CdmColumn column, int block) => release.Cache.Get(new(number, column.Ordinal, block), (this, column, block), static s => s.Item1.With(r => r.Int32(s.column, s.block)), a => 4L * a.Length);
    public long[] Int64(CdmColumn column, int block) => release.Cache.Get(new(number, column.Ordinal, block), (this, column, block), static s => s.Item1.With(r => r.Int64(s.column, s.block)), a => 8L * a.Length);
    public double[] Float64(CdmColumn column, int block) => release.Cache.Get(new(number, column.Ordinal, block), (this, column, block), static s => s.Item1.With(r => r.Float64(s.column, s.block)), a => 8L * a.Length);

    public string?[] Text(CdmColumn column, int block) => release.Cache.Get(new(number, column.Ordinal, block), (this, column, block), static s =>
    {
        var text = new TextColumn();
        s.Item1.With(r => { r.AppendText(text, s.column, s.block); return 0; });
        return Enumerable.Range(0, text.Count).Select(text.Text).ToArray();
    }, a => a.Sum(t => 16L + 2L * (t?.Length ?? 0)));

    public ushort[] Patients(int block) => release.Cache.Get(new(number, -1, block), (this, block), static s => s.Item1.Ordinals(s.block), a => 2L * a.Length);

    /// <summary>Ordinals from person ids. Within a run persons ascend, so each is looked for just after the last.</summary>
    ushort[] Ordinals(int block)
    {
        var ids = shard!.Ids();
        var persons = With(r => r.Int64(table.Columns[table.Person], block));
        var ordinals = new ushort[persons.Length];
        var dense = ids.Length > 0 && ids[^1] - ids[0] == ids.Length - 1;
        for (int i = 0, at = 0; i < persons.Length; i++)
        {
            var person = persons[i];
            if (dense) at = (int)(person - ids[0]);
            else if (at >= ids.Length || ids[at] != person) at = Seek(ids, person, at);
            if ((uint)at >= (uint)ids.Length || ids[at] != person)
                throw new Failure(FailureKind.Tampered, "lake.person-unknown", $"{Path.GetFileName(file.Path)} holds a row whose person is not in its shard.").AsException();
            ordinals[i] = (ushort)at;
        }
        return ordinals;
    }

    static int Seek(long[] ids, long person, int from)
    {
        if (from >= ids.Length || ids[from] > person) from = 0;
        var step = 1;
        var low = from;
        while (low + step < ids.Length && ids[low + step] < person)
        {
            low += step;
            step *= 2;
        }
        var at = Array.BinarySearch(ids, low, Math.Min(step + 1, ids.Length - low), person);
        return at < 0 ? ids.Length : at;
    }

    /// <summary>Reads with the file's one reader, opened on first use and again after the door closed it to spare file handles.</summary>
    internal T With<T>(Func<TableFileReader, T> read)
    {
        lock (gate)
        {
            reader ??= release.Read(this, file);
            return read(reader);
        }
    }

    internal void Close()
    {
        lock (gate)
        {
            reader?.Dispose();
            reader = null;
        }
    }

    internal void TryClose()
    {
        if (!gate.TryEnter()) return;
        try
        {
            Close();
        }
        finally
        {
            gate.Exit();
        }
    }
}
