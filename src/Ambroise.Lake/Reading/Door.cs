using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
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
    /// <param name="withheld">Patients who object to what the scope is for: what opens is as if it had never held them. Null for work that opposition does not touch (quality of care data, reversibility).</param>
    public static Result<OpenRelease> Open(TenantLake lake, Scope scope, Action<Scope, int> record, long cacheBytes, IReadOnlyCollection<long>? withheld = null)
    {
        if (scope.Tenant != lake.Tenant) return new Failure(FailureKind.Forbidden, "lake.other-tenant", "A scope opens the lake of its own tenant alone.");
        if (lake.Release(scope.Release).Failed(out var failure, out var manifest)) return failure;
        record(scope, manifest.Release);
        return new OpenRelease(lake, manifest, cacheBytes, withheld ?? []);
    }
}

/// <summary>A release opened by the <see cref="Door"/>: its shards, decrypted and decoded as they are asked for.</summary>
public sealed class OpenRelease : IDisposable
{
    const int OpenFiles = 1024;
    readonly TenantLake lake;
    readonly Dictionary<(int Shard, string Table, FilePart Part), int> byPlace = [];
    readonly Queue<SealedTable> opened = new();
    readonly ConcurrentDictionary<string, HashSet<long>> withheldKeys = new();
    readonly Lock gate = new();
    readonly SealedTable?[] tables;

    internal OpenRelease(TenantLake lake, Manifest manifest, long cacheBytes, IReadOnlyCollection<long> withheld)
    {
        (this.lake, Manifest, Cache, Withheld) = (lake, manifest, new(cacheBytes), [.. withheld.Distinct().Order()]);
        for (var i = 0; i < manifest.Files.Length; i++)
            byPlace[(manifest.Files[i].Shard, manifest.Files[i].Table, manifest.Files[i].Part)] = i;
        tables = new SealedTable?[manifest.Files.Length];
        Shards = [.. Enumerable.Range(0, manifest.Shards).Select(s => new SealedShard(this, s))];
    }

    public Manifest Manifest { get; }

    internal TenantLake Lake => lake;

    public IReadOnlyList<IShard> Shards { get; }

    /// <summary>Patients of the release, those withheld left out.</summary>
    public long Patients => Withheld.Length == 0 ? Manifest.Patients : Shards.Sum(s => (long)s.Patients);

    internal BlockCache Cache { get; }

    /// <summary>person_id of those withheld, ascending.</summary>
    internal long[] Withheld { get; }

    /// <returns>The tenant's rows of a table that are in no patient's shard, or null.</returns>
    public IShardTable? Shared(CdmTable table) => Find(Writing.TableLoad.Shared, table);

    internal SealedTable? Find(int shard, CdmTable table, FilePart part = FilePart.Analytic)
    {
        if (!byPlace.TryGetValue((shard, table.Name, part), out var at)) return null;
        lock (gate) return tables[at] ??= new(this, at, table, shard < 0 ? null : (SealedShard)Shards[shard]);
    }

    /// <returns>Keys of a table's rows about patients withheld, in all shards.</returns>
    internal HashSet<long> WithheldKeys(string table) => withheldKeys.GetOrAdd(table, name =>
        [.. Shards.Cast<SealedShard>().SelectMany(s => Find(s.Number, Cdm54.Find(name)!)?.HiddenKeys(ofDeparted: false) ?? [])]);

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
    readonly int stored = (int)(release.Manifest.Files.FirstOrDefault(f => f.Shard == number && f is { Table: "person", Part: FilePart.Analytic })?.Living ?? 0);
    readonly Departed departed = release.Lake.DepartedOf(release.Manifest);
    long[]? ids;

    public int Patients => release.Withheld.Length == 0 ? stored : Ids().Length;

    public ReadOnlyMemory<long> PersonIds => Ids();

    public IShardTable? Table(CdmTable table) => table.Placement is Placement.Shared ? Shared(table) : release.Find(number, table) is { Rows: > 0 } found ? found : null;

    public IShardTable? Shared(CdmTable table) => release.Shared(table) is { Rows: > 0 } found ? found : null;

    internal int Number => number;

    /// <summary>Whether some patients stored here are not to be seen.</summary>
    internal bool Hides => release.Withheld.Length > 0 || departed.Places(number).Length > 0;

    /// <summary>Patients stored in this shard who are withheld, or departed from it; known once <see cref="Ids"/> was asked.</summary>
    internal HashSet<long> Hidden { get; private set; } = [];

