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
    readonly Dictionary<int, List<(long At, int Length, ulong Nonce)>> runs = [];
    readonly Lock gate = new();
    ulong nonce;

    public Spill(string path) => file = PrivateFile.Create(path, FileOptions.DeleteOnClose);

    public void Add(int shard, Pieces.Piece piece)
    {
        var plain = new MemoryStream((int)Math.Min(int.MaxValue / 2, piece.Rows.Bytes + 64));
        foreach (var column in piece.Rows.Columns.Append(piece.Ordinals)) Save(plain, column);
        var sealedBytes = new byte[plain.Length + TagBytes];
        lock (gate)
        {
            gcm.Encrypt(Nonce(nonce), plain.GetBuffer().AsSpan(0, (int)plain.Length), sealedBytes.AsSpan(0, (int)plain.Length), sealedBytes.AsSpan((int)plain.Length));
            CryptographicOperations.ZeroMemory(plain.GetBuffer());
            if (!runs.TryGetValue(shard, out var list)) runs[shard] = list = [];
            list.Add((file.Length, sealedBytes.Length, nonce++));
            file.Seek(0, SeekOrigin.End);
            file.Write(sealedBytes);
        }
    }

    public bool Holds(int shard) => runs.ContainsKey(shard);

    /// <returns>The pieces of a shard in the order they were added.</returns>
    public IEnumerable<Pieces.Piece> Read(CdmTable table, int shard)
    {
        if (!runs.TryGetValue(shard, out var list)) yield break;
        foreach (var (at, length, number) in list)
        {
            var sealedBytes = new byte[length];
            RandomAccess.Read(file.SafeFileHandle, sealedBytes, at);
            var plain = new byte[length - TagBytes];
            lock (gate) gcm.Decrypt(Nonce(number), sealedBytes.AsSpan(0, plain.Length), sealedBytes.AsSpan(plain.Length), plain);
            var rows = new Batch(table);
            var ordinals = new Int32Column();
            var from = plain.AsSpan();
            foreach (var column in rows.Columns.Append(ordinals)) from = from[Load(from, column)..];
            yield return new(rows, ordinals);
        }
    }

    static byte[] Nonce(ulong number)
    {
        var bytes = new byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, number);
        return bytes;
    }

    static void Save(MemoryStream to, Column column)
    {
        Span<byte> count = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(count, column.Count);
        to.Write(count);
        switch (column)
        {
            case Int32Column c: to.Write(MemoryMarshal.AsBytes(c.Values)); break;
            case Int64Column c: to.Write(MemoryMarshal.AsBytes(c.Values)); break;
            case Float64Column c: to.Write(MemoryMarshal.AsBytes(c.Values)); break;
            case TextColumn c:
                for (var row = 0; row < c.Count; row++)
                {
                    var (start, length) = c.Range(row);
                    BinaryPrimitives.WriteInt32LittleEndian(count, length);
                    to.Write(count);
                    if (length > 0) to.Write(c.Arena, start, length);
                }
                break;
        }
    }

    static int Load(ReadOnlySpan<byte> from, Column column)
    {
        var count = BinaryPrimitives.ReadInt32LittleEndian(from);
        var at = 4;
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
    }
}
