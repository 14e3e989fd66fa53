using System.IO.Hashing;
using System.Runtime.InteropServices;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;

namespace Ambroise.Governance.Datasets;

/// <summary>How many patients share each code and each source's word of a dataset, counted up to what makes one frequent; and which concepts are the commonest.</summary>
/// <remarks>Memory grows with the distinct values, not with the rows. A concept of 0 and an absent value are never rare.</remarks>
sealed class RareCodes(DatasetPlan plan)
{
    readonly Dictionary<(string Table, int Column), Dictionary<long, Holders>> byColumn = [], providersOf = [];
    readonly Dictionary<(string Table, int Concept), int> patientsOf = [];

    /// <summary>Patients by table and main concept.</summary>
    public IReadOnlyDictionary<(string Table, int Concept), int> PatientsOf => patientsOf;

    /// <summary>How far numbers go.</summary>
    public NumberBounds Numbers { get; } = new(plan.Options.Rare);

    /// <summary>Distinct values withheld, by table and column.</summary>
    public IEnumerable<(string Table, string Column, int Values)> Withheld =>
        from column in byColumn
        let rare = column.Value.Keys.Count(code => IsRare(column.Key, code))
        where rare > 0
        orderby column.Key
        select (column.Key.Table, Cdm54.Find(column.Key.Table)!.Columns[column.Key.Column].Name, rare);

    public static bool Counts(PlannedTable table, CdmColumn column) =>
        ColumnUses.Of(table.Source, column) == ColumnUse.Code && !(column.Ordinal == table.Source.Concept && table.ConceptsNamed);

    public bool IsRare(CdmTable table, CdmColumn column, long code) => IsRare((table.Name, column.Ordinal), code);

    bool IsRare((string, int) column, long code) =>
        IsFew(byColumn, column, code) || IsFew(providersOf, column, code);

    bool IsFew(Dictionary<(string, int), Dictionary<long, Holders>> found, (string, int) column, long code) =>
        found.TryGetValue(column, out var codes) && codes.TryGetValue(code, out var holders) && holders.Count < plan.Options.Rare;

    public static long Code(string text) => (long)XxHash3.HashToUInt64(MemoryMarshal.AsBytes(text.AsSpan()));

    public void Count(ShardPatients patients, PlannedTable table)
    {
        if (patients.Shard.Table(table.Source) is not { } source) return;
        var codes = CodesOf(table, source);
        var numbers = Numbers.Reader(table, source);
        (int Concept, int Ordinal) last = (-1, -1);
        RowScan.Each(patients, table, plan, (row, ordinal, concept, _, categories) =>
        {
            if ((concept, ordinal) != last)
            {
                last = (concept, ordinal);
                CollectionsMarshal.GetValueRefOrAddDefault(patientsOf, (table.Source.Name, concept), out bool _)++;
            }
            codes(row, patients.Pseudonym(ordinal));
            numbers?.Invoke(row, concept, categories, patients.Pseudonym(ordinal));
        });
    }

    /// <summary>Counts rows that hang on others.</summary>
    public void Count(PlannedTable table, IShardTable source, IEnumerable<LinkedRow> rows)
    {
        var codes = CodesOf(table, source);
        var numbers = Numbers.Reader(table, source);
        foreach (var row in rows.OrderBy(r => r.Row))
        {
            codes(row.Row, row.Patients.Pseudonym(row.Ordinal));
            numbers?.Invoke(row.Row, 0, row.Categories, row.Patients.Pseudonym(row.Ordinal));
        }
    }

    /// <summary>A patient's row refers to one that has a code. What only a few of those who care for patients are would name them, so for providers that is counted as well.</summary>
    public void Note(CdmTable table, CdmColumn column, long code, long patient, long id)
    {
        Add(Of(byColumn, table, column), code, patient);
        if (table == Cdm54.Provider) Add(Of(providersOf, table, column), code, id);
    }

    /// <returns>Takes one row after another, in ascending order, with its patient's pseudonym.</returns>
    Action<int, long> CodesOf(PlannedTable table, IShardTable source)
    {
        var columns = table.Sources.Where(c => Counts(table, c)).Select(c => (Found: Of(byColumn, table.Source, c),
            Codes: c.Type == ColumnType.Int32 ? new CurrentBlock<int>(b => source.Int32(c, b)) : null,
            Words: c.Type == ColumnType.Int32 ? null : new CurrentBlock<string?>(b => source.Text(c, b)))).ToList();
        return (row, patient) =>
        {
            foreach (var (found, codes, words) in columns)
            {
                long code;
                if (codes is not null)
                {
                    code = codes[row];
                    if (code is 0 or Null.Int32) continue;
                }
                else
                {
                    if (words![row] is not { } text) continue;
                    code = Code(text);
                }
                Add(found, code, patient);
            }
        };
    }

    void Add(Dictionary<long, Holders> found, long code, long holder)
    {
        ref var holders = ref CollectionsMarshal.GetValueRefOrAddDefault(found, code, out _);
        if (holders.Count < plan.Options.Rare) holders.Add(holder);
    }

    static Dictionary<long, Holders> Of(Dictionary<(string Table, int Column), Dictionary<long, Holders>> all, CdmTable table, CdmColumn column)
    {
        if (!all.TryGetValue((table.Name, column.Ordinal), out var found)) all[(table.Name, column.Ordinal)] = found = [];
        return found;
    }

    /// <summary>Distinct patients (or providers), while they are few.</summary>
    struct Holders
    {
        List<long>? patients;

        public int Count { get; private set; }

        public void Add(long patient)
        {
            patients ??= [];
            if (patients.Contains(patient)) return;
            patients.Add(patient);
            Count++;
        }
    }
}
