using System.Globalization;
using DuckDB.NET.Data;

namespace Ambroise.EndToEnd.Fhir;

/// <summary>One invented hospital, sent as FHIR and as OMOP: the same warehouse.</summary>
public sealed class SyntheticHospitalSpecs
{
    /// <summary>Table and what of a row both must agree on, <c>p</c> the patient's number. By design FHIR says less of a stay by the emergency door (inpatient) and of intensive care (inpatient acute),
    /// and its source of a drug is the product's code; observation periods and eras are derived from what happened.</summary>
    static readonly (string Table, string Columns)[] Told =
    [
        ("person", "p, gender_concept_id, year_of_birth, month_of_birth, day_of_birth"),
        ("death", "p, death_date"),
        ("visit_occurrence", "p, if(visit_concept_id = 262, 9201, visit_concept_id), visit_start_date, visit_start_datetime, visit_end_date"),
        ("visit_detail", "p, if(visit_detail_concept_id = 32037, 9201, visit_detail_concept_id), visit_detail_start_date, visit_detail_end_date"),
        ("condition_occurrence", "p, condition_concept_id, condition_start_date, condition_start_datetime, condition_source_value, condition_source_concept_id"),
        ("drug_exposure", "p, drug_concept_id, drug_exposure_start_date, drug_exposure_end_date, quantity, days_supply, refills, route_concept_id, sig"),
        ("procedure_occurrence", "p, procedure_concept_id, procedure_date, procedure_source_value"),
        ("measurement", "p, measurement_concept_id, measurement_date, measurement_datetime, value_as_number, unit_concept_id, range_low, range_high, measurement_source_value, unit_source_value"),
        ("observation", "p, observation_concept_id, observation_date, value_as_concept_id"),
        ("note", "p, note_date, note_title, note_text, language_concept_id"),
        ("payer_plan_period", "p, payer_plan_period_start_date, payer_plan_period_end_date, payer_source_value, plan_source_value"),
    ];

    [Fact]
    public void Fhir_and_omop_of_the_same_patients_are_the_same_rows()
    {
        using var home = TemporaryHome.With("fhir", "omop");
        var (sent, tables) = (home.Beside("sent"), home.Beside("tables"));
        var made = home.Run("synth", "--patients", "400", "--format", "fhir", "--out", sent, "--json").Succeeded().Json;
        home.Run("synth", "--patients", "400", "--out", tables).Succeeded();
        home.Run("vocabulary", "load", sent).Succeeded();
        var loaded = home.Run("load", "fhir", sent, "--tenant", "fhir", "--json").Succeeded().Json;
        home.Run("load", "omop", tables, "--tenant", "omop").Succeeded();

        var resources = made.GetProperty("resources").EnumerateArray().Sum(r => r.GetProperty("resources").GetInt64());
        // Its vocabulary has two kinds of letters, four of cover and a way of admission for no concept.
        Assert.Equal((resources, resources, 0L, 7L), (loaded.GetProperty("read").GetInt64(), loaded.GetProperty("used").GetInt64(), loaded.GetProperty("quarantined").GetInt64(), loaded.GetProperty("unmappedCodes").GetInt64()));
        Assert.Equal(400 / 97, loaded.GetProperty("oppositionsRecorded").GetInt32());

        var back = new[] { "fhir", "omop" }.ToDictionary(t => t, t =>
        {
            home.Run("export", "omop", home.Beside(t), "--tenant", t).Succeeded();
            return home.Beside(t);
        });
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        object? Ask(string sql)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            return command.ExecuteScalar();
        }
        Ask($"create view fhir_id as select person_id, substr(person_source_value, 2)::bigint as p from '{back["fhir"]}/person.parquet'");
        Ask($"create view omop_id as select person_id, person_id as p from '{back["omop"]}/person.parquet'");
        foreach (var (table, columns) in Told)
        {
            string Rows(string of) => $"select {columns} from '{back[of]}/{table}.parquet' join {of}_id using (person_id)";
            var differ = Ask($"select count(*) from (({Rows("fhir")} except all {Rows("omop")}) union all ({Rows("omop")} except all {Rows("fhir")}))");
            Assert.True(Convert.ToInt64(differ, CultureInfo.InvariantCulture) == 0, $"{table}: {differ} rows differ");
            Assert.True(Convert.ToInt64(Ask($"select count(*) from ({Rows("fhir")})"), CultureInfo.InvariantCulture) > 0, table);
        }
        // Names and the national number are among the identities alone; an identity that nobody checked has no INS.
        Assert.Equal(400L - 400 / 25, Ask($"select count(*) from '{back["fhir"]}/person_identity.parquet' where kind = 'INS'"));
    }

    [Fact]
    public void A_smaller_hospital_in_the_same_folder_says_which_files_of_the_larger_went()
    {
        using var home = new TemporaryHome();
        var sent = home.Beside("sent");
        string Synth(params string[] more) => home.Run(["synth", "--format", "fhir", "--out", sent, .. more]).Succeeded().Output;
        Assert.DoesNotContain("removed", Synth("--patients", "100"), StringComparison.Ordinal);
        var told = Synth("--patients", "1");
        Assert.Contains("1 invented patient, ", told, StringComparison.Ordinal);
        Assert.Contains("removed: Consent.ndjson", told, StringComparison.Ordinal);
        Synth("--patients", "100");
        Assert.Contains("Consent.ndjson", home.Run("synth", "--format", "fhir", "--out", sent, "--patients", "1", "--json").Succeeded().Json.GetProperty("removed").EnumerateArray().Select(f => f.GetString()));
        Synth("--patients", "100");
        Assert.Contains("est ôté : Consent.ndjson", Synth("--patients", "20", "--lang", "fr"), StringComparison.Ordinal);
    }
}
