using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Sealing;

namespace Ambroise.Lake.Writing;

/// <summary>Rows of many tables that arrive together and are asked for table by table: in memory up to a bound, then in a run on disk, sealed under a key of this process alone.</summary>
/// <param name="folder">Where the run is made, the first time it is needed.</param>
/// <param name="memoryBytes">Bound on the rows held in memory.</param>
/// <param name="apart">Where long texts go; null to hold them.</param>
public sealed class StagedRows(string folder, long memoryBytes, LongTexts? apart = null) : IDisposable
{
    readonly Dictionary<CdmTable, Pieces> held = [];
    readonly Dictionary<CdmTable, int> numbers = [];
    readonly ArrayShelf shelf = new(memoryBytes / 4);
    Spill? spill;
    long bytes;

    /// <summary>Copies a batch: the caller may use it again. What filled it is at hand then; to have mapped into the memory where rows stay took as long.</summary>
    /// <param name="tags">A number of the caller's for each row.</param>
    public void Add(Batch rows, Int32Column tags)
    {
        if (rows.Rows == 0) return;
        if (!held.TryGetValue(rows.Table, out var pieces))
        {
            held[rows.Table] = pieces = new(rows.Table, null, apart);
            numbers[rows.Table] = numbers.Count;
        }
        bytes += pieces.Append(rows, tags.Values);
        if (bytes <= memoryBytes) return;
        spill ??= new(folder, "staged", shelf);
        foreach (var (table, some) in held)
            foreach (var piece in some.Take()) spill.Add(numbers[table], piece);
        bytes = 0;
    }

    /// <summary>Looks at a table's rows, which stay. Each batch is to be used before the next is asked for, and left as it is.</summary>
    public IEnumerable<(Batch Rows, Int32Column Tags)> Look(CdmTable table)
    {
        if (!held.TryGetValue(table, out var some)) yield break;
        foreach (var piece in (spill?.Read(table, numbers[table]) ?? []).Concat(some.All)) yield return (piece.Rows, piece.Ordinals);
    }

    /// <param name="next">Where the memory of rows goes that were used; null for the collector.</param>
    /// <returns>The table's rows with their tags, in the order they came. Each batch is to be used before the next is asked for; its memory may be kept where it says so.</returns>
    public IEnumerable<(Batch Rows, Int32Column Tags)> Take(CdmTable table, ArrayShelf? next)
    {
        if (!held.Remove(table, out var some)) yield break;
        if (spill is not null)
            foreach (var piece in spill.Read(table, numbers[table])) yield return Copy(piece);
        var pieces = some.Take();
        for (var i = 0; i < pieces.Count; i++)
        {
            var piece = pieces[i];
            bytes -= piece.Rows.Bytes + piece.Ordinals.Bytes;
            pieces[i] = null!;
            piece.Rows.IsHandedOver = true;
            yield return (piece.Rows, piece.Ordinals);
            if (next is null) continue;
            foreach (var column in piece.Rows.Columns) column.BelongTo(next);
            piece.Rows.Persons.BelongTo(next);
            piece.Ordinals.BelongTo(next);
            piece.Release();
        }
    }

    /// <summary>A piece read back is used again for the next.</summary>
    static (Batch Rows, Int32Column Tags) Copy(Pieces.Piece piece)
    {
        int[] all = [.. Enumerable.Range(0, piece.Rows.Rows)];
        var (rows, tags) = (new Batch(piece.Rows.Table), new Int32Column());
        for (var c = 0; c < rows.Columns.Length; c++) rows.Columns[c].AppendFrom(piece.Rows.Columns[c], all);
        if (piece.Rows.Persons.Count > 0) rows.Persons.AppendFrom(piece.Rows.Persons, all);
        tags.AppendFrom(piece.Ordinals, all);
        return (rows, tags);
    }

    public void Dispose() => spill?.Dispose();
}
