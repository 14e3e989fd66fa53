using System.Diagnostics;

namespace Ambroise.EndToEnd.Tenants;

/// <summary>A tenant whose key lives in a token, from the command line, with SoftHSM as the token.</summary>
public sealed class TokenTenantSpecs
{
    const string Module = "/usr/lib/softhsm/libsofthsm2.so";
    const string Pin = "4711-4711";

    [Fact]
    public void A_tenants_key_is_made_used_renewed_and_destroyed_in_a_token()
    {
        Assert.SkipUnless(File.Exists(Module), "SoftHSM is absent (Debian: apt-get install softhsm2).");
        using var home = TemporaryHome.With();
        var settings = MakeToken(home, "hopital");
        Dictionary<string, string> With(string pin) => new() { ["SOFTHSM2_CONF"] = settings, ["AMBROISE_PIN"] = pin, ["AMBROISE_PKCS11_MODULE"] = Module };

        home.RunWith(With(Pin), "tenant", "create", "chu", "--name", "CHU", "--custodian", "pkcs11").Failed(2, "tenant.token-unnamed");
        home.RunWith(With(Pin), "tenant", "create", "chu", "--name", "CHU", "--custodian", "pkcs11", "--pkcs11-token", "autre").Failed(7, "vault.pkcs11-token");
        home.RunWith(With(Pin), "tenant", "create", "chu", "--name", "CHU", "--custodian", "pkcs11", "--pkcs11-token", "hopital").Succeeded();
        Assert.Equal("pkcs11", home.Run("tenant", "list", "--json").Succeeded().Json[0].GetProperty("custodian").GetString());

        home.RunWith(With(Pin), "tenant", "unseal", "chu").Succeeded();
        home.RunWith(With("0000-0000"), "tenant", "unseal", "chu").Failed(3, "vault.passphrase-wrong");
        home.RunWith(new Dictionary<string, string> { ["AMBROISE_PIN"] = Pin }, "tenant", "unseal", "chu").Failed(2, "vault.pkcs11-module-needed");
        home.RunWith(With(Pin), "tenant", "rotate-key", "chu").Succeeded();
        home.RunWith(With(Pin), "tenant", "unseal", "chu").Succeeded();
        home.RunWith(With("0000-0000"), "tenant", "destroy-key", "chu", "--confirm", "CHU").Failed(3, "vault.passphrase-wrong");
        home.RunWith(With(Pin), "tenant", "destroy-key", "chu", "--confirm", "CHU").Succeeded();
        home.RunWith(With(Pin), "tenant", "unseal", "chu").Failed(4, "tenant.destroyed");
    }

    static string MakeToken(TemporaryHome home, string label)
    {
        var folder = Directory.CreateDirectory(home.Beside("token")).FullName;
        var settings = home.Beside("softhsm2.conf");
        File.WriteAllText(settings, $"directories.tokendir = {folder}\nobjectstore.backend = file\nlog.level = ERROR\n");
        var start = new ProcessStartInfo("softhsm2-util") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var arg in new[] { "--init-token", "--free", "--label", label, "--so-pin", "00000000", "--pin", Pin }) start.ArgumentList.Add(arg);
        start.Environment["SOFTHSM2_CONF"] = settings;
        using var made = Process.Start(start)!;
        made.WaitForExit();
        Assert.Equal(0, made.ExitCode);
        return settings;
    }
}
