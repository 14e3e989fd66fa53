using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Writing;
using Ambroise.Tests.Cohorts.Generated;
using Ambroise.Vault;

namespace Ambroise.Tests.Lake;

public sealed class ReleaseSpecs
{
    static Rows Hospital(int patients)
    {
        var rows = new Rows();
        for (var p = 1; p <= patients; p++)
        {
            rows.Person(p * 3L, $"INS-{p}");
            for (var c = 0; c < 5; c++) rows.Condition(p * 10L + c, p * 3L, 1000 + (p + c) % 7, $"20{10 + c}-0{1 + p % 9}-15");
            rows.Add(Cdm54.Note, ("note_id", (long)p), ("person_id", p * 3L), ("note_date", new DateOnly(2020, 1, 1)), ("note_type_concept_id", 1), ("note_class_concept_id", 2),
                ("note_text", $"Compte rendu du patient {p}, suivi simple"), ("encoding_concept_id", 0), ("language_concept_id", 0));
            rows.Add(Cdm54.NoteNlp, ("note_nlp_id", (long)p), ("note_id", (long)p), ("lexical_variant", "suivi"), ("nlp_date", new DateOnly(2020, 1, 2)));
        }
        return rows;
    }

    [Fact]
    public void Rows_come_back_sorted_by_concept_patient_and_date()
    {
        using var test = new TestLake();
        test.Load(Hospital(50));
        using var open = Open(test);
        var shard = Assert.Single(open.Shards);
        Assert.Equal(50, shard.Patients);
        var conditions = shard.Table(Cdm54.ConditionOccurrence)!;
        Assert.Equal(250, conditions.Rows);
        Assert.Equal(Enumerable.Range(1000, 7), conditions.Runs.ToArray().Select(r => r.Concept));
        var concepts = conditions.Int32(conditions.Definition["condition_concept_id"], 0);
        var patients = conditions.Patients(0);
        var starts = conditions.Int32(conditions.Definition["condition_start_date"], 0);
        var sorted = Enumerable.Range(0, 250).Select(i => (concepts[i], patients[i], starts[i])).ToList();
        Assert.Equal(sorted.Order(), sorted);
        Assert.Equal(shard.PersonIds.Span[patients[17]], conditions.Int64(conditions.Definition["person_id"], 0)[17]);
        Assert.Equal("E1000", conditions.Text(conditions.Definition["condition_source_value"], 0)[0]);
    }

    [Fact]
    public void The_same_input_twice_has_the_same_content_hash_and_another_input_another()
    {
        using var test = new TestLake();
        var first = test.Load(Hospital(20)).Manifest;
        var second = test.Load(Hospital(20)).Manifest;
        var merged = test.Load(Hospital(20), LoadMode.Merge).Manifest;
        var other = test.Load(Hospital(21)).Manifest;
        Assert.Equal(first.Content, second.Content);
        Assert.Equal(first.Content, merged.Content);
        Assert.NotEqual(first.Content, other.Content);
        Assert.Equal([1, 2, 3, 4], test.Lake.Releases().OrThrow().Select(m => m.Release));
    }

    [Fact]
    public void A_little_memory_spills_sealed_and_gives_the_same_release()
    {
        using var test = new TestLake();
        var roomy = test.Load(Hospital(300)).Manifest;
        var tight = test.Load(Hospital(300), memory: 1).Manifest;
        Assert.Equal(roomy.Content, tight.Content);
        Assert.Empty(Directory.GetFiles(Path.Combine(test.Folder, "runs")));
    }

