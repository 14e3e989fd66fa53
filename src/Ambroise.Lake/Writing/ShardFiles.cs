using System.Security.Cryptography;
using System.Text;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Sealing;

namespace Ambroise.Lake.Writing;

/// <summary>Seals a shard's rows of one table: one file of the analytic columns and, where there are any, one of the identities and one of the places in the source, row for row.</summary>
sealed class ShardFiles : IDisposable
{
    readonly List<SealedFile> files = [];

    /// <param name="keyGroup">Key group of the release, e.g. <c>r3</c>.</param>
    /// <param name="shelf">Lends the memory in which values are gathered.</param>
    public ShardFiles(TenantLake lake, string keyGroup, CdmTable table, int shard, ShardFacts facts, ArrayShelf shelf)
    {
        try
        {
            Open(FilePart.Analytic, table.Name, new() { ["ambroise.table"] = table.Name, ["ambroise.runs"] = RunsText.Encode(facts.Runs) }, Sensitivity.Analytic, Sensitivity.FreeText);
            Beside(Sensitivity.Identity, FilePart.Identity, "identity");
            Beside(Sensitivity.Trace, FilePart.Trace, "trace");
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
            files.Add(new(lake, keyGroup, table, shard, name, part, columns, facts, metadata, shelf));
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
    }

    public List<LakeFile> Finish() => [.. files.Select(f => f.Finish())];

    public void Dispose()
    {
        foreach (var file in files) file.Dispose();
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

        public SealedFile(TenantLake lake, string keyGroup, CdmTable table, int shard, string name, FilePart part, List<int> columns, ShardFacts facts, Dictionary<string, string> metadata, ArrayShelf shelf)
        {
            (this.lake, this.name, this.keyGroup, this.table, this.shard, this.part, this.facts) = (lake, name, keyGroup, table.Name, shard, part, facts);
            path = $"{(shard == TableLoad.Shared ? "shards/shared" : $"shards/{shard}")}/{name}-{keyGroup}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}.parquet";
            var full = Path.Combine(lake.Folder, path);
            PrivateFile.CreateFolder(Path.GetDirectoryName(full)!);
            DataKey Key(string of) => new($"{keyGroup}/{of}", lake.Keys.Get(keyGroup, of));
            stream = new(PrivateFile.Create(full), shelf);
            try
            {
                writer = new(stream, table, columns, facts, new(Key(name), Key($"{table.Name}.text")), metadata, hash, shelf);
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
                lake.Keyed(Encoding.UTF8.GetBytes($"{name}/{shard}/{facts.Rows}/{Convert.ToHexStringLower(hash.GetCurrentHash())}")), Day(facts.First), Day(facts.Last));
        }

        public void Dispose()
        {
            writer.Dispose();
            stream.Dispose();
        }
    }
}
