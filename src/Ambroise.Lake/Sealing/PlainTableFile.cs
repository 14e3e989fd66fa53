using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Writing;

namespace Ambroise.Lake.Sealing;

/// <summary>A plain Parquet file of one table, written a batch at a time: for synthetic data, or into a stream that seals what passes. Never a patient's in the clear.</summary>
public sealed class PlainTableFile : IDisposable
{
    readonly Stream to;
    readonly TableFileWriter writer;
    readonly CdmTable table;

    public PlainTableFile(string path, CdmTable table)
    {
        this.table = table;
        to = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        writer = new(to, table);
    }

    /// <param name="to">Takes the file from its current position on; closed with this.</param>
    public PlainTableFile(Stream to, CdmTable table)
    {
        (this.to, this.table) = (to, table);
        writer = new(to, table);
    }

    /// <summary>Appends the batch as row groups.</summary>
    public void Append(Batch batch)
    {
        var order = new int[Math.Min(batch.Rows, Reading.IShardTable.BlockRows)];
        for (var from = 0; from < batch.Rows; from += order.Length)
        {
            var rows = order.AsSpan(0, Math.Min(order.Length, batch.Rows - from));
            for (var i = 0; i < rows.Length; i++) rows[i] = from + i;
            var pieces = new Pieces(table);
            pieces.Append(batch, rows, []);
            for (var i = 0; i < rows.Length; i++) rows[i] = i;
            writer.Append(pieces, rows);
        }
    }

    public void Dispose()
    {
        writer.Finish();
        writer.Dispose();
        to.Dispose();
    }
}
