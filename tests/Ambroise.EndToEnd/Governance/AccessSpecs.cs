namespace Ambroise.EndToEnd.Governance;

/// <summary>Who may do what, asked of the whole program, and what the audit keeps of it.</summary>
public sealed class AccessSpecs
{
    [Fact]
    public void A_door_is_closed_to_whoever_lacks_the_role_and_the_audit_knows_who_tried()
    {
        using var home = TemporaryHome.With("chu");
        home.Run("--as", "marie", "audit", "list", "--tenant", "chu").Failed(3, "access.denied");
        home.Run("--as", "marie", "load", "omop", home.Beside("none"), "--tenant", "chu").Failed(3, "access.denied");
        home.Run("--as", "marie", "role", "grant", "marie", "administrator", "--tenant", "chu").Failed(3, "access.denied");
        home.Run("--as", "marie", "disclosure", "set", "--tenant", "chu", "--threshold", "2").Failed(3, "access.denied");
        home.Run("--as", "marie", "tenant", "rotate-key", "chu").Failed(3, "access.denied");
        home.Run("--as", "marie", "tenant", "destroy-key", "chu", "--confirm", "chu").Failed(3, "access.denied");

        home.Run("role", "grant", "marie", "data-protection-officer", "--tenant", "chu").Succeeded();
        var entries = home.Run("--as", "marie", "audit", "list", "--tenant", "chu", "--json").Succeeded().Json.EnumerateArray().ToList();
        var denied = entries.Where(e => e.GetProperty("outcome").GetString() == "denied").Select(e => (e.GetProperty("actor").GetString(), e.GetProperty("action").GetString())).ToHashSet();
        Assert.Superset(new HashSet<(string?, string?)> { ("marie", "audit.read"), ("marie", "lake.load"), ("marie", "roles.change"), ("marie", "tenant.rotate-key"), ("marie", "tenant.destroy-key") }, denied);
        home.Run("--as", "marie", "audit", "verify", "--tenant", "chu").Succeeded();
        Assert.Contains(home.Run("--as", "marie", "audit", "unusual", "--tenant", "chu", "--json").Succeeded().Json.EnumerateArray(), u => u.GetProperty("actor").GetString() == "marie" && u.GetProperty("kind").GetString() == "refusals");

        home.Run("role", "revoke", "marie", "data-protection-officer", "--tenant", "chu").Succeeded();
        home.Run("--as", "marie", "audit", "list", "--tenant", "chu").Failed(3, "access.denied");
    }

    [Fact]
    public void A_role_nobody_confirmed_for_a_year_is_no_role_until_an_administrator_confirms_it()
    {
        using var home = TemporaryHome.With("chu");
        home.Run("role", "grant", "marie", "data-protection-officer", "--from", "2024-01-01", "--tenant", "chu").Succeeded();
        home.Run("--as", "marie", "audit", "list", "--tenant", "chu").Failed(3, "access.denied");
        home.Run("--as", "marie", "role", "review", "--tenant", "chu").Failed(3, "access.denied");
        var first = home.Run("role", "review", "--tenant", "chu", "--json").Succeeded().Json[0];
        Assert.Equal(("marie", true, false), (first.GetProperty("actor").GetString(), first.GetProperty("lapsed").GetBoolean(), first.GetProperty("lastUse").ValueKind == System.Text.Json.JsonValueKind.String));
        home.Run("--as", "marie", "role", "confirm", "marie", "data-protection-officer", "--tenant", "chu").Failed(3, "access.denied");
        home.Run("role", "confirm", "paul", "data-protection-officer", "--tenant", "chu").Failed(4, "role.not-held");
        home.Run("role", "confirm", "marie", "data-protection-officer", "--tenant", "chu").Succeeded();
        var acts = home.Run("--as", "marie", "audit", "list", "--tenant", "chu", "--json").Succeeded().Json.EnumerateArray().ToList();
        Assert.Contains(acts, e => e.GetProperty("action").GetString() == "roles.review" && e.GetRawText().Contains("\"confirmed\"", StringComparison.Ordinal));
        Assert.True(home.Run("role", "review", "--tenant", "chu", "--json").Succeeded().Json.EnumerateArray().Single(g => g.GetProperty("actor").GetString() == "marie").TryGetProperty("lastUse", out var used) && used.ValueKind == System.Text.Json.JsonValueKind.String);
    }

    [Fact]
    public void A_checkpoint_kept_elsewhere_and_a_proof_verify_later()
    {
        using var home = TemporaryHome.With("chu");
        var (kept, proof) = (home.Beside("kept.txt"), home.Beside("proof.json"));
        File.WriteAllText(kept, home.Run("audit", "checkpoint", "--tenant", "chu").Succeeded().Output);
        File.WriteAllText(proof, home.Run("audit", "prove", "0", "--tenant", "chu", "--json").Succeeded().Output);
        home.Run("tenant", "seal", "chu").Succeeded();
        home.Run("audit", "list", "--tenant", "chu").Failed(3, "tenant.sealed");
        home.Run("tenant", "unseal", "chu").Succeeded();
        home.Run("tenant", "rotate-key", "chu").Succeeded();
        home.Run("audit", "verify", "--tenant", "chu", "--checkpoint", kept).Succeeded();
        home.Run("audit", "verify", "--tenant", "chu", "--proof", proof).Succeeded();

        File.WriteAllText(kept, File.ReadAllText(kept).Replace("chu", "chv", StringComparison.Ordinal));
        home.Run("audit", "verify", "--tenant", "chu", "--checkpoint", kept).Failed(6, "audit.checkpoint-invalid");
    }
}
