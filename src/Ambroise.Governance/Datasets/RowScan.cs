using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;

namespace Ambroise.Governance.Datasets;

/// <summary>Finds the rows of a shard's table that the plan gives: of permitted patients, permitted concepts, the permitted period.</summary>
static class RowScan
{
    /// <param name="row">In the shard's table.</param>
    /// <param name="concept">As recorded; 0 where the table sorts by person alone.</param>
    /// <param name="start">The start date as given; <see cref="Null.Int32"/> where the table has none.</param>
    /// <param name="categories">Those that give the row, bit i for category i.</param>
    public delegate void Row(int row, int ordinal, int concept, int start, uint categories);

    public static void Each(ShardPatients patients, PlannedTable planned, DatasetPlan plan, Row row)
    {
        if (patients.Shard.Table(planned.Source) is not { } table) return;
        var source = planned.Source;
        var startColumn = source.Start < 0 ? null : source.Columns[source.Start];
        // A stretch of time that reaches into the window is cut to it; an event is in it or not.
        var stretch = source.Concept < 0 && source.End >= 0;
        var endColumn = stretch ? source.Columns[source.End] : null;
        // Runs follow one another in the blocks, and there may be thousands to a block.
        var patientsOf = new CurrentBlock<ushort>(RowHolders.Of(patients.Shard, table));
        var starts = startColumn is null ? null : new CurrentBlock<int>(b => table.Int32(startColumn, b));
        var ends = endColumn is null ? null : new CurrentBlock<int>(b => table.Int32(endColumn, b));
        foreach (var run in table.Runs.Span)
        {
            uint ofConcept = 0;
            for (var c = 0; c < planned.Categories.Length; c++)
                if (planned.Categories[c].Takes(run.Concept)) ofConcept |= 1u << c;
            if (ofConcept == 0) continue;
            for (var at = run.Start; at < run.End; at++)
            {
                var ordinal = patientsOf[at];
                if (!patients.Has(ordinal)) continue;
                if (starts is null)
                {
                    row(at, ordinal, run.Concept, Null.Int32, ofConcept);
                    continue;
                }
                var start = starts[at];
                var end = ends is null || ends[at] == Null.Int32 ? start : Math.Max(start, ends[at]);
                var given = 0u;
                for (var c = 0; c < planned.Categories.Length; c++)
                    if ((ofConcept >> c & 1) != 0 && planned.Categories[c].From <= end && start <= planned.Categories[c].Until) given |= 1u << c;
                if (given == 0) continue;
                var moved = start + patients.Shift(ordinal);
                if (moved > plan.Window.Until || end + patients.Shift(ordinal) < plan.Window.From) continue;
                row(at, ordinal, run.Concept, Math.Max(moved, plan.Window.From), given);
            }
        }
    }
}
