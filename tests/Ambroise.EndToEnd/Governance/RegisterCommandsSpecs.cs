namespace Ambroise.EndToEnd.Governance;

/// <summary>The registers that a warehouse owes its patients and its governing body, through the whole program.</summary>
public sealed class RegisterCommandsSpecs
{
    [Fact]
    public void A_load_waits_for_the_governing_body_and_patients_are_informed_and_answered()
    {
        using var home = TemporaryHome.With("chu");
        foreach (var (name, role) in new[] { ("paul", "data-engineer"), ("dpo", "data-protection-officer") }) home.Run("role", "grant", name, role, "--tenant", "chu").Succeeded();
        var source = home.Beside("cdm");
        Directory.CreateDirectory(source);
        File.WriteAllText(Path.Combine(source, "person.csv"), "person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id\n1,0,1961,0,0\n2,0,1962,0,0\n3,0,1963,0,0\n");
        string[] load = ["--as", "paul", "load", "omop", source, "--tenant", "chu"];

        As("dpo", "source", "declare", "lab", "--origin", "Laboratory", "--justification", "results", "--tenant", "chu").Failed(3, "access.denied");
        As("paul", "source", "declare", "lab", "--origin", "Laboratory", "--justification", "results", "--tenant", "chu").Succeeded();
        home.Run(load).Failed(3, "source.unnamed");
        home.Run([.. load, "--source", "pmsi"]).Failed(4, "source.unknown");
        home.Run([.. load, "--source", "lab"]).Failed(3, "source.not-accepted");
        As("paul", "source", "decide", "lab", "accept", "--reference", "minutes", "--tenant", "chu").Failed(3, "access.denied");
        home.Run("source", "decide", "lab", "accept", "--reference", "minutes of 12 March", "--tenant", "chu").Succeeded();
        home.Run([.. load, "--source", "lab"]).Succeeded();
        Assert.Equal("accepted", As("paul", "source", "list", "--tenant", "chu", "--json").Succeeded().Json[0].GetProperty("state").GetString());

        As("paul", "notice", "give", "1", "--version", "2026-1", "--channel", "Post", "--tenant", "chu").Failed(3, "access.denied");
        As("dpo", "notice", "give", "1", "--version", "2026-1", "--channel", "Post", "--tenant", "chu").Succeeded();
        var list = home.Beside("informed.txt");
        File.WriteAllText(list, "person_id\n2\n");
        As("dpo", "notice", "give", "--file", list, "--version", "2026-1", "--channel", "Portal", "--tenant", "chu").Succeeded();
        Assert.Equal([3], As("dpo", "notice", "missing", "--tenant", "chu", "--json").Succeeded().Json.GetProperty("persons").EnumerateArray().Select(p => p.GetInt32()));
        File.WriteAllText(list, "2\nplanted-name\n");
        Assert.DoesNotContain("planted-name", As("dpo", "notice", "give", "--file", list, "--version", "2026-1", "--channel", "Portal", "--tenant", "chu").Failed(2, "notice.file-invalid").Error, StringComparison.Ordinal);

        As("paul", "rights", "list", "--tenant", "chu").Failed(3, "access.denied");
        var number = As("dpo", "rights", "open", "2", "--kind", "Access", "--channel", "Post", "--received", "2026-01-05", "--tenant", "chu", "--json").Succeeded().Json;
        Assert.Equal("2026-02-05", number.GetProperty("deadline").GetString());
        Assert.True(As("dpo", "rights", "list", "--tenant", "chu", "--json").Succeeded().Json[0].GetProperty("late").GetBoolean());
        Assert.Contains("accès", As("dpo", "rights", "list", "--tenant", "chu", "--lang", "fr").Succeeded().Output, StringComparison.Ordinal);
        As("dpo", "rights", "answer", "1", "granted", "--note", "copy sent", "--tenant", "chu").Succeeded();
        As("dpo", "rights", "answer", "1", "granted", "--note", "copy sent", "--tenant", "chu").Failed(5, "rights.answered");

        Ran As(string name, params string[] args) => home.Run(["--as", name, .. args]);
    }
}
