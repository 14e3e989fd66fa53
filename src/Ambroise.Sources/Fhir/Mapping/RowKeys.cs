using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>A resource as rows name it.</summary>
/// <param name="Key">1 to 2^63 - 1.</param>
/// <param name="Check">32 further bits of the same code: two resources of one key differ here, and the load says so.</param>
readonly record struct ResourceKey(long Key, int Check);

/// <summary>Keys of rows: a keyed code of <c>Type/id</c>, the same in every load, that nobody turns back without the tenant's key. Never made from a business identifier.</summary>
/// <remarks>HMAC-SHA-256 (RFC 2104) cut to 63 bits. The last few thousand names are remembered. For one thread.</remarks>
sealed class RowKeys(ReadOnlyMemory<byte> key) : IDisposable
{
    // One hash used again and again: setting one up anew costs more than the hash itself.
    readonly IncrementalHash hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key.Span);
    const int Remembered = 1 << 13;
    readonly (byte[]? Name, ResourceKey Key)[] recent = new (byte[]?, ResourceKey)[Remembered];

    /// <param name="name"><c>Type/id</c>, or a conditional reference.</param>
    public ResourceKey Of(ReadOnlySpan<byte> name)
    {
        ref var slot = ref recent[System.IO.Hashing.XxHash3.HashToUInt64(name) % Remembered];
        if (slot.Name is { } known && name.SequenceEqual(known)) return slot.Key;
        Span<byte> code = stackalloc byte[HMACSHA256.HashSizeInBytes];
        hash.AppendData(name);
        hash.TryGetHashAndReset(code, out _);
        var cut = BinaryPrimitives.ReadInt64BigEndian(code) & long.MaxValue;
        slot = (name.ToArray(), new(cut == 0 ? 1 : cut, BinaryPrimitives.ReadInt32BigEndian(code[8..])));
        return slot.Key;
    }

    public ResourceKey Of(ReadOnlySpan<byte> type, ReadOnlySpan<byte> id)
    {
        Span<byte> name = type.Length + id.Length < 256 ? stackalloc byte[type.Length + 1 + id.Length] : new byte[type.Length + 1 + id.Length];
        type.CopyTo(name);
        name[type.Length] = (byte)'/';
        id.CopyTo(name[(type.Length + 1)..]);
        return Of(name);
    }

    public void Dispose() => hash.Dispose();
}
