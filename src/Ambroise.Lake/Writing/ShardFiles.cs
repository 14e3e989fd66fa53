using System.Security.Cryptography;
using System.Text;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Sealing;

namespace Ambroise.Lake.Writing;

/// <summary>Seals a shard's rows of one table: one file of the analytic columns and, where there are any, one of the identities and one of the places in the source, row for row; of records one of their keys too.</summary>
sealed class ShardFiles : IDisposable
{
    readonly List<SealedFile> files = [];
    readonly SealedFile? keys;
    readonly ArrayShelf shelf;
    int written;

    /// <param name="keyGroup">Key group of the release, e.g. <c>r3</c>.</param>
    /// <param name="shelf">Lends the memory in which values are gathered.</param>
    public ShardFiles(TenantLake lake, string keyGroup, CdmTable table, int shard, ShardFacts facts, ArrayShelf shelf)
    {
        this.shelf = shelf;
        try
        {
            var metadata = new Dictionary<string, string> { ["ambroise.table"] = table.Name, ["ambroise.runs"] = RunsText.Encode(facts.Runs) };
            if (facts.Whose is { } whose) metadata[PatientRuns.Name] = whose.Encode();
            Open(FilePart.Analytic, table.Name, metadata, Sensitivity.Analytic, Sensitivity.FreeText);
            Beside(Sensitivity.Identity, FilePart.Identity, "identity");
            Beside(Sensitivity.Trace, FilePart.Trace, "trace");
            if (table != Cdm54.SourceRecord) return;
            keys = new(lake, keyGroup, table, Cdm54.RecordKeys, shard, $"{table.Name}.keys", table.Name, FilePart.Keys, [.. Cdm54.RecordKeys.Columns.Select(c => c.Ordinal)],
                new(new bool[Cdm54.RecordKeys.Columns.Length], new bool[Cdm54.RecordKeys.Columns.Length], [], facts.Rows, 0, Null.Int32, Null.Int32), new() { ["ambroise.table"] = Cdm54.RecordKeys.Name }, shelf);
        }
        catch
        {
            Dispose();
            throw;
        }

        void Open(FilePart part, string name, Dictionary<string, string> metadata, params Sensitivity[] of)
        {
            var columns = table.Columns.Where(c => of.Contains(c.Sensitivity)).Select(c => c.Ordinal).ToList();
            if (part != FilePart.Analytic && table.Key >= 0) columns.Insert(0, table.Key);
            files.Add(new(lake, keyGroup, table, table, shard, name, name, part, columns, facts, metadata, shelf));
        }

        void Beside(Sensitivity sensitivity, FilePart part, string suffix)
        {
            if (table.Columns.Any(c => c.Sensitivity == sensitivity && !facts.IsEmpty[c.Ordinal])) Open(part, $"{table.Name}.{suffix}", new() { ["ambroise.table"] = table.Name }, sensitivity);
        }
    }

    /// <summary>Sorts rows that are all in memory, and seals them.</summary>
    public static List<LakeFile> Write(TenantLake lake, string keyGroup, Pieces rows, int shard, ArrayShelf shelf)
    {
        var order = ShardOrder.Of(rows, shelf);
        try
        {
            using var files = new ShardFiles(lake, keyGroup, rows.Table, shard, ShardFacts.Of(rows, order), shelf);
            files.Append(rows, order.Rows.Span);
            return files.Finish();
        }
        finally
        {
            order.Release(shelf);
        }
    }

    /// <summary>Appends the next rows in stored order: whole blocks, but the last.</summary>
    public void Append(Pieces rows, ReadOnlySpan<int> order)
    {
        foreach (var file in files) file.Append(rows, order);
        if (keys is not null) AppendKeys(keys, rows.Int64(rows.Table.Key), order);
        written += order.Length;
    }

