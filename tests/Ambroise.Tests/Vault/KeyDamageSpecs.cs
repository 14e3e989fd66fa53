using Ambroise.Vault;
using Ambroise.Vault.Keys;

namespace Ambroise.Tests.Vault;

/// <summary>Whatever is done to the files, a wrong key never comes out.</summary>
public sealed class KeyDamageSpecs : IDisposable
{
    readonly KeyFolderFixture keys = new();

    public void Dispose() => keys.Dispose();

    string Keystore => Path.Combine(keys.Path, "keystore.json");

    string GroupFile(string group, int generation = 1) => Path.Combine(keys.Path, $"{generation}", group + ".json");

    [Fact]
    public void A_flipped_bit_in_any_byte_of_the_keystore_is_refused()
    {
        keys.Create().OrThrow().Dispose();
        EachFlip(Keystore, () =>
        {
            Assert.True(keys.Unseal().Failed(out var failure, out _));
            Assert.Equal("vault.keystore-tampered", failure.Code);
        });
        keys.Unseal().OrThrow().Dispose();
    }

    [Fact]
    public void A_flipped_bit_in_any_byte_of_a_group_file_is_refused()
    {
        using (var ring = keys.Create().OrThrow()) ring.Create("r1", ["person", "death"]);
        EachFlip(GroupFile("r1"), () =>
        {
            using var ring = keys.Unseal().OrThrow();
            Assert.Equal("vault.keys-tampered", KeyRingSpecs.Code(() => ring.Get("r1", "person")));
        });
    }

    [Fact]
    public void A_truncated_or_empty_file_is_refused()
    {
        using (var ring = keys.Create().OrThrow()) ring.Create("r1", ["person"]);
        var whole = File.ReadAllBytes(GroupFile("r1"));
        for (var length = 0; length < whole.Length; length += 7)
        {
            File.WriteAllBytes(GroupFile("r1"), whole[..length]);
            using var ring = keys.Unseal().OrThrow();
            Assert.Equal("vault.keys-tampered", KeyRingSpecs.Code(() => ring.Get("r1", "person")));
        }
        File.WriteAllBytes(Keystore, []);
        Assert.True(keys.Unseal().Failed(out var failure, out _));
        Assert.Equal("vault.keystore-tampered", failure.Code);
    }

    [Fact]
    public void A_keystore_edited_and_summed_again_still_does_not_open()
    {
        keys.Create().OrThrow().Dispose();
        var read = KeystoreFile.Read(Keystore, "chu").OrThrow();
        foreach (var name in read.Parameters.Keys)
            foreach (var value in new[] { "", "1", "9", "AAAAAAAAAAAAAAAAAAAAAA==", read.Parameters[name] + "=" }.Where(v => v != read.Parameters[name]))
            {
                var edited = new SortedDictionary<string, string>(read.Parameters, StringComparer.Ordinal) { [name] = value };
                File.WriteAllBytes(Keystore, KeystoreFile.Of("chu", 1, read.Custodian, edited).ToBytes());
                Assert.True(keys.Unseal().Failed(out var failure, out _));
                Assert.True(failure.Code is "vault.keystore-tampered" or "vault.passphrase-wrong", failure.Code);
            }
        File.WriteAllBytes(Keystore, KeystoreFile.Of("chu", 2, read.Custodian, read.Parameters).ToBytes());
        Assert.True(keys.Unseal().Failed(out var generation, out _));
        Assert.Equal("vault.passphrase-wrong", generation.Code);
    }

    [Fact]
    public void A_group_file_copied_from_another_group_or_tenant_is_refused()
    {
        using var other = new KeyFolderFixture();
        using (var ring = other.Create("autre").OrThrow()) ring.Create("r1", ["person"]);
        using (var ring = keys.Create().OrThrow())
        {
            ring.Create("r1", ["person"]);
            ring.Create("r2", ["person"]);
        }

        File.Copy(GroupFile("r2"), GroupFile("r1"), overwrite: true);
        Refused();
        File.WriteAllText(GroupFile("r1"), File.ReadAllText(GroupFile("r2")).Replace("\"r2\"", "\"r1\"", StringComparison.Ordinal));
        Refused();
        File.Copy(Path.Combine(other.Path, "1", "r1.json"), GroupFile("r1"), overwrite: true);
        Refused();
        File.WriteAllText(GroupFile("r1"), File.ReadAllText(GroupFile("r1")).Replace("autre", "chu", StringComparison.Ordinal));
        Refused();

        void Refused()
        {
            using var ring = keys.Unseal().OrThrow();
            Assert.Equal("vault.keys-tampered", KeyRingSpecs.Code(() => ring.Get("r1", "person")));
        }
    }

    [Fact]
    public void Two_names_exchanged_in_a_group_file_are_refused()
    {
        using (var ring = keys.Create().OrThrow()) ring.Create("r1", ["aaa", "bbb"]);
        var text = File.ReadAllText(GroupFile("r1"));
        File.WriteAllText(GroupFile("r1"), text.Replace("\"aaa\"", "\"_\"", StringComparison.Ordinal).Replace("\"bbb\"", "\"aaa\"", StringComparison.Ordinal).Replace("\"_\"", "\"bbb\"", StringComparison.Ordinal));
        using var again = keys.Unseal().OrThrow();
        Assert.Equal("vault.keys-tampered", KeyRingSpecs.Code(() => again.Get("r1", "aaa")));
    }

    [Fact]
    public void No_key_is_in_any_file()
    {
        using var ring = keys.Create().OrThrow();
        ring.Create("r1", ["person", "death"]);
        ring.Rotate();
        var texts = Directory.EnumerateFiles(keys.Path, "*", SearchOption.AllDirectories).Select(File.ReadAllBytes).ToList();
        Assert.True(texts.Count >= 2);
        foreach (var name in new[] { "person", "death" })
        {
            var key = ring.Get("r1", name).ToArray();
            byte[][] forms = [key, .. new[] { Convert.ToHexString(key), Convert.ToHexStringLower(key), Convert.ToBase64String(key)[..40], KeyFolderFixture.Secret }.Select(System.Text.Encoding.UTF8.GetBytes)];
            Assert.All(texts, text => Assert.All(forms, form => Assert.True(text.AsSpan().IndexOf(form) < 0)));
        }
    }

    static void EachFlip(string file, Action check)
    {
        var whole = File.ReadAllBytes(file);
        for (var at = 0; at < whole.Length; at++)
        {
            var flipped = (byte[])whole.Clone();
            flipped[at] ^= (byte)(1 << (at % 8));
            File.WriteAllBytes(file, flipped);
            check();
        }
        File.WriteAllBytes(file, whole);
    }
}
