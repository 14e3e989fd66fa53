using System.Diagnostics;
using Ambroise.Sources.Omop;

namespace Ambroise.Bench;

/// <summary>Reading a folder of OMOP files into typed, checked batches, and nothing else.</summary>
static class ReadBench
{
    public static void Run(string folder, int runs, long memoryBytes)
    {
        foreach (var threads in new[] { 1, Environment.ProcessorCount }.Distinct())
        {
            var seconds = new List<double>();
            var processor = new List<double>();
            long rows = 0, rejects = 0;
            for (var run = 0; run < runs; run++)
            {
                var files = OmopFolder.Open(folder).OrThrow();
                using var source = new OmopSource(files, memoryBytes, threads);
                (rows, rejects) = (0, 0);
                var before = Environment.CpuUsage.TotalTime;
                var clock = Stopwatch.StartNew();
                foreach (var table in source.Tables)
                    foreach (var batch in source.Read(table, _ => rejects++, CancellationToken.None)) rows += batch.Rows;
                seconds.Add(clock.Elapsed.TotalSeconds);
                processor.Add((Environment.CpuUsage.TotalTime - before).TotalSeconds);
            }
            double median = seconds.Order().ElementAt(runs / 2), cpu = processor.Order().ElementAt(runs / 2);
            Console.WriteLine($"read, {threads} thread(s)   {rows,14:N0} rows   {rejects,10:N0} rejected   {median,8:F2} s   {rows / median / 1e6,8:F2} M rows/s   {cpu / rows * 1e6,6:F2} s of processor a million rows");
        }
    }
}
