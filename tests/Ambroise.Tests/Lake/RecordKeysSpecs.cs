using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;
using Ambroise.Lake.Releases;
using Ambroise.Tests.Cohorts.Generated;

namespace Ambroise.Tests.Lake;

/// <summary>A merge finds the records that it brings anew by their keys, and reads the blocks that hold them.</summary>
public sealed class RecordKeysSpecs
{
    const int Records = 150_000;

    static readonly Dictionary<int, Rows> Hospitals = [];

    /// <summary>Records of 700 patients, in three blocks.</summary>
    static Rows Hospital(int seed)
    {
        lock (Hospitals)
        {
            if (Hospitals.TryGetValue(seed, out var rows)) return rows;
            Hospitals[seed] = rows = new();
            var dice = new Dice((ulong)seed);
            for (var p = 1; p <= 700; p++) rows.Person(p * 3L);
            var records = new Batch(Cdm54.SourceRecord) { SourceFile = "r.csv" };
            for (var n = 0; n < Records; n++)
            {
                records.Int64("source_record_id").Append((long)dice.Of(1, int.MaxValue - 1) << 20 | (uint)n);
                records.Int64("person_id").Append(3L * dice.Of(1, 700));
                records.Text("record_type").Append("Condition");
                records.Text("record_name").Append($"Condition/{n}");
                records.Text("outcome").Append("used");
                records.Int32("row_count").Append(1);
            }
            foreach (var column in records.Columns) column.AppendNulls(records.Columns[0].Count - column.Count);
            return rows.Add(records);
        }
    }

    static long[] Ids(int seed) => [.. Hospital(seed)[Cdm54.SourceRecord].Int64("source_record_id").Values.ToArray().Order()];

    static HashSet<long> Read(EarlierRelease release, params long[] keys) => [.. release.Records(keys, "source_record_id").SelectMany(b => b.Int64("source_record_id").Values.ToArray())];

    static LakeFile File(Manifest manifest, FilePart part) => manifest.Files.Single(f => f.Table == "source_record" && f.Part == part);

    [Theory]
    [InlineData(1 << 30)]
    [InlineData(1)]
    public void Records_are_found_by_key_however_many_are_asked_for(long memory)
    {
        using var test = new TestLake();
        var release = new EarlierRelease(test.Lake, test.Load(Hospital(3), memory: memory).Manifest);
        var ids = Ids(3);
        foreach (var share in new[] { 1, 2, 50, 5_000 })
        {
            long[] there = [.. ids.Where((_, i) => i % share == 0)], absent = [.. there.Select(id => id + 1).Except(ids)];
            long[] asked = [0, .. there.Concat(absent).Order(), long.MaxValue];
            Assert.Equal(there, release.Known(asked).Order());
            Assert.Equal(there, Read(release, asked).Order());
            Assert.Empty(release.Known([0, .. absent, long.MaxValue]));
            Assert.Empty(Read(release, [0, .. absent, long.MaxValue]));
            var known = new HashSet<long>();
            long[] wanted = [.. there.Where((_, i) => i % 2 == 0)], others = [.. there.Where((_, i) => i % 3 == 0).Concat(absent).Order()];
            Assert.Equal(wanted, release.Records(wanted, others, known, "source_record_id").SelectMany(b => b.Int64("source_record_id").Values.ToArray()).Order());
            Assert.Equal(there.Where((_, i) => i % 3 == 0), known.Order());
        }
        Assert.Null(Verification.Run(test.Lake, null, TestContext.Current.CancellationToken).Fault);
    }

    [Fact]
    public void Blocks_that_hold_none_are_not_read()
    {
        using var test = new TestLake();
        var manifest = test.Load(Hospital(3)).Manifest;
        var release = new EarlierRelease(test.Lake, manifest);
        var rows = Hospital(3)[Cdm54.SourceRecord];
        var (ids, persons) = (rows.Int64("source_record_id").Values.ToArray(), rows.Int64("person_id").Values.ToArray());
        long first = ids[Array.IndexOf(persons, 3L)], last = ids[Array.IndexOf(persons, 2_100L)];
        Assert.Equal([last], Read(release, last));
        Assert.Equal(ids.Zip(persons).Where(r => r.Second is 3 or 300).Select(r => r.First).Order(), release.RecordsOf([3, 300], "source_record_id").SelectMany(b => b.Int64("source_record_id").Values.ToArray()).Order());
        foreach (var batch in release.Records([.. new[] { first, last }.Order()]))
            for (var row = 0; row < batch.Rows; row++)
            {
                var n = Array.IndexOf(ids, batch.Int64("source_record_id").Array[row]);
                Assert.Equal((persons[n], "Condition", $"Condition/{n}", 1), (batch.Int64("person_id").Array[row], batch.Text("record_type").Text(row), batch.Text("record_name").Text(row), batch.Int32("row_count").Array[row]));
                Assert.True(batch.Text("version_name").IsNull(row) && batch.Int64("version_at").IsNull(row));
            }

        // The middle of the last block is spoilt: whoever reads it is told, whoever does not is not.
        var path = Path.Combine(test.Folder, File(manifest, FilePart.Analytic).Path);
        var bytes = System.IO.File.ReadAllBytes(path);
        bytes.AsSpan(bytes.Length * 9 / 10, 64).Fill(0xA5);
        System.IO.File.WriteAllBytes(path, bytes);
        Assert.Equal([first], Read(release, first));
        Assert.NotEmpty(release.RecordsOf([3]));
        Assert.Equal([last], release.Known([last]));
        Assert.Equal("lake.file-damaged", Assert.Throws<FailureException>(() => Read(release, [.. ids.Order()])).Failure.Code);
        Assert.True(Lineage.Of(test.Lake, null, [RowName.Parse($"source_record:{last}").OrThrow()], TestContext.Current.CancellationToken).Failed(out var failure, out _));
        Assert.Equal("lake.file-damaged", failure.Code);
    }

