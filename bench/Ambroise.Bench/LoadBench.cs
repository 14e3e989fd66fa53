using System.Diagnostics;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Writing;
using Ambroise.Sources.Omop;
using Ambroise.Vault;
using DuckDB.NET.Data;

namespace Ambroise.Bench;

/// <summary>Loading a folder of OMOP Parquet into a sealed release, against DuckDB sorting the same files into plain Parquet, in the same run.</summary>
static class LoadBench
{
    public static async Task RunAsync(string folder, int runs, long memoryBytes)
    {
        var threads = Environment.ProcessorCount;
        var ours = new List<double>();
        var theirs = new List<double>();
        var processor = (Ours: new List<double>(), Theirs: new List<double>());
        long ourBytes = 0, theirBytes = 0, rows = 0;
        for (var run = 0; run < runs; run++)
        {
            var scratch = Directory.CreateTempSubdirectory("ambroise-bench-").FullName;
            try
            {
                var before = Environment.CpuUsage.TotalTime;
                var clock = Stopwatch.StartNew();
                theirBytes = Sort(folder, Path.Combine(scratch, "duckdb"), threads);
                theirs.Add(clock.Elapsed.TotalSeconds);
                processor.Theirs.Add((Environment.CpuUsage.TotalTime - before).TotalSeconds);

                using var keys = KeyRing.Create(Path.Combine(scratch, "keys"), "bench", new Passphrase("bench")).OrThrow();
                var lake = new TenantLake(Path.Combine(scratch, "lake"), "bench", keys, new Ledger(), TimeProvider.System);
                before = Environment.CpuUsage.TotalTime;
                clock.Restart();
                using (var source = new OmopSource(OmopFolder.Open(folder).OrThrow(), memoryBytes / 4, threads))
                {
                    var report = (await LoadRelease.RunAsync(lake, source, new(LoadMode.Replace, memoryBytes / 2, threads, null), null, CancellationToken.None)).OrThrow();
                    ours.Add(clock.Elapsed.TotalSeconds);
                    processor.Ours.Add((Environment.CpuUsage.TotalTime - before).TotalSeconds);
                    ourBytes = report.Manifest.Files.Sum(f => f.Bytes);
                    rows = report.Rows.Values.Sum();
                }
                if (run == runs - 1) DecodeBench.Run(lake, 30);
            }
            finally
            {
                Directory.Delete(scratch, recursive: true);
            }
        }
        double mine = Median(ours), duckdb = Median(theirs);
        Console.WriteLine($"rows                {rows,14:N0}");
        Console.WriteLine($"ambroise load       {mine,14:F2} s   {rows / mine / 1e6,8:F2} M rows/s   sealed, sorted, hashed, keys checked");
        Console.WriteLine($"duckdb sort + copy  {duckdb,14:F2} s   {rows / duckdb / 1e6,8:F2} M rows/s   plain");
        Console.WriteLine($"time ratio          {mine / duckdb,14:F2}     (1.00 or less wanted)");
        Console.WriteLine($"processor           {Median(processor.Ours),14:F2} s   against {Median(processor.Theirs):F2} s: ratio {Median(processor.Ours) / Median(processor.Theirs):F2}, less disturbed by other programs than time is");
        Console.WriteLine($"size ratio          {(double)ourBytes / theirBytes,14:F2}     {ourBytes:N0} against {theirBytes:N0} bytes (1.10 or less wanted)");
        Console.WriteLine($"peak memory         {Process.GetCurrentProcess().PeakWorkingSet64 / 1048576.0,14:F0} MiB (both in one process)");
    }

    static long Sort(string folder, string to, int threads)
    {
        Directory.CreateDirectory(to);
        using var connection = new DuckDBConnection($"DataSource=:memory:;threads={threads}");
        connection.Open();
        foreach (var group in OmopFolder.Open(folder).OrThrow().Files.GroupBy(f => f.Table))
        {
            var table = group.Key;
            var by = new[] { table.Concept, table.Person, table.Start }.Where(c => c >= 0).Select(c => table.Columns[c].Name).ToList();
            using var command = connection.CreateCommand();
            command.CommandText = $"copy (select * from read_parquet([{string.Join(", ", group.Select(f => $"'{f.Path}'"))}]){(by.Count == 0 ? "" : " order by " + string.Join(", ", by))}) to '{Path.Combine(to, table.Name)}.parquet' (format parquet, compression zstd)";
            command.ExecuteNonQuery();
        }
        return new DirectoryInfo(to).EnumerateFiles().Sum(f => f.Length);
    }

    static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    internal sealed class Ledger : IReleaseLedger
    {
        IReadOnlyList<LedgerEntry> entries = [];
        public IReadOnlyList<LedgerEntry> List(string tenant) => entries;
        public void Commit(string tenant, IReadOnlyList<LedgerEntry> replaceAll) => entries = replaceAll;
    }
}
