namespace Ambroise.EndToEnd.Governance;

/// <summary>The drill: a warehouse is lost, and comes back whole from its backup.</summary>
public sealed class BackupDrillSpecs
{
    [Fact]
    public void A_lost_warehouse_comes_back_with_its_patients_its_oppositions_and_its_audit()
    {
        using var home = TemporaryHome.With("chu");
        var (source, backup) = (home.Beside("cdm"), home.Beside("backup"));
        Directory.CreateDirectory(source);
        File.WriteAllText(Path.Combine(source, "person.csv"), "person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id\n1,8507,1960,0,0\n2,8532,1970,0,0\n");
        home.Run("load", "omop", source, "--tenant", "chu").Succeeded();
        home.Run("role", "grant", "dpo", "data-protection-officer", "--tenant", "chu").Succeeded();
        home.Run("--as", "dpo", "opposition", "add", "2", "--tenant", "chu", "--channel", "post").Succeeded();
        home.Run("tenant", "seal", "chu").Succeeded();
        home.RunWith(null, "backup", backup).Succeeded(); // the operator has no passphrase, and the tenant is sealed
        home.RunWith(null, "backup", backup).Failed(5, "backup.target-full");

        Directory.Delete(home.Path, recursive: true);
        home.RunWith(null, "restore", backup).Succeeded();
        home.IsItsOwnersAlone();
        home.RunWith(null, "restore", backup).Failed(5, "backup.home-exists");

        home.Run("verify", "--tenant", "chu").Failed(3, "tenant.sealed");
        home.Run("tenant", "unseal", "chu").Succeeded();
        home.Run("verify", "--tenant", "chu").Succeeded();
        home.Run("audit", "verify", "--tenant", "chu").Succeeded();
        Assert.Equal(1, home.Run("--as", "dpo", "opposition", "list", "--tenant", "chu", "--json").Succeeded().Json.GetArrayLength());
        var acts = home.Run("audit", "list", "--tenant", "chu", "--json").Succeeded().Json.EnumerateArray().Select(e => e.GetProperty("action").GetString()).ToHashSet();
        Assert.Superset(new HashSet<string?> { "host.backup", "host.restore", "lake.load", "opposition.write" }, acts);
    }
}
