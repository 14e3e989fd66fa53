using System.Collections.Immutable;
using System.Globalization;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;

namespace Ambroise.Governance.Datasets;

/// <summary>One row for each patient, for who analyses with a spreadsheet or a model: demographics, stay in the cohort, and for the commonest concepts how often, when first, and the last value.</summary>
sealed class WideTable
{
    /// <summary>Concepts that get columns, the commonest first.</summary>
    public const int MostConcepts = 50;

    readonly DatasetPlan plan;
    readonly RareCodes rare;
    readonly ImmutableArray<(PlannedTable Table, int Concept)> concepts;
    readonly ImmutableArray<CdmColumn> demographics;

    public WideTable(DatasetPlan plan, RareCodes rare)
    {
        (this.plan, this.rare) = (plan, rare);
        var usable = plan.Tables.Where(t => t.Output.Concept >= 0 && t.Output.Start >= 0).ToDictionary(t => t.Source.Name);
        concepts = [.. rare.PatientsOf.Where(p => p.Key.Concept != 0 && usable.TryGetValue(p.Key.Table, out var t) && (t.ConceptsNamed || p.Value >= plan.Options.Rare))
            .OrderByDescending(p => p.Value).ThenBy(p => p.Key.Table, StringComparer.Ordinal).ThenBy(p => p.Key.Concept).Take(MostConcepts)
            .OrderBy(p => p.Key.Table, StringComparer.Ordinal).ThenBy(p => p.Key.Concept).Select(p => (usable[p.Key.Table], p.Key.Concept))];
        demographics = [.. plan.Tables.Single(t => t.Source == Cdm54.Person).Sources.Where(c => c.Type == ColumnType.Int32)];
        var columns = new List<(string Name, ColumnType Type)> { ("person_id", ColumnType.Int64) };
        columns.AddRange(demographics.Select(d => (d.Name, d.Type)));
        columns.AddRange([("cohort_start_date", ColumnType.Date), ("cohort_end_date", ColumnType.Date)]);
        foreach (var (table, concept) in concepts)
        {
            columns.AddRange([($"{Name(table, concept)}_n", ColumnType.Int32), ($"{Name(table, concept)}_first", ColumnType.Date)]);
            if (Value(table) is not null) columns.Add(($"{Name(table, concept)}_last", ColumnType.Float64));
        }
        Table = new("wide", [.. columns.Select((c, i) => new CdmColumn(c.Name, c.Type, false, Sensitivity.Analytic, null, i))], new Placement.Shared(), 0, -1, -1, -1);
    }

    public CdmTable Table { get; }

    static string Name(PlannedTable table, int concept) => string.Create(CultureInfo.InvariantCulture, $"{table.Source.Name}_{concept}");

    static CdmColumn? Value(PlannedTable table) => table.Sources.FirstOrDefault(c => c.Name == "value_as_number");

    public Batch Of(ShardPatients patients)
    {
        var batch = new Batch(Table, patients.InOrder.Count);
        var next = 0;
        Column Next() => batch.Columns[next++];
        var ids = (Int64Column)Next();
        foreach (var ordinal in patients.InOrder) ids.Append(patients.Pseudonym(ordinal));
        foreach (var column in demographics) Demographic((Int32Column)Next(), column, patients);
        foreach (var days in new[] { patients.Entries, patients.Exits })
        {
            var to = (Int32Column)Next();
            foreach (var ordinal in patients.InOrder) to.Append(Math.Clamp(days[ordinal] + patients.Shift(ordinal), plan.Window.From, plan.Window.Until));
        }
        foreach (var table in concepts.GroupBy(c => c.Table)) Events(table.Key, [.. table.Select(c => c.Concept)], patients, Next);
        return batch;
    }

    void Demographic(Int32Column to, CdmColumn column, ShardPatients patients)
    {
        var of = new int[patients.Shard.Patients];
        var source = patients.Shard.Table(Cdm54.Person)!;
        for (var block = 0; block * IShardTable.BlockRows < source.Rows; block++)
        {
            var (ordinals, values) = (source.Patients(block), source.Int32(column, block));
            for (var i = 0; i < ordinals.Length; i++) of[ordinals[i]] = values[i];
        }
        var coded = ColumnUses.Of(Cdm54.Person, column) == ColumnUse.Code;
        foreach (var ordinal in patients.InOrder)
            to.Append(column.Name == "year_of_birth" ? (int)Anonymity.Band(patients.BirthYear(ordinal), plan.Options.BirthBand)
                : coded && of[ordinal] is not (0 or Null.Int32) && rare.IsRare(Cdm54.Person, column, of[ordinal]) ? 0 : of[ordinal]);
    }

    void Events(PlannedTable table, int[] wanted, ShardPatients patients, Func<Column> next)
    {
        var size = patients.Shard.Patients;
        var (counts, firsts, lasts, values) = (new int[wanted.Length * size], new int[wanted.Length * size], new int[wanted.Length * size], new double[wanted.Length * size]);
        Array.Fill(firsts, int.MaxValue);
        Array.Fill(lasts, int.MinValue);
        Array.Fill(values, Null.Float64);
        var source = patients.Shard.Table(table.Source);
        var valueColumn = Value(table);
        var given = valueColumn is null ? null : new CurrentBlock<double>(b => source!.Float64(valueColumn, b));
        var units = valueColumn is not null && NumberBounds.UnitOf(table.Source) is { } unit ? new CurrentBlock<int>(b => source!.Int32(unit, b)) : null;
        uint dated = GivenRows.Bits(table, table.Source.Columns[table.Source.Start]) & GivenRows.Bits(table, table.Source.Columns[table.Source.Concept]), valued = valueColumn is null ? 0 : GivenRows.Bits(table, valueColumn);
        RowScan.Each(patients, table, plan, (row, ordinal, concept, start, categories) =>
        {
            var at = Array.BinarySearch(wanted, concept);
            if (at < 0 || (categories & dated) == 0) return;
            var cell = at * size + ordinal;
            counts[cell]++;
            firsts[cell] = Math.Min(firsts[cell], start);
            if ((categories & valued) == 0) return;
            var value = given![row];
            if (double.IsNaN(value) || start < lasts[cell] || rare.Numbers.Within(table.Source, valueColumn!, concept, units?[row] ?? 0, value) is not { } within) return;
            (lasts[cell], values[cell]) = (start, within);
        });
        for (var w = 0; w < wanted.Length; w++)
        {
            var (n, first) = ((Int32Column)next(), (Int32Column)next());
            var last = valueColumn is null ? null : (Float64Column)next();
            foreach (var ordinal in patients.InOrder)
            {
                var cell = w * size + ordinal;
                n.Append(counts[cell]);
                first.Append(firsts[cell] == int.MaxValue ? Null.Int32 : firsts[cell]);
                last?.Append(values[cell]);
            }
        }
    }
}
