using Ambroise.Lake.Cdm;
using Ambroise.Lake.Reading;
using Ambroise.Lake.Releases;

namespace Ambroise.Governance.Datasets;

/// <summary>A column by which a row without a patient names the row it hangs on: a cost its event, a fact the other fact, an episode its events.</summary>
/// <param name="Id">Holds that row's number.</param>
/// <param name="Kind">Says of which table it is; null where that is always <paramref name="Table"/>.</param>
sealed record EventLink(CdmColumn Id, CdmColumn? Kind, string? Table = null)
{
    static readonly EventLink[] None = [], OfCost = [new(Cdm54.Cost["cost_event_id"], Cdm54.Cost["cost_domain_id"])],
        OfFact = [new(Cdm54.FactRelationship["fact_id_1"], Cdm54.FactRelationship["domain_concept_id_1"]), new(Cdm54.FactRelationship["fact_id_2"], Cdm54.FactRelationship["domain_concept_id_2"])],
        OfEpisode = [new(Cdm54.EpisodeEvent["episode_id"], null, "episode"), new(Cdm54.EpisodeEvent["event_id"], Cdm54.EpisodeEvent["episode_event_field_concept_id"])];

    /// <returns>A row is given where each of these names a row that is; none for a table that hangs on no other in this way.</returns>
    public static IReadOnlyList<EventLink> Of(CdmTable table) =>
        table == Cdm54.Cost ? OfCost : table == Cdm54.FactRelationship ? OfFact : table == Cdm54.EpisodeEvent ? OfEpisode : None;

    /// <returns>For each row of a block, the table that its number is of; null where no such table is known.</returns>
    public string?[] Tables(IShardTable rows, int block)
    {
        if (Kind is null) return Array.ConvertAll(rows.Int64(Id, block), _ => Table);
        if (Kind.Type == ColumnType.Text) return Array.ConvertAll(rows.Text(Kind, block), name => EventDomains.OfName.GetValueOrDefault(name ?? ""));
        var known = rows.Definition == Cdm54.EpisodeEvent ? EventDomains.OfField : EventDomains.OfConcept;
        return Array.ConvertAll(rows.Int32(Kind, block), concept => known.GetValueOrDefault(concept));
    }
}
