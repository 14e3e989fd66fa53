using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>HMAC-SHA-256 of short texts, its first 96 bits: eight texts side by side, or one, which takes as long.</summary>
/// <remarks>RFC 2104 over FIPS 180-4. What the key makes of both hashes' first blocks is kept, so that a text of up to <see cref="OneBlock"/> bytes costs two blocks; the library's own hash spends several times that
/// on its way in and out. No secret steers a branch or an address.</remarks>
sealed class KeyedHash : IDisposable
{
    /// <summary>Texts that fit one block with its padding, in bytes.</summary>
    public const int OneBlock = 55;

    /// <summary>Texts hashed side by side.</summary>
    public const int Lanes = 8;

    const int Words = 16, BlockBytes = 64;

    static readonly uint[] Initial = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

    static readonly uint[] Rounds =
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    /// <summary>What each lane starts the inner and the outer hash with: the same in all.</summary>
    readonly Vector256<uint>[] inner, outer;
    readonly Vector256<uint>[] state = new Vector256<uint>[8], block = new Vector256<uint>[Words];

    public KeyedHash(ReadOnlySpan<byte> key)
    {
        Span<byte> padded = stackalloc byte[BlockBytes];
        padded.Clear();
        if (key.Length > BlockBytes) SHA256.HashData(key, padded);
        else key.CopyTo(padded);
        (inner, outer) = (Start(padded, 0x36), Start(padded, 0x5c));
        CryptographicOperations.ZeroMemory(padded);
    }

    Vector256<uint>[] Start(ReadOnlySpan<byte> key, byte pad)
    {
        Vector256<uint>[] hash = [.. Initial.Select(Vector256.Create)];
        for (var i = 0; i < Words; i++) block[i] = Vector256.Create(BinaryPrimitives.ReadUInt32BigEndian(key[(4 * i)..]) ^ pad * 0x01010101u);
        Compress(hash);
        return hash;
    }

    /// <returns>The first 12 bytes of the code as three words, the first in front.</returns>
    /// <remarks>Takes the first lane: what was put into it is gone.</remarks>
    public (uint First, uint Second, uint Third) Of(ReadOnlySpan<byte> text)
    {
        inner.CopyTo(state, 0);
        var rest = text;
        for (; rest.Length >= BlockBytes; rest = rest[BlockBytes..])
        {
            Load(0, rest);
            Compress(state);
        }
        Span<byte> last = stackalloc byte[2 * BlockBytes];
        var end = End(rest, text.Length, last);
        Load(0, last);
        if (end > BlockBytes)
        {
            Compress(state);
            Load(0, last[BlockBytes..]);
        }
        Finish();
        return Code(0);
    }

    /// <summary>Puts a text of at most <see cref="OneBlock"/> bytes into a lane.</summary>
    public void Put(int lane, ReadOnlySpan<byte> text)
    {
        Span<byte> last = stackalloc byte[2 * BlockBytes];
        End(text, text.Length, last);
        Load(lane, last);
    }

    /// <summary>Hashes what was put into the lanes; those nothing was put into hold what was there before.</summary>
    public void Run()
    {
        inner.CopyTo(state, 0);
        Finish();
    }

    /// <returns>As <see cref="Of"/>, of a lane.</returns>
    public (uint First, uint Second, uint Third) Code(int lane) => (state[0][lane], state[1][lane], state[2][lane]);

    /// <summary>The last block of the inner hash, then the outer hash of what came out.</summary>
    void Finish()
    {
        Compress(state);
        state.CopyTo(block, 0);
        outer.CopyTo(state, 0);
        block[8] = Vector256.Create(0x80000000u);
        block.AsSpan(9..(Words - 1)).Clear();
        block[Words - 1] = Vector256.Create(8u * (BlockBytes + 32));
        Compress(state);
    }

    /// <summary>What is left of a text after its whole blocks, with its padding.</summary>
    /// <returns>Bytes of one block or two.</returns>
    static int End(ReadOnlySpan<byte> rest, int length, Span<byte> last)
    {
        last.Clear();
        rest.CopyTo(last);
        last[rest.Length] = 0x80;
        var end = rest.Length <= OneBlock ? BlockBytes : 2 * BlockBytes;
        BinaryPrimitives.WriteUInt64BigEndian(last[(end - 8)..], 8UL * (ulong)(BlockBytes + length));
        return end;
    }

    /// <summary>Puts the first block of these bytes into a lane.</summary>
    void Load(int lane, ReadOnlySpan<byte> bytes)
    {
        var words = MemoryMarshal.Cast<Vector256<uint>, uint>(block.AsSpan());
        for (var i = 0; i < Words; i++) words[i * Lanes + lane] = BinaryPrimitives.ReadUInt32BigEndian(bytes[(4 * i)..]);
    }

    /// <summary>One block of each lane.</summary>
    void Compress(Vector256<uint>[] hash)
    {
        var w = block.AsSpan(0, Words);
        Vector256<uint> a = hash[0], b = hash[1], c = hash[2], d = hash[3], e = hash[4], f = hash[5], g = hash[6], h = hash[7];
        for (var round = 0; round < 64; round++)
        {
            var at = round & 15;
            if (round >= Words)
            {
                Vector256<uint> early = w[round + 1 & 15], late = w[round + 14 & 15];
                w[at] += (Right(early, 7) ^ Right(early, 18) ^ early >>> 3) + w[round + 9 & 15] + (Right(late, 17) ^ Right(late, 19) ^ late >>> 10);
            }
            var one = h + (Right(e, 6) ^ Right(e, 11) ^ Right(e, 25)) + (g ^ e & (f ^ g)) + Vector256.Create(Rounds[round]) + w[at];
            var two = (Right(a, 2) ^ Right(a, 13) ^ Right(a, 22)) + (a & b | c & (a | b));
            (h, g, f, e, d, c, b, a) = (g, f, e, d + one, c, b, a, one + two);
        }
        hash[0] += a;
        hash[1] += b;
        hash[2] += c;
        hash[3] += d;
        hash[4] += e;
        hash[5] += f;
        hash[6] += g;
        hash[7] += h;
    }

    static Vector256<uint> Right(Vector256<uint> words, int bits) => words >>> bits | words << 32 - bits;

    public void Dispose()
    {
        foreach (var words in (Vector256<uint>[][])[inner, outer, state, block]) CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(words.AsSpan()));
    }
}
