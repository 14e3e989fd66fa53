using Ambroise.Cohorts.Engine;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;

namespace Ambroise.Cohorts.Describe;

/// <summary>Describes a cohort's patients in one shard: a pure function of its rows and the shard.</summary>
public static class DescribeShard
{
    const int NotInCohort = int.MinValue;
    static readonly int Epoch = new DateOnly(1970, 1, 1).DayNumber;

    /// <summary>The event tables whose concepts are counted.</summary>
    public static readonly IReadOnlyList<CdmTable> Counted = [Cdm54.ConditionOccurrence, Cdm54.DrugExposure, Cdm54.ProcedureOccurrence];

    /// <param name="rows">The cohort's rows, ascending by patient; those of other shards' patients are left out. A patient's index is the earliest start.</param>
    public static ShardDescription Of(IShard shard, ReadOnlyMemory<CohortRow> rows, DescribeOptions options, CancellationToken cancel)
    {
        var into = new ShardDescription();
        var index = new int[shard.Patients];
        Array.Fill(index, NotInCohort);
        var exit = new int[shard.Patients];
        var ids = shard.PersonIds.Span;
        var among = rows.Span;
        for (var at = ids.IsEmpty ? among.Length : First(among, ids[0]); at < among.Length && among[at].Subject <= ids[^1]; at++)
        {
            var row = among[at];
            var ordinal = ids.BinarySearch(row.Subject);
            if (ordinal < 0) continue;
            into.Rows++;
            if (index[ordinal] != NotInCohort && index[ordinal] <= row.Start) continue;
            (index[ordinal], exit[ordinal]) = (row.Start, row.End);
        }
        for (var p = 0; p < index.Length; p++)
        {
            if (index[p] == NotInCohort) continue;
            into.Patients++;
            ShardDescription.Add(into.IndexYears, Year(index[p]));
            into.TimeInCohort.Add(exit[p] - index[p]);
        }
        if (into.Patients == 0) return into;

        Persons(shard, index, into);
        FollowUp(shard, index, into);
        foreach (var table in Counted)
        {
            cancel.ThrowIfCancellationRequested();
            if (shard.Table(table) is { } found) Concepts(found, index, options, into, cancel);
        }
        if (shard.Table(Cdm54.Measurement) is { } measurements) Laboratory(measurements, index, options, into, cancel);
        return into;
    }

    /// <returns>Where the rows of this patient begin, or would.</returns>
    static int First(ReadOnlySpan<CohortRow> rows, long subject)
    {
        var (low, high) = (0, rows.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (rows[middle].Subject < subject) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    static int Year(int day) => DateOnly.FromDayNumber(day + Epoch).Year;

    static void Persons(IShard shard, int[] index, ShardDescription into)
    {
        if (shard.Table(Cdm54.Person) is not { } persons) return;
        foreach (var (block, start, end) in Blocks(persons, 0, persons.Rows))
        {
            var (patients, born, gender) = (persons.Patients(block), persons.Int32(Cdm54.Person["year_of_birth"], block), persons.Int32(Cdm54.Person["gender_concept_id"], block));
            for (var row = start; row < end; row++)
                if (index[patients[row]] is var day && day != NotInCohort)
                    ShardDescription.Add(into.Ages, (Math.Max(0, Year(day) - born[row]), gender[row] == Null.Int32 ? 0 : gender[row]));
        }
    }

    static void FollowUp(IShard shard, int[] index, ShardDescription into)
    {
        if (shard.Table(Cdm54.ObservationPeriod) is not { } periods) return;
        foreach (var (block, start, end) in Blocks(periods, 0, periods.Rows))
        {
            var patients = periods.Patients(block);
            var (first, last) = (periods.Int32(Cdm54.ObservationPeriod["observation_period_start_date"], block), periods.Int32(Cdm54.ObservationPeriod["observation_period_end_date"], block));
            for (var row = start; row < end; row++)
            {
                var day = index[patients[row]];
                if (day == NotInCohort || day < first[row] || day > last[row]) continue;
                into.FollowUp.Add(last[row] - day);
                ShardDescription.Add(into.FollowUpYears, (int)((last[row] - day) / 365.25));
            }
        }
    }

    static void Concepts(IShardTable table, int[] index, DescribeOptions options, ShardDescription into, CancellationToken cancel)
    {
        var startColumn = table.Definition.Columns[table.Definition.Start];
        foreach (var run in table.Runs.Span)
        {
            if (run.Concept == 0) continue;
            cancel.ThrowIfCancellationRequested();
            var (counted, patients) = (-1, 0L); // a run is in order of patient: one look back is enough
            foreach (var (block, start, end) in Blocks(table, run.Start, run.End))
            {
                var (who, days) = (table.Patients(block), table.Int32(startColumn, block));
                for (var row = start; row < end; row++)
                {
                    if (who[row] == counted || !InWindow(days[row], index[who[row]], options)) continue;
                    counted = who[row];
                    patients++;
                }
            }
            if (patients > 0) ShardDescription.Add(into.Prevalence, (table.Definition.Name, run.Concept), patients);
        }
    }

    static void Laboratory(IShardTable table, int[] index, DescribeOptions options, ShardDescription into, CancellationToken cancel)
    {
        var (startColumn, valueColumn, unitColumn) = (table.Definition["measurement_date"], table.Definition["value_as_number"], table.Definition["unit_concept_id"]);
        foreach (var run in table.Runs.Span)
        {
            if (run.Concept == 0) continue;
            cancel.ThrowIfCancellationRequested();
            var byUnit = new Dictionary<int, (QuantileSketch Values, int Last, long Patients)>();
            foreach (var (block, start, end) in Blocks(table, run.Start, run.End))
            {
                var (who, days) = (table.Patients(block), table.Int32(startColumn, block));
                if (!Enumerable.Range(start, end - start).Any(r => InWindow(days[r], index[who[r]], options))) continue; // values are read only where used
                var (values, units) = (table.Float64(valueColumn, block), table.Int32(unitColumn, block));
                for (var row = start; row < end; row++)
                {
                    if (double.IsNaN(values[row]) || !InWindow(days[row], index[who[row]], options)) continue;
                    var unit = units[row] == Null.Int32 ? 0 : units[row];
                    var (sketch, last, patients) = byUnit.GetValueOrDefault(unit, (new(), -1, 0));
                    sketch.Add(values[row]);
                    byUnit[unit] = (sketch, who[row], last == who[row] ? patients : patients + 1);
                }
            }
            foreach (var (unit, (values, _, patients)) in byUnit) into.Laboratory[(run.Concept, unit)] = (values, patients);
        }
    }

    static bool InWindow(int day, int index, DescribeOptions options) => index != NotInCohort && day >= index - options.DaysBefore && day <= index + options.DaysAfter;

    /// <returns>For rows from start to end: each block with its own range of rows.</returns>
    static IEnumerable<(int Block, int Start, int End)> Blocks(IShardTable table, int start, int end)
    {
        for (var row = start; row < end;)
        {
            var block = row / IShardTable.BlockRows;
            var stop = Math.Min(end, (block + 1) * IShardTable.BlockRows);
            yield return (block, row - block * IShardTable.BlockRows, stop - block * IShardTable.BlockRows);
            row = stop;
        }
    }
}
