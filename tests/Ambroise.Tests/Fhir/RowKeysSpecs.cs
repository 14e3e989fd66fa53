using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Ambroise.Sources.Fhir;
using Ambroise.Sources.Fhir.Mapping;
using CsCheck;

namespace Ambroise.Tests.Fhir;

/// <summary>Keys of rows are HMAC-SHA-256 as the platform's own library makes it, cut to 63 bits.</summary>
public sealed class RowKeysSpecs
{
    static ResourceKey Plain(byte[] key, byte[] name)
    {
        var code = HMACSHA256.HashData(key, name);
        var cut = BinaryPrimitives.ReadInt64BigEndian(code) & long.MaxValue;
        return new(cut == 0 ? 1 : cut, BinaryPrimitives.ReadInt32BigEndian(code.AsSpan(8)));
    }

    [Fact]
    public void A_key_is_the_code_of_its_name_whatever_its_length() =>
        Gen.Select(Gen.Byte.Array[0, 150], Gen.Byte.Array[0, 300]).Sample((key, name) =>
        {
            using var keys = new RowKeys(key);
            Assert.Equal(Plain(key, name), keys.Of(name));
            Assert.Equal(Plain(key, name), keys.Of(name)); // remembered
        }, iter: 2_000, threads: 1);

    [Fact]
    public void Names_foreseen_have_the_same_keys_asked_for_or_not() =>
        Gen.Select(Gen.Byte.Array[32], Gen.Select(Gen.Byte.Array[0, 60], Gen.Int[0, 3]).Array[0, 12].Array[1, 4]).Sample((key, groups) =>
        {
            using var keys = new RowKeys(key);
            foreach (var group in groups)
            {
                foreach (var (id, _) in group) keys.Foresee("Observation"u8, id);
                keys.HashForeseen();
                foreach (var (id, how) in group)
                {
                    byte[] name = [.. "Observation/"u8, .. id], other = [.. "Patient/"u8, .. id];
                    if (how == 1) Assert.Equal(Plain(key, other), keys.Own("Patient"u8, id)); // nobody foresaw it
                    if (how == 2) Assert.Equal(Plain(key, name), keys.Of("Observation"u8, id)); // a reference to what comes later
                    if (how > 0) Assert.Equal(Plain(key, name), keys.Own("Observation"u8, id));
                }
            }
        }, iter: 500, threads: 1);

    [Fact]
    public void What_is_foreseen_and_not_hashed_yet_does_not_answer()
    {
        var key = Encoding.UTF8.GetBytes("a key for a test");
        using var keys = new RowKeys(key);
        keys.Foresee("Patient"u8, "a"u8);
        keys.HashForeseen();
        keys.Foresee("Patient"u8, "b"u8);
        Assert.Equal(Plain(key, [.. "Patient/a"u8]), keys.Own("Patient"u8, "a"u8));
        Assert.Equal(Plain(key, [.. "Patient/b"u8]), keys.Own("Patient"u8, "b"u8));
    }

    [Fact]
    public void More_names_than_are_remembered_have_their_own_keys()
    {
        var key = Encoding.UTF8.GetBytes("a key for a test");
        using var keys = new RowKeys(key);
        for (var round = 0; round < 2; round++)
            for (var n = 0; n < 150_000; n++)
            {
                var id = Encoding.UTF8.GetBytes($"{n:D6}");
                var found = keys.Of("Patient"u8, id);
                if (n % 97 == 0) Assert.Equal(Plain(key, [.. "Patient/"u8, .. id]), found);
            }
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(10_000)] // few runs
    [InlineData(40)] // more runs than become one at a time
    public void Of_versions_in_any_order_the_newest_counts(int most)
    {
        var folder = Directory.CreateTempSubdirectory("ambroise-index-").FullName;
        using var index = new ResourceIndex(0, most, () => new(folder));
        var newest = new Dictionary<long, (int Seq, long Number)>();
        var superseded = 0;
        for (var n = 0; n < 30_000; n++)
        {
            // Keys that meet in their low bits, and come again later.
            long key = 1 + n * 7919L % 10_000 * 4096, number = n * 31L % 977;
            var seq = index.Add(new(new(key, 5), new(0, number, (ulong)n), n % 3 == 0 ? "Encounter" : "Patient", "used", 1));
            Assert.Equal(n, seq);
            if (newest.TryGetValue(key, out var known)) superseded++;
            if (!newest.ContainsKey(key) || number >= known.Number) newest[key] = (seq, number);
            if (n == 27_000) index.Settle();
        }
        foreach (var (key, (seq, number)) in newest)
        {
            Assert.True(index.TryGet(key, out var found, out var version));
            Assert.Equal((seq, number), (found, version.Number));
            Assert.True(index.TryFind(key, out found));
            Assert.Equal(seq, found);
            Assert.False(index.IsDead(seq));
        }
        Assert.Equal(newest.Count, Enumerable.Range(0, index.Count).Count(seq => !index.IsDead(seq)));
        Assert.False(index.TryGet(2, out _, out _));
        Assert.Equal(newest.Count, index.Newest.Count());
        Assert.Equal(newest.Select(n => (n.Key, n.Value.Seq)).Order(), index.Newest.Select(n => (n.Key, n.Seq)).Order());
        Assert.Equal(superseded, index.Tally(0, index.Count).Where(t => t.Outcome == "superseded").Sum(t => t.Count));
        index.Add(new(new(1, 6), new(0, 0, 0), "Patient", "used", 1));
        Assert.Contains(index.Tally(0, index.Count), t => t is { Outcome: "key-collision", Count: 1 });
        index.Dispose();
        Assert.Empty(Directory.EnumerateFiles(folder));
        Directory.Delete(folder);
    }
}
