using System.Security.Cryptography;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Sources.Synth;
using DuckDB.NET.Data;

namespace Ambroise.Tests.Synth;

/// <summary>A hospital of 3,000 invented patients, written once for all the claims below.</summary>
public sealed class InventedHospital : IDisposable
{
    public static readonly SynthOptions Options = new(3000, 7);

    public string Folder { get; } = Directory.CreateTempSubdirectory("ambroise-synth-").FullName;

    public DuckDBConnection Connection { get; } = new("DataSource=:memory:");

    public InventedHospital()
    {
        SyntheticHospital.Write(Options, Folder, null, CancellationToken.None);
        Connection.Open();
        foreach (var path in Directory.EnumerateFiles(Folder))
            Run($"create view {Path.GetFileNameWithoutExtension(path)} as select * from {(path.EndsWith(".csv", StringComparison.Ordinal) ? $"read_csv('{path}', delim = '\t', header = true, quote = '')" : $"read_parquet('{path}')")}");
    }

    public object? Run(string sql)
    {
        using var command = Connection.CreateCommand();
#pragma warning disable CA2100 // written here
        command.CommandText = sql;
#pragma warning restore CA2100
        return command.ExecuteScalar();
    }

    public void Dispose()
    {
        Connection.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}

public sealed class SyntheticHospitalSpecs(InventedHospital hospital) : IClassFixture<InventedHospital>
{
    double Ask(string sql) => Convert.ToDouble(hospital.Run(sql), System.Globalization.CultureInfo.InvariantCulture);

    void None(string sql) => Assert.Equal(0, Ask($"select count(*) from ({sql})"));

