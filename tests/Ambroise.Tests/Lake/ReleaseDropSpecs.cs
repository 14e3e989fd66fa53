using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Sealing;
using Ambroise.Lake.Writing;

namespace Ambroise.Tests.Lake;

/// <summary>Releases that are not needed any more go: what others share stays, all else is gone from the disk with its keys, and what is left is chained and says what went.</summary>
public sealed class ReleaseDropSpecs
{
    static readonly int[] Forty = [.. Enumerable.Range(1, 40)];

    /// <summary>Four releases: of forty patients, then 5 changes, then 6, then 7; each merge keeps the shards of the one before.</summary>
    static TestLake Fed(int merges = 3)
    {
        var test = new TestLake();
        test.Load(KeptShardsSpecs.Hospital(Forty));
        for (var p = 5; p < 5 + merges; p++) Feed(test, p);
        return test;
    }

    static Manifest Feed(TestLake test, int patient) => test.Load(new KeptShardsSpecs.Anew(KeptShardsSpecs.Hospital([patient], patient), patient), LoadMode.Merge, keep: new(1, 1, 0.5)).Manifest;

    static DropReport Drop(TestLake test, int keep = 1, DateOnly? before = null, params int[] named) =>
        ReleaseDrop.Run(test.Open(), DropRules.Of(keep, before).OrThrow(), "ada", () => named, _ => { }).OrThrow();

    static HashSet<string> Sealed(TestLake test) => [.. new[] { "shards", "quarantine" }.Select(f => Path.Combine(test.Folder, f)).Where(Directory.Exists)
        .SelectMany(f => Directory.EnumerateFiles(f, "*", SearchOption.AllDirectories)).Select(f => Path.GetRelativePath(test.Folder, f).Replace('\\', '/'))];

    static long Bytes(TestLake test, IEnumerable<string> paths) => paths.Sum(p => new FileInfo(Path.Combine(test.Folder, p)).Length);

    static HashSet<string> Named(TestLake test) => [.. test.Open().Releases().OrThrow().SelectMany(m => m.Files).Select(f => f.Path)];

    static void Sound(TestLake test) => Assert.Null(Verification.Run(test.Open(), null, TestContext.Current.CancellationToken).Fault);

    static OpenRelease Open(TenantLake lake, int? release = null) => Door.Open(lake, new("t", "test", null, "test", release), (_, _) => { }, 1 << 26).OrThrow();

    /// <summary>Every value of every row of a release, so that two can be compared.</summary>
    static List<string> Rows(TestLake test, int? release = null)
    {
        var lake = test.Open();
        var manifest = lake.Release(release).OrThrow();
        var rows = new List<string>();
        foreach (var table in Cdm54.All)
            foreach (var shard in StoredRows.Shards(manifest, table))
                foreach (var batch in StoredRows.Read(lake, manifest, shard, table))
                    for (var row = 0; row < batch.Rows; row++)
                        rows.Add($"{table.Name} {string.Join('|', batch.Columns.Select(c => c switch { Int32Column i => $"{i.Array[row]}", Int64Column l => $"{l.Array[row]}", Float64Column d => $"{d.Array[row]}", TextColumn t => t.Text(row), _ => "?" }))}");
        return [.. rows.Order(StringComparer.Ordinal)];
    }

    [Fact]
    public void Files_that_a_release_shares_stay_and_all_others_are_gone_from_the_disk_as_the_answer_says()
    {
        using var test = Fed();
        var before = Sealed(test);
        var (size, rows) = (Bytes(test, before), Rows(test));
        var newest = test.Lake.Release(4).OrThrow();
        var shared = newest.Files.Where(f => f.Keys != "r4").Select(f => f.Path).ToList();
        Assert.NotEmpty(shared);

        var report = Drop(test);
        var after = Sealed(test);
        Assert.Equal([1, 2, 3], report.Dropped.Select(d => d.Release));
        Assert.Equal([new KeptRelease(4, KeptBecause.Newest)], report.Kept);
        Assert.True(after.SetEquals(newest.Files.Select(f => f.Path)));
        Assert.Subset(after, shared.ToHashSet());
        Assert.Equal((before.Count - after.Count, size - Bytes(test, after)), (report.Files, report.Bytes));
        Assert.True(report.Bytes > 0);
        Assert.Equal(["4.json"], Directory.EnumerateFiles(Path.Combine(test.Folder, "releases")).Select(Path.GetFileName));
        Assert.Equal(rows, Rows(test));
        Sound(test);
    }