    /// <summary>The same rows by key, with the block that each is in: rows appended together are in order.</summary>
    void AppendKeys(SealedFile to, long[][] ids, ReadOnlySpan<int> order)
    {
        var sorted = shelf.Take<ulong>(order.Length);
        for (var i = 0; i < order.Length; i++) sorted[i] = (ulong)ids[order[i] >> Pieces.PieceBits][order[i] & Pieces.PieceMask];
        var places = RowOrder.Sort(sorted, order.Length, shelf, areSpread: true);
        var (byKey, batch) = (new Pieces(Cdm54.RecordKeys, shelf), new Batch(Cdm54.RecordKeys, Pieces.PieceRows, shelf));
        for (int from = 0, some; from < order.Length; from += some, batch.Clear())
        {
            some = Math.Min(Pieces.PieceRows, order.Length - from);
            var key = batch.Int64("source_record_id").AppendSpan(some);
            var block = batch.Int32("block").AppendSpan(some);
            for (var i = 0; i < some; i++) (key[i], block[i]) = ((long)sorted[from + i], (written + places[from + i]) / IShardTable.BlockRows);
            byKey.Append(batch, []);
        }
        for (var i = 0; i < order.Length; i++) places[i] = i;
        to.Append(byKey, places.AsSpan(0, order.Length));
        batch.Release();
        byKey.Release();
        shelf.Give(sorted);
        shelf.Give(places);
    }

    public List<LakeFile> Finish() => [.. files.Select(f => f.Finish()), .. keys is null ? (ReadOnlySpan<LakeFile>)[] : [keys.Finish()]];

    public void Dispose()
    {
        foreach (var file in files) file.Dispose();
        keys?.Dispose();
    }

    sealed class SealedFile : IDisposable
    {
        readonly System.IO.Hashing.XxHash128 hash = new();
        readonly TenantLake lake;
        readonly string name, path, keyGroup, table;
        readonly int shard;
        readonly FilePart part;
        readonly ShardFacts facts;
        readonly HashingStream stream;
        readonly TableFileWriter writer;

        /// <param name="table">The table of the release that it belongs to.</param>
        /// <param name="holds">What its rows are rows of.</param>
        /// <param name="key">Name of the data key that seals it.</param>
        public SealedFile(TenantLake lake, string keyGroup, CdmTable table, CdmTable holds, int shard, string name, string key, FilePart part, List<int> columns, ShardFacts facts, Dictionary<string, string> metadata, ArrayShelf shelf)
        {
            (this.lake, this.name, this.keyGroup, this.table, this.shard, this.part, this.facts) = (lake, name, keyGroup, table.Name, shard, part, facts);
            path = $"{(shard == TableLoad.Shared ? "shards/shared" : $"shards/{shard}")}/{name}-{keyGroup}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}.parquet";
            var full = Path.Combine(lake.Folder, path);
            PrivateFile.CreateFolder(Path.GetDirectoryName(full)!);
            DataKey Key(string of) => new($"{keyGroup}/{of}", lake.Keys.Get(keyGroup, of));
            stream = new(PrivateFile.Create(full), shelf);
            try
            {
                writer = new(stream, holds, columns, facts, new(Key(key), Key($"{table.Name}.text")), metadata, hash, shelf);
            }
            catch
            {
                stream.Dispose();
                throw;
            }
        }

        public void Append(Pieces rows, ReadOnlySpan<int> order) => writer.Append(rows, order);

        public LakeFile Finish()
        {
            writer.Finish();
            stream.Finish();
            DateOnly? Day(int days) => facts.First == Null.Int32 ? null : Days.Date(days);
            return new(path, table, shard, part, keyGroup, facts.Rows, facts.Patients, stream.Length, stream.Sha256, TableFileReader.FooterSha256(Path.Combine(lake.Folder, path)),
                part == FilePart.Keys ? "" : lake.Keyed(Encoding.UTF8.GetBytes($"{name}/{shard}/{facts.Rows}/{Convert.ToHexStringLower(hash.GetCurrentHash())}")), Day(facts.First), Day(facts.Last));
        }

        public void Dispose()
        {
            writer.Dispose();
            stream.Dispose();
        }
    }
}
