using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ambroise.Governance.Datasets;
using Ambroise.Governance.Projects;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;

namespace Ambroise.Tests.Governance.Datasets;

/// <summary>What a project is given, and what it is not.</summary>
public sealed class DatasetSpecs : IDisposable
{
    readonly DatasetHouse house = new();

    public void Dispose() => house.Dispose();

    [Fact]
    public void Only_permitted_patients_tables_and_columns_are_given()
    {
        var folder = house.Opened(DatasetHouse.Permit(data: [DatasetHouse.Category("person", "person_id", "year_of_birth"), DatasetHouse.Category("measurement", "measurement_date", "value_as_number")]), null, DatasetHouse.Population(50));
        Assert.Equal(["measurement.parquet", "person.parquet"], Directory.EnumerateFiles(Path.Combine(folder, "omop")).Select(f => Path.GetFileName(f)!).Order());
        Assert.Equal(50, DatasetHouse.Count($"select count(*) from '{folder}/omop/person.parquet'"));
        Assert.Equal(["person_id", "measurement_date", "value_as_number"], DatasetHouse.Query($"describe select * from '{folder}/omop/measurement.parquet'").Select(r => (string)r[0]!));
        Assert.Equal(0, DatasetHouse.Count($"select count(*) from '{folder}/omop/measurement.parquet' m anti join '{folder}/omop/person.parquet' p using (person_id)"));
        Assert.True(DatasetHouse.Count($"select count(distinct person_id) from '{folder}/omop/measurement.parquet'") == 50);
    }

    [Fact]
    public void Only_permitted_concepts_and_periods_are_given_each_with_its_own_columns()
    {
        JsonElement Concepts(params int[] ids) => JsonSerializer.SerializeToElement(ids);
        var folder = house.Opened(DatasetHouse.Permit(protection: new(ShiftDates: false, K: 1, L: 1), data:
        [
            new("condition_occurrence", "a", ["condition_concept_id", "condition_start_date"], Concepts(201_820), new(2012, 1, 1), new(2018, 12, 31)),
            new("condition_occurrence", "b", ["condition_concept_id", "condition_end_date"], Concepts(201_821)),
        ]));
        var file = $"'{folder}/omop/condition_occurrence.parquet'";
        Assert.Equal(["201820", "201821"], DatasetHouse.Query($"select distinct condition_concept_id from {file} order by 1").Select(r => $"{r[0]}"));
        Assert.Equal(0, DatasetHouse.Count($"select count(*) from {file} where condition_concept_id = 201820 and (condition_start_date not between date '2012-01-01' and date '2018-12-31' or condition_end_date is not null)"));
        Assert.Equal(0, DatasetHouse.Count($"select count(*) from {file} where condition_concept_id = 201821 and (condition_start_date is not null or condition_end_date is null)"));
        Assert.Equal(DatasetHouse.Patients, DatasetHouse.Count($"select count(*) from {file} where condition_concept_id = 201820"));
        Assert.Equal(2 * DatasetHouse.Patients, DatasetHouse.Count($"select count(*) from {file} where condition_concept_id = 201821"));
    }

    /// <summary>A number of <see cref="DatasetHouse"/>, all of its sixteen digits: a shorter pattern is met by chance in the pseudonyms.</summary>
    const string OriginalNumber = "7[0-6]0{8}[0-9]{6}";