    /// <summary>Of a text that every other or every third record has, some in a row, in stretches longer than are read at once.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(9_000)]
    public void The_texts_of_records_found_are_theirs_whoever_has_none(int every)
    {
        using var test = new TestLake();
        var rows = new Rows().Person(3L);
        var records = new Batch(Cdm54.SourceRecord) { SourceFile = "r.csv" };
        for (var n = 0; n < 20_000; n++)
        {
            records.Int64("source_record_id").Append(n + 1);
            records.Int64("person_id").Append(3);
            records.Text("record_type").Append("Condition");
            records.Text("record_name").Append($"Condition/{n}");
            records.Text("version_name").Append(n % every == 0 || every == 9_000 && n is > 5_000 and < 14_000 ? $"v{n}" : null);
            records.Text("outcome").Append("used");
            records.Int32("row_count").Append(1);
        }
        foreach (var column in records.Columns) column.AppendNulls(records.Columns[0].Count - column.Count);
        var release = new EarlierRelease(test.Lake, test.Load(rows.Add(records)).Manifest);
        foreach (var share in new[] { 1, 2, 7, 4_999 })
        {
            long[] keys = [.. Enumerable.Range(0, 20_000).Where(n => n % share == 0).Select(n => n + 1L)];
            var seen = new List<string>();
            foreach (var batch in release.Records(keys, "source_record_id", "version_name"))
                for (var row = 0; row < batch.Rows; row++) seen.Add($"{batch.Int64("source_record_id").Array[row]} {batch.Text("version_name").Text(row)}");
            Assert.Equal(keys.Select(k => $"{k} {(((k - 1) % every == 0 || every == 9_000 && k - 1 is > 5_000 and < 14_000) ? $"v{k - 1}" : "")}").Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void A_release_of_an_earlier_version_of_the_program_is_read_whole()
    {
        using var test = new TestLake();
        var manifest = test.Load(Hospital(3)).Manifest;
        var release = new EarlierRelease(test.Lake, manifest with { Files = [.. manifest.Files.Where(f => f.Part != FilePart.Keys)] });
        var ids = Ids(3);
        Assert.Equal([ids[0]], Read(release, 0, ids[0], long.MaxValue));
        Assert.Equal([ids[0], ids[7]], release.Known([0, ids[0], ids[7], long.MaxValue]).Order());
        var known = new HashSet<long>();
        Assert.Equal([ids[2]], release.Records([ids[2]], [ids[0], ids[7], long.MaxValue], known, "source_record_id").SelectMany(b => b.Int64("source_record_id").Values.ToArray()));
        Assert.Equal([ids[0], ids[7]], known.Order());
    }

    [Fact]
    public void An_erasure_takes_the_keys_too()
    {
        using var test = new TestLake();
        var before = test.Load(Hospital(3)).Manifest;
        var rows = Hospital(3)[Cdm54.SourceRecord];
        long[] of = [.. rows.Int64("source_record_id").Values.ToArray().Zip(rows.Int64("person_id").Values.ToArray()).Where(r => r.Second == 9).Select(r => r.First).Order()];
        Erasure.Run(test.Lake, [9], null, TestContext.Current.CancellationToken).OrThrow();
        var after = test.Lake.Release(1).OrThrow();
        Assert.NotEmpty(of);
        Assert.Empty(new EarlierRelease(test.Lake, after).Known(of));
        Assert.Equal(Ids(3).Except(of), new EarlierRelease(test.Lake, after).Known(Ids(3)).Order());
        Assert.False(System.IO.File.Exists(Path.Combine(test.Folder, File(before, FilePart.Keys).Path)));
        Assert.Null(Verification.Run(test.Lake, null, TestContext.Current.CancellationToken).Fault);
    }

    [Fact]
    public void Keys_of_other_records_are_told_of()
    {
        using var test = new TestLake();
        var (one, other) = (test.Load(Hospital(3)).Manifest, test.Load(Hospital(4)).Manifest);
        test.Lake.Publish([one, other with { Files = [.. other.Files.Select(f => f == File(other, FilePart.Keys) ? File(one, FilePart.Keys) : f)] }], from: 0);
        Assert.Equal("lake.keys-differ", Verification.Run(test.Lake, null, TestContext.Current.CancellationToken).Fault!.Code);
    }
}