    [Fact]
    public void The_newest_always_stays_and_of_the_others_those_that_are_recent_or_named()
    {
        using var test = Fed();
        DateOnly Made(int release) => DateOnly.FromDateTime(test.Open().Release(release).OrThrow().Created.UtcDateTime);
        Assert.Empty(Drop(test, 1, Made(1)).Dropped); // not before that day
        Assert.Empty(Drop(test, 4).Dropped);
        var report = Drop(test, 2, null, 1);
        Assert.Equal([2], report.Dropped.Select(d => d.Release));
        Assert.Equal([(1, KeptBecause.Named), (3, KeptBecause.Recent), (4, KeptBecause.Newest)], report.Kept.Select(k => (k.Release, k.Because)));
        Sound(test);
        Assert.Equal([1, 3, 4], test.Open().Releases().OrThrow().Select(m => m.Release));
        Assert.Equal([0, 1, 3], test.Open().Releases().OrThrow().Select(m => m.Parent));
        Assert.Equal([1], Drop(test, 2).Dropped.Select(d => d.Release));
        Assert.Equal([3], Drop(test, 1, Made(4).AddDays(1)).Dropped.Select(d => d.Release));
        Assert.Empty(Drop(test, 1, Made(4).AddDays(1)).Dropped);
        Assert.Equal([1, 2, 3], DroppedRelease.Of(test.Open().Releases().OrThrow()).Select(d => d.Release));
        Sound(test);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0)]
    [InlineData(-3)]
    public void Rules_that_would_take_the_newest_or_say_nothing_are_refused(int? keep)
    {
        Assert.True(DropRules.Of(keep, null).Failed(out var failure, out _));
        Assert.Equal("drop.rules-invalid", failure.Code);
    }

    [Fact]
    public void An_empty_lake_has_nothing_to_drop()
    {
        using var test = new TestLake();
        Assert.True(ReleaseDrop.Run(test.Lake, DropRules.Of(1, null).OrThrow(), "ada", () => [], _ => { }).Failed(out var failure, out _));
        Assert.Equal("lake.empty", failure.Code);
    }

    [Fact]
    public void A_plan_says_the_same_and_changes_nothing()
    {
        using var test = Fed();
        var before = Snapshot(test);
        var plan = ReleaseDrop.Plan(test.Open(), DropRules.Of(2, null).OrThrow(), "ada", () => [1]).OrThrow();
        Assert.Equal(before, Snapshot(test));
        var done = Drop(test, 2, null, 1);
        Assert.Equal((plan.Files, plan.Bytes), (done.Files, done.Bytes));
        Assert.Equal(plan.Dropped.Select(d => d.Release), done.Dropped.Select(d => d.Release));
        Assert.Equal(plan.Kept, done.Kept);
    }

    [Fact]
    public void A_number_does_not_come_again_and_who_asks_for_it_is_told_when_and_by_whom_it_went()
    {
        using var test = Fed();
        Drop(test);
        var lake = test.Open();
        Assert.True(lake.Release(2).Failed(out var failure, out _));
        Assert.Equal(("lake.release-dropped", FailureKind.NotFound), (failure.Code, failure.Kind));
        Assert.Contains($"{TimeProvider.System.GetUtcNow():yyyy-MM-dd}", failure.Detail, StringComparison.Ordinal);
        Assert.Contains("by ada", failure.Detail, StringComparison.Ordinal);
        Assert.True(lake.Release(9).Failed(out failure, out _));
        Assert.Equal("lake.release-unknown", failure.Code);
        Assert.True(Lineage.Of(lake, 3, [], TestContext.Current.CancellationToken).Failed(out failure, out _));
        Assert.Equal("lake.release-dropped", failure.Code);
        Assert.Equal(5, Feed(test, 9).Release);
        Assert.Equal([1, 2, 3], DroppedRelease.Of(test.Open().Releases().OrThrow()).Select(d => d.Release));
        Drop(test);
        Assert.Equal([1, 2, 3, 4], DroppedRelease.Of(test.Open().Releases().OrThrow()).Select(d => d.Release));
        Sound(test);
    }

    [Fact]
    public void Keys_that_sealed_nothing_but_what_went_are_destroyed_and_no_others()
    {
        using var test = new TestLake();
        // The first condition comes twice, so release 1 has a quarantine; release 3 replaces all.
        var rows = KeptShardsSpecs.Hospital(Forty);
        test.Load(rows.Condition(1000, 3, 1000, "2020-01-01"));
        Feed(test, 5);
        Feed(test, 6);
        test.Keys.Create("reidentification", ["journal"]);
        Assert.NotNull(test.Lake.Release(1).OrThrow().Files.Single(f => f.Part == FilePart.Quarantine));
        var kept = test.Lake.Release(3).OrThrow().Files.Where(f => f.Keys == "r1").ToList();
        Assert.NotEmpty(kept);

        Drop(test);
        Assert.Equal(["lake", "r1", "r3", "reidentification"], test.Keys.Groups);
        using var ring = KeyRingOf(test);
        Assert.False(ring.Has("r1", "quarantine"));
        Assert.False(ring.Has("r1", "report"));
        Assert.False(ring.Has("r1", "fact_relationship")); // shared: written anew by each merge
        Assert.True(ring.Has("r1", "person") && ring.Has("r1", "cost") && ring.Has("r1", "person.identity") && ring.Has("r1", "note.text") && ring.Has("r3", "report") && ring.Has("r3", "quarantine"));
        Sound(test);

        test.Load(KeptShardsSpecs.Hospital(Forty));
        Drop(test);
        Assert.Equal(["lake", "r4", "reidentification"], test.Keys.Groups);
        Sound(test);
    }

    static Ambroise.Vault.KeyRing KeyRingOf(TestLake test) => Ambroise.Vault.KeyRing.Unseal(Path.Combine(test.Folder, "keys"), "t", new Ambroise.Vault.Passphrase("a passphrase for tests")).OrThrow();

    [Fact]
    public void A_copy_of_what_went_opens_no_more()
    {
        using var test = Fed();
        var file = test.Lake.Release(2).OrThrow().Files.Single(f => f is { Table: "condition_occurrence", Keys: "r2", Part: FilePart.Analytic });
        var copy = File.ReadAllBytes(Path.Combine(test.Folder, file.Path));
        test.Load(KeptShardsSpecs.Hospital(Forty));
        Drop(test);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(test.Folder, file.Path))!);
        File.WriteAllBytes(Path.Combine(test.Folder, file.Path), copy);
        Assert.Equal("lake.file-key", Assert.Throws<FailureException>(() => test.Open().OpenFile(file)).Failure.Code);
        Feed(test, 8); // what no release names is swept
        Assert.False(File.Exists(Path.Combine(test.Folder, file.Path)));
    }

    [Fact]
    public void What_is_merged_and_erased_afterwards_is_what_it_would_be_had_nothing_gone()
    {
        using var whole = Fed();
        using var dropped = Fed();
        Drop(dropped, 1, null, 2);
        foreach (var test in new[] { whole, dropped })
        {
            Feed(test, 12);
            Feed(test, 5);
        }
        Assert.Equal(Rows(whole), Rows(dropped));
        Drop(dropped, 2, null, 2);
        foreach (var test in new[] { whole, dropped }) Assert.Equal([7 * 3L], Erasure.Run(test.Open(), [7 * 3L], null, TestContext.Current.CancellationToken).OrThrow().Found);
        Sound(dropped);
        Assert.Equal(Rows(whole), Rows(dropped));
        Assert.Equal(Rows(whole, 2), Rows(dropped, 2));
        Assert.DoesNotContain(Rows(dropped, 2), r => r.StartsWith("person 21|", StringComparison.Ordinal));
        Assert.Equal([1, 3, 4], DroppedRelease.Of(dropped.Open().Releases().OrThrow()).Select(d => d.Release));
        Assert.True(Named(dropped).SetEquals(Sealed(dropped)));
    }

    [Fact]
    public void A_program_stopped_before_the_commit_dropped_nothing()
    {
        using var test = Fed();
        var (rows, files) = (Rows(test), Sealed(test));
        var stopping = new HookedLedger(test.Ledger) { BeforeCommit = () => throw new StoppedException() };
        Assert.Throws<StoppedException>(() => ReleaseDrop.Run(new TenantLake(test.Folder, "t", test.Keys, stopping, TimeProvider.System), DropRules.Of(1, null).OrThrow(), "ada", () => [], _ => { }));
        Assert.Equal([1, 2, 3, 4], test.Open().Releases().OrThrow().Select(m => m.Release));
        Sound(test);
        Assert.True(files.SetEquals(Sealed(test)));
        Assert.Equal([1, 2, 3], Drop(test).Dropped.Select(d => d.Release));
        Assert.Equal(rows, Rows(test));
        Sound(test);
    }

    [Theory]
    [InlineData("load")]
    [InlineData("erase")]
    [InlineData("drop")]
    public void What_a_program_stopped_after_the_commit_left_over_goes_with_the_next_that_writes(string next)
    {
        using var test = Fed();
        var stopping = new HookedLedger(test.Ledger) { AfterCommit = () => throw new StoppedException() };
        Assert.Throws<StoppedException>(() => ReleaseDrop.Run(new TenantLake(test.Folder, "t", test.Keys, stopping, TimeProvider.System), DropRules.Of(2, null).OrThrow(), "ada", () => [], _ => { }));
        // Files, keys and manifests are still there; the releases are not.
        Assert.Superset(new HashSet<string> { "1.json", "2.json", "3.pending.json", "4.pending.json" }, Directory.EnumerateFiles(Path.Combine(test.Folder, "releases")).Select(f => Path.GetFileName(f)!).ToHashSet());
        Assert.Equal([3, 4], test.Open().Releases().OrThrow().Select(m => m.Release));
        Assert.True(test.Open().Release(1).Failed(out var failure, out _));
        Assert.Equal("lake.release-dropped", failure.Code);
        Sound(test);
        Assert.False(Named(test).SetEquals(Sealed(test)));

        if (next == "load") Feed(test, 9);
        if (next == "erase") Erasure.Run(test.Open(), [9 * 3L], null, TestContext.Current.CancellationToken).OrThrow();
        if (next == "drop") Assert.Empty(Drop(test, 2).Dropped);
        Assert.True(Named(test).SetEquals(Sealed(test)));
        Assert.DoesNotContain(Directory.EnumerateFiles(Path.Combine(test.Folder, "releases")).Select(Path.GetFileName), f => f is "1.json" or "2.json" || f!.Contains("pending", StringComparison.Ordinal));
        Assert.DoesNotContain("r2", test.Keys.Groups);
        Sound(test);
    }

    [Fact]
    public void A_disk_that_fails_before_the_commit_and_keys_that_are_held_after_it_are_told_apart()
    {
        using var test = Fed();
        DropRules rules = DropRules.Of(2, null).OrThrow();
        var full = new HookedLedger(test.Ledger) { BeforeCommit = () => throw new IOException() };
        Assert.True(ReleaseDrop.Run(new TenantLake(test.Folder, "t", test.Keys, full, TimeProvider.System), rules, "ada", () => [], _ => { }).Failed(out var failure, out _));
        Assert.Equal("lake.disk", failure.Code);
        Assert.Equal(4, test.Open().Releases().OrThrow().Count);

        FileStream? held = null;
        var busy = new HookedLedger(test.Ledger) { AfterCommit = () => held = new(Path.Combine(test.Folder, "keys", ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None) };
        Assert.True(ReleaseDrop.Run(new TenantLake(test.Folder, "t", test.Keys, busy, TimeProvider.System), rules, "ada", () => [], _ => { }).Failed(out failure, out _));
        Assert.Equal("drop.unfinished", failure.Code);
        Assert.Equal([3, 4], test.Open().Releases().OrThrow().Select(m => m.Release));
        Assert.Contains("r2", test.Keys.Groups);
        held!.Dispose();
        Assert.Empty(Drop(test, 2).Dropped);
        Assert.DoesNotContain("r2", test.Keys.Groups);
        Sound(test);
    }

    [Fact]
    public void Who_reads_while_others_go_reads_on_and_who_reads_one_that_goes_is_told()
    {
        using var test = Fed();
        var (rows, reader) = (Rows(test), test.Open());
        using var kept = Open(reader, 4);
        using var going = Open(reader, 2);
        Assert.Equal(40, kept.Patients);
        Drop(test);
        Assert.Equal(rows.Count(r => r.StartsWith("condition_occurrence ", StringComparison.Ordinal)), kept.Shards.Sum(s => s.Table(Cdm54.ConditionOccurrence)!.Rows));
        Assert.All(kept.Shards, s => Assert.NotEmpty(s.Table(Cdm54.ConditionOccurrence)!.Int64(Cdm54.ConditionOccurrence["person_id"], 0)));
        var failure = Assert.Throws<FailureException>(() => going.Shards[1].Table(Cdm54.ConditionOccurrence)!.Runs).Failure;
        Assert.Equal(("lake.file-dropped", FailureKind.Conflict), (failure.Code, failure.Kind));
    }

    /// <summary>The ledger is listed, then the manifests are read: what is committed between the two is no tampering.</summary>
    [Theory]
    [InlineData("drop")]
    [InlineData("load")]
    [InlineData("erase")]
    public void A_commit_between_the_ledger_and_the_manifests_is_read_and_is_no_alarm(string act)
    {
        using var test = Fed();
        var once = true;
        var ledger = new HookedLedger(test.Ledger)
        {
            Listed = () =>
            {
                if (!once) return;
                once = false;
                if (act == "drop") Drop(test);
                if (act == "load") Feed(test, 9);
                if (act == "erase") Erasure.Run(test.Open(), [9 * 3L], null, TestContext.Current.CancellationToken).OrThrow();
            },
        };
        var seen = new TenantLake(test.Folder, "t", test.Keys, ledger, TimeProvider.System).Releases().OrThrow().Select(m => m.Release);
        Assert.Equal(act switch { "drop" => [4], "load" => [1, 2, 3, 4, 5], _ => [1, 2, 3, 4] }, seen);
        Assert.False(once);
    }

    [Fact]
    public void One_writer_at_a_time()
    {
        using var test = Fed(1);
        using (test.Lake.Lock().OrThrow())
        {
            Assert.True(ReleaseDrop.Run(test.Open(), DropRules.Of(1, null).OrThrow(), "ada", () => [], _ => { }).Failed(out var failure, out _));
            Assert.Equal("lake.busy", failure.Code);
        }
        Assert.Equal(2, test.Open().Releases().OrThrow().Count);
    }

    [Fact]
    public void Where_it_cannot_be_written_down_or_told_what_is_named_nothing_goes()
    {
        using var test = Fed(1);
        var before = Snapshot(test);
        var rules = DropRules.Of(1, null).OrThrow();
        Assert.Throws<StoppedException>(() => ReleaseDrop.Run(test.Open(), rules, "ada", () => [], _ => throw new StoppedException()));
        Assert.Throws<StoppedException>(() => ReleaseDrop.Run(test.Open(), rules, "ada", () => throw new StoppedException(), _ => { }));
        Assert.Equal(before, Snapshot(test));
        DropReport? told = null;
        var done = ReleaseDrop.Run(test.Open(), rules, "ada", () => [], going => told = going).OrThrow();
        Assert.Same(done, told);
    }

    [Fact]
    public void Releases_taken_away_by_another_hand_are_still_an_alarm()
    {
        using var test = Fed();
        var old = test.Ledger.Entries;
        var manifests = Directory.EnumerateFiles(Path.Combine(test.Folder, "releases")).ToDictionary(f => f, File.ReadAllBytes);
        Drop(test, 3);

        // The ledger of before the drop.
        var now = test.Ledger.Entries;
        test.Ledger.Commit("t", old);
        Assert.True(test.Open().Releases().Failed(out var failure, out _));
        Assert.Equal(FailureKind.Tampered, failure.Kind);
        // And the manifests with it: the files they name are gone.
        var dropped = Directory.EnumerateFiles(Path.Combine(test.Folder, "releases")).ToDictionary(f => f, File.ReadAllBytes);
        foreach (var (path, bytes) in manifests) File.WriteAllBytes(path, bytes);
        Assert.Equal("lake.file-missing", Verification.Run(test.Open(), null, TestContext.Current.CancellationToken).Fault!.Code);
        test.Ledger.Commit("t", now);
        foreach (var (path, bytes) in dropped) File.WriteAllBytes(path, bytes);
        Sound(test); // the old manifest that lies there still is one of a release that was dropped

        // One more, taken from ledger and folder without a drop.
        test.Ledger.Commit("t", [.. now.Where(e => e.Number != 3)]);
        File.Delete(Path.Combine(test.Folder, "releases", "3.json"));
        Assert.True(test.Open().Releases().Failed(out failure, out _));
        Assert.Equal("lake.manifest-chain", failure.Code);
    }

    [Fact]
    public void A_release_that_is_not_there_though_none_says_it_was_dropped_is_an_alarm()
    {
        using var test = Fed(2);
        var releases = test.Lake.Releases().OrThrow();
        test.Lake.Publish([releases[0], releases[2]], from: 1); // chained, by whoever has the key
        File.Delete(Path.Combine(test.Folder, "releases", "2.json"));
        Assert.True(test.Open().Releases().Failed(out var failure, out _));
        Assert.Equal("lake.manifest-chain", failure.Code);
    }

    [Fact]
    public void Only_manifests_that_say_what_went_are_of_the_newer_format()
    {
        using var test = Fed();
        Assert.All(test.Lake.Releases().OrThrow(), m => Assert.Equal((1, null), (m.Format, m.Dropped)));
        Drop(test, 2);
        Feed(test, 8);
        Assert.Equal([1, 2, 1], test.Open().Releases().OrThrow().Select(m => m.Format));
        Drop(test, 2); // 3 goes: 4 said what went before, and 5 says all of it
        Assert.Equal([(4, 1), (5, 2)], test.Open().Releases().OrThrow().Select(m => (m.Release, m.Format)));
        Assert.Equal([1, 2, 3], test.Open().Release(null).OrThrow().Dropped!.Select(d => d.Release));
    }

    static List<string> Snapshot(TestLake test) => [.. Directory.EnumerateFiles(test.Folder, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith("lock", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        .Select(f => $"{f} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(f)))}")];

    sealed class StoppedException : Exception;

    /// <summary>Lets a test act, or stop the program, where a ledger is asked.</summary>
    sealed class HookedLedger(IReleaseLedger ledger) : IReleaseLedger
    {
        public Action? Listed { get; init; }
        public Action? BeforeCommit { get; init; }
        public Action? AfterCommit { get; init; }

        public IReadOnlyList<LedgerEntry> List(string tenant)
        {
            var entries = ledger.List(tenant);
            Listed?.Invoke();
            return entries;
        }

        public void Commit(string tenant, IReadOnlyList<LedgerEntry> replaceAll)
        {
            BeforeCommit?.Invoke();
            ledger.Commit(tenant, replaceAll);
            AfterCommit?.Invoke();
        }
    }
}
