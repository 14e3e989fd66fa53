using Ambroise.Lake.Cdm;
using Ambroise.Lake.Reading;

namespace Ambroise.Governance.Datasets;

/// <summary>Whose each row of a table is, for tables that name the patient and for those that hang on a row that does.</summary>
static class RowHolders
{
    /// <returns>For a block, the patient's ordinal of each row.</returns>
    public static Func<int, ushort[]> Of(IShard shard, IShardTable table)
    {
        if (table.Definition.Placement is not Placement.WithParent(var column, var name)) return table.Patients;
        var parent = Cdm54.Find(name)!;
        var holders = new Dictionary<long, ushort>();
        if (shard.Table(parent) is { } rows)
            for (var block = 0; block * IShardTable.BlockRows < rows.Rows; block++)
            {
                var (keys, ordinals) = (rows.Int64(parent.Columns[parent.Key], block), rows.Patients(block));
                for (var i = 0; i < keys.Length; i++) holders[keys[i]] = ordinals[i];
            }
        return block => Array.ConvertAll(table.Int64(table.Definition.Columns[column], block), key => holders[key]);
    }
}
