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
    readonly Dictionary<(string Table, int Column), Dictionary<long, Holders>> byColumn = [];
    readonly Dictionary<(string Table, int Concept), int> patientsOf = [];

    /// <summary>Patients by table and main concept.</summary>
    public IReadOnlyDictionary<(string Table, int Concept), int> PatientsOf => patientsOf;

    /// <summary>Distinct values withheld, by table and column.</summary>
    public IEnumerable<(string Table, string Column, int Values)> Withheld =>
        from column in byColumn
        let rare = column.Value.Values.Count(h => h.Count < plan.Options.Rare)
        where rare > 0
        orderby column.Key
        select (column.Key.Table, Cdm54.Find(column.Key.Table)!.Columns[column.Key.Column].Name, rare);

    public static bool Counts(PlannedTable table, CdmColumn column) =>
        ColumnUses.Of(table.Source, column) == ColumnUse.Code && !(column.Ordinal == table.Source.Concept && table.ConceptsNamed);

    public bool IsRare(CdmTable table, CdmColumn column, long code) => byColumn[(table.Name, column.Ordinal)].TryGetValue(code, out var holders) && holders.Count < plan.Options.Rare;

    public static long Code(string text) => (long)XxHash3.HashToUInt64(MemoryMarshal.AsBytes(text.AsSpan()));

    public void Count(ShardPatients patients, PlannedTable table)
    {
        var source = patients.Shard.Table(table.Source);
        var columns = table.Sources.Where(c => Counts(table, c)).Select(c => (Found: Of(table.Source, c),
            Codes: c.Type == ColumnType.Int32 ? new CurrentBlock<int>(b => source!.Int32(c, b)) : null,
            Words: c.Type == ColumnType.Int32 ? null : new CurrentBlock<string?>(b => source!.Text(c, b)))).ToList();
        (int Concept, int Ordinal) last = (-1, -1);
        RowScan.Each(patients, table, plan, (row, ordinal, concept, _, _) =>
        {
            if ((concept, ordinal) != last)
            {
                last = (concept, ordinal);
                CollectionsMarshal.GetValueRefOrAddDefault(patientsOf, (table.Source.Name, concept), out _)++;
            }
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
                ref var holders = ref CollectionsMarshal.GetValueRefOrAddDefault(found, code, out _);
                if (holders.Count < plan.Options.Rare) holders.Add(patients.Pseudonym(ordinal));
            }
        });
    }

    Dictionary<long, Holders> Of(CdmTable table, CdmColumn column)
    {
        if (!byColumn.TryGetValue((table.Name, column.Ordinal), out var found)) byColumn[(table.Name, column.Ordinal)] = found = [];
        return found;
    }

    /// <summary>Distinct patients, while they are few.</summary>
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
