using System.Runtime.InteropServices;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;

namespace Ambroise.Governance.Datasets;

/// <summary>How far the numbers of each concept and unit go before too few patients are left: beyond that, a value alone says who it is of.</summary>
/// <param name="shared">As many patients must reach a value; 1 bounds nothing.</param>
/// <remarks>In memory: as many patients twice for each concept and unit that has numbers.</remarks>
sealed class NumberBounds(int shared)
{
    readonly Dictionary<(string Table, int Column, int Concept, int Unit), Extremes> found = [];
    readonly SortedDictionary<(string Table, string Column), long> cut = [];

    /// <summary>Values given as another or not at all, by table and column.</summary>
    public IEnumerable<(string Table, string Column, long Values)> Cut => cut.Select(c => (c.Key.Table, c.Key.Column, c.Value));

    /// <returns>What its numbers are counted in: two units of one concept are two ranges. Null where the table has none.</returns>
    public static CdmColumn? UnitOf(CdmTable table) => table.Find("unit_concept_id") ?? table.Find("currency_concept_id");

    /// <returns>Takes one row after another, in ascending order: its number, its concept, the categories that give it, its patient's pseudonym. Null where the table gives no numbers.</returns>
    public Action<int, int, uint, long>? Reader(PlannedTable table, IShardTable source)
    {
        var columns = shared == 1 ? [] : table.Sources.Where(c => ColumnUses.Of(table.Source, c) == ColumnUse.Number).Select(c => (Column: c, Given: GivenRows.Bits(table, c), Values: Values(source, c))).ToList();
        if (columns.Count == 0) return null;
        var units = UnitOf(table.Source) is { } unit ? new CurrentBlock<int>(b => source.Int32(unit, b)) : null;
        return (row, concept, categories, patient) =>
        {
            foreach (var (column, given, values) in columns)
            {
                if ((categories & given) == 0 || values(row) is not { } value) continue;
                ref var extremes = ref CollectionsMarshal.GetValueRefOrAddDefault(found, (table.Source.Name, column.Ordinal, concept, units?[row] ?? 0), out _);
                (extremes ??= new(shared)).Add(patient, value);
            }
        };
    }

    static Func<int, double?> Values(IShardTable source, CdmColumn column)
    {
        if (column.Type == ColumnType.Int32)
        {
            var whole = new CurrentBlock<int>(b => source.Int32(column, b));
            return row => whole[row] is var value && value == Null.Int32 ? null : value;
        }
        var values = new CurrentBlock<double>(b => source.Float64(column, b));
        return row => double.IsNaN(values[row]) ? null : values[row];
    }

    /// <returns>The value, or the nearest that enough patients reach; null where there is none such.</returns>
    public double? Within(CdmTable table, CdmColumn column, int concept, int unit, double value)
    {
        if (shared == 1) return value;
        return found.TryGetValue((table.Name, column.Ordinal, concept, unit), out var extremes) && extremes.Range is var (low, high) ? Math.Clamp(value, low, high) : null;
    }

    /// <summary>Notes that a value was given as another or not at all.</summary>
    public void CountCut(CdmTable table, CdmColumn column) => cut[(table.Name, column.Name)] = cut.GetValueOrDefault((table.Name, column.Name)) + 1;

    /// <summary>The smallest values of as many patients, and the largest.</summary>
    sealed class Extremes(int shared)
    {
        readonly List<(long Patient, double Value)> lowest = [], highest = [];

        /// <summary>From the smallest to the largest value that so many patients have, or go beyond. Null where fewer patients have any, or too few for such a range.</summary>
        public (double Low, double High)? Range => lowest.Count == shared && lowest[^1].Value <= -highest[^1].Value ? (lowest[^1].Value, -highest[^1].Value) : null;

        public void Add(long patient, double value)
        {
            Keep(lowest, patient, value);
            Keep(highest, patient, -value);
        }

        /// <param name="kept">Ascending, the smallest of each patient once.</param>
        void Keep(List<(long Patient, double Value)> kept, long patient, double value)
        {
            if (kept.Count == shared && value >= kept[^1].Value) return;
            var own = kept.FindIndex(k => k.Patient == patient);
            if (own >= 0 && value >= kept[own].Value) return;
            if (own >= 0) kept.RemoveAt(own);
            else if (kept.Count == shared) kept.RemoveAt(shared - 1);
            var at = kept.FindIndex(k => k.Value > value);
            kept.Insert(at < 0 ? kept.Count : at, (patient, value));
        }
    }
}