    [Fact]
    public void No_original_identifier_name_word_or_birthday_is_in_what_is_opened()
    {
        var folder = house.Opened(DatasetHouse.Permit());
        foreach (var csv in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith(".parquet", StringComparison.Ordinal)))
        {
            var text = File.ReadAllText(csv);
            Assert.DoesNotContain(DatasetHouse.Canary, text, StringComparison.Ordinal);
            Assert.DoesNotMatch($@"(?<!\d){OriginalNumber}(?!\d)", text);
            Assert.DoesNotContain("month_of_birth", text, StringComparison.Ordinal);
            Assert.DoesNotContain("chambre du maire", text, StringComparison.Ordinal);
        }
        foreach (var parquet in Directory.EnumerateFiles(Path.Combine(folder, "omop")))
            Assert.Equal(-1, File.ReadAllBytes(parquet).AsSpan().IndexOf(Encoding.UTF8.GetBytes(DatasetHouse.Canary)));
        // Columns that hold identifiers hold none of the original ones.
        foreach (var (table, column) in new[] { ("person", "person_id"), ("visit_occurrence", "visit_occurrence_id"), ("visit_occurrence", "preceding_visit_occurrence_id"), ("condition_occurrence", "condition_occurrence_id"), ("measurement", "visit_occurrence_id") })
            Assert.Equal(0, DatasetHouse.Count($"select count(*) from '{folder}/omop/{table}.parquet' where regexp_matches(cast({column} as varchar), '^{OriginalNumber}$')"));
    }

    [Fact]
    public void Parquet_and_csv_hold_the_same_rows_and_the_links_between_tables_hold()
    {
        var folder = house.Opened(DatasetHouse.Permit());
        foreach (var csv in Directory.EnumerateFiles(Path.Combine(folder, "csv")).Append(Path.Combine(folder, "analysis", "wide.csv")))
        {
            var parquet = csv.Replace("/csv/", "/omop/", StringComparison.Ordinal).Replace(".csv", ".parquet", StringComparison.Ordinal);
            var types = string.Join(", ", DatasetHouse.Query($"describe select * from '{parquet}'").Select(r => $"'{r[0]}': '{r[1]}'"));
            var read = $"read_csv('{csv}', header = true, columns = {{{types}}})";
            Assert.True(DatasetHouse.Count($"select count(*) from {read}") > 0);
            Assert.Equal(0, DatasetHouse.Count($"select count(*) from ((select * from {read} except all select * from '{parquet}') union all (select * from '{parquet}' except all select * from {read}))"));
        }
        Assert.Equal(0, DatasetHouse.Count($"select count(*) from '{folder}/omop/condition_occurrence.parquet' c anti join '{folder}/omop/visit_occurrence.parquet' v using (visit_occurrence_id, person_id)"));
        Assert.True(DatasetHouse.Count($"select count(*) from '{folder}/omop/visit_occurrence.parquet' v join '{folder}/omop/visit_occurrence.parquet' b on v.preceding_visit_occurrence_id = b.visit_occurrence_id and v.person_id = b.person_id") > 300);
    }

    [Fact]
    public void Dates_move_by_patient_keep_their_intervals_and_stay_in_the_narrowed_window()
    {
        var folder = house.Opened(DatasetHouse.Permit());
        var own = ProjectKeys.Open(house.Test.Keys, "cardio").OrThrow();
        var shifts = new HashSet<int>();
        foreach (var p in Enumerable.Range(1, DatasetHouse.Patients))
        {
            var shift = own.ShiftDays(DatasetHouse.Id(p), 182);
            shifts.Add(shift);
            Assert.True(shift is not 0 and >= -182 and <= 182);
            var given = DatasetHouse.Query($"select visit_start_date, visit_end_date, visit_start_datetime from '{folder}/omop/visit_occurrence.parquet' where person_id = {own.Pseudonym("person", DatasetHouse.Id(p))} order by 1");
            var expected = Enumerable.Range(0, 6).Select(v => new DateOnly(2010 + 2 * v, 1 + p % 12, 1 + p % 28).AddDays(shift)).Where(d => d >= First && d <= Last).ToList();
            Assert.Equal(expected, given.Select(r => (DateOnly)r[0]!));
            Assert.All(given, r => Assert.True((DateOnly)r[1]! == Last || ((DateOnly)r[1]!).DayNumber - ((DateOnly)r[0]!).DayNumber == p % 9));
            Assert.All(given, r => Assert.Equal(p % 24, ((DateTime)r[2]!).Hour));
        }
        Assert.True(shifts.Count > 60);
        Assert.Equal(First, DatasetHouse.Query($"select min(observation_period_start_date) from '{folder}/omop/observation_period.parquet'")[0][0]);
    }

    // The data runs from 2010-01-01 to 2020-12-29 (the last measurement), less 182 days at both ends.
    static readonly DateOnly First = new DateOnly(2010, 1, 1).AddDays(182), Last = Enumerable.Range(1, DatasetHouse.Patients).Max(p => new DateOnly(2020, 1 + p % 12, 1 + p % 28).AddDays(1)).AddDays(-182);

    [Fact]
    public void Who_was_ninety_or_more_is_pooled_and_years_of_birth_go_by_bands()
    {
        var folder = house.Opened(DatasetHouse.Permit(protection: new(ShiftDates: false, K: 1, L: 1)), new DatasetOptions(BirthBand: 1));
        Assert.Equal(0, DatasetHouse.Count($"select count(*) from '{folder}/omop/person.parquet' p join '{folder}/omop/measurement.parquet' m using (person_id) where year(m.measurement_date) - p.year_of_birth > 90"));
        Assert.Equal(1930L, DatasetHouse.Count($"select min(year_of_birth) from '{folder}/omop/person.parquet'"));
        var banded = house.Opened(DatasetHouse.Permit());
        Assert.Equal(0, DatasetHouse.Count($"select count(*) from '{banded}/omop/person.parquet' where year_of_birth % 10 <> 0"));
    }

    [Fact]
    public void Codes_and_words_of_too_few_patients_are_withheld_unless_the_permit_names_the_concept()
    {
        var folder = house.Opened(DatasetHouse.Permit(protection: new(ShiftDates: false, K: 1, L: 1)));
        var file = $"'{folder}/omop/condition_occurrence.parquet'";
        Assert.Equal(0, DatasetHouse.Count($"select count(*) from {file} where condition_concept_id = 999001 or condition_source_value = 'maladie unique'"));
        Assert.Equal(1, DatasetHouse.Count($"select count(*) from {file} where condition_concept_id = 0 and condition_source_value is null"));
        var named = house.Opened(DatasetHouse.Permit("rare", new(ShiftDates: false, K: 1, L: 1), new DataCategory("condition_occurrence", "the disease studied", ["condition_concept_id"], JsonSerializer.SerializeToElement(new[] { 999_001 }))));
        Assert.Equal(1, DatasetHouse.Count($"select count(*) from '{named}/omop/condition_occurrence.parquet' where condition_concept_id = 999001"));
    }

    [Fact]
    public void Free_text_is_given_only_where_the_permit_names_the_column_and_allows_it()
    {
        var asked = DatasetHouse.Category("note", "note_date", "note_text");
        Assert.True(house.Plan(DatasetHouse.Permit(data: asked)).Failed(out var failure, out _));
        Assert.Equal("dataset.column-unavailable", failure!.Code);
        var folder = house.Opened(DatasetHouse.Permit("notes", new(FreeText: true, K: 1, L: 1), asked, DatasetHouse.Category("visit_occurrence")));
        Assert.True(DatasetHouse.Count($"select count(*) from '{folder}/omop/note.parquet' where note_text like '%vu ce jour'") > 100);
        Assert.DoesNotContain("note_title", File.ReadLines(Path.Combine(folder, "csv", "note.csv")).First(), StringComparison.Ordinal);
        var all = house.Opened(DatasetHouse.Permit("wholenote", new(FreeText: true, K: 1, L: 1), DatasetHouse.Category("note"), DatasetHouse.Category("visit_occurrence")));
        Assert.DoesNotContain("note_text", File.ReadLines(Path.Combine(all, "csv", "note.csv")).First(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("person", "person_source_value", "dataset.column-unavailable")]
    [InlineData("person", "birth_datetime", "dataset.column-unavailable")]
    [InlineData("device_exposure", "unique_device_id", "dataset.column-unavailable")]
    [InlineData("source_record", "left_out", "dataset.column-unavailable")] // days in it would not be shifted
    [InlineData("cohort", "subject_id", "dataset.table-unavailable")]
    public void What_identifies_is_refused_by_name(string table, string column, string code)
    {
        Assert.True(house.Plan(DatasetHouse.Permit(protection: new(FreeText: true), data: DatasetHouse.Category(table, column))).Failed(out var failure, out _));
        Assert.Equal(code, failure!.Code);
    }

    [Fact]
    public void A_permit_of_another_release_or_tenant_or_too_short_a_period_plans_nothing()
    {
        Assert.Equal("dataset.release-other", Code(DatasetHouse.Permit() with { Tenant = "other" }));
        Assert.Equal("dataset.period-short", Code(DatasetHouse.Permit(data: new DataCategory("measurement", "a year", [], null, new(2015, 1, 1), new(2015, 12, 31)))));
        string Code(Permit permit) => house.Plan(permit).Failed(out var failure, out _) ? failure!.Code : "";
    }

    [Fact]
    public void Pseudonyms_of_two_projects_share_nothing_not_even_their_order()
    {
        var (a, b) = (house.Opened(DatasetHouse.Permit("cardio")), house.Opened(DatasetHouse.Permit("onco")));
        foreach (var (table, column) in new[] { ("person", "person_id"), ("visit_occurrence", "visit_occurrence_id"), ("measurement", "measurement_id") })
            Assert.Equal(0, DatasetHouse.Count($"select count(*) from '{a}/omop/{table}.parquet' join '{b}/omop/{table}.parquet' using ({column})"));
        var (first, second) = (Original("cardio"), Original("onco"));
        Assert.Equal(first.Order(), second.Order());
        Assert.InRange(first.Zip(second).Count(p => p.First == p.Second), 0, 10);
        IReadOnlyList<int> Original(string project)
        {
            var own = ProjectKeys.Open(house.Test.Keys, project).OrThrow();
            var of = Enumerable.Range(1, DatasetHouse.Patients).ToDictionary(p => own.Pseudonym("person", DatasetHouse.Id(p)));
            return [.. DatasetHouse.Query($"select person_id from '{house.Test.Folder}/opened/{project}-1/csv/person.csv'").Select(r => of[Convert.ToInt64(r[0])])];
        }
    }

    [Fact]
    public void The_wide_table_has_a_row_for_each_patient_and_agrees_with_the_tables()
    {
        var folder = house.Opened(DatasetHouse.Permit());
        var wide = $"'{folder}/analysis/wide.parquet'";
        Assert.Equal(DatasetHouse.Patients, DatasetHouse.Count($"select count(*) from {wide}"));
        Assert.Equal(0, DatasetHouse.Count($"""
            select count(*) from {wide} w join (select person_id, count(*) as n, min(measurement_date) as first, arg_max(value_as_number, measurement_date) as last
            from '{folder}/omop/measurement.parquet' group by 1) m using (person_id)
            where w.measurement_3004410_n <> m.n or w.measurement_3004410_first <> m.first or w.measurement_3004410_last <> m.last
            """));
    }

    [Fact]
    public void The_same_build_twice_gives_the_same_bytes_sealed_and_opened_whatever_the_memory()
    {
        var permit = DatasetHouse.Permit();
        var (first, second) = (house.Build(permit), house.Build(permit, memory: 1));
        Assert.Equal((1, 2), (first.Number, second.Number));
        Assert.Equal(Bytes(1), Bytes(2));
        Assert.Equal(first.Contents.Files, second.Contents.Files);
        Dictionary<string, string> Bytes(int number) => Directory.EnumerateFiles(Path.Combine(house.Test.Folder, "datasets", "cardio", $"{number}"))
            .ToDictionary(f => Path.GetFileName(f)!, f => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f))));
    }

    [Fact]
    public void A_table_of_several_row_groups_has_the_same_bytes_whatever_the_memory()
    {
        using var large = new DatasetHouse(rows =>
        {
            for (var i = 0; i < 200_000; i++)
                rows.Add(Cdm54.Observation, ("observation_id", 7_700_000_000_000_000 + i), ("person_id", DatasetHouse.Id(1 + i % DatasetHouse.Patients)), ("observation_concept_id", 4_000_000 + i % 3),
                    ("observation_date", new DateOnly(2014, 1, 1).AddDays(i % 1500)), ("observation_type_concept_id", 32817));
        });
        var permit = DatasetHouse.Permit(data: [DatasetHouse.Category("observation", "observation_date", "observation_concept_id")]);
        // Room for one row group, for one and a half, and for all.
        var built = new[] { 1L, 16 * 3 * 98_304, 1 << 30 }.Select(memory => large.Build(permit, memory: memory).Contents.Files).ToList();
        Assert.True(built[0].Single(f => f.Name == "omop/observation.parquet").Rows > 2 * 65_536);
        Assert.All(built, files => Assert.Equal(built[0], files));
    }

    [Fact]
    public void Nothing_readable_lies_on_disk_and_a_changed_byte_is_noticed()
    {
        house.Build(DatasetHouse.Permit("notes", new(FreeText: true, K: 1, L: 1), DatasetHouse.Category("note", "note_text"), DatasetHouse.Category("visit_occurrence")));
        var files = Directory.EnumerateFiles(Path.Combine(house.Test.Folder, "datasets"), "*", SearchOption.AllDirectories).ToList();
        Assert.All(files, f => Assert.EndsWith(".sealed", f, StringComparison.Ordinal));
        foreach (var word in new[] { DatasetHouse.Canary, "visit_occurrence_id", "PAR1", "Diabetes" })
            Assert.All(files, f => Assert.Equal(-1, File.ReadAllBytes(f).AsSpan().IndexOf(Encoding.UTF8.GetBytes(word))));
        var note = files.Single(f => f.EndsWith("csv.note.csv.sealed", StringComparison.Ordinal));
        var bytes = File.ReadAllBytes(note);
        bytes[^1] ^= 1;
        File.WriteAllBytes(note, bytes);
        var thrown = Assert.Throws<FailureException>(() => house.Shelf.Open("notes", 1, Path.Combine(house.Test.Folder, "o"), [], _ => { }, TestContext.Current.CancellationToken));
        Assert.Equal("dataset.tampered", thrown.Failure.Code);
    }
}
