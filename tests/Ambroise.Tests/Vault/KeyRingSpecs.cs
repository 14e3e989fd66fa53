using Ambroise.Vault;

namespace Ambroise.Tests.Vault;

public sealed class KeyRingSpecs : IDisposable
{
    readonly KeyFolderFixture keys = new();

    public void Dispose() => keys.Dispose();

    [Fact]
    public void A_key_comes_back_after_sealing_and_unsealing()
    {
        byte[] person, visit;
        using (var ring = keys.Create().OrThrow())
        {
            ring.Create("r1", ["person", "visit_occurrence.identity"]);
            person = ring.Get("r1", "person").ToArray();
            visit = ring.Get("r1", "visit_occurrence.identity").ToArray();
        }
        using var again = keys.Unseal().OrThrow();
        Assert.Equal(KeyRing.KeyBytes, person.Length);
        Assert.NotEqual(person, visit);
        Assert.Equal(person, again.Get("r1", "person").ToArray());
        Assert.Equal(visit, again.Get("r1", "visit_occurrence.identity").ToArray());
        Assert.Equal(["r1"], again.Groups);
    }

    [Fact]
    public void A_group_grows_and_its_first_keys_stay()
    {
        using var ring = keys.Create().OrThrow();
        ring.Create("tenant", ["manifest"]);
        var manifest = ring.Get("tenant", "manifest");
        var before = manifest.ToArray();
        ring.Create("tenant", ["person"]);
        Assert.Equal(before, manifest.ToArray());
        Assert.Equal(before, ring.Get("tenant", "manifest").ToArray());
        Assert.Equal("vault.key-exists", Code(() => ring.Create("tenant", ["person"])));
    }

    [Fact]
    public void A_wrong_passphrase_is_refused()
    {
        keys.Create().OrThrow().Dispose();
        Assert.True(keys.Unseal(secret: KeyFolderFixture.Secret + " ").Failed(out var failure, out _));
        Assert.Equal("vault.passphrase-wrong", failure.Code);
        Assert.Equal(FailureKind.Forbidden, failure.Kind);
    }

    [Fact]
    public void A_missing_keystore_and_a_missing_key_say_so()
    {
        Assert.True(keys.Unseal().Failed(out var failure, out _));
        Assert.Equal("vault.keystore-missing", failure.Code);
        using var ring = keys.Create().OrThrow();
        Assert.Equal("vault.key-missing", Code(() => ring.Get("r9", "person")));
        ring.Create("r9", ["death"]);
        Assert.Equal("vault.key-missing", Code(() => ring.Get("r9", "person")));
        Assert.False(ring.Has("r9", "person"));
        Assert.Equal(KeyRing.KeyBytes, ring.GetOrCreate("r9", "person").Length);
    }

    [Fact]
    public void A_second_key_for_a_tenant_is_refused()
    {
        keys.Create().OrThrow().Dispose();
        Assert.True(keys.Create().Failed(out var failure, out _));
        Assert.Equal("vault.keystore-exists", failure.Code);
    }

    [Fact]
    public void A_dropped_group_is_gone()
    {
        using var ring = keys.Create().OrThrow();
        ring.Create("r1", ["person"]);
        ring.Drop("r1");
        ring.Drop("r1");
        Assert.Empty(ring.Groups);
        using var again = keys.Unseal().OrThrow();
        Assert.Equal("vault.key-missing", Code(() => again.Get("r1", "person")));
    }

    [Fact]
    public void Keys_of_a_group_that_are_needed_no_more_are_gone_and_the_others_stay()
    {
        using var ring = keys.Create().OrThrow();
        ring.Create("r1", ["person", "report", "note"]);
        var (person, note) = (ring.Get("r1", "person").ToArray(), ring.Get("r1", "note").ToArray());
        var path = Path.Combine(keys.Path, "1", "r1.json");
        var before = File.ReadAllBytes(path);
        using (var blocks = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
        {
            ring.Drop("r1", name => name != "report");
            var left = new byte[before.Length];
            blocks.ReadAtLeast(left, left.Length, throwOnEndOfStream: false);
            if (!OperatingSystem.IsWindows()) Assert.True(left.AsSpan().CommonPrefixLength(before) < 16, "the file whose place was taken was not overwritten");
        }
        Assert.Equal("vault.key-missing", Code(() => ring.Get("r1", "report")));
        var once = File.ReadAllBytes(path);
        ring.Drop("r1", name => name != "report");
        Assert.Equal(once, File.ReadAllBytes(path)); // nothing to do
        using (var again = keys.Unseal().OrThrow())
        {
            Assert.Equal((false, true, true), (again.Has("r1", "report"), person.AsSpan().SequenceEqual(again.Get("r1", "person").Span), note.AsSpan().SequenceEqual(again.Get("r1", "note").Span)));
            again.Drop("r1", _ => false);
            Assert.Empty(again.Groups);
            again.Drop("r1", _ => false);
        }
    }

    [Fact]
    public void A_disposed_ring_gives_nothing()
    {
        var ring = keys.Create().OrThrow();
        ring.Create("r1", ["person"]);
        var key = ring.Get("r1", "person");
        ring.Dispose();
        Assert.True(key.Span.IndexOfAnyExcept((byte)0) < 0);
        Assert.Throws<ObjectDisposedException>(() => ring.Get("r1", "person"));
    }

    [Fact]
    public void Pseudonyms_are_stable_positive_and_differ_by_key_domain_and_identifier()
    {
        using var ring = keys.Create().OrThrow();
        ring.Create("tenant", ["a", "b"]);
        var people = new Pseudonyms(ring.Get("tenant", "a"), "person");
        Assert.Equal(people.Of("IPP-1"), people.Of("IPP-1"u8));
        Assert.NotEqual(people.Of("IPP-1"), people.Of("IPP-2"));
        Assert.NotEqual(people.Of("IPP-1"), new Pseudonyms(ring.Get("tenant", "b"), "person").Of("IPP-1"));
        Assert.NotEqual(people.Of("IPP-1"), new Pseudonyms(ring.Get("tenant", "a"), "project-1").Of("IPP-1"));
        for (var i = 0; i < 1000; i++) Assert.InRange(people.Of($"{i}"), 1, long.MaxValue);
    }

    internal static string Code(Action action) => Assert.Throws<FailureException>(action).Failure.Code;
}