    internal long[] Ids()
    {
        if (ids is not null) return ids;
        lock (gate)
        {
            if (ids is not null) return ids;
            if (release.Find(number, Cdm54.Person) is not { } persons) return ids = [];
            var all = persons.Stored(Cdm54.Person["person_id"]);
            Hidden = [.. release.Withheld.Where(w => Array.BinarySearch(all, w) >= 0), .. departed.Places(number).Select(place => all[place])];
            return ids = Hidden.Count == 0 ? all : [.. all.Where(id => !Hidden.Contains(id))];
        }
    }
}

sealed class SealedTable(OpenRelease release, int number, CdmTable table, SealedShard? shard) : IShardTable
{
    readonly LakeFile file = release.Manifest.Files[number];
    readonly Lock gate = new();
    TableFileReader? reader;
    ConceptRun[]? runs;
    PatientRuns? whose;
    StrongBox<WithheldRows?>? withheld;

    public CdmTable Definition => table;
    internal int StoredRows => (int)file.Rows;
    public int Rows => Withheld?.Left ?? (int)file.Rows;
    public int Blocks => (Rows + IShardTable.BlockRows - 1) / IShardTable.BlockRows;

    public ReadOnlyMemory<ConceptRun> Runs => runs ??= ReadRuns();

    ConceptRun[] ReadRuns()
    {
        if (table.Concept < 0) return [new(0, 0, Rows)];
        var stored = With(r => RunsText.Decode(r.Metadata["ambroise.runs"]));
        return Withheld?.Runs(stored) ?? stored;
    }

    public int[] Int32(CdmColumn column, int block) => release.Cache.Get(new(number, column.Ordinal, block), (this, column, block), static s => s.Item1.Left(s.column, s.block, static (r, c, b) => r.Int32(c, b), static a => 4L * a.Length), static a => 4L * a.Length);
    public long[] Int64(CdmColumn column, int block) => release.Cache.Get(new(number, column.Ordinal, block), (this, column, block), static s => s.Item1.Left(s.column, s.block, static (r, c, b) => r.Int64(c, b), static a => 8L * a.Length), static a => 8L * a.Length);
    public double[] Float64(CdmColumn column, int block) => release.Cache.Get(new(number, column.Ordinal, block), (this, column, block), static s => s.Item1.Left(s.column, s.block, static (r, c, b) => r.Float64(c, b), static a => 8L * a.Length), static a => 8L * a.Length);
    public string?[] Text(CdmColumn column, int block) => release.Cache.Get(new(number, column.Ordinal, block), (this, column, block), static s => s.Item1.Left(s.column, s.block, ReadText, TextBytes), TextBytes);

    static string?[] ReadText(TableFileReader reader, CdmColumn column, int block)
    {
        var text = new TextColumn();
        reader.AppendText(text, column, block);
        return [.. Enumerable.Range(0, text.Count).Select(text.Text)];
    }

    static long TextBytes(string?[] texts) => texts.Sum(t => 16L + 2L * (t?.Length ?? 0));

    public ushort[] Patients(int block) => release.Cache.Get(new(number, -1, block), (this, block), static s => s.Item1.Ordinals(s.block), static a => 2L * a.Length);

    /// <summary>A block of the rows that may be seen. A stored block lends rows to two of these, so it waits in the cache for the second.</summary>
    T[] Left<T>(CdmColumn column, int block, Func<TableFileReader, CdmColumn, int, T[]> read, Func<T[], long> bytes) =>
        Withheld is { } withheld
            ? withheld.Gather(block, stored => release.Cache.Get(new(number, BlockKey.Stored(column), stored), (Table: this, column, stored, read), static s => s.Table.With(r => s.read(r, s.column, s.stored)), bytes))
            : With(r => read(r, column, block));

    WithheldRows? Withheld
    {
        get
        {
            if (!(shard?.Hides ?? release.Withheld.Length > 0)) return null;
            return (withheld ??= new(WithheldRows.Find(this, release, shard))).Value;
        }
    }

    /// <summary>Whose the rows are, where no column tells: those withheld included.</summary>
    PatientRuns Whose => whose ??= With(PatientRuns.Of) ?? throw Unknown();

    /// <summary>The persons of all rows as they are stored, withheld ones included: for the door's own use.</summary>
    internal long[] StoredPersons() => table.Person >= 0 ? Stored(table.Columns[table.Person]) : [.. Enumerable.Range(0, With(r => r.Blocks)).SelectMany(Whose.Block)];

    /// <summary>A whole column as it is stored, withheld rows included: for the door's own use.</summary>
    internal long[] Stored(CdmColumn column) => With(r => r.Blocks == 1 ? r.Int64(column, 0) : Enumerable.Range(0, r.Blocks).SelectMany(b => r.Int64(column, b)).ToArray());

