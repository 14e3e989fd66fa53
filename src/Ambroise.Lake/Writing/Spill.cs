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
    const int TagBytes = 16;
    readonly FileStream file;
    readonly AesGcm gcm = new(RandomNumberGenerator.GetBytes(32), TagBytes);
    readonly Dictionary<int, List<(long At, int Length, ulong Nonce, int Rows)>> runs = [];
    readonly Lock gate = new();
    ulong nonce;
    long end;

    readonly ArrayShelf shelf;
    byte[] plain = [], closed = [];

    public Spill(string path, ArrayShelf shelf) => (this.shelf, file) = (shelf, PrivateFile.Create(path, FileOptions.DeleteOnClose));

    /// <summary>Seals a piece on disk; its memory may be used again afterwards.</summary>
    public void Add(int shard, Pieces.Piece piece)
    {
        lock (gate)
        {
            var length = 0;
            foreach (var column in piece.Rows.Columns.Append(piece.Ordinals)) Save(column, ref length);
            Room(ref closed, length + TagBytes, 0);
            gcm.Encrypt(Nonce(nonce), plain.AsSpan(0, length), closed.AsSpan(0, length), closed.AsSpan(length, TagBytes));
            if (!runs.TryGetValue(shard, out var list)) runs[shard] = list = [];
            list.Add((end, length + TagBytes, nonce++, piece.Rows.Rows));
            RandomAccess.Write(file.SafeFileHandle, closed.AsSpan(0, length + TagBytes), end);
            end += length + TagBytes;
        }
    }

    public bool Holds(int shard) => runs.ContainsKey(shard);

    /// <summary>Bytes that a shard's rows will take in memory, roughly.</summary>
    public long Bytes(int shard) => runs.TryGetValue(shard, out var list) ? list.Sum(r => (long)r.Length) : 0;

    public int Rows(int shard) => runs.TryGetValue(shard, out var list) ? list.Sum(r => r.Rows) : 0;

    /// <returns>The pieces of a shard in the order they were added, each to be used before the next is asked for.</returns>
    public IEnumerable<Pieces.Piece> Read(CdmTable table, int shard)
    {
        if (!runs.TryGetValue(shard, out var list)) yield break;
        var piece = new Pieces.Piece(new Batch(table, 0, shelf), new Int32Column(0, shelf));
        foreach (var (at, length, number, _) in list)
        {
            lock (gate)
            {
                Room(ref closed, length, 0);
                Room(ref plain, length, 0);
                for (var read = 0; read < length;)
                    read += RandomAccess.Read(file.SafeFileHandle, closed.AsSpan(read, length - read), at + read) is var some and > 0 ? some : throw new EndOfStreamException();
                gcm.Decrypt(Nonce(number), closed.AsSpan(0, length - TagBytes), closed.AsSpan(length - TagBytes, TagBytes), plain.AsSpan(0, length - TagBytes));
                piece.Rows.Clear();
                piece.Ordinals.Clear();
                ReadOnlySpan<byte> from = plain.AsSpan(0, length - TagBytes);
                foreach (var column in piece.Rows.Columns.Append(piece.Ordinals)) from = from[Load(from, column)..];
            }
            yield return piece;
        }
        piece.Release();
    }

    static byte[] Nonce(ulong number)
    {
        var bytes = new byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, number);
        return bytes;
    }

    void Save(Column column, ref int length)
    {
        // A column without a value is its length alone.
        Put(MemoryMarshal.AsBytes<int>([column.Count, column.IsAbsent ? 1 : 0]), ref length);
        if (column.IsAbsent) return;
        switch (column)
        {
            case Int32Column c: Put(MemoryMarshal.AsBytes(c.Values), ref length); break;
            case Int64Column c: Put(MemoryMarshal.AsBytes(c.Values), ref length); break;
            case Float64Column c: Put(MemoryMarshal.AsBytes(c.Values), ref length); break;
            case TextColumn c:
                for (var row = 0; row < c.Count; row++)
                {
                    var (start, bytes) = c.Range(row);
                    Put(MemoryMarshal.AsBytes<int>([bytes]), ref length);
                    if (bytes > 0) Put(c.Arena.AsSpan(start, bytes), ref length);
                }
                break;
        }
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

    static int Load(ReadOnlySpan<byte> from, Column column)
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
            case Int32Column c: from.Slice(at, 4 * count).CopyTo(MemoryMarshal.AsBytes(c.AppendSpan(count))); return at + 4 * count;
            case Int64Column c: from.Slice(at, 8 * count).CopyTo(MemoryMarshal.AsBytes(c.AppendSpan(count))); return at + 8 * count;
            case Float64Column c: from.Slice(at, 8 * count).CopyTo(MemoryMarshal.AsBytes(c.AppendSpan(count))); return at + 8 * count;
            default:
                var text = (TextColumn)column;
                for (var row = 0; row < count; row++)
                {
                    var length = BinaryPrimitives.ReadInt32LittleEndian(from[at..]);
                    at += 4;
                    if (length < 0) text.AppendNull();
                    else text.Append(from.Slice(at, length));
                    at += Math.Max(0, length);
                }
                return at;
        }
    }

    public void Dispose()
    {
        gcm.Dispose();
        file.Dispose();
        CryptographicOperations.ZeroMemory(plain);
        if (plain.Length > 0) shelf.Give(plain);
        if (closed.Length > 0) shelf.Give(closed);
        (plain, closed) = ([], []);
    }
}
