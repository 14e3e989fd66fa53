using System.Text.Json;

namespace Ambroise.EndToEnd.Tenants;

public sealed class TenantCommandsSpecs
{
    [Fact]
    public void Init_makes_a_home_that_only_its_owner_reads()
    {
        using var home = TemporaryHome.With("chu");
        Assert.False(home.Run("init", "--json").Succeeded().Json.GetProperty("created").GetBoolean());
        home.IsItsOwnersAlone();
    }

    [Fact]
    public void Two_tenants_live_in_one_home_and_each_has_its_own_key()
    {
        using var home = TemporaryHome.With("alpha");
        home.RunWith(new Dictionary<string, string> { ["AMBROISE_PASSPHRASE"] = "another-passphrase" }, "tenant", "create", "beta", "--name", "Bêta").Succeeded();
        var listed = home.Run("tenant", "list", "--json").Succeeded().Json.EnumerateArray().ToList();
        Assert.Equal(["alpha", "beta"], listed.Select(t => t.GetProperty("id").GetString()));
        Assert.Equal("Bêta", listed[1].GetProperty("name").GetString());
        Assert.All(listed, t => Assert.Equal("ready", t.GetProperty("state").GetString()));

        home.Run("tenant", "unseal", "alpha").Succeeded();
        home.Run("tenant", "unseal", "beta").Failed(3, "vault.passphrase-wrong");
    }

    [Fact]
    public void Another_tenants_key_files_are_refused()
    {
        using var home = TemporaryHome.With("alpha", "beta"); // the same passphrase opens both
        File.Copy(Keystore(home, "alpha"), Keystore(home, "beta"), overwrite: true);
        home.Run("tenant", "unseal", "beta").Failed(6, "vault.keystore-tampered");
        home.Run("tenant", "unseal", "alpha").Succeeded();
    }

    [Fact]
    public void A_sealed_tenant_is_refused_until_unsealed_with_its_passphrase()
    {
        using var home = TemporaryHome.With("chu");
        home.RunWith(null, "tenant", "seal", "chu").Succeeded();
        home.Run("tenant", "rotate-key", "chu").Failed(3, "tenant.sealed");
        home.RunWith(new Dictionary<string, string> { ["AMBROISE_PASSPHRASE"] = "not-the-passphrase" }, "tenant", "unseal", "chu").Failed(3, "vault.passphrase-wrong");
        home.Run("tenant", "rotate-key", "chu").Failed(3, "tenant.sealed");
        home.Run("tenant", "unseal", "chu").Succeeded();
        home.Run("tenant", "rotate-key", "chu").Succeeded();
    }

    [Fact]
    public void A_passphrase_comes_from_a_file_and_changes_with_the_key()
    {
        using var home = TemporaryHome.With("chu");
        var (present, next) = (home.Beside("present.txt"), home.Beside("next.txt"));
        File.WriteAllText(present, TemporaryHome.Secret + "\n");
        File.WriteAllText(next, "la-suivante\r\n");
        var rotated = home.RunWith(null, "tenant", "rotate-key", "chu", "--passphrase-file", present, "--new-passphrase-file", next, "--json").Succeeded().Json;
        Assert.True(rotated.GetProperty("passphraseChanged").GetBoolean());
        home.RunWith(null, "tenant", "unseal", "chu", "--passphrase-file", present).Failed(3, "vault.passphrase-wrong");
        home.RunWith(null, "tenant", "unseal", "chu", "--passphrase-file", next).Succeeded();
        home.RunWith(null, "tenant", "unseal", "chu", "--passphrase-file", home.Beside("none.txt")).Failed(2, "cli.passphrase-file");
        home.RunWith(null, "tenant", "unseal", "chu").Failed(2, "cli.passphrase-missing");
    }

    [Fact]
    public void A_destroyed_tenant_stays_destroyed_even_with_the_passphrase()
    {
        using var home = TemporaryHome.With("chu");
        home.Run("tenant", "destroy-key", "chu").Failed(2, "tenant.not-confirmed");
        home.Run("tenant", "destroy-key", "chu", "--confirm", "Tenant CHU").Failed(2, "tenant.not-confirmed");
        home.Run("tenant", "unseal", "chu").Succeeded();
        home.Run("tenant", "destroy-key", "chu", "--confirm", "Tenant chu").Succeeded();
        Assert.Empty(Directory.EnumerateFiles(Path.GetDirectoryName(Keystore(home, "chu"))!, "*.json", SearchOption.AllDirectories));
        home.Run("tenant", "unseal", "chu").Failed(4, "tenant.destroyed");
        home.Run("tenant", "create", "chu", "--name", "again").Failed(5, "tenant.exists");
        Assert.Equal("destroyed", home.Run("tenant", "list", "--json").Succeeded().Json[0].GetProperty("state").GetString());
    }

