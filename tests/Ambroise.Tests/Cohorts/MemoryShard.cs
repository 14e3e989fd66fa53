using System.Collections.Concurrent;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;
using Ambroise.Sources.Omop;

namespace Ambroise.Tests.Cohorts;

/// <summary>A shard held in plain memory, sorted as the lake sorts: what the engine is judged on without a lake.</summary>
sealed class MemoryShard : IShard
{
    readonly Dictionary<CdmTable, MemoryTable> tables = [];
    readonly long[] persons;

    /// <param name="batches">At most 65,536 persons' rows, in any order.</param>
    public MemoryShard(IEnumerable<Batch> batches)
    {
        var all = batches.ToLookup(b => b.Table);
        persons = [.. all[Cdm54.Person].SelectMany(b => b.Int64("person_id").Values.ToArray()).Order()];
        foreach (var table in all) tables[table.Key] = new(table.Key, [.. table], persons);
    }

    public int Patients => persons.Length;
    public ReadOnlyMemory<long> PersonIds => persons;
    public IShardTable? Table(CdmTable table) => tables.GetValueOrDefault(table);
    public IShardTable? Shared(CdmTable table) => table.Placement is Placement.Shared or Placement.WithRecord ? Table(table) : null;

    /// <summary>A folder of OMOP files as shards of at most <paramref name="patients"/>.</summary>
    public static IReadOnlyList<MemoryShard> Read(string folder, int patients = 65536)
    {
        if (OmopFolder.Open(folder).Failed(out var because, out var files)) throw because.AsException();
        using var source = new OmopSource(files, 1L << 30, 2);
        var whole = source.Tables.SelectMany(t => source.Read(t, _ => { }, default).Select(Copy)).ToList();
        return Cut(whole, patients);
    }

    /// <summary>Rows go to the shard of their person, in ascending order of person; shared tables to every shard.</summary>
    public static IReadOnlyList<MemoryShard> Cut(IReadOnlyList<Batch> whole, int patients)
    {
        var ids = whole.Where(b => b.Table == Cdm54.Person).SelectMany(b => b.Int64("person_id").Values.ToArray()).Order().ToArray();
        if (ids.Length <= patients) return [new(whole)];
        return [.. ids.Chunk(patients).Select(chunk =>
        {
            var mine = chunk.ToHashSet();
            return new MemoryShard(whole.Select(b => b.Table.Person < 0 ? b : Only(b, row => mine.Contains(((Int64Column)b.Columns[b.Table.Person]).Values[row]))));
        })];
    }

    static Batch Copy(Batch batch) => Only(batch, _ => true);

    static Batch Only(Batch batch, Func<int, bool> holds)
    {
        var kept = new Batch(batch.Table);
        int[] rows = [.. Enumerable.Range(0, batch.Rows).Where(holds)];
        for (var c = 0; c < batch.Columns.Length; c++) kept.Columns[c].AppendFrom(batch.Columns[c], rows);
        return kept;
    }
}

sealed class MemoryTable : IShardTable
{
    readonly Batch sorted;
    readonly ushort[] ordinals;
    readonly ConceptRun[] runs;
    readonly ConcurrentDictionary<(int, int), object> blocks = [];

    public MemoryTable(CdmTable table, IReadOnlyList<Batch> parts, long[] persons)
    {
        var whole = new Batch(table);
        foreach (var part in parts)
            for (var c = 0; c < whole.Columns.Length; c++) whole.Columns[c].AppendFrom(part.Columns[c], [.. Enumerable.Range(0, part.Rows)]);
        var rows = Enumerable.Range(0, whole.Rows);
        if (table.Person >= 0)
        {
            var of = ((Int64Column)whole.Columns[table.Person]).Values.ToArray();
            rows = rows.Where(r => Array.BinarySearch(persons, of[r]) >= 0);
        }
        long Key(int column, int row) => column < 0 ? 0 : whole.Columns[column] switch
        {
            Int32Column c => c.Array[row],
            Int64Column c => c.Array[row],
            _ => 0,
        };
        int[] order = [.. rows.OrderBy(r => Key(table.Concept, r)).ThenBy(r => Key(table.Person, r)).ThenBy(r => Key(table.Start, r)).ThenBy(r => Key(table.Key, r))];
        sorted = new(table);
        for (var c = 0; c < whole.Columns.Length; c++) sorted.Columns[c].AppendFrom(whole.Columns[c], order);
        ordinals = table.Person < 0 ? [] : [.. order.Select(r => (ushort)Array.BinarySearch(persons, Key(table.Person, r)))];
        runs = table.Concept < 0
            ? [new(0, 0, order.Length)]
            : [.. order.Select((r, i) => (Concept: (int)Key(table.Concept, r), i)).GroupBy(p => p.Concept, p => p.i).Select(g => new ConceptRun(g.Key, g.First(), g.Last() + 1))];
        Definition = table;
    }

    public CdmTable Definition { get; }
    public int Rows => sorted.Rows;
    public ReadOnlyMemory<ConceptRun> Runs => runs;

    public ushort[] Patients(int block) => Block(-1, block, () => ordinals[Range(block)]);
    public int[] Int32(CdmColumn column, int block) => Block(column.Ordinal, block, () => ((Int32Column)sorted.Columns[column.Ordinal]).Array[Range(block)]);
    public long[] Int64(CdmColumn column, int block) => Block(column.Ordinal, block, () => ((Int64Column)sorted.Columns[column.Ordinal]).Array[Range(block)]);
    public double[] Float64(CdmColumn column, int block) => Block(column.Ordinal, block, () => ((Float64Column)sorted.Columns[column.Ordinal]).Array[Range(block)]);
    public string?[] Text(CdmColumn column, int block) =>
        Block(column.Ordinal, block, () => Enumerable.Range(block * IShardTable.BlockRows, Range(block).End.Value - Range(block).Start.Value).Select(((TextColumn)sorted.Columns[column.Ordinal]).Text).ToArray());

    Range Range(int block) => (block * IShardTable.BlockRows)..Math.Min(Rows, (block + 1) * IShardTable.BlockRows);

    T Block<T>(int column, int block, Func<T> read) where T : class => (T)blocks.GetOrAdd((column, block), _ => read());
}
