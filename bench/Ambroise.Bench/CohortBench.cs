using System.Diagnostics;
using System.Globalization;
using System.Text;
using Ambroise.Cohorts.Definitions;
using Ambroise.Cohorts.Engine;
using Ambroise.Cohorts.Vocabulary;
using Ambroise.Governance.Control;
using Ambroise.Governance.Tenants;
using Ambroise.Lake.Reading;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Writing;
using Ambroise.Sources.Omop;
using Ambroise.Sources.Synth;
using Ambroise.Vault;
using DuckDB.NET.Data;

namespace Ambroise.Bench;

/// <summary>Twelve cohort counts on synthetic patients: our engine over sealed files against SQL on DuckDB over the same rows, all cores for both, in one run.</summary>
static class CohortBench
{
    /// <param name="keep">Holds the sealed lake and the databases for the next run, which then starts at once; null for a folder removed at the end.</param>
    /// <param name="only">Asks the questions whose name begins with this text alone; null for all.</param>
    public static async Task RunAsync(long patients, bool sorted, bool sql, string? keep, string? only)
    {
        var scratch = keep ?? Directory.CreateTempSubdirectory("ambroise-bench-").FullName;
        try
        {
            Directory.CreateDirectory(scratch);
            var source = Path.Combine(scratch, "synth");
            var vocabularyFolder = Path.Combine(scratch, "vocabulary");
            var ready = File.Exists(Path.Combine(scratch, "ready"));
            if (!ready)
            {
                Console.Error.WriteLine("inventing…");
                SyntheticHospital.Write(new(patients, 1), source, null, CancellationToken.None);
                VocabularyFolder.Load(source, vocabularyFolder, (_, _) => { }, CancellationToken.None).OrThrow();
            }
            var vocabulary = ConceptGraph.Load(vocabularyFolder).OrThrow();

            using var control = ControlPlane.Create(Path.Combine(scratch, "ambroise.db"), TimeProvider.System);
            if (!ready) control.AddTenant(TenantId.Parse("bench").OrThrow(), "Bench", "file").OrThrow();
            var keyFolder = Path.Combine(scratch, "keys");
            using var keys = (ready ? KeyRing.Unseal(keyFolder, "bench", new Passphrase("bench")) : KeyRing.Create(keyFolder, "bench", new Passphrase("bench"))).OrThrow();
            var lake = new TenantLake(Path.Combine(scratch, "lake"), "bench", keys, control, TimeProvider.System);
            var (byPatient, byConcept) = (Path.Combine(scratch, "patient.duckdb"), sorted ? Path.Combine(scratch, "concept.duckdb") : null);
            if (!ready)
            {
                Console.Error.WriteLine("loading…");
                using (var files = new OmopSource(OmopFolder.Open(source).OrThrow(), 1L << 30, Environment.ProcessorCount))
                    (await LoadRelease.RunAsync(lake, files, new(LoadMode.Replace, 3L << 30, Environment.ProcessorCount, null), null, CancellationToken.None)).OrThrow();
                Console.Error.WriteLine("duckdb…");
                Database(source, byPatient, vocabularyFolder, sort: false);
                if (byConcept is not null) Database(source, byConcept, vocabularyFolder, sort: true);
                File.WriteAllText(Path.Combine(scratch, "ready"), "");
            }
            var questions = CohortQuestions.All.Where(q => only is null || q.Name.StartsWith(only, StringComparison.OrdinalIgnoreCase)).ToList();
            if (sql) Ask(questions, lake, vocabulary, byPatient, byConcept);
            else Alone(questions, lake, vocabulary, only is not null);
        }
        finally
        {
            if (keep is null) Directory.Delete(scratch, recursive: true);
        }
    }

    static void Ask(List<Question> questions, TenantLake lake, ConceptGraph vocabulary, string byPatient, string? byConcept)
    {
        Console.WriteLine("| question | patients | ours warm ms | ours cold ms | SQL warm ms | ratio warm | ratio cold | SQL, file sorted by concept ms | ratio |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
        var warms = new List<double>();
        var colds = new List<double>();
        using var warm = Open(lake);
        // One engine that keeps no picked events: as when a person types, each question is new, over shards already open.
        var engine = new CohortEngine(0);
        foreach (var question in questions)
        {
            var definition = CohortDefinition.Parse(Encoding.UTF8.GetBytes(question.Json)).OrThrow();
            var bound = BoundDefinition.Bind(definition, vocabulary);
            DropCaches();
            double cold;
            long patients;
            using (var fresh = Open(lake))
                (cold, patients) = Timed(() => new CohortEngine(0).Count(bound, fresh.Shards).Patients);

            var mine = Median(9, () => engine.Count(bound, warm.Shards).Patients, patients);
            DropCaches();
            var (coldSql, expected) = Sql(byPatient, question.Sql, 0);
            if (expected != patients) throw new InvalidOperationException($"{question.Name}: {patients} patients, SQL says {expected}.");
            var (sql, _) = Sql(byPatient, question.Sql, 3);
            var sortedSql = byConcept is null ? double.NaN : Sql(byConcept, question.Sql, 3).Milliseconds;
            warms.Add(sql / mine);
            colds.Add(coldSql / cold);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {question.Name} | {patients:N0} | {mine:F2} | {cold:F0} | {sql:F0} | {sql / mine:F0}× | {coldSql / cold:F1}× | {sortedSql:F0} | {sortedSql / mine:F0}× |"));
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"median ratio: {warms.Order().ElementAt(warms.Count / 2):F0}× warm, {colds.Order().ElementAt(colds.Count / 2):F1}× cold; least {warms.Min():F1}× warm, {colds.Min():F1}× cold; resident {Environment.WorkingSet >> 20} MiB"));
    }

