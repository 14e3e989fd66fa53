using System.Globalization;
using System.Text;

namespace Ambroise.EndToEnd.Governance;

public sealed class RetentionSpecs
{
    [Fact]
    public void Patients_past_their_retention_leave_every_release_after_a_dry_run_and_the_rest_stays()
    {
        using var home = TemporaryHome.With("chu");
        home.Run("load", "omop", Hospital(home, "one", (1, 1999), (2, 2001), (3, 2022), (4, null), (5, 1998)), "--tenant", "chu").Succeeded();
        // Patient 5 was seen again: in the second release alone.
        home.Run("load", "omop", Hospital(home, "two", (1, 1999), (5, 2023)), "--tenant", "chu").Succeeded();
        home.Run("role", "grant", "dpo", "data-protection-officer", "--tenant", "chu").Succeeded();
        home.Run("role", "grant", "marie", "researcher", "--tenant", "chu").Succeeded();

        var rules = home.Run("--as", "dpo", "retention", "show", "--tenant", "chu", "--json").Succeeded().Json;
        Assert.Equal((20, 12), (rules.GetProperty("patientYears").GetInt32(), rules.GetProperty("auditMonths").GetInt32()));
        home.Run("--as", "dpo", "retention", "set", "--patient-years", "1", "--tenant", "chu").Failed(3, "access.denied");
        home.Run("--as", "marie", "retention", "purge", "--tenant", "chu").Failed(3, "access.denied");
        home.Run("--as", "marie", "audit", "prune", "--tenant", "chu").Failed(3, "access.denied");
        home.Run("audit", "prune", "--tenant", "chu").Failed(3, "access.denied");
        home.Run("retention", "set", "--audit-months", "5", "--tenant", "chu").Failed(2, "retention.rules-invalid");

        var dry = Purge().Succeeded().Json;
        Assert.False(dry.GetProperty("purged").GetBoolean());
        Assert.Equal([1, 2], dry.GetProperty("persons").EnumerateArray().Select(p => p.GetInt32()));
        home.Run("verify", "--tenant", "chu").Succeeded();
        Purge("--confirm", "3").Failed(5, "retention.not-confirmed");
        Assert.Equal(2, Purge().Succeeded().Json.GetProperty("patients").GetInt32());

        var done = Purge("--confirm", "2").Succeeded().Json;
        Assert.True(done.GetProperty("purged").GetBoolean());
        Assert.True(done.GetProperty("removed").GetArrayLength() > 0);
        Assert.All(done.GetProperty("removed").EnumerateArray(), f => Assert.False(File.Exists(Path.Combine(home.Path, "tenants", "chu", f.GetString()!))));
        Assert.Equal(0, Purge().Succeeded().Json.GetProperty("patients").GetInt32());
        Assert.Equal([3, 1], home.Run("releases", "--tenant", "chu", "--json").Succeeded().Json.EnumerateArray().OrderBy(r => r.GetProperty("release").GetInt32()).Select(r => r.GetProperty("patients").GetInt32()));
        home.Run("verify", "--tenant", "chu").Succeeded();

        // Shorter now: three years for who was seen in 2022 or 2023, and the one without any date counts from the load.
        home.Run("retention", "set", "--patient-years", "2", "--tenant", "chu").Succeeded();
        Assert.Equal([3, 5], Purge().Succeeded().Json.GetProperty("persons").EnumerateArray().Select(p => p.GetInt32()));

        Assert.Equal(0, home.Run("--as", "dpo", "audit", "prune", "--tenant", "chu", "--json").Succeeded().Json.GetProperty("entries").GetInt32());
        Assert.Contains(home.Run("audit", "list", "--tenant", "chu", "--json").Succeeded().Json.EnumerateArray(),
            e => e.GetProperty("actor").GetString() == "dpo" && e.GetProperty("action").GetString() == "patient.erase" && e.GetRawText() is var text && text.Contains("purge", StringComparison.Ordinal) && text.Contains("\"patients\": 2", StringComparison.Ordinal));

        Ran Purge(params string[] more) => home.Run(["--as", "dpo", "retention", "purge", "--tenant", "chu", "--json", .. more]);
    }

    static string Hospital(TemporaryHome home, string name, params (int Person, int? Year)[] patients)
    {
        var source = home.Beside(name);
        Directory.CreateDirectory(source);
        var (persons, visits) = (new StringBuilder("person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id\n"), new StringBuilder("visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_end_date,visit_type_concept_id\n"));
        foreach (var (person, year) in patients)
        {
            persons.Append(CultureInfo.InvariantCulture, $"{person},8507,1961,0,0\n");
            if (year is not null) visits.Append(CultureInfo.InvariantCulture, $"{person},{person},9201,{year}-02-01,{year}-02-03,0\n");
        }
        File.WriteAllText(Path.Combine(source, "person.csv"), persons.ToString());
        File.WriteAllText(Path.Combine(source, "visit_occurrence.csv"), visits.ToString());
        return source;
    }
}
