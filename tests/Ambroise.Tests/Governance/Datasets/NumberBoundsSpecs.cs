using Ambroise.Governance.Datasets;
using Ambroise.Lake.Cdm;
using Ambroise.Tests.Lake;

namespace Ambroise.Tests.Governance.Datasets;

/// <summary>A value that few patients reach says who they are: it is given as the nearest that enough of them do.</summary>
public sealed class NumberBoundsSpecs : IDisposable
{
    const int Weight = 3_025_315, Seldom = 3_036_277, Kilogram = 9529, Pound = 8739;

    /// <summary>Patient 1 weighs 312 kg, recorded on twenty days; the others 60 to 89; four have a value that nobody else has measured.</summary>
    readonly DatasetHouse house = new(rows =>
    {
        var next = 7_950_000_000_000_000L;
        void Measured(int p, int concept, double value, int unit, int day) =>
            rows.Add(Cdm54.Measurement, ("measurement_id", next++), ("person_id", DatasetHouse.Id(p)), ("measurement_concept_id", concept), ("measurement_date", new DateOnly(2016, 1, 1).AddDays(day)), ("measurement_type_concept_id", 32817), ("value_as_number", value), ("unit_concept_id", unit));
        for (var day = 0; day < 20; day++) Measured(1, Weight, 312, Kilogram, day);
        for (var p = 2; p <= DatasetHouse.Patients; p++) Measured(p, Weight, 60 + p % 30, Kilogram, p);
        for (var p = 2; p <= 41; p++) Measured(p, Weight, 400 + p, Pound, 300);
        for (var p = 1; p <= 4; p++) Measured(p, Seldom, 170 + p, Kilogram, 0);
        for (var p = 1; p <= DatasetHouse.Patients; p++)
            rows.Add(Cdm54.DrugExposure, ("drug_exposure_id", 7_960_000_000_000_000 + p), ("person_id", DatasetHouse.Id(p)), ("drug_concept_id", 1_539_403), ("drug_exposure_start_date", new DateOnly(2016, 1, 1)), ("drug_exposure_end_date", new DateOnly(2016, 2, 1)),
                ("drug_type_concept_id", 32838), ("quantity", p == 9 ? 5000.0 : 30), ("days_supply", p == 9 ? 900 : 30 + p % 3));
    });

    public void Dispose() => house.Dispose();

    string Opened(DatasetOptions options) => house.Opened(DatasetHouse.Permit("numbers", new(ShiftDates: false, K: 1, L: 1), DatasetHouse.Category("person"), DatasetHouse.Category("measurement"), DatasetHouse.Category("drug_exposure")), options);

    static (double Least, double Most) Range(string folder, string table, string column, string where = "true") =>
        DatasetHouse.Query($"select min({column})::double, max({column})::double from '{folder}/omop/{table}.parquet' where {where}")[0] is [double least, double most] ? (least, most) : (double.NaN, double.NaN);

    [Fact]
    public void Values_are_given_within_what_enough_patients_of_the_same_concept_and_unit_reach()
    {
        var folder = Opened(new());
        // Four patients weigh 60 kg (30, 60, 90 and 120), three 61: five reach down to 61. One weighs 312, of 89 there are four: five reach up to 89 however often the heaviest is weighed.
        Assert.Equal((61, 89), Range(folder, "measurement", "value_as_number", $"measurement_concept_id = {Weight} and unit_concept_id = {Kilogram}"));
        Assert.Equal((406, 437), Range(folder, "measurement", "value_as_number", $"measurement_concept_id = {Weight} and unit_concept_id = {Pound}"));
        Assert.Equal((30, 32), Range(folder, "drug_exposure", "days_supply"));
        Assert.Equal((30, 30), Range(folder, "drug_exposure", "quantity"));
        // Fewer patients than share anything: no value at all.
        Assert.Equal(0, DatasetHouse.Count($"select count(*) from '{folder}/omop/measurement.parquet' where value_as_number between 171 and 174"));
        Assert.Contains("312", File.ReadAllText(Path.Combine(Opened(new(Rare: 1)), "csv", "measurement.csv")), StringComparison.Ordinal);
        Assert.DoesNotContain(",312,", File.ReadAllText(Path.Combine(folder, "csv", "measurement.csv")), StringComparison.Ordinal);
    }

    [Fact]
    public void The_wide_table_gives_no_more_and_the_read_me_says_how_many_were_cut()
    {
        var folder = Opened(new());
        Assert.Equal(89.0, DatasetHouse.Query($"select max(measurement_{Weight}_last) from (select measurement_{Weight}_last from '{folder}/analysis/wide.parquet') where measurement_{Weight}_last < 400")[0][0]);
        Assert.Equal(0, DatasetHouse.Count($"select count(*) from '{folder}/analysis/wide.parquet' where measurement_{Weight}_last = 312"));
        // 20 of one patient, 4 of 60 kg; 4 pounds at each end; 4 of what is seldom; and the extremes of what every patient has.
        Assert.Matches(@"nearest that so many do.*\d+ of measurement\.value_as_number", File.ReadAllText(Path.Combine(folder, "README.md")));
    }
}
