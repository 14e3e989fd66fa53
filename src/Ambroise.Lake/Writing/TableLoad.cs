using System.Buffers;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Quarantine;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Sealing;

namespace Ambroise.Lake.Writing;

/// <summary>One table on its way into a release: rows arrive in any order, are checked, and gather by shard; beyond the memory given they wait sealed on disk.</summary>
sealed class TableLoad : IDisposable
{
    /// <summary>The shard number of what a tenant's patients share.</summary>
    public const int Shared = -1;

    /// <summary>Rows whose key's place is fetched before it is looked up.</summary>
    const int Lookahead = 12;

    readonly PersonIndex persons;
    readonly ParentIndex? parents;
    readonly Func<Spill> openSpill;
    readonly ArrayShelf shelf;
    readonly Action<Rejected> reject;
    readonly Pieces[] shards;
    readonly List<int>[] rowsOf, ordinalsOf;
    readonly List<int> touched = [];
    readonly KeySet? keys;

    /// <summary>Where shared rows gather: after those of the patients' shards.</summary>
    readonly int sharedAt;

    Spill? spill;

    /// <param name="parents">Where the rows of the parent table live, for tables placed with a parent.</param>
    /// <param name="keysDiffer">The source made the keys of patients' rows so that none comes twice: they are not remembered.</param>
    /// <param name="apart">Where long texts go; null to hold them.</param>
    public TableLoad(CdmTable table, PersonIndex persons, ParentIndex? parents, bool keysDiffer, ArrayShelf shelf, LongTexts? apart, Func<Spill> openSpill, Action<Rejected> reject)
    {
        (Table, this.persons, this.parents, this.shelf, this.openSpill, this.reject) = (table, persons, parents, shelf, openSpill, reject);
        sharedAt = table.Placement is Placement.Shared ? 0 : Math.Max(1, persons.Shards);
        var count = table.Placement is Placement.Shared or Placement.WithRecord ? sharedAt + 1 : sharedAt;
        shards = [.. Enumerable.Range(0, count).Select(_ => new Pieces(table, shelf, apart))];
        rowsOf = [.. Enumerable.Range(0, count).Select(_ => new List<int>())];
        ordinalsOf = [.. Enumerable.Range(0, count).Select(_ => new List<int>())];
        keys = table.Key < 0 || (keysDiffer && table.Placement is Placement.WithPerson or Placement.WithRecord) ? null : new(shelf);
    }

    public CdmTable Table { get; }

    /// <summary>Bytes of rows in memory.</summary>
    public long Buffered { get; private set; }

    public long Accepted { get; private set; }

    /// <summary>Where this table's own rows live, filled when asked for: rows placed with it need it.</summary>
    public ParentIndex? Places { get; init; }

    /// <summary>Takes the rows of a batch, in order. A row seen before by key is refused, or dropped quietly when it comes from an earlier release.
    /// A batch that is handed over may be empty afterwards.</summary>
    public void Append(Batch batch, bool fromEarlierRelease = false)
    {
        var key = Table.Key < 0 ? null : batch.Columns[Table.Key];
        var scattered = key is Int64Column { IsAbsent: false } longs ? longs.Array : null;
        var person = batch.About;
        for (var row = 0; row < batch.Rows; row++)
        {
            if (scattered is not null && row + Lookahead < batch.Rows) keys?.Foresee(scattered[row + Lookahead]);
            var rank = -1; // of a shared row
            if (person is not null && (Table.Person >= 0 || !person.IsNull(row)))
            {
                rank = persons.Rank(person.Array[row]);
                if (rank < 0)
                {
                    if (!fromEarlierRelease) Reject(batch, row, Table.Person < 0 ? "person_id" : Table.Columns[Table.Person].Name, "person-missing");
                    continue;
                }
            }
            else if (Table.Placement is Placement.WithParent(var column, var parentName))
            {
                rank = parents?.Rank(((Int64Column)batch.Columns[column]).Array[row]) ?? -1;
                if (rank < 0)
                {
                    if (!fromEarlierRelease) Reject(batch, row, Table.Columns[column].Name, $"{parentName}-missing");
                    continue;
                }
            }
            if (keys is not null && key is not null && !key.IsNull(row) && !keys.Add(key is Int64Column l ? l.Array[row] : ((Int32Column)key).Array[row]))
            {
                if (!fromEarlierRelease) Reject(batch, row, Table.Columns[Table.Key].Name, "key-duplicate");
                continue;
            }
            if (Places is not null && key is Int64Column k) Places.Add(k.Array[row], rank);
            var shard = rank < 0 ? sharedAt : rank >> 16;
            if (rowsOf[shard].Count == 0) touched.Add(shard);
            rowsOf[shard].Add(row);
            if (rank >= 0) ordinalsOf[shard].Add(rank & 0xFFFF);
        }
        foreach (var shard in touched)
        {
            var rows = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(rowsOf[shard]);
            var ordinals = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(ordinalsOf[shard]);
            Accepted += rows.Length;
            // All of one shard, as they are of a small hospital and of a night's increment.
            if (batch.IsHandedOver && rows.Length == batch.Rows && shards[shard].TryTakeOver(batch, ordinals, out var grown)) Buffered += grown;
            else Buffered += shards[shard].Append(batch, rows, ordinals);
            rowsOf[shard].Clear();
            ordinalsOf[shard].Clear();
        }
        touched.Clear();
    }

