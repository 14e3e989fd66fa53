using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Kept;
using Ambroise.Lake.Quarantine;
using Ambroise.Lake.Reading;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Sealing;
using Ambroise.Lake.Writing;

namespace Ambroise.Tests.Lake;

/// <summary>A merge that knows whom it touches leaves the shards of all others as they are; those it touches depart into a shard of their own, whole.</summary>
public sealed class KeptShardsSpecs
{
    static readonly KeepShards Always = new(1, 32, 0.5);

    internal static Rows Hospital(IEnumerable<int> patients, int version = 0)
    {
        var rows = new Rows();
        foreach (var p in patients)
        {
            rows.Person(p * 3L, $"INS-{p}");
            for (var c = 0; c < 5; c++) rows.Condition(p * 1000L + c, p * 3L, 1000 + (p + c + version) % 7, $"20{10 + c}-0{1 + p % 9}-15");
            rows.Add(Cdm54.Death, ("person_id", p * 3L), ("death_date", new DateOnly(2024, 1, 1).AddDays(p)));
            rows.Hanging(p).Claim(p);
        }
        return rows;
    }

    /// <summary>Rows that take the place of all that the lake has of some patients.</summary>
    internal sealed class Anew(Rows rows, params int[] touched) : IRecordSource
    {
        public string Description => "patients anew";

        // Kept as they come: nothing is derived.
        public IReadOnlyCollection<CdmTable> Tables => [.. rows.Tables, Cdm54.ObservationPeriod, Cdm54.ConditionEra, Cdm54.DrugEra];

        public IReadOnlySet<long> Touched { get; } = touched.Select(p => p * 3L).ToHashSet();

        public IEnumerable<Batch> Read(CdmTable table, Action<Rejected> reject, CancellationToken cancel) => rows.Tables.Contains(table) ? rows.Read(table, reject, cancel) : [];

        public bool Keeps(Batch earlier, int row) => !Touched.Contains(earlier.Table switch
        {
            { Person: >= 0 and var person } => ((Int64Column)earlier.Columns[person]).Array[row],
            _ when earlier.Persons.Count > 0 => earlier.Persons.Array[row],
            var t => 3 * earlier.Int64(t == Cdm54.Cost ? "cost_id" : t == Cdm54.NoteNlp ? "note_id" : "fact_id_2").Array[row],
        });

        public void Begin(EarlierRelease earlier, byte[]? links, IEnumerable<KeptRecord> waiting, string runs, LongTexts apart, CancellationToken cancel) { }
        public void Written(ReleaseWriter by) => Assert.All(Touched.Intersect(rows[Cdm54.Person].Int64("person_id").Values.ToArray()), p => Assert.True(by.Holds(p)));
        public void Follow(Batch earlier) { }
        public byte[] Links() => "{}"u8.ToArray();
        public IEnumerable<KeptRecord> Waiting(CancellationToken cancel) => [];
        public IEnumerable<KeptRecord> Decisions() => [];
        public IReadOnlyList<int> Ingredients(int drugConcept) => [];
        public byte[] Report() => "{}"u8.ToArray();
    }

    static readonly int[] Forty = [.. Enumerable.Range(1, 40)];

    /// <summary>Of forty, 5 comes again changed, 10 no more, and 41 is new; then 6 changes too.</summary>
    static TestLake Merged(KeepShards keep, bool twice = false)
    {
        var test = new TestLake();
        test.Load(Hospital(Forty));
        test.Load(new Anew(Hospital([5, 41], 1), 5, 10, 41), LoadMode.Merge, keep: keep);
        if (twice) test.Load(new Anew(Hospital([6], 2), 6), LoadMode.Merge, keep: keep);
        Assert.Null(Verification.Run(test.Lake, null, TestContext.Current.CancellationToken).Fault);
        return test;
    }

    [Fact]
    public void Whom_a_merge_does_not_touch_stays_where_they_are()
    {
        using var test = Merged(Always);
        var (first, second) = (test.Lake.Release(1).OrThrow(), test.Lake.Release(2).OrThrow());
        Assert.Equal((2, 40L), (second.Shards, second.Patients));
        Assert.Equal(first.Files.Where(f => f.Shard == 0).Select(f => f.Path).Order(), second.Files.Where(f => f.Shard == 0).Select(f => f.Path).Order());
        Assert.Equal([(0, 10L), (1, 0L)], second.Files.Where(f => f.Table == "condition_occurrence").Select(f => (f.Shard, f.Departed)).Order());
        Assert.Equal([(-1, 0L), (0, 2L), (1, 0L)], second.Files.Where(f => f.Table == "cost").Select(f => (f.Shard, f.Departed)).Order());

        using var open = Open(test);
        Assert.Equal(40, open.Patients);
        SameAs(Hospital(Forty.Except([5, 10])), open.Shards[0]);
        SameAs(Hospital([5, 41], 1), open.Shards[1]);
        Assert.Equal([.. Forty.Except([10]).Select(p => (long)p), 41], Costs(open));
    }

