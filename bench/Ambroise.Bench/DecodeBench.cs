using System.Diagnostics;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Reading;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Writing;
using Ambroise.Sources.Omop;
using Ambroise.Vault;

namespace Ambroise.Bench;

/// <summary>Reading a sealed release back: every row's concept, person and date of condition_occurrence on one core, and what opening a table costs.</summary>
/// <remarks>Figures are of processor time, which other programs on the machine disturb less than the clock.</remarks>
static class DecodeBench
{
    static readonly CdmTable Table = Cdm54.ConditionOccurrence;

    public static async Task RunAsync(string folder, int passes, long memoryBytes)
    {
        var scratch = Directory.CreateTempSubdirectory("ambroise-bench-").FullName;
        try
        {
            using var keys = KeyRing.Create(Path.Combine(scratch, "keys"), "bench", new Passphrase("bench")).OrThrow();
            var lake = new TenantLake(Path.Combine(scratch, "lake"), "bench", keys, new LoadBench.Ledger(), TimeProvider.System);
            using (var source = new OmopSource(OmopFolder.Open(folder).OrThrow(), memoryBytes / 4, Environment.ProcessorCount))
                (await LoadRelease.RunAsync(lake, source, new(LoadMode.Replace, memoryBytes / 2, Environment.ProcessorCount, null), null, CancellationToken.None)).OrThrow();
            Run(lake, passes);
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    public static void Run(TenantLake lake, int passes)
    {
        var rates = new List<double>();
        var opening = new List<double>();
        var parts = new Dictionary<string, List<double>>();
        for (var pass = 0; pass < passes; pass++)
        {
            using var open = Door.Open(lake, new("bench", "bench", null, "bench", null), (_, _) => { }, 0).OrThrow();
            var tables = open.Shards.Select(s => s.Table(Table)).OfType<IShardTable>().ToList();
            long rows = tables.Sum(t => (long)t.Rows);
            opening.Add(Processor(() => tables.ForEach(t => _ = t.Runs.Length)) * 1000 / tables.Count);
            double whole = 0;
            foreach (var (name, read) in new (string, Action<IShardTable, int>)[]
            {
                ("concept", (t, b) => t.Int32(Table.Columns[Table.Concept], b)),
                ("person", (t, b) => t.Int64(Table.Columns[Table.Person], b)),
                ("date", (t, b) => t.Int32(Table.Columns[Table.Start], b)),
            })
            {
                var seconds = Processor(() =>
                {
                    foreach (var table in tables)
                        for (var block = 0; block * IShardTable.BlockRows < table.Rows; block++) read(table, block);
                });
                if (!parts.TryGetValue(name, out var list)) parts[name] = list = [];
                list.Add(rows / seconds / 1e6);
                whole += seconds;
            }
            rates.Add(rows / whole / 1e6);
        }
        Console.WriteLine($"decode              {Median(rates),14:F1} M rows/s of processor: condition concept, person and date (100 wanted); {string.Join(", ", parts.Select(p => $"{p.Key} {Median(p.Value):F0}"))}");
        Console.WriteLine($"opening             {Median(opening),14:F2} ms a table file: its footer checked, decrypted and read");
    }

    static double Processor(Action act)
    {
        var before = Environment.CpuUsage.TotalTime;
        act();
        return (Environment.CpuUsage.TotalTime - before).TotalSeconds;
    }

    /// <summary>Of the second half: in the first the program is still being compiled.</summary>
    static double Median(List<double> values) => values.Skip(values.Count / 2).Order().ElementAt(values.Count / 4);
}
