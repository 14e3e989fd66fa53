using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Sealing;

namespace Ambroise.Lake.Writing;

/// <summary>Rows of one table bound for one shard, in the order they came, cut into pieces of at most <see cref="PieceRows"/> so that no array doubles for long:
/// row <c>r</c> is at <c>r % PieceRows</c> of piece <c>r / PieceRows</c>. Where batches were taken over that fill no piece, no row has the numbers in between.</summary>
/// <param name="shelf">Where the rows' memory comes from and goes back to; null for the collector's.</param>
/// <param name="apart">Where long texts go; null to hold them, unless rows come whose texts lie apart.</param>
sealed class Pieces(CdmTable table, ArrayShelf? shelf = null, LongTexts? apart = null)
{
    public const int PieceBits = 14, PieceRows = 1 << PieceBits, PieceMask = PieceRows - 1;

    /// <param name="Ordinals">The patient's ordinal for each row; empty for shared rows, whose <see cref="Batch.Persons"/> are not kept either.</param>
    public sealed record Piece(Batch Rows, Int32Column Ordinals)
    {
        public void Release()
        {
            Rows.Release();
            Ordinals.Release();
        }
    }

    /// <summary>A piece starts with room for as much text as the one before it held, no more than this a column: to grow there step by step took a fortieth of a load.</summary>
    const int MostExpected = 4 << 20;

    /// <summary>Fewer rows than this make no piece of their own: to copy them costs less than to keep them apart.</summary>
    public const int LeastTaken = PieceRows / 4;

    readonly List<Piece> pieces = [];
    readonly int[] textBytes = new int[table.Columns.Length];

    public CdmTable Table { get; } = table;
    public int Rows { get; private set; }
    public IReadOnlyList<Piece> All => pieces;

    /// <summary>Appends the named rows of a batch with their patients' ordinals.</summary>
    /// <returns>Bytes of memory this took.</returns>
    public long Append(Batch from, ReadOnlySpan<int> rows, ReadOnlySpan<int> ordinals)
    {
        long grown = 0;
        while (rows.Length > 0)
        {
            var piece = Last();
            var before = piece.Rows.Bytes;
            var take = Math.Min(rows.Length, PieceRows - piece.Rows.Rows);
            for (var c = 0; c < Table.Columns.Length; c++) piece.Rows.Columns[c].AppendFrom(from.Columns[c], rows[..take]);
            if (ordinals.Length > 0 && from.Persons.Count > 0) piece.Rows.Persons.AppendFrom(from.Persons, rows[..take]);
            if (ordinals.Length > 0)
            {
                ordinals[..take].CopyTo(piece.Ordinals.AppendSpan(take));
                ordinals = ordinals[take..];
            }
            grown += piece.Rows.Bytes - before + 4L * take;
            Rows += take;
            rows = rows[take..];
        }
        return grown;
    }

    /// <summary>Appends a whole batch.</summary>
    /// <returns>Bytes of memory this took.</returns>
    public long Append(Batch from, ReadOnlySpan<int> ordinals)
    {
        long grown = 0;
        for (var first = 0; first < from.Rows;)
        {
            var piece = Last();
            var before = piece.Rows.Bytes;
            var take = Math.Min(from.Rows - first, PieceRows - piece.Rows.Rows);
            for (var c = 0; c < Table.Columns.Length; c++) piece.Rows.Columns[c].AppendRange(from.Columns[c], first, take);
            if (ordinals.Length > 0 && from.Persons.Count > 0) piece.Rows.Persons.AppendRange(from.Persons, first, take);
            if (ordinals.Length > 0) ordinals.Slice(first, take).CopyTo(piece.Ordinals.AppendSpan(take));
            grown += piece.Rows.Bytes - before + 4L * take;
            Rows += take;
            first += take;
        }
        return grown;
    }

    /// <summary>Takes a whole batch's memory over instead of copying it: the batch is empty then. Only where it makes a piece of some size, and the one before is none that a few rows more would be added to.</summary>
    /// <param name="grown">Bytes of memory it holds.</param>
    public bool TryTakeOver(Batch from, ReadOnlySpan<int> ordinals, out long grown)
    {
        grown = 0;
        if (from.Rows is < LeastTaken or > PieceRows || pieces.Count > 0 && pieces[^1].Rows.Rows < LeastTaken) return false;
        var (count, persons) = (from.Rows, ordinals.Length > 0 && from.Persons.Count > 0);
        var piece = new Piece(new Batch(Table, 0, shelf, null, apart), new Int32Column(count, shelf));
        for (var c = 0; c < Table.Columns.Length; c++) piece.Rows.Columns[c].TakeOver(from.Columns[c]);
        if (persons) piece.Rows.Persons.TakeOver(from.Persons);
        if (ordinals.Length > 0) ordinals.CopyTo(piece.Ordinals.AppendSpan(count));
        pieces.Add(piece);
        Rows += count;
        grown = piece.Rows.Bytes + 4L * count;
        return true;
    }

    /// <summary>The piece that the next row belongs to.</summary>
    Piece Last()
    {
        if (pieces.Count == 0 || pieces[^1].Rows.Rows == PieceRows) Add();
        return pieces[^1];
    }

    void Add()
    {
        // Of most tables there is one small piece.
        var capacity = pieces.Count == 0 ? 0 : PieceRows;
        if (pieces.Count > 0)
            for (var c = 0; c < textBytes.Length; c++) textBytes[c] = pieces[^1].Rows.Columns[c] is TextColumn text ? Math.Min(MostExpected, text.TextBytes) : 0;
        pieces.Add(new(new Batch(Table, capacity, shelf, capacity == 0 ? null : textBytes, apart), new Int32Column(capacity, shelf)));
    }

    /// <summary>Drops the rows held and gives their memory back.</summary>
    public void Release()
    {
        foreach (var piece in Take()) piece.Release();
    }

    /// <summary>Hands over the rows held and starts again empty.</summary>
    public List<Piece> Take()
    {
        var taken = pieces.ToList();
        pieces.Clear();
        Rows = 0;
        return taken;
    }

    public int[][] Ordinals() => [.. pieces.Select(p => p.Ordinals.Array)];
    public int[][] Int32(int column) => [.. pieces.Select(p => ((Int32Column)p.Rows.Columns[column]).Array)];
    public long[][] Int64(int column) => [.. pieces.Select(p => ((Int64Column)p.Rows.Columns[column]).Array)];
    public double[][] Float64(int column) => [.. pieces.Select(p => ((Float64Column)p.Rows.Columns[column]).Array)];
    public TextColumn[] Text(int column) => [.. pieces.Select(p => (TextColumn)p.Rows.Columns[column])];
}