    /// <summary>Rows of one concept alone, of a hundred, and of a table that has no concept and files of its own for identities and places.</summary>
    [Fact]
    public void A_shard_larger_than_memory_is_written_stretch_by_stretch_and_is_the_same()
    {
        var rows = new Rows();
        var dice = new Dice(7);
        for (var p = 1; p <= 700; p++) rows.Person(p * 3L, $"INS-{p}");
        Batch conditions = new(Cdm54.ConditionOccurrence) { SourceFile = "c.csv" }, records = new(Cdm54.SourceRecord) { SourceFile = "r.csv" };
        for (var n = 0; n < 300_000; n++)
        {
            var person = 3L * dice.Of(1, 700);
            conditions.Int64("condition_occurrence_id").Append(n);
            conditions.Int64("person_id").Append(person);
            conditions.Int32("condition_concept_id").Append(n % 3 == 0 ? dice.Of(1, 99) : 0);
            conditions.Int32("condition_start_date").Append(dice.Of(10_000, 20_000));
            conditions.Int32("condition_type_concept_id").Append(32817);
            if (n % 5 == 0) conditions.Text("condition_source_value").Append($"E{n % 17}");
            else conditions.Text("condition_source_value").AppendNull();
            records.Int64("source_record_id").Append((long)dice.Of(0, int.MaxValue - 1) << 20 | (uint)n);
            records.Int64("person_id").Append(person);
            records.Text("record_type").Append("Condition");
            records.Text("record_name").Append($"Condition/{n}");
            records.Text("outcome").Append("used");
            records.Int32("row_count").Append(1);
            records.Text("source_file").Append("c.ndjson");
            records.Int64("source_line").Append(n);
        }
        // Every record is a claim's too: its cost lies with it, or, one in nine, in no patient's shard.
        var (costs, all) = (new Batch(Cdm54.Cost), Enumerable.Range(0, records.Int64("source_record_id").Count).ToArray());
        costs.Int64("cost_id").AppendFrom(records.Int64("source_record_id"), all);
        costs.Int64("cost_event_id").AppendFrom(records.Int64("source_record_id"), all);
        foreach (var n in all)
        {
            costs.Text("cost_domain_id").Append("Condition");
            costs.Int32("cost_type_concept_id").Append(32814);
            costs.Float64("total_charge").Append(n % 100);
            costs.Persons.Append(n % 9 == 0 ? Null.Int64 : records.Int64("person_id").Array[n]);
        }
        foreach (var batch in new[] { conditions, records, costs })
            foreach (var column in batch.Columns) column.AppendNulls(batch.Columns[0].Count - column.Count);
        rows.Add(conditions).Add(records).Add(costs);
        using var test = new TestLake();
        var roomy = test.Load(rows).Manifest;
        var tight = test.Load(rows, memory: 24 << 20).Manifest;
        var tightest = test.Load(rows, memory: 1).Manifest;
        foreach (var other in new[] { tight, tightest })
        {
            Assert.Equal(roomy.Content, other.Content);
            Assert.Equal(roomy.Files.Select(f => (f.Table, f.Part, f.Rows, f.Patients, f.First, f.Last, f.Content)), other.Files.Select(f => (f.Table, f.Part, f.Rows, f.Patients, f.First, f.Last, f.Content)));
        }
        Assert.Null(Verification.Run(test.Lake, null, TestContext.Current.CancellationToken).Fault);
        Assert.Empty(Directory.GetFiles(Path.Combine(test.Folder, "runs")));
    }

    [Fact]
    public void A_merge_replaces_by_key_and_keeps_the_rest()
    {
        using var test = new TestLake();
        test.Load(new Rows().Person(1).Person(2).Condition(10, 1, 5, "2020-01-01").Condition(11, 2, 5, "2020-01-01"));
        var report = test.Load(new Rows().Person(3).Condition(11, 2, 6, "2021-01-01").Condition(12, 3, 6, "2021-01-01"), LoadMode.Merge);
        Assert.Equal(3, report.Manifest.Patients);
        using var open = Open(test);
        var conditions = open.Shards[0].Table(Cdm54.ConditionOccurrence)!;
        Assert.Equal([10L, 11L, 12L], conditions.Int64(conditions.Definition["condition_occurrence_id"], 0));
        Assert.Equal([5, 6, 6], conditions.Int32(conditions.Definition["condition_concept_id"], 0));
    }

    [Fact]
    public void Rows_that_cannot_be_accepted_are_quarantined_with_their_place()
    {
        using var test = new TestLake();
        var report = test.Load(new Rows().Person(1).Condition(10, 1, 5, "2020-01-01").Condition(10, 1, 5, "2020-01-02").Condition(11, 9, 5, "2020-01-01"));
        Assert.Equal(2, report.Manifest.Quarantined);
        var rejected = Ambroise.Lake.Quarantine.SealedQuarantine.Read(test.Lake, report.Manifest);
        Assert.Equal([("condition_occurrence.csv", 3L, "condition_occurrence_id", "key-duplicate"), ("condition_occurrence.csv", 4L, "person_id", "person-missing")],
            rejected.Select(r => (r.File, r.Line, r.Field!, r.Reason)));
    }