    void Reject(Batch batch, int row, string field, string reason)
    {
        var person = batch.About?.Array[row];
        reject(new(Table.Name, batch.SourceFile, batch.Line(row), field, reason, person, RowText.Of(batch, row)));
    }

    /// <summary>Seals every row held in memory on disk.</summary>
    public void SpillAll()
    {
        spill ??= openSpill();
        for (var s = 0; s < shards.Length; s++)
            foreach (var piece in shards[s].Take())
            {
                spill.Add(s, piece);
                piece.Release();
            }
        Buffered = 0;
    }

    /// <summary>No more rows come: the keys seen are let go, and where rows are on disk the others join them, so that memory is left for the shards to come back one by one.</summary>
    public void Complete()
    {
        keys?.Release();
        if (spill is not null) SpillAll();
    }

    /// <summary>Memory that sorting and writing a shard takes beyond what it holds now, in bytes, roughly.</summary>
    public long Weight(int shard)
    {
        var sorting = (Table == Cdm54.SourceRecord ? 4 : 2) * (sizeof(ulong) + sizeof(int)); // records are sorted by their keys too
        var at = At(shard);
        return spill?.Bytes(at) + (long)sorting * spill?.Rows(at) ?? (long)sorting * shards[at].Rows;
    }

    /// <summary>Whether a shard's rows wait on disk and do not fit in memory together.</summary>
    /// <param name="memory">Bytes they may take.</param>
    public bool IsLarge(int shard, long memory) => spill?.Rows(At(shard)) >= LargeShard.LeastRows && Weight(shard) > memory;

    /// <summary>Writes a shard on disk whose rows do not fit in memory together.</summary>
    /// <param name="to">Its number in the release.</param>
    /// <param name="memory">Bytes its rows may take at once.</param>
    public List<LakeFile> WriteLarge(TenantLake lake, string keyGroup, int shard, int to, long memory, CancellationToken cancel) =>
        new LargeShard(Table, shelf).Write(lake, keyGroup, spill!, At(shard), to, Weight(shard), memory, openSpill, cancel);

    /// <summary>The shards that have rows, <see cref="Shared"/> for shared ones.</summary>
    public IEnumerable<int> Shards() => Enumerable.Range(0, shards.Length).Where(s => shards[s].Rows > 0 || spill?.Holds(s) == true).Select(s => s == sharedAt ? Shared : s);

    int At(int shard) => shard == Shared ? sharedAt : shard;

    /// <summary>Hands over a shard's rows, in the order they came. Call after <see cref="Complete"/>.</summary>
    public Pieces Take(int shard)
    {
        var at = At(shard);
        if (spill?.Holds(at) != true) return shards[at];
        var whole = new Pieces(Table, shelf);
        foreach (var piece in spill.Read(Table, at)) whole.Append(piece.Rows, Ascending.AsSpan(0, piece.Rows.Rows), piece.Ordinals.Values);
        return whole;
    }

    static readonly int[] Ascending = [.. Enumerable.Range(0, Pieces.PieceRows)];

    public void Dispose() => spill?.Dispose();
}

/// <summary>Where rows of a parent table live: rank of the person by the row's key.</summary>
sealed class ParentIndex
{
    readonly Dictionary<long, int> ranks = [];

    public void Add(long key, int rank) => ranks[key] = rank;

    public int Rank(long key) => ranks.TryGetValue(key, out var rank) ? rank : -1;
}