    [Fact]
    public void Records_of_whom_departed_are_found_where_they_are_now()
    {
        static Rows Recorded(IEnumerable<int> patients, int version)
        {
            var rows = Hospital(patients, version);
            foreach (var p in patients)
                rows.Add(Cdm54.SourceRecord, ("source_record_id", p * 7L), ("person_id", p * 3L), ("record_type", "Patient"), ("record_name", $"Patient/{p}"), ("outcome", "used"), ("row_count", 1 + version));
            return rows;
        }
        using var test = new TestLake();
        test.Load(Recorded(Forty, 0));
        test.Load(new Anew(Recorded([5, 41], 1), 5, 10, 41), LoadMode.Merge, keep: Always);
        var release = new EarlierRelease(test.Lake, test.Lake.Release(2).OrThrow());
        Assert.Equal([5 * 7, 7 * 7, 41 * 7], release.Known([5 * 7, 7 * 7, 10 * 7, 41 * 7, 42 * 7]).Order());
        Assert.Equal([5 * 7, 7 * 7, 10 * 7, 41 * 7], release.Known([5 * 7, 7 * 7, 10 * 7, 41 * 7, 42 * 7], departedToo: true).Order());
        Assert.Equal([(5 * 7, 2), (7 * 7, 1)], release.Records([5 * 7, 7 * 7, 10 * 7], "source_record_id", "row_count")
            .SelectMany(b => Enumerable.Range(0, b.Rows).Select(r => (b.Int64("source_record_id").Array[r], b.Int32("row_count").Array[r]))).Where(r => r.Item1 is 5 * 7 or 7 * 7 or 10 * 7).Order());
        Assert.Equal([5 * 7], release.RecordsOf([5 * 3], "source_record_id").SelectMany(b => b.Int64("source_record_id").Values.ToArray()).Where(id => id == 5 * 7));
        Assert.Null(Verification.Run(test.Lake, null, TestContext.Current.CancellationToken).Fault);
    }

    [Fact]
    public void Who_opposes_is_withheld_from_either_shard()
    {
        using var test = Merged(Always, twice: true);
        using var open = Open(test, 5 * 3, 7 * 3, 10 * 3);
        Assert.Equal(38, open.Patients);
        SameAs(Hospital(Forty.Except([5, 6, 7, 10])), open.Shards[0]);
        SameAs(Hospital([41], 1), open.Shards[1]);
        SameAs(Hospital([6], 2), open.Shards[2]);
        Assert.Equal([.. Forty.Except([5, 7, 10]).Select(p => (long)p), 41], Costs(open));
    }

    [Fact]
    public void A_shard_that_many_departed_from_or_that_is_small_is_written_anew()
    {
        using var atOnce = new TestLake();
        var whole = Hospital(Forty.Except([5, 10]));
        foreach (var table in whole.Tables)
            foreach (var batch in Hospital([5, 41], 1).Read(table, _ => { }, TestContext.Current.CancellationToken))
            {
                for (var c = 0; c < table.Columns.Length; c++) whole[table].Columns[c].AppendRange(batch.Columns[c], 0, batch.Rows);
                if (batch.Persons.Count > 0) whole[table].Persons.AppendRange(batch.Persons, 0, batch.Rows);
            }
        var expected = atOnce.Load(whole).Manifest;
        foreach (var keep in new[] { KeepShards.Default, new(1, 32, 0.04), new(1, 0, 1), new(39, 32, 1) })
        {
            using var test = Merged(keep);
            var manifest = test.Lake.Release(2).OrThrow();
            Assert.Equal((1, 40L), (manifest.Shards, manifest.Patients));
            Assert.DoesNotContain(manifest.Files, f => f.Departed > 0 || f.Table == Departed.Kind);
            Assert.Equal(Shown(expected), Shown(manifest));
        }
        using var kept = Merged(Always);
        Assert.Equal(Shown(expected), Shown(kept.Lake.Release(2).OrThrow()));

        static List<(string, long)> Shown(Manifest manifest) => [.. manifest.Files.Where(f => f.Part == FilePart.Analytic).GroupBy(f => f.Table).Select(g => (g.Key, g.Sum(f => f.Living))).Order()];
    }

    [Fact]
    public void A_load_of_tables_that_knows_not_whom_it_touches_writes_every_shard_and_nobody_twice()
    {
        using var test = Merged(Always, twice: true);
        var loaded = test.Load(Hospital([42]), LoadMode.Merge);
        Assert.Equal((1, 41L), (loaded.Manifest.Shards, loaded.Manifest.Patients));
        Assert.Null(Verification.Run(test.Lake, null, TestContext.Current.CancellationToken).Fault);
        using var open = Open(test);
        Assert.Equal([.. Forty.Except([10]).Select(p => p * 3L), 41 * 3, 42 * 3], open.Shards[0].PersonIds.ToArray());
    }

