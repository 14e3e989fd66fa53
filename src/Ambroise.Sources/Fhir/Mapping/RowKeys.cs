namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>A resource as rows name it.</summary>
/// <param name="Key">1 to 2^63 - 1.</param>
/// <param name="Check">32 further bits of the same code: two resources of one key differ here, and the load says so.</param>
readonly record struct ResourceKey(long Key, int Check);

/// <summary>Keys of rows: a keyed code of <c>Type/id</c>, the same in every load, that nobody turns back without the tenant's key. Never made from a business identifier.</summary>
/// <remarks>HMAC-SHA-256 (RFC 2104) cut to 63 bits. The last few thousand names are remembered. For one thread.</remarks>
sealed class RowKeys(ReadOnlyMemory<byte> key) : IDisposable
{
    const int Remembered = 1 << 16;

    /// <summary>Room for a name that one block of the hash holds; longer ones are not remembered.</summary>
    const int Room = 56;

    readonly KeyedHash hash = new(key.Span);
    readonly byte[] names = new byte[Remembered * Room], lengths = new byte[Remembered];
    readonly ResourceKey[] keys = new ResourceKey[Remembered];
    readonly byte[] foreseenNames = new byte[KeyedHash.Lanes * Room];
    readonly int[] foreseenLengths = new int[KeyedHash.Lanes];
    readonly ResourceKey[] foreseenKeys = new ResourceKey[KeyedHash.Lanes];
    int foreseen, ready, asked;

    /// <param name="name"><c>Type/id</c>, or a conditional reference.</param>
    public ResourceKey Of(ReadOnlySpan<byte> name)
    {
        if (name.Length is 0 or > KeyedHash.OneBlock) return Cut(hash.Of(name));
        if (TryFind(name, out var slot)) return keys[slot];
        Remember(slot, name);
        return keys[slot] = Cut(hash.Of(name));
    }

    /// <summary>A server's code by its base address. It is one over http and https, whatever the case of its name, with and without a slash at its end.</summary>
    public long OfServer(string address) => Of(System.Text.Encoding.UTF8.GetBytes($"Server {(Uri.TryCreate(address, UriKind.Absolute, out var server) ? $"{server.Host}{(server.IsDefaultPort ? "" : $":{server.Port}")}{server.AbsolutePath}" : address).TrimEnd('/').ToLowerInvariant()}")).Key;

    public ResourceKey Of(ReadOnlySpan<byte> type, ReadOnlySpan<byte> id)
    {
        Span<byte> name = type.Length + id.Length < 256 ? stackalloc byte[type.Length + 1 + id.Length] : new byte[type.Length + 1 + id.Length];
        Join(type, id, name);
        return Of(name);
    }

    /// <summary>The key of a resource of one's own: it is asked for once, so that it is not remembered; what was foreseen is there.</summary>
    public ResourceKey Own(ReadOnlySpan<byte> type, ReadOnlySpan<byte> id)
    {
        Span<byte> name = type.Length + id.Length < 256 ? stackalloc byte[type.Length + 1 + id.Length] : new byte[type.Length + 1 + id.Length];
        Join(type, id, name);
        for (var at = asked; at < ready; at++) // in the order in which they were foreseen, with gaps
            if (name.SequenceEqual(foreseenNames.AsSpan(at * Room, foreseenLengths[at])))
            {
                asked = at + 1;
                return foreseenKeys[at];
            }
        return Cut(hash.Of(name));
    }

    /// <summary>Says which resource will be asked for next: up to <see cref="KeyedHash.Lanes"/> are hashed side by side, by <see cref="HashForeseen"/>, in little more time than one.</summary>
    /// <remarks>What was foreseen before is forgotten once it was hashed.</remarks>
    public void Foresee(ReadOnlySpan<byte> type, ReadOnlySpan<byte> id)
    {
        ready = 0;
        var length = type.Length + 1 + id.Length;
        if (foreseen == KeyedHash.Lanes || length > KeyedHash.OneBlock) return;
        var name = foreseenNames.AsSpan(foreseen * Room, length);
        Join(type, id, name);
        hash.Put(foreseen, name);
        foreseenLengths[foreseen++] = length;
    }

    public void HashForeseen()
    {
        if (foreseen == 0) return;
        hash.Run();
        for (var lane = 0; lane < foreseen; lane++) foreseenKeys[lane] = Cut(hash.Code(lane));
        (asked, ready, foreseen) = (0, foreseen, 0);
    }

    static void Join(ReadOnlySpan<byte> type, ReadOnlySpan<byte> id, Span<byte> name)
    {
        type.CopyTo(name);
        name[type.Length] = (byte)'/';
        id.CopyTo(name[(type.Length + 1)..]);
    }

    bool TryFind(ReadOnlySpan<byte> name, out int slot)
    {
        slot = (int)(System.IO.Hashing.XxHash3.HashToUInt64(name) % Remembered);
        return lengths[slot] == name.Length && name.SequenceEqual(names.AsSpan(slot * Room, name.Length));
    }

    void Remember(int slot, ReadOnlySpan<byte> name)
    {
        name.CopyTo(names.AsSpan(slot * Room));
        lengths[slot] = (byte)name.Length;
    }

    static ResourceKey Cut((uint First, uint Second, uint Third) code)
    {
        var cut = (long)((ulong)code.First << 32 | code.Second) & long.MaxValue;
        return new(cut == 0 ? 1 : cut, (int)code.Third);
    }

    public void Dispose()
    {
        hash.Dispose();
        names.AsSpan().Clear();
        foreseenNames.AsSpan().Clear();
    }
}
