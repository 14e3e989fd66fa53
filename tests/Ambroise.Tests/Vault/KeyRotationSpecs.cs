using Ambroise.Vault;
using Ambroise.Vault.Keys;

namespace Ambroise.Tests.Vault;

public sealed class KeyRotationSpecs : IDisposable
{
    const string Next = "the next passphrase";

    readonly KeyFolderFixture keys = new();

    public void Dispose() => keys.Dispose();

    [Fact]
    public void Data_keys_stay_and_the_old_passphrase_goes()
    {
        using (var ring = keys.Create().OrThrow())
        {
            ring.Create("r1", ["person"]);
            var before = ring.Get("r1", "person").ToArray();
            using (var next = new Passphrase(Next)) ring.Rotate(next);
            Assert.Equal(before, ring.Get("r1", "person").ToArray());
            ring.Create("r2", ["person"]);
            using var again = keys.Unseal(secret: Next).OrThrow();
            Assert.Equal(before, again.Get("r1", "person").ToArray());
            Assert.Equal(ring.Get("r2", "person").ToArray(), again.Get("r2", "person").ToArray());
        }
        Assert.True(keys.Unseal().Failed(out var failure, out _));
        Assert.Equal("vault.passphrase-wrong", failure.Code);
    }

    [Fact]
    public void The_old_key_opens_nothing_written_since_and_its_files_are_gone()
    {
        using var ring = keys.Create().OrThrow();
        ring.Create("r1", ["person"]);
        var old = File.ReadAllBytes(Path.Combine(keys.Path, "keystore.json"));
        ring.Rotate();
        Assert.False(Directory.Exists(Path.Combine(keys.Path, "1")));
        File.WriteAllBytes(Path.Combine(keys.Path, "keystore.json"), old);
        using var rolledBack = keys.Unseal().OrThrow();
        Assert.Equal("vault.keys-rotated", KeyRingSpecs.Code(() => rolledBack.Get("r1", "person")));
    }

    [Fact]
    public void A_ring_opened_before_a_rotation_says_so_rather_than_write_keys_nobody_can_open()
    {
        using (var first = keys.Create().OrThrow()) first.Create("r1", ["person"]);
        using var ring = keys.Unseal().OrThrow();
        using var other = keys.Unseal().OrThrow();
        other.Rotate();
        Assert.Equal("vault.keys-rotated", KeyRingSpecs.Code(() => ring.Get("r1", "person")));
        Assert.Equal("vault.keys-rotated", KeyRingSpecs.Code(() => ring.Create("r2", ["person"])));
        Assert.Equal("vault.keys-rotated", KeyRingSpecs.Code(() => ring.Drop("r1")));
        Assert.Equal("vault.keys-rotated", KeyRingSpecs.Code(() => ring.Rotate()));
        Assert.Equal(["r1"], other.Groups);
    }

    [Fact]
    public void Two_changes_at_once_do_not_mix()
    {
        using var ring = keys.Create().OrThrow();
        string? code = null;
        using (var other = keys.Unseal(beforeStep: _ => code ??= KeyRingSpecs.Code(() => ring.Create("r2", ["person"]))).OrThrow())
            other.Create("r1", ["person"]);
        Assert.Equal("vault.keys-busy", code);
        Assert.Equal(["r1"], ring.Groups);
    }

    /// <summary>Stops the change before its first step on disk, then before its second, and so on until it runs to its end.</summary>
    [Theory]
    [InlineData("rotate")]
    [InlineData("create")]
    [InlineData("grow")]
    [InlineData("drop")]
    [InlineData("narrow")]
    public void A_change_stopped_anywhere_leaves_every_other_key(string change)
    {
        for (var stopAt = 0; ; stopAt++)
        {
            using var fresh = new KeyFolderFixture();
            byte[] kept;
            using (var ring = fresh.Create().OrThrow())
            {
                ring.Create("r1", change == "narrow" ? ["person", "report"] : ["person"]);
                ring.Create("r2", ["person"]);
                kept = ring.Get("r1", "person").ToArray();
            }

            var step = 0;
            var stopped = false;
            using (var ring = fresh.Unseal(beforeStep: _ => { if (step++ == stopAt) throw new StoppedException(); }).OrThrow())
            {
                try
                {
                    using var next = new Passphrase(Next);
                    if (change == "rotate") ring.Rotate(next);
                    if (change == "create") ring.Create("r3", ["person"]);
                    if (change == "grow") ring.Create("r1", ["death"]);
                    if (change == "drop") ring.Drop("r2");
                    if (change == "narrow") ring.Drop("r1", name => name == "person");
                }
                catch (StoppedException)
                {
                    stopped = true;
                }
            }

            var opened = fresh.Unseal();
            if (opened.Failed(out _, out _)) opened = fresh.Unseal(secret: Next); // the switch was made: the new passphrase, and it alone
            using (var after = opened.OrThrow())
            {
                Assert.Equal(kept, after.Get("r1", "person").ToArray());
                if (change != "drop") Assert.True(after.Has("r2", "person"));
                after.Create("r4", ["person"]); // clears what the stop left
                Assert.Equal(2, Directory.EnumerateFileSystemEntries(fresh.Path).Count(e => !e.EndsWith(".lock", StringComparison.Ordinal)));
                Assert.Equal(kept, after.Get("r1", "person").ToArray());
            }
            if (!stopped)
            {
                Assert.True(stopAt > 0);
                return;
            }
        }
    }

    [Fact]
    public void A_destroyed_tenant_does_not_open_and_destruction_stopped_anywhere_ends_when_run_again()
    {
        for (var stopAt = 0; stopAt < 6; stopAt++)
        {
            using var fresh = new KeyFolderFixture();
            using (var ring = fresh.Create().OrThrow()) ring.Create("r1", ["person"]);
            var step = 0;
            try
            {
                KeyRing.Destroy(new KeyFolder(fresh.Path, _ => { if (step++ == stopAt) throw new StoppedException(); }), "chu", null, null).OrThrow();
            }
            catch (StoppedException)
            {
                KeyRing.Destroy(fresh.Path, "chu").OrThrow();
            }
            Assert.True(fresh.Unseal().Failed(out var failure, out _));
            Assert.Equal("vault.keystore-missing", failure.Code);
            Assert.Empty(Directory.EnumerateFiles(fresh.Path, "*.json", SearchOption.AllDirectories));
        }
    }

    /// <summary>A file that was overwritten half is under no name that counts.</summary>
    [Fact]
    public void A_group_whose_destruction_was_stopped_is_gone_and_the_next_change_ends_it()
    {
        using var fresh = new KeyFolderFixture();
        using (var made = fresh.Create().OrThrow()) foreach (var group in new[] { "r1", "r2" }) made.Create(group, ["a"]);
        using (var ring = fresh.Unseal(beforeStep: step => { if (step == "overwrite group") throw new StoppedException(); }).OrThrow())
            Assert.Throws<StoppedException>(() => ring.Drop("r1"));
        var left = Assert.Single(Directory.EnumerateFiles(fresh.Path, "*.tmp", SearchOption.AllDirectories));
        File.WriteAllBytes(left, new byte[new FileInfo(left).Length]);
        using (var ring = fresh.Unseal().OrThrow())
        {
            Assert.Equal(["r2"], ring.Groups);
            Assert.Equal((false, true), (ring.Has("r1", "a"), ring.Has("r2", "a")));
            ring.Create("r3", ["a"]);
        }
        Assert.Empty(Directory.EnumerateFiles(fresh.Path, "*.tmp", SearchOption.AllDirectories));
    }

    sealed class StoppedException : Exception;
}