    /// <summary>As above, for an <c>Int32</c> column.</summary>
    internal int[] Stored32(CdmColumn column) => With(r => Enumerable.Range(0, r.Blocks).SelectMany(b => r.Int32(column, b)).ToArray());

    /// <summary>As above, for text.</summary>
    internal string?[] StoredText(CdmColumn column) => With(r => Enumerable.Range(0, r.Blocks).SelectMany(b => ReadText(r, column, b)).ToArray());

    /// <summary>Keys of the rows that are not to be seen.</summary>
    /// <param name="ofDeparted">Those too that another shard has.</param>
    internal HashSet<long> HiddenKeys(bool ofDeparted)
    {
        if (Withheld is not { } rows || table.Key < 0) return [];
        var keys = Stored(table.Columns[table.Key]);
        var persons = ofDeparted ? [] : StoredPersons();
        var gone = new HashSet<long>(rows.Gone.Length);
        foreach (var row in rows.Gone)
            if (ofDeparted || Array.BinarySearch(release.Withheld, persons[row]) >= 0) gone.Add(keys[row]);
        return gone;
    }

    /// <summary>Ordinals from person ids. Within a run persons ascend, so each is looked for just after the last.</summary>
    ushort[] Ordinals(int block)
    {
        if (table.Person < 0) return Ordinals(Withheld is { } hidden ? hidden.Gather(block, Whose.Block) : Whose.Block(block));
        if (Withheld is not null) return Ordinals(Left(table.Columns[table.Person], block, static (r, c, b) => r.Int64(c, b), static a => 8L * a.Length));
        var lent = ArrayPool<long>.Shared.Rent(IShardTable.BlockRows);
        try
        {
            var rows = With(r => r.Int64(table.Columns[table.Person], block, lent));
            return Ordinals(lent.AsSpan(0, rows));
        }
        finally
        {
            ArrayPool<long>.Shared.Return(lent);
        }
    }

    ushort[] Ordinals(ReadOnlySpan<long> persons)
    {
        var ids = shard!.Ids();
        var ordinals = GC.AllocateUninitializedArray<ushort>(persons.Length);
        if (ids.Length > 0 && ids[^1] - ids[0] == ids.Length - 1)
        {
            // Ids without a gap: an ordinal is a difference.
            return Differences(persons, ids[0], ordinals) < (ulong)ids.Length || ordinals.Length == 0 ? ordinals : throw Unknown();
        }
        for (int i = 0, at = 0; i < persons.Length; i++)
        {
            var person = persons[i];
            if (at >= ids.Length || ids[at] != person) at = Seek(ids, person, at);
            if ((uint)at >= (uint)ids.Length || ids[at] != person) throw Unknown();
            ordinals[i] = (ushort)at;
        }
        return ordinals;
    }

    /// <returns>The largest, or one larger than all where some do not fit.</returns>
    static ulong Differences(ReadOnlySpan<long> persons, long first, Span<ushort> ordinals)
    {
        var (i, high) = (0, Vector256<ulong>.Zero);
        var most = Vector256<ushort>.Zero;
        var from = Vector256.Create(first);
        for (; i + Vector256<ushort>.Count <= persons.Length; i += Vector256<ushort>.Count)
        {
            Vector256<ulong> Four(ReadOnlySpan<long> four) => (Vector256.Create(four) - from).AsUInt64();
            var (a, b, c, d) = (Four(persons[i..]), Four(persons[(i + 4)..]), Four(persons[(i + 8)..]), Four(persons[(i + 12)..]));
            high |= a | b | c | d;
            var ordinal = Vector256.Narrow(Vector256.Narrow(a, b), Vector256.Narrow(c, d));
            most = Vector256.Max(most, ordinal);
            ordinal.CopyTo(ordinals[i..]);
        }
        ulong largest = Vector256.EqualsAll(high >>> 16, Vector256<ulong>.Zero) ? 0UL : ulong.MaxValue;
        for (var lane = 0; lane < Vector256<ushort>.Count; lane++) largest = Math.Max(largest, most[lane]);
        for (; i < persons.Length; i++)
        {
            var ordinal = (ulong)(persons[i] - first);
            largest = Math.Max(largest, ordinal);
            ordinals[i] = (ushort)ordinal;
        }
        return largest;
    }

    FailureException Unknown() => new Failure(FailureKind.Tampered, "lake.person-unknown", $"{Path.GetFileName(file.Path)} holds a row whose person is not in its shard.").AsException();

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
