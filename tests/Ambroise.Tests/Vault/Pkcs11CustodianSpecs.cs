using Ambroise.Vault;
using Ambroise.Vault.Custody;
using Ambroise.Vault.Keys;

namespace Ambroise.Tests.Vault;

public sealed class Pkcs11CustodianSpecs(SoftToken token) : IClassFixture<SoftToken>, IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ambroise-keys-");

    public void Dispose() => folder.Delete(recursive: true);

    string Keys => folder.FullName;

    string Keystore => Path.Combine(Keys, "keystore.json");

    Result<KeyRing> Create(string tenant = "chu", string? keys = null)
    {
        using var pin = new Passphrase(SoftToken.Pin);
        return KeyRing.Create(keys ?? Keys, tenant, pin, new CustodyChoice.Token(token.Module, SoftToken.Label));
    }

    Result<KeyRing> Unseal(string tenant = "chu", string secret = SoftToken.Pin)
    {
        using var pin = new Passphrase(secret);
        return KeyRing.Unseal(Keys, tenant, pin, token.Module);
    }

    [Fact]
    public void Keys_come_back_through_the_token()
    {
        byte[] person;
        using (var ring = Create().OrThrow())
        {
            ring.Create("r1", ["person", "death"]);
            person = ring.Get("r1", "person").ToArray();
        }
        using var again = Unseal().OrThrow();
        Assert.Equal(person, again.Get("r1", "person").ToArray());
        Assert.NotEqual(person, again.Get("r1", "death").ToArray());
    }

    [Fact]
    public void A_wrong_pin_is_refused_also_while_another_ring_is_open()
    {
        Create().OrThrow().Dispose();
        Refused();
        using var open = Unseal().OrThrow();
        Refused();

        void Refused()
        {
            Assert.True(Unseal(secret: "0000-0000").Failed(out var failure, out _));
            Assert.Equal("vault.passphrase-wrong", failure.Code);
        }
    }

    [Fact]
    public void A_flipped_bit_in_the_wrapped_keys_is_refused()
    {
        using (var ring = Create().OrThrow()) ring.Create("r1", ["person"]);
        var file = Path.Combine(Keys, "1", "r1.json");
        var whole = File.ReadAllBytes(file);
        using var again = Unseal().OrThrow();
        for (var at = 0; at < whole.Length; at += 3)
        {
            var flipped = (byte[])whole.Clone();
            flipped[at] ^= 1;
            File.WriteAllBytes(file, flipped);
            Assert.Equal("vault.keys-tampered", KeyRingSpecs.Code(() => again.Get("r1", "person")));
        }
    }

    [Fact]
    public void A_rotation_keeps_the_data_keys_and_destroys_the_old_key_in_the_token()
    {
        using var ring = Create().OrThrow();
        ring.Create("r1", ["person"]);
        var person = ring.Get("r1", "person").ToArray();
        var old = File.ReadAllBytes(Keystore);
        ring.Rotate();
        using (var again = Unseal().OrThrow()) Assert.Equal(person, again.Get("r1", "person").ToArray());

        File.WriteAllBytes(Keystore, old);
        Assert.True(Unseal().Failed(out var failure, out _));
        Assert.Equal("vault.pkcs11-key-missing", failure.Code);
    }

    [Fact]
    public void A_destroyed_key_is_gone_from_the_token_and_others_stay()
    {
        using var other = new KeyFolderFixture();
        using var neighbour = Create("chu", other.Path).OrThrow(); // the same tenant id in another home
        Create().OrThrow().Dispose();
        var keystore = File.ReadAllBytes(Keystore);
        Assert.True(KeyRing.Destroy(Keys, "chu").Failed(out var failure, out _));
        Assert.Equal("vault.passphrase-needed", failure.Code);
        using (var pin = new Passphrase(SoftToken.Pin)) KeyRing.Destroy(Keys, "chu", pin, token.Module).OrThrow();

        File.WriteAllBytes(Keystore, keystore); // a backup put back
        Assert.True(Unseal().Failed(out failure, out _));
        Assert.Equal("vault.pkcs11-key-missing", failure.Code);
        neighbour.Create("r1", ["person"]);
        Assert.Equal(KeyRing.KeyBytes, neighbour.Get("r1", "person").Length);
    }

    [Fact]
    public void A_keystore_edited_to_name_another_key_is_refused()
    {
        using var other = new KeyFolderFixture();
        using var neighbour = Create("autre", other.Path).OrThrow();
        Create().OrThrow().Dispose();
        var theirs = KeystoreFile.Read(Path.Combine(other.Path, "keystore.json"), "autre").OrThrow();
        File.WriteAllBytes(Keystore, KeystoreFile.Of("chu", 1, theirs.Custodian, theirs.Parameters).ToBytes());
        Assert.True(Unseal().Failed(out var failure, out _));
        Assert.Equal("vault.pkcs11-key-missing", failure.Code);
    }

    [Fact]
    public void What_is_not_a_module_or_a_token_is_said()
    {
        using var pin = new Passphrase(SoftToken.Pin);
        Assert.True(KeyRing.Create(Keys, "chu", pin, new CustodyChoice.Token("/nowhere/lib.so", SoftToken.Label)).Failed(out var failure, out _));
        Assert.Equal("vault.pkcs11-module", failure.Code);
        Assert.True(KeyRing.Create(Keys, "chu", pin, new CustodyChoice.Token(token.Module, "no-such-token")).Failed(out failure, out _));
        Assert.Equal("vault.pkcs11-token", failure.Code);
        Create().OrThrow().Dispose();
        Assert.True(KeyRing.Unseal(Keys, "chu", pin).Failed(out failure, out _));
        Assert.Equal("vault.pkcs11-module-needed", failure.Code);
    }
}
