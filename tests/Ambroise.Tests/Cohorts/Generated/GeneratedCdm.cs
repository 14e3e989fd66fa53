using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;

namespace Ambroise.Tests.Cohorts.Generated;

sealed record GeneratedRow(CdmTable Table, object?[] Values)
{
    public override string ToString() => $"{Table.Name}: {string.Join(", ", Table.Columns.Where(c => Values[c.Ordinal] is not null).Select(c => $"{c.Name}={Shown(c)}"))}";

    string Shown(CdmColumn column) => column.Type == ColumnType.Date ? DateOnly.FromDayNumber((int)Values[column.Ordinal]! + GeneratedCdm.Epoch).ToString("yyyy-MM-dd") : $"{Values[column.Ordinal]}";
}

/// <summary>A few patients within two months around a new year, where everything touches: dates on the edges of periods, ties, absent ends, few concepts.</summary>
static class GeneratedCdm
{
    public static readonly int Epoch = new DateOnly(1970, 1, 1).DayNumber;
    public static readonly int FirstDay = new DateOnly(2009, 12, 10).DayNumber - Epoch;
    public const int Days = 50;

    static readonly CdmTable[] Events =
    [
        Cdm54.ConditionOccurrence, Cdm54.DrugExposure, Cdm54.ProcedureOccurrence, Cdm54.DeviceExposure, Cdm54.Measurement, Cdm54.Observation, Cdm54.VisitOccurrence, Cdm54.VisitDetail,
        Cdm54.Specimen, Cdm54.ConditionEra, Cdm54.DrugEra, Cdm54.DoseEra, Cdm54.PayerPlanPeriod, Cdm54.LocationHistory,
    ];

    public static List<GeneratedRow> Rows(Dice dice)
    {
        var rows = new List<GeneratedRow>();
        var persons = dice.Of(1, 4);
        var ids = Enumerable.Range(1000, 600).OrderBy(_ => dice.Of(0, 1 << 30)).ToList(); // keys in no order of date
        var next = 0;
        for (var k = 1; k <= 2; k++)
        {
            rows.Add(Row(dice, Cdm54.Provider, k, 0, 0, []));
            rows.Add(Row(dice, Cdm54.CareSite, k, 0, 0, []));
            rows.Add(Row(dice, Cdm54.Location, k, 0, 0, []));
        }
        List<long> earlierVisits = [];
        for (var person = 1; person <= persons; person++)
        {
            rows.Add(Row(dice, Cdm54.Person, person, person, 0, []));
            var from = FirstDay + dice.Of(0, 10);
            for (var p = dice.Of(1, 2); p > 0 && from < FirstDay + Days; p--)
            {
                var until = Math.Min(FirstDay + Days, from + dice.Of(0, 40));
                var period = Row(dice, Cdm54.ObservationPeriod, ids[next++], person, from, []);
                period.Values[Cdm54.ObservationPeriod.End] = until;
                rows.Add(period);
                from = until + dice.Of(1, 10);
            }
            if (dice.Chance(30)) rows.Add(Row(dice, Cdm54.Death, 0, person, Day(dice), []));
            List<long> visits = [.. earlierVisits.Take(1), .. Enumerable.Range(next, 3).Select(i => (long)ids[i])]; // now and then another person's visit
            foreach (var table in Events.OrderBy(t => t == Cdm54.VisitOccurrence ? 0 : 1))
                for (var n = table == Cdm54.VisitOccurrence ? 3 : dice.Chance(60) ? dice.Of(0, 4) : 0; n > 0; n--) rows.Add(Row(dice, table, ids[next++], person, Day(dice), visits));
            earlierVisits = visits;
        }
        return rows;
    }

    static int Day(Dice dice) => FirstDay + dice.Of(0, Days);

    static GeneratedRow Row(Dice dice, CdmTable table, long key, long person, int start, IReadOnlyList<long> visits)
    {
        var values = new object?[table.Columns.Length];
        foreach (var column in table.Columns)
            values[column.Ordinal] = column.Ordinal == table.Key ? key
                : column.Ordinal == table.Person ? person
                : column.Ordinal == table.Start ? start
                : column.Required || !dice.Chance(25) ? Value(dice, column, start, visits) : null;
        return new(table, values);
    }

    static object? Value(Dice dice, CdmColumn column, int start, IReadOnlyList<long> visits) => column.Name switch
    {
        "gender_concept_id" => dice.Pick(1, 2),
        "year_of_birth" => dice.Of(1989, 1991),
        "visit_occurrence_id" => visits.Count == 0 ? null : dice.Chance(5) ? visits[0] : dice.Pick(visits),
        "provider_id" or "care_site_id" or "location_id" => (long)dice.Of(1, 3),
        "domain_id" => "PERSON",
        "value_as_concept_id" when dice.Chance(20) => 4155142,
        "days_supply" => dice.Of(0, 12),
        "verbatim_end_date" => null,
        _ when column.Name.EndsWith("concept_id", StringComparison.Ordinal) => dice.Of(0, 9),
        _ when column.Type == ColumnType.Date => dice.Chance(4) ? start - 1 : start + dice.Pick(0, 0, 1, 1, 2, 5, 9, 20),
        _ when column.Type == ColumnType.Int32 => dice.Of(0, 4),
        _ when column.Type == ColumnType.Float64 => dice.Of(0, 20) / 2.0,
        _ when column.Type == ColumnType.Text => dice.Pick("AB", "BA", "ABC", "C", ""),
        _ when column.Type == ColumnType.Int64 => 0L,
        _ => null,
    };

    public static List<Batch> Batches(IEnumerable<GeneratedRow> rows) =>
    [
        .. rows.GroupBy(r => r.Table).Select(group =>
        {
            var batch = new Batch(group.Key);
            foreach (var row in group)
                for (var i = 0; i < row.Values.Length; i++)
                    switch (batch.Columns[i], row.Values[i])
                    {
                        case (var column, null): column.AppendNull(); break;
                        case (Int32Column column, int value): column.Append(value); break;
                        case (Int64Column column, long value): column.Append(value); break;
                        case (Float64Column column, double value): column.Append(value); break;
                        case (TextColumn column, string value): column.Append(value); break;
                        default: throw new InvalidOperationException($"{group.Key}.{group.Key.Columns[i].Name}: {row.Values[i]!.GetType()}");
                    }
            return batch;
        }),
    ];
}
