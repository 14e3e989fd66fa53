using System.Collections.Immutable;
using System.Text.Json;
using Ambroise.Governance.Datasets;
using Ambroise.Governance.Projects;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;
using Ambroise.Tests.Lake;
using DuckDB.NET.Data;

namespace Ambroise.Tests.Governance.Datasets;

/// <summary>A tenant with patients made for the test, permits for its projects, and DuckDB to read what is opened.</summary>
sealed class DatasetHouse : IDisposable
{
    public const string Canary = "CANARI-DUPONT-7Q";
    public const int Patients = 120;
    readonly List<OpenRelease> opened = [];

    public DatasetHouse(Action<Rows>? more = null, bool load = true)
    {
        Shelf = new(Test.Folder, Test.Keys, TimeProvider.System);
        var rows = new Rows();
        for (var p = 1; p <= Patients; p++) Add(rows, p);
        more?.Invoke(rows);
        if (load) Test.Load(rows);
    }

    public TestLake Test { get; } = new();
    public DatasetShelf Shelf { get; }

    /// <summary>Original identifiers are above 10^15, so that one is found wherever it leaks.</summary>
    public static long Id(int patient) => 7_000_000_000_000_000 + patient;

    static void Add(Rows rows, int p)
    {
        var born = 1930 + p % 60;
        rows.Add(Cdm54.Person, ("person_id", Id(p)), ("gender_concept_id", p % 2 == 0 ? 8507 : 8532), ("year_of_birth", born), ("month_of_birth", 1 + p % 12), ("day_of_birth", 1 + p % 28),
            ("race_concept_id", 0), ("ethnicity_concept_id", 0), ("person_source_value", $"{Canary}-{p}"), ("provider_id", 7_100_000_000_000_000 + p % 5));
        rows.Add(Cdm54.ObservationPeriod, ("observation_period_id", 7_200_000_000_000_000 + p), ("person_id", Id(p)), ("observation_period_start_date", new DateOnly(2010, 1, 1)),
            ("observation_period_end_date", new DateOnly(2021, 12, 31)), ("period_type_concept_id", 32817));
        for (var v = 0; v < 6; v++)
        {
            var visit = 7_300_000_000_000_000 + p * 10 + v;
            var day = new DateOnly(2010 + 2 * v, 1 + p % 12, 1 + p % 28);
            rows.Add(Cdm54.VisitOccurrence, ("visit_occurrence_id", visit), ("person_id", Id(p)), ("visit_concept_id", 9201), ("visit_start_date", day), ("visit_end_date", day.AddDays(p % 9)),
                ("visit_start_datetime", Days.Of(day) * 86_400_000_000L + 3_600_000_000L * (p % 24)), ("visit_type_concept_id", 32817), ("visit_source_value", p == 3 ? "chambre du maire" : "hospitalisation"),
                ("preceding_visit_occurrence_id", v == 0 ? null : visit - 1));
            rows.Add(Cdm54.ConditionOccurrence, ("condition_occurrence_id", 7_400_000_000_000_000 + p * 10 + v), ("person_id", Id(p)), ("condition_concept_id", p == 7 && v == 2 ? 999_001 : 201_820 + v % 3),
                ("condition_start_date", day), ("condition_end_date", day.AddDays(5)), ("condition_type_concept_id", 32817), ("visit_occurrence_id", visit), ("condition_source_value", p == 7 && v == 2 ? "maladie unique" : $"E{v % 3}"));
            rows.Add(Cdm54.Measurement, ("measurement_id", 7_500_000_000_000_000 + p * 10 + v), ("person_id", Id(p)), ("measurement_concept_id", 3_004_410), ("measurement_date", day.AddDays(1)),
                ("measurement_type_concept_id", 32817), ("value_as_number", 5 + v + p / 100.0), ("unit_concept_id", 8554), ("visit_occurrence_id", visit));
        }
        rows.Add(Cdm54.Note, ("note_id", 7_600_000_000_000_000 + p), ("person_id", Id(p)), ("note_date", new DateOnly(2015, 6, 1)), ("note_type_concept_id", 0), ("note_class_concept_id", 0),
            ("note_title", $"{Canary} titre"), ("note_text", $"{Canary} vu ce jour"), ("encoding_concept_id", 0), ("language_concept_id", 0));
    }

    public OpenRelease Release(int number = 1)
    {
        var release = Door.Open(Test.Lake, new("t", "ada", "cardio", "dataset.build", number), (_, _) => { }, 64 << 20).OrThrow();
        opened.Add(release);
        return release;
    }

    public static IReadOnlyList<Permitted> Population(int patients = Patients) => [.. Enumerable.Range(1, patients).Select(p => new Permitted(Id(p), Days.Of(new(2012, 1, 1)), Days.Of(new(2013, 1, 1))))];

    public static DataCategory Category(string table, params string[] columns) => new(table, "needed for the question", [.. columns]);

    public static readonly DataCategory[] Everything =
    [
        Category("person", "person_id", "gender_concept_id", "year_of_birth"), Category("observation_period"), Category("visit_occurrence"), Category("condition_occurrence"), Category("measurement"),
    ];

    public static Permit Permit(string project = "cardio", Protection? protection = null, params DataCategory[] data) => new("t", project, 1, 1,
        new("Diabetes and the heart", "What becomes of whom.", "ada", ["bob"], Purpose.ScientificResearch, new(LegalKind.Mr004, "F2026-1"), JsonDocument.Parse("{\"PrimaryCriteria\":{}}").RootElement,
            [.. data.Length == 0 ? Everything : data], new(2030, 1, 1), protection ?? new(K: 1, L: 1)), new(2026, 1, 1), new(2028, 1, 1), new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), "cse");

    public static Result<IReadOnlyList<int>> Resolve(JsonElement lines) => lines.EnumerateArray().Select(e => e.GetInt32()).ToArray();

    public Result<DatasetPlan> Plan(Permit permit, DatasetOptions? options = null) => DatasetPlan.Of(permit, Release(permit.Release).Manifest, options ?? new(BirthBand: 10, ShiftDays: 182), Resolve);

    public BuiltDataset Build(Permit permit, DatasetOptions? options = null, IReadOnlyList<Permitted>? population = null, long memory = 64 << 20) =>
        Shelf.Build(Release(permit.Release), Plan(permit, options).OrThrow(), population ?? Population(), [[201_820]], memory, null, TestContext.Current.CancellationToken).OrThrow();

    /// <summary>Builds and opens.</summary>
    public string Opened(Permit permit, DatasetOptions? options = null, IReadOnlyList<Permitted>? population = null)
    {
        var built = Build(permit, options, population);
        var folder = Path.Combine(Test.Folder, "opened", $"{permit.Project}-{built.Number}");
        Shelf.Open(permit.Project, built.Number, folder, [], _ => { }, TestContext.Current.CancellationToken).OrThrow();
        return folder;
    }

    public static List<object?[]> Query(string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // written in the tests
        command.CommandText = sql;
#pragma warning restore CA2100
        using var reader = command.ExecuteReader();
        var rows = new List<object?[]>();
        while (reader.Read()) rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))]);
        return rows;
    }

    public static long Count(string sql) => Convert.ToInt64(Query(sql)[0][0]);

    public void Dispose()
    {
        foreach (var release in opened) release.Dispose();
        Test.Dispose();
    }
}