    [Theory]
    [InlineData(5)] // departed, and elsewhere now
    [InlineData(10)] // departed, and no more
    [InlineData(7)] // in the shard kept
    public void Erased_is_erased_where_the_patient_departed_too(int patient)
    {
        using var test = Merged(Always, twice: true);
        Erasure.Run(test.Lake, [patient * 3L], null, TestContext.Current.CancellationToken).OrThrow();
        Assert.Null(Verification.Run(test.Lake, null, TestContext.Current.CancellationToken).Fault);
        foreach (var manifest in test.Lake.Releases().OrThrow())
            for (var shard = 0; shard < manifest.Shards; shard++)
                Assert.All(Cdm54.All.Where(t => t.Person >= 0), t => Assert.DoesNotContain(patient * 3L, StoredRows.Column(test.Lake, manifest, shard, t, t.Person)));
        foreach (var manifest in test.Lake.Releases().OrThrow())
            foreach (var shard in StoredRows.Shards(manifest, Cdm54.Cost))
            {
                Assert.DoesNotContain(patient * 3L, StoredRows.Column(test.Lake, manifest, shard, Cdm54.Cost, -1));
                Assert.Empty(StoredRows.Keys(test.Lake, manifest, shard, Cdm54.Cost).Intersect([patient, 100_000L + patient]));
            }
        using var open = Open(test);
        SameAs(Hospital(Forty.Except([5, 6, 10, patient])), open.Shards[0]);
        SameAs(Hospital(new[] { 5, 41 }.Except([patient]), 1), open.Shards[1]);
        SameAs(Hospital([6], 2), open.Shards[2]);
    }

    [Fact]
    public void Erasing_leaves_alone_who_departed_from_other_shards()
    {
        using var test = Merged(Always, twice: true);
        Erasure.Run(test.Lake, [41 * 3L], null, TestContext.Current.CancellationToken).OrThrow();
        Assert.Null(Verification.Run(test.Lake, null, TestContext.Current.CancellationToken).Fault);
        using var open = Open(test);
        Assert.Equal(39, open.Patients);
        SameAs(Hospital(Forty.Except([5, 6, 10])), open.Shards[0]);
    }

    [Fact]
    public void Who_departed_is_told_by_a_sealed_file_whose_change_is_noticed()
    {
        using var test = Merged(Always);
        var file = test.Lake.Release(2).OrThrow().Files.Single(f => f.Table == Departed.Kind);
        var path = Path.Combine(test.Folder, file.Path);
        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        var fault = Assert.Throws<FailureException>(() => Open(test, reopened: true).Shards[0].PersonIds);
        Assert.Equal("lake.file-changed", fault.Failure.Code);
        File.Delete(path);
        Assert.Equal("lake.file-missing", Assert.Throws<FailureException>(() => Open(test, reopened: true).Shards[0].PersonIds).Failure.Code);
    }

    [Fact]
    public void That_somebody_departed_is_part_of_the_content_though_nothing_else_is_written()
    {
        using var test = new TestLake();
        var rows = new Rows();
        foreach (var p in Forty) rows.Person(p * 3L).Condition(p, p * 3L, 1000, "2020-01-01");
        var whole = test.Load(rows).Manifest;
        var less = test.Load(new Anew(new Rows().Person(7 * 3L).Condition(7, 7 * 3L, 1000, "2020-01-01"), 7), LoadMode.Merge, keep: Always).Manifest;
        var least = test.Load(new Anew(new Rows().Person(7 * 3L).Condition(7, 7 * 3L, 1000, "2020-01-01"), 7, 8), LoadMode.Merge, keep: Always).Manifest;
        Assert.Equal((40L, 40L, 39L), (whole.Patients, less.Patients, least.Patients));
        Assert.NotEqual(less.Content, least.Content);
    }

    static OpenRelease Open(TestLake test, params long[] withheld) => Door.Open(test.Lake, new("t", "test", null, "test", null), (_, _) => { }, 1 << 26, withheld).OrThrow();

    static OpenRelease Open(TestLake test, bool reopened) => Door.Open(reopened ? test.Open() : test.Lake, new("t", "test", null, "test", null), (_, _) => { }, 1 << 26).OrThrow();

    static long[] Costs(OpenRelease open) => [.. open.Shared(Cdm54.Cost)!.Int64(Cdm54.Cost["cost_id"], 0).Order()];

    static void SameAs(Rows rows, IShard seen)
    {
        using var test = new TestLake();
        test.Load(rows);
        using var open = Open(test);
        var expected = Assert.Single(open.Shards);
        Assert.Equal(expected.PersonIds.ToArray(), seen.PersonIds.ToArray());
        Assert.Equal(expected.Patients, seen.Patients);
        foreach (var table in Cdm54.All.Where(t => t.Placement is not Placement.Shared)) WithheldSpecs.Same(expected.Table(table), seen.Table(table), table);
    }
}
