using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Ambroise.EndToEnd.Governance;

/// <summary>Signing in through the whole program: nothing changes for a tenant that does not ask for it, and no door is open in one that does.</summary>
public sealed class SignInSpecs : IDisposable
{
    readonly TemporaryHome home = TemporaryHome.With("chu");

    public void Dispose() => home.Dispose();

    /// <summary>As a person with a password and, where one is given, a code.</summary>
    Ran As(string person, string? code, params string[] args)
    {
        var environment = new Dictionary<string, string>
        {
            ["AMBROISE_PASSPHRASE"] = TemporaryHome.Secret,
            ["AMBROISE_PASSWORD"] = $"le mot de {person}",
            ["XDG_STATE_HOME"] = home.Beside("state"),
        };
        if (code is not null) environment["AMBROISE_CODE"] = code;
        return home.RunWith(environment, ["--as", person, .. args]);
    }

    /// <returns>What the person's device was given.</returns>
    string Enrol(string person, string by)
    {
        var invitation = As(by, null, "person", "enrol", person, "--tenant", "chu", "--json").Succeeded().Json.GetProperty("invitation").GetString()!;
        var uri = As(person, null, "person", "join", "--tenant", "chu", "--invitation", invitation, "--json").Succeeded().Json.GetProperty("otpAuth").GetString()!;
        Assert.Equal(10, As(person, Code(uri), "person", "confirm", "--tenant", "chu", "--json").Succeeded().Json.GetProperty("recoveryCodes").GetArrayLength());
        return uri;
    }

    /// <summary>RFC 6238, written here once more: an authenticator of another hand.</summary>
    static string Code(string uri, int stepsLater = 0)
    {
        var bits = string.Concat(uri.Split("secret=")[1].Split('&')[0].Select(c => Convert.ToString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(c, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        var counter = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 30 + stepsLater);
#pragma warning disable CA5350 // what authenticators speak
        byte[] secret = [.. Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.Substring(8 * i, 8), 2))];
        var mac = HMACSHA1.HashData(secret, counter);
#pragma warning restore CA5350
        return ((BinaryPrimitives.ReadUInt32BigEndian(mac.AsSpan(mac[19] & 15)) & 0x7fffffff) % 1_000_000).ToString("D6", System.Globalization.CultureInfo.InvariantCulture);
    }

    static readonly string[][] Doors =
    [
        ["audit", "list", "--tenant", "chu"], ["audit", "verify", "--tenant", "chu"], ["audit", "checkpoint", "--tenant", "chu"], ["load", "omop", "/nowhere", "--tenant", "chu"], ["load", "fhir", "/nowhere", "--tenant", "chu"],
        ["releases", "--tenant", "chu"], ["tables", "--tenant", "chu"], ["quarantine", "--tenant", "chu"], ["verify", "--tenant", "chu"], ["export", "omop", "/nowhere", "--tenant", "chu"], ["retention", "show", "--tenant", "chu"],
        ["cohort", "count", "DEFINITION", "--tenant", "chu"], ["cohort", "count", "DEFINITION", "--tenant", "chu", "--disclosed"], ["disclosure", "show", "--tenant", "chu"], ["role", "grant", "eve", "administrator", "--tenant", "chu"], ["role", "revoke", "ada", "administrator", "--tenant", "chu"],
        ["role", "review", "--tenant", "chu"], ["project", "list", "--tenant", "chu"], ["dataset", "list", "--project", "p", "--tenant", "chu"], ["dataset", "build", "--project", "p", "--tenant", "chu"], ["category", "list", "--tenant", "chu"], ["source", "list", "--tenant", "chu"],
        ["register", "export", "/nowhere", "--tenant", "chu", "--contact", "a@b.c"], ["tenant", "rotate-key", "chu"], ["tenant", "destroy-key", "chu", "--confirm", "Tenant chu"], ["tenant", "require-two-factors", "chu", "off"],
        ["person", "enrol", "eve", "--tenant", "chu"], ["person", "withdraw", "ada", "--tenant", "chu"], ["person", "list", "--tenant", "chu"],
    ];

