using System.Security.Cryptography;
using System.Text;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Sealing;

namespace Ambroise.Lake.Writing;

/// <summary>Sorts a shard's rows of one table and seals them: one file of the analytic columns and, where there are any, one of the identities and one of the places in the source, row for row.</summary>
static class ShardFiles
{
    /// <param name="keyGroup">Key group of the release, e.g. <c>r3</c>.</param>
    /// <param name="shelf">Lends the memory for sorting and gathering.</param>
    public static List<LakeFile> Write(TenantLake lake, string keyGroup, Pieces rows, int shard, ArrayShelf shelf)
    {
        var order = ShardOrder.Of(rows, shelf);
        try
        {
            return Write(lake, keyGroup, rows, shard, order, shelf);
        }
        finally
        {
            order.Release(shelf);
        }
    }

    static List<LakeFile> Write(TenantLake lake, string keyGroup, Pieces rows, int shard, ShardOrder order, ArrayShelf shelf)
    {
        var columns = rows.Table.Columns;
        var analytic = columns.Where(c => c.Sensitivity is Sensitivity.Analytic or Sensitivity.FreeText).Select(c => c.Ordinal).ToList();
        var metadata = new Dictionary<string, string> { ["ambroise.table"] = rows.Table.Name, ["ambroise.runs"] = RunsText.Encode(order.Runs) };
        var files = new List<LakeFile> { Save(lake, keyGroup, rows, shard, order, rows.Table.Name, FilePart.Analytic, analytic, metadata, shelf) };

        Beside(Sensitivity.Identity, FilePart.Identity, "identity");
        Beside(Sensitivity.Trace, FilePart.Trace, "trace");
        return files;

        void Beside(Sensitivity sensitivity, FilePart part, string suffix)
        {
            var apart = columns.Where(c => c.Sensitivity == sensitivity).Select(c => c.Ordinal).ToList();
            if (apart.All(c => rows.All.All(p => p.Rows.Columns[c].IsAbsent || Enumerable.Range(0, p.Rows.Rows).All(p.Rows.Columns[c].IsNull)))) return;
            if (rows.Table.Key >= 0) apart.Insert(0, rows.Table.Key);
            files.Add(Save(lake, keyGroup, rows, shard, order, $"{rows.Table.Name}.{suffix}", part, apart, new() { ["ambroise.table"] = rows.Table.Name }, shelf));
        }
    }

    static LakeFile Save(TenantLake lake, string keyGroup, Pieces rows, int shard, ShardOrder order, string name, FilePart part, List<int> columns, Dictionary<string, string> metadata, ArrayShelf shelf)
    {
        var folder = shard == TableLoad.Shared ? "shards/shared" : $"shards/{shard}";
        var path = $"{folder}/{name}-{keyGroup}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}.parquet";
        var full = Path.Combine(lake.Folder, path);
        PrivateFile.CreateFolder(Path.GetDirectoryName(full)!);
        var hash = new System.IO.Hashing.XxHash128();
        DataKey Key(string of) => new($"{keyGroup}/{of}", lake.Keys.Get(keyGroup, of));
        using var stream = new HashingStream(PrivateFile.Create(full), shelf);
        TableFileWriter.Write(stream, rows, order.Rows.Span, columns, new(Key(name), Key($"{rows.Table.Name}.text")), metadata, hash, shelf);
        stream.Finish();
        DateOnly? Day(int days) => order.First == Null.Int32 ? null : Days.Date(days);
        return new(path, rows.Table.Name, shard, part, keyGroup, order.Rows.Length, order.Patients, stream.Length, stream.Sha256, TableFileReader.FooterSha256(full),
            lake.Keyed(Encoding.UTF8.GetBytes($"{name}/{shard}/{order.Rows.Length}/{Convert.ToHexStringLower(hash.GetCurrentHash())}")), Day(order.First), Day(order.Last));
    }
}