    [Fact]
    public void The_passphrase_is_in_no_file_and_no_output()
    {
        using var home = TemporaryHome.With("chu");
        var said = string.Concat(new[] { home.Run("tenant", "unseal", "chu"), home.Run("tenant", "rotate-key", "chu", "--json"), home.Run("tenant", "list") }.Select(r => r.Output + r.Error));
        Assert.DoesNotContain(TemporaryHome.Secret, said, StringComparison.Ordinal);
        byte[][] forms = [.. new[] { TemporaryHome.Secret, Convert.ToBase64String(Bytes(TemporaryHome.Secret)), Convert.ToHexString(Bytes(TemporaryHome.Secret)) }.Select(Bytes)];
        foreach (var file in Directory.EnumerateFiles(home.Path, "*", SearchOption.AllDirectories))
            foreach (var form in forms)
                Assert.True(File.ReadAllBytes(file).AsSpan().IndexOf(form) < 0, file);
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("A")]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("chu_1")]
    [InlineData("abcdefghijabcdefghijabcdefghijabcdefghijk")]
    public void An_id_that_is_no_id_is_refused(string id)
    {
        using var home = TemporaryHome.With();
        home.Run("tenant", "create", id, "--name", "X").Failed(2, "tenant.id-invalid");
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(home.Path, "tenants")));
    }

    [Fact]
    public void What_is_not_there_is_said_with_its_exit_code()
    {
        using var home = new TemporaryHome();
        home.Run("tenant", "list").Failed(4, "home.missing");
        home.Run("init").Succeeded();
        home.Run("tenant", "unseal", "nobody").Failed(4, "tenant.unknown");
        home.Run("tenant", "create", "chu").Failed(2, "cli.usage");
        home.Run("no-such-command").Failed(2, "cli.usage");
        home.RunWith(new Dictionary<string, string> { ["AMBROISE_PASSPHRASE"] = "short" }, "tenant", "create", "chu", "--name", "X").Failed(2, "cli.passphrase-short");
    }

    [Fact]
    public void Under_json_an_error_is_the_one_document_on_standard_output()
    {
        using var home = new TemporaryHome();
        foreach (var args in new[] { new[] { "tenant", "list", "--json" }, ["nothing", "--json"] })
        {
            var error = home.Run(args).Json.GetProperty("error");
            Assert.Equal(JsonValueKind.String, error.GetProperty("detail").ValueKind);
        }
    }

    [Fact]
    public void Help_shows_examples_and_speaks_french()
    {
        using var home = new TemporaryHome();
        foreach (var command in new[] { "create", "list", "seal", "unseal", "rotate-key", "destroy-key" })
            Assert.Contains($"  ambroise tenant {command}", home.Run("tenant", command, "--help").Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains("Crée un établissement", home.Run("tenant", "create", "--help", "--lang", "fr").Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains("n'existe pas", TemporaryHomeWithFrench("tenant", "unseal", "x").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_creation_stopped_before_the_control_plane_knew_is_taken_over()
    {
        using var home = TemporaryHome.With();
        Directory.CreateDirectory(Path.Combine(home.Path, "tenants", "chu"));
        // The creation leaves the folder of the key's first generation, empty, and the keystore.
        using (var donor = TemporaryHome.With("chu")) Directory.Move(Path.GetDirectoryName(Keystore(donor, "chu"))!, Path.GetDirectoryName(Keystore(home, "chu"))!);
        home.RunWith(new Dictionary<string, string> { ["AMBROISE_PASSPHRASE"] = "another-passphrase" }, "tenant", "create", "chu", "--name", "X").Failed(3, "vault.passphrase-wrong");
        home.Run("tenant", "create", "chu", "--name", "X").Succeeded();
        home.Run("tenant", "unseal", "chu").Succeeded();
    }

    static Ran TemporaryHomeWithFrench(params string[] args)
    {
        using var home = TemporaryHome.With();
        return home.RunWith(new Dictionary<string, string> { ["LC_ALL"] = "fr_FR.UTF-8" }, args);
    }

    static string Keystore(TemporaryHome home, string tenant) => Path.Combine(home.Path, "tenants", tenant, "keys", "keystore.json");

    static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