    [Fact]
    public async Task A_load_that_is_mostly_bad_stops_and_leaves_no_release()
    {
        using var test = new TestLake();
        var rows = new Rows().Person(1);
        for (var i = 0; i < 20; i++) rows.Condition(i, 404, 5, "2020-01-01");
        var result = await LoadRelease.RunAsync(test.Lake, rows, new(LoadMode.Replace, 1 << 26, 1, 10), null, TestContext.Current.CancellationToken);
        Assert.True(result.Failed(out var failure, out _));
        Assert.Equal("load.rejects", failure.Code);
        Assert.Contains("The first: condition_occurrence.csv, line 2 (person_id: person-missing); condition_occurrence.csv, line 3 (person_id: person-missing); condition_occurrence.csv, line 4 (person_id: person-missing).", failure.Detail, StringComparison.Ordinal);
        Assert.Empty(test.Lake.Releases().OrThrow());
        Assert.Empty(Directory.EnumerateFiles(test.Folder, "*.parquet", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_healthy_tenant_verifies()
    {
        using var test = new TestLake();
        test.Load(Hospital(30));
        test.Load(Hospital(40), LoadMode.Merge);
        var report = Verification.Run(test.Lake, null, TestContext.Current.CancellationToken);
        Assert.Null(report.Fault);
        Assert.Equal(2, report.Releases);
    }

    /// <summary>Of no release: those that name FHIR's resources, say.</summary>
    [Fact]
    public void A_key_that_the_next_load_needs_is_verified()
    {
        using var test = new TestLake();
        test.Keys.Create("fhir", ["names"]);
        test.Load(Hospital(3));
        var path = Directory.GetFiles(test.Folder, "fhir.json", SearchOption.AllDirectories).Single();
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);
        using var ring = KeyRing.Unseal(Path.Combine(test.Folder, "keys"), "t", new Passphrase("a passphrase for tests")).OrThrow();
        var lake = new TenantLake(test.Folder, "t", ring, test.Ledger, TimeProvider.System);
        Assert.Equal("vault.keys-tampered", Verification.Run(lake, null, TestContext.Current.CancellationToken).Fault?.Code);
    }

    [Fact]
    public void An_erased_patient_is_in_no_release_and_no_file()
    {
        using var test = new TestLake();
        test.Load(Hospital(30));
        test.Load(Hospital(30), LoadMode.Merge);
        var before = test.Lake.Releases().OrThrow().SelectMany(m => m.Files).Select(f => f.Path).ToList();
        var report = Erasure.Run(test.Lake, [6, 99_999], null, TestContext.Current.CancellationToken).OrThrow();
        Assert.Equal([6L], report.Found);
        Assert.Equal([99_999L], report.Unknown);
        Assert.All(report.Removed, path => Assert.False(File.Exists(Path.Combine(test.Folder, path))));
        Assert.Subset(before.ToHashSet(), report.Removed.ToHashSet());
        Assert.Null(Verification.Run(test.Lake, null, TestContext.Current.CancellationToken).Fault);
        foreach (var release in new[] { 1, 2 })
        {
            using var open = Door.Open(test.Lake, new("t", "test", null, "test", release), (_, _) => { }, 1 << 24).OrThrow();
            Assert.Equal(29, open.Shards[0].Patients);
            Assert.DoesNotContain(6L, open.Shards[0].PersonIds.ToArray());
            Assert.Equal(145, open.Shards[0].Table(Cdm54.ConditionOccurrence)!.Rows);
            Assert.Equal(29, open.Shards[0].Table(Cdm54.NoteNlp)!.Rows);
        }
    }

    [Fact]
    public void What_an_interrupted_load_left_goes_with_its_keys_and_no_other_key_with_it()
    {
        using var test = new TestLake();
        test.Load(Hospital(5));
        test.Keys.Create("r7", ["table"]);
        string[] others = ["reidentification", "r", "r1a", "rights", "project.r2"];
        foreach (var other in others) test.Keys.Create(other, ["journal"]);
        test.Load(Hospital(6));
        Erasure.Run(test.Lake, [3], null, TestContext.Current.CancellationToken).OrThrow();
        Assert.DoesNotContain("r7", test.Keys.Groups);
        Assert.Superset(new HashSet<string>([.. others, "r1", "r2"]), test.Keys.Groups.ToHashSet());
    }

    [Fact]
    public void A_crash_between_ledger_and_rename_is_finished_and_one_before_the_ledger_leaves_no_trace()
    {
        using var test = new TestLake();
        test.Load(Hospital(5));
        test.Load(Hospital(6));
        var releases = Path.Combine(test.Folder, "releases");
        File.Move(Path.Combine(releases, "2.json"), Path.Combine(releases, "2.pending.json"));
        Assert.Equal(2, test.Open().Releases().OrThrow().Count);
        Assert.True(File.Exists(Path.Combine(releases, "2.json")));

        File.Move(Path.Combine(releases, "2.json"), Path.Combine(releases, "2.pending.json"));
        test.Ledger.Commit("t", test.Ledger.Entries[..1]);
        Assert.Single(test.Open().Releases().OrThrow());
        var third = test.Load(Hospital(7)).Manifest;
        Assert.Equal(2, third.Release);
        Assert.Null(Verification.Run(test.Lake, null, TestContext.Current.CancellationToken).Fault);
        var named = test.Lake.Releases().OrThrow().SelectMany(m => m.Files).Select(f => f.Path).Order();
        Assert.Equal(named, Directory.EnumerateFiles(Path.Combine(test.Folder, "shards"), "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(test.Folder, f)).Order());
    }

    [Fact]
    public void An_older_ledger_put_back_is_noticed()
    {
        using var test = new TestLake();
        test.Load(Hospital(5));
        var old = test.Ledger.Entries;
        test.Load(Hospital(6));
        test.Ledger.Commit("t", old);
        Assert.True(test.Lake.Releases().Failed(out var failure, out _));
        Assert.Equal("lake.ledger-behind", failure.Code);
    }

    [Fact]
    public void A_flipped_byte_in_any_file_is_found()
    {
        using var test = new TestLake();
        test.Load(Hospital(40));
        test.Load(Hospital(41));
        var files = new[] { "shards", "releases" }.SelectMany(f => Directory.GetFiles(Path.Combine(test.Folder, f), "*", SearchOption.AllDirectories)).Order(StringComparer.Ordinal).ToList();
        ulong state = 20261123;
        for (var i = 0; i < 200; i++)
        {
            state = state * 6364136223846793005 + 1442695040888963407;
            var path = files[(int)((state >> 33) % (ulong)files.Count)];
            var bytes = File.ReadAllBytes(path);
            var at = (int)((state >> 17) % (ulong)bytes.Length);
            bytes[at] ^= (byte)(1 << (int)(state >> 60) % 8);
            File.WriteAllBytes(path, bytes);
            Assert.True(Verification.Run(test.Lake, null, TestContext.Current.CancellationToken).Fault is not null, $"byte {at} of {Path.GetFileName(path)}");
            bytes[at] ^= (byte)(1 << (int)(state >> 60) % 8);
            File.WriteAllBytes(path, bytes);
        }
        Assert.Null(Verification.Run(test.Lake, null, TestContext.Current.CancellationToken).Fault);
    }

    [Fact]
    public void A_file_put_in_anothers_place_is_refused_before_a_row_is_read()
    {
        using var test = new TestLake();
        test.Load(Hospital(40));
        test.Load(Hospital(41));
        var files = test.Lake.Releases().OrThrow().Select(m => m.Files.Single(f => f is { Table: "condition_occurrence" }).Path).ToList();
        File.Copy(Path.Combine(test.Folder, files[0]), Path.Combine(test.Folder, files[1]), overwrite: true);
        using var open = Open(test);
        var conditions = open.Shards[0].Table(Cdm54.ConditionOccurrence)!;
        var thrown = Assert.Throws<FailureException>(() => conditions.Runs);
        Assert.Equal("lake.file-changed", thrown.Failure.Code);
    }

    [Fact]
    public void Two_writers_do_not_interleave()
    {
        using var test = new TestLake();
        using (test.Lake.Lock().OrThrow())
        {
            Assert.True(test.Open().Lock().Failed(out var failure, out _));
            Assert.Equal("lake.busy", failure.Code);
        }
        test.Lake.Lock().OrThrow().Dispose();
    }

    [Fact]
    public void No_planted_text_and_no_key_is_on_disk()
    {
        using var test = new TestLake();
        test.Load(new Rows().Person(1, "CANARYIDENTITY").Condition(10, 1, 5, "2020-01-01").Condition(10, 1, 770_770_771, "2020-01-01")
            .Add(Cdm54.Note, ("note_id", 1), ("person_id", 1), ("note_date", new DateOnly(2020, 1, 1)), ("note_type_concept_id", 1), ("note_class_concept_id", 1), ("note_text", "CANARYNOTE"),
                ("encoding_concept_id", 0), ("language_concept_id", 0)), memory: 1);
        byte[][] keys = [.. new[] { ("lake", "manifest"), ("r1", "person"), ("r1", "person.identity"), ("r1", "condition_occurrence"), ("r1", "note"), ("r1", "note.text"), ("r1", "quarantine") }
            .Select(k => test.Keys.Get(k.Item1, k.Item2).ToArray())];
        byte[][] written = [.. keys, .. keys.SelectMany(k => new[] { Convert.ToHexString(k), Convert.ToHexStringLower(k), Convert.ToBase64String(k) }).Select(System.Text.Encoding.UTF8.GetBytes)];
        foreach (var file in Directory.EnumerateFiles(test.Folder, "*", SearchOption.AllDirectories))
        {
            var bytes = File.ReadAllBytes(file);
            Assert.All(written, key => Assert.True(bytes.AsSpan().IndexOf(key) < 0, $"a key in {file}"));
            foreach (var canary in new[] { "CANARYIDENTITY", "CANARYNOTE", "E770770771" }) Assert.True(bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(canary)) < 0, $"{canary} in {file}");
        }
    }

    static OpenRelease Open(TestLake test) => Door.Open(test.Lake, new("t", "test", null, "test", null), (_, _) => { }, 1 << 26).OrThrow();
}