    [Fact]
    public void A_tenant_that_asks_for_two_factors_opens_no_door_to_whoever_is_not_signed_in()
    {
        home.Run("role", "grant", "ada", "administrator", "--tenant", "chu").Succeeded();
        home.Run("role", "grant", "ada", "data-engineer", "--tenant", "chu").Succeeded();
        As("ada", null, "tenant", "require-two-factors", "chu", "on").Failed(3, "access.not-signed-in");
        As("ada", null, "audit", "list", "--tenant", "chu").Succeeded();
        var uri = Enrol("ada", "ada");
        As("ada", "000000", "sign-in", "--tenant", "chu").Failed(3, "sign-in.refused");
        // The code of the enrolment is not taken again; the next one is, a step early.
        As("ada", Code(uri, 1), "sign-in", "--tenant", "chu").Succeeded();
        As("ada", null, "tenant", "require-two-factors", "chu", "on").Succeeded();
        As("ada", null, "audit", "list", "--tenant", "chu").Succeeded();

        var definition = home.Beside("definition.json");
        File.WriteAllText(definition, WholeStorySpecs.Population);
        As("ada", null, "sign-out", "--tenant", "chu").Succeeded();
        var refused = 0;
        foreach (var door in Doors)
        {
            var ran = As("ada", null, [.. door.Select(d => d == "DEFINITION" ? definition : d)]);
            Assert.True(ran.ExitCode == 3 && ran.Error.Contains("access.not-signed-in", StringComparison.Ordinal), $"{string.Join(' ', door)}: {ran.ExitCode} {ran.Error}");
            refused++;
        }
        // Whoever made the tenant has the roles still, and no factors: no way in either.
        home.Run("audit", "list", "--tenant", "chu").Failed(3, "access.not-signed-in");

        home.Run("tenant", "seal", "chu").Succeeded();
        As("ada", null, "tenant", "unseal", "chu").Failed(3, "access.not-signed-in");
    }

    [Fact]
    public void A_session_is_the_account_s_own_ends_with_role_or_enrolment_and_everything_is_in_the_audit()
    {
        home.Run("role", "grant", "ada", "administrator", "--tenant", "chu").Succeeded();
        home.Run("role", "grant", "dpo", "data-protection-officer", "--tenant", "chu").Succeeded();
        home.Run("role", "grant", "dpo", "committee-member", "--tenant", "chu").Succeeded();
        var (ada, dpo) = (Enrol("ada", "ada"), Enrol("dpo", "ada"));
        As("eve", Code(ada, 1), "sign-in", "--tenant", "chu").Failed(3, "access.denied");
        As("ada", Code(ada, 1), "sign-in", "--tenant", "chu").Succeeded();
        As("dpo", Code(dpo, 1), "sign-in", "--tenant", "chu").Succeeded();
        As("ada", null, "tenant", "require-two-factors", "chu", "on").Succeeded();
        As("dpo", null, "audit", "list", "--tenant", "chu").Succeeded();

        if (!OperatingSystem.IsWindows())
        {
            var files = Directory.EnumerateFiles(home.Beside("state"), "*", SearchOption.AllDirectories).ToList();
            Assert.Equal(2, files.Count);
            foreach (var file in files) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            // A file that others could read proves nothing.
            foreach (var file in files) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
            As("dpo", null, "audit", "list", "--tenant", "chu").Failed(3, "access.not-signed-in");
            foreach (var file in files) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        // Another account of the machine has another state folder.
        home.RunWith(new Dictionary<string, string> { ["AMBROISE_PASSPHRASE"] = TemporaryHome.Secret, ["XDG_STATE_HOME"] = home.Beside("other") }, "--as", "dpo", "audit", "list", "--tenant", "chu").Failed(3, "access.not-signed-in");

        As("ada", null, "role", "revoke", "dpo", "committee-member", "--tenant", "chu").Succeeded();
        As("dpo", null, "audit", "list", "--tenant", "chu").Failed(3, "access.not-signed-in");
        var entries = As("ada", null, "person", "withdraw", "dpo", "--tenant", "chu");
        entries.Succeeded();
        As("dpo", Code(dpo, 1), "sign-in", "--tenant", "chu").Failed(3, "sign-in.refused");
        As("ada", null, "audit", "verify", "--tenant", "chu").Succeeded();

        var audit = As("ada", null, "audit", "list", "--tenant", "chu", "--json").Succeeded();
        bool Has(string actor, string action, string outcome, string text) => audit.Json.EnumerateArray().Any(e => e.GetProperty("actor").GetString() == actor && e.GetProperty("action").GetString() == action && e.GetProperty("outcome").GetString() == outcome && e.GetRawText().Contains(text, StringComparison.Ordinal));
        Assert.True(Has("dpo", "person.sign-in", "done", "signed-in") && Has("dpo", "person.sign-in", "denied", "sign-in.refused") && Has("dpo", "audit.read", "denied", "access.not-signed-in")
            && Has("ada", "people.enrol", "done", "withdrawn") && Has("ada", "tenant.require-two-factors", "done", "on") && Has("eve", "person.sign-in", "denied", "access.denied"));
        Assert.DoesNotContain(ada.Split("secret=")[1].Split('&')[0], audit.Output, StringComparison.Ordinal);

        As("ada", null, "tenant", "require-two-factors", "chu", "off").Succeeded();
        home.Run("audit", "list", "--tenant", "chu").Succeeded();
    }
}
