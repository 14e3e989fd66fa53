using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Sealing;

namespace Ambroise.Lake.Writing;

/// <summary>Rows set aside on disk while a table loads, sealed under a key that lives in this process alone: after a crash nobody can read them.</summary>
sealed class Spill : IDisposable
{
    readonly ScratchFile file;
    readonly Dictionary<int, List<(ScratchFile.Place At, int Rows, long InMemory)>> runs = [];
    readonly Lock gate = new();
    readonly ArrayShelf shelf;
    byte[] plain = [];
    long[] numbers = [];
    LongTexts? apart;

    /// <summary>In the place of a length: the text lies apart.</summary>
    const int Apart = -2;

    /// <param name="name">What the file's name begins with.</param>
    public Spill(string folder, string name, ArrayShelf shelf) => (this.shelf, file) = (shelf, new(folder, name, shelf));

    /// <summary>Seals a piece on disk; its memory may be used again afterwards.</summary>
    public void Add(int shard, Pieces.Piece piece)
    {
        lock (gate)
        {
            var length = 0;
            foreach (var column in Saved(piece)) Save(column, ref length);
            if (!runs.TryGetValue(shard, out var list)) runs[shard] = list = [];
            list.Add((file.Write(plain.AsSpan(0, length)), piece.Rows.Rows, piece.Rows.Bytes + 4L * piece.Ordinals.Count));
        }
    }

    public bool Holds(int shard) => runs.ContainsKey(shard);

    /// <summary>Bytes that a shard's rows will take in memory, roughly.</summary>
    public long Bytes(int shard) => runs.TryGetValue(shard, out var list) ? list.Sum(r => r.InMemory) : 0;

    public int Rows(int shard) => runs.TryGetValue(shard, out var list) ? list.Sum(r => r.Rows) : 0;

    /// <returns>The pieces of a shard in the order they were added, each to be used before the next is asked for.</returns>
    public IEnumerable<Pieces.Piece> Read(CdmTable table, int shard)
    {
        if (!runs.TryGetValue(shard, out var list)) yield break;
        var piece = new Pieces.Piece(new Batch(table, 0, shelf), new Int32Column(0, shelf));
        foreach (var (at, _, _) in list)
        {
            lock (gate)
            {
                Room(ref plain, at.Length, 0);
                file.Read(at, plain.AsSpan(0, at.Length));
                foreach (var column in Saved(piece)) column.Clear();
                ReadOnlySpan<byte> from = plain.AsSpan(0, at.Length);
                foreach (var column in Saved(piece)) from = from[Load(from, column)..];
            }
            yield return piece;
        }
        piece.Release();
    }

    static IEnumerable<Column> Saved(Pieces.Piece piece) => piece.Rows.Columns.Append(piece.Ordinals).Append(piece.Rows.Persons);

    void Save(Column column, ref int length)
    {
        // A column without a value is its length alone.
        Put(MemoryMarshal.AsBytes<int>([column.Count, column.IsAbsent ? 1 : 0]), ref length);
        if (column.IsAbsent) return;
        var wide = Numbers(column.Count);
        switch (column)
        {
            case Int32Column c:
                for (var row = 0; row < wide.Length; row++) wide[row] = c.Values[row] is var value && value == Null.Int32 ? Null.Int64 : value;
                PutNumbers(wide, ref length);
                break;
            case Int64Column c: PutNumbers(c.Values, ref length); break;
            case Float64Column c: Put(MemoryMarshal.AsBytes(c.Values), ref length); break;
            case TextColumn c:
                var bytes = 0;
                for (var row = 0; row < wide.Length; row++)
                {
                    var range = c.RangeAt(row);
                    wide[row] = TextColumn.IsApart(range) ? Apart : range < 0 ? -1 : (int)range;
                    bytes += wide[row] == Apart ? LongTexts.PlaceBytes : Math.Max(0, (int)range);
                }
                if (c.Apart is { } store && (apart ??= store) != store) throw new InvalidOperationException("The texts of all rows lie in one place.");
                PutNumbers(wide, ref length);
                Room(ref plain, length + bytes, length);
                for (var row = 0; row < wide.Length; row++)
                {
                    var (start, some) = ((int)(c.RangeAt(row) >> 32), wide[row] == Apart ? LongTexts.PlaceBytes : (int)wide[row]);
                    if (some <= 0) continue;
                    c.Arena.AsSpan(start, some).CopyTo(plain.AsSpan(length));
                    length += some;
                }
                break;
        }
    }

    Span<long> Numbers(int count)
    {
        if (numbers.Length < count)
        {
            if (numbers.Length > 0) shelf.Give(numbers);
            numbers = shelf.Take<long>(count);
        }
        return numbers.AsSpan(0, count);
    }

    void PutNumbers(ReadOnlySpan<long> values, ref int length)
    {
        Room(ref plain, length + NarrowNumbers.Most(values.Length), length);
        length += NarrowNumbers.Write(values, plain.AsSpan(length));
    }

    void Put(ReadOnlySpan<byte> bytes, ref int length)
    {
        Room(ref plain, length + bytes.Length, length);
        bytes.CopyTo(plain.AsSpan(length));
        length += bytes.Length;
    }

    void Room(ref byte[] buffer, int needed, int kept)
    {
        if (needed <= buffer.Length) return;
        var larger = shelf.Take<byte>((int)Math.Min(System.Array.MaxLength, Math.Max(needed, 2L * buffer.Length)));
        buffer.AsSpan(0, kept).CopyTo(larger);
        if (buffer.Length > 0) shelf.Give(buffer);
        buffer = larger;
    }

    int Load(ReadOnlySpan<byte> from, Column column)
    {
        var count = BinaryPrimitives.ReadInt32LittleEndian(from);
        var absent = BinaryPrimitives.ReadInt32LittleEndian(from[4..]) != 0;
        var at = 8;
        if (absent)
        {
            column.AppendNulls(count);
            return at;
        }
        switch (column)
        {
            case Int32Column c:
                var wide = Numbers(count);
                at += NarrowNumbers.Read(from[at..], wide);
                var values = c.AppendSpan(count);
                for (var row = 0; row < count; row++) values[row] = wide[row] == Null.Int64 ? Null.Int32 : (int)wide[row];
                return at;
            case Int64Column c: return at + NarrowNumbers.Read(from[at..], c.AppendSpan(count));
            case Float64Column c: from.Slice(at, 8 * count).CopyTo(MemoryMarshal.AsBytes(c.AppendSpan(count))); return at + 8 * count;
            default:
                var text = (TextColumn)column;
                var lengths = Numbers(count);
                at += NarrowNumbers.Read(from[at..], lengths);
                foreach (var length in lengths)
                {
                    var some = from.Slice(at, length == Apart ? LongTexts.PlaceBytes : Math.Max(0, (int)length));
                    if (length == Apart) text.AppendPlace(some, apart!);
                    else if (length < 0) text.AppendNull();
                    else text.Append(some);
                    at += some.Length;
                }
                return at;
        }
    }

    public void Dispose()
    {
        file.Dispose();
        CryptographicOperations.ZeroMemory(plain);
        if (plain.Length > 0) shelf.Give(plain);
        if (numbers.Length > 0)
        {
            numbers.AsSpan().Clear();
            shelf.Give(numbers);
        }
        (plain, numbers) = ([], []);
    }
}
