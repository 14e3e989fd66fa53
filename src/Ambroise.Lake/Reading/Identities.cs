using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Releases;

namespace Ambroise.Lake.Reading;

/// <param name="Kind"><c>INS</c>, <c>identifier</c>, <c>family</c>, <c>given</c>, <c>city</c>, or the column of PERSON it is from.</param>
/// <param name="System">Who issued it; empty where the source does not say.</param>
public sealed record Identity(string Kind, string System, string Value);

/// <summary>Who a patient is for the hospital: what the identity tables hold, and nothing else of the patient.</summary>
public static class Identities
{
    /// <returns>Every identity of a person in a release; empty where there is none.</returns>
    public static IReadOnlyList<Identity> Of(OpenRelease release, long person)
    {
        for (var shard = 0; shard < release.Shards.Count; shard++)
            if (release.Shards[shard].PersonIds.Span.BinarySearch(person) >= 0)
                return [.. Own(release, shard, person), .. Named(release, shard, person)];
        return [];
    }

    static IEnumerable<Identity> Own(OpenRelease release, int shard, long person) =>
        from found in Rows(release, shard, Cdm54.Person, person)
        from column in Cdm54.Person.Columns
        where column.Sensitivity == Sensitivity.Identity
        let value = Text(found.Batch, column, found.Row)
        where value.Length > 0
        select new Identity(column.Name, "", value);

    static IEnumerable<Identity> Named(OpenRelease release, int shard, long person) =>
        from found in Rows(release, shard, Cdm54.PersonIdentity, person)
        let kind = Text(found.Batch, Cdm54.PersonIdentity["kind"], found.Row)
        where kind != "former" // keyed codes, which name nobody to anyone
        select new Identity(kind, Text(found.Batch, Cdm54.PersonIdentity["system"], found.Row), Text(found.Batch, Cdm54.PersonIdentity["value"], found.Row));

    static IEnumerable<(Batch Batch, int Row)> Rows(OpenRelease release, int shard, CdmTable table, long person)
    {
        foreach (var batch in StoredRows.Read(release.Lake, release.Manifest, shard, table))
            for (var row = 0; row < batch.Rows; row++)
                if (batch.Int64("person_id").Values[row] == person) yield return (batch, row);
    }

    static string Text(Batch batch, CdmColumn column, int row) => ((TextColumn)batch.Columns[column.Ordinal]).Text(row) ?? "";
}
