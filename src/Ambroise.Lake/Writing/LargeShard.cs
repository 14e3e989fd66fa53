using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;
using Ambroise.Lake.Releases;

namespace Ambroise.Lake.Writing;

/// <summary>Writes a shard whose rows wait on disk and do not fit in memory together: they are dealt to stretches of the stored order, sealed on disk again, then each stretch is sorted and written after the one before.</summary>
/// <remarks>Rows are read twice and written once more, whatever their number. The files hold what they would hold had the rows fit. Rows that agree on concept, patient and start (on the key, where the table has no start) are not parted.</remarks>
sealed class LargeShard(CdmTable table, ArrayShelf shelf)
{
    /// <summary>A stretch holds a block or more, on average: what does not fill a block is carried over to the next.</summary>
    public const int LeastRows = 2 * IShardTable.BlockRows;

    const int MostStretches = 256, Samples = 1 << 16;
    const long LeastHeld = 16 << 20;

    /// <summary>Where a row lies in the stored order, nearly: the first two of what it is sorted by.</summary>
    readonly record struct Place(long ConceptAndPatient, long Then) : IComparable<Place>
    {
        public int CompareTo(Place other) => ConceptAndPatient.CompareTo(other.ConceptAndPatient) is var by and not 0 ? by : Then.CompareTo(other.Then);
    }

    /// <param name="rows">Holds the rows under <paramref name="at"/>, at least <see cref="LeastRows"/>.</param>
    /// <param name="weight">Bytes that all of them would take.</param>
    /// <param name="memory">Bytes they may take at once.</param>
    public List<LakeFile> Write(TenantLake lake, string keyGroup, Spill rows, int at, int shard, long weight, long memory, Func<Spill> openSpill, CancellationToken cancel)
    {
        var (facts, sample) = (ShardFacts.Of(table, rows.Read(table, at)), Sample(rows, at));
        var stretches = (int)Math.Clamp(4 * weight / memory + 1, 2, Math.Min(MostStretches, 2 * facts.Rows / LeastRows));
        var bounds = Enumerable.Range(1, stretches - 1).Select(i => sample[(int)((long)i * sample.Count / stretches)]).Distinct().ToArray();
        using var dealt = openSpill();
        Deal(rows, at, bounds, dealt, Math.Max(LeastHeld, memory / 4), cancel);
        using var files = new ShardFiles(lake, keyGroup, table, shard, facts, shelf);
        var carried = new Pieces(table, shelf);
        for (var stretch = 0; stretch <= bounds.Length; stretch++)
        {
            cancel.ThrowIfCancellationRequested();
            var whole = carried;
            foreach (var piece in dealt.Read(table, stretch)) whole.Append(piece.Rows, piece.Ordinals.Values);
            var order = ShardOrder.Of(whole, shelf);
            var written = stretch == bounds.Length ? whole.Rows : whole.Rows / IShardTable.BlockRows * IShardTable.BlockRows;
            if (written > 0) files.Append(whole, order.Rows.Span[..written]);
            carried = new(table, shelf);
            foreach (var row in order.Rows.Span[written..])
            {
                var (piece, place) = (whole.All[row >> Pieces.PieceBits], row & Pieces.PieceMask);
                carried.Append(piece.Rows, [place], piece.Ordinals.Count > 0 ? [piece.Ordinals.Array[place]] : []);
            }
            order.Release(shelf);
            whole.Release();
        }
        carried.Release();
        return files.Finish();
    }

    /// <summary>Places of some rows, spread over all of them; ascending.</summary>
    List<Place> Sample(Spill rows, int at)
    {
        var every = Math.Max(1, rows.Rows(at) / Samples);
        var sample = new List<Place>();
        var next = 0;
        foreach (var piece in rows.Read(table, at))
        {
            var place = Places(piece);
            for (; next < piece.Rows.Rows; next += every) sample.Add(place(next));
            next -= piece.Rows.Rows;
        }
        sample.Sort();
        return sample;
    }

    /// <summary>Gives each row to its stretch: the rows from one bound to the next.</summary>
    void Deal(Spill rows, int at, Place[] bounds, Spill to, long memory, CancellationToken cancel)
    {
        var stretches = Enumerable.Range(0, bounds.Length + 1).Select(_ => (Rows: new Pieces(table, shelf), Next: new List<int>(), Ordinals: new List<int>())).ToArray();
        long held = 0;
        void SealAll()
        {
            for (var s = 0; s < stretches.Length; s++)
                foreach (var piece in stretches[s].Rows.Take())
                {
                    to.Add(s, piece);
                    piece.Release();
                }
            held = 0;
        }
        foreach (var piece in rows.Read(table, at))
        {
            cancel.ThrowIfCancellationRequested();
            var place = Places(piece);
            for (var row = 0; row < piece.Rows.Rows; row++)
            {
                var found = Array.BinarySearch(bounds, place(row));
                var (_, next, ordinals) = stretches[found < 0 ? ~found : found + 1];
                next.Add(row);
                if (piece.Ordinals.Count > 0) ordinals.Add(piece.Ordinals.Array[row]);
            }
            foreach (var (pieces, next, ordinals) in stretches)
            {
                held += pieces.Append(piece.Rows, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(next), System.Runtime.InteropServices.CollectionsMarshal.AsSpan(ordinals));
                next.Clear();
                ordinals.Clear();
            }
            if (held > memory) SealAll();
        }
        SealAll();
    }

    Func<int, Place> Places(Pieces.Piece piece)
    {
        var concepts = table.Concept < 0 ? null : ((Int32Column)piece.Rows.Columns[table.Concept]).Array;
        var starts = table.Start < 0 ? null : ((Int32Column)piece.Rows.Columns[table.Start]).Array;
        var keys = table.Key < 0 ? null : (piece.Rows.Columns[table.Key] as Int64Column)?.Array;
        var ordinals = piece.Ordinals.Count > 0 ? piece.Ordinals.Array : null;
        return row => new((long)(concepts?[row] ?? 0) << 16 | (uint)(ordinals?[row] ?? 0), starts?[row] ?? keys?[row] ?? 0);
    }
}
