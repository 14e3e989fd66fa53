using System.Diagnostics;
using System.Globalization;
using Ambroise.Cli.Cohorts;
using Ambroise.Cohorts.Definitions;
using Ambroise.Cohorts.Engine;
using Ambroise.Cohorts.Vocabulary;
using Ambroise.Lake.Reading;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Writing;
using Ambroise.Sources.Omop;
using Ambroise.Vault;

namespace Ambroise.Bench;

/// <summary>A folder of definitions answered over sealed files, every row written: the first time, then again by an engine that keeps nothing of what it found.</summary>
static class LibraryBench
{
    /// <param name="cdm">OMOP files with their vocabulary.</param>
    /// <param name="copies">How many times over, each with patients of its own.</param>
    public static async Task RunAsync(string cdm, string definitions, int copies, int passes)
    {
        var scratch = Directory.CreateTempSubdirectory("ambroise-bench-").FullName;
        try
        {
            var vocabularyFolder = Path.Combine(scratch, "vocabulary");
            VocabularyFolder.Load(cdm, vocabularyFolder, (_, _) => { }, CancellationToken.None).OrThrow();
            using var keys = KeyRing.Create(Path.Combine(scratch, "keys"), "bench", new Passphrase("bench")).OrThrow();
            var lake = new TenantLake(Path.Combine(scratch, "lake"), "bench", keys, new LoadBench.Ledger(), TimeProvider.System);
            var copied = Path.Combine(scratch, "cdm");
            CopiedCdm.Write(cdm, copied, copies);
            using (var files = new OmopSource(OmopFolder.Open(copied).OrThrow(), 1L << 30, Environment.ProcessorCount))
                (await LoadRelease.RunAsync(lake, files, new(LoadMode.Replace, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2, Environment.ProcessorCount, null), null, CancellationToken.None)).OrThrow();
            using var release = Door.Open(lake, new("bench", "bench", null, "bench", null), (_, _) => { }, 4L << 30).OrThrow();
            var asked = Directory.EnumerateFiles(definitions, "*.json").Order(StringComparer.Ordinal).ToList();
            for (var pass = 0; pass < passes; pass++)
            {
                var to = Directory.CreateDirectory(Path.Combine(scratch, $"rows{pass}")).FullName;
                var (clock, processor, rows, failed) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime, 0L, 0);
                var (engine, vocabulary) = (new CohortEngine(), ConceptGraph.Load(vocabularyFolder).OrThrow());
                Parallel.ForEach(asked, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, file =>
                {
                    if (CohortDefinition.Parse(File.ReadAllBytes(file)).Failed(out _, out var definition))
                    {
                        Interlocked.Increment(ref failed);
                        return;
                    }
                    var result = engine.Run(BoundDefinition.Bind(definition, vocabulary), release.Shards, 1);
                    CohortFile.Write(Path.Combine(to, Path.GetFileNameWithoutExtension(file) + ".csv"), result.Rows);
                    Interlocked.Add(ref rows, result.Rows.Count);
                });
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{(pass == 0 ? "first" : "again"),-6} {asked.Count - failed:N0} definitions ({failed} refused), {rows:N0} rows: {clock.Elapsed.TotalSeconds:F2} s, {(Environment.CpuUsage.TotalTime - processor).TotalSeconds:F2} s of processor"));
            }
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }
}