    /// <summary>The engine by itself: where to look when it should be faster.</summary>
    static void Alone(List<Question> questions, TenantLake lake, ConceptGraph vocabulary, bool only)
    {
        using var warm = Open(lake);
        var engine = new CohortEngine(0);
        foreach (var question in questions)
        {
            var bound = BoundDefinition.Bind(CohortDefinition.Parse(Encoding.UTF8.GetBytes(question.Json)).OrThrow(), vocabulary);
            DropCaches();
            double cold;
            using (var fresh = Open(lake)) (cold, _) = Timed(() => new CohortEngine(0).Count(bound, fresh.Shards).Patients);
            var answer = engine.Count(bound, warm.Shards);
            var patients = answer.Patients;
            var (before, processor) = (GC.GetTotalAllocatedBytes(), Environment.CpuUsage.TotalTime);
            var counts = 0;
            var mine = Median(only ? 99 : 19, () =>
            {
                if (counts++ == 60) (before, processor) = (GC.GetTotalAllocatedBytes(), Environment.CpuUsage.TotalTime);
                return engine.Count(bound, warm.Shards).Patients;
            }, patients);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{mine,9:F2} ms warm {(Environment.CpuUsage.TotalTime - processor).TotalMilliseconds / (counts - 60),7:F2} ms of processor {cold,6:F0} ms cold {patients,10:N0} patients of {answer.EventMasks.Sum(m => m.Count),10:N0} events {(GC.GetTotalAllocatedBytes() - before) / (counts - 60) >> 10,8:N0} KiB a count  {question.Name}"));
        }
    }

    static OpenRelease Open(TenantLake lake) => Door.Open(lake, new("bench", "bench", null, "bench", null), (_, _) => { }, 4L << 30).OrThrow();

    static (double Milliseconds, long Patients) Timed(Func<long> count)
    {
        var clock = Stopwatch.StartNew();
        var patients = count();
        return (clock.Elapsed.TotalMilliseconds, patients);
    }

    static double Median(int times, Func<long> count, long expected)
    {
        // The compiler's last tier is part of being warm: it comes some counts and a tenth of a second after the first.
        var warming = Stopwatch.StartNew();
        for (var i = 0; i < 60 || warming.ElapsedMilliseconds < 1500; i++) count();
        var all = Enumerable.Range(0, times).Select(_ => Timed(count)).ToList();
        if (all.Any(t => t.Patients != expected)) throw new InvalidOperationException("Two counts of the same question differ.");
        return all.Select(t => t.Milliseconds).Order().ElementAt(times / 2);
    }

    /// <summary>Opens the database file anew; with runs, a first one is not counted.</summary>
    static (double Milliseconds, long Patients) Sql(string path, string sql, int runs)
    {
        using var connection = new DuckDBConnection($"DataSource={path};ACCESS_MODE=READ_ONLY;threads={Environment.ProcessorCount}");
        connection.Open();
        long One()
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
        }
        if (runs == 0) return Timed(One);
        var patients = One();
        return (Enumerable.Range(0, runs).Select(_ => Timed(One).Milliseconds).Order().ElementAt(runs / 2), patients);
    }

    static void Database(string source, string path, string vocabulary, bool sort)
    {
        using var connection = new DuckDBConnection($"DataSource={path}");
        connection.Open();
        foreach (var group in OmopFolder.Open(source).OrThrow().Files.GroupBy(f => f.Table))
        {
            var table = group.Key;
            var by = new[] { table.Concept, table.Person, table.Start }.Where(c => c >= 0).Select(c => table.Columns[c].Name).ToList();
            using var command = connection.CreateCommand();
            command.CommandText = $"create table {table.Name} as select * from read_parquet([{string.Join(", ", group.Select(f => $"'{f.Path}'"))}]){(sort && by.Count > 0 ? " order by " + string.Join(", ", by) : "")}";
            command.ExecuteNonQuery();
        }
        using (var command = connection.CreateCommand())
        {
            command.CommandText = $"create table concept_ancestor as select * from read_parquet('{vocabulary}/concept_ancestor.parquet')";
            command.ExecuteNonQuery();
        }
    }

    /// <summary>Where the system lets us, the files leave its cache too.</summary>
    static void DropCaches()
    {
        try
        {
            File.WriteAllText("/proc/sys/vm/drop_caches", "1");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Cold then means our caches alone, for both sides.
        }
    }
}
