using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;

namespace Ambroise.Tests.Cohorts;

/// <summary>A shard in plain memory, for the judges: the rows of batches, sorted as the lake sorts them. Rows of unknown persons are left out.</summary>
sealed class MemoryShard : IShard
{
    readonly Dictionary<string, MemoryTable> tables;
    readonly long[] persons;

    public MemoryShard(IReadOnlyList<Batch> batches)
    {
        persons = [.. batches.Where(b => b.Table == Cdm54.Person).SelectMany(b => b.Int64("person_id").Values.ToArray()).Order()];
        tables = batches.Where(b => b.Rows > 0).ToDictionary(b => b.Table.Name, b => new MemoryTable(b, persons));
    }

    public int Patients => persons.Length;

    public ReadOnlyMemory<long> PersonIds => persons;

    public IShardTable? Table(CdmTable table) => tables.GetValueOrDefault(table.Name) is { Rows: > 0 } found ? found : null;
}

/// <summary>One table of it, in one block.</summary>
sealed class MemoryTable : IShardTable
{
    readonly Column[] columns;
    readonly ushort[] patients;

    public MemoryTable(Batch batch, long[] persons)
    {
        Definition = batch.Table;
        int Ordinal(int row) => Definition.Person < 0 ? 0 : Array.BinarySearch(persons, ((Int64Column)batch.Columns[Definition.Person]).Values[row]);
        long At(int column, int row) => column < 0 ? 0 : batch.Columns[column] is Int32Column narrow ? narrow.Values[row] : ((Int64Column)batch.Columns[column]).Values[row];
        int[] order = [.. Enumerable.Range(0, batch.Rows).Where(r => Ordinal(r) >= 0)
            .OrderBy(r => At(Definition.Concept, r)).ThenBy(Ordinal).ThenBy(r => At(Definition.Start, r)).ThenBy(r => At(Definition.Key, r))];
        if (order.Length > IShardTable.BlockRows) throw new NotSupportedException("A judge's table holds one block.");
        Rows = order.Length;
        patients = [.. order.Select(r => (ushort)Ordinal(r))];
        columns = [.. batch.Columns.Select((from, i) =>
        {
            var to = Column.Of(Definition.Columns[i].Type, order.Length);
            to.AppendFrom(from, order);
            return to;
        })];
        var runs = new List<ConceptRun>();
        for (var row = 0; row < Rows; row++)
        {
            var concept = Definition.Concept < 0 ? 0 : ((Int32Column)columns[Definition.Concept]).Values[row];
            if (runs.Count > 0 && runs[^1].Concept == concept) runs[^1] = runs[^1] with { End = row + 1 };
            else runs.Add(new(concept, row, row + 1));
        }
        Runs = runs.ToArray();
    }

    public CdmTable Definition { get; }

    public int Rows { get; }

    public ReadOnlyMemory<ConceptRun> Runs { get; }

    public ushort[] Patients(int block) => patients;

    public int[] Int32(CdmColumn column, int block) => ((Int32Column)columns[column.Ordinal]).Values.ToArray();

    public long[] Int64(CdmColumn column, int block) => ((Int64Column)columns[column.Ordinal]).Values.ToArray();

    public double[] Float64(CdmColumn column, int block) => ((Float64Column)columns[column.Ordinal]).Values.ToArray();

    public string?[] Text(CdmColumn column, int block) => [.. Enumerable.Range(0, Rows).Select(((TextColumn)columns[column.Ordinal]).Text)];
}
