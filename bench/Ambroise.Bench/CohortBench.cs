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
        BoundMemory();
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
                    (await LoadRelease.RunAsync(lake, files, new(LoadMode.Replace, heap / 2, Environment.ProcessorCount, null), null, CancellationToken.None)).OrThrow();
                File.WriteAllText(Path.Combine(scratch, "ready"), "");
            }
            foreach (var path in new[] { byPatient, byConcept }.Where(p => sql && p is not null && !File.Exists(p)))
            {
                Console.Error.WriteLine("duckdb…");
                Database(source, path!, vocabularyFolder, sort: path == byConcept);
            }
            var questions = CohortQuestions.All.Where(q => only is null || q.Name == only).DefaultIfEmpty().SelectMany(q => q is null ? CohortQuestions.All.Where(n => n.Name.StartsWith(only!, StringComparison.OrdinalIgnoreCase)) : [q]).ToList();
            if (sql) Ask(questions, lake, vocabulary, byPatient, byConcept);
            if (only is null) Cancelled(questions, lake, vocabulary);
            if (sql) return;
            Alone(questions, lake, vocabulary, only is not null);
        }
        finally
        {
            if (keep is null) Directory.Delete(scratch, recursive: true);
        }
    }

    static void Ask(List<Question> questions, TenantLake lake, ConceptGraph vocabulary, string byPatient, string? byConcept)
    {
        Console.WriteLine("| question | patients | ours, first asked | ours, one number changed | ours, cold | SQL, count alone | SQL, as OHDSI's tools | SQL, cold | SQL, file sorted by concept | ratio first asked | ratio changed | ratio cold |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        var ratios = new List<(string Name, Func<Times, double> Of)>
        {
            ("first asked, against the count alone", t => t.Sql / t.First), ("first asked, against OHDSI's tables", t => t.Tables / t.First),
            ("one number changed, against the count alone", t => t.Sql / t.Changed), ("one number changed, against OHDSI's tables", t => t.Tables / t.Changed),
            ("cold, against the count alone", t => t.ColdSql / t.Cold), ("cold, against OHDSI's tables", t => t.ColdTables / t.Cold),
        };
        var all = new List<Times>();
        using var warm = Open(lake);
        Compile(questions, warm, vocabulary);
        foreach (var question in questions)
        {
            var times = Measure(question, lake, warm, vocabulary, byPatient, byConcept);
            all.Add(times);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {question.Name} | {times.Patients:N0} | {times.First:F2} ms | {times.Changed:F2} ms | {times.Cold:F0} ms | {times.Sql:F0} ms | {times.Tables:F0} ms | {times.ColdTables:F0} ms | {times.Sorted:F0} ms | {times.Tables / times.First:F0}× | {times.Tables / times.Changed:F0}× | {times.ColdTables / times.Cold:F1}× |"));
        }
        foreach (var (name, of) in ratios)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {Middle(all.Select(of)):F1}× in the median, {all.Min(of):F1}× to {all.Max(of):F1}×"));
        Console.WriteLine($"resident {Environment.WorkingSet >> 20} MiB");
    }

    /// <summary>Asks each question until what answers it is compiled for good, as it is in a program that has run for a minute.</summary>
    static void Compile(List<Question> questions, OpenRelease warm, ConceptGraph vocabulary)
    {
        var engine = new CohortEngine(0);
        foreach (var question in questions)
        {
            var bound = BoundDefinition.Bind(CohortDefinition.Parse(Encoding.UTF8.GetBytes(question.Variant(0).Json)).OrThrow(), vocabulary);
            for (var again = 0; again < 40; again++) engine.Count(bound, warm.Shards);
        }
    }

    /// <returns>The median; of an even number, halfway between the two in the middle.</returns>
    static double Middle(IEnumerable<double> of) => of.Order().ToArray() is var all ? (all[(all.Length - 1) / 2] + all[all.Length / 2]) / 2 : 0;

    /// <summary>Milliseconds.</summary>
    /// <param name="First">Shards open, columns in memory, nothing of an earlier question kept.</param>
    /// <param name="Changed">As someone types: each count differs from the last in one number.</param>
    /// <param name="Cold">First touch of the files.</param>
    sealed record Times(long Patients, double First, double Changed, double Cold, double Sql, double Tables, double ColdSql, double ColdTables, double Sorted);

    static Times Measure(Question question, TenantLake lake, OpenRelease warm, ConceptGraph vocabulary, string byPatient, string? byConcept)
    {
        BoundDefinition Bound(int variant) => BoundDefinition.Bind(CohortDefinition.Parse(Encoding.UTF8.GetBytes(question.Variant(variant).Json)).OrThrow(), vocabulary);
        var asked = Bound(0);
        double cold;
        long patients;
        DropCaches();
        using (var fresh = Open(lake))
            (cold, patients) = Timed(() => new CohortEngine(0).Count(asked, fresh.Shards).Patients);

        var forgets = new CohortEngine(0);
        var first = Median(9, () => forgets.Count(asked, warm.Shards).Patients, patients);

        var keeps = new CohortEngine();
        var variants = Enumerable.Range(0, 60).Select(Bound).ToArray();
        foreach (var variant in variants[10..]) keeps.Count(variant, warm.Shards);
        var changed = variants[1..10].Select(v => Timed(() => keeps.Count(v, warm.Shards).Patients)).ToList();

        DropCaches();
        var (coldSql, expected) = Sql(byPatient, [question.Variant(0).Sql], 0);
        if (expected != patients) throw new InvalidOperationException($"{question.Name}: {patients} patients, SQL says {expected}.");
        DropCaches();
        var (coldTables, built) = Sql(byPatient, question.Variant(0).Tables, 0);
        if (built != patients) throw new InvalidOperationException($"{question.Name}: {patients} patients, OHDSI's tables say {built}.");
        double Warm(string file, Func<Asked, string[]> of) => Enumerable.Range(1, 3).Select(v =>
        {
            var (time, counted) = Sql(file, of(question.Variant(v)), 1);
            return counted == changed[v - 1].Patients ? time : throw new InvalidOperationException($"{question.Name}, variant {v}: {changed[v - 1].Patients} patients, SQL says {counted}.");
        }).Order().ElementAt(1);
        return new(patients, first, changed.Select(c => c.Milliseconds).Order().ElementAt(4), cold, Warm(byPatient, a => [a.Sql]), Warm(byPatient, a => a.Tables), coldSql, coldTables,
            byConcept is null ? double.NaN : Warm(byConcept, a => [a.Sql]));
    }

    /// <summary>How long a count takes to end once it is cancelled, from the files' first touch on: of each question several times, a little later each time.</summary>
    static void Cancelled(List<Question> questions, TenantLake lake, ConceptGraph vocabulary)
    {
        var waits = new List<double>();
        // Once without cancelling: the published program is compiled before it runs, this one while it does.
        using (var first = Open(lake)) new CohortEngine(0).Count(BoundDefinition.Bind(CohortDefinition.Parse(Encoding.UTF8.GetBytes(questions[0].Variant(0).Json)).OrThrow(), vocabulary), first.Shards);
        // One for all: each has a cache of its own, and those of past ones wait for the collector.
        using var release = Open(lake);
        foreach (var question in questions)
        {
            var bound = BoundDefinition.Bind(CohortDefinition.Parse(Encoding.UTF8.GetBytes(question.Variant(0).Json)).OrThrow(), vocabulary);
            for (var after = 1; after <= 24; after += after < 8 ? 1 : 4)
            {
                using var cancel = new CancellationTokenSource();
                var clock = new Stopwatch();
                var timer = new Timer(_ =>
                {
                    clock.Start();
                    cancel.Cancel();
                }, null, after, Timeout.Infinite);
                try
                {
                    new CohortEngine(0).Count(bound, release.Shards, 0, cancel.Token);
                }
                catch (OperationCanceledException)
                {
                    waits.Add(clock.Elapsed.TotalMilliseconds);
                }
                timer.DisposeAsync().AsTask().Wait(); // it may be about to cancel what is done
            }
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"cancelled {waits.Count} counts under way: ended after {waits.Order().ElementAt(waits.Count / 2):F1} ms in the median, {waits.Max():F1} ms at most"));
    }

    /// <summary>The engine by itself: where to look when it should be faster.</summary>
    static void Alone(List<Question> questions, TenantLake lake, ConceptGraph vocabulary, bool only)
    {
        using var warm = Open(lake);
        Compile(questions, warm, vocabulary);
        var engine = new CohortEngine(0);
        foreach (var question in questions)
        {
            BoundDefinition Bound(int variant) => BoundDefinition.Bind(CohortDefinition.Parse(Encoding.UTF8.GetBytes(question.Variant(variant).Json)).OrThrow(), vocabulary);
            var bound = Bound(0);
            var cold = Enumerable.Range(0, only ? 15 : 1).Select(_ =>
            {
                DropCaches();
                using var fresh = Open(lake);
                return Timed(() => new CohortEngine(0).Count(bound, fresh.Shards).Patients).Milliseconds;
            }).Order().ElementAt(only ? 7 : 0);
            var answer = engine.Count(bound, warm.Shards);
            var (allocated, least) = (GC.GetTotalAllocatedBytes(), double.MaxValue);
            var counts = 0;
            var mine = Median(only ? 99 : 19, () =>
            {
                var processor = Environment.CpuUsage.TotalTime;
                var patients = engine.Count(bound, warm.Shards).Patients;
                least = Math.Min(least, (Environment.CpuUsage.TotalTime - processor).TotalMilliseconds);
                counts++;
                return patients;
            }, answer.Patients);
            allocated = (GC.GetTotalAllocatedBytes() - allocated) / counts;
            var keeps = new CohortEngine();
            var variants = Enumerable.Range(0, only ? 800 : 60).Select(Bound).ToArray();
            foreach (var variant in variants[10..]) keeps.Count(variant, warm.Shards);
            var changed = variants[..10].Select(v => Timed(() => keeps.Count(v, warm.Shards).Patients).Milliseconds).Order().ElementAt(4);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{mine,9:F2} ms first asked {least,7:F2} ms of processor at least {changed,7:F2} ms one number changed {cold,6:F0} ms cold {answer.Patients,10:N0} patients of {answer.EventMasks.Sum(m => m.Count),10:N0} events {allocated >> 10,8:N0} KiB a count  {question.Name}"));
        }
    }

    /// <summary>Of the machine's memory the collector may take so much, or what <c>DOTNET_GCHeapHardLimit</c> says: what the columns of a release opened before took goes first, not the machine.</summary>
    static readonly long heap = GC.GetConfigurationVariables().TryGetValue("GCHeapHardLimit", out var told) && Convert.ToInt64(told, CultureInfo.InvariantCulture) is > 0 and var bytes
        ? bytes : Math.Min(16L << 30, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes * 3 / 5);

    static void BoundMemory()
    {
        AppContext.SetData("GCHeapHardLimit", (ulong)heap);
        GC.RefreshMemoryLimit();
    }

    /// <summary>A third of the heap holds decoded columns: one release stays open while another is touched for the first time.</summary>
    static OpenRelease Open(TenantLake lake) => Door.Open(lake, new("bench", "bench", null, "bench", null), (_, _) => { }, heap / 3).OrThrow();

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
    static (double Milliseconds, long Patients) Sql(string path, string[] statements, int runs)
    {
        using var connection = new DuckDBConnection($"DataSource={path};ACCESS_MODE=READ_ONLY;threads={Environment.ProcessorCount}");
        connection.Open();
        long One()
        {
            var patients = 0L;
            foreach (var statement in statements)
            {
                using var command = connection.CreateCommand();
                command.CommandText = statement.Replace("create temp table", "create or replace temp table", StringComparison.Ordinal);
                patients = Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
            }
            return patients;
        }
        if (runs == 0) return Timed(One);
        var first = One();
        return (Enumerable.Range(0, runs).Select(_ => Timed(One).Milliseconds).Order().ElementAt(runs / 2), first);
    }

    static void Database(string source, string path, string vocabulary, bool sort)
    {
        using var connection = new DuckDBConnection($"DataSource={path}.part");
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
        connection.Close();
        File.Move(path + ".part", path);
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