    [Fact]
    public void Every_file_of_rows_is_cleared_before_another_hospital()
    {
        var folder = Directory.CreateTempSubdirectory("ambroise-synth-");
        try
        {
            var written = Directory.EnumerateFiles(hospital.Folder, "*.parquet").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal).ToList();
            foreach (var name in written.Append("my_person.parquet").Append("concept.parquet")) File.WriteAllText(Path.Combine(folder.FullName, name), "");
            Assert.Equal(written, SyntheticHospital.Clear(folder.FullName, fhir: false));
            Assert.Equal(["concept.parquet", "my_person.parquet"], folder.EnumerateFiles().Select(f => f.Name).Order(StringComparer.Ordinal));
            Assert.Empty(SyntheticHospital.Clear(Path.Combine(folder.FullName, "absent"), fhir: false));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_bytes_and_another_seed_others()
    {
        var (again, other) = (Directory.CreateTempSubdirectory("ambroise-synth-").FullName, Directory.CreateTempSubdirectory("ambroise-synth-").FullName);
        try
        {
            SyntheticHospital.Write(InventedHospital.Options, again, null, TestContext.Current.CancellationToken);
            SyntheticHospital.Write(InventedHospital.Options with { Seed = 8 }, other, null, TestContext.Current.CancellationToken);
            string Hash(string folder, string file) => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, file))));
            foreach (var file in Directory.EnumerateFiles(hospital.Folder).Select(f => Path.GetFileName(f)))
                Assert.Equal((file, Hash(hospital.Folder, file)), (file, Hash(again, file)));
            Assert.NotEqual(Hash(again, "measurement.parquet"), Hash(other, "measurement.parquet"));
        }
        finally
        {
            Directory.Delete(again, recursive: true);
            Directory.Delete(other, recursive: true);
        }
    }

    [Fact]
    public void A_patient_is_the_same_whatever_the_others()
    {
        var among = SyntheticHospital.Tell(new(1_000_000, 7), 40, 60);
        var alone = SyntheticHospital.Tell(new(50, 7), 50, 50);
        foreach (var (many, one) in among.Zip(alone))
        {
            var person = many.Table.Person;
            var rows = Enumerable.Range(0, many.Rows).Where(r => ((Int64Column)many.Columns[person]).Values[r] == 50).ToArray();
            Assert.Equal(one.Rows, rows.Length);
            foreach (var (from, to) in many.Columns.Zip(one.Columns))
                for (var i = 0; i < rows.Length; i++) Assert.Equal(Value(to, i), Value(from, rows[i]));
        }
    }

    static object? Value(Column column, int row) => column.IsNull(row) ? null : column switch
    {
        Int32Column c => c.Values[row],
        Int64Column c => c.Values[row],
        Float64Column c => c.Values[row],
        _ => ((TextColumn)column).Text(row),
    };

    [Fact]
    public void What_the_cdm_requires_is_there_and_keys_are_unique()
    {
        foreach (var batch in SyntheticHospital.Tell(InventedHospital.Options, 1, 500))
        {
            foreach (var column in batch.Table.Columns.Where(c => c.Required))
                Assert.DoesNotContain(Enumerable.Range(0, batch.Rows), row => batch.Columns[column.Ordinal].IsNull(row));
            if (batch.Table.Key >= 0)
                Assert.Equal(batch.Rows, ((Int64Column)batch.Columns[batch.Table.Key]).Values.ToArray().Distinct().Count());
        }
    }

    [Theory]
    [InlineData("condition_occurrence", "condition_start_date", "condition_concept_id", "Condition")]
    [InlineData("drug_exposure", "drug_exposure_start_date", "drug_concept_id", "Drug")]
    [InlineData("procedure_occurrence", "procedure_date", "procedure_concept_id", "Procedure")]
    [InlineData("measurement", "measurement_date", "measurement_concept_id", "Measurement")]
    [InlineData("visit_detail", "visit_detail_start_date", "visit_detail_concept_id", "Visit")]
    [InlineData("note", "note_date", "32831", "Type Concept")]
    public void An_event_is_inside_its_visit_and_its_life_and_has_a_standard_concept_of_its_domain(string table, string date, string concept, string domain)
    {
        Assert.True(Ask($"select count(*) from {table}") > 300);
        None($"select 1 from {table} e anti join visit_occurrence v on v.visit_occurrence_id = e.visit_occurrence_id and v.person_id = e.person_id and e.{date} between v.visit_start_date and v.visit_end_date");
        None($"select 1 from {table} e join observation_period p using (person_id) where e.{date} not between p.observation_period_start_date and p.observation_period_end_date");
        None($"select 1 from {table} e join person p using (person_id) where e.{date} < make_date(p.year_of_birth, p.month_of_birth, p.day_of_birth)");
        None($"select 1 from {table} e join death d using (person_id) where e.{date} > d.death_date");
        None($"select 1 from {table} e anti join concept c on c.concept_id = {concept} and c.standard_concept = 'S' and c.domain_id = '{domain}'");
    }

    [Fact]
    public void Rows_refer_to_rows_that_are_there()
    {
        None("select 1 from visit_occurrence v anti join person p using (person_id)");
        None("select 1 from person p anti join location l using (location_id)");
        None("select 1 from visit_occurrence v anti join provider p using (provider_id)");
        None("select 1 from provider p anti join care_site c using (care_site_id)");
        foreach (var (table, source) in new[] { ("condition_occurrence", "condition"), ("drug_exposure", "drug"), ("procedure_occurrence", "procedure"), ("measurement", "measurement") })
            None($"select 1 from {table} e anti join concept c on c.concept_id = e.{source}_source_concept_id and c.concept_code = e.{source}_source_value");
        None("select 1 from measurement m anti join concept c on c.concept_id = m.unit_concept_id and c.domain_id = 'Unit'");
        None("select 1 from condition_era e anti join concept c on c.concept_id = e.condition_concept_id");
        None("select 1 from concept_ancestor a anti join concept c on c.concept_id = a.ancestor_concept_id");
        None("select concept_id from concept group by 1 having count(*) > 1");
        None("select 1 from drug_era e anti join concept c on c.concept_id = e.drug_concept_id and c.concept_class_id = 'Ingredient'");
    }

    [Fact]
    public void A_source_code_maps_to_the_concept_its_row_holds() => None("""
        select 1 from condition_occurrence e anti join concept_relationship r
            on r.relationship_id = 'Maps to' and r.concept_id_1 = e.condition_source_concept_id and r.concept_id_2 = e.condition_concept_id
        """);

    [Fact]
    public void Few_concepts_make_most_rows_and_many_are_rare()
    {
        const string ranked = "select count(*) as n, row_number() over (order by count(*) desc) as rank from condition_occurrence group by condition_concept_id";
        Assert.True(Ask($"select count(*) from ({ranked})") > 300);
        Assert.True(Ask($"select sum(n) filter (rank <= 30) / sum(n) from ({ranked})") is > .4 and < .95);
        Assert.True(Ask($"select regr_slope(ln(n), ln(rank)) from ({ranked}) where rank between 5 and 200") is > -2.2 and < -.6);
    }

    [Fact]
    public void A_patient_has_sixty_to_ninety_rows_and_the_pyramid_is_human()
    {
        string[] tables = ["visit_occurrence", "condition_occurrence", "drug_exposure", "procedure_occurrence", "measurement", "note", "observation", "visit_detail", "condition_era", "drug_era"];
        Assert.InRange(tables.Sum(t => Ask($"select count(*) from {t}")) / InventedHospital.Options.Patients, 55, 95);
        Assert.InRange(Ask("select avg(2025 - year_of_birth) from person"), 38, 52);
        Assert.InRange(Ask("select avg(case when gender_concept_id = 8532 then 1 else 0 end) from person"), .48, .56);
        Assert.InRange(Ask("select count(*) from death") / InventedHospital.Options.Patients, .005, .12);
    }

    [Fact]
    public void People_with_diabetes_look_like_it()
    {
        hospital.Run("create or replace temp table diabetic as select distinct person_id from condition_occurrence e join concept_ancestor a on a.descendant_concept_id = e.condition_concept_id where a.ancestor_concept_id = 201826");
        Assert.InRange(Ask("select count(*) from diabetic") / InventedHospital.Options.Patients, .02, .15);
        double A1c(string which) => Ask($"select avg(value_as_number) from measurement m {which} join diabetic d using (person_id) where measurement_concept_id = 3004410");
        Assert.True(A1c("semi") > A1c("anti") + .8);
        double Metformin(string which) => Ask($"""
            select (select count(distinct person_id) from drug_exposure e join concept_ancestor a on a.descendant_concept_id = e.drug_concept_id {which} join diabetic d using (person_id) where a.ancestor_concept_id = 1503297)
                / (select count(*) from person {which} join diabetic d using (person_id))
            """);
        Assert.True(Metformin("semi") > .5);
        Assert.True(Metformin("anti") < .15);
    }

    [Fact]
    public void People_with_a_stroke_get_a_scan_and_an_antiplatelet_and_die_more()
    {
        hospital.Run("create or replace temp table stroke as select e.person_id, min(condition_start_date) as on_day from condition_occurrence e join concept_ancestor a on a.descendant_concept_id = e.condition_concept_id where a.ancestor_concept_id = 443454 group by 1");
        Assert.True(Ask("select count(*) from stroke") >= 15);
        Assert.Equal(1, Ask("select avg(case when exists (from procedure_occurrence p where p.person_id = s.person_id and p.procedure_date = s.on_day and p.procedure_source_value = 'ACQK001') then 1 else 0 end) from stroke s"));
        Assert.True(Ask("select avg(case when exists (from drug_exposure d where d.person_id = s.person_id and d.drug_source_value = 'B01AC06') then 1 else 0 end) from stroke s") > .95);
        Assert.True(Ask("select (select avg(case when d.person_id is null then 0 else 1 end) from stroke left join death d using (person_id))") > 2 * Ask("select count(*) from death") / InventedHospital.Options.Patients);
    }

    [Fact]
    public void Eras_of_a_concept_are_more_than_thirty_days_apart()
    {
        None("select 1 from (select *, lag(drug_era_end_date) over (partition by person_id, drug_concept_id order by drug_era_start_date) as before from drug_era) where drug_era_start_date <= before + 30");
        None("select 1 from drug_exposure e join concept_ancestor a on a.descendant_concept_id = e.drug_concept_id join concept c on c.concept_id = a.ancestor_concept_id and c.concept_class_id = 'Ingredient' anti join drug_era r on r.person_id = e.person_id and r.drug_concept_id = c.concept_id and e.drug_exposure_start_date between r.drug_era_start_date and r.drug_era_end_date");
    }

    [Fact]
    public void Direct_identifiers_are_only_where_the_cdm_keeps_identities()
    {
        Assert.Equal(Sensitivity.Identity, Cdm54.Person["person_source_value"].Sensitivity);
        None("select 1 from person where person_source_value not like '%|1.2.250.1.213.1.4.10'");
        None("select person_source_value from person group by 1 having count(*) > 1");
    }
}
