using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;

namespace Ambroise.Governance.Datasets;

/// <summary>The rows of LOCATION, CARE_SITE or PROVIDER that a dataset's other rows refer to, and which of their codes enough patients share.</summary>
/// <remarks>In memory: about 50 bytes a row of the table.</remarks>
sealed class ReferredRows
{
    readonly PlannedTable table;
    readonly RareCodes rare;
    readonly IShardTable? source;
    readonly long[] ids, careSites;
    readonly int[] rows;
    readonly bool[] named;
    readonly (CdmColumn Column, long[] Codes)[] counted;

    /// <summary>Of a provider's care site; null where that is not given.</summary>
    readonly ReferredRows? sites;

    ReferredRows(PlannedTable table, IShard any, RareCodes rare, ReferredRows? sites)
    {
        (this.table, this.rare, source) = (table, rare, any.Table(table.Source));
        ids = source is null ? [] : Whole(source.Int64, table.Source.Columns[table.Source.Key]);
        (rows, named) = ([.. Enumerable.Range(0, ids.Length)], new bool[ids.Length]);
        Array.Sort(ids, rows);
        counted = source is null ? [] : [.. table.Sources.Where(c => RareCodes.Counts(table, c)).Select(c => (c, Codes(c)))];
        this.sites = source is not null && table.Sources.Any(c => c == Cdm54.Provider["care_site_id"]) ? sites : null;
        careSites = this.sites is null ? [] : Whole(source!.Int64, Cdm54.Provider["care_site_id"]);
    }

    public static IReadOnlyList<ReferredRows> All(DatasetPlan plan, IShard any, RareCodes rare)
    {
        ReferredRows? Of(CdmTable table, ReferredRows? sites = null) => plan.Tables.FirstOrDefault(t => t.Source == table) is { } planned ? new(planned, any, rare, sites) : null;
        var sites = Of(Cdm54.CareSite);
        return [.. new[] { sites, Of(Cdm54.Location), Of(Cdm54.Provider, sites) }.OfType<ReferredRows>()];
    }

    public PlannedTable Table => table;

    /// <summary>Goes through the given rows of a shard's table that refer to these.</summary>
    public void Count(ShardPatients patients, PlannedTable from, DatasetPlan plan)
    {
        if (ids.Length == 0 || patients.Shard.Table(from.Source) is not { } referring) return;
        foreach (var column in from.Sources.Where(c => c.Ordinal != from.Source.Key && ColumnUses.Of(from.Source, c) == ColumnUse.Pseudonym && ColumnUses.Domain(c) == table.Source.Name))
        {
            var given = GivenRows.Bits(from, column);
            var values = new CurrentBlock<long>(b => referring.Int64(column, b));
            RowScan.Each(patients, from, plan, (row, ordinal, _, _, categories) =>
            {
                if ((categories & given) != 0 && values[row] is var id && id != Null.Int64) Note(id, patients.Pseudonym(ordinal));
            });
        }
    }

    void Note(long id, long patient)
    {
        var place = Array.BinarySearch(ids, id);
        if (place < 0) return;
        named[place] = true;
        foreach (var (column, codes) in counted)
            if (codes[place] != 0) rare.Note(table.Source, column, codes[place], patient, id);
        if (sites is not null && careSites[rows[place]] is var site && site != Null.Int64) sites.Note(site, patient);
    }

    /// <returns>The rows, in ascending order of pseudonym: an order no other project shares.</returns>
    public IEnumerable<Batch> Given(GivenColumns columns, ProjectKeys keys)
    {
        if (source is null) yield break;
        var order = Enumerable.Range(0, ids.Length).Where(p => named[p]).Select(p => (Pseudonym: keys.Pseudonym(table.Source.Name, ids[p]), Row: rows[p])).OrderBy(p => p.Pseudonym).ToArray();
        for (var i = 1; i < order.Length; i++)
            if (order[i].Pseudonym == order[i - 1].Pseudonym) throw DatasetBuild.Collision(table.Source.Name);
        var all = (uint)((1L << table.Categories.Length) - 1);
        foreach (var some in order.Chunk(IShardTable.BlockRows)) yield return columns.Of(source, GatheredRows.Of([.. some.Select(s => s.Row)], [.. some.Select(_ => all)]), null);
    }

    /// <returns>By place in <see cref="ids"/>; 0 where there is nothing to count.</returns>
    long[] Codes(CdmColumn column)
    {
        var inRows = column.Type == ColumnType.Int32
            ? Array.ConvertAll(Whole(source!.Int32, column), v => v == Null.Int32 ? 0L : v)
            : Array.ConvertAll(Whole(source!.Text, column), t => ColumnUses.Cut(column, t) is { } text ? RareCodes.Code(text) : 0L);
        return Array.ConvertAll(rows, r => inRows[r]);
    }

    T[] Whole<T>(Func<CdmColumn, int, T[]> read, CdmColumn column)
    {
        var all = new T[source!.Rows];
        for (var block = 0; block * IShardTable.BlockRows < all.Length; block++) read(column, block).CopyTo(all, block * IShardTable.BlockRows);
        return all;
    }
}
