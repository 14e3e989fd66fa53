using System.Collections.Concurrent;
using DuckDB.NET.Data;

namespace Ambroise.Sources.Fhir.Codes;

/// <summary>Which concept is above which, by the vocabulary's CONCEPT_ANCESTOR. Safe for use from several threads.</summary>
/// <remarks>Asked only where two codings of one concept are of one vocabulary and mean different things, which is rare: the table (tens of millions of rows) is not held, each pair is looked up once in the file, which lies in
/// order of the ancestor.</remarks>
sealed class Ancestry(string folder)
{
    const long MemoryBytes = 64 << 20;

    readonly ConcurrentDictionary<(int Above, int Below), bool> asked = [];

    public bool IsAbove(int above, int below) => asked.GetOrAdd((above, below), Look);

    bool Look((int Above, int Below) pair)
    {
        using var connection = DuckDb.DuckDb.Open(MemoryBytes, 1, folder);
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // a path as a literal, and two numbers
        command.CommandText = $"select count(*) from read_parquet({DuckDb.DuckDb.Literal(Path.Combine(folder, "concept_ancestor.parquet"))}) where ancestor_concept_id = {pair.Above} and descendant_concept_id = {pair.Below}";
#pragma warning restore CA2100
        return Convert.ToInt64(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture) > 0;
    }
}
