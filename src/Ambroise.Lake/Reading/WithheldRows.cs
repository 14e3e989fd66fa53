using Ambroise.Lake.Cdm;
using Ambroise.Lake.Releases;

namespace Ambroise.Lake.Reading;

/// <summary>Rows of a table file that a scope must not see: of patients withheld from it, and of those who departed from the shard. What is left is numbered and cut into blocks anew, as if the others had never been written.</summary>
/// <param name="rows">Rows stored.</param>
/// <param name="gone">Those withheld, ascending, at least one.</param>
sealed class WithheldRows(int rows, int[] gone)
{
    public ReadOnlySpan<int> Gone => gone;

    /// <returns>The table's rows about withheld patients, or null where it has none. Rows that hang on other rows (NLP of a note, a cost, a fact) go with them.</returns>
    /// <param name="shard">Null for shared rows.</param>
    public static WithheldRows? Find(SealedTable table, OpenRelease release, SealedShard? shard)
    {
        var definition = table.Definition;
        var isGone = shard is not null ? OfShard(table, release, shard)
            : definition == Cdm54.Cost ? OfCosts(table, release)
            : definition == Cdm54.FactRelationship ? OfFacts(table, release)
            : null;
        if (isGone is null) return null;
        var gone = Enumerable.Range(0, table.StoredRows).Where(isGone).ToArray();
        return gone.Length == 0 ? null : new(table.StoredRows, gone);
    }

    static Func<int, bool>? OfShard(SealedTable table, OpenRelease release, SealedShard shard)
    {
        shard.Ids();
        if (shard.Hidden.Count == 0) return null;
        var (stored, values) = table.Definition.Placement is Placement.WithParent(var at, var parent)
            ? (table.Stored(table.Definition.Columns[at]), release.Find(shard.Number, Cdm54.Find(parent)!)?.HiddenKeys(ofDeparted: true) ?? [])
            : (table.StoredPersons(), shard.Hidden);
        return row => values.Contains(stored[row]);
    }

    static Func<int, bool> OfCosts(SealedTable table, OpenRelease release)
    {
        var (domains, events, costs) = (table.StoredText(Cdm54.Cost["cost_domain_id"]), table.Stored(Cdm54.Cost["cost_event_id"]), table.Stored(Cdm54.Cost["cost_id"]));
        // As in Erasure: by its event, or by the source record it was made of.
        return row => release.WithheldKeys(Cdm54.SourceRecord.Name).Contains(costs[row]) || EventDomains.OfName.TryGetValue(domains[row] ?? "", out var of) && release.WithheldKeys(of).Contains(events[row]);
    }

    static Func<int, bool> OfFacts(SealedTable table, OpenRelease release)
    {
        Func<int, bool> Side(int side)
        {
            var (domains, facts) = (table.Stored32(Cdm54.FactRelationship[$"domain_concept_id_{side}"]), table.Stored(Cdm54.FactRelationship[$"fact_id_{side}"]));
            return row => EventDomains.OfConcept.TryGetValue(domains[row], out var of) && release.WithheldKeys(of).Contains(facts[row]);
        }
        var (first, second) = (Side(1), Side(2));
        return row => first(row) || second(row);
    }

    /// <summary>Rows that are seen.</summary>
    public int Left => rows - gone.Length;

    /// <returns>The stored runs over the rows left; runs that have none are no longer there.</returns>
    public ConceptRun[] Runs(ReadOnlySpan<ConceptRun> stored)
    {
        var left = new List<ConceptRun>(stored.Length);
        foreach (var run in stored)
            if (new ConceptRun(run.Concept, LeftBefore(run.Start), LeftBefore(run.End)) is var shrunk && shrunk.Start < shrunk.End) left.Add(shrunk);
        return [.. left];
    }

    /// <returns>A block of the rows left, copied span by span from the blocks that hold them.</returns>
    public T[] Gather<T>(int block, Func<int, T[]> stored)
    {
        const int size = IShardTable.BlockRows;
        var first = block * size;
        var left = new T[Math.Min(size, Left - first)];
        var next = GoneBefore(first);
        var at = first + next;
        var (number, values) = (-1, Array.Empty<T>());
        for (var filled = 0; filled < left.Length;)
        {
            for (; next < gone.Length && gone[next] == at; next++) at++;
            if (at / size != number) values = stored(number = at / size);
            var length = Math.Min(Math.Min((next < gone.Length ? gone[next] : rows) - at, (number + 1) * size - at), left.Length - filled);
            values.AsSpan(at % size, length).CopyTo(left.AsSpan(filled));
            at += length;
            filled += length;
        }
        return left;
    }

    int LeftBefore(int row)
    {
        var found = Array.BinarySearch(gone, row);
        return row - (found < 0 ? ~found : found);
    }

    /// <summary>How many withheld rows lie before the row that is left at a place.</summary>
    int GoneBefore(int place)
    {
        int low = 0, high = gone.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (gone[middle] - middle > place) high = middle;
            else low = middle + 1;
        }
        return low;
    }
}
